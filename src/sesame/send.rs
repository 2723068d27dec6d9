//! One send: a plaintext on its way to the devices of a user, or to one device (Sesame 3.3; SES-02, SES-09,
//! SES-10, SES-14, SES-15).
//!
//! The application carries each [`SendStep`] out at its intermediary and comes back with a [`SendEvent`].

use super::held_session::HeldSession;
use super::{Device, SavedSend, SesameError};
use crate::agreement::{Bundle, BundleFields};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, Recipient, RegistrationId};
use crate::primitives::{PublicKey, Randomness, SecretBytes};
use crate::ratchet::RatchetError;
use crate::requirement::{flawed, require};
use crate::wire::Message;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a plaintext is, as far as it matters to whom it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// It lets whoever reads it have the credential: it goes to one device, whose identity key the user has named
    /// (SES-18), in the session that this device keeps for it (SES-19).
    Provisioning,
    /// It does not.
    Other,
}

/// One message of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceMessage {
    /// The recipient's device.
    pub device_id: DeviceId,
    /// The registration id by which the sender knows that device (MBX-06).
    pub registration_id: RegistrationId,
    /// The message for it.
    pub message: Message,
}

/// What is to be done at the intermediary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SendStep {
    /// Fetch the bundles of these devices; each is answered by its own event, in any order.
    FetchBundles(Vec<Address>),
    /// Fetch the bundles of these devices for their statements alone, without a one-time prekey: their registration ids
    /// are out of date (SES-10). Each is answered as a bundle is.
    FetchStatements(Vec<Address>),
    /// Submit these messages together: one round.
    Submit {
        /// To whom.
        recipient: Recipient,
        /// One for each device, by rising id. None at all asks which devices the user has (MBX-05).
        messages: Vec<DeviceMessage>,
    },
    /// Nothing: the messages were accepted.
    Done,
    /// Nothing: the send has failed.
    GiveUp(GiveUp),
}

/// What the intermediary answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SendEvent {
    /// A bundle that was asked for, for a session or for its statement.
    Bundle(BundleFields),
    /// A device whose bundle was asked for is unknown: `not-found` (MBX-16).
    NoBundle(Address),
    /// The submission was accepted.
    Accepted,
    /// The submission was refused, and nothing of it stored: the devices are not the user's (MBX-05).
    DeviceMismatch {
        /// Devices of the user without a message.
        missing: Vec<DeviceId>,
        /// Devices with a message that the user does not have.
        extra: Vec<DeviceId>,
    },
    /// The submission was refused, and nothing of it stored: the registration ids of these devices are out
    /// of date (MBX-06).
    StaleRegistration(Vec<DeviceId>),
}

/// What an event comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SendOutcome {
    /// What is to be done now.
    pub step: SendStep,
    /// Whether the device of the event's bundle came with another identity key than it was known by: to
    /// be told to the user (SES-12).
    pub identity_changed: bool,
}

/// Why a send has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum GiveUp {
    /// The last round was refused (SES-14).
    #[error("the submission of the last round was refused (SES-14)")]
    RetryLimit,
    /// No device is left to send to (SES-09).
    #[error("the recipient has no device to send to (SES-09)")]
    NotFound,
}

impl GiveUp {
    /// The profile's code for this failure.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            GiveUp::RetryLimit => ErrorCode::RetryLimit,
            GiveUp::NotFound => ErrorCode::NotFound,
        }
    }
}

/// A send, from its start to its end.
///
/// Its plaintext is kept for as long as a device may still need it, and erased at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Send {
    pub(super) recipient: Recipient,
    pub(super) purpose: Purpose,
    /// How many submissions there were.
    pub(super) rounds: u8,
    pub(super) state: State,
}

/// How far a send has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Bundles are awaited where a device awaits one; else the messages are submitted.
    Open(Arc<Open>),
    /// They were accepted.
    Done,
    /// It has failed.
    GivenUp(GiveUp),
}

