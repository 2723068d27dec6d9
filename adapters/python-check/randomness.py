"""The randomness that a vector carries, in the order of RND-01."""

import contextlib
from collections.abc import Iterator
from unittest import mock

from outcome import Split
from primitives import package_sign


class Script:
    """Hands out given bytes, in order."""

    def __init__(self) -> None:
        self._bytes = b""

    def load(self, data: bytes) -> None:
        self._bytes = data

    def peek(self, length: int) -> bytes:
        if length > len(self._bytes):
            raise Split(f"{length} bytes are drawn, {len(self._bytes)} are left of the vector's randomness")
        return self._bytes[:length]

    def take(self, length: int) -> bytes:
        taken = self.peek(length)
        self._bytes = self._bytes[length:]
        return taken

    def rest(self) -> bytes:
        return self._bytes

    def left(self) -> int:
        return len(self._bytes)


# The libraries draw from functions without parameters, so there is one script for all.
SCRIPT = Script()


def _sign(private: bytes, message: bytes) -> bytes:
    return package_sign(private, message, SCRIPT.take(64))


@contextlib.contextmanager
def scripted() -> Iterator[None]:
    """Within, the package X3DH draws from the script, for keys and for signatures."""
    with mock.patch("secrets.token_bytes", SCRIPT.take), mock.patch("xeddsa.ed25519_priv_sign", _sign):
        yield
