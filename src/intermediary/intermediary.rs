//! The machine: a request, the time and randomness in, an answer out; no I/O.

use super::answer::Answer;
use super::envelope::Envelope;
use super::request::{
    Body, PublishedOneTimePreKey, Registration, Request, Submission, SubmittedMessage,
};
use super::store::{Answered, Change, DeviceRecord, FirstAnswer, Store, Transaction};
use super::token::{Digest, Token};
use super::view::{self, Row};
use super::{EnvelopeId, IntermediaryError, Limits};
use crate::agreement::{AgreementError, Bundle, BundleFields, OneTimePreKey};
use crate::identifier::{Address, DeviceId, Recipient};
use crate::primitives::{PublicKey, Randomness};
use crate::requirement::{flawed, require};
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// The store-and-forward server of the profile.
///
/// Two are equal where no request could tell them apart. Over a [`MemoryStore`](super::MemoryStore) a copy is cheap:
/// it shares what neither of the two changes.
#[derive(Clone, Debug)]
pub struct Intermediary<S> {
    pub(super) suite: SuiteRef,
    limits: Limits,
    pub(super) store: S,
}

impl<S: PartialEq> PartialEq for Intermediary<S> {
    fn eq(&self, other: &Self) -> bool {
        self.suite.name() == other.suite.name()
            && self.limits == other.limits
            && self.store == other.store
    }
}

impl<S: Eq> Eq for Intermediary<S> {}

impl<S: Hash> Hash for Intermediary<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.suite.name().hash(state);
        self.limits.hash(state);
        self.store.hash(state);
    }
}

/// What comes of a request that is not refused.
enum Outcome {
    /// An answer, and nothing changes.
    Answer(Answer),
    /// Changes that come to the same when the request is carried out again.
    Change(Vec<Change>, Answer),
    /// Changes that must be made once: the answer is remembered (MBX-13).
    Once(Vec<Change>, Answer),
}

impl<S: Store> Intermediary<S> {
    /// An intermediary over what the store holds, with the profile's limits. The suite tells how signatures are
    /// verified.
    pub fn new(suite: SuiteRef, store: S) -> Self {
        Self::with_limits(suite, store, Limits::PROFILE)
    }

    /// The same with other limits than the profile's.
    pub fn with_limits(suite: SuiteRef, store: S, limits: Limits) -> Self {
        Intermediary {
            suite,
            limits,
            store,
        }
    }

    /// What it keeps.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Answers a request, in one transaction of the store: it changes everything that it has to change, or nothing.
    ///
    /// # Errors
    /// Those of profile section 7, in its order. Only a registration draws randomness, and only once it can
    /// no longer be refused: 32 bytes (RND-02).
    pub fn handle(
        &mut self,
        request: &Request,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Answer, IntermediaryError> {
        request.check(self.suite.identifiers(), &self.limits)?;
        let mut handling = self.begin(now)?;
        let asker = handling.asker(request)?;
        if let Some(answer) = handling.first_answer(&asker, request)? {
            return Ok(answer);
        }
        let (changes, answer) = match handling.carry_out(&asker, request, randomness)? {
            Outcome::Answer(answer) => return Ok(answer),
            Outcome::Change(changes, answer) => (changes, answer),
            Outcome::Once(mut changes, answer) => {
                changes.push(handling.remember(asker, request, &answer));
                (changes, answer)
            }
        };
        handling.store.commit(changes)?;
        Ok(answer)
    }

    /// Time has come to `now`: what has expired is erased (MBX-10). Every request that changes something does
    /// the same.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), IntermediaryError> {
        Ok(self.store.begin(now)?.commit(Vec::new())?)
    }

    /// What the intermediary learns from a request, before it handles it (PRIV-01). From one that carries no
    /// valid token, nothing: it is dropped unread.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn learns(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Vec<Row>, IntermediaryError> {
        let asker = match &request.body {
            Body::Register(registration) => Some(registration.address),
            _ => self.begin(now)?.owner(request)?,
        };
        Ok(asker.map_or_else(Vec::new, |asker| view::learned(asker, request, now)))
    }

    fn begin(&mut self, now: Timestamp) -> Result<Handling<S::Transaction<'_>>, IntermediaryError> {
        Ok(Handling {
            suite: self.suite,
            limits: self.limits,
            now,
            store: self.store.begin(now)?,
        })
    }
}

/// A request under way. Dropped, it has changed nothing.
struct Handling<T> {
    suite: SuiteRef,
    limits: Limits,
    now: Timestamp,
    /// The store's transaction.
    store: T,
}

impl<T: Transaction> Handling<T> {
    /// Whose token the request carries.
    fn owner(&mut self, request: &Request) -> Result<Option<Address>, IntermediaryError> {
        match &request.token {
            Some(token) => Ok(self.store.owner(&token.digest())?),
            None => Ok(None),
        }
    }

