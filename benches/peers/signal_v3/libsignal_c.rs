//! libsignal-protocol-c, with the primitives that the engine computes with but for its own curve.

use crate::engine::Numbers;
use crate::{End, Pair, Subject};
use libsignal_protocol_c::{Address, Bundle, Device, INSTALL, Keys, Kind, VERSION};
use tigress_signal::primitives::{KeyPair, PrivateKey, Secret, xeddsa};

/// The library; where it is not installed, how to come by it.
pub(crate) fn subject() -> Result<Subject, String> {
    let version =
        VERSION.ok_or_else(|| format!("libsignal-protocol-c is not installed ({INSTALL})"))?;
    Ok(Subject {
        name: "libsignal-protocol-c",
        version: version.to_owned(),
        keeps: "as bytes",
        pair: || Box::new(Devices::new()),
    })
}

struct Devices {
    ends: [(Address, Device); 2],
}

fn key(number: u8) -> ([u8; 32], KeyPair) {
    ([number; 32], PrivateKey::from([number; 32]).into())
}

impl Devices {
    fn new() -> Self {
        let device = |name: &[u8], first: u8| {
            let ((identity, pair), (signed, signed_pair)) = (key(first), key(first + 1));
            let z = Secret::new([first; 64]);
            let signature = xeddsa::sign_with_sign_bit(&pair, &signed_pair.public().encode(), &z);
            let keys = Keys {
                identity,
                registration_id: first.into(),
                signed_pre_key: (1, signed, *signature.as_bytes()),
                one_time_pre_keys: vec![(1, key(first + 2).0)],
            };
            let mut device = Device::new(&keys).expect("good keys");
            let mut numbers = Numbers::default();
            device.draw_from(move |out| numbers.put(out));
            let address = Address {
                name: name.to_vec(),
                device_id: 1,
            };
            (address, device, keys)
        };
        let ((a, mut alice, _), (b, bob, keys)) = (device(b"a", 10), device(b"b", 20));
        let public = |number| key(number).1.public().encode();
        let bundle = Bundle {
            registration_id: keys.registration_id,
            identity_key: public(20),
            signed_pre_key: (1, public(21), keys.signed_pre_key.2),
            one_time_pre_key: Some((1, public(22))),
        };
        alice.process_bundle(&b, &bundle).expect("a good bundle");
        let mut devices = Devices {
            ends: [(a, alice), (b, bob)],
        };
        let (kind, first) = devices.send(End::A, b"");
        let [(a, _), (_, bob)] = &mut devices.ends;
        bob.decrypt(a, kind, &first).expect("a first message");
        devices.settle();
        devices
    }

    fn send(&mut self, from: End, plaintext: &[u8]) -> (Kind, Vec<u8>) {
        let [a, b] = &mut self.ends;
        let ((_, device), (to, _)) = if from == End::A { (a, b) } else { (b, a) };
        device.encrypt(to, plaintext).expect("a message")
    }
}

impl Pair for Devices {
    fn encrypt(&mut self, from: End, plaintext: &[u8]) -> Vec<u8> {
        self.send(from, plaintext).1
    }

    fn decrypt(&mut self, at: End, message: &[u8]) -> Option<Vec<u8>> {
        let [a, b] = &mut self.ends;
        let ((_, device), (from, _)) = if at == End::A { (a, b) } else { (b, a) };
        device.decrypt(from, Kind::Ratchet, message).ok()
    }

    /// A's first answer is read while A's own messages are prekey messages still.
    fn settle(&mut self) {
        for end in [End::A, End::B] {
            let other = if end == End::A { End::B } else { End::A };
            let message = self.encrypt(other, b"");
            assert!(self.decrypt(end, &message).is_some(), "an answer");
        }
    }
}
