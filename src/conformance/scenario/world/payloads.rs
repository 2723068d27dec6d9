//! What a sender that does not keep to the profile puts into a message.

use crate::conformance::scenario::step_failure::StepFailure;
use crate::identifier::TransferId;
use crate::primitives::ed25519::SigningKey;
use crate::primitives::{Randomness, Secret};
use crate::suite::{Party, Suite};
use crate::timestamp::Timestamp;
use crate::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY};
use crate::transfer::{Content, Invitation, OfferParties, Payload, Provisioning, car_key};

/// A hotel key, as a wallet would write it.
const OFFER: &str = "an offer";
/// One that is padded further than it needs (PAY-11), as a long one is.
const LONG: &str = "an offer of 4,096 bytes";
/// An offer in a format that no wallet knows (PAY-07).
const UNKNOWN_FORMAT: &str = "an offer in an unknown format";
/// An offer that lives for ever (XFER-10).
const YEAR_9999: &str = "an offer that expires in the year 9999";
/// Of another version of the payload (PAY-06).
const OTHER_VERSION: &str = "an offer of another version";
/// Padded otherwise (PAY-11).
const NOT_PADDED: &str = "an offer that is not padded";
/// With a MAC under another key (PAY-14).
const WRONG_MAC: &str = "an offer with a wrong MAC";
/// By no invitation (INV-08).
const WITHOUT_MAC: &str = "an offer without a MAC";
/// No JSON at all (PAY-01).
const NO_JSON: &str = "something that is no offer";

/// What scripts call them.
pub(crate) const PAYLOADS: [&str; 9] = [
    OFFER,
    LONG,
    UNKNOWN_FORMAT,
    YEAR_9999,
    OTHER_VERSION,
    NOT_PADDED,
    WRONG_MAC,
    WITHOUT_MAC,
    NO_JSON,
];

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: Timestamp = Timestamp(253_402_300_799);
/// How long the others live, in seconds.
const LIFETIME: u64 = 48 * 60 * 60;

/// What it asked for, signed or did last, once more.
const SAME_AGAIN: &str = "the same again";
/// With a key of its own (XFER-07).
const ANOTHER_REQUEST: &str = "another signing request";
/// With a signature of zeros (XFER-13).
const WRONG_IMPORT: &str = "a key import request that does not hold";
const PROVISIONED: &str = "that it is provisioned";
const DECLINE: &str = "a decline";
const CANCEL: &str = "a cancel";

/// What a party of a transfer may say out of turn.
pub(crate) const SAYINGS: [&str; 6] = [
    SAME_AGAIN,
    ANOTHER_REQUEST,
    WRONG_IMPORT,
    PROVISIONED,
    DECLINE,
    CANCEL,
];

/// Who offers, by which link, and what opens its mailbox to the answers.
pub(crate) struct By<'a> {
    pub(crate) sender: Party,
    pub(crate) link: &'a Invitation,
    pub(crate) answers: Secret<32>,
}

/// The plaintext of that name.
pub(crate) fn plaintext(
    name: &str,
    suite: &dyn Suite,
    transfer: TransferId,
    by: By<'_>,
    now: Timestamp,
) -> Result<Vec<u8>, StepFailure> {
    let format = match name {
        UNKNOWN_FORMAT => "digitalwallet.unheard.of",
        _ => AUTHORIZATION_TOKEN,
    };
    let provisioning = match name {
        UNKNOWN_FORMAT => Provisioning::Unsupported,
        _ => Provisioning::AuthorizationToken(b"what a sender made itself".to_vec().into()),
    };
    let expires = match name {
        YEAR_9999 => LAST_SECOND,
        _ => now.after(LIFETIME),
    };
    let content = Content::ProvisioningInformation {
        provisioning,
        expires,
    };
    let at_least = match name {
        LONG => 4_096,
        _ => 0,
    };
    let mut payload = Payload::new(transfer, format, content);
    let encoded = if name == WITHOUT_MAC {
        payload.encode(at_least)
    } else {
        payload.invitation = Some(by.link.id);
        payload.access_key = Some(by.answers);
        let link = by.link;
        let parties = OfferParties::new(suite, &by.sender, &link.address, &link.fingerprint);
        let key = match name {
            WRONG_MAC => Secret::new([0; 32]),
            _ => link.offer_key(),
        };
        payload.encode_offer(&key, &parties, at_least)
    };
    let mut plaintext = encoded.map_err(StepFailure::script)?.to_vec();
    match name {
        OTHER_VERSION => replace(&mut plaintext, b"\"version\":1", b"\"version\":2")?,
        NOT_PADDED => plaintext.truncate(plaintext.len() - 1),
        NO_JSON => plaintext.fill(b'0'),
        _ => {}
    }
    Ok(plaintext)
}

/// The plaintext of what is said about a transfer, by its name; `last` is what its sender said last.
pub(crate) fn words(
    name: &str,
    transfer: TransferId,
    last: Option<Content>,
    randomness: &mut dyn Randomness,
) -> Result<Vec<u8>, StepFailure> {
    let reason = || "user".to_owned();
    let content = match name {
        SAME_AGAIN => last.ok_or_else(|| StepFailure::script("it has said nothing yet"))?,
        ANOTHER_REQUEST => {
            let key = SigningKey::random(randomness).map_err(StepFailure::script)?;
            Content::KeySigningRequest(car_key::signing_request(&transfer, &key))
        }
        WRONG_IMPORT => Content::KeyImportRequest(vec![0; 96].into()),
        PROVISIONED => Content::Provisioned,
        DECLINE => Content::Decline { reason: reason() },
        _ => Content::Cancel { reason: reason() },
    };
    // The others stand under any format.
    let payload = Payload::new(transfer, CAR_KEY, content);
    Ok(payload.encode(0).map_err(StepFailure::script)?.to_vec())
}

/// Puts something of the same length in the place of what stands there once.
fn replace(bytes: &mut [u8], what: &[u8], by: &[u8]) -> Result<(), StepFailure> {
    let at = bytes
        .windows(what.len())
        .position(|window| window == what)
        .ok_or_else(|| StepFailure::script("the payload has no such field"))?;
    bytes[at..at + what.len()].copy_from_slice(by);
    Ok(())
}
