"""Users, devices and ids (V3-02)."""

from typing import Any

from outcome import require

Address = tuple[str, int]


def address(fields: dict[str, Any]) -> Address:
    """A user's name is 1 to 64 bytes of UTF-8 without control characters."""
    name, device = fields["userId"], fields["deviceId"]
    control = any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in name)
    require(1 <= len(name.encode()) <= 64 and not control, "malformed")
    require(0 <= device < 2**31, "malformed")
    return name, device


def registration_id(number: int) -> int:
    """Nobody has authenticated it: any of 32 bits."""
    require(0 <= number < 2**32, "malformed")
    return number


def pre_key_id(number: int) -> int:
    require(0 <= number < 2**24, "malformed")
    return number
