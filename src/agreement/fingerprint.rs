//! The number by which two people compare identity keys (X3DH-16).

use crate::requirement::flawed;
use crate::suite::{Party, Suite};
use sha2::{Digest, Sha512};

/// Bytes of the digest that become digits: twelve groups of five.
const DIGEST_BYTES: usize = 60;

/// Twelve groups of five digits with a space between, the same on both sides (X3DH-16).
///
/// SHA-512 over `TigressSignal/1 Fingerprint`, then for each device, in the byte order of their
/// addresses, the 17-byte address and the 33-byte identity key; every 5 bytes of its first 60 are a
/// big-endian integer modulo 100,000.
#[must_use]
pub fn fingerprint(suite: &dyn Suite, one: &Party, other: &Party) -> String {
    let mut parties = [one, other];
    flawed!(
        "X3DH-16 own first",
        parties.sort_by_key(|party| suite.encode_address(&party.address)),
        ()
    );
    let mut hash = Sha512::new().chain_update(b"TigressSignal/1 Fingerprint");
    for party in parties {
        hash.update(suite.encode_address(&party.address).as_bytes());
        hash.update(party.identity_key.encode());
    }
    let groups: Vec<String> = hash.finalize()[..DIGEST_BYTES]
        .chunks_exact(5)
        .map(|chunk| {
            let number = chunk.iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
            let number = number % 100_000;
            flawed!("X3DH-16 zeros", format!("{number:05}"), number.to_string())
        })
        .collect();
    groups.join(" ")
}
