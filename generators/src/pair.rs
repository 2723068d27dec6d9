//! A device under test and its peer.

use super::actor::{Actor, Conversation, OTHER_IDENTITY, SAME_IDENTITY, Talk, converse};
use super::prelude::*;
use super::said::Said;
use tigress_signal::wire::Message;

/// The device under test and its peer, whose messages are named by the batch in which they were sent and by their
/// place in it, both from 0. What a verb does not name is of the last batch.
pub(super) struct Pair {
    pub(super) talk: Talk,
    pub(super) peer: Actor,
    sent: Vec<Vec<Said>>,
}

/// A conversation of that device under test with that peer.
pub(super) fn pair(me: Actor, peer: Actor, play: impl FnOnce(&mut Pair) -> &mut Pair) -> impl Case {
    let sent = Vec::new();
    converse(me, |talk| Pair { talk, peer, sent }, play)
}

impl Conversation for Pair {
    fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }
}

/// Bob under test, and Alice, who has opened a session, by that one-time prekey, and sent nothing yet.
pub(super) fn opened(
    one_time: Option<u32>,
    label: &str,
    play: impl FnOnce(&mut Pair) -> &mut Pair,
) -> impl Case {
    let (me, mut peer) = (Actor::new("bob"), Actor::new("alice"));
    peer.open(&me.bundle(one_time), label);
    pair(me, peer, play)
}

impl Pair {
    /// The device encrypts.
    pub(super) fn encrypt(&mut self, text: impl AsRef<[u8]>) -> Message {
        self.talk.encrypt(&self.peer, text.as_ref())
    }

    /// The device encrypts, and nobody reads it.
    pub(super) fn writes(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.encrypt(text);
        self
    }

    /// The device must not encrypt.
    pub(super) fn writes_not(&mut self, text: impl AsRef<[u8]>, error: ErrorCode) -> &mut Self {
        let got = self
            .talk
            .try_encrypt(&self.peer, text.as_ref(), Some(error));
        got.expect_err("it is refused");
        self
    }

    /// The peer opens a further session.
    pub(super) fn peer_opens(&mut self, label: &str) -> &mut Self {
        self.peer.open(&self.talk.me.bundle(None), label);
        self
    }

    /// The same by that one-time prekey.
    pub(super) fn peer_opens_by(&mut self, one_time: u32, label: &str) -> &mut Self {
        self.peer.open(&self.talk.me.bundle(Some(one_time)), label);
        self
    }

    /// The device reads what this one would open a session with.
    pub(super) fn peeks(&mut self, n: usize) -> &mut Self {
        let said = self.said(self.last(), n);
        self.talk.read_opening(&said, None);
        self
    }

    /// The device must refuse to read what is made of this one.
    pub(super) fn peeks_not(
        &mut self,
        n: usize,
        change: impl FnOnce(&Said) -> Said,
        error: ErrorCode,
    ) -> &mut Self {
        let said = change(&self.said(self.last(), n));
        self.talk.read_opening(&said, Some(error));
        self
    }

    /// The peer decrypts.
    pub(super) fn heard(&mut self, message: &Message, label: &str) -> &mut Self {
        self.peer.decrypt(&self.talk.me, message, label);
        self
    }

    /// The device encrypts, and the peer decrypts: its next message starts a new chain.
    pub(super) fn tells(&mut self, text: impl AsRef<[u8]>, label: &str) -> &mut Self {
        let message = self.encrypt(text);
        self.heard(&message, label)
    }

    /// The device tells the peer to go on.
    pub(super) fn turns(&mut self) -> &mut Self {
        self.tells("go on", "turn")
    }

    /// The peer sends these texts.
    fn batch(&mut self, texts: impl IntoIterator<Item = Vec<u8>>) -> &mut Self {
        let said = |text: Vec<u8>| self.peer.says(&self.talk.me, &text);
        self.sent.push(texts.into_iter().map(said).collect());
        self
    }

    /// These were sent, and are a batch.
    pub(super) fn batch_of(&mut self, said: Vec<Said>) -> &mut Self {
        self.sent.push(said);
        self
    }

    /// The peer sends that text.
    pub(super) fn says(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.batch([text.as_ref().to_vec()])
    }

