//! What several test files need.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use tigress_signal::agreement::{BundleFields, PreKeyStore};
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::primitives::{Randomness, RandomnessError};
use tigress_signal::sesame::Device;
use tigress_signal::suite::{SuiteRef, Tigress1};
use tigress_signal::timestamp::Timestamp;

/// Randomness that never ends and is always the same for a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Seeded(pub(crate) u64);

impl Randomness for Seeded {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in out {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)).to_le_bytes()[0];
        }
        Ok(())
    }
}

/// Randomness that has run out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exhausted;

impl Randomness for Exhausted {
    fn fill(&mut self, _out: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError)
    }
}

/// A device of `tigress-1` with four one-time prekeys, ids 1 to 4.
pub(crate) fn device(seed: u64) -> (Address, Device) {
    device_of(&Tigress1, seed)
}

/// A device of that suite with four one-time prekeys, ids 1 to 4.
pub(crate) fn device_of(suite: SuiteRef, seed: u64) -> (Address, Device) {
    let mut randomness = Seeded(seed);
    let address = Address {
        user_id: UserId::random(&mut randomness).expect("never ends"),
        device_id: DeviceId::try_from(1).expect("from 1 to 127"),
    };
    (address, device_at(suite, address, &mut randomness))
}

/// A device at that address with four one-time prekeys, ids 1 to 4.
pub(crate) fn device_at(suite: SuiteRef, address: Address, randomness: &mut Seeded) -> Device {
    let mut keys =
        PreKeyStore::random(&[suite], &address, Timestamp(0), randomness).expect("never ends");
    keys.add_one_time_pre_keys(4, Timestamp(0), randomness)
        .expect("never ends");
    Device::new(suite, address, keys)
}

/// Another device of the same user.
pub(crate) fn other_device(address: Address, device_id: u32) -> Address {
    Address {
        device_id: DeviceId::try_from(device_id).expect("from 1 to 127"),
        ..address
    }
}

/// The device's bundle with its next one-time prekey.
pub(crate) fn bundle(device: &Device) -> BundleFields {
    let next = device.keys().one_time_pre_key_ids().next();
    BundleFields::from(&device.bundle(next).expect("it has a signed prekey"))
}
