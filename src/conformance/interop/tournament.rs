//! Everybody plays with everybody, each as initiator and as responder.

use super::conversation::Conversation;
use super::matrix::{self, Absent, Cell, Matrix, Participant, Played};
use super::peers::Peer;
use super::play::{Terms, play};
use super::transcript::{Failure, Outcome, Player, Transcript};
use crate::conformance::PROFILE_VERSION;
use crate::conformance::adapter::Setup;
use crate::conformance::run::Cause;
use crate::conformance::scenario::{self, transcript::PROGRAM};
use crate::conformance::subject::Subject;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// After so many conversations in a row without an answer in time, a pair plays no more.
pub(super) const MOST_TIME_OUTS: usize = 2;
/// So many faults of a peer are kept.
const MOST_FAULTS: usize = 20;

/// What is played, and how.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// What is played.
    pub conversations: &'a [Conversation],
    /// Who takes part.
    pub peers: &'a [Peer],
    /// Suite, seed and bound.
    pub terms: Terms,
    /// How adapters are started, and what ends the run early.
    pub setup: Setup,
    /// So many pairs play at once.
    pub jobs: NonZeroUsize,
    /// The day, for the record.
    pub date: String,
}

/// Is told how a run goes on.
pub trait Progress {
    /// So many conversations will be played.
    fn started(&mut self, total: usize);
    /// That pair has played one. The file of its transcript, where it is written down.
    fn played(&mut self, transcript: &Transcript) -> Option<String>;
    /// A pair, initiator and responder, has played a scenario. The file of its transcript, where it is written down.
    fn transferred(
        &mut self,
        pair: [&str; 2],
        outcome: &Outcome,
        transcript: &scenario::transcript::Transcript,
    ) -> Option<String>;
}

/// Somebody who takes part.
pub(super) struct Present<'a> {
    pub(super) peer: &'a Peer,
    pub(super) player: Player,
}

/// What a pair that plays has to tell.
enum News {
    Played(usize, Box<Transcript>),
    /// What a subject did that no conversation can be charged with: whose it was.
    Faults(usize, Vec<String>),
}

/// Plays all pairs. Where a peer was named by its command, only those that it is one of.
pub fn run(plan: &Plan, progress: &mut dyn Progress) -> Matrix {
    let (present, absent) = gather(plan);
    let pairs = pairs(&present);
    let played = plan.conversations.iter().map(played).collect();
    let mut matrix = empty_matrix(plan, played, &present, absent, &pairs);
    progress.started(pairs.len() * plan.conversations.len());
    let next = AtomicUsize::new(0);
    let (tell, news) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(pairs.len()) {
            let (present, pairs, next, tell) = (&present, &pairs, &next, tell.clone());
            scope.spawn(move || work(plan, present, pairs, next, &tell));
        }
        drop(tell);
        for piece in news {
            match piece {
                News::Played(cell, transcript) => {
                    let file = progress.played(&transcript);
                    let name = &transcript.header.conversation;
                    matrix.cells[cell].enter(name, &transcript.outcome, file);
                }
                News::Faults(peer, faults) => matrix.add_faults(peer, faults),
            }
        }
    });
    matrix.leave_out_what_was_interrupted(plan);
    matrix
}

impl Matrix {
    /// Of a run that ended early the pairs that came to their end.
    pub(super) fn leave_out_what_was_interrupted(&mut self, plan: &Plan) {
        self.interrupted = plan.setup.interrupt.is_raised();
        if self.interrupted {
            let whole = self.conversations.len();
            self.cells
                .retain(|cell| cell.passed + cell.others.len() == whole);
        }
    }

    /// A peer did what nothing that was played can be charged with.
    pub(super) fn add_faults(&mut self, peer: usize, faults: Vec<String>) {
        let known = &mut self.peers[peer].faults;
        known.extend(faults);
        known.truncate(MOST_FAULTS);
    }
}

/// Who plays with whom: everybody with everybody; where a peer was named by its command, only the pairs that it is one of.
pub(super) fn pairs(present: &[Present]) -> Vec<(usize, usize)> {
    let is_own = |at: usize| matches!(present[at].peer, Peer::Named(_));
    let any_own = (0..present.len()).any(is_own);
    let everybody = 0..present.len();
    everybody
        .clone()
        .flat_map(|one| everybody.clone().map(move |other| (one, other)))
        .filter(|(one, other)| !any_own || is_own(*one) || is_own(*other))
        .collect()
}

/// The matrix before anything was played.
pub(super) fn empty_matrix(
    plan: &Plan,
    conversations: Vec<Played>,
    present: &[Present],
    absent: Vec<Absent>,
    pairs: &[(usize, usize)],
) -> Matrix {
    let participant = |it: &Present| {
        let Player { label, description } = &it.player;
        Participant::new(label.clone(), description, it.peer.licence())
    };
    Matrix {
        interop: matrix::VERSION,
        program: PROGRAM.to_owned(),
        date: plan.date.clone(),
        profile: PROFILE_VERSION,
        suite: plan.terms.suite.name().to_owned(),
        seed: plan.terms.seed.clone(),
        conversations,
        peers: present.iter().map(participant).collect(),
        absent,
        cells: pairs
            .iter()
            .map(|(one, other)| Cell {
                initiator: present[*one].player.label.clone(),
                responder: present[*other].player.label.clone(),
                passed: 0,
                others: Vec::new(),
            })
            .collect(),
        transfers: None,
        interrupted: false,
    }
}

