//! Subjects that draw their own randomness: what they draw cannot be compared byte for byte, so the reference
//! engine looks at what they made of it.

use crate::conformance::operation::Reference;
use crate::conformance::subject::{Failure, Subject};
use crate::conformance::vector::Call;
use crate::suite::{self, Keys};
use serde_json::{Value, json};

/// Whether the call draws randomness where it succeeds.
pub(super) fn draws(call: &Call) -> bool {
    let randomness = call.params.get("randomness").and_then(Value::as_str);
    call.error.is_none() && randomness.is_some_and(|hex| !hex.is_empty())
}

/// What the reference engine makes of an answer to a call that draws; none where nobody can tell.
///
/// # Errors
/// What is wrong with the answer.
pub(super) fn judge(call: &Call, answer: &Value, suite: &str) -> Option<Result<(), String>> {
    let mut reference = Reference::default();
    if let Err(failure) = reference.reset(suite) {
        return Some(Err(format!(
            "the reference engine speaks no {suite}: {failure}"
        )));
    }
    let has_statements = suite::by_name(suite).is_some_and(Keys::has_statements);
    let mut ask = |method: &str, params: Value| {
        let said = reference.call(method, params);
        said.map_err(|failure: Failure| format!("{method} of the reference engine: {failure}"))
    };
    let (given, made) = (&call.params, answer);
    Some(match call.method {
        "xeddsa.sign" => ask(
            "public_key.derive",
            json!({ "privateKey": given["privateKey"] }),
        )
        .and_then(|key| {
            let params = json!({
                "publicKey": key["publicKey"],
                "message": given["message"],
                "signature": made["signature"],
            });
            ask("xeddsa.verify", params).map(|_| ())
        }),
        "car_key.creation_request" => ask(
            "car_key.check_creation_request",
            json!({ "request": made["request"] }),
        )
        .map(|_| ()),
        "car_key.signing_request" => ask(
            "car_key.check_signing_request",
            json!({ "transfer": given["transfer"], "request": made["request"] }),
        )
        .map(|_| ()),
        "device.create" => ask(
            "device.load",
            json!({
                "handle": "other",
                "address": { "userId": "00000000-0000-4000-8000-000000000000", "deviceId": 1 },
                "registrationId": 1,
                "identityPrivateKey": "01".repeat(32),
                "signedPreKeys": [],
                "oneTimePreKeys": [],
            }),
        )
        .and_then(|_| {
            // A statement is held to the clock (KEY-10): key pair, signature, the statement's.
            let randomness = "03".repeat(if has_statements { 160 } else { 96 });
            let params =
                json!({ "handle": "other", "now": given["now"], "randomness": randomness });
            ask("device.tick", params)
        })
        .and_then(|_| {
            let randomness = "02".repeat(64);
            let params =
                json!({ "handle": "other", "bundle": made["bundle"], "randomness": randomness });
            ask("device.process_bundle", params).map(|_| ())
        }),
        "x3dh.initiate" => ask("wire.decode_prekey", json!({ "message": made["message"] }))
            .and_then(|message| {
                let bundle = &given["bundle"];
                for (field, expected, got) in [
                    (
                        "preKeyId",
                        bundle.get("oneTimePreKeyId"),
                        message.get("preKeyId"),
                    ),
                    (
                        "signedPreKeyId",
                        bundle.get("signedPreKeyId"),
                        message.get("signedPreKeyId"),
                    ),
                    (
                        "registrationId",
                        given.get("registrationId"),
                        message.get("registrationId"),
                    ),
                    (
                        "associatedData",
                        call.expected.as_ref().and_then(|e| e.get("associatedData")),
                        made.get("associatedData"),
                    ),
                ] {
                    if expected.filter(|e| !e.is_null()) != got.filter(|g| !g.is_null()) {
                        return Err(format!("{field} is {got:?}, not {expected:?}"));
                    }
                }
                Ok(())
            }),
        _ => return None,
    })
}
