"""A device and the steps of a conversation (profile sections 2, 3 and 6 as far as one device needs them).

All of it is the layer around the packages: which keys are held, which sessions there are, who is pinned.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import agreement
import identifiers
import wire
from agreement import SignedPreKey
from outcome import NotCovered, Refused, Split, require
from primitives import decode_public_key, encode_public_key, hkdf, public_key
from randomness import SCRIPT
from ratchet import Session
from seen import of_kind, saw
from wire import PreKeyMessage

DAY = 86_400
SIGNED_PRE_KEY_LIFETIME = 7 * DAY
MAX_LATENCY = 30 * DAY
MAX_INACTIVE_SESSIONS = 40
MAX_SEND = 30 * DAY
MAX_RECV = 90 * DAY
ONE_TIME_PRE_KEY_LIFETIME = 90 * DAY
STATEMENT_AGE = 40 * DAY
STATEMENT_AHEAD = 2 * DAY
MAX_OPENINGS = 100
LAST_PRE_KEY_ID = 2**24 - 1

# What a vector may call a secret that must be gone, and as what it must have come up here.
SECRETS = {
    "the ephemeral private key": "ephemeral private key",
    "DH1": "DH1",
    "DH2": "DH2",
    "DH3": "DH3",
    "DH4": "DH4",
    "SK": "SK",
    "the used chain key": "chain key",
    "the old sending chain key": "chain key",
    "the old receiving chain key": "chain key",
    "the old root key": "root key",
    "the old ratchet private key": "ratchet private key",
    "the message key": "message key",
    "the stored key": "message key",
    "the dropped key": "message key",
    "the skipped key": "message key",
    "the message key of the refused message": "message key",
    "the one-time prekey's private key": "one-time prekey",
    "the signed prekey's private key": "signed prekey",
}

# A private key may have been kept as drawn or as clamped; a vector lists both.
CLAMPED = ", clamped"


def clamped(key: bytes) -> bytes:
    return bytes([key[0] & 0xF8]) + key[1:31] + bytes([key[31] & 0x7F | 0x40])


def require_nothing_drawn() -> None:
    """Of 32 bytes that are no vector's: it has none."""
    if SCRIPT.left() < 32:
        raise Split("32 bytes are drawn, where the vector has none")
    SCRIPT.load(b"")


