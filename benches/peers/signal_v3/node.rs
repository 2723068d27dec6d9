//! libsignal-client, which runs in Node: two versions, each in a process of its own.

use crate::{FAR, SIZE};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

const VERSIONS: [&str; 2] = ["0.22.0", "0.72.1"];

/// What was measured, and of whom; where Node or the library is not there, what is missing.
pub(crate) fn measured() -> Result<(Vec<Value>, Vec<Value>), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = here.join("../../target/adapters/libsignal-client");
    if !packages.join("node_modules").is_dir() {
        return Err(
            "libsignal-client is not installed (adapters/setup libsignal-client)".to_owned(),
        );
    }
    let (mut subjects, mut times) = (Vec::new(), Vec::new());
    for version in VERSIONS {
        let script = here.join("libsignal-client.mjs");
        let mut command = Command::new("node");
        command
            .arg(script)
            .arg(&packages)
            .arg(version)
            .arg(SIZE.to_string());
        command.args(FAR.map(|ahead| ahead.to_string()));
        let output = command.stderr(Stdio::inherit()).output();
        let output =
            output.map_err(|error| format!("libsignal-client: node does not start: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "libsignal-client {version}: node ended with {}",
                output.status
            ));
        }
        let said: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("libsignal-client {version}: {error}"))?;
        let name = format!("libsignal-client {version}");
        subjects.push(json!({ "name": name, "version": version, "keeps": "as bytes, in Node" }));
        for (operation, nanoseconds) in said.as_object().into_iter().flatten() {
            println!("{operation} {name}: {nanoseconds} ns");
            times.push(
                json!({ "operation": operation, "subject": name, "nanoseconds": nanoseconds }),
            );
        }
    }
    Ok((subjects, times))
}
