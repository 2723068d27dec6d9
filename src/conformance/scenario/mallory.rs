//! Mallory, who has copied a device's state and would like to read along.

use super::checks::{self, Check};
use super::step_failure::StepFailure;
use super::world::World;
use crate::conformance::seed::Recorder;
use crate::intermediary::Envelope;
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
    let stolen = stolen.device();
    let thieves = [stolen.clone(), keys_alone(stolen)?];
    match (opens(&thieves, last), can) {
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

/// Whether one of these devices opens a message. A thief tries the sessions that were copied, then the keys alone: he honours
/// no memory of openings.
pub(crate) fn opens(thieves: &[Device], message: &Envelope) -> bool {
    let Envelope {
        sender,
        kind,
        message,
        ..
    } = message;
    thieves.iter().any(|thief| {
        let mut randomness = Recorder::new("mallory");
        let read = thief
            .clone()
            .decrypt(sender, *kind, &message.0, &mut randomness);
        read.is_ok()
    })
}

/// A device with the same keys, without its sessions and without what it remembers of prekey messages.
pub(crate) fn keys_alone(device: &Device) -> Result<Device, StepFailure> {
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
