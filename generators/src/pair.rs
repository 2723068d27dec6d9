//! A device under test and its peer.

use super::actor::{Actor, SIGNED_PRE_KEY_ID, Talk, talk};
use super::cases::Case;
use super::said::Said;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::primitives::PublicKey;
use tigress_signal::wire::Message;

/// The device under test and its peer, whose messages are named by the batch in which they were sent and by their
/// place in it, both from 0. What a verb does not name is of the last batch.
pub(super) struct Pair<'a> {
    pub(super) talk: &'a mut Talk,
    pub(super) peer: Actor,
    sent: Vec<Vec<Said>>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(talk: &'a mut Talk, peer: Actor) -> Self {
        let sent = Vec::new();
        Pair { talk, peer, sent }
    }

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
        let text = text.as_ref();
        self.talk.refuse_encrypt(&self.peer, text, error);
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
            self.talk.reads(&self.sent[batch][n]);
        }
        self
    }

    /// The device must refuse that message.
    pub(super) fn refuse(&mut self, said: &Said, error: ErrorCode) -> &mut Self {
        self.talk.refuses(said, error);
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
        let forged = change(&self.said(self.last(), n));
        self.refuse(&forged, error)
    }

    pub(super) fn restart(&mut self) -> &mut Self {
        self.talk.restart();
        self
    }

    /// The device forgets its sessions with the peer.
    pub(super) fn drops_sessions(&mut self) -> &mut Self {
        self.talk.drop_sessions(&self.peer);
        self
    }

    /// The device is told the time.
    pub(super) fn ticks(&mut self, now: u64) -> &mut Self {
        self.talk.tick(now);
        self
    }

    /// The device holds its signed prekey and these one-time prekeys.
    pub(super) fn holds(&mut self, one_time: &[u32]) -> &mut Self {
        self.talk.keys(&[SIGNED_PRE_KEY_ID], one_time);
        self
    }

    /// That identity key is pinned to the peer.
    pub(super) fn pins(&mut self, key: PublicKey) -> &mut Self {
        self.talk.pin(&self.peer, key);
        self
    }

    /// Sets the device's counters.
    pub(super) fn counters(&mut self, sending: Option<u32>, receiving: Option<u32>) -> &mut Self {
        self.talk.set_counters(&self.peer, sending, receiving);
        self
    }

    /// Sets the counter that the peer sends next.
    pub(super) fn peer_counter(&mut self, sending: u32) -> &mut Self {
        self.peer.set_counters(&self.talk.me, Some(sending), None);
        self
    }

    /// A secret of the device's session, as it now stands.
    pub(super) fn secret(&self, name: &str, pointer: &str) -> Erased {
        self.talk.secret(name, pointer)
    }

    /// The device holds none of these any more.
    pub(super) fn erased(&mut self, secrets: impl Into<Vec<Erased>>) {
        self.talk.erased(secrets);
    }
}

/// Bob under test, and Alice, who has opened a session, by that one-time prekey, and sent nothing yet.
pub(super) fn opened(
    one_time: Option<u32>,
    label: &str,
    play: impl FnOnce(&mut Pair<'_>),
) -> impl Case {
    let (me, mut peer) = (Actor::new("bob"), Actor::new("alice"));
    peer.open(&me.bundle(one_time), label);
    talk(me, move |talk| play(&mut Pair::new(talk, peer)))
}
