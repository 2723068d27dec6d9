//! An adapter of wacore-libsignal (docs/adapter.md): a line of JSON-RPC 2.0 in, a line out.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use device::Device;
use outcome::{Failure, Outcome};
use randomness::Script;

mod device;
mod fields;
mod outcome;
mod primitives;
mod randomness;
mod store;

// JSON-RPC's codes, and docs/adapter.md's for a refusal.
const REFUSED: i32 = 1;
const NO_REQUEST: i32 = -32600;
const NOT_IMPLEMENTED: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// The version that Cargo.toml names.
const VERSION: &str = "0.7.0";

/// The devices by handle.
type Held = BTreeMap<String, Device>;

fn describe() -> Value {
    json!({
        "name": "wacore-libsignal",
        "version": VERSION,
        "protocol": 1,
        "suites": ["signal-v3"],
        "roles": ["primitives", "device"],
        "randomness": "injected",
    })
}

fn keep(held: &mut Held, params: &Value, device: Device) -> Outcome<Value> {
    held.insert(fields::text(params, "handle")?.to_owned(), device);
    Ok(json!({}))
}

/// Carries a method out; none where it is not implemented.
fn carry_out(held: &mut Held, method: &str, params: &Value) -> Option<Outcome<Value>> {
    let given = if fields::has(params, "randomness") { fields::bytes(params, "randomness") } else { Ok(Vec::new()) };
    let random = &mut match given {
        Ok(bytes) => Script::new(bytes),
        Err(failure) => return Some(Err(failure)),
    };
    Some(match method {
        "describe" => Ok(describe()),
        "reset" => {
            held.clear();
            Ok(json!({}))
        }
        "public_key.decode" => primitives::public_key_decode(params),
        "public_key.derive" => primitives::public_key_derive(params),
        "xeddsa.sign" => primitives::xeddsa_sign(params, random),
        "xeddsa.verify" => primitives::xeddsa_verify(params),
        "wire.decode_prekey" => primitives::wire_decode_prekey(params),
        "wire.encode_prekey" => primitives::wire_encode_prekey(params),
        "device.create" => Device::create(params, random).and_then(|device| {
            let bundle = device.first_bundle()?;
            keep(held, params, device)?;
            Ok(bundle)
        }),
        "device.load" => Device::load(params).and_then(|device| keep(held, params, device)),
        "device.restore" => Device::restore(params).and_then(|device| keep(held, params, device)),
        _ => return on_device(held, method, params, random),
    })
}

/// Carries out a method of a device that is held.
fn on_device(held: &mut Held, method: &str, params: &Value, random: &mut Script) -> Option<Outcome<Value>> {
    let step: fn(&mut Device, &Value, &mut Script) -> Outcome<Value> = match method {
        "device.bundle" => |device, params, _| device.asked_bundle(params),
        "device.keys" => |device, _, _| device.keys(),
        "device.process_bundle" => Device::process_bundle,
        "device.encrypt" => |device, params, _| device.encrypt(params),
        "device.decrypt" => Device::decrypt,
        "device.drop_sessions" => |device, params, _| device.drop_sessions(params),
        "device.save" => |device, _, _| device.save(),
        _ => return None,
    };
    let device = fields::text(params, "handle").and_then(|handle| held.get_mut(handle).ok_or(Failure::BadParameter("handle")));
    Some(device.and_then(|device| step(device, params, random)))
}

fn refused(name: &str, message: &str) -> Value {
    json!({ "code": REFUSED, "message": message, "data": { "error": name } })
}

fn error_of(failure: &Failure) -> Value {
    match failure {
        Failure::BadParameter(name) => {
            let message = format!("the parameter `{name}` is missing or of another form");
            json!({ "code": INVALID_PARAMS, "message": message })
        }
        Failure::Refused(error) => refused(&outcome::name(error), &error.to_string()),
        Failure::SignatureInvalid => refused("verify_signature: false", "the signature does not verify"),
    }
}

fn answer(held: &mut Held, line: &str) -> Value {
    let request: Value = serde_json::from_str(line).unwrap_or_default();
    let mut said = json!({ "jsonrpc": "2.0", "id": request["id"] });
    let Some(method) = request["method"].as_str() else {
        said["error"] = json!({ "code": NO_REQUEST, "message": "no request" });
        return said;
    };
    match carry_out(held, method, &request["params"]) {
        Some(Ok(result)) => said["result"] = result,
        Some(Err(failure)) => said["error"] = error_of(&failure),
        None => said["error"] = json!({ "code": NOT_IMPLEMENTED, "message": format!("{method} is not implemented") }),
    }
    said
}

fn main() -> io::Result<()> {
    let mut held = Held::new();
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(answers, "{}", answer(&mut held, &line?))?;
        answers.flush()?;
    }
    Ok(())
}
