//! The hot path: what a session does for each message, and what opens it, measured in one run against its floor and
//! against other libraries.
//!
//! A group is an operation. Its rows are `engine`; `floor`, the unavoidable primitive calls of that operation alone;
//! and where another library does comparable work, that library. With feature `aws-lc` the engine runs on AWS-LC, and
//! other rows are measured: the engine's, and beside it `limit`, the calls of the floor by the best implementations known.

mod floor;
mod floor_v3;
#[cfg(feature = "aws-lc")]
mod limit;
mod rows;
mod sessions;
mod turns;

mod agreement;
mod gap;
mod message;
mod saved;
mod signal_v3;
mod stored_keys;
mod wire;
mod xeddsa;

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

/// The name of the engine's row.
const ENGINE: &str = if cfg!(feature = "aws-lc") {
    "engine on AWS-LC"
} else {
    "engine"
};
/// The name of the floor's row.
const FLOOR: &str = "floor";
/// The name of the row of the best primitives known, alone.
#[cfg(feature = "aws-lc")]
const LIMIT: &str = "limit";
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
        xeddsa::sign, xeddsa::verify, signal_v3::encrypt, signal_v3::decrypt, signal_v3::dh_step, signal_v3::forged
);
#[cfg(feature = "aws-lc")]
criterion_group!(
    name = backends;
    config = short();
    targets = limit::backends
);
#[cfg(feature = "aws-lc")]
criterion_main!(benches, backends);
#[cfg(not(feature = "aws-lc"))]
criterion_main!(benches);
