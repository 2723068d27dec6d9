//! The machine: a request and the time in, an answer out; no I/O, nothing drawn.

use super::answer::Answer;
use super::envelope::Envelope;
use super::request::{Body, Hashes, PublishedOneTimePreKey, Registration, Request, Submission};
use super::store::{
    AccessRecord, Answered, Change, DeviceRecord, FirstAnswer, KeptEnvelope, KeptOneTimePreKey,
    Store, Transaction,
};
use super::token::{AccessKey, Digest};
use super::view::{self, Row};
use super::{EnvelopeId, IntermediaryError, Limits};
use crate::agreement::{AgreementError, Bundle, BundleFields, OneTimePreKey, Statement};
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::requirement::{always_require, flawed, require};
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
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
        Self::with_limits(suite, store, Limits::default())
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

    /// What it keeps, for whoever groups its transactions.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Answers a request, in one transaction of the store: it changes everything that it has to change, or nothing.
    ///
    /// # Errors
    /// Those of profile section 7, in its order.
    pub fn handle(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Answer, IntermediaryError> {
        self.handle_hashed(request, &Hashes::of(request), now)
    }

    /// The same where the request's hashes are known: whoever shares a machine with others computes them before it is his turn.
    ///
    /// # Errors
    /// Those of [`handle`](Self::handle).
    pub fn handle_hashed(
        &mut self,
        request: &Request,
        hashes: &Hashes,
        now: Timestamp,
    ) -> Result<Answer, IntermediaryError> {
        request.check(self.suite, &self.limits, now)?;
        let mut handling = self.begin(now)?;
        let asker = handling.asker(request, hashes)?;
        if let Some(answer) = handling.first_answer(&asker, request, hashes)? {
            return Ok(answer);
        }
        let (changes, answer) = match handling.carry_out(&asker, request, hashes)? {
            Outcome::Answer(answer) => return Ok(answer),
            Outcome::Change(changes, answer) => (changes, answer),
            Outcome::Once(mut changes, answer) => {
                changes.push(handling.remember(asker, request, hashes, &answer));
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
            _ => self.begin(now)?.owner(Hashes::of(request).token)?,
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
    fn owner(&mut self, token: Option<Digest>) -> Result<Option<Address>, IntermediaryError> {
        match token {
            Some(token) => Ok(self.store.owner(&token)?),
            None => Ok(None),
        }
    }

    fn device(&mut self, address: &Address) -> Result<DeviceRecord, IntermediaryError> {
        let device = self.store.device(address)?;
        device.ok_or(IntermediaryError::NoDevice(*address))
    }

    /// The device that asks: by its token, but for a registration, whose right is looked at only once it is
    /// known to be no repetition.
    fn asker(&mut self, request: &Request, hashes: &Hashes) -> Result<Address, IntermediaryError> {
        if let Body::Register(registration) = &request.body {
            return Ok(registration.address);
        }
        let asker = self.owner(hashes.token)?;
        require!("MBX-12", asker.is_some(), IntermediaryError::Unauthorized);
        let asker = asker.ok_or(IntermediaryError::Unauthorized)?;
        require!(
            "MBX-12",
            request.body.is_open_to(&asker),
            IntermediaryError::Forbidden(*request.body.target())
        );
        Ok(asker)
    }

    /// What was answered to this request before (MBX-13).
    fn first_answer(
        &mut self,
        asker: &Address,
        request: &Request,
        hashes: &Hashes,
    ) -> Result<Option<Answer>, IntermediaryError> {
        let answered = self.store.answered(asker, &hashes.id)?;
        let answered = flawed!(
            "MBX-13 bundles alone",
            answered,
            answered.filter(Answered::is_bundle)
        );
        let Some(answered) = flawed!("MBX-13 carried out twice", answered, None) else {
            return Ok(None);
        };
        let repeated = answered.body == hashes.body;
        let repeated = flawed!("MBX-13 by id alone", repeated, true);
        if !repeated && flawed!("MBX-13 registrations too", is_registration(request), false) {
            // Nothing yet says that this is the device which the request id belongs to.
            return Ok(None);
        }
        require!("MBX-13", repeated, IntermediaryError::ConflictingRequest);
        Ok(Some(match answered.answer {
            FirstAnswer::Done => Answer::Done,
            FirstAnswer::Bundle(bundle) => Answer::Bundle { bundle: *bundle },
        }))
    }

    /// Every request, once it is known who asks and that it is no repetition.
    fn carry_out(
        &mut self,
        asker: &Address,
        request: &Request,
        hashes: &Hashes,
    ) -> Result<Outcome, IntermediaryError> {
        match &request.body {
            Body::Register(registration) => self.register(request, registration, hashes.token),
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
                    suites: suites.clone().map(Into::into),
                    statement_signature: statement_signature.clone(),
                    ..bundle_of(address, &record, None)
                };
                self.publish_signed_pre_key(address, &record, &fields)
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
            Body::PublishAccessKey {
                address,
                hash,
                expires,
            } => self.publish_access_key(address, hash, *expires),
            Body::WithdrawAccessKey { address, hash } => {
                let list = flawed!(
                    "MBX-21 kept",
                    vec![Change::EraseAccessKey(*address, *hash)],
                    Vec::new()
                );
                Ok(Outcome::Once(list, Answer::Done))
            }
            Body::FetchBundle {
                address,
                access_key,
            } => self.fetch_bundle(address, access_key.as_ref()),
            Body::Submit(submission) => self.submit(asker, submission),
            Body::Read { address, limit } => {
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                let limit = flawed!("MBX-08 as many as there are", limit, usize::MAX);
                let envelopes = self.store.envelopes(address, limit)?;
                let envelopes = flawed!(
                    "MBX-07 newest first",
                    envelopes,
                    envelopes.into_iter().rev().collect()
                );
                flawed!("MBX-08 read ones go", (), {
                    let erase = |it: &Envelope| Change::EraseEnvelope(*address, it.id);
                    let list = envelopes.iter().map(erase).collect();
                    return Ok(Outcome::Change(list, Answer::Envelopes { envelopes }));
                });
                Ok(Outcome::Answer(Answer::Envelopes { envelopes }))
            }
            Body::Acknowledge { address, ids } => {
                let erase = |id: &EnvelopeId| Change::EraseEnvelope(*address, *id);
                flawed!("MBX-09 not there", (), {
                    let there = self.store.envelopes(address, usize::MAX)?;
                    if ids.iter().any(|id| there.iter().all(|it| it.id != *id)) {
                        return Err(IntermediaryError::NoDevice(*address));
                    }
                });
                flawed!("MBX-09 up to", (), {
                    let there = self.store.envelopes(address, usize::MAX)?.into_iter();
                    let last = ids.iter().max().copied();
                    let gone = there
                        .filter(|it| Some(it.id) <= last)
                        .map(|it| erase(&it.id));
                    return Ok(Outcome::Change(gone.collect(), Answer::Done));
                });
                let list = flawed!("MBX-09 kept", ids.iter().map(erase).collect(), Vec::new());
                Ok(Outcome::Change(list, Answer::Done))
            }
            Body::Remove { address } => {
                self.device(address)?;
                let list = flawed!(
                    "MBX-15 kept",
                    vec![Change::EraseDevice(*address)],
                    Vec::new()
                );
                // Not twice: in between, the device may have registered anew.
                Ok(Outcome::Once(list, Answer::Done))
            }
        }
    }

    /// A device of a user without devices needs no token; another one needs that of a device of the user,
    /// and takes the place of whatever is registered at its address (MBX-01, MBX-12).
    fn register(
        &mut self,
        request: &Request,
        registration: &Registration,
        token: Option<Digest>,
    ) -> Result<Outcome, IntermediaryError> {
        let address = registration.address;
        let asker = self.owner(token)?;
        let is_first = !self.store.has_devices(&address.user_id)?;
        require!(
            "MBX-12",
            asker.is_some()
                || (flawed!("MBX-12 unknown token", request.token.is_none(), true)
                    && flawed!("MBX-12 further device", is_first, true)),
            IntermediaryError::Unauthorized
        );
        require!(
            "MBX-12",
            asker.is_none_or(|asker| request.body.is_open_to(&asker)),
            IntermediaryError::Forbidden(address)
        );
        let former = self.store.owner(&registration.token_hash)?;
        require!(
            "MBX-01",
            former.is_none_or(|former| former == address),
            IntermediaryError::malformed(&"another device has this token; draw one")
        );
        flawed!(
            "MBX-02 order",
            (),
            _ = self.verify(&registered(registration))?
        );
        let keys = self.one_time_pre_keys(&registration.one_time_pre_keys, 0)?;
        let bundle = self.verify(&registered(registration))?;
        let record = DeviceRecord {
            token: registration.token_hash,
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
        list.extend(self.put(address, keys));
        Ok(Outcome::Once(list, Answer::Done))
    }

    /// Every key, then the signatures (MBX-02), then the statement's time (MBX-24).
    fn verify(&self, fields: &BundleFields) -> Result<Bundle, IntermediaryError> {
        let stated = self.suite.has_statements();
        let verify = || Bundle::verify(self.suite, fields, stated);
        flawed!("MBX-02 prekey's signature", (), {
            return Ok(crate::flaw::with("X3DH-02", verify)?);
        });
        flawed!("MBX-02 statement's signature", (), {
            return Ok(crate::flaw::with("KEY-10", verify)?);
        });
        let bundle = verify()?;
        let Some(Statement { created, .. }) = bundle.statement else {
            return Ok(bundle);
        };
        let age = self.now.seconds_since(created);
        let ahead = created.seconds_since(self.now);
        always_require!(
            "MBX-24",
            flawed!("MBX-24 age", age <= self.limits.statement_age, true),
            AgreementError::StaleStatement(created)
        );
        always_require!(
            "MBX-24",
            flawed!("MBX-24 ahead", ahead <= self.limits.statement_ahead, true),
            AgreementError::StaleStatement(created)
        );
        Ok(bundle)
    }

    fn publish_signed_pre_key(
        &mut self,
        address: &Address,
        record: &DeviceRecord,
        fields: &BundleFields,
    ) -> Result<Outcome, IntermediaryError> {
        let bundle = self.verify(fields)?;
        let record = DeviceRecord {
            signed_pre_key: bundle.signed_pre_key,
            statement: bundle.statement,
            ..record.clone()
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
            first.is_none()
                || first > record.last_one_time_pre_key_id
                || flawed!(
                    "MBX-03 the last again",
                    false,
                    first == record.last_one_time_pre_key_id
                ),
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
        list.extend(self.put(*address, keys));
        Ok(Outcome::Once(list, Answer::Done))
    }

    /// One whose time has passed is as good as withdrawn.
    fn publish_access_key(
        &mut self,
        address: &Address,
        hash: &Digest,
        expires: Timestamp,
    ) -> Result<Outcome, IntermediaryError> {
        let former = self.store.access_key(address, hash)?;
        require!(
            "MBX-20",
            flawed!("MBX-20 known ones too", former.is_some(), false)
                || self.store.access_keys(address)? < self.limits.access_keys,
            IntermediaryError::TooLarge {
                what: "the access keys of a device",
                limit: self.limits.access_keys
            }
        );
        let counted = former.map_or(0, |former| former.one_time_pre_keys);
        let end = flawed!("MBX-21 without end", expires, Timestamp(u64::MAX));
        let record = AccessRecord {
            one_time_pre_keys: flawed!("MBX-20 counted anew", counted, 0),
            expires: end,
        };
        flawed!("MBX-20 past refused", (), {
            if self.now >= expires {
                return Err(IntermediaryError::malformed(&"it has expired"));
            }
        });
        flawed!("MBX-20 first time stays", (), {
            if former.is_some() {
                return Ok(Outcome::Once(Vec::new(), Answer::Done));
            }
        });
        let change = if self.now < expires {
            Change::PutAccessKey(*address, *hash, record)
        } else {
            Change::EraseAccessKey(*address, *hash)
        };
        Ok(Outcome::Once(vec![change], Answer::Done))
    }

    /// With a one-time prekey for whom the device admits, and for him so many in all (MBX-17).
    fn fetch_bundle(
        &mut self,
        target: &Address,
        access_key: Option<&AccessKey>,
    ) -> Result<Outcome, IntermediaryError> {
        let record = self.device(target)?;
        let hash = access_key.map(AccessKey::digest);
        let access = match &hash {
            Some(hash) => self.store.access_key(target, hash)?,
            None => None,
        };
        let most = self.limits.one_time_pre_keys_of_access_key;
        let most = flawed!("MBX-17 without end", most, u32::MAX);
        let is_admitted = access
            .as_ref()
            .is_some_and(|access| access.one_time_pre_keys < most);
        flawed!("MBX-17 refused", (), {
            if access_key.is_some() && !is_admitted {
                return Err(IntermediaryError::NoAccess(*target));
            }
        });
        let one_time = if flawed!("MBX-17 for everybody", is_admitted, true) {
            self.store.next_one_time_pre_key(target)?
        } else {
            None
        };
        let mut list = Vec::new();
        if let Some(one_time) = one_time {
            list.extend(flawed!(
                "MBX-03 handed out again",
                Some(Change::EraseOneTimePreKey(*target, one_time.id)),
                None
            ));
            if let (Some(hash), Some(access)) = (hash, access) {
                let access = AccessRecord {
                    one_time_pre_keys: access.one_time_pre_keys.saturating_add(1),
                    ..access
                };
                list.push(Change::PutAccessKey(*target, hash, access));
            }
        }
        let bundle = bundle_of(target, &record, one_time);
        Ok(Outcome::Once(list, Answer::Bundle { bundle }))
    }

    fn submit(
        &mut self,
        sender: &Address,
        submission: &Submission,
    ) -> Result<Outcome, IntermediaryError> {
        let recipient = submission.recipient;
        let Some(record) = self.store.device(&recipient)? else {
            return flawed!(
                "MBX-16 accepted",
                Err(IntermediaryError::NoDevice(recipient)),
                Ok(Outcome::Answer(Answer::Done))
            );
        };
        let access_key = submission.access_key.digest();
        flawed!("MBX-06 order", (), {
            if record.registration_id != submission.registration_id {
                return Err(IntermediaryError::StaleRegistration(recipient));
            }
        });
        require!(
            "MBX-22",
            self.store.access_key(&recipient, &access_key)?.is_some(),
            IntermediaryError::NoAccess(recipient)
        );
        require!(
            "MBX-06",
            record.registration_id == submission.registration_id,
            IntermediaryError::StaleRegistration(recipient)
        );
        let of_access_key = self.store.mailbox_length_of(&recipient, &access_key)?;
        let counted = flawed!("MBX-23 of a sender", of_access_key, {
            let all = self.store.envelopes(&recipient, usize::MAX)?;
            all.iter().filter(|it| it.sender == *sender).count()
        });
        require!(
            "MBX-23",
            counted < self.limits.mailbox_of_access_key,
            IntermediaryError::MailboxFull(recipient)
        );
        require!(
            "MBX-11",
            self.has_room(&recipient, of_access_key)?,
            IntermediaryError::MailboxFull(recipient)
        );
        let envelope = Envelope {
            id: record.next_envelope_id,
            sender: flawed!("MBX-19 recipient's", *sender, recipient),
            recipient,
            kind: submission.kind,
            message: submission.message.clone(),
            expires: self.now.after(flawed!(
                "MBX-10 default lifetime",
                submission.lifetime(),
                2 * 86_400
            )),
        };
        let record = DeviceRecord {
            next_envelope_id: flawed!(
                "MBX-07 same number",
                record.next_envelope_id.next(),
                record.next_envelope_id
            ),
            ..record
        };
        let envelope = KeptEnvelope {
            envelope,
            access_key,
        };
        let list = vec![
            Change::PutEnvelope(envelope),
            Change::PutDevice(recipient, record),
        ];
        Ok(Outcome::Once(list, Answer::Done))
    }

    /// Whether a mailbox takes a message of an access key of which it holds so many (MBX-11). The first few of each are
    /// always taken, so that no other keeps them out.
    fn has_room(&mut self, of: &Address, of_access_key: usize) -> Result<bool, IntermediaryError> {
        let (limits, length) = (self.limits, self.store.mailbox_length(of)?);
        if length < limits.mailbox {
            return Ok(true);
        }
        let is_among_first = of_access_key < limits.always_taken;
        if flawed!("MBX-11 none kept free", is_among_first, false) {
            return Ok(length < flawed!("MBX-11 in all", limits.mailbox_in_all(), usize::MAX));
        }
        let beyond = self.store.mailbox_length_beyond(of, limits.always_taken)?;
        Ok(beyond < limits.mailbox)
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

    /// They are handed out for so long from now (MBX-03).
    fn put(&self, address: Address, keys: Vec<OneTimePreKey>) -> impl Iterator<Item = Change> {
        let expires = self.now.after(flawed!(
            "MBX-03 without end",
            self.limits.one_time_pre_key_lifetime,
            u64::MAX
        ));
        keys.into_iter().map(move |OneTimePreKey { id, key }| {
            Change::PutOneTimePreKey(address, KeptOneTimePreKey { id, key, expires })
        })
    }

    /// What is remembered of a request and its answer (MBX-13).
    fn remember(
        &self,
        address: Address,
        request: &Request,
        hashes: &Hashes,
        answer: &Answer,
    ) -> Change {
        let end = self.now.after(self.limits.answer_lifetime);
        // Whoever never learned that it has joined asks again whenever it comes back, and a copy that comes late must not take the
        // place of the device that the first one made.
        let expires = match &request.body {
            Body::Register(_) => flawed!("MBX-13 registration forgotten", FirstAnswer::KEPT, end),
            _ => end,
        };
        let answered = Answered {
            request: hashes.id,
            body: hashes.body,
            answer: match answer {
                Answer::Bundle { bundle } => FirstAnswer::Bundle(Box::new(bundle.clone())),
                _ => FirstAnswer::Done,
            },
            expires,
        };
        Change::Remember {
            address,
            answered,
            at_most: self.limits.answers,
        }
    }
}

/// What a registration says of its device, as a bundle has it.
fn registered(registration: &Registration) -> BundleFields {
    let address = registration.address;
    BundleFields {
        user_id: address.user_id.to_string(),
        device_id: address.device_id.into(),
        registration_id: registration.registration_id.into(),
        identity_key: registration.identity_key.clone(),
        signed_pre_key_id: registration.signed_pre_key_id.into(),
        signed_pre_key: registration.signed_pre_key.clone(),
        signed_pre_key_signature: registration.signed_pre_key_signature.clone(),
        created: registration.created,
        suites: registration.suites.clone().map(Into::into),
        statement_signature: registration.statement_signature.clone(),
        one_time_pre_key_id: None,
        one_time_pre_key: None,
        kem_pre_key: None,
    }
}

fn is_registration(request: &Request) -> bool {
    matches!(request.body, Body::Register(_))
}

/// The bundle of a device as it is handed out (X3DH-01).
pub(super) fn bundle_of(
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
