//! Pages as a headless Chromium shows them.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Where a Chromium is.
fn chromium() -> Option<&'static str> {
    let places = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    places.into_iter().find(|place| Path::new(place).exists())
}

/// What a script of tests/browser says of the page at `url`; nothing, and why in a word, where it cannot be looked at here.
pub(crate) fn look(script: &str, url: &str, arguments: &[&str]) -> Option<Value> {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: there is no Chromium (Debian's package `chromium`)");
        return None;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let looked = Command::new("node")
        .arg("--experimental-websocket")
        .arg(folder.join(script))
        .args([chromium, url])
        .args(arguments)
        .output();
    let Ok(looked) = looked else {
        eprintln!("skipped: Node.js is not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&looked.stderr).into_owned();
    if looked.status.code() == Some(3) {
        eprintln!("skipped: {said}");
        return None;
    }
    assert!(looked.status.success(), "{said}");
    Some(serde_json::from_slice(&looked.stdout).expect("JSON"))
}
