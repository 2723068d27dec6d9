"""Sessions of the deployed format: root key, sending chain, receiving chains, each a few lines (V3-07 to V3-13)."""

import hmac
import json
from typing import Any

from outcome import Refused, require
from primitives import public_key
from randomness import SCRIPT
from seen import saw

from signal_v3 import keys, wire

MAX_AHEAD = 25_000
MAX_STORED = 2_000  # in a chain
MAX_CHAINS = 5
MAX_PLAINTEXT = 65_536
MAX_COUNTER = 2**32 - 1
FULL_BLOCK = 16


def draw_ratchet_key() -> bytes:
    return saw("ratchet private key", SCRIPT.take(32))


class Session:
    """Everything that it holds is in `held`, so that a step can work on a copy of it, and a restart writes it as JSON."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    @classmethod
    def initiate(
        cls, secret: bytes, signed_pre_key: bytes, associated_data: bytes
    ) -> "Session":
        """A's: the chain under the signed prekey, then a ratchet step (DR-01, V3-07). Draws the ratchet key."""
        root_key, first_chain = secret[:32], secret[32:]
        own = draw_ratchet_key()
        root_key, chain_key = keys.root_step(root_key, keys.diffie_hellman(own, signed_pre_key))
        return cls(
            {
                "associated_data": associated_data.hex(),
                "root_key": root_key.hex(),
                "own": own.hex(),
                "sending": {"key": chain_key.hex(), "counter": 0},
                "previous_counter": 0,
                "receiving": [chain(signed_pre_key, first_chain)],
            }
        )

    @classmethod
    def respond(
        cls,
        secret: bytes,
        signed_pre_key: bytes,
        associated_data: bytes,
        message: wire.RatchetMessage,
    ) -> tuple["Session", bytes]:
        """B's, with its first message (DR-02)."""
        root_key, first_chain = secret[:32], secret[32:]
        half = len(associated_data) // 2
        session = cls(
            {
                # His own identity key goes first in what he sends.
                "associated_data": (associated_data[half:] + associated_data[:half]).hex(),
                "root_key": root_key.hex(),
                "own": signed_pre_key.hex(),
                "sending": {"key": first_chain.hex(), "counter": 0},
                "previous_counter": 0,
                "receiving": [],
            }
        )
        return session, session.decrypt_message(message)

    def encrypt(self, plaintext: bytes) -> bytes:
        require(len(plaintext) <= MAX_PLAINTEXT, "too-large")  # V3-17
        held, sending = self.held, self.held["sending"]
        require(sending["counter"] < MAX_COUNTER, "counter-exhausted")  # DR-18
        next_key, message_key = keys.chain_step(bytes.fromhex(sending["key"]))
        own = public_key(bytes.fromhex(held["own"]))
        ciphertext = keys.encrypt(message_key, plaintext)
        written = wire.covered(own, sending["counter"], held["previous_counter"], ciphertext)
        held["sending"] = {"key": next_key.hex(), "counter": sending["counter"] + 1}
        return written + keys.mac(message_key, bytes.fromhex(held["associated_data"]), written)

    def decrypt(self, message: bytes) -> bytes:
        return self.decrypt_message(wire.read_ratchet_message(message))

    def decrypt_message(self, message: wire.RatchetMessage) -> bytes:
        """All or nothing: the step works on a copy (DR-15)."""
        require(len(message.ciphertext) <= MAX_PLAINTEXT + FULL_BLOCK, "too-large")
        require(message.ratchet_key != public_key(bytes.fromhex(self.held["own"])), "invalid-key")  # DR-21
        held = json.loads(json.dumps(self.held))
        found = [it for it in held["receiving"] if it["ratchet_key"] == message.ratchet_key.hex()]
        counter = found[0]["counter"] if found else 0
        ahead = message.counter - counter
        stored = found[0]["stored"].pop(str(message.counter), None) if found and ahead < 0 else None
        require(ahead >= 0 or stored is not None, "duplicate-message")  # DR-14
        require(ahead <= MAX_AHEAD, "too-many-skipped")  # V3-13
        require(message.counter < MAX_COUNTER, "counter-exhausted")  # DR-18
        if stored is not None:
            message_key = bytes.fromhex(stored)
        else:
            receiving = found[0] if found else self.begin(held, message.ratchet_key)
            message_key = advance(receiving, message.counter)
        # The sender's identity key goes first.
        own_first = bytes.fromhex(held["associated_data"])
        half = len(own_first) // 2
        expected = keys.mac(message_key, own_first[half:] + own_first[:half], message.covered)
        require(hmac.compare_digest(expected, message.mac), "decrypt-failed")  # V3-10
        plaintext = keys.decrypt(message_key, message.ciphertext)
        if not found:
            self.answer(held, message.ratchet_key)
        self.held = held
        return plaintext

    @staticmethod
    def begin(held: dict[str, Any], ratchet_key: bytes) -> dict[str, Any]:
        """The receiving half of a ratchet step (DR-09); the former chains stay open (V3-12)."""
        dh = keys.diffie_hellman(bytes.fromhex(held["own"]), ratchet_key)
        root_key, chain_key = keys.root_step(bytes.fromhex(held["root_key"]), dh)
        held["root_key"] = root_key.hex()
        held["receiving"] = [chain(ratchet_key, chain_key), *held["receiving"]][:MAX_CHAINS]
        return held["receiving"][0]

    @staticmethod
    def answer(held: dict[str, Any], ratchet_key: bytes) -> None:
        """The sending half, once the message is known to be genuine (RND-02, DR-20, V3-11)."""
        own = draw_ratchet_key()
        dh = keys.diffie_hellman(own, ratchet_key)
        root_key, chain_key = keys.root_step(bytes.fromhex(held["root_key"]), dh)
        held["previous_counter"] = max(held["sending"]["counter"] - 1, 0)
        held["root_key"], held["own"] = root_key.hex(), own.hex()
        held["sending"] = {"key": chain_key.hex(), "counter": 0}

    def set_counters(self, sending: int | None, receiving: int | None) -> None:
        """Moves the counters and leaves the keys: 2^32 messages would take too long."""
        if sending is not None:
            self.held["sending"]["counter"] = sending
        if receiving is not None:
            self.held["receiving"][0]["counter"] = receiving

    def restart(self) -> None:
        self.held = json.loads(json.dumps(self.held))

    def state(self) -> Any:
        return json.dumps(self.held)

    def secrets(self) -> set[bytes]:
        held = {self.held["root_key"], self.held["own"], self.held["sending"]["key"]}
        for one in self.held["receiving"]:
            held |= {one["key"], *one["stored"].values()}
        return {bytes.fromhex(secret) for secret in held}


def chain(ratchet_key: bytes, chain_key: bytes) -> dict[str, Any]:
    return {"ratchet_key": ratchet_key.hex(), "key": chain_key.hex(), "counter": 0, "stored": {}}


def advance(receiving: dict[str, Any], counter: int) -> bytes:
    """The message key of a counter; the keys before it are stored, the latest of them (DR-10, V3-13)."""
    key = bytes.fromhex(receiving["key"])
    stored = receiving["stored"]
    for at in range(receiving["counter"], counter + 1):
        key, message_key = keys.chain_step(key)
        if at < counter:
            stored[str(at)] = message_key.hex()
            if len(stored) > MAX_STORED:
                del stored[min(stored, key=int)]
    receiving["key"], receiving["counter"] = key.hex(), counter + 1
    return message_key
