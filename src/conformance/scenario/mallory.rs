//! Mallory, who has copied a device's state and would like to read along.

use super::checks::{self, Check};
use super::step_failure::StepFailure;
use super::world::World;
use crate::conformance::seed::Recorder;
use crate::sesame::{Device, SavedDevice};
use serde_json::json;

/// Whether a thief can read the last message to a device: the copied state, without randomness of its own to
/// answer with, meets the message.
pub(super) fn reads(world: &World, name: &str, can: bool) -> Check {
    let stolen = world
        .stolen
        .get(name)
        .ok_or_else(|| StepFailure::script(format!("nobody copied the state of {name}")))?;
    let last = checks::last_message(world, name)?;
    // Mallory tries the sessions that were copied, then the keys alone: a thief honours no memory of openings.
    let stolen = stolen.device();
    let read = [stolen.clone(), keys_alone(stolen)?]
        .iter_mut()
        .any(|thief| {
            let mut randomness = Recorder::new("mallory");
            let read = thief.decrypt(&last.sender, last.kind, &last.message.0, &mut randomness);
            read.is_ok()
        });
    match (read, can) {
        (true, true) | (false, false) => Ok(()),
        (true, false) => Err(StepFailure::differs(
            "a message that Mallory cannot read",
            "its plaintext",
        )),
        (false, true) => Err(StepFailure::differs(
            "a message that Mallory can read",
            "no plaintext",
        )),
    }
}

/// A device with the same keys, without its sessions and without what it remembers of prekey messages.
fn keys_alone(device: &Device) -> Result<Device, StepFailure> {
    let mut saved = serde_json::to_value(device.save()).map_err(StepFailure::script)?;
    saved["records"] = json!([]);
    let signed = saved["keys"]["signedPreKeys"].as_object_mut();
    for (_, key) in signed.into_iter().flatten() {
        key["openings"] = json!({});
    }
    SavedDevice::from_json(&saved.to_string())
        .and_then(Device::try_from)
        .map_err(StepFailure::script)
}
