//! The car-key stand-in (PAY-12).

use super::{Done, Operation, Reference, array, with_randomness};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::ed25519::{SigningKey, VerifyingKey};
use crate::transfer::{TransferId, car_key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request, as the payload carries it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The bytes.
    pub request: Hex,
}

/// A public key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Ed25519: 32 bytes.
    pub public_key: Hex,
}

/// Draws the owner's key and makes its key creation request.
#[derive(Debug, JsonSchema)]
pub struct CreationRequest;

/// Parameters of [`CreationRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CreationRequestInput {
    /// The owner's key: 32 bytes.
    pub randomness: Hex,
}

impl Operation for CreationRequest {
    const METHOD: &'static str = "car_key.creation_request";
    type Input = CreationRequestInput;
    type Output = Request;

    fn run(_: &mut Reference, input: CreationRequestInput) -> Result<Request, Failure> {
        let owner = random_key(&input.randomness)?;
        Ok(Request {
            request: car_key::creation_request(&owner).expose().into(),
        })
    }
}

/// Reads the owner's key off a key creation request.
#[derive(Debug, JsonSchema)]
pub struct CheckCreationRequest;

impl Operation for CheckCreationRequest {
    const METHOD: &'static str = "car_key.check_creation_request";
    type Input = Request;
    type Output = Key;

    fn run(_: &mut Reference, input: Request) -> Result<Key, Failure> {
        let owner = car_key::check_creation_request(&input.request)?;
        Ok(Key {
            public_key: owner.encode().into(),
        })
    }
}

/// Draws the receiver's key and makes its key signing request.
#[derive(Debug, JsonSchema)]
pub struct SigningRequest;

/// Parameters of [`SigningRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SigningRequestInput {
    /// The transfer.
    pub transfer: String,
    /// The receiver's key: 32 bytes.
    pub randomness: Hex,
}

impl Operation for SigningRequest {
    const METHOD: &'static str = "car_key.signing_request";
    type Input = SigningRequestInput;
    type Output = Request;

    fn run(_: &mut Reference, input: SigningRequestInput) -> Result<Request, Failure> {
        let transfer: TransferId = input.transfer.parse()?;
        let receiver = random_key(&input.randomness)?;
        Ok(Request {
            request: car_key::signing_request(&transfer, &receiver)
                .expose()
                .into(),
        })
    }
}

/// Checks a key signing request.
#[derive(Debug, JsonSchema)]
pub struct CheckSigningRequest;

/// Parameters of [`CheckSigningRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckSigningRequestInput {
    /// The transfer.
    pub transfer: String,
    /// The key signing request; 96 bytes where it is right.
    pub request: Hex,
}

impl Operation for CheckSigningRequest {
    const METHOD: &'static str = "car_key.check_signing_request";
    type Input = CheckSigningRequestInput;
    type Output = Key;

    fn run(_: &mut Reference, input: CheckSigningRequestInput) -> Result<Key, Failure> {
        let transfer: TransferId = input.transfer.parse()?;
        let receiver = car_key::check_signing_request(&transfer, &input.request)?;
        Ok(Key {
            public_key: receiver.encode().into(),
        })
    }
}

/// Makes the owner's key import request.
#[derive(Debug, JsonSchema)]
pub struct ImportRequest;

/// Parameters of [`ImportRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportRequestInput {
    /// The transfer.
    pub transfer: String,
    /// The owner's private key: 32 bytes.
    pub owner_private_key: Hex,
    /// The receiver's public key: 32 bytes.
    pub receiver_key: Hex,
}

impl Operation for ImportRequest {
    const METHOD: &'static str = "car_key.import_request";
    type Input = ImportRequestInput;
    type Output = Request;

    fn run(_: &mut Reference, input: ImportRequestInput) -> Result<Request, Failure> {
        let transfer: TransferId = input.transfer.parse()?;
        let owner = SigningKey::from(array("ownerPrivateKey", &input.owner_private_key)?);
        let receiver = VerifyingKey::decode(&input.receiver_key)?;
        Ok(Request {
            request: car_key::import_request(&transfer, &owner, &receiver)
                .expose()
                .into(),
        })
    }
}

/// Checks a key import request (XFER-13).
#[derive(Debug, JsonSchema)]
pub struct CheckImportRequest;

/// Parameters of [`CheckImportRequest`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckImportRequestInput {
    /// The transfer.
    pub transfer: String,
    /// The owner's public key, as the key creation request gave it: 32 bytes.
    pub owner_key: Hex,
    /// The public key that the receiver asked for: 32 bytes.
    pub receiver_key: Hex,
    /// The key import request; 96 bytes where it is right.
    pub request: Hex,
}

impl Operation for CheckImportRequest {
    const METHOD: &'static str = "car_key.check_import_request";
    type Input = CheckImportRequestInput;
    type Output = Done;

    fn run(_: &mut Reference, input: CheckImportRequestInput) -> Result<Done, Failure> {
        let transfer: TransferId = input.transfer.parse()?;
        let owner = VerifyingKey::decode(&input.owner_key)?;
        let receiver = VerifyingKey::decode(&input.receiver_key)?;
        car_key::check_import_request(&transfer, &owner, &receiver, &input.request)?;
        Ok(Done {})
    }
}

fn random_key(randomness: &Hex) -> Result<SigningKey, Failure> {
    with_randomness(randomness, |randomness| {
        SigningKey::random(randomness).map_err(|error| Failure::Broken(error.to_string()))
    })
}
