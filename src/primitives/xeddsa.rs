//! XEdDSA over Curve25519 (XEdDSA specification, revision 1; profile SIG-01 to SIG-05).

#[cfg(feature = "toy")]
use super::backend::toy;
use super::{KeyPair, PrimitiveError, PrivateKey, PublicKey, Secret};
use crate::hex;
use crate::requirement::{always_require, flawed, require, required};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest, Sha512};
use std::fmt;
use zeroize::Zeroizing;

/// A signature of 64 bytes: R, then s, little-endian. Whether it verifies is another question.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub(crate) [u8; 64]);

impl Signature {
    /// Takes 64 bytes.
    ///
    /// # Errors
    /// `invalid-signature` for another length (SIG-04).
    pub fn decode(bytes: &[u8]) -> Result<Self, PrimitiveError> {
        let bytes = flawed!("SIG-04 longer", bytes, bytes.get(..64).unwrap_or(bytes));
        let bytes = <[u8; 64]>::try_from(bytes);
        Ok(Signature(required!(
            "SIG-04",
            bytes.ok(),
            PrimitiveError::Signature
        )))
    }

    /// The 64 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(&self.0))
    }
}

impl serde::Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer, "a signature", Signature::decode)
    }
}

/// `calculate_key_pair(k)`: the Edwards public key with sign bit 0, and the scalar that belongs to it.
fn calculate_key_pair(k: &PrivateKey) -> (CompressedEdwardsY, Zeroizing<Scalar>) {
    let clamped = Zeroizing::new(flawed!(
        "KEY-05 not clamped",
        clamp_integer(*k.expose()),
        *k.expose()
    ));
    let k = Zeroizing::new(Scalar::from_bytes_mod_order(*clamped));
    let e = EdwardsPoint::mul_base(&k).compress();
    let sign = subtle::Choice::from(e.0[31] >> 7);
    let mut a = Zeroizing::new(*k);
    flawed!(
        "SIG-01 sign kept",
        subtle::ConditionallyNegatable::conditional_negate(&mut *a, sign),
        _ = sign
    );
    let mut public = e;
    public.0[31] &= 0x7f;
    (public, a)
}