/// What a send needs until its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Open {
    pub(super) plaintext: SecretBytes,
    pub(super) devices: BTreeMap<DeviceId, Outgoing>,
}

/// What one device is about to get.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Outgoing {
    /// Its bundle is to be fetched, and a session to be opened.
    AwaitsBundle,
    /// This message. A refused submission stores nothing, so it goes into the next one unchanged (SES-14).
    Encrypted {
        /// The identity key that it was encrypted to.
        identity_key: PublicKey,
        registration_id: RegistrationId,
        message: Message,
        /// Whether the registration id is out of date: a statement is to name it anew (SES-10).
        outdated: bool,
    },
}

impl Open {
    fn which(&self, is: impl Fn(&Outgoing) -> bool) -> impl Iterator<Item = DeviceId> {
        self.devices
            .iter()
            .filter(move |(_, outgoing)| is(outgoing))
            .map(|(id, _)| *id)
    }

    fn awaiting_bundle(&self) -> impl Iterator<Item = DeviceId> {
        self.which(|outgoing| matches!(outgoing, Outgoing::AwaitsBundle))
    }

    fn awaiting_statement(&self) -> impl Iterator<Item = DeviceId> {
        self.which(|outgoing| matches!(outgoing, Outgoing::Encrypted { outdated: true, .. }))
    }

    pub(super) fn is_fetching(&self) -> bool {
        let mut awaiting = self.awaiting_bundle().chain(self.awaiting_statement());
        awaiting.next().is_some()
    }

    fn messages(&self) -> impl Iterator<Item = DeviceMessage> {
        self.devices
            .iter()
            .filter_map(|(id, outgoing)| match outgoing {
                Outgoing::AwaitsBundle => None,
                Outgoing::Encrypted {
                    registration_id,
                    message,
                    ..
                } => Some(DeviceMessage {
                    device_id: *id,
                    registration_id: *registration_id,
                    message: message.clone(),
                }),
            })
    }
}

impl Send {
    /// To whom it goes.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        self.recipient
    }

    /// What it carries.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The send in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedSend {
        SavedSend::from(self)
    }

    /// What is to be done now: the same until the next event, so that a device that was restarted goes on.
    #[must_use]
    pub fn step(&self) -> SendStep {
        let open = match &self.state {
            State::Open(open) => open,
            State::Done => return SendStep::Done,
            State::GivenUp(why) => return SendStep::GiveUp(*why),
        };
        let device = |id| self.recipient.device(id);
        let bundles: Vec<Address> = open.awaiting_bundle().map(device).collect();
        let statements: Vec<Address> = open.awaiting_statement().map(device).collect();
        if !bundles.is_empty() {
            SendStep::FetchBundles(bundles)
        } else if !statements.is_empty() {
            SendStep::FetchStatements(statements)
        } else {
            SendStep::Submit {
                recipient: self.recipient,
                messages: open.messages().collect(),
            }
        }
    }

    /// The messages that were made so far, whether they are under way or not.
    #[cfg(feature = "conformance")]
    pub(crate) fn encrypted(&self) -> Vec<DeviceMessage> {
        match &self.state {
            State::Open(open) => open.messages().collect(),
            State::Done | State::GivenUp(_) => Vec::new(),
        }
    }

    /// A submission was refused: after the `last` round the send has failed (SES-14).
    fn refused(&mut self, last: bool) {
        if last {
            self.state = State::GivenUp(GiveUp::RetryLimit);
        }
    }

    /// After an event: starts the next round where no bundle is awaited any more, or gives up where nobody
    /// is left.
    fn go_on(&mut self) {
        let State::Open(open) = &self.state else {
            return;
        };
        // A submission without messages asks which devices a user has, once.
        let asks = matches!(self.recipient, Recipient::User(_))
            && flawed!("SES-09 asks again", self.rounds == 0, true);
        if open.devices.is_empty() && !asks {
            self.state = State::GivenUp(GiveUp::NotFound);
        } else if !open.is_fetching() {
            self.rounds += 1;
        }
    }
}

