//! Bundles that come to a device: those that are right open a session, those that are not leave nothing.

use super::breach::{Breach, Fault, hold};
use super::correspondent::{Correspondent, said};
use super::deed::{Deed, Deeds};
use super::known::{Held, Known};
use super::letter::sibling;
use crate::agreement::BundleFields;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId};
use crate::primitives::PublicKey;
use crate::sesame::SesameError;
use crate::timestamp::Timestamp;

/// What a bundle says of its device, as anybody reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) address: Address,
    pub(super) identity_key: PublicKey,
    pub(super) registration_id: u32,
    signed: u32,
    one_time: Option<u32>,
}

/// Bytes of an ephemeral key and a ratchet key (RND-01).
pub(super) const OPENING: u64 = 64;

/// A bundle that is wrong in one place: in words, the code that it is refused with, what is wrong.
type Wrong = (&'static str, ErrorCode, fn(&mut BundleFields));

const WRONG: &[Wrong] = &[
    (
        "a bundle with a damaged signature",
        ErrorCode::InvalidSignature,
        |bundle| {
            damage(&mut bundle.signed_pre_key_signature.0);
        },
    ),
    (
        "a bundle with a signature whose top bit is set",
        ErrorCode::InvalidSignature,
        |bundle| {
            bundle.signed_pre_key_signature.0[63] |= 0x80;
        },
    ),
    (
        "a bundle with a signature that is too long",
        ErrorCode::InvalidSignature,
        |bundle| {
            bundle.signed_pre_key_signature.0.push(0);
        },
    ),
    (
        "a bundle with a damaged statement",
        ErrorCode::InvalidSignature,
        |bundle| {
            damage(&mut bundle.statement_signature.get_or_insert_default().0);
        },
    ),
    (
        "a bundle made younger than it is",
        ErrorCode::InvalidSignature,
        |bundle| {
            bundle.created = bundle.created.map(|at| Timestamp(at.0 + 1));
        },
    ),
    (
        "a bundle with another registration id",
        ErrorCode::InvalidSignature,
        |bundle| {
            bundle.registration_id = bundle.registration_id % 16_380 + 1;
        },
    ),
    (
        "a bundle at another address",
        ErrorCode::InvalidSignature,
        |bundle| {
            bundle.device_id = if bundle.device_id == 1 { 2 } else { 1 };
        },
    ),
    (
        "a bundle with another suite",
        ErrorCode::InvalidSignature,
        |bundle| {
            names(bundle).push("tigress-0".to_owned());
        },
    ),
    ("a bundle without suites", ErrorCode::Malformed, |bundle| {
        names(bundle).clear();
    }),
    (
        "a bundle that names a suite twice",
        ErrorCode::Malformed,
        |bundle| {
            let first = names(bundle)[0].clone();
            names(bundle).push(first);
        },
    ),
    (
        "a bundle that names too many suites",
        ErrorCode::Malformed,
        |bundle| {
            names(bundle).extend((0..17).map(|n| format!("tigress-{n}x")));
        },
    ),
    (
        "a bundle that names a suite of no name",
        ErrorCode::Malformed,
        |bundle| {
            names(bundle).push("no name".to_owned());
        },
    ),
    (
        "a bundle with half a one-time prekey",
        ErrorCode::Malformed,
        |bundle| {
            bundle.one_time_pre_key_id = Some(1);
            bundle.one_time_pre_key = None;
        },
    ),
    (
        "a bundle with the other half of a one-time prekey",
        ErrorCode::Malformed,
        |bundle| {
            bundle.one_time_pre_key_id = None;
            bundle.one_time_pre_key = Some(bundle.identity_key.clone());
        },
    ),
    (
        "a bundle with a one-time prekey of another type",
        ErrorCode::InvalidKey,
        |bundle| {
            with_one_time(bundle, [6, 9, 0, 0]);
        },
    ),
    (
        "a bundle with a one-time prekey of small order",
        ErrorCode::InvalidKey,
        |bundle| {
            with_one_time(bundle, [5, 1, 0, 0]);
        },
    ),
    (
        "a bundle with a one-time prekey that is not reduced",
        ErrorCode::InvalidKey,
        |bundle| {
            with_one_time(bundle, [5, 9, 0, 0x80]);
        },
    ),
];

/// A one-time prekey with these for its type, its first two bytes and its last one, and zeros between.
fn with_one_time(bundle: &mut BundleFields, [kind, first, second, last]: [u8; 4]) {
    let mut key = [0; PublicKey::LENGTH];
    (key[0], key[1], key[2], key[32]) = (kind, first, second, last);
    bundle.one_time_pre_key_id = Some(1);
    bundle.one_time_pre_key = Some(key.into());
}

/// The names of a bundle's suites.
fn names(bundle: &mut BundleFields) -> &mut Vec<String> {
    bundle.suites.get_or_insert_default()
}

fn damage(bytes: &mut [u8]) {
    if let Some(byte) = bytes.first_mut() {
        *byte ^= 1;
    }
}

/// What a bundle names, if it can be read at all.
pub(super) fn named(fields: &BundleFields) -> Option<Named> {
    Some(Named {
        address: Address {
            user_id: fields.user_id.parse().ok()?,
            device_id: DeviceId::try_from(fields.device_id).ok()?,
        },
        identity_key: PublicKey::decode(&fields.identity_key).ok()?,
        registration_id: fields.registration_id,
        signed: fields.signed_pre_key_id,
        one_time: fields.one_time_pre_key_id,
    })
}

impl Correspondent {
    /// A session is opened with a bundle, beside those that are there.
    ///
    /// # Errors
    /// What the device does not keep.
    pub fn open(&mut self, fields: &BundleFields) -> Result<Deeds, Fault> {
        let mut deeds = Deeds::default();
        let Some(bundle) = named(fields) else {
            return Ok(deeds);
        };
        let due = self
            .is_of_this_time(fields)
            .and_then(|()| self.journal.trusts(&bundle.address, &bundle.identity_key));
        self.refuses_wrong_bundles(fields)?;
        let before = self.device.clone();
        let (opened, drawn) =
            self.step(|device, randomness| device.process_bundle(fields, randomness));
        match (due, opened) {
            (Ok(()), Ok(changed)) => {
                hold(
                    drawn == OPENING,
                    Breach::Draws,
                    "an opening is not 64 bytes of randomness",
                )?;
                let due = self.has_opened(&bundle, &mut deeds)?;
                hold(
                    changed == due,
                    Breach::Told,
                    "the user is not told of another identity key, or for nothing",
                )?;
            }
            (due, opened) => {
                Self::bundle_refused(due, opened.err(), &mut deeds)?;
                hold(
                    drawn == 0 && before == self.device,
                    Breach::Refusals,
                    "a bundle was refused, and left something",
                )?;
            }
        }
        self.check()?;
        Ok(deeds)
    }

    /// Whether a bundle's statement is of this time (KEY-10).
    pub(super) fn is_of_this_time(&self, fields: &BundleFields) -> Result<(), ErrorCode> {
        let limits = &self.bounds.limits.pre_keys;
        let now = self.now();
        let created = fields.created.unwrap_or_default();
        let is_so = now.seconds_since(created) <= limits.statement_age
            && created.seconds_since(now) <= limits.statement_ahead;
        if is_so {
            Ok(())
        } else {
            Err(ErrorCode::StaleStatement)
        }
    }

    /// A session was opened with that bundle: the journal follows. Whether the identity key is another one.
    pub(super) fn has_opened(&mut self, bundle: &Named, deeds: &mut Deeds) -> Result<bool, Fault> {
        let base_key = self.active(&bundle.address);
        let base_key =
            base_key.ok_or_else(|| Fault::new(Breach::Records, "no session was opened"))?;
        let (now, limits) = (self.now(), self.bounds.limits);
        let opened_with = (bundle.signed, bundle.one_time);
        let known = self.journal.known.entry(bundle.address);
        let known =
            known.or_insert_with(|| Known::new(bundle.identity_key, bundle.registration_id));
        hold(
            known.session_mut(&base_key).is_none(),
            Breach::Records,
            "a session was opened, and another one is active",
        )?;
        let changed = known.comes_with(bundle.identity_key, bundle.registration_id);
        let dropped = known.open(Held::own(base_key, now, opened_with), &limits);
        deeds.add_if(known.stale_since.is_some(), Deed::Back);
        known.confirm(bundle.registration_id);
        self.journal.dropped |= dropped || changed;
        deeds.add_if(dropped, Deed::TailDropped);
        deeds.add_if(changed, Deed::Changed);
        deeds.add(match bundle.one_time {
            Some(_) => Deed::OpensWithOneTime,
            None => Deed::OpensWithout,
        });
        Ok(changed)
    }

    /// A bundle was refused, or taken, where something else was due.
    pub(super) fn bundle_refused(
        due: Result<(), ErrorCode>,
        refused: Option<SesameError>,
        deeds: &mut Deeds,
    ) -> Result<(), Fault> {
        match (due, refused) {
            (Ok(()), Some(error)) => {
                let what = format!("a good bundle was refused with {}", said(&error));
                Err(Fault::new(Breach::Bundles, what))
            }
            (Err(code), None) => {
                let what = format!("a bundle was taken, where {code} was due");
                Err(Fault::new(Breach::Bundles, what))
            }
            (Err(code), Some(error)) => {
                deeds.add_if(code == ErrorCode::StaleStatement, Deed::OldStatement);
                deeds.add_if(code == ErrorCode::UntrustedIdentity, Deed::Untrusted);
                hold(
                    error.code() == Some(code),
                    Breach::Reasons,
                    &format!(
                        "a bundle was refused with {}, where {code} was due",
                        said(&error)
                    ),
                )
            }
            (Ok(()), None) => Ok(()),
        }
    }

    /// A bundle that is wrong in one place opens nothing; with another one-time prekey something else is agreed on.
    pub(super) fn refuses_wrong_bundles(&self, fields: &BundleFields) -> Result<(), Fault> {
        let Some(Named { address, .. }) = named(fields) else {
            return Ok(());
        };
        // Once with each peer, and while its statement is of this time: what is known of it changes nothing.
        if self.journal.known.contains_key(&address) || self.is_of_this_time(fields).is_err() {
            return Ok(());
        }
        for (what, code, change) in WRONG {
            let mut wrong = fields.clone();
            change(&mut wrong);
            self.refuses(
                |device, randomness| device.process_bundle(&wrong, randomness),
                Some(*code),
                Breach::Bundles,
                what,
            )?;
        }
        if fields.one_time_pre_key_id.is_none() {
            return Ok(());
        }
        let session = |fields: &BundleFields| {
            let mut tried = self.clone();
            let (opened, _) =
                tried.step(|device, randomness| device.process_bundle(fields, randomness));
            opened.ok()?;
            tried.device.session(&address).cloned()
        };
        let mut other = fields.clone();
        other.one_time_pre_key = Some(self.identity_key().encode().into());
        let (one, other) = (session(fields), session(&other));
        hold(
            one.is_none() || one != other,
            Breach::Agreement,
            "with another one-time prekey the same is agreed on",
        )
    }

    /// A bundle that nobody asked for opens nothing (SES-02): another device's of the same user.
    pub(super) fn is_elsewhere(&self, fields: &BundleFields) -> Option<BundleFields> {
        let own = self.bundle(None)?;
        let asked = named(fields)?.address;
        (sibling(&asked) != self.address()).then_some(own)
    }
}
