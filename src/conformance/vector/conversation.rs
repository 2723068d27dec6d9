//! Conversations: several steps with one device under test.
//!
//! The other devices are not there: their messages stand in the vector as bytes. After every step that must
//! be refused, the device's state is compared with what it was before (DR-15, X3DH-11).

use super::Call;
use crate::conformance::operation::{Done, Operation, device};
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A device and what happens to it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConversationFields {
    /// The device under test.
    pub device: device::LoadInput,
    /// What happens to it, in order.
    pub steps: Vec<Step>,
}

/// One step as it stands in a file: a call of `device.…` with its answer or its refusal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct StepOf<I, O> {
    /// The parameters.
    #[serde(flatten)]
    pub input: I,
    /// The result, where the step is not refused.
    #[serde(flatten)]
    pub expected: Option<O>,
    /// The profile's code, where the step must be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
}

/// A secret that must be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// What it is.
    pub name: String,
    /// Its bytes.
    pub bytes: Hex,
}

/// Parameters of [`Step::Erased`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasedFields {
    /// What the saved state must not hold, raw, in hex or in base64.
    pub secrets: Vec<Erased>,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $variant:ident = $operation:ty: $input:ty => $output:ty,)+) => {
        /// One step of a conversation.
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "op", rename_all = "camelCase")]
        pub enum Step {
            $($(#[$doc])* $variant(StepOf<$input, $output>),)+
            /// The device is saved and restored (XFER-15).
            Restart(Done),
            /// The device's saved state holds none of these (X3DH-06, DR-13, DR-19).
            Erased(ErasedFields),
        }

        impl Step {
            fn action(self) -> Result<Action, serde_json::Error> {
                Ok(match self {
                    $(Step::$variant(step) => Action::Call(Call {
                        method: <$operation>::METHOD,
                        params: serde_json::to_value(&step.input)?,
                        expected: match step.error {
                            Some(_) => None,
                            None => step.expected.map(serde_json::to_value).transpose()?,
                        },
                        error: step.error,
                    }),)+
                    Step::Restart(_) => Action::Restart,
                    Step::Erased(fields) => Action::Erased(fields.secrets),
                })
            }
        }
    };
}

steps! {
    /// The device publishes its bundle.
    Bundle = device::Bundle: device::BundleInput => device::BundleOutput,
    /// The device says which prekeys it holds.
    Keys = device::Keys: Done => device::KeysOutput,
    /// An identity key is pinned.
    Pin = device::Pin: device::PinInput => Done,
    /// A session is opened with a bundle.
    ProcessBundle = device::ProcessBundle: device::ProcessBundleInput => Done,
    /// The device encrypts.
    Encrypt = device::Encrypt: device::EncryptInput => device::EncryptOutput,
    /// The device decrypts.
    Decrypt = device::Decrypt: device::DecryptInput => device::DecryptOutput,
    /// The sessions with a peer are dropped.
    DropSessions = device::DropSessions: device::DropSessionsInput => Done,
    /// Time passes.
    Tick = device::Tick: device::TickInput => Done,
    /// Counters are set far ahead.
    SetCounters = device::SetCounters: device::SetCountersInput => Done,
}

/// A conversation, ready to be run.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Parameters of `device.load`.
    pub device: Value,
    /// The steps.
    pub steps: Vec<Action>,
}

/// One step, ready to be run.
#[derive(Clone, Debug)]
pub enum Action {
    /// A call; the device's handle is still to be put in.
    Call(Call),
    /// Save and restore.
    Restart,
    /// Secrets that the saved state must not hold.
    Erased(Vec<Erased>),
}

impl TryFrom<ConversationFields> for Conversation {
    type Error = serde_json::Error;

    fn try_from(fields: ConversationFields) -> Result<Self, serde_json::Error> {
        Ok(Conversation {
            device: serde_json::to_value(&fields.device)?,
            steps: fields
                .steps
                .into_iter()
                .map(Step::action)
                .collect::<Result<_, _>>()?,
        })
    }
}
