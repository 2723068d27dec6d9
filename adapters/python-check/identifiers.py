"""UserID, DeviceID, address, registration id, prekey id (profile section 1)."""

import re
from typing import Any

from outcome import require

# ID-01: lower case, version 4, the variant of RFC 9562.
USER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def address(fields: dict[str, Any]) -> bytes:
    """The encoding of an address: 17 bytes (ID-05)."""
    require(USER_ID.fullmatch(fields["userId"]) is not None, "malformed")
    require(1 <= fields["deviceId"] <= 127, "malformed")
    return bytes.fromhex(fields["userId"].replace("-", "")) + bytes([fields["deviceId"]])


def address_fields(encoded: bytes) -> dict[str, Any]:
    digits = encoded[:16].hex()
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return {"userId": "-".join(parts), "deviceId": encoded[16]}


def registration_id(number: int) -> int:
    require(1 <= number <= 16380, "malformed")  # ID-04
    return number


def pre_key_id(number: int) -> int:
    require(1 <= number <= 2**24 - 1, "malformed")  # ID-06
    return number


def suite_names(names: list[str]) -> list[str]:
    """X3DH-01."""
    visible = all(1 <= len(name) <= 32 and all("!" <= sign <= "~" for sign in name) for name in names)
    require(1 <= len(names) <= 16 and visible and len(set(names)) == len(names), "malformed")
    return names