/// Signs `message` with 64 random bytes `z` (SIG-01).
///
/// R = rB with r = SHA-512(0xFE 0xFF*31, a, M, Z) mod q; s = r + SHA-512(R, A, M) a mod q.
#[must_use]
pub fn sign(key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature {
    #[cfg(feature = "toy")]
    if toy::is_on() {
        return Signature(toy::sign(key.private().expose(), message, z.expose()));
    }
    let (public, a) = calculate_key_pair(key.private());
    let secret = flawed!("SIG-01 private key", a.as_bytes(), key.private().expose());
    Signature(signed(&a, &public, secret, message, z))
}

/// R and s by the scalar `a` of `public`; the nonce is made from `secret`.
fn signed(
    a: &Scalar,
    public: &CompressedEdwardsY,
    secret: &[u8; 32],
    message: &[u8],
    z: &Secret<64>,
) -> [u8; 64] {
    // hash_1 stands apart from every other use of SHA-512 by this prefix.
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    let random = flawed!("SIG-01 without Z", &z.expose()[..], &[]);
    let r = Zeroizing::new(hash_to_scalar(&[&prefix, secret, message, random]));
    let big_r = EdwardsPoint::mul_base(&r).compress();
    let h = hash_to_scalar(&[big_r.as_bytes(), public.as_bytes(), message]);
    let ha = Zeroizing::new(h * a);
    let s = flawed!("SIG-01 negated", *r + *ha, *r - *ha);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(big_r.as_bytes());
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// Verifies strictly (SIG-02 to SIG-05).
///
/// # Errors
/// `invalid-signature`.
pub fn verify(
    key: &PublicKey,
    message: &[u8],
    signature: &Signature,
) -> Result<(), PrimitiveError> {
    #[cfg(feature = "toy")]
    if toy::is_on() {
        let verifies = toy::verifies(key.u(), message, signature.as_bytes());
        return verifies.then_some(()).ok_or(PrimitiveError::Signature);
    }
    let (big_r, s) = signature.0.split_at(32);
    let mut s_bytes = [0; 32];
    s_bytes.copy_from_slice(s);
    flawed!("SIG-03 masked", (), s_bytes[31] &= 0x7f);
    let top_bit = s_bytes[31] & 0x80;
    always_require!("SIG-03", top_bit == 0, PrimitiveError::Signature);
    let s = flawed!(
        "SIG-02 reduced",
        Option::<Scalar>::from(Scalar::from_canonical_bytes(s_bytes)),
        Some(Scalar::from_bytes_mod_order(s_bytes))
    );
    let s = required!("SIG-02", s, PrimitiveError::Signature);
    let point = MontgomeryPoint(*key.u()).to_edwards(0);
    let point = required!("SIG-04", point, PrimitiveError::Signature);
    let holds = holds(&point, message, big_r, &s);
    let holds = flawed!(
        "SIG-05 cofactor",
        holds,
        holds || nearly_holds(&point, message, big_r, &s, 8)
    );
    let holds = flawed!(
        "SIG-05 points",
        holds,
        holds || nearly_holds(&point, message, big_r, &s, 1)
    );
    require!("SIG-05", holds, PrimitiveError::Signature);
    Ok(())
}

/// Signs as the deployed libraries do, with 64 random bytes `z` (V3-05): the scalar keeps its sign, and the Edwards sign bit
/// stands in the top bit of s.
///
/// Beside that, the nonce is made from the clamped private key, and the challenge from the point with its sign bit.
#[must_use]
pub fn sign_with_sign_bit(key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature {
    #[cfg(feature = "toy")]
    if toy::is_on() {
        return Signature(toy::sign(key.private().expose(), message, z.expose()));
    }
    let clamped = Zeroizing::new(clamp_integer(*key.private().expose()));
    let a = Zeroizing::new(Scalar::from_bytes_mod_order(*clamped));
    let public = EdwardsPoint::mul_base(&a).compress();
    let mut signature = signed(&a, &public, &clamped, message, z);
    signature[63] |= flawed!("V3-05 sign bit left out", public.0[31] & 0x80, 0);
    Signature(signature)
}

/// Verifies as the deployed libraries do (V3-06): the Edwards sign bit is the top bit of s, and the two bits below it are
/// zero. s may be q or more, and u need not be reduced.
///
/// # Errors
/// `invalid-signature`.
pub fn verify_with_sign_bit(
    key: &PublicKey,
    message: &[u8],
    signature: &Signature,
) -> Result<(), PrimitiveError> {
    #[cfg(feature = "toy")]
    if toy::is_on() {
        let verifies = toy::verifies(key.u(), message, signature.as_bytes());
        return verifies.then_some(()).ok_or(PrimitiveError::Signature);
    }
    let (big_r, s) = signature.0.split_at(32);
    let mut s_bytes = [0; 32];
    s_bytes.copy_from_slice(s);
    let sign = flawed!("V3-06 sign bit ignored", s_bytes[31] >> 7, 0);
    s_bytes[31] &= 0x7f;
    require!("V3-06", s_bytes[31] & 0x60 == 0, PrimitiveError::Signature);
    let point = MontgomeryPoint(*key.u()).to_edwards(sign);
    let point = required!("V3-06", point, PrimitiveError::Signature);
    let s = Scalar::from_bytes_mod_order(s_bytes);
    let holds = holds(&point, message, big_r, &s);
    require!("V3-06", holds, PrimitiveError::Signature);
    Ok(())
}

/// Whether R is what s and the challenge of that point make it (XEdDSA 3.4).
fn holds(point: &EdwardsPoint, message: &[u8], big_r: &[u8], s: &Scalar) -> bool {
    let h = hash_to_scalar(&[big_r, point.compress().as_bytes(), message]);
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, &-point, s).compress();
    expected.as_bytes() == big_r
}

/// Whether R, read as a point, differs from what it should be by one of that order at most.
#[cfg(feature = "flaws")]
fn nearly_holds(point: &EdwardsPoint, message: &[u8], big_r: &[u8], s: &Scalar, order: u8) -> bool {
    use curve25519_dalek::traits::IsIdentity;
    let read = CompressedEdwardsY::from_slice(big_r).ok();
    let Some(read) = read.and_then(|big_r| big_r.decompress()) else {
        return false;
    };
    let h = hash_to_scalar(&[big_r, point.compress().as_bytes(), message]);
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, &-point, s);
    (Scalar::from(order) * (expected - read)).is_identity()
}

/// SHA-512 of the parts, as a scalar mod q.
fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    let mut wide: Zeroizing<[u8; 64]> = Zeroizing::new([0; 64]);
    hash.finalize_into((&mut *wide).into());
    Scalar::from_bytes_mod_order_wide(&wide)
}