    fn device(&mut self, address: &Address) -> Result<DeviceRecord, IntermediaryError> {
        let device = self.store.device(address)?;
        device.ok_or(IntermediaryError::NoDevice(*address))
    }

    /// The device that asks: by its token, but for a registration, whose right is looked at only once it is
    /// known to be no repetition.
    fn asker(&mut self, request: &Request) -> Result<Address, IntermediaryError> {
        if let Body::Register(registration) = &request.body {
            return Ok(registration.address);
        }
        let asker = self.owner(request)?;
        require!("MBX-12", asker.is_some(), IntermediaryError::Unauthorized);
        let asker = asker.ok_or(IntermediaryError::Unauthorized)?;
        if let Some(own) = request.body.own() {
            require!("MBX-12", asker == *own, IntermediaryError::Forbidden(*own));
        }
        Ok(asker)
    }

    /// What was answered to this request before (MBX-13).
    fn first_answer(
        &mut self,
        asker: &Address,
        request: &Request,
    ) -> Result<Option<Answer>, IntermediaryError> {
        let Some(record) = self.store.device(asker)? else {
            return Ok(None);
        };
        let answered = self.store.answered(asker, &request.id.digest())?;
        let Some(answered) = flawed!("MBX-13 carried out twice", answered, None) else {
            return Ok(None);
        };
        let repeated = answered.body == Digest::of_json(&request.body);
        if !repeated && matches!(request.body, Body::Register(_)) {
            // Nothing yet says that this is the device which the request id belongs to.
            return Ok(None);
        }
        require!("MBX-13", repeated, IntermediaryError::ConflictingRequest);
        Ok(Some(match answered.answer {
            FirstAnswer::Done => Answer::Done,
            FirstAnswer::Bundle(bundle) => Answer::Bundle { bundle },
            FirstAnswer::Registered(sealed) => Answer::Registered {
                token: sealed.open(&record.token, &request.identifying()),
            },
        }))
    }

    /// Every request, once it is known who asks and that it is no repetition.
    fn carry_out(
        &mut self,
        asker: &Address,
        request: &Request,
        randomness: &mut dyn Randomness,
    ) -> Result<Outcome, IntermediaryError> {
        match &request.body {
            Body::Register(registration) => self.register(request, registration, randomness),
            Body::PublishSignedPreKey {
                address,
                id,
                key,
                signature,
                created,
                suites,
                statement_signature,
            } => {
                let record = self.device(address)?;
                let fields = BundleFields {
                    signed_pre_key_id: (*id).into(),
                    signed_pre_key: key.clone(),
                    signed_pre_key_signature: signature.clone(),
                    created: *created,
                    suites: suites.clone(),
                    statement_signature: statement_signature.clone(),
                    ..bundle_of(address, &record, None)
                };
                self.publish_signed_pre_key(address, record, &fields)
            }
            Body::PublishOneTimePreKeys {
                address,
                one_time_pre_keys,
            } => self.publish_one_time_pre_keys(address, one_time_pre_keys),
            Body::CountOneTimePreKeys { address } => {
                let left = self.store.one_time_pre_keys(address)?;
                let left = flawed!("MBX-04 always twenty", left, 20);
                let left = u32::try_from(left).unwrap_or(u32::MAX);
                Ok(Outcome::Answer(Answer::OneTimePreKeys { left }))
            }
            Body::FetchBundle { address } => self.fetch_bundle(asker, address),
            Body::Submit(submission) => self.submit(asker, submission),
            Body::Read { address, limit } => {
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                let envelopes = self.store.envelopes(address, limit)?;
                Ok(Outcome::Answer(Answer::Envelopes { envelopes }))
            }
            Body::Acknowledge { address, ids } => {
                let erase = |id: &EnvelopeId| Change::EraseEnvelope(*address, *id);
                let list = flawed!("MBX-09 kept", ids.iter().map(erase).collect(), Vec::new());
                Ok(Outcome::Change(list, Answer::Done))
            }
            Body::Remove { address } => {
                let list = flawed!(
                    "MBX-15 kept",
                    vec![Change::EraseDevice(*address)],
                    Vec::new()
                );
                Ok(Outcome::Change(list, Answer::Done))
            }
        }
    }

