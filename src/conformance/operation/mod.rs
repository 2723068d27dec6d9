//! What can be asked of a subject: each operation is a method with typed parameters and a typed result.
//!
//! The same types are the shape of the test vectors, so a vector is a call with its expected answer. Every
//! parameter comes from outside and is taken as it is written: what an implementation must refuse can be
//! asked of it.
//!
//! What all operations share stands here, and in [`answer`] how a subject's answer is read; above it a module for each area,
//! and on top the list of all methods, by which the reference engine answers as a subject.

pub mod answer;
pub mod car_key;
pub mod device;
pub mod fingerprint;
mod integer_range;
pub mod intermediary;
pub mod invitation;
pub mod kdf;
pub mod message_encryption;
mod methods;
pub mod payload;
pub mod public_key;
mod reference;
pub mod sesame;
pub mod transfers;
pub mod wallet;
pub mod wire;
pub mod x3dh;
pub mod xeddsa;

pub use integer_range::IntegerRange;
pub use methods::{METHODS, normal, role_of, schemas};
pub use reference::{Keepers, Reference};

use super::subject::Failure;
use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, IdentifierError, Identifiers};
use crate::intermediary::IntermediaryError;
use crate::primitives::{PrimitiveError, ScriptedRandomness};
use crate::ratchet::RatchetError;
use crate::sesame::{Device, Limits, SesameError};
use crate::suite::{self, SuiteError};
use crate::transfer::{CarKeyError, InvitationError, PayloadError, TransferError};
use crate::wallet::WalletError;
use crate::wire::WireError;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// One method of a subject. Its own schema is nothing but its doc comment, which says to adapters' makers what it does.
pub trait Operation: JsonSchema {
    /// The method's name in the adapter protocol.
    const METHOD: &'static str;
    /// The fields of its result that carry JSON of others, in which null is a value: in all else it is as if a field were
    /// absent.
    const DATA: &'static [&'static str] = &[];
    /// Its parameters.
    type Input: Serialize + DeserializeOwned + JsonSchema;
    /// Its result.
    type Output: Serialize + DeserializeOwned + JsonSchema;

    /// What the reference engine answers.
    ///
    /// # Errors
    /// As the profile asks.
    fn run(reference: &mut Reference, input: Self::Input) -> Result<Self::Output, Failure>;
}

/// A result that says only that the operation was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Done {}

/// Parameters with the handle of the machine that they are for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct On<I> {
    /// The handle, chosen by whoever made or restored the machine.
    pub handle: String,
    /// The rest.
    #[serde(flatten)]
    pub input: I,
}

/// A saved state: what it holds is the subject's own business.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// The bytes.
    pub state: Hex,
}

/// A machine of the reference engine that is written down and put back.
pub trait AtRest {
    /// The method that writes it down.
    const SAVE: &'static str;
    /// The method that puts it back.
    const RESTORE: &'static str;

    /// The state of the one with that handle.
    ///
    /// # Errors
    /// Where none has it.
    fn save(reference: &mut Reference, handle: &str) -> Result<Hex, Failure>;

    /// Puts one back, in place of whatever has the handle.
    ///
    /// # Errors
    /// Where the state is none.
    fn restore(reference: &mut Reference, handle: String, state: &[u8]) -> Result<(), Failure>;
}

/// Writes a machine's state down.
#[derive(Debug, JsonSchema)]
#[schemars(bound = "", rename = "Save")]
pub struct Save<M>(PhantomData<M>);

impl<M: AtRest> Operation for Save<M> {
    const METHOD: &'static str = M::SAVE;
    type Input = On<Done>;
    type Output = Saved;

    fn run(reference: &mut Reference, On { handle, .. }: Self::Input) -> Result<Saved, Failure> {
        let state = M::save(reference, &handle)?;
        Ok(Saved { state })
    }
}

/// Puts a machine back from its saved state.
#[derive(Debug, JsonSchema)]
#[schemars(bound = "", rename = "Restore")]
pub struct Restore<M>(PhantomData<M>);

impl<M: AtRest> Operation for Restore<M> {
    const METHOD: &'static str = M::RESTORE;
    type Input = On<Saved>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        M::restore(reference, handle, &input.state)?;
        Ok(Done {})
    }
}

/// No answer, for a reason that is nobody's refusal.
#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn broken(error: impl ToString) -> Failure {
    Failure::Broken(error.to_string())
}

/// A saved state that is handed out: whoever asks for it keeps it, so it is not erased.
fn handed_out(mut json: Zeroizing<String>) -> Hex {
    Hex(std::mem::take(&mut *json).into_bytes())
}

/// A saved state as text.
fn text(state: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(state).map_err(broken)
}

