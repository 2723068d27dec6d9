//! The vectors that were recorded from real libraries (`generate record`).
//!
//! Of a recording those conversations become vectors in which the device writes the bytes that the engine writes. Where it does not,
//! its messages stand in the conversation of the other device, which reads them:
//!
//! | library | what it writes otherwise |
//! | --- | --- |
//! | `@privacyresearch/libsignal-protocol-typescript` | the fields of a prekey message in the order 5, 1, 6, 2, 3, 4, and `pre_key_id` 0 where there is none |
//! | `oldmemo` | no `registration_id`; the number of messages as previous counter, where V3-11 asks for one less |

use super::builder::{About, Builder};
use super::record::Recording;
use tigress_signal::conformance::vector::conversation::device::{Fields, Step};

/// The recordings that are checked in, by library.
const RECORDINGS: &[&str] = &[
    include_str!("../recorded/libsignal-protocol-c.json"),
    include_str!("../recorded/libsignal-node.json"),
    include_str!("../recorded/privacyresearch.json"),
    include_str!("../recorded/oldmemo.json"),
];

/// What the engine does not read: a prekey message that names one-time prekey 0 where there was none.
const UNREAD: &[(&str, &str)] = &[("privacyresearch", "without_opk")];

/// Which requirements a recording shows: what a sender writes, and what a receiver makes of it.
const REQUIREMENTS: &[&str] = &[
    "V3-07", "V3-08", "V3-09", "V3-10", "V3-11", "V3-15", "V3-16",
];

/// What was recorded.
///
/// # Panics
/// Where a file that is checked in is none.
#[must_use]
pub fn all() -> Vec<Recording> {
    let read = |text: &&str| serde_json::from_str(text).expect("a recording");
    RECORDINGS.iter().map(read).collect()
}

/// Adds the conversations that the suite's own devices can have byte for byte.
pub(super) fn conversations(b: &mut Builder) {
    for recording in all() {
        b.from(&recording.library, &recording.version);
        for recorded in recording.conversations.iter().filter(|it| it.same) {
            let read = (recording.prefix.as_str(), recorded.script.as_str());
            if UNREAD.contains(&read) {
                continue;
            }
            let steps = serde_json::from_value::<Vec<Step>>(recorded.steps.clone().into());
            let about = About {
                name: format!("{}_{}_{}", recording.prefix, recorded.script, recorded.role).into(),
                comment: &format!(
                    "{}, the {}: {}",
                    recording.library, recorded.role, recorded.comment
                ),
                flags: &["Recorded"],
                requirements: REQUIREMENTS,
            };
            let device = recorded.device.clone();
            let steps = steps.expect("steps of a conversation");
            b.conversation(about, Fields { device, steps });
        }
    }
    b.begin_here();
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::BTreeMap;

    #[test]
    fn libraries_that_are_given_the_same_write_the_same() {
        let recordings = all();
        let mut first = BTreeMap::new();
        let (mut compared, mut by) = (0, 0);
        for recording in &recordings {
            let same = recording.conversations.iter().filter(|it| it.same);
            let mut shared = 0;
            for recorded in same {
                let key = (recorded.script.as_str(), recorded.role.as_str());
                // What a device reads may be written otherwise; what it writes may not.
                let written = |steps: &[serde_json::Value]| -> Vec<serde_json::Value> {
                    let encrypts = steps.iter().filter(|step| step["op"] == "encrypt");
                    encrypts.cloned().collect()
                };
                let written = written(&recorded.steps);
                let before = first.entry(key).or_insert_with(|| written.clone());
                assert_eq!(
                    *before, written,
                    "{} of {}",
                    recorded.script, recording.library
                );
                shared += 1;
            }
            compared += shared;
            by += usize::from(shared > 0);
        }
        assert!(compared >= 60 && by >= 2, "{compared} of {by} libraries");
    }
}