    /// A device of a user without devices needs no token; another one needs that of a device of the user,
    /// and takes the place of whatever is registered at its address (MBX-01, MBX-12).
    fn register(
        &mut self,
        request: &Request,
        registration: &Registration,
        randomness: &mut dyn Randomness,
    ) -> Result<Outcome, IntermediaryError> {
        let address = registration.address;
        let asker = self.owner(request)?;
        let is_first = self.store.devices(&address.user_id)?.is_empty();
        require!(
            "MBX-12",
            asker.is_some() || (request.token.is_none() && is_first),
            IntermediaryError::Unauthorized
        );
        require!(
            "MBX-12",
            asker.is_none_or(|asker| asker.user_id == address.user_id),
            IntermediaryError::Forbidden(address)
        );
        let keys = self.one_time_pre_keys(&registration.one_time_pre_keys, 0)?;
        let bundle = self.verify(&BundleFields {
            user_id: address.user_id.to_string(),
            device_id: address.device_id.into(),
            registration_id: registration.registration_id.into(),
            identity_key: registration.identity_key.clone(),
            signed_pre_key_id: registration.signed_pre_key_id.into(),
            signed_pre_key: registration.signed_pre_key.clone(),
            signed_pre_key_signature: registration.signed_pre_key_signature.clone(),
            created: registration.created,
            suites: registration.suites.clone(),
            statement_signature: registration.statement_signature.clone(),
            one_time_pre_key_id: None,
            one_time_pre_key: None,
            kem_pre_key: None,
        })?;
        let token = Token::random(randomness)?;
        let record = DeviceRecord {
            token: token.digest(),
            identity_key: bundle.party.identity_key,
            registration_id: bundle.registration_id,
            signed_pre_key: bundle.signed_pre_key,
            statement: bundle.statement,
            last_one_time_pre_key_id: keys.last().map(|key| key.id),
            next_envelope_id: EnvelopeId::FIRST,
        };
        let erase = flawed!(
            "MBX-01 former kept",
            Some(Change::EraseDevice(address)),
            None
        );
        let mut list = Vec::from_iter(erase);
        list.push(Change::PutDevice(address, record));
        list.extend(put(address, keys));
        Ok(Outcome::Once(list, Answer::Registered { token }))
    }

    /// MBX-02: every key, then the signature.
    fn verify(&self, fields: &BundleFields) -> Result<Bundle, IntermediaryError> {
        Ok(Bundle::verify(self.suite, fields)?)
    }

    fn publish_signed_pre_key(
        &mut self,
        address: &Address,
        record: DeviceRecord,
        fields: &BundleFields,
    ) -> Result<Outcome, IntermediaryError> {
        let bundle = self.verify(fields)?;
        let record = DeviceRecord {
            signed_pre_key: bundle.signed_pre_key,
            statement: bundle.statement,
            ..record
        };
        let list = vec![Change::PutDevice(*address, record)];
        Ok(Outcome::Once(list, Answer::Done))
    }

    fn publish_one_time_pre_keys(
        &mut self,
        address: &Address,
        published: &[PublishedOneTimePreKey],
    ) -> Result<Outcome, IntermediaryError> {
        let record = self.device(address)?;
        let first = published.first().map(|key| key.id);
        require!(
            "MBX-03",
            first.is_none() || first > record.last_one_time_pre_key_id,
            IntermediaryError::malformed(
                &"the id of a new one-time prekey is above that of every one published before"
            )
        );
        let held = self.store.one_time_pre_keys(address)?;
        let keys = self.one_time_pre_keys(published, held)?;
        let record = DeviceRecord {
            last_one_time_pre_key_id: keys
                .last()
                .map(|key| key.id)
                .or(record.last_one_time_pre_key_id),
            ..record
        };
        let mut list = vec![Change::PutDevice(*address, record)];
        list.extend(put(*address, keys));
        Ok(Outcome::Once(list, Answer::Done))
    }

    fn fetch_bundle(
        &mut self,
        requester: &Address,
        target: &Address,
    ) -> Result<Outcome, IntermediaryError> {
        let record = self.device(target)?;
        require!(
            "MBX-17",
            self.store.bundles(requester, target)? < self.limits.bundles,
            IntermediaryError::RateLimited(*target)
        );
        let one_time = self.store.next_one_time_pre_key(target)?;
        let bundle = bundle_of(target, &record, one_time);
        let mut list = vec![Change::CountBundle {
            requester: *requester,
            target: *target,
            expires: self.after(self.limits.bundle_window),
        }];
        let handed_out = flawed!("MBX-03 handed out again", one_time, None);
        list.extend(handed_out.map(|key| Change::EraseOneTimePreKey(*target, key.id)));
        Ok(Outcome::Once(list, Answer::Bundle { bundle }))
    }