/// What one device gets, with the session that it goes into, by its place, as that is afterwards: nothing is changed yet.
struct Prepared {
    device_id: DeviceId,
    outgoing: Outgoing,
    session: Option<(usize, Arc<HeldSession>)>,
}

/// Why a submission was refused: by devices.
struct Refusal<'a> {
    /// It was the last round.
    last: bool,
    missing: &'a [DeviceId],
    gone: &'a [DeviceId],
    outdated: &'a [DeviceId],
}

impl Device {
    /// Starts to send `plaintext`, of at most 65,536 bytes in `tigress-1`. Each message draws what
    /// [`Session::encrypt`](crate::ratchet::Session::encrypt) draws, by rising DeviceID.
    ///
    /// # Errors
    /// `invalid-state` where the recipient is the device's own user (SES-15), or a user and it is provisioning
    /// information, `untrusted-identity` where no named key is pinned for that (SES-18), `too-large` (DR-22), those
    /// of [`Session::encrypt`](crate::ratchet::Session::encrypt).
    pub fn start_send(
        &mut self,
        recipient: Recipient,
        plaintext: &[u8],
        purpose: Purpose,
        randomness: &mut dyn Randomness,
    ) -> Result<(Send, SendStep), SesameError> {
        require!(
            "SES-15",
            recipient.user_id() != self.address.user_id,
            SesameError::OwnUser
        );
        if purpose == Purpose::Provisioning {
            let Recipient::Device(address) = &recipient else {
                return Err(SesameError::NotOneDevice);
            };
            self.check_purpose(address, purpose)?;
        }
        let limit = self.session_limits(self.suite()).max_plaintext;
        require!(
            "DR-22",
            plaintext.len() <= limit,
            RatchetError::PlaintextTooLong {
                length: plaintext.len(),
                limit,
            }
        );
        let targets: Vec<DeviceId> = match recipient {
            Recipient::User(user) => self.devices_of(user).collect(),
            Recipient::Device(address) => vec![address.device_id],
        };
        let mut open = Open {
            plaintext: plaintext.to_vec().into(),
            devices: BTreeMap::new(),
        };
        let prepared = self.prepare((recipient, purpose), &open, &targets, randomness)?;
        self.keep(recipient, &mut open, prepared);
        let mut send = Send {
            recipient,
            purpose,
            rounds: 0,
            state: State::Open(Arc::new(open)),
        };
        send.go_on();
        let step = send.step();
        Ok((send, step))
    }

