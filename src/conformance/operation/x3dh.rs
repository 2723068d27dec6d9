//! X3DH without a device around it (profile section 3).

use super::{AddressFields, Operation, Reference, array, with_randomness};
use crate::agreement::{
    self, AgreementError, Bundle, BundleFields, Dated, Fingerprint, Limits, PinnedIdentities,
    PreKeyStore,
};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::identifier::{Address, PreKeyId, RegistrationId};
use crate::primitives::{DhOutput, KeyPair, PrivateKey, Signature};
use crate::ratchet::Session;
use crate::sesame::{self, SesameError};
use crate::suite::{Parties, Party, Role, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::PreKeyMessage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SK from the Diffie-Hellman outputs (X3DH-04).
#[derive(Debug, JsonSchema)]
pub struct SharedSecret;

/// Parameters of [`SharedSecret`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SharedSecretInput {
    /// `DH(IK_A, SPK_B)`: 32 bytes.
    pub dh1: Hex,
    /// `DH(EK_A, IK_B)`: 32 bytes.
    pub dh2: Hex,
    /// `DH(EK_A, SPK_B)`: 32 bytes.
    pub dh3: Hex,
    /// `DH(EK_A, OPK_B)`, with a one-time prekey: 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dh4: Option<Hex>,
}

/// Result of [`SharedSecret`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedSecretOutput {
    /// SK: 32 bytes.
    pub shared_secret: Hex,
}

impl Operation for SharedSecret {
    const METHOD: &'static str = "x3dh.shared_secret";
    type Input = SharedSecretInput;
    type Output = SharedSecretOutput;

    fn run(
        reference: &mut Reference,
        input: SharedSecretInput,
    ) -> Result<SharedSecretOutput, Failure> {
        let dh = |name, bytes: &Hex| array(name, bytes).map(DhOutput::from);
        let secret = agreement::x3dh::shared_secret(
            reference.suite,
            dh("dh1", &input.dh1)?,
            dh("dh2", &input.dh2)?,
            dh("dh3", &input.dh3)?,
            input
                .dh4
                .as_ref()
                .map(|bytes| dh("dh4", bytes))
                .transpose()?,
        );
        Ok(SharedSecretOutput {
            shared_secret: secret.root.expose().into(),
        })
    }
}

/// A's side, up to its first message (X3DH-01 to X3DH-05, X3DH-12, X3DH-15, KEY-09 to KEY-11, DR-01).
#[derive(Debug, JsonSchema)]
pub struct Initiate;

/// Parameters of [`Initiate`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiateInput {
    /// Address of A.
    pub address: AddressFields,
    /// Registration id of A.
    pub registration_id: u32,
    /// `IK_A`'s private key: 32 bytes.
    pub identity_private_key: Hex,
    /// B's bundle.
    pub bundle: BundleFields,
    /// The identity key pinned to B's address, if any, encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_identity_key: Option<Hex>,
    /// A's time, in seconds since 1970 (KEY-10).
    pub now: Timestamp,
    /// The ephemeral key's 32 bytes, then the ratchet key's 32.
    pub randomness: Hex,
    /// The plaintext of A's first message.
    pub plaintext: Hex,
}

/// Result of [`Initiate`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiateOutput {
    /// SK: 32 bytes (X3DH-03, X3DH-04).
    pub shared_secret: Hex,
    /// AD: 100 bytes in `tigress-1`, 66 in `signal-v3` (X3DH-05, V3-10).
    pub associated_data: Hex,
    /// A's first message, a prekey message.
    pub message: Hex,
}

impl Operation for Initiate {
    const METHOD: &'static str = "x3dh.initiate";
    type Input = InitiateInput;
    type Output = InitiateOutput;

    fn run(reference: &mut Reference, input: InitiateInput) -> Result<InitiateOutput, Failure> {
        let suite = reference.suite;
        let identity = key_pair("identityPrivateKey", &input.identity_private_key)?;
        let own = Party {
            identity_key: *identity.public(),
            address: reference.address(&input.address)?,
        };
        let range = &suite.identifiers().registration_id;
        let registration_id = RegistrationId::within(input.registration_id, range)?;
        let stated = suite.has_statements();
        if stated && !input.bundle.named_suites()?.include(suite) {
            return Err(AgreementError::NoCommonSuite.into());
        }
        let bundle = Bundle::verify(suite, &input.bundle, stated)?;
        if let Some(statement) = &bundle.statement {
            statement.check(input.now, &Limits::default())?;
        }
        let pinned = input.pinned_identity_key.as_ref();
        pins(suite, bundle.party.address, pinned)?
            .check(&bundle.party.address, &bundle.party.identity_key)?;
        with_randomness(&input.randomness, |randomness| {
            let ephemeral = KeyPair::random(randomness).map_err(SesameError::from)?;
            let initiation =
                agreement::x3dh::initiate(suite, &identity, ephemeral, &bundle, randomness)
                    .map_err(SesameError::from)?;
            let shared_secret = initiation.secret.root.expose().into();
            let mut session =
                Session::initiate(suite, own, registration_id, &bundle, initiation, randomness)?;
            let parties = Parties {
                initiator: own,
                responder: bundle.party,
            };
            Ok::<_, SesameError>(InitiateOutput {
                shared_secret,
                associated_data: suite
                    .associated_data(&parties, Role::Initiator)
                    .as_bytes()
                    .into(),
                message: Hex(session.encrypt(&input.plaintext, randomness)?.bytes),
            })
        })
    }
}

