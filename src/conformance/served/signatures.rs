//! What the identity keys of a case have signed: signed again by the keys that stand for them, since a statement names an
//! address and a time (KEY-09), and wrong in the same way where it is wrong.

use super::names::Names;
use super::shift::Shift;
use crate::agreement::{SuiteNames, stated};
use crate::hex;
use crate::identifier::{Address, PreKeyId, RegistrationId};
use crate::primitives::xeddsa::{self, Signature};
use crate::primitives::{KeyPair, PrivateKey, PublicKey, Secret};
use crate::timestamp::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A signature that differs in so many bits from one that is known was made of it.
const NEAR: u32 = 8;

/// What a signature covers, in the case.
#[derive(Clone, Debug)]
enum Covered {
    /// A signed prekey (KEY-07).
    PreKey(PublicKey),
    /// A statement (KEY-09).
    Statement {
        address: Address,
        registration_id: RegistrationId,
        pre_key: (PreKeyId, PublicKey),
        created: Timestamp,
        suites: SuiteNames,
    },
}

impl Covered {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Covered::PreKey(key) => key.encode().to_vec(),
            Covered::Statement {
                address,
                registration_id,
                pre_key: (id, key),
                created,
                suites,
            } => stated(address, *registration_id, (*id, key), *created, suites),
        }
    }

    /// The same, there.
    fn there(&self, names: &mut Names, shift: Shift) -> Covered {
        match self.clone() {
            Covered::Statement {
                address,
                registration_id,
                pre_key,
                created,
                suites,
            } => Covered::Statement {
                address: Address {
                    user_id: names.user(address.user_id),
                    ..address
                },
                registration_id,
                pre_key,
                created: Timestamp(shift.there(created.0)),
                suites,
            },
            pre_key @ Covered::PreKey(_) => pre_key,
        }
    }
}

/// A signature of the case that holds.
#[derive(Clone, Debug)]
struct Signed {
    signature: [u8; 64],
    by: PublicKey,
    covered: Covered,
}

/// The signatures of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Signatures {
    signed: Vec<Signed>,
    /// Who has registered at an address, or tried to.
    parties: Vec<(Address, PublicKey, RegistrationId)>,
    /// Those of the case, by those that stand for them.
    back: BTreeMap<String, String>,
}

/// The fields of a request that publishes a signed prekey.
struct Fields {
    id: &'static str,
    key: &'static str,
    signature: &'static str,
}

const REGISTRATION: Fields = Fields {
    id: "signedPreKeyId",
    key: "signedPreKey",
    signature: "signedPreKeySignature",
};
const PUBLICATION: Fields = Fields {
    id: "id",
    key: "key",
    signature: "signature",
};
const STATEMENT: &str = "statementSignature";

fn field<T: DeserializeOwned>(body: &Value, name: &str) -> Option<T> {
    T::deserialize(body.get(name)?).ok()
}

fn key(body: &Value, name: &str) -> Option<PublicKey> {
    let text: String = field(body, name)?;
    PublicKey::decode(&hex::decode(&text)?).ok()
}

impl Signatures {
    /// What stands for the signatures in a body of the case: the names of the fields, and their values.
    pub(super) fn translate(
        &mut self,
        body: &Value,
        names: &mut Names,
        shift: Shift,
    ) -> Vec<(&'static str, String)> {
        let kind = body.get("type").and_then(Value::as_str);
        let fields = match kind {
            Some("register") => REGISTRATION,
            Some("publishSignedPreKey") => PUBLICATION,
            _ => return Vec::new(),
        };
        let address: Option<Address> = field(body, "address");
        let own = key(body, "identityKey").zip(field(body, "registrationId"));
        if let (Some(address), Some((key, id))) = (address, own)
            && !self.parties.contains(&(address, key, id))
        {
            self.parties.push((address, key, id));
        }
        // Whoever may have signed: the device itself, as far as it is known who that is.
        let signers: Vec<(PublicKey, RegistrationId)> = if kind == Some("register") {
            own.into_iter().collect()
        } else {
            let here = self.parties.iter().filter(|(at, ..)| Some(*at) == address);
            here.map(|(_, key, id)| (*key, *id)).collect()
        };
        let pre_key = key(body, fields.key);
        let covers_pre_key = signers.iter().filter_map(|(signer, _)| {
            let covered = Covered::PreKey(pre_key?);
            Some((*signer, covered))
        });
        let covers_statement = signers.iter().filter_map(|(signer, registration_id)| {
            let covered = Covered::Statement {
                address: address?,
                registration_id: *registration_id,
                pre_key: (field(body, fields.id)?, pre_key?),
                created: field(body, "created")?,
                suites: field(body, "suites")?,
            };
            Some((*signer, covered))
        });
        let candidates = [
            (fields.signature, covers_pre_key.collect::<Vec<_>>()),
            (STATEMENT, covers_statement.collect()),
        ];
        let translated = candidates.into_iter().filter_map(|(name, candidates)| {
            let text: String = field(body, name)?;
            let there = self.signature(&text, &candidates, names, shift)?;
            Some((name, there))
        });
        translated.collect()
    }

