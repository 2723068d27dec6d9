//! A device of a scenario, as anybody sees it from outside.

use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::scenario::transcript::{Cause, Line};
use crate::identifier::{Address, TransferId};
use crate::intermediary::{AccessKey, Answer, Body, Digest, Request, Token};
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use crate::transfer::{Invitation, StateName};
use crate::wallet::{Effect, Report};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A device of a user: what can be seen of it from outside, whoever plays it.
#[derive(Clone)]
pub(super) struct Participant {
    pub(super) address: Address,
    /// Whether the intermediary knows it.
    pub(super) has_joined: bool,
    /// What authorises it, as its requests say.
    pub(super) token: Option<Token>,
    /// As it registered.
    pub(super) identity_key: Option<PublicKey>,
    pub(super) states: BTreeMap<TransferId, StateName>,
    /// How often it was made: each time from another seed.
    pub(super) made: u32,
    pub(super) online: bool,
    /// By how many seconds its clock is ahead of the true time.
    pub(super) skew: i64,
    /// Requests that have not left yet.
    pub(super) outbox: VecDeque<Request>,
    /// What its user was told, and has not been asked for.
    pub(super) told: Vec<String>,
    /// The hashes of its access keys that were published.
    pub(super) published: BTreeSet<Digest>,
    /// The link that its user was given last.
    pub(super) link: Option<String>,
}

impl Participant {
    /// A device that was just made for the first time.
    pub(super) fn new(address: Address) -> Self {
        Participant {
            address,
            has_joined: false,
            token: None,
            identity_key: None,
            states: BTreeMap::new(),
            made: 1,
            online: true,
            skew: 0,
            outbox: VecDeque::new(),
            told: Vec::new(),
            published: BTreeSet::new(),
            link: None,
        }
    }

    /// What time it takes it to be.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_add_signed(self.skew))
    }

    /// It is made anew at that address: what it knew, and what waited, is gone.
    pub(super) fn reset(&mut self, address: Address) {
        *self = Participant {
            made: self.made + 1,
            online: self.online,
            skew: self.skew,
            told: std::mem::take(&mut self.told),
            ..Participant::new(address)
        };
    }

    /// What anybody sees of an answer to it: as what it registered, and whether it may go on.
    pub(super) fn see_answer<E>(&mut self, request: &Body, answer: &Result<Answer, E>) {
        match (request, answer) {
            (Body::Register(registration), Ok(Answer::Done)) => {
                self.has_joined = true;
                self.identity_key = PublicKey::decode(&registration.identity_key).ok();
            }
            (Body::Remove { address }, Ok(Answer::Done)) if *address == self.address => {
                self.has_joined = false;
            }
            (Body::PublishAccessKey { hash, .. }, Ok(Answer::Done)) => {
                self.published.insert(*hash);
            }
            _ => {}
        }
    }

    /// That a link is given away once its access key is published, and not before (INV-09).
    pub(super) fn check(&self, effect: &Effect) -> Result<(), StepFailure> {
        let Effect::Invitation { link } = effect else {
            return Ok(());
        };
        let invitation = link.parse::<Invitation>();
        let invitation = invitation.map_err(|error| StepFailure::differs("a link", error))?;
        let hash = AccessKey::from(invitation.access_key()).digest();
        if self.published.contains(&hash) {
            return Ok(());
        }
        Err(StepFailure::differs(
            "a link is given away once its access key is published (INV-09)",
            "it is given away before",
        ))
    }

    /// What an event does, and the transcript's line for it.
    pub(super) fn effect(&mut self, name: &str, by: Cause, effect: Effect) -> Option<Line> {
        let device = name.to_owned();
        match effect {
            Effect::Request(request) => {
                if !matches!(request.body, Body::Register(_)) {
                    self.token.clone_from(&request.token);
                }
                // What has not left yet need not leave twice.
                if !self.outbox.contains(&request) {
                    self.outbox.push_back(request);
                }
                None
            }
            Effect::Changed {
                transfer,
                before,
                after,
            } => {
                self.states.insert(transfer, after);
                Some(Line::State {
                    device,
                    transfer,
                    by,
                    before,
                    after,
                })
            }
            Effect::Invitation { link } => {
                self.link = Some(link);
                None
            }
            Effect::Report(report) => {
                self.told.push(words(&report));
                Some(Line::Report { device, report })
            }
        }
    }
}

/// What a user is told of a device that presents another identity key (SES-12).
const IDENTITY_CHANGED: &str = "identity-changed";
/// What a user is told of a device that opened a session beside the one that answers (SES-19).
const FURTHER_SESSION: &str = "further-session";
/// What a user is told of a message that waits (WAL-03).
const DELAYED: &str = "delayed";
/// All that users are told that has no code.
pub(in super::super) const REPORTS: &[&str] = &[IDENTITY_CHANGED, FURTHER_SESSION, DELAYED];

/// What a user is told, as scripts have it.
fn words(report: &Report) -> String {
    match report {
        Report::Refused { code, .. }
        | Report::Unsent { code, .. }
        | Report::Rejected { code }
        | Report::Transfer { code, .. } => code.to_string(),
        Report::IdentityChanged { .. } => IDENTITY_CHANGED.to_owned(),
        Report::FurtherSession { .. } => FURTHER_SESSION.to_owned(),
        Report::Delayed { .. } => DELAYED.to_owned(),
    }
}