    /// The peer sends so many messages.
    pub(super) fn sends(&mut self, count: usize) -> &mut Self {
        self.batch((0..count).map(|n| format!("m{n}").into_bytes()))
    }

    /// The device answers, and the peer sends so many messages in its next chain.
    pub(super) fn next_chain(&mut self, count: usize) -> &mut Self {
        self.turns().sends(count)
    }

    /// So many further ratchet steps of the peer, each with a message that is read.
    pub(super) fn steps(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.next_chain(1).reads([0]);
        }
        self
    }

    /// That message of that batch.
    pub(super) fn said(&self, batch: usize, n: usize) -> Said {
        self.sent[batch][n].clone()
    }

    /// What was sent until now is not counted.
    pub(super) fn anew(&mut self) -> &mut Self {
        self.sent.clear();
        self
    }

    fn last(&self) -> usize {
        self.sent.len() - 1
    }

    /// The device must decrypt these, in that order.
    pub(super) fn reads(&mut self, order: impl IntoIterator<Item = usize>) -> &mut Self {
        self.late(self.last(), order)
    }

    /// The device must decrypt these of that batch.
    pub(super) fn late(
        &mut self,
        batch: usize,
        order: impl IntoIterator<Item = usize>,
    ) -> &mut Self {
        for n in order {
            self.talk.decrypt(&self.sent[batch][n], SAME_IDENTITY);
        }
        self
    }

    /// The device must decrypt that message.
    pub(super) fn read(&mut self, said: &Said) -> &mut Self {
        self.talk.decrypt(said, SAME_IDENTITY);
        self
    }

    /// The device must decrypt that message, of a peer that is known by another identity key.
    pub(super) fn read_changed(&mut self, said: &Said) -> &mut Self {
        self.talk.decrypt(said, OTHER_IDENTITY);
        self
    }

    /// The device must refuse that message.
    pub(super) fn refuse(&mut self, said: &Said, error: ErrorCode) -> &mut Self {
        self.talk.decrypt(said, Err(error));
        self
    }

    /// The device must refuse this one.
    pub(super) fn refuses(&mut self, n: usize, error: ErrorCode) -> &mut Self {
        self.refuses_late(self.last(), n, error)
    }

    /// The device must refuse this one of that batch.
    pub(super) fn refuses_late(&mut self, batch: usize, n: usize, error: ErrorCode) -> &mut Self {
        let said = self.said(batch, n);
        self.refuse(&said, error)
    }

    /// The device must refuse what is made of this one.
    pub(super) fn forged(
        &mut self,
        n: usize,
        change: impl FnOnce(&Said) -> Said,
        error: ErrorCode,
    ) -> &mut Self {
        self.forged_late(self.last(), n, change, error)
    }

    /// The same with one of that batch.
    pub(super) fn forged_late(
        &mut self,
        batch: usize,
        n: usize,
        change: impl FnOnce(&Said) -> Said,
        error: ErrorCode,
    ) -> &mut Self {
        let forged = change(&self.said(batch, n));
        self.refuse(&forged, error)
    }

    /// The device must decrypt what is made of the first one of that batch, to what that says.
    pub(super) fn reads_as(
        &mut self,
        batch: usize,
        change: impl FnOnce(&Said) -> Said,
    ) -> &mut Self {
        let changed = change(&self.said(batch, 0));
        self.read(&changed)
    }

    /// Sets the counter that the device sends next.
    pub(super) fn sending(&mut self, counter: u32) -> &mut Self {
        self.talk.set_counters(&self.peer, [Some(counter), None]);
        self
    }

    /// Sets the counter that the device receives next.
    pub(super) fn receiving(&mut self, counter: u32) -> &mut Self {
        self.talk.set_counters(&self.peer, [None, Some(counter)]);
        self
    }

    /// Sets the counter that the peer receives next.
    pub(super) fn peer_receiving(&mut self, counter: u32) -> &mut Self {
        self.peer.set_counters(&self.talk.me, [None, Some(counter)]);
        self
    }

    /// Sets the counter that the peer sends next.
    pub(super) fn peer_counter(&mut self, counter: u32) -> &mut Self {
        self.peer.set_counters(&self.talk.me, [Some(counter), None]);
        self
    }
}
