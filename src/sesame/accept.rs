//! B opens a session with A's first message (X3DH 3.4; X3DH-08 to X3DH-11): one step on its prekeys and the
//! new session.

use super::SesameError;
use crate::agreement::{self, PreKeyStore, Response};
use crate::identifier::Address;
use crate::primitives::Randomness;
use crate::ratchet::{Responding, Session};
use crate::requirement::flawed;
use crate::suite::{self, Parties, Party, SuiteRef};
use crate::wire::PreKeyMessage;
use zeroize::Zeroizing;

/// What B's keys make of A's first message; nothing has changed.
pub(super) fn responding(
    suite: SuiteRef,
    (limits, session_limits): (&agreement::Limits, &suite::Limits),
    keys: &PreKeyStore,
    own: Address,
    sender: Address,
    message: &PreKeyMessage<'_>,
) -> Result<(Response, Responding), SesameError> {
    let response = keys.respond(suite, limits, message)?;
    let parties = Parties {
        initiator: Party {
            identity_key: message.identity_key,
            address: sender,
        },
        responder: Party {
            identity_key: *keys.identity().public(),
            address: own,
        },
    };
    let responding = Responding::new(
        suite,
        parties,
        message.base_key,
        flawed!(
            "DR-02 identity key",
            response.signed_pre_key.clone(),
            keys.identity().clone()
        ),
        response.secret.clone(),
    )
    .with_limits(*session_limits);
    Ok((response, responding))
}

/// Opens B's session: the first ciphertext decrypts, and the one-time prekey is erased with it (X3DH-10).
///
/// Prekeys and session are held to `limits`. `own` and `sender` are the addresses of B and A.
///
/// # Errors
/// Those of [`PreKeyStore::respond`] and [`Responding::decrypt`]. Nothing is stored, and the one-time prekey
/// stays usable (X3DH-11).
pub fn accept(
    suite: SuiteRef,
    limits: (&agreement::Limits, &suite::Limits),
    keys: &mut PreKeyStore,
    own: Address,
    sender: Address,
    message: &PreKeyMessage<'_>,
    randomness: &mut dyn Randomness,
) -> Result<(Session, Zeroizing<Vec<u8>>), SesameError> {
    let (response, responding) = responding(suite, limits, keys, own, sender, message)?;
    flawed!("X3DH-10 early", (), keys.accept(&response));
    flawed!("X3DH-11 remembered", (), keys.remember(&response));
    let opened = responding.decrypt(&message.message, randomness)?;
    keys.accept(&response);
    Ok(opened)
}
