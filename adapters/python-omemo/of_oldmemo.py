"""oldmemo: its backend over a storage in memory."""

import asyncio
import json
import secrets
from base64 import b64encode
from typing import Any
from unittest import mock

import fields
import omemo.storage
import x3dh
import xeddsa
from doubleratchet.recommended.diffie_hellman_ratchet_curve25519 import DiffieHellmanRatchet
from fields import Address, Fields
from oldmemo.oldmemo import (
    NAMESPACE,
    BundleImpl,
    EncryptedKeyMaterialImpl,
    KeyExchangeImpl,
    Oldmemo,
    PlainKeyMaterialImpl,
    SessionImpl,
    StateImpl,
)
from omemo.session import Initiation
from omemo.session_manager import NoSession
from omemo.storage import Just, Maybe, Nothing
from randomness import SCRIPT, registration_id
from x3dh.models import BaseStateModel, IdentityKeyPairModel, SignedPreKeyPairModel
from x3dh.types import SecretType

# Keys and signatures, and the ratchet keys: all that the library draws here.
secrets.token_bytes = SCRIPT.take
DiffieHellmanRatchet._generate_priv = staticmethod(lambda: SCRIPT.take(32))

run = asyncio.new_event_loop().run_until_complete

# The bit of the last byte of a key or signature that an Ed25519 key has its sign in.
SIGN_BIT = 0x80
SIGNATURE_LENGTH = 64


def clamped(key: bytes) -> bytes:
    """RFC 7748, section 5. The library signs rightly with no other."""
    first, *middle, last = key
    return bytes([first & 248, *middle, last & 127 | 64])


def without_sign(signature: bytes) -> tuple[bytes, bool]:
    """A signature as Ed25519 has it, and the sign of the signer's key, which on the wire is in it."""
    if len(signature) != SIGNATURE_LENGTH:
        return signature, False
    return signature[:-1] + bytes([signature[-1] & ~SIGN_BIT]), bool(signature[-1] & SIGN_BIT)


def with_sign(signature: bytes, identity_key: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] | identity_key[-1] & SIGN_BIT])


