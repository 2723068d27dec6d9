//! Conversations: several steps with one machine under test.
//!
//! All others are absent: their messages stand in the vector as bytes. After every step that must be
//! refused, the machine's state is compared with what it was before (DR-15, X3DH-11).

pub mod device;
pub mod intermediary;
pub mod transfers;

use super::Call;
use crate::conformance::operation::intermediary::NUMBER;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a conversation is held with: the methods that make one, write it down, and put it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Makes one of what the vector gives.
    pub load: &'static str,
    /// Writes its state down.
    pub save: &'static str,
    /// Puts it back from a saved state.
    pub restore: &'static str,
}

/// A conversation as it stands in a file.
pub trait Script: Serialize + DeserializeOwned + JsonSchema {
    /// The type of its test groups.
    const GROUP: &'static str;

    /// Whether one of its steps must be refused.
    fn refuses(&self) -> bool;

    /// The conversation, ready to be run.
    ///
    /// # Errors
    /// Where a parameter cannot be written as JSON.
    fn ready(self) -> Result<Conversation, serde_json::Error>;
}

/// One step as it stands in a file: a call with its answer or its refusal.
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

/// Parameters of a step `erased`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasedFields {
    /// What the saved state must not hold, raw, in hex or in base64.
    pub secrets: Vec<Erased>,
}

/// A step that happens many times: what a vector would take too much room to say.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// How often, at most 10,000 times.
    #[schemars(range(max = MOST_TIMES))]
    pub times: u32,
    /// The step, a call without its answer, which is carried out each time. Wherever `########` stands in it, each of them has
    /// its number there, from 1, in eight digits of lower-case hex.
    pub step: Value,
}

/// So many times at most.
const MOST_TIMES: u32 = 10_000;

/// A conversation, ready to be run.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// What it is held with.
    pub machine: &'static Machine,
    /// Parameters of [`Machine::load`].
    pub load: Value,
    /// The steps.
    pub steps: Vec<Action>,
}

/// One step, ready to be run.
#[derive(Clone, Debug)]
pub enum Action {
    /// A call; the machine's handle is still to be put in.
    Call(Call),
    /// So many calls, each with its number wherever [`NUMBER`] stands.
    Repeat(u32, Call),
    /// Save and restore.
    Restart,
    /// Secrets that the saved state must not hold.
    Erased(Vec<Erased>),
}

/// The parameters of the call of that number, from 1, of those that are repeated.
///
/// # Errors
/// None: what was JSON is JSON with other digits in it.
pub fn numbered(params: &Value, number: u32) -> Result<Value, serde_json::Error> {
    let digits = format!("{number:08x}");
    serde_json::from_str(&params.to_string().replace(NUMBER, &digits))
}

/// Declares the conversations with one machine: `Fields`, `Step`, and how they are run.
macro_rules! conversation {
    (
        $group:literal, $machine:expr;
        $(#[$load_doc:meta])* $load:ident: $load_type:ty;
        $($(#[$doc:meta])* $variant:ident = $operation:ty: $input:ty => $output:ty,)+
    ) => {
        /// What the machine is made of, and what happens to it.
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct Fields {
            $(#[$load_doc])*
            pub $load: $load_type,
            /// What happens to it, in order.
            pub steps: Vec<Step>,
        }

        /// One step of a conversation.
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(tag = "op", rename_all = "camelCase")]
        pub enum Step {
            $($(#[$doc])* $variant(super::StepOf<$input, $output>),)+
            /// One of the steps above happens many times.
            Repeat(super::Repeated),
            /// It is saved and restored (XFER-15).
            Restart(crate::conformance::operation::Done),
            /// Its saved state holds none of these (X3DH-06, DR-13, DR-19).
            Erased(super::ErasedFields),
        }

        impl Step {
            fn action(self) -> Result<super::Action, serde_json::Error> {
                use crate::conformance::operation::Operation;
                Ok(match self {
                    $(Step::$variant(step) => super::Action::Call(super::Call {
                        method: <$operation>::METHOD,
                        params: serde_json::to_value(&step.input)?,
                        expected: match step.error {
                            Some(_) => None,
                            None => step.expected.map(serde_json::to_value).transpose()?,
                        },
                        error: step.error,
                    }),)+
                    Step::Repeat(super::Repeated { times, mut step }) => {
                        let first = super::numbered(&step, 1)?;
                        let first = serde_json::from_value::<Step>(first)?.action()?;
                        let super::Action::Call(call) = first else {
                            let what = "`repeat` is for a call";
                            return Err(serde::de::Error::custom(what));
                        };
                        step.as_object_mut().and_then(|fields| fields.remove("op"));
                        super::Action::Repeat(times, super::Call { params: step, ..call })
                    }
                    Step::Restart(_) => super::Action::Restart,
                    Step::Erased(fields) => super::Action::Erased(fields.secrets),
                })
            }
        }

        impl super::Script for Fields {
            const GROUP: &'static str = $group;

            fn refuses(&self) -> bool {
                self.steps.iter().any(|step| match step {
                    $(Step::$variant(step) => step.error.is_some(),)+
                    Step::Repeat(_) | Step::Restart(_) | Step::Erased(_) => false,
                })
            }

            fn ready(self) -> Result<super::Conversation, serde_json::Error> {
                Ok(super::Conversation {
                    machine: &$machine,
                    load: serde_json::to_value(&self.$load)?,
                    steps: self
                        .steps
                        .into_iter()
                        .map(Step::action)
                        .collect::<Result<_, _>>()?,
                })
            }
        }
    };
}
use conversation;
