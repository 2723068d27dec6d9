//! Makes `fuzz/drawn/devices.txt` anew: conversations in which each two places come together, each with its digest.
//!
//! ```sh
//! cargo run --release --manifest-path fuzz/Cargo.toml --no-default-features --example drawn > fuzz/drawn/devices.txt
//! ```

use std::collections::BTreeSet;
use tigress_fuzz::drawn::{corpus, pairs};
use tigress_signal::conformance::fuzz::draw::{Area, Name, places};
use tigress_signal::conformance::fuzz::seeds::digest;
use tigress_signal::suite::Tigress1;

/// So many are looked at.
const LOOKED_AT: u64 = 900;
/// At least so many are taken, whatever they pass through.
const LEAST: usize = 240;

fn main() {
    let corpus = corpus();
    let mut covered = BTreeSet::new();
    let mut taken = 0;
    println!(
        "# Conversations of a device with its peers: tigress fuzz --seeds. Made by fuzz/examples/drawn.rs."
    );
    for number in 0..LOOKED_AT {
        let name = Name {
            seed: "1".to_owned(),
            area: Area::Devices,
            number,
        };
        let pairs = pairs(&places(corpus, &Tigress1, &name));
        let is_new = !pairs.is_subset(&covered);
        if !is_new && taken >= LEAST {
            continue;
        }
        if let Some(digest) = digest(corpus, &Tigress1, &name) {
            println!("{name} {digest}");
            covered.extend(pairs);
            taken += 1;
        }
    }
    eprintln!("{taken} conversations, {} pairs of places", covered.len());
}
