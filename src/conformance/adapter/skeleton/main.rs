//! An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.
//!
//!     cargo build --release
//!     tigress test --adapter target/release/adapter
//!
//! Fill in `call`, one method after the other: `tigress adapter methods device.decrypt` shows what each is asked and answers.
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

fn call(method: &str, _params: &Value) -> Result<Value, Failure> {
    match method {
        "describe" => Ok(json!({
            "name": "my wallet",
            "version": "0",
            "protocol": 1,
            "suites": ["tigress-1"],
            // Strike out what you do not offer.
            "roles": ["primitives", "device", "wallet"],
            // "own" where you cannot hand randomness in.
            "randomness": "injected",
        })),
        // Forget every device and wallet.
        "reset" => Ok(json!({})),
        // Bytes are lower-case hex.
        //
        // "device.create" => ...
        // "device.bundle" => ...
        // "device.process_bundle" => ...
        // "device.encrypt" => ...
        // "device.decrypt" => match device(&_params["handle"]).decrypt(&_params["peer"], bytes(&_params["message"])) {
        //     Ok(plaintext) => Ok(json!({ "plaintext": hex(plaintext) })),
        //     Err(error) => Err(Failure::Refused(error.name(), error.to_string())),
        // },
        _ => Err(Failure::NotImplemented),
    }
}

fn main() -> io::Result<()> {
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