fn played(conversation: &Conversation) -> Played {
    Played {
        name: conversation.name.clone(),
        title: conversation.title.clone(),
        clause: conversation.clause.clone(),
        reason: conversation.reason.clone(),
        requirements: conversation.requirements.clone(),
    }
}

/// Who can take part; each is started once to say who it is.
pub(super) fn gather<'a>(plan: &Plan<'a>) -> (Vec<Present<'a>>, Vec<Absent>) {
    let (mut present, mut absent): (Vec<Present>, _) = (Vec::new(), Vec::new());
    let mut labels = BTreeSet::new();
    for peer in plan.peers {
        let started = peer
            .start(&plan.setup)
            .map_err(|error| peer.why_not(&error));
        let player = started.and_then(|subject| peer.player(&*subject, plan.terms.suite));
        let player = player.and_then(|player| {
            if labels.insert(player.label.clone()) {
                Ok(player)
            } else {
                Err(format!("{} takes part already", player.label))
            }
        });
        match player {
            Ok(player) => present.push(Present { peer, player }),
            Err(reason) => absent.push(Absent {
                label: peer.listed(),
                reason,
            }),
        }
    }
    (present, absent)
}

/// Plays one pair after the other, until there are no more. Who is the initiator of several in a row goes on with them.
fn work(
    plan: &Plan,
    present: &[Present],
    pairs: &[(usize, usize)],
    next: &AtomicUsize,
    tell: &mpsc::SyncSender<News>,
) {
    let mut held: Option<(usize, Box<dyn Subject>)> = None;
    loop {
        let cell = next.fetch_add(1, Ordering::Relaxed);
        let Some((one, other)) = pairs.get(cell).copied() else {
            break;
        };
        if held.as_ref().is_none_or(|(who, _)| *who != one) {
            end(held.take(), tell);
        }
        let initiator = match held.take() {
            Some((_, subject)) => Ok(subject),
            None => present[one].peer.start(&plan.setup),
        };
        let responder = present[other].peer.start(&plan.setup);
        let players = [&present[one].player, &present[other].player];
        // Whoever does not start because the run ends has not failed.
        if plan.setup.interrupt.is_raised() {
            break;
        }
        match (initiator, responder) {
            (Ok(mut initiator), Ok(mut responder)) => {
                pair(
                    plan,
                    cell,
                    players,
                    [&mut *initiator, &mut *responder],
                    tell,
                );
                held = Some((one, initiator));
                end(Some((other, responder)), tell);
            }
            (initiator, responder) => {
                let failed = [initiator.err(), responder.err()];
                let at = usize::from(failed[0].is_none());
                let why = failed.into_iter().flatten().next();
                let why = why.map_or_else(String::new, |error| error.to_string());
                for conversation in plan.conversations {
                    let outcome = not_started(at, &why);
                    let transcript = empty(plan, conversation, players, outcome);
                    if tell.send(News::Played(cell, Box::new(transcript))).is_err() {
                        return;
                    }
                }
            }
        }
    }
    end(held, tell);
}

/// Ends a subject, and says what it did beyond its conversations.
fn end(held: Option<(usize, Box<dyn Subject>)>, tell: &mpsc::SyncSender<News>) {
    if let Some((who, subject)) = held
        && !subject.faults().is_empty()
    {
        // Nobody listens any more where the run is over.
        let _ = tell.send(News::Faults(who, subject.faults().to_vec()));
    }
}

/// Plays all conversations of a pair.
fn pair(
    plan: &Plan,
    cell: usize,
    players: [&Player; 2],
    [initiator, responder]: [&mut dyn Subject; 2],
    tell: &mpsc::SyncSender<News>,
) {
    let mut time_outs = 0;
    for conversation in plan.conversations {
        let transcript = if time_outs < MOST_TIME_OUTS {
            play(
                conversation,
                &plan.terms,
                [&mut *initiator, &mut *responder],
                players,
            )
        } else {
            let reason = format!("not played: {MOST_TIME_OUTS} before it had no answer in time");
            let party = super::party::Party::Ben;
            empty(
                plan,
                conversation,
                players,
                Outcome::Skipped { party, reason },
            )
        };
        // Who is ended under a question has not failed it.
        if plan.setup.interrupt.is_raised() {
            return;
        }
        match &transcript.outcome {
            Outcome::Failed(Failure {
                cause: Cause::TimedOut,
                ..
            }) => time_outs += 1,
            _ if time_outs < MOST_TIME_OUTS => time_outs = 0,
            _ => {}
        }
        if tell.send(News::Played(cell, Box::new(transcript))).is_err() {
            return;
        }
    }
}

pub(super) fn not_started(at: usize, why: &str) -> Outcome {
    Outcome::Failed(Failure {
        line: 0,
        text: String::new(),
        party: super::party::Party::BOTH[at],
        asked: "describe".to_owned(),
        cause: Cause::NoAnswer,
        expected: "it starts, as it did before".to_owned(),
        got: why.to_owned(),
        error: None,
    })
}

/// The transcript of a conversation of which nothing was played.
fn empty(
    plan: &Plan,
    conversation: &Conversation,
    players: [&Player; 2],
    outcome: Outcome,
) -> Transcript {
    Transcript {
        lines: Vec::new(),
        outcome,
        header: super::play::header(conversation, &plan.terms, players),
    }
}
