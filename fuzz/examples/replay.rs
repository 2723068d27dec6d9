//! Runs every target over the inputs in FOLDER/TARGET, for each FOLDER that is named:
//! `cargo run --manifest-path fuzz/Cargo.toml --no-default-features --example replay -- fuzz/seeds fuzz/corpus`.

#![forbid(unsafe_code)]

use std::path::Path;
use std::{env, fs};
use tigress_fuzz::TARGETS;

fn main() -> std::io::Result<()> {
    for (target, body) in TARGETS {
        let mut count = 0;
        for folder in env::args_os().skip(1) {
            let folder = Path::new(&folder).join(target);
            if !folder.is_dir() {
                continue;
            }
            for entry in fs::read_dir(folder)? {
                body(&fs::read(entry?.path())?);
                count += 1;
            }
        }
        eprintln!("{target}: {count} inputs");
    }
    Ok(())
}
