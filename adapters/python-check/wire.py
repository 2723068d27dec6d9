"""The two messages (profile section 5): a strict reader and a writer of their own.

Which code a message gets: its size, then its version, then its fields in the order of their bytes. Within a
field `malformed` (it cannot be read) goes before `non-canonical` (it can, but must not stand there). Then
what is missing, the ranges, and the keys last.
"""

from dataclasses import dataclass

from identifiers import pre_key_id, registration_id
from outcome import Refused, require
from primitives import VERSION, decode_public_key, encode_public_key

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = 0, 1, 2, 3, 4, 5

MAX_RATCHET_MESSAGE = 65_604
MAX_PRE_KEY_MESSAGE = 65_692
TAG_LENGTH = 16

# Field number to wire type.
RATCHET_FIELDS = {1: BYTES, 2: VARINT, 3: VARINT, 4: BYTES}
PRE_KEY_FIELDS = {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: VARINT}


@dataclass(frozen=True)
class RatchetMessage:
    ratchet_key: bytes  # u
    counter: int
    previous_counter: int
    ciphertext: bytes


@dataclass(frozen=True)
class PreKeyMessage:
    pre_key_id: int | None
    base_key: bytes  # u
    identity_key: bytes  # u
    message: bytes  # a ratchet message that can be read
    registration_id: int
    signed_pre_key_id: int


class Reader:
    """Reads at a place that only moves forward."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        require(length <= len(self.data) - self.at, "malformed")  # WIRE-05
        self.at += length
        return self.data[self.at - length : self.at]

    def varint(self, limit: int) -> tuple[int, bool]:
        """A number up to `limit`, and whether it is in its shortest form."""
        number = 0
        for place in range(10):  # WIRE-04
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                require(number <= limit, "malformed")
                return number, place == 0 or byte != 0
        raise Refused("malformed")


def read_fields(data: bytes, known: dict[int, int]) -> tuple[dict[int, int], dict[int, bytes]]:
    """The numbers and the byte strings of a message, by field, in rising order, each at most once (WIRE-03)."""
    reader = Reader(data)
    numbers: dict[int, int] = {}
    strings: dict[int, bytes] = {}
    last = 0
    while reader.at < len(data):
        tag, shortest = reader.varint(2**32 - 1)
        number, wire_type = tag >> 3, tag & 7
        require(number != 0 and wire_type <= FIXED32, "malformed")
        require(known.get(number, wire_type) == wire_type, "malformed")  # WIRE-09
        if wire_type == VARINT:
            numbers[number], short_value = reader.varint(2**32 - 1 if number in known else 2**64 - 1)
            shortest = shortest and short_value
        elif wire_type == BYTES:
            length, short_length = reader.varint(2**64 - 1)
            shortest = shortest and short_length
            strings[number] = reader.take(length)
        elif wire_type in (FIXED64, FIXED32):
            reader.take(8 if wire_type == FIXED64 else 4)
        require(shortest and number in known and number > last, "non-canonical")
        last = number
    return numbers, strings


def body(message: bytes, limit: int) -> bytes:
    """What follows the version byte."""
    require(len(message) <= limit, "too-large")  # WIRE-08
    require(len(message) > 0, "malformed")  # WIRE-05
    require(message[0] == VERSION, "unsupported-version")  # WIRE-01
    return message[1:]


def read_ratchet_message(message: bytes) -> RatchetMessage:
    numbers, strings = read_fields(body(message, MAX_RATCHET_MESSAGE), RATCHET_FIELDS)
    require(strings.keys() | numbers.keys() == {1, 2, 3, 4}, "malformed")  # WIRE-02
    require(len(strings[4]) >= TAG_LENGTH, "malformed")  # WIRE-07
    return RatchetMessage(decode_public_key(strings[1]), numbers[2], numbers[3], strings[4])


def read_pre_key_message(message: bytes) -> PreKeyMessage:
    numbers, strings = read_fields(body(message, MAX_PRE_KEY_MESSAGE), PRE_KEY_FIELDS)
    require(strings.keys() | numbers.keys() | {1} == {1, 2, 3, 4, 5, 6}, "malformed")  # WIRE-02
    one_time = pre_key_id(numbers[1]) if 1 in numbers else None
    registration, signed = registration_id(numbers[5]), pre_key_id(numbers[6])
    base_key, identity_key = decode_public_key(strings[2]), decode_public_key(strings[3])
    read_ratchet_message(strings[4])
    return PreKeyMessage(one_time, base_key, identity_key, strings[4], registration, signed)


def write_varint(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(written) + bytes([number])


def write_fields(fields: dict[int, int | bytes | None]) -> bytes:
    written = bytes([VERSION])
    for number, value in sorted(fields.items()):
        if isinstance(value, bytes):
            written += write_varint(number << 3 | BYTES) + write_varint(len(value)) + value
        elif value is not None:
            written += write_varint(number << 3 | VARINT) + write_varint(value)
    return written


def write_ratchet_message(message: RatchetMessage) -> bytes:
    key = encode_public_key(message.ratchet_key)
    return write_fields({1: key, 2: message.counter, 3: message.previous_counter, 4: message.ciphertext})


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
