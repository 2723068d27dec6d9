"""The libraries as they are.

The modules of ../python-check put a layer around the packages, so that what comes out is right in every case.
Here that layer is taken away again where a package has a behaviour of its own: what the profile asks of keys,
signatures and sessions is left to the packages, and what they make of it is what the harness sees. Reading and
writing messages, ids, and which keys and sessions a device holds stay: no package does that.

Import this module before any other one of ../python-check.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python-check"))

import primitives  # noqa: E402
import xeddsa  # noqa: E402
from outcome import require  # noqa: E402

_sign = xeddsa.ed25519_priv_sign


def decode_public_key(encoded: bytes) -> bytes:
    """The type byte and the length are the wire's (KEY-01, KEY-02); what u is, the packages are to say."""
    require(len(encoded) == 33 and encoded[0] == 5, "invalid-key")
    return encoded[1:]


def xeddsa_sign(private: bytes, message: bytes, z: bytes) -> bytes:
    return _sign(xeddsa.priv_force_sign(private, False), message, z)


def xeddsa_verify(u: bytes, message: bytes, signature: bytes) -> None:
    key = xeddsa.curve25519_pub_to_ed25519_pub(u, False)
    require(xeddsa.ed25519_verify(signature, key, message), "invalid-signature")


# Before the other modules take these names over.
primitives.decode_public_key = decode_public_key
primitives.public_key = xeddsa.priv_to_curve25519_pub
primitives.xeddsa_sign = xeddsa_sign
primitives.xeddsa_verify = xeddsa_verify

import agreement  # noqa: E402
import ratchet  # noqa: E402
from randomness import SCRIPT  # noqa: E402
from wire import RatchetMessage, read_ratchet_message  # noqa: E402


@contextlib.contextmanager
def scripted() -> Iterator[None]:
    """Within, the package X3DH draws from what the harness hands in; it signs as it always does."""

    def sign(private: bytes, message: bytes) -> bytes:
        return _sign(private, message, SCRIPT.take(64))

    with mock.patch("secrets.token_bytes", SCRIPT.take), mock.patch("xeddsa.ed25519_priv_sign", sign):
        yield


agreement.scripted = scripted


def check_size(message: RatchetMessage, _own_ratchet_key: bytes) -> None:
    """How long a ciphertext may be is the wire's (DR-22)."""
    require(len(message.ciphertext) <= ratchet.MAX_PLAINTEXT + ratchet.TAG_LENGTH, "too-large")


def decrypt(session: ratchet.Session, bytes_of_message: bytes) -> bytes:
    """The package alone decides what becomes of a message."""
    message = read_ratchet_message(bytes_of_message)
    check_size(message, b"")
    current = session.ratchet.model.diffie_hellman_ratchet.other_ratchet_pub
    reached = session.ratchet.receiving_chain_length
    if message.ratchet_key == current and reached is not None and message.counter - reached <= ratchet.MAX_SKIP:
        # The package counts without end; a message has four bytes for it (DR-18).
        require(message.counter < ratchet.MAX_COUNTER, "counter-exhausted")
    try:
        return agreement.done(session.ratchet.decrypt_message(ratchet.encrypted(message), session.associated_data))
    except tuple(ratchet.REFUSALS) as error:
        raise ratchet.Refused(ratchet.REFUSALS[type(error)]) from error


ratchet.check_before_any_key = check_size
ratchet.Session.decrypt = decrypt
