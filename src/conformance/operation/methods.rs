//! All methods, and the reference engine as the subject that answers them.

use super::answer::{self, Fault};
use super::{Operation, Reference};
use super::{
    car_key, device, fingerprint, intermediary, invitation, kdf, message_encryption, payload,
    public_key, sesame, transfers, wallet, wire, x3dh, xeddsa,
};
use crate::conformance::subject::{
    Description, Failure, PROTOCOL_VERSION, RandomnessSource, Role, Subject,
};
use crate::suite;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

fn run<O: Operation>(reference: &mut Reference, params: &Value) -> Result<Value, Failure> {
    let input = answer::params::<O>(params).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let faults = faults.join("; ");
        Failure::Broken(format!("parameters of {}: {faults}", O::METHOD))
    })?;
    let output = O::run(reference, input)?;
    serde_json::to_value(output).map_err(|error| Failure::Broken(error.to_string()))
}

/// The definitions of a method are called by it: `X3dhInitiateParams`, `X3dhInitiateResult`.
fn schemas_of<O: Operation>(generator: &mut SchemaGenerator) -> Value {
    let words = O::METHOD.split(['.', '_']).map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    let name = words.collect::<String>();
    let define = |generator: &mut SchemaGenerator, kind: &str, words: &str, mut schema: Schema| {
        let description = format!("{words} of `{}`.", O::METHOD);
        schema.insert("description".to_owned(), description.into());
        let name = format!("{name}{kind}");
        let reference = json!({ "$ref": format!("#/$defs/{name}") });
        generator.definitions_mut().insert(name, schema.into());
        reference
    };
    let params = O::Input::json_schema(generator);
    let params = define(generator, "Params", "Parameters", params);
    let result = O::Output::json_schema(generator);
    let result = define(generator, "Result", "Result", result);
    let own = O::json_schema(generator);
    json!({ "description": own.get("description"), "params": params, "result": result })
}

macro_rules! operations {
    ($($operation:ty),+ $(,)?) => {
        /// The methods that the reference engine offers.
        pub const METHODS: &[&str] = &[$(<$operation>::METHOD),+];

        /// What each method does, its parameters and its result, as JSON Schemas.
        #[must_use]
        pub fn schemas(generator: &mut SchemaGenerator) -> Value {
            let mut methods = Map::new();
            $(methods.insert(
                <$operation>::METHOD.to_owned(),
                schemas_of::<$operation>(generator),
            );)+
            Value::Object(methods)
        }

        /// An answer to a method in the form that its type gives it: without the fields that the type does not
        /// know, and without those that say no more than their absence. None where there is no such method.
        ///
        /// # Errors
        /// All that the type says against it.
        #[must_use]
        pub fn normal(method: &str, answer: &Value) -> Option<Result<Value, Vec<Fault>>> {
            $(if method == <$operation>::METHOD {
                return Some(answer::normal::<$operation>(answer));
            })+
            None
        }

        fn dispatch(
            reference: &mut Reference,
            method: &str,
            params: &Value,
        ) -> Result<Value, Failure> {
            $(if method == <$operation>::METHOD {
                return run::<$operation>(reference, params);
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
    device::Unpin,
    device::OpenAnew,
    device::ReadOpening,
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
    invitation::Take,
    invitation::Honour,
    payload::Decode,
    payload::Encode,
    payload::EncodeOffer,
    payload::CheckOffer,
    car_key::CreationRequest,
    car_key::CheckCreationRequest,
    car_key::SigningRequest,
    car_key::CheckSigningRequest,
    car_key::ImportRequest,
    car_key::CheckImportRequest,
);

/// The role that a method belongs to.
#[must_use]
pub fn role_of(method: &str) -> Role {
    match method.split_once('.') {
        Some(("device" | "transfers", _)) => Role::Device,
        Some(("intermediary", _)) => Role::Intermediary,
        Some(("wallet", _)) => Role::Wallet,
        _ => Role::Primitives,
    }
}

impl Subject for Reference {
    /// With the sessions of others it is a device and a wallet, in suites without statements, and draws what they draw.
    fn describe(&self) -> Description {
        let keepers: Vec<_> = self.keepers.libraries().collect();
        let mut description = Description {
            name: "tigress reference engine".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL_VERSION,
            suites: suite::ALL
                .iter()
                .filter(|suite| keepers.is_empty() || !suite.has_statements())
                .map(|suite| suite.name().to_owned())
                .collect(),
            roles: vec![
                Role::Primitives,
                Role::Device,
                Role::Wallet,
                Role::Intermediary,
            ],
            randomness: RandomnessSource::Injected,
        };
        if !keepers.is_empty() {
            let names: Vec<_> = keepers.iter().map(|library| library.name()).collect();
            description.name = format!("tigress with the sessions of {}", names.join(", "));
            description.roles = vec![Role::Device, Role::Wallet];
        }
        if keepers.iter().any(|library| library.draws_its_own()) {
            description.randomness = RandomnessSource::Own;
        }
        description
    }

    fn is_reference(&self) -> bool {
        self.keepers.libraries().next().is_none()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        let suite = suite::by_name(suite).ok_or(Failure::NotImplemented)?;
        *self = Reference::speaking(suite).with_sessions_of(self.keepers.clone());
        Ok(())
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        dispatch(self, method, &params)
    }
}
