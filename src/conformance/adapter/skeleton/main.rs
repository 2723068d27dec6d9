//! An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.
//!
//!     cargo build --release
//!     tigress test --adapter target/release/adapter --only public_key
//!
//! Fill in `METHODS`, one function after the other: `tigress adapter methods public_key.decode` shows what each is asked and answers.
//! What is not there counts as not implemented.

use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// Why a call has no result.
enum Failure {
    /// Your wallet refuses: the profile's name for the error or your own, and what it says of it.
    #[allow(dead_code)]
    Refused(String, String),
    NotImplemented,
}

/// A method: the result from the parameters.
type Method = fn(&Value) -> Result<Value, Failure>;

fn describe(_: &Value) -> Result<Value, Failure> {
    Ok(json!({
        "name": "my wallet",
        "version": "0",
        "protocol": 1,
        "suites": ["tigress-1"],
        // Strike out what you do not offer.
        "roles": ["primitives", "device", "wallet"],
        // "own" where you cannot hand randomness in.
        "randomness": "injected",
    }))
}

/// Forget every device and wallet.
fn reset(_: &Value) -> Result<Value, Failure> {
    Ok(json!({}))
}

// Bytes are lower-case hex.
//
// fn device_decrypt(params: &Value) -> Result<Value, Failure> {
//     match device(&params["handle"]).decrypt(&params["peer"], bytes(&params["message"])) {
//         Ok(plaintext) => Ok(json!({ "plaintext": hex(plaintext) })),
//         Err(error) => Err(Failure::Refused(error.name(), error.to_string())),
//     }
// }

const METHODS: &[(&str, Method)] = &[
    ("describe", describe),
    ("reset", reset),
    // ("public_key.decode", public_key_decode),
    // ("public_key.derive", public_key_derive),
    // ("device.create", device_create),
    // ("device.bundle", device_bundle),
    // ("device.process_bundle", device_process_bundle),
    // ("device.encrypt", device_encrypt),
    // ("device.decrypt", device_decrypt),
];

/// The protocol's methods: one under another name would never be called.
const KNOWN: &str = "
@METHODS@
";

fn call(method: &str, params: &Value) -> Result<Value, Failure> {
    let found = METHODS.iter().find(|(name, _)| *name == method);
    found.map_or(Err(Failure::NotImplemented), |(_, method)| method(params))
}

fn main() -> io::Result<()> {
    for (name, _) in METHODS {
        if !KNOWN.split_whitespace().any(|known| known == *name) {
            eprintln!("adapter: the protocol has no method \"{name}\"; `tigress adapter methods` lists its methods");
        }
    }
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let method = request["method"].as_str().unwrap_or_default();
        let mut answer = json!({ "jsonrpc": "2.0", "id": request["id"] });
        match call(method, &request["params"]) {
            Ok(result) => answer["result"] = result,
            Err(Failure::Refused(error, message)) => {
                answer["error"] = json!({ "code": 1, "message": message, "data": { "error": error } });
            }
            Err(Failure::NotImplemented) => {
                answer["error"] = json!({ "code": -32601, "message": "not implemented" });
            }
        }
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
