//! X3DH (X3DH specification 3.3 and 3.4; profile section 3), and PQXDH in suites that have a KEM (PQXDH 3.3
//! and 3.4).

use super::{AgreementError, Bundle, SignedKemPreKey};
use crate::hex::Hex;
use crate::identifier::PreKeyId;
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::secret::secret_key;
use crate::primitives::{
    DhOutput, KeyPair, PrimitiveError, PublicKey, Randomness, Secret, SecretBytes,
};
use crate::requirement::flawed;
use crate::suite::{Encapsulated, Suite, Yield};
use serde::{Deserialize, Serialize};

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
    /// Starts the second ratchet, in suites that have one.
    pub second: Option<Secret<32>>,
}

/// What A has agreed on with a bundle.
#[derive(Debug)]
pub struct Initiation {
    /// SK.
    pub secret: SharedSecret,
    /// EK's public key.
    pub base_key: PublicKey,
    /// What B finds the KEM's secret by, in suites that have a KEM.
    pub kem: Option<KemMessage>,
}

/// Which KEM prekey A encapsulated to, and the ciphertext: it stands in every prekey message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KemMessage {
    /// The KEM prekey's id.
    pub pre_key_id: PreKeyId,
    /// CT.
    pub ciphertext: Hex,
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
    with_kem(suite, dh1, dh2, dh3, dh4, None)
}

/// As [`shared_secret`], with the KEM's secret after the outputs (PQXDH 3.3).
fn with_kem(
    suite: &dyn Suite,
    dh1: DhOutput,
    dh2: DhOutput,
    dh3: DhOutput,
    dh4: Option<DhOutput>,
    kem: Option<&SecretBytes>,
) -> SharedSecret {
    let (one, two) = flawed!("X3DH-03 order", (&dh1, &dh2), (&dh2, &dh1));
    let prefix = flawed!("X3DH-04 prefix", &PREFIX[..], &[]);
    let prefix = flawed!("X3DH-04 zeros", prefix, &[0; 32]);
    let mut ikm: Vec<&[u8]> = vec![prefix, one.expose(), two.expose(), dh3.expose()];
    let dh4_used = flawed!("X3DH-03 without DH4", dh4.as_ref(), None);
    ikm.extend(dh4_used.map(|dh| dh.expose().as_slice()));
    ikm.extend(kem.map(SecretBytes::expose));
    let secret = match suite.yields() {
        Yield::RootKey => SharedSecret {
            root: RootSecret(hkdf_sha256(None, &ikm, suite.x3dh_info())),
            chain: None,
            second: None,
        },
        Yield::RootKeyAndChainKey => {
            let both: Secret<64> = hkdf_sha256(None, &ikm, suite.x3dh_info());
            let (root, chain) = both.expose_split();
            SharedSecret {
                root: RootSecret(Secret::copy_of(root)),
                chain: Some(ChainSecret(Secret::copy_of(chain))),
                second: None,
            }
        }
        Yield::RootKeyChainKeyAndSecondKey => {
            let all: Secret<96> = hkdf_sha256(None, &ikm, suite.x3dh_info());
            let (root, rest) = all.expose_split::<32, 64>();
            let (chain, second) = rest.split_at(32);
            let part = |bytes: &[u8]| Secret::filled(|secret| secret.copy_from_slice(bytes));
            SharedSecret {
                root: RootSecret(Secret::copy_of(root)),
                chain: Some(ChainSecret(part(chain))),
                second: Some(part(second)),
            }
        }
    };
    drop((dh1, dh2, dh3, dh4));
    secret
}

/// A's side: SK from a verified bundle (X3DH-03, X3DH-12).
///
/// `ephemeral` is taken over and erased (X3DH-06). Randomness is drawn where the suite has a KEM, to
/// encapsulate.
///
/// # Errors
/// `invalid-key` where a Diffie-Hellman output is all zero (KEY-04).
pub fn initiate(
    suite: &dyn Suite,
    identity: &KeyPair,
    ephemeral: KeyPair,
    bundle: &Bundle,
    randomness: &mut dyn Randomness,
) -> Result<Initiation, AgreementError> {
    let signed_pre_key = &bundle.signed_pre_key.key;
    let encapsulated = encapsulate(suite, bundle.kem_pre_key.as_ref(), randomness)?;
    let (kem_secret, kem) = encapsulated.unzip();
    let ek = ephemeral.private();
    let secret = with_kem(
        suite,
        identity.private().diffie_hellman(signed_pre_key)?,
        ek.diffie_hellman(&bundle.party.identity_key)?,
        ek.diffie_hellman(signed_pre_key)?,
        bundle
            .one_time_pre_key
            .map(|one_time| ek.diffie_hellman(&one_time.key))
            .transpose()?,
        kem_secret.as_ref(),
    );
    let base_key = *ephemeral.public();
    drop(ephemeral);
    Ok(Initiation {
        secret,
        base_key,
        kem,
    })
}

/// The KEM's secret for B's prekey, and what B finds it by.
fn encapsulate(
    suite: &dyn Suite,
    pre_key: Option<&SignedKemPreKey>,
    randomness: &mut dyn Randomness,
) -> Result<Option<(SecretBytes, KemMessage)>, AgreementError> {
    let (Some(kem), Some(pre_key)) = (suite.kem(), pre_key) else {
        return Ok(None);
    };
    let Encapsulated { secret, ciphertext } = kem.encapsulate(&pre_key.key, randomness)?;
    let message = KemMessage {
        pre_key_id: pre_key.id,
        ciphertext: Hex(ciphertext),
    };
    Ok(Some((secret, message)))
}

/// B's side: SK from its private keys and A's two public ones (X3DH-03, X3DH-12), with what the KEM yields
/// in suites that have one.
///
/// # Errors
/// `invalid-key` where a Diffie-Hellman output is all zero (KEY-04).
pub fn respond(
    suite: &dyn Suite,
    identity: &KeyPair,
    signed_pre_key: &KeyPair,
    one_time_pre_key: Option<&KeyPair>,
    kem_secret: Option<&SecretBytes>,
    their_identity: &PublicKey,
    base_key: &PublicKey,
) -> Result<SharedSecret, PrimitiveError> {
    Ok(with_kem(
        suite,
        signed_pre_key.private().diffie_hellman(their_identity)?,
        identity.private().diffie_hellman(base_key)?,
        signed_pre_key.private().diffie_hellman(base_key)?,
        one_time_pre_key
            .map(|one_time| one_time.private().diffie_hellman(base_key))
            .transpose()?,
        kem_secret,
    ))
}
