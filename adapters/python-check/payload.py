"""The payload (profile section 8): Python's json, base64, hmac and datetime, and the rules that they do not have."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import primitives
from identifiers import USER_ID, address
from outcome import Refused, agreed, require

Fields = dict[str, Any]

CODE = "invalid-payload"
CAR_KEY = "digitalwallet.carkey.ccc"
TOKEN = "digitalwallet.generic.authorizationToken"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
MAX_DEPTH = 16
SIZES = (1024, 4096, 16_384, 65_536)
MAX_JSON = SIZES[-1] - 1

# What `content` must hold, by type and format: its name, and whether it is base64 (PAY-08).
REQUIRED = {
    ("provisioningInformation", CAR_KEY): ("keyCreationRequest", True),
    ("provisioningInformation", TOKEN): ("authorizationToken", True),
    ("keySigningRequest", CAR_KEY): ("keySigningRequest", True),
    ("keyImportRequest", CAR_KEY): ("keyImportRequest", True),
    "decline": ("reason", False),
    "cancel": ("reason", False),
}
TYPES = {"provisioningInformation", "keySigningRequest", "keyImportRequest", "provisioned", "decline", "cancel"}
CAR_KEY_ALONE = {"keySigningRequest", "keyImportRequest"}
# What an offer by an invitation has in `tigress`, and how many bytes each is (PAY-15).
INVITED = {"invitation": 16, "accessKey": 32, "mac": 32}
# What they add to the JSON (PAY-11).
INVITED_LENGTH = sum(len(f',"{name}":""') + 4 * -(-size // 3) for name, size in INVITED.items())
BYTES = {"keyCreationRequest", "authorizationToken", "keySigningRequest", "keyImportRequest"}


def required(message_type: str, form: str) -> tuple[str, bool] | None:
    return REQUIRED.get((message_type, form)) or REQUIRED.get(message_type)


# ---- JSON ---------------------------------------------------------------------------------------


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """PAY-04."""
    require(len({name for name, _ in pairs}) == len(pairs), CODE)
    return dict(pairs)


def refuse_constant(_: str) -> Any:
    """`NaN` and `Infinity`, which Python's json would read."""
    raise Refused(CODE)


def finite(text: str) -> float:
    number = float(text)
    require(abs(number) != float("inf"), CODE)
    return number


def whole(text: str) -> int:
    """An integer that a double reaches; Python's own have no bound."""
    finite(text)
    return int(text)


def depth(text: str) -> int:
    """How deep brackets stand in each other, outside of strings (PAY-05)."""
    deepest = now = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        if token.group() in "[{":
            now += 1
            deepest = max(deepest, now)
        elif token.group() in "]}":
            now -= 1
    return deepest


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, part in value.items() for text in [name, *strings(part)]]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return []


def read_json(raw: bytes) -> dict[str, Any]:
    """PAY-01, PAY-04, PAY-05."""
    require(len(raw) <= MAX_JSON, CODE)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(CODE) from None
    require(depth(text) <= MAX_DEPTH, CODE)
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=refuse_constant,
            parse_float=finite,
            parse_int=whole,
        )
    except (ValueError, RecursionError):
        raise Refused(CODE) from None
    require(isinstance(value, dict), CODE)
    # Python reads half a surrogate pair; nothing can write it.
    for one in strings(value):
        require(not any(0xD800 <= ord(character) <= 0xDFFF for character in one), CODE)
    return value


def ordered(value: Any) -> Any:
    """Names in the byte order of their UTF-8, at every level (PAY-13)."""
    if isinstance(value, dict):
        return {name: ordered(value[name]) for name in sorted(value, key=str.encode)}
    if isinstance(value, list):
        return [ordered(part) for part in value]
    return value


# ---- parts --------------------------------------------------------------------------------------


def unpad(plaintext: bytes) -> bytes:
    """PAY-11."""
    require(len(plaintext) in SIZES, CODE)
    text, mark, zeros = plaintext.rpartition(b"\x80")
    require(mark != b"" and not any(zeros), CODE)
    return text


def pad(text: bytes, at_least: int, may_grow_by: int) -> bytes:
    """To a size that also holds what may still be added, as far as the longest does."""
    require(len(text) <= MAX_JSON, CODE)
    counted = min(len(text) + may_grow_by, MAX_JSON)
    size = min(size for size in SIZES if size > max(counted, len(text)) and size >= at_least)
    return text + b"\x80" + bytes(size - len(text) - 1)