@dataclass
class HeldSignedPreKey:
    key: SignedPreKey
    replaced: int | None = None
    # One-way ids of what was opened with it and no one-time prekey, by the peer's identity key (X3DH-14).
    openings: dict[bytes, set[bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pin:
    identity_key: bytes
    named: bool


@dataclass(frozen=True)
class Response:
    """A first message that was read, before anything of it is kept."""

    message: PreKeyMessage
    signed: HeldSignedPreKey
    session: Any
    plaintext: bytes
    secret: bytes
    associated_data: bytes
    opening_id: bytes


@dataclass
class Record:
    """A session with a peer, and what X3DH left to remember of it."""

    session: Any
    opening: tuple[bytes, bytes]
    peer_identity_key: bytes
    # The prekey message to send until the peer has answered (X3DH-07); its inner message is left out.
    opening_message: PreKeyMessage | None
    # When it was opened or last read a message (SES-13).
    time: int = 0
    # Whether provisioning information goes into it (SES-19).
    provisioning: bool = False


class Device:
    # What another suite has otherwise: how addresses, registration ids, keys and messages are read, and what a session is.
    address_of = staticmethod(identifiers.address)
    registration_of = staticmethod(identifiers.registration_id)
    key_of = staticmethod(decode_public_key)
    wire = wire
    session = Session
    # The package draws as it reads: whether what was drawn by a session that does not read the message is put back (RND-02).
    rewinds = True

    def __init__(self, where: bytes, registration_id: int, identity: bytes) -> None:
        self.address = where
        self.registration_id = registration_id
        self.identity = identity
        self.identity_key = public_key(identity)
        self.signed_pre_keys: dict[int, HeldSignedPreKey] = {}
        self.one_time_pre_keys: dict[int, bytes] = {}
        self.drawn: dict[int, int] = {}
        self.pinned: dict[bytes, Pin] = {}
        # By the peer's address, the active session first (SES-01).
        self.records: dict[bytes, list[Record]] = {}
        # The identity key by which each peer is known, with or without a session (SES-12).
        self.known: dict[bytes, bytes] = {}
        self.now = 0

    @classmethod
    def load(cls, fields: dict[str, Any]) -> "Device":
        identity = bytes.fromhex(fields["identityPrivateKey"])
        device = cls(cls.address_of(fields["address"]), fields["registrationId"], identity)
        for signed in fields["signedPreKeys"]:
            private, signature = bytes.fromhex(signed["privateKey"]), bytes.fromhex(signed["signature"])
            statement = bytes.fromhex(signed.get("statementSignature", ""))
            key = SignedPreKey(private, signature, signed["created"], statement)
            device.add_signed_pre_key(signed["id"], key)
        for one_time in fields["oneTimePreKeys"]:
            private = bytes.fromhex(one_time["privateKey"])
            device.one_time_pre_keys[one_time["id"]] = saw("one-time prekey", private)
            device.drawn[one_time["id"]] = one_time["drawn"]
        return device

    def add_signed_pre_key(self, number: int, key: SignedPreKey) -> None:
        """The new one is the current one, which has not been replaced."""
        saw("signed prekey", key.private)
        for held in self.signed_pre_keys.values():
            if held.replaced is None:
                held.replaced = key.created
        self.signed_pre_keys[number] = HeldSignedPreKey(key)
        self.now = max(self.now, key.created)

    def current(self) -> tuple[int, HeldSignedPreKey]:
        return next(item for item in self.signed_pre_keys.items() if item[1].replaced is None)

    def bundle(self, one_time_pre_key_id: int | None) -> dict[str, Any]:
        """X3DH-01."""
        number, held = self.current()
        fields = {
            **identifiers.address_fields(self.address),
            "registrationId": self.registration_id,
            "identityKey": encode_public_key(self.identity_key).hex(),
            "signedPreKeyId": number,
            "signedPreKey": encode_public_key(public_key(held.key.private)).hex(),
            "signedPreKeySignature": held.key.signature.hex(),
            "created": held.key.created,
            "suites": agreement.SUITES,
            "statementSignature": held.key.statement.hex(),
        }
        if one_time_pre_key_id in self.one_time_pre_keys:
            one_time = public_key(self.one_time_pre_keys[one_time_pre_key_id])
            fields["oneTimePreKeyId"] = one_time_pre_key_id
            fields["oneTimePreKey"] = encode_public_key(one_time).hex()
        return fields

    def check_pin(self, peer: bytes, identity_key: bytes) -> None:
        """X3DH-15."""
        pin = self.pinned.get(peer)
        require(pin is None or pin.identity_key == identity_key, "untrusted-identity")

    def pin(self, peer: bytes, identity_key: bytes, named: bool) -> None:
        """X3DH-15."""
        self.check_pin(peer, identity_key)
        before = self.pinned.get(peer)
        self.pinned[peer] = Pin(identity_key, named or (before is not None and before.named))

    def process_bundle(self, fields: dict[str, Any]) -> tuple[bytes, bytes]:
        """Opens a session as A; SK and AD."""
        bundle = agreement.read_bundle(fields)
        age = self.now - bundle.created
        require(-STATEMENT_AHEAD <= age <= STATEMENT_AGE, "stale-statement")  # KEY-10
        self.check_pin(bundle.address, bundle.identity_key)
        secret, associated_data, base_key = agreement.initiate(self.identity, self.address, bundle)
        session = Session.initiate(secret, bundle.signed_pre_key, associated_data)
        self.open_with(bundle, base_key, session)
        return secret, associated_data

    def open_with(self, bundle: agreement.Bundle, base_key: bytes, session: Any) -> None:
        """The session that was made of a bundle is the active one, and provisioning information goes into it (SES-19)."""
        opening = PreKeyMessage(
            bundle.one_time_pre_key_id,
            base_key,
            self.identity_key,
            b"",
            self.registration_id,
            bundle.signed_pre_key_id,
        )
        record = Record(session, (self.identity_key, base_key), bundle.identity_key, opening)
        record.provisioning = True
        for other in self.records.get(bundle.address, []):
            other.provisioning = False
        self.open(bundle.address, record)

    def open(self, peer: bytes, record: Record) -> None:
        """The new session becomes the active one (SES-03, SES-04, SES-12)."""
        former = self.records.get(peer, [])
        same = [other for other in former if other.peer_identity_key == record.peer_identity_key]
        record.time = self.now
        counted = [other for other in same if not other.provisioning]
        dropped = counted[MAX_INACTIVE_SESSIONS:]
        self.records[peer] = [record, *(other for other in same if other not in dropped)]
        self.known[peer] = record.peer_identity_key

    def encrypt(self, peer: bytes, plaintext: bytes) -> tuple[str, bytes]:
        if peer in self.known:
            self.check_pin(peer, self.known[peer])
        require(bool(self.records.get(peer)), "no-session")
        active = self.records[peer][0]
        require(self.now - active.time < MAX_SEND, "no-session")  # SES-13
        message = active.session.encrypt(plaintext)
        if active.opening_message is None:
            return "ratchet", message
        return "prekey", self.wire.write_pre_key_message(replace(active.opening_message, message=message))

    def decrypt(self, peer: bytes, kind: str, message: bytes) -> bytes:
        if kind == "prekey":
            return self.decrypt_pre_key(peer, message)[0]
        if peer in self.known:
            self.check_pin(peer, self.known[peer])
        require(bool(self.records.get(peer)), "no-session")
        records, given = self.records[peer], SCRIPT.rest()
        refusals = []
        for record in list(records):  # SES-05
            if self.rewinds:
                SCRIPT.load(given or bytes(32))
            try:
                plaintext = self.decrypt_in(record, records, message)
            except Refused as refusal:
                refusals.append(refusal)
                continue
            if self.rewinds and not given:
                require_nothing_drawn()
            return plaintext
        if self.rewinds:
            SCRIPT.load(given)
        raise refusals[0]  # SES-07

    def decrypt_in(self, record: Record, records: list[Record], message: bytes) -> bytes:
        plaintext = record.session.decrypt(message)
        record.opening_message = None  # X3DH-07
        record.time = self.now
        records.remove(record)
        records.insert(0, record)  # SES-06
        return plaintext

    def decrypt_pre_key(self, peer: bytes, bytes_of_message: bytes) -> tuple[bytes, bytes, bytes]:
        """The plaintext; SK and AD where a session was opened."""
        message = self.wire.read_pre_key_message(bytes_of_message)
        self.check_pin(peer, message.identity_key)
        records = self.records.get(peer, [])
        for record in records:
            if record.opening == (message.identity_key, message.base_key):  # X3DH-13
                return self.decrypt_in(record, records, message.message), b"", b""
        read = self.respond(peer, message)
        # From here on the message is accepted; before, nothing has changed (X3DH-11).
        if message.pre_key_id is None:
            read.signed.openings.setdefault(message.identity_key, set()).add(read.opening_id)
        else:
            del self.one_time_pre_keys[message.pre_key_id]  # X3DH-10
        opening = (message.identity_key, message.base_key)
        self.open(peer, Record(read.session, opening, message.identity_key, None))
        return read.plaintext, read.secret, read.associated_data

    def respond(self, peer: bytes, message: PreKeyMessage) -> Response:
        """What a first message makes; nothing changes."""
        require(message.signed_pre_key_id in self.signed_pre_keys, "unknown-signed-prekey")  # X3DH-08
        signed = self.signed_pre_keys[message.signed_pre_key_id]
        one_time = None
        if message.pre_key_id is not None:
            one_time = self.one_time_pre_keys.get(message.pre_key_id)
            require(one_time is not None, "unknown-one-time-prekey")  # X3DH-09
        secret, associated_data = self.agree(signed.key, one_time, peer, message)
        opening_id = hkdf(bytes(32), secret, "TigressSignal/1 Opening", 16)
        if one_time is None:  # X3DH-14
            openings = signed.openings.get(message.identity_key, set())
            require(opening_id not in openings, "duplicate-message")
            require(len(openings) < MAX_OPENINGS, "rate-limited")
        first = self.wire.read_ratchet_message(message.message)
        session, plaintext = self.session.respond(secret, signed.key.private, associated_data, first)
        return Response(message, signed, session, plaintext, secret, associated_data, opening_id)

    def agree(
        self, signed: SignedPreKey, one_time: bytes | None, peer: bytes, message: PreKeyMessage
    ) -> tuple[bytes, bytes]:
        """SK and AD of B."""
        return agreement.respond(
            self.identity, self.address, signed, one_time, peer, message.identity_key, message.base_key
        )

    def draw_signed_pre_key(self, current: SignedPreKey, number: int, now: int) -> SignedPreKey:
        return agreement.draw_signed_pre_key(
            self.identity, current, self.address, self.registration_id, number, now
        )

    def read_opening(self, peer: bytes, bytes_of_message: bytes) -> tuple[bytes, bytes]:
        """The identity key and the plaintext of a message that would open a session."""
        message = self.wire.read_pre_key_message(bytes_of_message)
        self.check_pin(peer, message.identity_key)
        opening = (message.identity_key, message.base_key)
        known = any(record.opening == opening for record in self.records.get(peer, []))
        require(not known, "duplicate-message")  # X3DH-13
        # The package draws a ratchet key as it reads; what is made of it is thrown away (RND-02).
        SCRIPT.load(bytes(32))
        try:
            return message.identity_key, self.respond(peer, message).plaintext
        finally:
            SCRIPT.load(b"")

    def has_own(self, peer: bytes) -> bool:
        """Whether there is a session that provisioning information goes into, and the peer has answered (SES-19)."""
        records = self.records.get(peer, [])
        own = [record for record in records if record.provisioning and record.opening_message is None]
        return any(self.now - record.time < MAX_SEND for record in own)

    def tick(self, now: int) -> None:
        """KEY-08, KEY-12, SES-13."""
        now = max(now, self.now)
        _, held = self.current()
        if now - held.key.created >= SIGNED_PRE_KEY_LIFETIME:
            number = self.next_signed_pre_key_id()
            key = self.draw_signed_pre_key(held.key, number, now)
            self.add_signed_pre_key(number, key)
        self.signed_pre_keys = {
            number: held
            for number, held in self.signed_pre_keys.items()
            if held.replaced is None or now - held.replaced < MAX_LATENCY
        }
        self.one_time_pre_keys = {
            number: key
            for number, key in self.one_time_pre_keys.items()
            if now - self.drawn[number] < ONE_TIME_PRE_KEY_LIFETIME
        }
        self.now = now
        for records in self.records.values():
            records[:] = [record for record in records if now - record.time < MAX_RECV]

    def next_signed_pre_key_id(self) -> int:
        """ID-06."""
        highest = max(self.signed_pre_keys)
        if highest < LAST_PRE_KEY_ID:
            return highest + 1
        return next(number for number in range(1, LAST_PRE_KEY_ID) if number not in self.signed_pre_keys)

    def state(self) -> Any:
        """Everything that a refused step must leave alone (DR-15, X3DH-11)."""
        return (
            [
                (number, held.replaced, {key: set(ids) for key, ids in held.openings.items()})
                for number, held in self.signed_pre_keys.items()
            ],
            dict(self.one_time_pre_keys),
            dict(self.pinned),
            {
                peer: [(record.opening, record.opening_message, record.session.state()) for record in records]
                for peer, records in self.records.items()
            },
        )

    def secrets(self) -> set[bytes]:
        held = {self.identity, *self.one_time_pre_keys.values()}
        held |= {signed.key.private for signed in self.signed_pre_keys.values()}
        for records in self.records.values():
            for record in records:
                held |= record.session.secrets()
        return held

    # ---- the steps of a conversation: fields in, fields out ----------------------------------------

    def step_bundle(self, step: dict[str, Any]) -> dict[str, Any]:
        return {"bundle": self.bundle(step.get("oneTimePreKeyId"))}

    def step_keys(self, step: dict[str, Any]) -> dict[str, Any]:
        return {
            "signedPreKeyIds": sorted(self.signed_pre_keys),
            "oneTimePreKeyIds": sorted(self.one_time_pre_keys),
        }

    def step_pin(self, step: dict[str, Any]) -> dict[str, Any]:
        key = self.key_of(bytes.fromhex(step["identityKey"]))
        self.pin(self.address_of(step["peer"]), key, step["named"])
        return {}

    def step_unpin(self, step: dict[str, Any]) -> dict[str, Any]:
        peer = self.address_of(step["peer"])
        for held in (self.pinned, self.records, self.known):
            held.pop(peer, None)
        return {}

    def step_open_anew(self, step: dict[str, Any]) -> dict[str, Any]:
        for record in self.records.get(self.address_of(step["peer"]), []):
            record.provisioning = False
        return {}

    def step_process_bundle(self, step: dict[str, Any]) -> dict[str, Any]:
        self.process_bundle(step["bundle"])
        return {}

    def step_encrypt(self, step: dict[str, Any]) -> dict[str, Any]:
        kind, message = self.encrypt(self.address_of(step["peer"]), bytes.fromhex(step["plaintext"]))
        return {"kind": kind, "message": message.hex()}

    def step_decrypt(self, step: dict[str, Any]) -> dict[str, Any]:
        peer = self.address_of(step["peer"])
        had_own, known = self.has_own(peer), self.known.get(peer)
        opened_before = {record.opening for record in self.records.get(peer, [])}
        plaintext = self.decrypt(peer, step["kind"], bytes.fromhex(step["message"]))
        opened = self.records[peer][0].opening not in opened_before
        beside = {"beside": True} if had_own and opened and self.known[peer] == known else {}
        return {"plaintext": plaintext.hex(), **beside}

    def step_read_opening(self, step: dict[str, Any]) -> dict[str, Any]:
        key, plaintext = self.read_opening(self.address_of(step["peer"]), bytes.fromhex(step["message"]))
        return {"identityKey": encode_public_key(key).hex(), "plaintext": plaintext.hex()}

    def step_drop_sessions(self, step: dict[str, Any]) -> dict[str, Any]:
        self.records.pop(self.address_of(step["peer"]), None)
        return {}

    def step_tick(self, step: dict[str, Any]) -> dict[str, Any]:
        self.tick(step["now"])
        return {}

    def step_set_counters(self, step: dict[str, Any]) -> dict[str, Any]:
        active = self.records[self.address_of(step["peer"])][0]
        active.session.set_counters(step.get("sending"), step.get("receiving"))
        return {}

    def step_restart(self, step: dict[str, Any]) -> dict[str, Any]:
        for records in self.records.values():
            for record in records:
                record.session.restart()
        return {}

    def step_erased(self, step: dict[str, Any]) -> dict[str, Any]:
        """Whether each secret came up as what the vector calls it, and is held no more."""
        held = self.secrets()
        return {"secrets": [self._erased(secret, held) for secret in step["secrets"]]}

    @staticmethod
    def _erased(secret: dict[str, str], held: set[bytes]) -> dict[str, str]:
        name, value = secret["name"], bytes.fromhex(secret["bytes"])
        kind = SECRETS.get(name.removesuffix(CLAMPED))
        if kind is None:
            raise NotCovered(f"no secret is known here by the name `{name}`")
        seen = {clamped(key) for key in of_kind(kind)} if name.endswith(CLAMPED) else of_kind(kind)
        if value not in seen:
            return {"name": name, "bytes": f"no {kind} of this conversation"}
        if value in held:
            return {"name": name, "bytes": "still held"}
        return secret
