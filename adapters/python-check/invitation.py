"""The invitation (INV-01 to INV-04), as one regular expression."""

import base64
import hashlib
import re
from typing import Any

import primitives
from identifiers import USER_ID, address
from outcome import require

Fields = dict[str, Any]

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
LAST_LABEL = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?P<name>(?:{LABEL}\.)*{LAST_LABEL})(?::(?P<port>[1-9][0-9]{{0,4}}))?")
LINK = re.compile(
    rf"https://(?P<host>[^/]*)/v1/i/(?P<user>{USER_ID.pattern})/(?P<device>[1-9][0-9]{{0,2}})"
    r"(?:\?v=(?P<vertical>[ahc]))?#(?P<fingerprint>[A-Za-z0-9_-]{43})"
)


def check_host(host: str) -> None:
    match = HOST.fullmatch(host)
    require(match is not None and len(match["name"]) <= 253, "malformed")
    require(match["port"] is None or (int(match["port"]) < 65536 and match["port"] != "443"), "malformed")


def to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def request_url(host: str, device: Fields, vertical: str) -> str:
    return f"https://{host}/v1/i/{device['userId']}/{device['deviceId']}?v={vertical}"


def read(link: str) -> Fields:
    match = LINK.fullmatch(link)
    require(match is not None, "malformed")
    check_host(match["host"])
    device = {"userId": match["user"], "deviceId": int(match["device"])}
    address(device)
    fingerprint = base64.urlsafe_b64decode(match["fingerprint"] + "=")
    require(to_base64(fingerprint) == match["fingerprint"], "malformed")
    vertical = match["vertical"] or "a"
    return {
        "host": match["host"],
        "address": device,
        "vertical": vertical,
        "fingerprint": fingerprint.hex(),
        "requestUrl": request_url(match["host"], device, vertical),
    }


def fingerprint_of(key: bytes) -> bytes:
    primitives.decode_public_key(key)
    return hashlib.sha256(key).digest()


def write(host: str, device: Fields, vertical: str, key: bytes) -> str:
    check_host(host)
    address(device)
    return f"{request_url(host, device, vertical)}#{to_base64(fingerprint_of(key))}"


def check(link: str, key: bytes) -> None:
    fingerprint = read(link)["fingerprint"]
    require(fingerprint_of(key).hex() == fingerprint, "untrusted-identity")