def decode_base64(text: str) -> bytes:
    """PAY-09: what is decoded must be what would be encoded."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(CODE) from None
    require(base64.b64encode(data).decode() == text, CODE)
    return data


def read_date(text: str) -> int:
    """PAY-10."""
    require(DATE.fullmatch(text) is not None, CODE)
    try:
        date = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Refused(CODE) from None
    # strptime has a second 60 and 61.
    require(date >= EPOCH and write_date(round((date - EPOCH).total_seconds())) == text, CODE)
    return round((date - EPOCH).total_seconds())


def write_date(seconds: int) -> str:
    try:
        date = EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise Refused(CODE) from None
    return f"{date.year:04}-{date:%m-%dT%H:%M:%S}Z"


def take(source: dict[str, Any], name: str, kind: type) -> Any:
    value = source.pop(name, None)
    require(type(value) is kind, CODE)
    return value


# ---- the payload --------------------------------------------------------------------------------


def read(plaintext: bytes) -> Fields:
    top = read_json(unpad(plaintext))
    form = take(top, "format", str)
    content = take(top, "content", dict)
    tigress = take(top, "tigress", dict)
    require(take(tigress, "version", int) == 1, CODE)
    transfer = take(tigress, "transfer", str)
    require(USER_ID.fullmatch(transfer) is not None, CODE)
    message_type = take(tigress, "type", str)
    require(message_type in TYPES, CODE)
    require(form == CAR_KEY or message_type not in CAR_KEY_ALONE, CODE)
    fields = {"transfer": transfer, "type": message_type, "format": form}
    wanted = required(message_type, form)
    if wanted:
        name, is_base64 = wanted
        text = take(content, name, str)
        if is_base64:
            fields[name] = decode_base64(text).hex()
        else:
            require(len(text.encode()) <= 256, CODE)
            fields[name] = text
    if message_type == "provisioningInformation":
        fields["expires"] = read_date(take(tigress, "expires", str))
        fields |= invited(tigress)
    return fields | {"unknownContent": content, "unknownTop": top}


def invited(tigress: dict[str, Any]) -> Fields:
    """PAY-15."""
    there = [name for name in INVITED if name in tigress]
    require(len(there) in (0, len(INVITED)), CODE)
    said = {}
    for name in there:
        data = decode_base64(take(tigress, name, str))
        require(len(data) == INVITED[name], CODE)
        said[name] = data.hex()
    said.pop("mac", None)
    return said


# ---- offers by an invitation ---------------------------------------------------------------------


def parties(sender: Fields, receiver: Fields) -> bytes:
    """What the MAC covers of who offers to whom (PAY-14)."""
    keys = [bytes.fromhex(party["identityKey"]) for party in (sender, receiver)]
    for key in keys:
        primitives.decode_public_key(key)
    fingerprint = hashlib.sha256(keys[1]).digest()
    return address(sender["address"]) + keys[0] + address(receiver["address"]) + fingerprint


def mac_of(key: bytes, covered: bytes) -> bytes:
    return primitives.hmac_sha256(key, b"TigressSignal/1 Offer" + covered)


def check_offer(plaintext: bytes, key: bytes, sender: Fields, receiver: Fields) -> None:
    """PAY-14."""
    require("invitation" in read(plaintext), "invalid-invitation")
    who = parties(sender, receiver)
    text = unpad(plaintext)
    mac = json.loads(text)["tigress"]["mac"].encode()
    require(text.count(mac) == 1, "invalid-invitation")
    ours = mac_of(key, who + text.replace(mac, b""))
    require(hmac.compare_digest(base64.b64encode(ours), mac), "invalid-invitation")


def write_offer(fields: Fields, key: bytes, sender: Fields, receiver: Fields) -> bytes:
    """PAY-13, PAY-14."""
    who = parties(sender, receiver)
    require("invitation" in fields and "accessKey" in fields, CODE)
    bare = written(fields, "")
    text = written(fields, base64.b64encode(mac_of(key, who + bare)).decode())
    plaintext = pad(text, 0, 0)
    check_offer(plaintext, key, sender, receiver)
    return checked(plaintext, fields)


def write(fields: Fields) -> bytes:
    """PAY-13."""
    require(not {"invitation", "accessKey"} & fields.keys(), CODE)
    may_grow_by = INVITED_LENGTH if fields["type"] == "provisioningInformation" else 0
    return checked(pad(written(fields, None), fields.get("atLeast", 0), may_grow_by), fields)


def written(fields: Fields, mac: str | None) -> bytes:
    """The JSON; with a MAC where it is by an invitation."""
    message_type, form = fields["type"], fields["format"]
    content: Fields = {}
    wanted = required(message_type, form)
    if wanted:
        name, is_base64 = wanted
        require(fields.get(name) is not None, CODE)
        content[name] = base64.b64encode(bytes.fromhex(fields[name])).decode() if is_base64 else fields[name]
    given = {name for name in BYTES if fields.get(name) is not None}
    require(given <= set(content), CODE)  # PAY-08: another type's or format's
    tigress = {"version": 1, "transfer": fields["transfer"], "type": message_type}
    if message_type == "provisioningInformation":
        require(fields.get("expires") is not None, CODE)
        tigress["expires"] = write_date(fields["expires"])
    if mac is not None:
        for name in ("invitation", "accessKey"):
            tigress[name] = base64.b64encode(bytes.fromhex(fields[name])).decode()
        tigress["mac"] = mac
    top: Fields = {"format": form, "content": content, "tigress": tigress}
    for known, unknown in ((content, fields["unknownContent"]), (top, fields["unknownTop"])):
        require(not known.keys() & unknown.keys(), CODE)
        known |= ordered(unknown)
    # Python's json also escapes nothing but what it must, U+007F left as it is.
    return json.dumps(top, ensure_ascii=False, separators=(",", ":")).encode()


def checked(plaintext: bytes, fields: Fields) -> bytes:
    again = read(plaintext)  # what a receiver would refuse is not written
    agreed("decode(encode(p))", json.dumps(again, sort_keys=True).encode(), expected(fields))
    return plaintext


def expected(fields: Fields) -> bytes:
    names = {"transfer", "type", "format", "expires", "reason", "unknownContent", "unknownTop", *BYTES, *INVITED}
    return json.dumps({name: fields[name] for name in names & fields.keys()}, sort_keys=True).encode()
