"""X3DH on the package X3DH (profile section 3).

The package does the agreement, the associated data and the drawing of keys. Which key an id means, and all
refusals but one, are ours: the package knows neither ids nor codes.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import x3dh
from identifiers import address, pre_key_id, registration_id, suite_names
from outcome import Split, agreed, require
from primitives import (
    decode_public_key,
    diffie_hellman,
    encode_public_key,
    hkdf,
    public_key,
    xeddsa_sign,
    xeddsa_verify,
)
from randomness import SCRIPT, scripted
from seen import saw
from x3dh.identity_key_pair import IdentityKeyPairPriv
from x3dh.types import SecretType

T = TypeVar("T")
_loop = asyncio.new_event_loop()


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    """The libraries are asynchronous; nothing here is."""
    return _loop.run_until_complete(coroutine)


class Party(x3dh.BaseState):
    """A party of the package, with the profile's encoding of keys (KEY-01)."""

    @staticmethod
    def _encode_public_key(key_format: x3dh.IdentityKeyFormat, pub: bytes) -> bytes:
        return encode_public_key(pub)


# What every device here speaks.
SUITES = ["tigress-1"]

SETTINGS = (x3dh.IdentityKeyFormat.CURVE_25519, x3dh.HashFunction.SHA_256, b"TigressSignal/1 X3DH")


@dataclass(frozen=True)
class SignedPreKey:
    private: bytes
    signature: bytes
    created: int
    # The statement's signature (KEY-09).
    statement: bytes


def stated(where: bytes, registration: int, number: int, key: bytes, created: int, suites: list[str]) -> bytes:
    """What a statement covers (KEY-09)."""
    names = b"".join(bytes([len(name)]) + name.encode() for name in suites)
    integers = registration.to_bytes(4, "big") + number.to_bytes(4, "big")
    return (
        b"TigressSignal/1 Statement"
        + where
        + integers
        + encode_public_key(key)
        + created.to_bytes(8, "big")
        + names
    )


def party(identity: bytes, signed: SignedPreKey, one_time: bytes | None) -> Party:
    return Party.from_model(
        x3dh.BaseStateModel(
            identity_key=x3dh.IdentityKeyPairModel(secret=identity, secret_type=SecretType.PRIV),
            signed_pre_key=x3dh.SignedPreKeyPairModel(
                priv=signed.private, sig=signed.signature, timestamp=signed.created
            ),
            old_signed_pre_key=None,
            pre_keys=frozenset() if one_time is None else frozenset({one_time}),
        ),
        *SETTINGS,
    )


def draw_device(
    where: bytes, one_time_pre_keys: int, now: int
) -> tuple[bytes, int, SignedPreKey, list[bytes]]:
    """Identity key, registration id, signed prekey, one-time prekeys, drawn in this order (RND-01)."""
    identity = SCRIPT.take(32)
    number = 0
    while not 1 <= number <= 16380:
        number = int.from_bytes(SCRIPT.take(2), "big") & 0x3FFF
    with scripted():
        made = Party.create(*SETTINGS, identity_key_pair=IdentityKeyPairPriv(identity))
        signed = _signed_pre_key(made, where, number, 1, now)
        one_time: list[bytes] = []
        for _ in range(one_time_pre_keys):
            # The package keeps a set: one at a time, to know their order.
            before = made.model.pre_keys
            made.generate_pre_keys(1)
            one_time += made.model.pre_keys - before
    return identity, number, signed, one_time


def draw_signed_pre_key(
    identity: bytes, current: SignedPreKey, where: bytes, registration: int, number: int, now: int
) -> SignedPreKey:
    """A new signed prekey (KEY-07 to KEY-09)."""
    made = party(identity, current, None)
    with scripted():
        made.rotate_signed_pre_key()
    return _signed_pre_key(made, where, registration, number, now)


