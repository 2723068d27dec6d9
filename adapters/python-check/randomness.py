"""The randomness that a vector carries, in the order of RND-01."""

import contextlib
from collections.abc import Iterator
from unittest import mock

from outcome import Split


class Script:
    """Hands out given bytes, in order."""

    def __init__(self) -> None:
        self._bytes = b""

    def load(self, data: bytes) -> None:
        self._bytes = data

    def take(self, length: int) -> bytes:
        if length > len(self._bytes):
            raise Split(f"{length} bytes are drawn, {len(self._bytes)} are left of the vector's randomness")
        taken, self._bytes = self._bytes[:length], self._bytes[length:]
        return taken

    def left(self) -> int:
        return len(self._bytes)


# The libraries draw from functions without parameters, so there is one script for all.
SCRIPT = Script()


@contextlib.contextmanager
def scripted() -> Iterator[None]:
    """The packages X3DH and XEdDSA draw from the script within."""
    with mock.patch("secrets.token_bytes", SCRIPT.take):
        yield