    /// Goes on with a send after an answer of the intermediary. A bundle draws what
    /// [`Device::process_bundle`] draws.
    ///
    /// # Errors
    /// `unexpected-message` where the answer is to nothing that was asked; with a bundle those of
    /// [`Device::process_bundle`]; for provisioning information, unless it was accepted, `untrusted-identity` where no
    /// named key is pinned any more (SES-18). Device and send are as they were.
    pub fn continue_send(
        &mut self,
        send: &mut Send,
        event: SendEvent,
        randomness: &mut dyn Randomness,
    ) -> Result<SendOutcome, SesameError> {
        let recipient = send.recipient;
        let to = (recipient, send.purpose);
        let last = send.rounds == flawed!("SES-14 ten rounds", self.limits.max_rounds, 10);
        let State::Open(open) = &mut send.state else {
            return Err(SesameError::UnexpectedAnswer);
        };
        let open = Arc::make_mut(open);
        let fetching = open.is_fetching();
        if let (Recipient::Device(address), false) = (&recipient, event == SendEvent::Accepted)
            && flawed!("SES-18 at its start", true, false)
        {
            self.check_purpose(address, send.purpose)?;
        }
        let mut identity_changed = false;
        match event {
            SendEvent::Bundle(fields) if fetching => {
                identity_changed = self.bundle_came(recipient, open, &fields, randomness)?;
            }
            SendEvent::NoBundle(address) => {
                require_awaited(recipient, open, |asked| *asked == address)?;
                open.devices.remove(&address.device_id);
                flawed!("SES-09 no bundle", self.mark_stale(&address), ());
                flawed!("SES-09 gives up at once", (), {
                    if open.devices.is_empty() {
                        send.state = State::GivenUp(GiveUp::NotFound);
                    }
                });
            }
            SendEvent::Accepted if !fetching => {
                // Nobody can have accepted what was for nobody.
                if !open.devices.is_empty() || flawed!("SES-09 nobody", false, true) {
                    send.state = State::Done;
                }
            }
            SendEvent::DeviceMismatch { missing, extra } if !fetching => {
                let refusal = Refusal {
                    last,
                    missing: &missing,
                    gone: &extra,
                    outdated: &[],
                };
                self.refused(to, open, &refusal, randomness)?;
                send.refused(last);
            }
            SendEvent::StaleRegistration(devices) if !fetching => {
                let refusal = Refusal {
                    last,
                    missing: &[],
                    gone: &[],
                    outdated: &devices,
                };
                self.refused(to, open, &refusal, randomness)?;
                flawed!("SES-10 no round", send.refused(last), send.rounds -= 1);
            }
            _ => return Err(SesameError::UnexpectedAnswer),
        }
        send.go_on();
        Ok(SendOutcome {
            step: send.step(),
            identity_changed,
        })
    }

    /// A session is opened, and the message encrypted in it (SES-02); or where only the statement was asked for, the
    /// registration id is taken from it, and the message stays as it is (SES-10). A statement of another identity key
    /// than the message was encrypted to is as good as a bundle: the message is of no use to its device (SES-12).
    fn bundle_came(
        &mut self,
        recipient: Recipient,
        open: &mut Open,
        fields: &BundleFields,
        randomness: &mut dyn Randomness,
    ) -> Result<bool, SesameError> {
        // Nobody makes the device verify what it has not asked for.
        require_awaited(recipient, open, |asked| fields.is_of(asked))?;
        let (suite, bundle) = self.verify(fields)?;
        let Bundle {
            party,
            registration_id: named,
            ..
        } = bundle;
        if let Some(Outgoing::Encrypted {
            identity_key,
            registration_id,
            outdated,
            ..
        }) = open.devices.get_mut(&party.address.device_id)
            && flawed!(
                "SES-10 another key",
                *identity_key == party.identity_key,
                true
            )
        {
            flawed!("SES-10 pin", self.check_pin(&party)?, ());
            *registration_id = flawed!("SES-10 not taken", named, *registration_id);
            *outdated = false;
            self.confirm(&bundle);
            flawed!("SES-10 anew", (), {
                let again = self.encrypt(&party.address, open.plaintext.expose(), randomness);
                let outgoing = open.devices.get_mut(&party.address.device_id);
                if let (Ok(again), Some(Outgoing::Encrypted { message, .. })) = (again, outgoing) {
                    *message = again;
                }
            });
            return Ok(false);
        }
        let mut session = self.initiate(suite, &bundle, randomness)?;
        let outgoing = Outgoing::Encrypted {
            identity_key: party.identity_key,
            registration_id: named,
            message: session.encrypt(open.plaintext.expose(), randomness)?,
            outdated: false,
        };
        open.devices.insert(party.address.device_id, outgoing);
        Ok(self.open_initiated(&bundle, session))
    }