    fn submit(
        &mut self,
        sender: &Address,
        submission: &Submission,
    ) -> Result<Outcome, IntermediaryError> {
        let recipient = submission.recipient;
        let devices = match &recipient {
            Recipient::User(user) => self.store.devices(user)?,
            Recipient::Device(address) => {
                BTreeMap::from([(address.device_id, self.device(address)?)])
            }
        };
        require!(
            "MBX-16",
            !devices.is_empty(),
            IntermediaryError::NoUser(recipient.user_id())
        );
        if let Err(answer) = match_devices(&submission.messages, &devices) {
            return Ok(Outcome::Answer(*answer));
        }
        let mut list = Vec::new();
        for message in &submission.messages {
            let recipient = Address {
                user_id: recipient.user_id(),
                device_id: message.device_id,
            };
            require!(
                "MBX-11",
                self.store.mailbox_length(&recipient)? < self.limits.mailbox,
                IntermediaryError::MailboxFull(recipient)
            );
            let Some(record) = devices.get(&message.device_id) else {
                return Err(IntermediaryError::NoDevice(recipient));
            };
            list.push(Change::PutEnvelope(Envelope {
                id: record.next_envelope_id,
                sender: flawed!("MBX-19 recipient's", *sender, recipient),
                recipient,
                kind: message.kind,
                message: message.message.clone(),
                expires: self.after(flawed!(
                    "MBX-10 default lifetime",
                    submission.lifetime(),
                    2 * 86_400
                )),
            }));
            let record = DeviceRecord {
                next_envelope_id: flawed!(
                    "MBX-07 same number",
                    record.next_envelope_id.next(),
                    record.next_envelope_id
                ),
                ..record.clone()
            };
            list.push(Change::PutDevice(recipient, record));
        }
        Ok(Outcome::Once(list, Answer::Done))
    }

    /// The keys, checked (MBX-02), beside `held` others.
    fn one_time_pre_keys(
        &self,
        published: &[PublishedOneTimePreKey],
        held: usize,
    ) -> Result<Vec<OneTimePreKey>, IntermediaryError> {
        require!(
            "MBX-02",
            published.len() <= self.limits.one_time_pre_keys.saturating_sub(held),
            IntermediaryError::TooLarge {
                what: "the one-time prekeys of a device",
                limit: self.limits.one_time_pre_keys
            }
        );
        published
            .iter()
            .map(|published| {
                let key =
                    PublicKey::decode(&published.key).map_err(|error| AgreementError::Bundle {
                        field: "oneTimePreKeys",
                        error,
                    })?;
                Ok(OneTimePreKey {
                    id: published.id,
                    key,
                })
            })
            .collect()
    }

    /// So many seconds from now.
    fn after(&self, seconds: u64) -> Timestamp {
        Timestamp(self.now.0.saturating_add(seconds))
    }

    /// What is remembered of a request and its answer (MBX-13).
    fn remember(&self, address: Address, request: &Request, answer: &Answer) -> Change {
        let answered = Answered {
            request: request.id.digest(),
            body: Digest::of_json(&request.body),
            answer: match answer {
                Answer::Registered { token } => {
                    FirstAnswer::Registered(token.seal(&request.identifying()))
                }
                Answer::Bundle { bundle } => FirstAnswer::Bundle(bundle.clone()),
                _ => FirstAnswer::Done,
            },
            expires: self.after(self.limits.answer_lifetime),
        };
        Change::Remember {
            address,
            answered,
            at_most: self.limits.answers,
        }
    }
}

/// The listed devices are the current ones (MBX-05), and so are their registration ids (MBX-06).
fn match_devices(
    messages: &[SubmittedMessage],
    devices: &BTreeMap<DeviceId, DeviceRecord>,
) -> Result<(), Box<Answer>> {
    let listed: BTreeSet<DeviceId> = messages.iter().map(|message| message.device_id).collect();
    let current: BTreeSet<DeviceId> = devices.keys().copied().collect();
    require!(
        "MBX-05",
        listed == current,
        Answer::DeviceMismatch {
            missing: current.difference(&listed).copied().collect(),
            extra: listed.difference(&current).copied().collect(),
        }
    );
    let stale: BTreeSet<DeviceId> = messages
        .iter()
        .filter(|message| {
            devices
                .get(&message.device_id)
                .is_some_and(|record| record.registration_id != message.registration_id)
        })
        .map(|message| message.device_id)
        .collect();
    require!(
        "MBX-06",
        stale.is_empty(),
        Answer::StaleRegistration {
            devices: stale.into_iter().collect()
        }
    );
    Ok(())
}

fn put(address: Address, keys: Vec<OneTimePreKey>) -> impl Iterator<Item = Change> {
    keys.into_iter()
        .map(move |key| Change::PutOneTimePreKey(address, key))
}

/// The bundle of a device as it is handed out (X3DH-01).
fn bundle_of(
    address: &Address,
    record: &DeviceRecord,
    one_time_pre_key: Option<OneTimePreKey>,
) -> BundleFields {
    BundleFields::from(&Bundle {
        party: Party {
            identity_key: record.identity_key,
            address: *address,
        },
        registration_id: record.registration_id,
        signed_pre_key: record.signed_pre_key,
        statement: record.statement.clone(),
        one_time_pre_key,
        kem_pre_key: None,
    })
}
