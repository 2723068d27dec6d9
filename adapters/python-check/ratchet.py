"""Sessions on the package DoubleRatchet (profile section 4).

The package keeps the chains, the keys and the skipped keys. `Session` is the layer around it: it holds what
the package does not know of, and refuses before the package is asked. README.md has the table of which
requirement is done where.
"""

import json
from typing import Any

import doubleratchet
from agreement import done
from doubleratchet.recommended import (
    HashFunction,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)
from outcome import Refused, require
from primitives import header_data, open_sealed, seal
from randomness import SCRIPT
from seen import saw
from wire import RatchetMessage, read_ratchet_message, write_ratchet_message

MAX_SKIP = 1000
MAX_STORED = 2000
MAX_PLAINTEXT = 65_536
MAX_COUNTER = 2**32 - 1
TAG_LENGTH = 16
KEPT_CHAINS = 5  # the current one, and those that 1 to 4 further steps have ended (DR-16)


class RootChain(kdf_hkdf.KDF):
    """KDF_RK (DR-03)."""

    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"TigressSignal/1 Ratchet"

    @classmethod
    async def derive(cls, key: bytes, data: bytes, length: int) -> bytes:
        output = await super().derive(saw("root key", key), data, length)
        saw("root key", output[:32])
        saw("chain key", output[32:])
        return output


class MessageChain(kdf_separate_hmacs.KDF):
    """KDF_CK (DR-04). The package takes the next chain key first, so the constant is 0x02, then 0x01."""

    CONSTANT = b"\x02\x01"

    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @classmethod
    async def derive(cls, key: bytes, data: bytes, length: int) -> bytes:
        output = await super().derive(key, data, length)
        saw("chain key", output[:32])
        saw("message key", output[32:])
        return output


class RatchetKeys(diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet):
    """Ratchet key pairs, drawn from the vector's randomness (RND-01)."""

    @staticmethod
    def _generate_priv() -> bytes:
        return saw("ratchet private key", SCRIPT.take(32))


class Aead(doubleratchet.AEAD):
    """DR-05, DR-06."""

    @staticmethod
    async def encrypt(plaintext: bytes, key: bytes, associated_data: bytes) -> bytes:
        return seal(key, plaintext, associated_data)

    @staticmethod
    async def decrypt(ciphertext: bytes, key: bytes, associated_data: bytes) -> bytes:
        return open_sealed(key, ciphertext, associated_data)


class Ratchet(doubleratchet.DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data: bytes, header: doubleratchet.Header) -> bytes:
        return header_data(
            associated_data,
            header.ratchet_pub,
            header.previous_sending_chain_length,
            header.sending_chain_length,
        )


KDFS = (RootChain, MessageChain, MessageChain.CONSTANT, MAX_SKIP)
SETTINGS = (RatchetKeys, *KDFS, MAX_STORED, Aead)

REFUSALS: dict[type[Exception], str] = {
    doubleratchet.DuplicateMessageException: "duplicate-message",
    doubleratchet.DoSProtectionException: "too-many-skipped",
}


def encrypted(message: RatchetMessage) -> doubleratchet.EncryptedMessage:
    header = doubleratchet.Header(message.ratchet_key, message.previous_counter, message.counter)
    return doubleratchet.EncryptedMessage(header, message.ciphertext)


def check_before_any_key(message: RatchetMessage, own_ratchet_key: bytes) -> None:
    require(len(message.ciphertext) <= MAX_PLAINTEXT + TAG_LENGTH, "too-large")  # DR-22
    require(message.ratchet_key != own_ratchet_key, "invalid-key")  # DR-21


