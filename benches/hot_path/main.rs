//! The hot path: what a session does for each message, and what opens it, measured in one run against its floor and
//! against other libraries.
//!
//! A group is an operation. Its rows are `engine`; `floor`, the unavoidable primitive calls of that operation alone;
//! and where another library does comparable work, that library.

mod floor;
mod rows;
mod sessions;

mod agreement;
mod gap;
mod message;
mod saved;
mod stored_keys;
mod wire;
mod xeddsa;

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

/// The name of the engine's row.
const ENGINE: &str = "engine";
/// The name of the floor's row.
const FLOOR: &str = "floor";
/// The name of the engine's own steps along a chain.
const CHAIN_STEPS: &str = "chain steps";
/// The name of the row of Matrix's Olm session.
const VODOZEMAC: &str = "vodozemac";

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

criterion_group!(
    name = benches;
    config = short();
    targets = message::encrypt, message::decrypt, message::exchange, message::dh_step, gap::gap, gap::reverse,
        stored_keys::in_order, stored_keys::find, stored_keys::drop_oldest, stored_keys::expire,
        agreement::initiate, agreement::respond, agreement::open, agreement::accept, saved::saved, wire::wire,
        xeddsa::sign, xeddsa::verify
);
criterion_main!(benches);
