"""The car-key stand-in (PAY-12), on Ed25519 of cryptography."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from outcome import Refused, require
from primitives import D, P, Q, SQRT_MINUS_1

CODE = "attestation-invalid"
Point = tuple[int, int]


def point(encoded: bytes) -> Point | None:
    """RFC 8032 section 5.1.3."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x % 2 != sign else x, y)


def doubled(x: int, y: int) -> Point:
    product = D * x * x * y * y % P
    return (
        2 * x * y * pow(1 + product, -1, P) % P,
        (y * y + x * x) * pow(1 - product, -1, P) % P,
    )


def has_small_order(encoded: bytes) -> bool:
    """Whether eight times the point is the neutral one, or there is no such point."""
    found = point(encoded)
    for _ in range(3):
        if found is not None:
            found = doubled(*found)
    return found in (None, (0, 1))


def private_key(private: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(private)


def covered(label: str, transfer: str, key: bytes) -> bytes:
    return label.encode() + bytes.fromhex(transfer.replace("-", "")) + key


def creation_request(private: bytes) -> bytes:
    return private_key(private).public_key().public_bytes_raw()


def check_creation_request(request: bytes) -> bytes:
    require(len(request) == 32 and point(request) is not None, "invalid-key")
    return request


def signed(private: bytes, message: bytes) -> bytes:
    return creation_request(private) + private_key(private).sign(message)


def signing_request(transfer: str, private: bytes) -> bytes:
    return signed(private, covered("tigress ksr", transfer, creation_request(private)))


def import_request(transfer: str, owner: bytes, receiver: bytes) -> bytes:
    return signed(owner, covered("tigress kir", transfer, receiver))


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    require(int.from_bytes(signature[32:], "little") < Q, CODE)
    require(not has_small_order(key) and not has_small_order(signature[:32]), CODE)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Refused(CODE) from None


def check_signing_request(transfer: str, request: bytes) -> bytes:
    require(len(request) == 96, CODE)
    key = request[:32]
    verify(key, request[32:], covered("tigress ksr", transfer, key))
    return key


def check_import_request(transfer: str, owner: bytes, receiver: bytes, request: bytes) -> None:
    require(len(request) == 96 and request[:32] == owner, CODE)
    verify(owner, request[32:], covered("tigress kir", transfer, receiver))