class Session:
    def __init__(self, ratchet: Ratchet, associated_data: bytes) -> None:
        self.ratchet = ratchet
        self.associated_data = associated_data
        # The peer's former chains with how many messages each had, the newest first.
        self.former: list[tuple[bytes, int]] = []

    @classmethod
    def initiate(cls, secret: bytes, signed_pre_key: bytes, associated_data: bytes) -> "Session":
        """A's session (DR-01). Draws the ratchet key."""
        # The package makes a session only together with its first message; its parts can be made without.
        keys = done(RatchetKeys.create(None, signed_pre_key, KDFS[0], secret, *KDFS[1:]))
        model = doubleratchet.DoubleRatchetModel(diffie_hellman_ratchet=keys.model, skipped_message_keys=[])
        return cls(Ratchet.from_model(model, *SETTINGS), associated_data)

    @classmethod
    def respond(
        cls, secret: bytes, signed_pre_key: bytes, associated_data: bytes, message: RatchetMessage
    ) -> tuple["Session", bytes]:
        """B's session with its first message (DR-02). Draws the ratchet key."""
        check_before_any_key(message, RatchetKeys._derive_pub(signed_pre_key))
        try:
            opened = Ratchet.decrypt_initial_message(
                *SETTINGS, secret, signed_pre_key, encrypted(message), associated_data
            )
            ratchet, plaintext = done(opened)
        except tuple(REFUSALS) as error:
            raise Refused(REFUSALS[type(error)]) from error
        return cls(ratchet, associated_data), plaintext

    def encrypt(self, plaintext: bytes) -> bytes:
        require(len(plaintext) <= MAX_PLAINTEXT, "too-large")  # DR-22
        require(self.ratchet.sending_chain_length < MAX_COUNTER, "counter-exhausted")  # DR-18
        made = done(self.ratchet.encrypt_message(plaintext, self.associated_data))
        header = made.header
        return write_ratchet_message(
            RatchetMessage(
                header.ratchet_pub,
                header.sending_chain_length,
                header.previous_sending_chain_length,
                made.ciphertext,
            )
        )

    def decrypt(self, bytes_of_message: bytes) -> bytes:
        message = read_ratchet_message(bytes_of_message)
        before = self.ratchet.model
        keys = before.diffie_hellman_ratchet
        check_before_any_key(message, RatchetKeys._derive_pub(keys.own_ratchet_priv))
        reached = self.ratchet.receiving_chain_length
        steps = False
        stored = ((key.ratchet_pub, key.index) for key in before.skipped_message_keys)
        if (message.ratchet_key, message.counter) not in stored:
            steps = self._check_position(message, keys.other_ratchet_pub, reached)
        try:
            plaintext = done(self.ratchet.decrypt_message(encrypted(message), self.associated_data))
        except tuple(REFUSALS) as error:
            raise Refused(REFUSALS[type(error)]) from error
        if steps and reached is not None:
            self._close(keys.other_ratchet_pub, max(reached, message.previous_counter))
        return plaintext

    def _check_position(self, message: RatchetMessage, current: bytes, reached: int | None) -> bool:
        """Refuses what the package would take otherwise; says whether the message makes a ratchet step."""
        former = dict(self.former)
        if message.ratchet_key in former:
            # The package would take a former chain for a new one. What it still holds is its skipped keys.
            require(message.counter >= former[message.ratchet_key], "duplicate-message")  # DR-14
            raise Refused("decrypt-failed")
        begins = message.ratchet_key != current
        if begins and reached is not None:
            # The package only warns of too many keys in the chain that ends, and leaves them out.
            require(message.previous_counter - reached <= MAX_SKIP, "too-many-skipped")  # DR-11
        if not begins and reached is None:
            # SPK_B, before B has answered: no chain belongs to it, and the package stops at an assertion.
            raise Refused("decrypt-failed")
        # DR-14 and DR-11 of this chain are the package's; DR-18 comes after them, and it knows no such bound.
        if message.counter - (0 if begins or reached is None else reached) <= MAX_SKIP:
            require(message.counter < MAX_COUNTER, "counter-exhausted")
        return begins

    def _close(self, ratchet_key: bytes, length: int) -> None:
        """A former chain is kept for a while, then forgotten with its keys (DR-16)."""
        self.former.insert(0, (ratchet_key, length))
        forgotten = [key for key, _ in self.former[KEPT_CHAINS - 1 :]]
        self.former = self.former[: KEPT_CHAINS - 1]
        model = self.ratchet.model
        kept = [key for key in model.skipped_message_keys if key.ratchet_pub not in forgotten]
        if len(kept) < len(model.skipped_message_keys):
            model.skipped_message_keys = kept
            self.ratchet = Ratchet.from_model(model, *SETTINGS)

    def set_counters(self, sending: int | None, receiving: int | None) -> None:
        """Moves the counters and leaves the keys: 2^32 messages would take too long."""
        model = self.ratchet.model
        chains = model.diffie_hellman_ratchet.symmetric_key_ratchet
        for chain, counter in ((chains.sending_chain, sending), (chains.receiving_chain, receiving)):
            if counter is not None:
                assert chain is not None
                chain.length = counter
        self.ratchet = Ratchet.from_model(model, *SETTINGS)

    def restart(self) -> None:
        """XFER-15, on the package's own saved form."""
        saved = json.dumps(self.ratchet.json)
        self.ratchet = Ratchet.from_json(json.loads(saved), *SETTINGS)

    def state(self) -> tuple[Any, ...]:
        return (self.ratchet.json, tuple(self.former))

    def secrets(self) -> set[bytes]:
        """Every key that the package's saved form holds."""
        model = self.ratchet.model
        keys = model.diffie_hellman_ratchet
        chains = (keys.symmetric_key_ratchet.sending_chain, keys.symmetric_key_ratchet.receiving_chain)
        held = {keys.own_ratchet_priv, keys.root_chain.key}
        held |= {chain.key for chain in chains if chain is not None}
        return held | {key.message_key for key in model.skipped_message_keys}