    /// A submission was refused. Devices that are gone get a stale record, missing ones a session and a
    /// message (SES-09); of those with an outdated registration id the statement is fetched (SES-10), and no session is
    /// dropped. All other messages stay as they are (SES-14), and after the `last` round no new one is made.
    fn refused(
        &mut self,
        to: (Recipient, Purpose),
        open: &mut Open,
        refusal: &Refusal<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(), SesameError> {
        let (recipient, _) = to;
        let Refusal {
            last,
            missing,
            gone,
            outdated,
        } = *refusal;
        // What was not in the submission can be neither gone nor outdated, what was in it not missing. A
        // send to one device gets no further one, whatever the intermediary says (SES-15).
        let submitted = |id: &&DeviceId| open.devices.contains_key(id);
        let may_grow = flawed!(
            "SES-15 grows",
            matches!(recipient, Recipient::User(_)),
            true
        );
        let gone: Vec<DeviceId> = gone.iter().filter(submitted).copied().collect();
        let missing = missing.iter().filter(|id| may_grow && !submitted(id));
        let missing: Vec<DeviceId> = missing.copied().collect();
        let prepared = if last {
            Vec::new()
        } else {
            self.prepare(to, open, &missing, randomness)?
        };
        for id in gone {
            flawed!(
                "SES-09 not stale",
                self.mark_stale(&recipient.device(id)),
                ()
            );
            open.devices.remove(&id);
        }
        flawed!("SES-14 anew", (), {
            let kept: Vec<DeviceId> = open.devices.keys().copied().collect();
            let again = self.prepare(to, open, &kept, randomness)?;
            self.keep(recipient, open, again);
        });
        for id in outdated {
            // What an intermediary says costs no session that was healed (SES-10).
            flawed!("SES-10 dropped", (), {
                if open.devices.contains_key(id) {
                    self.drop_sessions(&recipient.device(*id));
                    open.devices.insert(*id, Outgoing::AwaitsBundle);
                }
            });
            if let Some(Outgoing::Encrypted { outdated, .. }) = open.devices.get_mut(id) {
                *outdated = true;
            }
        }
        self.keep(recipient, open, prepared);
        Ok(())
    }

    /// The message of each device, in the session that it goes into, where there is one.
    fn prepare(
        &self,
        (recipient, purpose): (Recipient, Purpose),
        open: &Open,
        devices: &[DeviceId],
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<Prepared>, SesameError> {
        let prepare = |&device_id: &DeviceId| {
            let address = recipient.device(device_id);
            let Some((record, index)) = self.sendable(&address, purpose) else {
                return Ok(Prepared {
                    device_id,
                    outgoing: Outgoing::AwaitsBundle,
                    session: None,
                });
            };
            let mut session = HeldSession::clone(&record.sessions[index].session);
            let message = session.encrypt(open.plaintext.expose(), randomness)?;
            Ok(Prepared {
                device_id,
                outgoing: Outgoing::Encrypted {
                    identity_key: record.identity_key,
                    registration_id: record.registration_id(),
                    message,
                    outdated: false,
                },
                session: Some((index, Arc::new(session))),
            })
        };
        devices.iter().map(prepare).collect()
    }

    /// Keeps what was prepared. Nothing here can fail.
    fn keep(&mut self, recipient: Recipient, open: &mut Open, prepared: Vec<Prepared>) {
        for Prepared {
            device_id,
            outgoing,
            session,
        } in prepared
        {
            open.devices.insert(device_id, outgoing);
            let record = self.record_mut(&recipient.device(device_id));
            if let (Some(record), Some((index, session))) = (record, session) {
                record.sessions[index].session = session;
            }
        }
    }
}

/// The intermediary answers with the device that it was asked for.
fn require_awaited(
    recipient: Recipient,
    open: &Open,
    is: impl Fn(&Address) -> bool,
) -> Result<(), SesameError> {
    let mut awaiting = open.awaiting_bundle().chain(open.awaiting_statement());
    let awaited = awaiting.any(|id| flawed!("SES-02 any device", is(&recipient.device(id)), true));
    require!("SES-02", awaited, SesameError::UnexpectedAnswer);
    Ok(())
}
