"""What can come of a vector besides an answer."""


class Refused(Exception):
    """The profile asks for a refusal with this code (section 11)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotCovered(Exception):
    """The vector asks for something that this program does not recompute."""


class Split(Exception):
    """Two libraries differ, or more is drawn than the vector carries: there is no answer to compare."""


def require(condition: bool, code: str) -> None:
    if not condition:
        raise Refused(code)


def agreed(what: str, first: bytes, second: bytes) -> bytes:
    """Holds what two libraries say of the same thing against each other."""
    if first != second:
        raise Split(f"{what}: {first.hex()} or {second.hex()}")
    return first
