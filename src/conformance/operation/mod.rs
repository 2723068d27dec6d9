//! What can be asked of a subject: each operation is a method with typed parameters and a typed result.
//!
//! The same types are the shape of the test vectors, so a vector is a call with its expected answer. Every
//! parameter comes from outside and is taken as it is written: what an implementation must refuse can be
//! asked of it.

pub mod car_key;
pub mod device;
pub mod fingerprint;
pub mod intermediary;
pub mod invitation;
pub mod kdf;
pub mod message_encryption;
pub mod payload;
pub mod public_key;
pub mod sesame;
pub mod transfers;
pub mod wallet;
pub mod wire;
pub mod x3dh;
pub mod xeddsa;

use super::subject::{Failure, Reference};
use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, IdentifierError};
use crate::intermediary::IntermediaryError;
use crate::primitives::{PrimitiveError, ScriptedRandomness};
use crate::ratchet::RatchetError;
use crate::saved;
use crate::sesame::SesameError;
use crate::suite::SuiteError;
use crate::transfer::{CarKeyError, InvitationError, PayloadError, TransferError};
use crate::wallet::WalletError;
use crate::wire::WireError;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One method of a subject.
pub trait Operation {
    /// The method's name in the adapter protocol.
    const METHOD: &'static str;
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

fn answer<O: Operation>(reference: &mut Reference, params: Value) -> Result<Value, Failure> {
    let input = serde_json::from_value(params)
        .map_err(|error| Failure::Broken(format!("parameters of {}: {error}", O::METHOD)))?;
    let output = O::run(reference, input)?;
    serde_json::to_value(output).map_err(|error| Failure::Broken(error.to_string()))
}

impl Saved {
    /// What `state` is written down as.
    fn write(state: &impl Serialize) -> Self {
        Saved {
            state: saved::to_json(state).as_str().into(),
        }
    }

    /// What was written down as an `S`, put back.
    fn restore<S, T>(&self) -> Result<T, Failure>
    where
        S: DeserializeOwned,
        T: TryFrom<S, Error: ToString>,
    {
        let broken = |error: &dyn ToString| Failure::Broken(error.to_string());
        let saved: S = serde_json::from_slice(&self.state).map_err(|error| broken(&error))?;
        T::try_from(saved).map_err(|error| broken(&error))
    }
}

/// The operations `Save` and `Restore` of a machine: by which names, in which form, where it is found and where it is put.
macro_rules! save_and_restore {
    (
        $what:literal, $save:literal, $restore:literal,
        |$from:ident, $by:ident| $saved:expr,
        |$into:ident, $at:ident, $restored:ident: $form:ty| $put:expr $(,)?
    ) => {
        #[doc = concat!("Writes ", $what, "'s state down.")]
        #[derive(Debug)]
        pub struct Save;

        impl $crate::conformance::operation::Operation for Save {
            const METHOD: &'static str = $save;
            type Input = On<Done>;
            type Output = Saved;

            fn run($from: &mut Reference, On { handle: $by, .. }: On<Done>) -> Result<Saved, Failure> {
                Ok(Saved::write(&$saved))
            }
        }

        #[doc = concat!("Puts ", $what, " back from its saved state, in place of whatever has the handle.")]
        #[derive(Debug)]
        pub struct Restore;

        impl $crate::conformance::operation::Operation for Restore {
            const METHOD: &'static str = $restore;
            type Input = On<Saved>;
            type Output = Done;

            fn run($into: &mut Reference, On { handle: $at, input }: On<Saved>) -> Result<Done, Failure> {
                let $restored = input.restore::<$form, _>()?;
                $put;
                Ok(Done {})
            }
        }
    };
}
use save_and_restore;

macro_rules! operations {
    ($($operation:ty),+ $(,)?) => {
        /// The methods that the reference engine offers.
        pub const METHODS: &[&str] = &[$(<$operation>::METHOD),+];

        /// The parameters and the result of each method, as JSON Schemas.
        #[must_use]
        pub fn schemas(generator: &mut SchemaGenerator) -> Value {
            let mut methods = serde_json::Map::new();
            $({
                let params = generator.subschema_for::<<$operation as Operation>::Input>();
                let result = generator.subschema_for::<<$operation as Operation>::Output>();
                methods.insert(
                    <$operation>::METHOD.to_owned(),
                    serde_json::json!({ "params": params, "result": result }),
                );
            })+
            Value::Object(methods)
        }

        /// Answers a call as the reference engine.
        pub(super) fn dispatch(
            reference: &mut Reference,
            method: &str,
            params: Value,
        ) -> Result<Value, Failure> {
            $(if method == <$operation>::METHOD {
                return answer::<$operation>(reference, params);
            })+
            Err(Failure::NotImplemented)
        }
    };
}

operations!(
    public_key::Decode,
    public_key::Derive,
    xeddsa::Sign,
    xeddsa::Verify,
    x3dh::Initiate,
    x3dh::Respond,
    x3dh::SharedSecret,
    fingerprint::Compute,
    kdf::RootStep,
    kdf::ChainStep,
    kdf::MessageKey,
    message_encryption::Encrypt,
    message_encryption::Decrypt,
    wire::DecodeRatchet,
    wire::EncodeRatchet,
    wire::DecodePreKey,
    wire::EncodePreKey,
    device::Create,
    device::Load,
    device::Bundle,
    device::Keys,
    device::Pin,
    device::ProcessBundle,
    device::Encrypt,
    device::Decrypt,
    device::DropSessions,
    device::Tick,
    device::SetCounters,
    sesame::Records,
    sesame::Send,
    sesame::ContinueSend,
    device::Save,
    device::Restore,
    intermediary::Create,
    intermediary::Request,
    intermediary::Requests,
    intermediary::Tick,
    intermediary::Save,
    intermediary::Restore,
    transfers::Create,
    transfers::StepTransfers,
    transfers::Save,
    transfers::Restore,
    wallet::Create,
    wallet::StepWallet,
    wallet::Save,
    wallet::Restore,
    invitation::Parse,
    invitation::Make,
    invitation::Check,
    payload::Decode,
    payload::Encode,
    car_key::CreationRequest,
    car_key::CheckCreationRequest,
    car_key::SigningRequest,
    car_key::CheckSigningRequest,
    car_key::ImportRequest,
    car_key::CheckImportRequest,
);

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
        Ok(Address {
            user_id: fields.user_id.parse()?,
            device_id: DeviceId::try_from(fields.device_id)?,
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

/// The `N` bytes of a parameter.
fn array<const N: usize>(name: &str, bytes: &Hex) -> Result<[u8; N], Failure> {
    <[u8; N]>::try_from(&bytes[..])
        .map_err(|_| Failure::Broken(format!("{name} has {} bytes, not {N}", bytes.len())))
}

/// Runs a step on the randomness that a vector carries: a step that succeeds draws all of it, one that is
/// refused draws nothing (RND-01, RND-02).
fn with_randomness<T, E: Into<Failure>>(
    bytes: &Hex,
    step: impl FnOnce(&mut ScriptedRandomness) -> Result<T, E>,
) -> Result<T, Failure> {
    let mut script = ScriptedRandomness::new(bytes);
    let result = step(&mut script).map_err(Into::into);
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