/// A device's address, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressFields {
    /// UserID (ID-01).
    pub user_id: String,
    /// DeviceID (ID-03).
    pub device_id: u32,
}

impl From<Address> for AddressFields {
    fn from(address: Address) -> Self {
        AddressFields {
            user_id: address.user_id.to_string(),
            device_id: address.device_id.into(),
        }
    }
}

impl TryFrom<&AddressFields> for Address {
    type Error = IdentifierError;

    fn try_from(fields: &AddressFields) -> Result<Self, IdentifierError> {
        fields.within(&Identifiers::SECTION_1)
    }
}

impl AddressFields {
    /// The address, held to what a suite admits.
    ///
    /// # Errors
    /// `malformed`.
    pub fn within(&self, admitted: &Identifiers) -> Result<Address, IdentifierError> {
        Ok(Address {
            user_id: admitted.user_id(&self.user_id)?,
            device_id: DeviceId::within(self.device_id, &admitted.device_id)?,
        })
    }
}

fn rejected(code: Option<ErrorCode>, error: &impl ToString) -> Failure {
    match code {
        Some(code) => Failure::Rejected {
            error: code.to_string(),
            message: error.to_string(),
        },
        None => Failure::Broken(error.to_string()),
    }
}

macro_rules! rejections {
    ($($error:ty => $code:expr;)+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let code: fn(&$error) -> Option<ErrorCode> = $code;
                rejected(code(&error), &error)
            }
        })+
    };
}

rejections! {
    PrimitiveError => |error| Some(error.code());
    IdentifierError => |error| Some(error.code());
    SuiteError => |error| Some(error.code());
    WireError => |error| Some(error.code());
    AgreementError => |error| error.code();
    RatchetError => |error| error.code();
    SesameError => |error| error.code();
    IntermediaryError => |error| error.code();
    InvitationError => |error| Some(error.code());
    PayloadError => |error| Some(error.code());
    CarKeyError => |error| Some(error.code());
    TransferError => |error| error.code();
    WalletError => |error| error.code();
}

/// Whether a field of a result says no more than its absence.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "as `skip_serializing_if` asks"
)]
fn is_false(field: &bool) -> bool {
    !field
}

/// The `N` bytes of a parameter.
fn array<const N: usize>(name: &str, bytes: &Hex) -> Result<[u8; N], Failure> {
    <[u8; N]>::try_from(&bytes[..])
        .map_err(|_| Failure::Broken(format!("{name} has {} bytes, not {N}", bytes.len())))
}

/// Runs a step of a device likewise. Where the randomness is not what the step draws, the device is as it was.
fn device_step<T, E: Into<Failure>>(
    device: &mut Device,
    bytes: &Hex,
    step: impl FnOnce(&mut Device, &mut ScriptedRandomness) -> Result<T, E>,
) -> Result<T, Failure> {
    // A copy would share its sessions, and what is shared is left alone where a step is refused: an engine that is wrong there
    // would not be found out.
    let before = device.save();
    let library = device.library().cloned();
    let result = with_randomness(bytes, |randomness| step(device, randomness));
    if let Err(Failure::Broken(_)) = result {
        let limits = Limits::default();
        let restored = before.restore_with(suite::ALL, &limits, library);
        *device = restored.map_err(broken)?;
    }
    result
}

thread_local! {
    static DRAWN: Cell<usize> = const { Cell::new(0) };
}

/// So many bytes of its randomness the last step of this thread that may draw has drawn: what somebody must know who makes
/// up a question.
pub(in crate::conformance) fn drawn() -> usize {
    DRAWN.get()
}

/// Runs a step on the randomness that a vector carries: a step that succeeds draws all of it, one that is
/// refused draws nothing (RND-01, RND-02).
fn with_randomness<T, E: Into<Failure>>(
    bytes: &Hex,
    step: impl FnOnce(&mut ScriptedRandomness) -> Result<T, E>,
) -> Result<T, Failure> {
    let mut script = ScriptedRandomness::new(bytes);
    let result = step(&mut script).map_err(Into::into);
    DRAWN.set(bytes.len() - script.remaining());
    match &result {
        Ok(_) if script.remaining() > 0 => Err(Failure::Broken(format!(
            "drew {} of {} bytes of randomness (RND-01)",
            bytes.len() - script.remaining(),
            bytes.len()
        ))),
        Err(Failure::Rejected { error, .. }) if script.remaining() < bytes.len() => {
            Err(Failure::Broken(format!(
                "refused with {error}, but drew {} bytes of randomness (RND-02)",
                bytes.len() - script.remaining()
            )))
        }
        _ => result,
    }
}
