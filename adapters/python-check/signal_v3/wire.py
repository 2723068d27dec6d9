"""The two messages as deployed libraries write them: a lenient reader, and a writer of one form (V3-01, V3-15 to V3-17)."""

from dataclasses import dataclass

from outcome import require
from primitives import encode_public_key
from wire import BYTES, FIXED32, FIXED64, PRE_KEY_FIELDS, RATCHET_FIELDS, VARINT, PreKeyMessage, Reader, write_varint

from signal_v3.identifiers import pre_key_id
from signal_v3.keys import MAC_LENGTH, decode_public_key

VERSION = 0x33
MAX_RATCHET_MESSAGE = 66_560
MAX_PRE_KEY_MESSAGE = 67_584
LEAST_CIPHERTEXT = 16


@dataclass(frozen=True)
class RatchetMessage:
    ratchet_key: bytes  # u
    counter: int
    previous_counter: int
    ciphertext: bytes
    mac: bytes
    # What the MAC covers beside the identity keys: the version byte as it was received, and the protobuf.
    covered: bytes


def read_fields(data: bytes, known: dict[int, int]) -> dict[int, int | bytes]:
    """The last of each known field (V3-16)."""
    reader = Reader(data)
    fields: dict[int, int | bytes] = {}
    while reader.at < len(data):
        tag, _ = reader.varint(2**32 - 1)
        number, wire_type = tag >> 3, tag & 7
        require(number != 0 and wire_type in (VARINT, FIXED64, BYTES, FIXED32), "malformed")
        require(known.get(number, wire_type) == wire_type, "malformed")
        value: int | bytes
        if wire_type == VARINT:
            value = reader.varint(2**64 - 1)[0] % 2**32
        elif wire_type == BYTES:
            value = reader.take(reader.varint(2**64 - 1)[0])
        else:
            value = reader.take(8 if wire_type == FIXED64 else 4)
        if number in known:
            fields[number] = value
    return fields


def body(message: bytes, limit: int) -> bytes:
    """What follows the version byte."""
    require(len(message) > 0, "malformed")
    require(len(message) <= limit, "too-large")
    require(message[0] >> 4 == 3, "unsupported-version")
    return message[1:]


def read_ratchet_message(message: bytes) -> RatchetMessage:
    data = body(message, MAX_RATCHET_MESSAGE)
    require(len(data) >= MAC_LENGTH, "malformed")
    fields = read_fields(data[:-MAC_LENGTH], RATCHET_FIELDS)
    require(fields.keys() >= {1, 2, 4}, "malformed")
    key, counter, previous, ciphertext = (fields.get(number, 0) for number in range(1, 5))
    assert isinstance(key, bytes) and isinstance(ciphertext, bytes)
    assert isinstance(counter, int) and isinstance(previous, int)
    require(len(ciphertext) >= LEAST_CIPHERTEXT, "malformed")  # WIRE-07
    mac, covered = message[-MAC_LENGTH:], message[:-MAC_LENGTH]
    return RatchetMessage(decode_public_key(key), counter, previous, ciphertext, mac, covered)


def read_pre_key_message(message: bytes) -> PreKeyMessage:
    fields = read_fields(body(message, MAX_PRE_KEY_MESSAGE), PRE_KEY_FIELDS)
    require(fields.keys() >= {2, 3, 4, 6}, "malformed")
    one_time = fields.get(1)
    base_key, identity_key, inner, registration, signed = (fields.get(number, 0) for number in range(2, 7))
    assert isinstance(base_key, bytes) and isinstance(identity_key, bytes) and isinstance(inner, bytes)
    assert isinstance(registration, int) and isinstance(signed, int) and not isinstance(one_time, bytes)
    if one_time is not None:
        pre_key_id(one_time)
    pre_key_id(signed)
    keys = decode_public_key(base_key), decode_public_key(identity_key)
    read_ratchet_message(inner)
    return PreKeyMessage(one_time, *keys, inner, registration, signed)


def write_fields(fields: dict[int, int | bytes | None]) -> bytes:
    written = bytes([VERSION])
    for number, value in sorted(fields.items()):
        if isinstance(value, bytes):
            written += write_varint(number << 3 | BYTES) + write_varint(len(value)) + value
        elif value is not None:
            written += write_varint(number << 3 | VARINT) + write_varint(value)
    return written


def covered(ratchet_key: bytes, counter: int, previous_counter: int, ciphertext: bytes) -> bytes:
    """A ratchet message but for its MAC."""
    return write_fields(
        {1: encode_public_key(ratchet_key), 2: counter, 3: previous_counter, 4: ciphertext}
    )


def write_pre_key_message(message: PreKeyMessage) -> bytes:
    return write_fields(
        {
            1: message.pre_key_id,
            2: encode_public_key(message.base_key),
            3: encode_public_key(message.identity_key),
            4: message.message,
            5: message.registration_id,
            6: message.signed_pre_key_id,
        }
    )