    /// The signature of the case that this one stands for.
    pub(super) fn back(&self, text: &str) -> Option<&str> {
        self.back.get(text).map(String::as_str)
    }

    /// What stands for a signature, which may be by one of these over that; none where nothing is known of it.
    fn signature(
        &mut self,
        text: &str,
        candidates: &[(PublicKey, Covered)],
        names: &mut Names,
        shift: Shift,
    ) -> Option<String> {
        let bytes = hex::decode(text)?;
        if let Ok(signature) = <[u8; 64]>::try_from(&bytes[..]) {
            let decoded = Signature::decode(&signature).ok()?;
            let is_known = self.signed.iter().any(|it| it.signature == signature);
            let mut candidates = candidates.iter();
            let holds = |(by, covered): &&(PublicKey, Covered)| {
                xeddsa::verify(by, &covered.bytes(), &decoded).is_ok()
            };
            if let Some((by, covered)) = candidates.find(|it| !is_known && holds(it)) {
                self.signed.push(Signed {
                    signature,
                    by: *by,
                    covered: covered.clone(),
                });
            }
        }
        // One that is known, or was made of it: cut, lengthened, with a bit flipped.
        if let Some(of) = self
            .signed
            .iter()
            .find(|of| is_made_of(&bytes, &of.signature))
        {
            let pair = names.identity(&of.by);
            let there = sign(&pair, &of.covered.there(names, shift), names);
            let made = made_alike(&bytes, &of.signature, &there);
            let made = hex::encode(&made);
            self.back.insert(made.clone(), text.to_owned());
            return Some(made);
        }
        // One that nobody made who is known: another makes it, who is not.
        let (_, covered) = candidates.first()?;
        let stranger = names.bytes::<32>("a stranger");
        let stranger = KeyPair::from(PrivateKey::from(stranger));
        let there = sign(&stranger, &covered.there(names, shift), names);
        let cut = there.iter().copied().chain(std::iter::repeat(0));
        let cut: Vec<u8> = cut.take(bytes.len()).collect();
        Some(hex::encode(&cut))
    }
}

fn sign(pair: &KeyPair, covered: &Covered, names: &Names) -> [u8; 64] {
    let covered = covered.bytes();
    let digest = hex::encode(&Sha256::digest(&covered));
    let z = Secret::new(names.bytes(&format!("signature/{digest}")));
    *xeddsa::sign(pair, &covered, &z).as_bytes()
}

fn is_made_of(bytes: &[u8], signature: &[u8; 64]) -> bool {
    if bytes.len() == signature.len() {
        let differing = bytes
            .iter()
            .zip(signature)
            .map(|(a, b)| (a ^ b).count_ones());
        return differing.sum::<u32>() <= NEAR;
    }
    let shorter = bytes.len().min(signature.len());
    shorter >= 32 && bytes[..shorter] == signature[..shorter]
}

/// What is made of `there` as `bytes` was made of `signature`.
fn made_alike(bytes: &[u8], signature: &[u8; 64], there: &[u8; 64]) -> Vec<u8> {
    let changed = bytes.iter().zip(signature).zip(there);
    let made = changed.map(|((byte, of), there)| byte ^ of ^ there);
    made.chain(bytes.iter().skip(64).copied()).collect()
}
