"""Keys, signatures, key derivation, encryption (profile section 2, DR-03 to DR-07).

XEdDSA is done twice: by the package XEdDSA, and on plain integers as its specification says. The integers
are there because no library offers every rule of SIG-02 to SIG-05 by name.
"""

import hashlib
import hmac

import xeddsa
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from outcome import Refused, Split, agreed, require

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

VERSION = 0x11

# ---- public keys --------------------------------------------------------------------------------


def encode_public_key(u: bytes) -> bytes:
    return b"\x05" + u


def decode_public_key(encoded: bytes) -> bytes:
    """u, or `invalid-key` (KEY-01 to KEY-04)."""
    require(len(encoded) == 33 and encoded[0] == 5, "invalid-key")
    u = encoded[1:]
    require(int.from_bytes(u, "little") < P, "invalid-key")
    require(not has_small_order(u), "invalid-key")
    return u


def has_small_order(u: bytes) -> bool:
    # A clamped scalar is a multiple of 8 and of no larger divisor of the group's order, so any one will do;
    # the library raises where the result is all zero.
    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(u))
    except ValueError:
        return True
    return False


def public_key(private: bytes) -> bytes:
    """u of a private key, not encoded (KEY-05)."""
    by_cryptography = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return agreed("the public key", by_cryptography, xeddsa.priv_to_curve25519_pub(private))


def diffie_hellman(private: bytes, u: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(u))


# ---- the Edwards curve, in extended coordinates (RFC 8032 section 5.1.4) -------------------------

Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point: Point) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def compress(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_with_even_x(y: int) -> Point | None:
    """The point with that y whose sign bit is 0, if y belongs to a point at all."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != square:
        return None
    if x & 1:
        x = P - x
    return (x, y, 1, x * y % P)


def base_point() -> Point:
    point = point_with_even_x(4 * pow(5, -1, P) % P)
    assert point is not None
    return point


BASE = base_point()


# ---- XEdDSA ----------------------------------------------------------------------------------------

# Held here because the package X3DH is made to call `package_sign` in its place.
_priv_sign = xeddsa.ed25519_priv_sign


def hash_to_scalar(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % Q


def clamp(private: bytes) -> int:
    return int.from_bytes(private, "little") & (2**254 - 8) | 2**254


def xeddsa_sign(private: bytes, message: bytes, z: bytes) -> bytes:
    """SIG-01."""
    a = clamp(private) % Q
    encoded = compress(multiply(a, BASE))
    if encoded[31] & 0x80:
        a = Q - a
        encoded = encoded[:31] + bytes([encoded[31] & 0x7F])
    r = hash_to_scalar(b"\xfe" + b"\xff" * 31, a.to_bytes(32, "little"), message, z)
    big_r = compress(multiply(r, BASE))
    s = (r + hash_to_scalar(big_r, encoded, message) * a) % Q
    signature = big_r + s.to_bytes(32, "little")
    return agreed("the signature", package_sign(xeddsa.priv_force_sign(private, False), message, z), signature)


def package_sign(private: bytes, message: bytes, z: bytes) -> bytes:
    # XEdDSA says a = k mod q. The package reduces a scalar that it negates, but leaves another as it is, up
    # to 2^255, and so hashes another nonce: the signature is as good, but not the one that SIG-01 fixes.
    a = int.from_bytes(private, "little") % Q
    return _priv_sign(a.to_bytes(32, "little"), message, z)


def xeddsa_verify(u: bytes, message: bytes, signature: bytes) -> None:
    """`invalid-signature` unless it verifies (SIG-02 to SIG-05). `u` has been decoded (KEY-01 to KEY-04)."""
    verifies = len(signature) == 64 and _verifies(u, message, signature)
    if len(signature) == 64 and verifies != _verifies_by_libraries(u, message, signature):
        raise Split(f"the signature verifies: {verifies} on integers, {not verifies} by the libraries")
    require(verifies, "invalid-signature")


def _verifies(u: bytes, message: bytes, signature: bytes) -> bool:
    s = int.from_bytes(signature[32:], "little")
    if s >= Q:  # SIG-02, and SIG-03: with bit 255 set it is far above q
        return False
    number = int.from_bytes(u, "little")
    y = (number - 1) * pow(number + 1, -1, P) % P
    key = point_with_even_x(y)
    if key is None:  # SIG-04
        return False
    h = hash_to_scalar(signature[:32], compress(key), message)
    minus_key = (P - key[0], key[1], 1, P - key[3])
    big_r = add(multiply(s, BASE), multiply(h, minus_key))
    return compress(big_r) == signature[:32]  # SIG-05


def _verifies_by_libraries(u: bytes, message: bytes, signature: bytes) -> bool:
    key = xeddsa.curve25519_pub_to_ed25519_pub(u, False)
    by_package = xeddsa.ed25519_verify(signature, key, message)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        by_cryptography = True
    except InvalidSignature:
        by_cryptography = False
    # The library under the package refuses an R of small order, which no honest signer makes and no clause speaks of.
    neutral = signature[:32] == compress(NEUTRAL)
    if by_package != by_cryptography and not neutral:
        raise Split(f"the signature verifies: {by_package} by XEdDSA, {by_cryptography} by cryptography")
    return by_cryptography


# ---- key derivation and encryption -------------------------------------------------------------------


def hkdf(salt: bytes, ikm: bytes, info: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info.encode()).derive(ikm)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def expand_message_key(message_key: bytes) -> bytes:
    """The AES key, then the nonce: 44 bytes (DR-05)."""
    return hkdf(bytes(32), message_key, "TigressSignal/1 MessageKeys", 44)


def header_data(associated_data: bytes, ratchet_u: bytes, previous_counter: int, counter: int) -> bytes:
    """What a message is bound to (DR-07)."""
    counters = previous_counter.to_bytes(4, "big") + counter.to_bytes(4, "big")
    return associated_data + bytes([VERSION]) + encode_public_key(ratchet_u) + counters


def seal(message_key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """DR-06."""
    expanded = expand_message_key(message_key)
    return AESGCM(expanded[:32]).encrypt(expanded[32:], plaintext, associated_data)


def open_sealed(message_key: bytes, ciphertext: bytes, associated_data: bytes) -> bytes:
    expanded = expand_message_key(message_key)
    try:
        return AESGCM(expanded[:32]).decrypt(expanded[32:], ciphertext, associated_data)
    except InvalidTag as error:
        raise Refused("decrypt-failed") from error