/// B's side for A's first message (X3DH-03 to X3DH-05, X3DH-08, X3DH-09, X3DH-12, X3DH-15, DR-02).
#[derive(Debug, JsonSchema)]
pub struct Respond;

/// Parameters of [`Respond`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RespondInput {
    /// Address of B.
    pub address: AddressFields,
    /// `IK_B`'s private key: 32 bytes.
    pub identity_private_key: Hex,
    /// Id of `SPK_B`.
    pub signed_pre_key_id: u32,
    /// `SPK_B`'s private key: 32 bytes.
    pub signed_pre_key_private_key: Hex,
    /// Id of the one one-time prekey that B holds, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key_id: Option<u32>,
    /// `OPK_B`'s private key, with its id: 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key_private_key: Option<Hex>,
    /// Address of A.
    pub sender: AddressFields,
    /// The identity key pinned to A's address, if any, encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_identity_key: Option<Hex>,
    /// A's prekey message.
    pub message: Hex,
    /// The ratchet key's 32 bytes.
    pub randomness: Hex,
}

/// Result of [`Respond`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RespondOutput {
    /// SK: 32 bytes (X3DH-03, X3DH-04).
    pub shared_secret: Hex,
    /// AD: 100 bytes in `tigress-1`, 66 in `signal-v3` (X3DH-05, V3-10).
    pub associated_data: Hex,
    /// What A's first message says.
    pub plaintext: Hex,
}

impl Operation for Respond {
    const METHOD: &'static str = "x3dh.respond";
    type Input = RespondInput;
    type Output = RespondOutput;

    fn run(reference: &mut Reference, input: RespondInput) -> Result<RespondOutput, Failure> {
        let suite = reference.suite;
        let identity = key_pair("identityPrivateKey", &input.identity_private_key)?;
        let own = reference.address(&input.address)?;
        let sender = reference.address(&input.sender)?;
        let pre_key_id = |id| PreKeyId::within(id, &suite.identifiers().pre_key_id);
        let mut keys = PreKeyStore::new(identity, RegistrationId::try_from(1)?);
        keys.insert_signed_pre_key(
            pre_key_id(input.signed_pre_key_id)?,
            key_pair("signedPreKeyPrivateKey", &input.signed_pre_key_private_key)?,
            // A responder never looks at its own signatures, nor at its own statement.
            Signature::decode(&[0; 64])?,
            Dated::Unstated {
                created: Timestamp::default(),
            },
        );
        if let (Some(id), Some(private)) = (
            input.one_time_pre_key_id,
            &input.one_time_pre_key_private_key,
        ) {
            keys.insert_one_time_pre_key(
                pre_key_id(id)?,
                key_pair("oneTimePreKeyPrivateKey", private)?,
                Timestamp::default(),
            );
        }
        let message = PreKeyMessage::decode(suite, &input.message)?;
        let pinned = input.pinned_identity_key.as_ref();
        pins(suite, sender, pinned)?.check(&sender, &message.identity_key)?;
        with_randomness(&input.randomness, |randomness| {
            let secret = keys.respond(suite, &Limits::default(), &message)?.secret;
            let limits = (&Limits::default(), suite.limits());
            let (session, plaintext) =
                sesame::accept(suite, limits, &mut keys, own, sender, &message, randomness)?;
            Ok::<_, SesameError>(RespondOutput {
                shared_secret: secret.root.expose().into(),
                associated_data: suite
                    .associated_data(session.parties(), Role::Initiator)
                    .as_bytes()
                    .into(),
                plaintext: plaintext.as_slice().into(),
            })
        })
    }
}

/// The key pair of a private key as a parameter gives it.
pub(super) fn key_pair(name: &str, private: &Hex) -> Result<KeyPair, Failure> {
    Ok(KeyPair::from(PrivateKey::from(array(name, private)?)))
}

fn pins(suite: SuiteRef, address: Address, key: Option<&Hex>) -> Result<PinnedIdentities, Failure> {
    let mut pins = PinnedIdentities::default();
    if let Some(key) = key {
        pins.pin(address, Fingerprint::of(&suite.read_public_key(key)?), true)?;
    }
    Ok(pins)
}
