"""The invitation (INV-01 to INV-06), as one regular expression and one layout of 72 bytes."""

import base64
import hashlib
import re
import struct
from typing import Any

import primitives
from identifiers import USER_ID, address
from outcome import require
from randomness import SCRIPT

Fields = dict[str, Any]

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
LAST_LABEL = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?P<name>(?:{LABEL}\.)*{LAST_LABEL})(?::(?P<port>[1-9][0-9]{{0,4}}))?")
LINK = re.compile(
    rf"https://(?P<host>[^/]*)/v1/i/(?P<user>{USER_ID.pattern})/(?P<device>[1-9][0-9]{{0,2}})"
    r"(?:\?v=(?P<vertical>[ahc]))?#(?P<fragment>[A-Za-z0-9_-]{96})"
)
FRAGMENT = struct.Struct(">32s16s16sQ")  # fingerprint, id, secret, expiry
LAST = 253_402_300_799  # the last second of the year 9999

DAY = 86_400
USUAL_LIFETIME, LONGEST_LIFETIME = 7 * DAY, 30 * DAY
FURTHEST_AHEAD, GRACE = 32 * DAY, 31 * DAY


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
    fragment = base64.urlsafe_b64decode(match["fragment"])
    fingerprint, number, secret, expires = FRAGMENT.unpack(fragment)
    require(expires <= LAST, "malformed")
    vertical = match["vertical"] or "a"
    return {
        "host": match["host"],
        "address": device,
        "vertical": vertical,
        "fingerprint": fingerprint.hex(),
        "id": number.hex(),
        "secret": secret.hex(),
        "expires": expires,
        "accessKey": derived(secret, "TigressSignal/1 Access"),
        "offerKey": derived(secret, "TigressSignal/1 Offer"),
        "requestUrl": request_url(match["host"], device, vertical),
    }


def derived(secret: bytes, label: str) -> str:
    """INV-06."""
    return primitives.hkdf(bytes(32), secret, label, 32).hex()


def fingerprint_of(key: bytes) -> bytes:
    primitives.decode_public_key(key)
    return hashlib.sha256(key).digest()


def write(host: str, device: Fields, vertical: str, key: bytes, now: int, lifetime: int | None) -> str:
    check_host(host)
    address(device)
    fingerprint = fingerprint_of(key)
    lifetime = USUAL_LIFETIME if lifetime is None else lifetime
    require(1 <= lifetime <= LONGEST_LIFETIME and now + lifetime <= LAST, "invalid-state")
    fragment = FRAGMENT.pack(fingerprint, SCRIPT.take(16), SCRIPT.take(16), now + lifetime)
    return f"{request_url(host, device, vertical)}#{to_base64(fragment)}"


def check(link: str, key: bytes) -> None:
    fingerprint = read(link)["fingerprint"]
    require(fingerprint_of(key).hex() == fingerprint, "untrusted-identity")


def take(link: str, now: int) -> None:
    """INV-05, whoever offers."""
    expires = read(link)["expires"]
    require(now < expires <= now + FURTHEST_AHEAD, "invalid-invitation")


def honour(link: str, now: int) -> None:
    """INV-05, whoever made it."""
    require(now < read(link)["expires"] + GRACE, "invalid-invitation")
