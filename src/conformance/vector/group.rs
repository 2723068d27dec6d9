//! The types of test groups: each is an operation, or a conversation.

use super::conversation::{self, Script};
use super::form::{Note, Origin};
use super::{Body, BuiltIn, Call, Expectation, Family, Test};
use crate::conformance::operation::{
    Done, IntegerRange, Operation, car_key, device, fingerprint, invitation, kdf,
    message_encryption, payload, public_key, wire, x3dh, xeddsa,
};
use crate::error_code::ErrorCode;
use crate::suite;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

/// What every test has, whatever it asks.
pub(super) struct Meta {
    pub(super) tc_id: u32,
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) flags: Vec<String>,
    pub(super) requirements: Vec<String>,
    pub(super) result: Expectation,
}

impl<I, O> From<&Test<I, O>> for Meta {
    fn from(test: &Test<I, O>) -> Self {
        Meta {
            tc_id: test.tc_id,
            name: test.name.clone(),
            comment: test.comment.clone(),
            flags: test.flags.clone(),
            requirements: test.requirements.clone(),
            result: test.result,
        }
    }
}

fn call<O: Operation>(test: Value) -> Result<(Meta, Option<ErrorCode>, Body), serde_json::Error> {
    let test: Test<O::Input, O::Output> = serde_json::from_value(test)?;
    let body = Body::Call(Call {
        method: O::METHOD,
        params: serde_json::to_value(&test.input)?,
        expected: match test.result {
            Expectation::Invalid => None,
            _ => test
                .expected
                .as_ref()
                .map(serde_json::to_value)
                .transpose()?,
        },
        error: test.error,
    });
    Ok((Meta::from(&test), test.error, body))
}

fn conversation<S: Script>(
    test: Value,
) -> Result<(Meta, Option<ErrorCode>, Body), serde_json::Error> {
    let test: Test<S, Done> = serde_json::from_value(test)?;
    let meta = Meta::from(&test);
    let body = Body::Conversation(test.input.ready()?);
    Ok((meta, test.error, body))
}

macro_rules! groups {
    ($($name:literal => $operation:ty,)+; $($script:ty,)+) => {
        /// Reads a test of a group of that type.
        pub(super) fn parse(
            group: &str,
            test: Value,
        ) -> Option<Result<(Meta, Option<ErrorCode>, Body), serde_json::Error>> {
            match group {
                $($name => Some(call::<$operation>(test)),)+
                $(<$script>::GROUP => Some(conversation::<$script>(test)),)+
                _ => None,
            }
        }

        fn test_schema(generator: &mut SchemaGenerator, group: &str) -> Option<Schema> {
            match group {
                $($name => Some(generator.subschema_for::<Test<
                    <$operation as Operation>::Input,
                    <$operation as Operation>::Output,
                >>()),)+
                $(<$script>::GROUP => Some(generator.subschema_for::<Test<$script, Done>>()),)+
                _ => None,
            }
        }

        /// The group type that asks for an operation.
        #[must_use]
        pub fn group_of(method: &str) -> Option<&'static str> {
            $(if method == <$operation>::METHOD {
                return Some($name);
            })+
            None
        }
    };
}

groups! {
    "PublicKeyDecode" => public_key::Decode,
    "PublicKeyDerive" => public_key::Derive,
    "XeddsaSign" => xeddsa::Sign,
    "XeddsaVerify" => xeddsa::Verify,
    "X3dhInitiate" => x3dh::Initiate,
    "X3dhRespond" => x3dh::Respond,
    "SharedSecret" => x3dh::SharedSecret,
    "Fingerprint" => fingerprint::Compute,
    "RootStep" => kdf::RootStep,
    "ChainStep" => kdf::ChainStep,
    "MessageKey" => kdf::MessageKey,
    "MessageEncrypt" => message_encryption::Encrypt,
    "MessageDecrypt" => message_encryption::Decrypt,
    "RatchetMessageDecode" => wire::DecodeRatchet,
    "RatchetMessageEncode" => wire::EncodeRatchet,
    "PreKeyMessageDecode" => wire::DecodePreKey,
    "PreKeyMessageEncode" => wire::EncodePreKey,
    "DeviceCreate" => device::Create,
    "InvitationParse" => invitation::Parse,
    "InvitationMake" => invitation::Make,
    "InvitationCheck" => invitation::Check,
    "InvitationTake" => invitation::Take,
    "InvitationHonour" => invitation::Honour,
    "PayloadDecode" => payload::Decode,
    "PayloadEncode" => payload::Encode,
    "OfferEncode" => payload::EncodeOffer,
    "OfferCheck" => payload::CheckOffer,
    "KeyCreationRequest" => car_key::CreationRequest,
    "KeyCreationRequestCheck" => car_key::CheckCreationRequest,
    "KeySigningRequest" => car_key::SigningRequest,
    "KeySigningRequestCheck" => car_key::CheckSigningRequest,
    "KeyImportRequest" => car_key::ImportRequest,
    "KeyImportRequestCheck" => car_key::CheckImportRequest,
    ;
    conversation::device::Fields,
    conversation::intermediary::Fields,
    conversation::transfers::Fields,
}

/// Allows no property that a schema does not name.
#[derive(Clone, Debug)]
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        transform_subschemas(self, schema);
    }
}

/// The JSON Schema of a family's file, made from the types.
#[must_use]
pub fn schema(family: &Family) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with_transform(Closed)
        .with_transform(IntegerRange)
        .into_generator();
    let source = generator.subschema_for::<Origin>();
    let groups: Vec<Value> = family
        .groups
        .iter()
        .map(|group| {
            let test = test_schema(&mut generator, group);
            json!({
                "type": "object",
                "properties": {
                    "type": { "const": group },
                    "source": source,
                    "tests": { "type": "array", "items": test },
                },
                "required": ["type", "source", "tests"],
                "additionalProperties": false,
            })
        })
        .collect();
    let note = generator.subschema_for::<Note>();
    let definitions = generator.take_definitions(true);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Test vectors of the family {}", family.name),
        "description": family.title,
        "type": "object",
        "properties": {
            "schema": { "const": family.schema_name() },
            "profile": { "const": crate::conformance::PROFILE_VERSION },
            "family": { "const": family.name },
            "generatorVersion": { "type": "string" },
            "header": { "type": "array", "items": { "type": "string" } },
            "numberOfTests": { "type": "integer", "minimum": 0 },
            "lastTcId": { "type": "integer", "minimum": 0 },
            "notes": { "type": "object", "additionalProperties": note },
            "testGroups": { "type": "array", "items": { "oneOf": groups } },
        },
        "required": [
            "schema", "profile", "family", "generatorVersion", "header", "numberOfTests", "lastTcId", "notes",
            "testGroups",
        ],
        "additionalProperties": false,
        "$defs": definitions,
    });
    let has_suite = |file: &BuiltIn| file.family == family.name && file.suite.is_some();
    if BuiltIn::ALL.iter().any(has_suite) {
        let suites: Vec<_> = suite::ALL.iter().map(|suite| suite.name()).collect();
        schema["properties"]["suite"] = json!({ "enum": suites });
        if let Some(required) = schema["required"].as_array_mut() {
            required.push("suite".into());
        }
    }
    schema
}