class Memory(omemo.storage.Storage):
    """The library's keys and values."""

    def __init__(self, values: Fields) -> None:
        super().__init__(True)
        self.values = values

    async def _load(self, key: str) -> Maybe[Any]:
        return Just(json.loads(self.values[key])) if key in self.values else Nothing()

    async def _store(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(value)

    async def _delete(self, key: str) -> None:
        self.values.pop(key, None)


def key_material(plaintext: bytes) -> PlainKeyMaterialImpl:
    """The library encrypts a key and a tag behind each other, whatever their lengths."""
    length = PlainKeyMaterialImpl.KEY_LENGTH
    return PlainKeyMaterialImpl(plaintext[:length], plaintext[length:])


def encoded(key: bytes) -> str:
    return StateImpl.serialize_public_key(key).hex()


def read_bundle(bundle: Fields) -> BundleImpl:
    peer = fields.address(bundle)
    signature, sign = without_sign(fields.data(bundle, "signedPreKeySignature"))
    identity_key = StateImpl.parse_public_key(fields.data(bundle, "identityKey"))
    ids = {}
    if fields.has(bundle, "oneTimePreKey"):
        key = StateImpl.parse_public_key(fields.data(bundle, "oneTimePreKey"))
        ids[key] = fields.number(bundle, "oneTimePreKeyId")
    keys = x3dh.Bundle(
        identity_key=xeddsa.curve25519_pub_to_ed25519_pub(identity_key, sign),
        signed_pre_key=StateImpl.parse_public_key(fields.data(bundle, "signedPreKey")),
        signed_pre_key_sig=signature,
        pre_keys=frozenset(ids),
    )
    return BundleImpl(peer.user, peer.device, keys, fields.number(bundle, "signedPreKeyId"), ids)


class Device:
    def __init__(self, address: Address, number: int, values: Fields) -> None:
        self.address = address
        self.registration_id = number
        self.storage = Memory(values)
        self.backend = Oldmemo(self.storage)

    @classmethod
    def create(cls, params: Fields) -> "Device":
        count = fields.number(params, "oneTimePreKeys")
        identity = clamped(SCRIPT.take(32))
        device = cls(fields.address(fields.inner(params, "address")), registration_id(), {})
        device.keep_identity(identity)
        known = device.published().bundle.pre_keys
        ids = {}
        for number in range(1, count + 1):
            run(device.backend.generate_pre_keys(1))
            keys = device.published().bundle.pre_keys
            ids.update(dict.fromkeys(keys - known, number))
            known = keys
        device.keep_ids("pre_key_ids", ids)
        return device

    @classmethod
    def load(cls, params: Fields) -> "Device":
        address, number = fields.address(fields.inner(params, "address")), fields.number(params, "registrationId")
        device = cls(address, number, {})
        identity = clamped(fields.data(params, "identityPrivateKey"))
        device.keep_identity(identity)
        signed, signed_ids = [], {}
        for key in fields.items(params, "signedPreKeys"):
            private, signature = fields.data(key, "privateKey"), without_sign(fields.data(key, "signature"))[0]
            signed.append(SignedPreKeyPairModel(priv=private, sig=signature, timestamp=0))
            signed_ids[xeddsa.priv_to_curve25519_pub(private)] = fields.number(key, "id")
        ids = {}
        private_keys = []
        for key in fields.items(params, "oneTimePreKeys"):
            private_keys.append(fields.data(key, "privateKey"))
            ids[xeddsa.priv_to_curve25519_pub(private_keys[-1])] = fields.number(key, "id")
        # The library keeps the current signed prekey and the one before.
        model = BaseStateModel(
            identity_key=IdentityKeyPairModel(secret=identity, secret_type=SecretType.PRIV),
            signed_pre_key=signed[-1],
            old_signed_pre_key=signed[-2] if len(signed) > 1 else None,
            pre_keys=frozenset(private_keys),
        )
        run(device.storage.store(f"/{NAMESPACE}/x3dh", json.loads(model.model_dump_json())))
        device.keep_ids("signed_pre_key_ids", signed_ids)
        device.keep_ids("pre_key_ids", ids)
        return device

    def keep_identity(self, private: bytes) -> None:
        run(self.storage.store("/ikp/is_seed", False))
        run(self.storage.store_bytes("/ikp/key", private))

    def keep_ids(self, name: str, ids: dict[bytes, int]) -> None:
        """Which id is whose, where the library looks it up: its own numbers follow the order of a set."""
        by_key = {b64encode(key).decode(): number for key, number in ids.items()}
        run(self.storage.store(f"/{NAMESPACE}/{name}", by_key))

    def published(self) -> BundleImpl:
        return run(self.backend.get_bundle(self.address.user, self.address.device))

    def bundle(self, params: Fields) -> Fields:
        published = self.published()
        keys = published.bundle
        bundle = {
            **self.address.fields(),
            "registrationId": self.registration_id,
            "identityKey": encoded(xeddsa.ed25519_pub_to_curve25519_pub(keys.identity_key)),
            "signedPreKeyId": published.signed_pre_key_id,
            "signedPreKey": encoded(keys.signed_pre_key),
            "signedPreKeySignature": with_sign(keys.signed_pre_key_sig, keys.identity_key).hex(),
        }
        if fields.has(params, "oneTimePreKeyId"):
            wanted = fields.number(params, "oneTimePreKeyId")
            by_id = {number: key for key, number in published.pre_key_ids.items()}
            bundle["oneTimePreKeyId"] = wanted
            bundle["oneTimePreKey"] = encoded(by_id[wanted])
        return {"bundle": bundle}

    def keys(self, _: Fields) -> Fields:
        self.published()
        signed = run(self.storage.load_dict(f"/{NAMESPACE}/signed_pre_key_ids", int)).maybe({})
        one_time = run(self.storage.load_dict(f"/{NAMESPACE}/pre_key_ids", int)).maybe({})
        return {"signedPreKeyIds": sorted(signed.values()), "oneTimePreKeyIds": sorted(one_time.values())}

    def session(self, peer: Address) -> SessionImpl | None:
        return run(self.backend.load_session(peer.user, peer.device))

    def known(self, peer: Address) -> bytes | None:
        """The identity key of the session with a peer, if there is one: AD has the initiator's first."""
        session = self.session(peer)
        if session is None:
            return None
        half = StateImpl.IDENTITY_KEY_ENCODING_LENGTH
        initiator, responder = session.associated_data[:half], session.associated_data[half:]
        return responder if session.initiation is Initiation.ACTIVE else initiator

    def identity_changed(self, peer: Address, before: bytes | None) -> Fields:
        return {"identityChanged": before is not None and before != self.known(peer)}

    def process_bundle(self, params: Fields) -> Fields:
        """The library opens a session and encrypts its first message in one step. Here that message has no bytes, and
        nobody sees it: the ratchet is put back to where it was before."""
        bundle = fields.inner(params, "bundle")
        peer = fields.address(bundle)
        before = self.known(peer)
        ratchets = []
        next_encryption_key = DiffieHellmanRatchet.next_encryption_key

        async def noted(ratchet: DiffieHellmanRatchet) -> Any:
            ratchets.append(ratchet.json)
            return await next_encryption_key(ratchet)

        with mock.patch.object(DiffieHellmanRatchet, "next_encryption_key", noted):
            session, _ = run(
                self.backend.build_session_active(peer.user, peer.device, read_bundle(bundle), key_material(b""))
            )
        run(self.backend.store_session(session))
        state = {**session.double_ratchet.json, "diffie_hellman_ratchet": ratchets[0]}
        run(self.storage.store(f"/{NAMESPACE}/{peer.user}/{peer.device}/double_ratchet", state))
        return self.identity_changed(peer, before)

    def encrypt(self, params: Fields) -> Fields:
        peer, plaintext = fields.peer(params), fields.data(params, "plaintext")
        session = self.session(peer)
        if session is None:
            raise NoSession("there is no session with the device")
        message = run(self.backend.encrypt_key_material(session, key_material(plaintext))).serialize()
        run(self.backend.store_session(session))
        if session.initiation is Initiation.ACTIVE and not session.confirmed:
            return {"kind": "prekey", "message": session.key_exchange.serialize(message)[0].hex()}
        return {"kind": "ratchet", "message": message.hex()}

    def decrypt(self, params: Fields) -> Fields:
        """As SessionManager.decrypt goes about it, from where it has found the sender's device."""
        peer, message = fields.peer(params), fields.data(params, "message")
        before = self.known(peer)
        session = self.session(peer)
        exchange = None
        if fields.text(params, "kind") == "prekey":
            exchange, message = KeyExchangeImpl.parse(message, False)
        encrypted = EncryptedKeyMaterialImpl.parse(message, peer.user, peer.device)
        if exchange is None and session is None:
            raise NoSession("there is no session with the sending device")
        if session is not None and (exchange is None or self.is_of(session, exchange)):
            material = run(self.backend.decrypt_key_material(session, encrypted))
        else:
            session, material = run(self.backend.build_session_passive(peer.user, peer.device, exchange, encrypted))
        run(self.backend.store_session(session))
        if exchange is not None and run(self.backend.delete_pre_key(session)):
            # As it publishes its bundle anew, it forgets the id.
            self.published()
        return {"plaintext": (material.key + material.auth_tag).hex(), **self.identity_changed(peer, before)}

    @staticmethod
    def is_of(session: SessionImpl, exchange: KeyExchangeImpl) -> bool:
        return session.initiation is Initiation.PASSIVE and session.key_exchange.builds_same_session(exchange)

    def drop_sessions(self, params: Fields) -> None:
        peer = fields.peer(params)
        prefix = f"/{NAMESPACE}/{peer.user}/{peer.device}/"
        for key in [key for key in self.storage.values if key.startswith(prefix)]:
            run(self.storage.delete(key))

    def save(self, _: Fields) -> Fields:
        return {"state": json.dumps([self.address, self.registration_id, self.storage.values]).encode().hex()}

    @classmethod
    def restored(cls, state: bytes) -> "Device":
        address, number, values = json.loads(state)
        return cls(Address(*address), number, values)


# The library has no function for a key or a signature as they are on the wire.
PRIMITIVES: Fields = {}
