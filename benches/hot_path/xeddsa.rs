//! XEdDSA over an encoded public key, as a signed prekey needs it (KEY-07).

use crate::rows::{Rows, repeated};
use crate::sessions::Numbers;
use crate::{ENGINE, FLOOR};
use criterion::Criterion;
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar};
use sha2::{Digest, Sha512};
use tigress_signal::primitives::{KeyPair, PrivateKey, PublicKey, Secret, xeddsa};

const MESSAGE: [u8; PublicKey::LENGTH] = [0x05; PublicKey::LENGTH];

fn hash(length: usize) -> Scalar {
    let hashed: [u8; 64] = Sha512::digest(vec![0x2a; length]).into();
    Scalar::from_bytes_mod_order_wide(&hashed)
}

/// The floor is two multiplications of the base point, two SHA-512, two compressions of a point.
pub(crate) fn sign(criterion: &mut Criterion) {
    let key: KeyPair = PrivateKey::from(Numbers::new().bytes()).into();
    let z = Secret::from([7; 64]);
    let engine = repeated(|| xeddsa::sign(&key, &MESSAGE, &z));
    let scalar = hash(1);
    let floor = repeated(|| {
        let public = EdwardsPoint::mul_base(&scalar).compress();
        let r = hash(32 + 32 + MESSAGE.len() + 64);
        let big_r = EdwardsPoint::mul_base(&r).compress();
        (public, big_r, r + hash(64 + MESSAGE.len()) * scalar)
    });
    Rows::new("xeddsa_sign")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}

/// The floor is the key's way to the Edwards curve, one SHA-512, one double multiplication, one compression.
pub(crate) fn verify(criterion: &mut Criterion) {
    let key: KeyPair = PrivateKey::from(Numbers::new().bytes()).into();
    let signature = xeddsa::sign(&key, &MESSAGE, &Secret::from([7; 64]));
    let engine =
        repeated(|| xeddsa::verify(key.public(), &MESSAGE, &signature).expect("it is good"));
    let u = MontgomeryPoint(*key.public().u());
    let scalar = hash(1);
    let floor = repeated(|| {
        let point = u.to_edwards(0).expect("on the curve");
        let h = hash(64 + MESSAGE.len());
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, &-point, &scalar).compress()
    });
    Rows::new("xeddsa_verify")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}
