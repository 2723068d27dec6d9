//! X3DH (X3DH specification 3.3 and 3.4; profile section 3).

use super::{AgreementError, Bundle};
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::secret::secret_key;
use crate::primitives::{DhOutput, KeyPair, PrimitiveError, PublicKey, Secret};
use crate::requirement::flawed;
use crate::suite::{Start, Suite};

secret_key!(
    /// SK, or the first half of what the suite derives in its place: 32 bytes.
    RootSecret
);

secret_key!(
    /// The chain key that some suites derive beside SK: 32 bytes.
    ChainSecret
);

/// What both sides know after X3DH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSecret {
    /// Starts the root chain.
    pub root: RootSecret,
    /// Starts a chain of the responder's signed prekey, in suites that do so.
    pub chain: Option<ChainSecret>,
}

/// F of X3DH 2.2: 32 bytes that no Diffie-Hellman output can be confused with.
const PREFIX: [u8; 32] = [0xff; 32];

/// SK from the Diffie-Hellman outputs in their order (X3DH-04).
///
/// HKDF-SHA-256, 32 zero bytes as salt, 0xFF * 32 before the outputs. The outputs are erased (X3DH-06).
#[must_use]
pub fn shared_secret(
    suite: &dyn Suite,
    dh1: DhOutput,
    dh2: DhOutput,
    dh3: DhOutput,
    dh4: Option<DhOutput>,
) -> SharedSecret {
    let (one, two) = flawed!("X3DH-03 order", (&dh1, &dh2), (&dh2, &dh1));
    let prefix = flawed!("X3DH-04 prefix", &PREFIX[..], &[]);
    let mut ikm: Vec<&[u8]> = vec![prefix, one.expose(), two.expose(), dh3.expose()];
    let dh4_used = flawed!("X3DH-03 without DH4", dh4.as_ref(), None);
    ikm.extend(dh4_used.map(|dh| dh.expose().as_slice()));
    let secret = match suite.start() {
        Start::RootKey => SharedSecret {
            root: RootSecret(hkdf_sha256(None, &ikm, suite.x3dh_info())),
            chain: None,
        },
        Start::RootKeyAndChainKey => {
            let both: Secret<64> = hkdf_sha256(None, &ikm, suite.x3dh_info());
            let (root, chain) = both.expose_split();
            SharedSecret {
                root: RootSecret(Secret::copy_of(root)),
                chain: Some(ChainSecret(Secret::copy_of(chain))),
            }
        }
    };
    drop((dh1, dh2, dh3, dh4));
    secret
}

/// A's side: SK from a verified bundle (X3DH-03, X3DH-12).
///
/// `ephemeral` is taken over and erased (X3DH-06).
///
/// # Errors
/// `invalid-key` where a Diffie-Hellman output is all zero (KEY-04).
pub fn initiate(
    suite: &dyn Suite,
    identity: &KeyPair,
    ephemeral: KeyPair,
    bundle: &Bundle,
) -> Result<SharedSecret, AgreementError> {
    let signed_pre_key = &bundle.signed_pre_key.key;
    let ek = ephemeral.private();
    let secret = shared_secret(
        suite,
        identity.private().diffie_hellman(signed_pre_key)?,
        ek.diffie_hellman(&bundle.party.identity_key)?,
        ek.diffie_hellman(signed_pre_key)?,
        bundle
            .one_time_pre_key
            .map(|one_time| ek.diffie_hellman(&one_time.key))
            .transpose()?,
    );
    drop(ephemeral);
    Ok(secret)
}

/// B's side: SK from its private keys and A's two public ones (X3DH-03, X3DH-12).
///
/// # Errors
/// `invalid-key` where a Diffie-Hellman output is all zero (KEY-04).
pub fn respond(
    suite: &dyn Suite,
    identity: &KeyPair,
    signed_pre_key: &KeyPair,
    one_time_pre_key: Option<&KeyPair>,
    their_identity: &PublicKey,
    base_key: &PublicKey,
) -> Result<SharedSecret, PrimitiveError> {
    Ok(shared_secret(
        suite,
        signed_pre_key.private().diffie_hellman(their_identity)?,
        identity.private().diffie_hellman(base_key)?,
        signed_pre_key.private().diffie_hellman(base_key)?,
        one_time_pre_key
            .map(|one_time| one_time.private().diffie_hellman(base_key))
            .transpose()?,
    ))
}