def _signed_pre_key(made: Party, where: bytes, registration: int, number: int, now: int) -> SignedPreKey:
    key = made.model.signed_pre_key
    encoded = encode_public_key(public_key(key.priv))
    xeddsa_verify(made.bundle.identity_key, encoded, key.sig)
    covered = stated(where, registration, number, public_key(key.priv), now, SUITES)
    statement = xeddsa_sign(made.model.identity_key.secret, covered, SCRIPT.take(64))
    return SignedPreKey(key.priv, key.sig, now, statement)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose fields have been checked (X3DH-01, X3DH-02)."""

    address: bytes
    registration_id: int
    identity_key: bytes  # u
    signed_pre_key_id: int
    signed_pre_key: bytes  # u
    signature: bytes
    created: int
    one_time_pre_key_id: int | None
    one_time_pre_key: bytes | None  # u


def read_bundle(fields: dict[str, Any]) -> Bundle:
    """Suites, identifiers, then keys, then the signatures."""
    stated_by = ("suites", "created", "statementSignature")
    require(all(fields.get(name) is not None for name in stated_by), "malformed")  # X3DH-01
    suites = suite_names(fields["suites"])
    require(any(name in suites for name in SUITES), "unsupported-version")  # KEY-11
    one_time_id, one_time = fields.get("oneTimePreKeyId"), fields.get("oneTimePreKey")
    require((one_time_id is None) == (one_time is None), "malformed")
    where = address(fields)
    registration_id(fields["registrationId"])
    pre_key_id(fields["signedPreKeyId"])
    if one_time_id is not None:
        pre_key_id(one_time_id)
    bundle = Bundle(
        where,
        fields["registrationId"],
        decode_public_key(bytes.fromhex(fields["identityKey"])),
        fields["signedPreKeyId"],
        decode_public_key(bytes.fromhex(fields["signedPreKey"])),
        bytes.fromhex(fields["signedPreKeySignature"]),
        fields["created"],
        one_time_id,
        None if one_time is None else decode_public_key(bytes.fromhex(one_time)),
    )
    xeddsa_verify(bundle.identity_key, encode_public_key(bundle.signed_pre_key), bundle.signature)
    covered = stated(
        where,
        bundle.registration_id,
        bundle.signed_pre_key_id,
        bundle.signed_pre_key,
        bundle.created,
        suites,
    )
    xeddsa_verify(bundle.identity_key, covered, bytes.fromhex(fields["statementSignature"]))  # KEY-10
    return bundle


def shared_secret(*outputs: bytes) -> bytes:
    """SK from DH1 to DH3 or DH4 (X3DH-04)."""
    for number, output in enumerate(outputs, 1):
        saw(f"DH{number}", output)
    secret = hkdf(bytes(32), b"\xff" * 32 + b"".join(outputs), "TigressSignal/1 X3DH", 32)
    return saw("SK", secret)


def initiate(identity: bytes, own_address: bytes, bundle: Bundle) -> tuple[bytes, bytes, bytes]:
    """SK, AD and the base key of A (X3DH-03 to X3DH-05). Draws the ephemeral key."""
    ephemeral = saw("ephemeral private key", SCRIPT.peek(32))
    # A party of the package has a signed prekey; as initiator it does not use it.
    own = party(identity, SignedPreKey(identity, bytes(64), 0, bytes(64)), None)
    others = x3dh.Bundle(
        bundle.identity_key,
        bundle.signed_pre_key,
        bundle.signature,
        frozenset() if bundle.one_time_pre_key is None else frozenset({bundle.one_time_pre_key}),
    )
    appendix = own_address + bundle.address
    with scripted():
        try:
            agreement = own.get_shared_secret_active(others, appendix, require_pre_key=False)
            secret, associated_data, header = done(agreement)
        except x3dh.KeyAgreementException as error:
            raise Split(f"the package X3DH refuses a bundle that verifies here: {error}") from error
    keys = [
        diffie_hellman(identity, bundle.signed_pre_key),
        diffie_hellman(ephemeral, bundle.identity_key),
        diffie_hellman(ephemeral, bundle.signed_pre_key),
    ]
    if bundle.one_time_pre_key is not None:
        keys.append(diffie_hellman(ephemeral, bundle.one_time_pre_key))
    agreed("SK", secret, shared_secret(*keys))
    agreed("the base key", header.ephemeral_key, public_key(ephemeral))
    return secret, associated_data, header.ephemeral_key


def respond(
    identity: bytes,
    own_address: bytes,
    signed: SignedPreKey,
    one_time: bytes | None,
    sender: bytes,
    identity_key: bytes,
    base_key: bytes,
) -> tuple[bytes, bytes]:
    """SK and AD of B (X3DH-03 to X3DH-05, X3DH-12)."""
    header = x3dh.Header(
        identity_key,
        base_key,
        public_key(signed.private),
        None if one_time is None else public_key(one_time),
    )
    own = party(identity, signed, one_time)
    agreement = own.get_shared_secret_passive(header, sender + own_address, require_pre_key=False)
    secret, associated_data, _ = done(agreement)
    keys = [
        diffie_hellman(signed.private, identity_key),
        diffie_hellman(identity, base_key),
        diffie_hellman(signed.private, base_key),
    ]
    if one_time is not None:
        keys.append(diffie_hellman(one_time, base_key))
    agreed("SK", secret, shared_secret(*keys))
    return secret, associated_data
