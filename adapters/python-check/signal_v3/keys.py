"""Keys, signatures with both signs, key derivation, encryption (V3-03 to V3-10).

Signatures are computed on plain integers, as section 12 says; each is also put to Ed25519 of cryptography, by the key with the
sign that it says it is of: the two must agree.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from outcome import Refused, Split, require
from primitives import (
    BASE,
    P,
    Point,
    Q,
    add,
    compress,
    hash_to_scalar,
    hkdf,
    hmac_sha256,
    multiply,
    point_with_even_x,
)
from primitives import diffie_hellman as exchange
from seen import saw

MAC_LENGTH = 8
BLOCK = 128  # bits
SIGN = 2**255


def decode_public_key(encoded: bytes) -> bytes:
    """u as it stands: neither reduced nor looked at (V3-03)."""
    require(len(encoded) == 33 and encoded[0] == 5, "invalid-key")
    return encoded[1:]


def diffie_hellman(private: bytes, u: bytes) -> bytes:
    try:
        return exchange(private, u)
    except ValueError as error:  # cryptography refuses an output that is all zero
        raise Refused("invalid-key") from error


def clamped(private: bytes) -> bytes:
    return bytes([private[0] & 0xF8]) + private[1:31] + bytes([private[31] & 0x7F | 0x40])


# ---- signatures ----------------------------------------------------------------------------------


def sign(private: bytes, message: bytes, z: bytes) -> bytes:
    """V3-05."""
    k = clamped(private)
    a = int.from_bytes(k, "little") % Q
    key = compress(multiply(a, BASE))
    r = hash_to_scalar(b"\xfe" + b"\xff" * 31, k, message, z)
    big_r = compress(multiply(r, BASE))
    s = (r + hash_to_scalar(big_r, key, message) * a) % Q
    return big_r + (s | (key[31] >> 7) * SIGN).to_bytes(32, "little")


def verify(u: bytes, message: bytes, signature: bytes) -> None:
    """`invalid-signature` unless it verifies (V3-06)."""
    require(len(signature) == 64, "invalid-signature")
    s = int.from_bytes(signature[32:], "little")
    sign_bit, s = s >> 255, s % SIGN
    require(s < 2**253, "invalid-signature")
    key = edwards(u, sign_bit)
    require(key is not None, "invalid-signature")
    assert key is not None
    verifies = _verifies(key, message, signature[:32], s % Q)
    if verifies != _verifies_by_cryptography(key, message, signature[:32], s % Q):
        raise Split(f"the signature verifies: {verifies} on integers, {not verifies} by cryptography")
    require(verifies, "invalid-signature")


def edwards(u: bytes, sign_bit: int) -> Point | None:
    """The Edwards point of a u, with that sign, where there is one."""
    number = int.from_bytes(u, "little") % SIGN % P
    y = (number - 1) * pow(number + 1, P - 2, P) % P  # the inverse of 0 is 0
    point = point_with_even_x(y)
    if point is None or not sign_bit:
        return point
    return (-point[0] % P, point[1], point[2], -point[3] % P)


def _verifies(key: Point, message: bytes, big_r: bytes, s: int) -> bool:
    h = hash_to_scalar(big_r, compress(key), message)
    minus_key = (-key[0] % P, key[1], key[2], -key[3] % P)
    return compress(add(multiply(s, BASE), multiply(h, minus_key))) == big_r


def _verifies_by_cryptography(key: Point, message: bytes, big_r: bytes, s: int) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(compress(key)).verify(big_r + s.to_bytes(32, "little"), message)
    except InvalidSignature:
        return False
    return True


# ---- key derivation ------------------------------------------------------------------------------


def shared_secret(*outputs: bytes) -> bytes:
    """The root key, then the chain key of the chain under the signed prekey (V3-07)."""
    for number, output in enumerate(outputs, 1):
        saw(f"DH{number}", output)
    secret = hkdf(bytes(32), b"\xff" * 32 + b"".join(outputs), "WhisperText", 64)
    saw("SK", secret[:32])
    saw("chain key", secret[32:])
    return secret


def root_step(root_key: bytes, dh: bytes) -> tuple[bytes, bytes]:
    """The next root key, and a chain key (V3-08)."""
    output = hkdf(saw("root key", root_key), dh, "WhisperRatchet", 64)
    return saw("root key", output[:32]), saw("chain key", output[32:])


def chain_step(chain_key: bytes) -> tuple[bytes, bytes]:
    """The next chain key, and a message key (DR-04)."""
    next_key, message_key = hmac_sha256(chain_key, b"\x02"), hmac_sha256(chain_key, b"\x01")
    return saw("chain key", next_key), saw("message key", message_key)


def expand_message_key(message_key: bytes) -> bytes:
    """AES key, MAC key, IV: 80 bytes (V3-09)."""
    return hkdf(bytes(32), message_key, "WhisperMessageKeys", 80)


# ---- encryption ----------------------------------------------------------------------------------


def mac(message_key: bytes, associated_data: bytes, message: bytes) -> bytes:
    """Of a version byte and a protobuf (V3-10)."""
    return hmac_sha256(expand_message_key(message_key)[32:64], associated_data + message)[:MAC_LENGTH]


def _cipher(message_key: bytes) -> Cipher[modes.CBC]:
    keys = expand_message_key(message_key)
    return Cipher(algorithms.AES(keys[:32]), modes.CBC(keys[64:]))


def encrypt(message_key: bytes, plaintext: bytes) -> bytes:
    padder, encryptor = padding.PKCS7(BLOCK).padder(), _cipher(message_key).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def decrypt(message_key: bytes, ciphertext: bytes) -> bytes:
    """After the MAC was compared."""
    decryptor, unpadder = _cipher(message_key).decryptor(), padding.PKCS7(BLOCK).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise Refused("decrypt-failed") from error
