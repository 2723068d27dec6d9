//! The car-key stand-in of the reference wallet (PAY-12).
//!
//! The owner's and the receiver's key are Ed25519 keys. Real CCC data never comes here: it is opaque and
//! is passed through.

use super::TransferId;
use crate::error_code::ErrorCode;
use crate::primitives::ed25519::{SigningKey, VerifyingKey};
use crate::primitives::{PrimitiveError, SecretBytes, Signature};
use crate::requirement::{flawed, require, required};

const KEY: usize = 32;
const SIGNATURE: usize = 64;
const SIGNING_REQUEST: &[u8] = b"tigress ksr";
const IMPORT_REQUEST: &[u8] = b"tigress kir";

/// A request of the stand-in that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarKeyError {
    /// A key creation request that is no key.
    #[error("the key creation request is not an Ed25519 public key of 32 bytes (PAY-12)")]
    CreationRequest,
    /// A key signing request that its sender's key did not make for this transfer.
    #[error(
        "the key signing request is not a key of 32 bytes and its signature for this transfer (PAY-12)"
    )]
    SigningRequest,
    /// A key import request that the owner did not make for this transfer and this receiver's key.
    #[error(
        "the key import request is not the owner's key and its signature for this transfer and this key (PAY-12, XFER-13)"
    )]
    ImportRequest,
}

impl CarKeyError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::CreationRequest => ErrorCode::InvalidKey,
            Self::SigningRequest | Self::ImportRequest => ErrorCode::AttestationInvalid,
        }
    }
}

/// The owner's key creation request: its public key, 32 bytes.
#[must_use]
pub fn creation_request(owner: &SigningKey) -> SecretBytes {
    owner.verifying_key().encode().to_vec().into()
}

/// The owner's key, as a key creation request gives it.
///
/// # Errors
/// `invalid-key`.
pub fn check_creation_request(request: &[u8]) -> Result<VerifyingKey, CarKeyError> {
    let request = flawed!(
        "PAY-12 longer",
        request,
        request.get(..KEY).unwrap_or(request)
    );
    let key = VerifyingKey::decode(request);
    Ok(required!("PAY-12", key.ok(), CarKeyError::CreationRequest))
}

/// The receiver's key signing request: its public key and the signature by it, 96 bytes.
#[must_use]
pub fn signing_request(transfer: &TransferId, receiver: &SigningKey) -> SecretBytes {
    let key = receiver.verifying_key();
    attestation(receiver, &covered(SIGNING_REQUEST, transfer, &key))
}

/// The receiver's key, as a key signing request for `transfer` gives it.
///
/// # Errors
/// `attestation-invalid`.
pub fn check_signing_request(
    transfer: &TransferId,
    request: &[u8],
) -> Result<VerifyingKey, CarKeyError> {
    let key = read(request).and_then(|(key, signature)| {
        let verified = key.verify(&covered(SIGNING_REQUEST, transfer, &key), &signature);
        flawed!("PAY-12 unverified", verified, Ok(()))?;
        Ok(key)
    });
    Ok(required!("PAY-12", key.ok(), CarKeyError::SigningRequest))
}

/// The owner's key import request for the receiver's key: the owner's public key and its signature, 96 bytes.
#[must_use]
pub fn import_request(
    transfer: &TransferId,
    owner: &SigningKey,
    receiver: &VerifyingKey,
) -> SecretBytes {
    attestation(owner, &covered(IMPORT_REQUEST, transfer, receiver))
}

/// Whether the owner whose key came with the offer attests the key that this receiver asked for (XFER-13).
///
/// # Errors
/// `attestation-invalid`.
pub fn check_import_request(
    transfer: &TransferId,
    owner: &VerifyingKey,
    receiver: &VerifyingKey,
    request: &[u8],
) -> Result<(), CarKeyError> {
    let attested = read(request).and_then(|(key, signature)| {
        key.verify(&covered(IMPORT_REQUEST, transfer, receiver), &signature)?;
        Ok(key)
    });
    require!(
        "XFER-13",
        flawed!(
            "XFER-13 any owner",
            attested.as_ref() == Ok(owner),
            attested.is_ok()
        ),
        CarKeyError::ImportRequest
    );
    Ok(())
}

/// What a signature covers: what it is for, the transfer's 16 bytes, the receiver's key.
fn covered(label: &[u8], transfer: &TransferId, receiver: &VerifyingKey) -> Vec<u8> {
    let transfer = flawed!("PAY-12 any transfer", &transfer.as_bytes()[..], &[]);
    let label = flawed!("PAY-12 one label", label, SIGNING_REQUEST);
    [label, transfer, &receiver.encode()].concat()
}

fn attestation(signer: &SigningKey, covered: &[u8]) -> SecretBytes {
    let key = signer.verifying_key().encode();
    [&key[..], signer.sign(covered).as_bytes()].concat().into()
}

/// A key and a signature, which is not verified yet.
fn read(request: &[u8]) -> Result<(VerifyingKey, Signature), PrimitiveError> {
    let (key, signature) = request
        .split_at_checked(KEY)
        .filter(|(_, signature)| signature.len() == SIGNATURE)
        .ok_or(PrimitiveError::Signature)?;
    Ok((VerifyingKey::decode(key)?, Signature::decode(signature)?))
}
