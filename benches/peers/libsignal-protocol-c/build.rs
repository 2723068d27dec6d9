//! Asks pkg-config for libsignal-protocol-c. Where it is not there, the crate is built without it, and says so when it is used.

use std::process::Command;

const LIBRARY: &str = "libsignal-protocol-c";

/// What pkg-config says of the library; none where it does not know it.
fn ask(what: &str) -> Option<String> {
    let output = Command::new("pkg-config").args([what, LIBRARY]).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo::rustc-check-cfg=cfg(installed)");
    let (Some(version), Some(flags)) = (ask("--modversion"), ask("--libs")) else {
        return;
    };
    println!("cargo::rustc-cfg=installed");
    println!("cargo::rustc-env=LIBSIGNAL_PROTOCOL_C={version}");
    for flag in flags.split_whitespace() {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo::rustc-link-search=native={folder}");
        } else if let Some(library) = flag.strip_prefix("-l") {
            println!("cargo::rustc-link-lib={library}");
        }
    }
}
