"""Which secrets came up while a vector was recomputed, and as what.

A vector that says "this key must be gone" is worth something only if its bytes are that key.
"""

_SEEN: dict[bytes, set[str]] = {}


def forget() -> None:
    _SEEN.clear()


def saw(kind: str, secret: bytes) -> bytes:
    _SEEN.setdefault(secret, set()).add(kind)
    return secret


def of_kind(kind: str) -> set[bytes]:
    return {secret for secret, kinds in _SEEN.items() if kind in kinds}
