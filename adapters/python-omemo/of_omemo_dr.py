"""omemo-dr: its session builder and session cipher over a store in memory."""

from types import SimpleNamespace
from typing import Any

import fields
from fields import Address, Fields
from omemo_dr import curve as curve25519
from omemo_dr.const import NS_OMEMO_TMP
from omemo_dr.ecc import curve
from omemo_dr.ecc.curve import Curve
from omemo_dr.ecc.djbec import CurvePublicKey
from omemo_dr.ecc.eckeypair import ECKeyPair
from omemo_dr.exceptions import InvalidKeyIdException
from omemo_dr.identitykey import IdentityKey
from omemo_dr.identitykeypair import IdentityKeyPair
from omemo_dr.protocol.prekeywhispermessage import PreKeyWhisperMessage
from omemo_dr.protocol.whispermessage import WhisperMessage
from omemo_dr.sessionbuilder import SessionBuilder
from omemo_dr.sessioncipher import SessionCipher
from omemo_dr.state.prekeybundle import PreKeyBundle
from omemo_dr.state.prekeyrecord import PreKeyRecord
from omemo_dr.state.sessionrecord import SessionRecord
from omemo_dr.state.signedprekeyrecord import SignedPreKeyRecord
from omemo_dr.structs import OMEMOBundle, PreKey
from omemo_dr.util.keyhelper import KeyHelper
from randomness import SCRIPT, registration_id
from records import Records

# Keys and signatures: all that the library draws here.
curve.os = SimpleNamespace(urandom=SCRIPT.take)

# Messages of version 3.
VERSION = 3


def private_key(given: bytes) -> Any:
    """Clamped, as the library makes a key of the bytes that it drew."""
    return Curve.decode_private_point(curve25519.generate_private_key(given))


def key_pair(given: bytes) -> ECKeyPair:
    private = private_key(given)
    return ECKeyPair(CurvePublicKey(curve25519.generate_public_key(private.serialize())), private)


class Store:
    """What of the library's Store its sessions ask for. It trusts every identity key."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def get_identity_key_pair(self) -> IdentityKeyPair:
        return IdentityKeyPair.from_bytes(self.records.identity_key_pair)

    def get_our_device_id(self) -> int:
        """In OMEMO the number of the device: the message has it where the registration id is."""
        return self.records.registration_id

    def save_identity(self, user: str, key: IdentityKey) -> None:
        self.records.save_identity(user, key.serialize())

    def is_trusted_identity(self, user: str, key: IdentityKey) -> bool:
        return True

    def load_pre_key(self, number: int) -> PreKeyRecord:
        if number not in self.records.pre_keys:
            raise InvalidKeyIdException(f"there is no prekey {number}")
        return PreKeyRecord.from_bytes(self.records.pre_keys[number])

    def remove_pre_key(self, number: int) -> None:
        self.records.pre_keys.pop(number, None)

    def load_signed_pre_key(self, number: int) -> SignedPreKeyRecord:
        if number not in self.records.signed_pre_keys:
            raise InvalidKeyIdException(f"there is no signed prekey {number}")
        return SignedPreKeyRecord.from_bytes(self.records.signed_pre_keys[number])

    def load_session(self, user: str, device: int) -> SessionRecord:
        return SessionRecord(serialized=self.records.sessions.get(Address(user, device)))

    def store_session(self, user: str, device: int, record: SessionRecord) -> None:
        self.records.sessions[Address(user, device)] = record.serialize()

    def contains_session(self, user: str, device: int) -> bool:
        return Address(user, device) in self.records.sessions


class Device:
    def __init__(self, records: Records) -> None:
        self.records = records
        self.store: Any = Store(records)

    @classmethod
    def create(cls, params: Fields) -> "Device":
        address = fields.address(fields.inner(params, "address"))
        count = fields.number(params, "oneTimePreKeys")
        identity = KeyHelper.generate_identity_key_pair()
        records = Records(address, registration_id(), identity.serialize())
        records.signed_pre_keys[1] = KeyHelper.generate_signed_pre_key(identity, 1).serialize()
        for record in KeyHelper.generate_pre_keys(1, count):
            records.pre_keys[record.get_id()] = record.serialize()
        return cls(records)

    @classmethod
    def load(cls, params: Fields) -> "Device":
        address = fields.address(fields.inner(params, "address"))
        pair = key_pair(fields.data(params, "identityPrivateKey"))
        identity = IdentityKeyPair.new(IdentityKey(pair.get_public_key()), pair.get_private_key())
        records = Records(address, fields.number(params, "registrationId"), identity.serialize())
        for key in fields.items(params, "signedPreKeys"):
            number, pair = fields.number(key, "id"), key_pair(fields.data(key, "privateKey"))
            record = SignedPreKeyRecord.new(number, 0, pair, fields.data(key, "signature"))
            records.signed_pre_keys[number] = record.serialize()
        for key in fields.items(params, "oneTimePreKeys"):
            number, pair = fields.number(key, "id"), key_pair(fields.data(key, "privateKey"))
            records.pre_keys[number] = PreKeyRecord.new(number, pair).serialize()
        return cls(records)

    def bundle(self, params: Fields) -> Fields:
        signed = self.store.load_signed_pre_key(list(self.records.signed_pre_keys)[-1])
        bundle = {
            **self.records.address.fields(),
            "registrationId": self.records.registration_id,
            "identityKey": self.store.get_identity_key_pair().get_public_key().serialize().hex(),
            "signedPreKeyId": signed.get_id(),
            "signedPreKey": signed.get_key_pair().get_public_key().serialize().hex(),
            "signedPreKeySignature": signed.get_signature().hex(),
        }
        if fields.has(params, "oneTimePreKeyId"):
            record = self.store.load_pre_key(fields.number(params, "oneTimePreKeyId"))
            bundle["oneTimePreKeyId"] = record.get_id()
            bundle["oneTimePreKey"] = record.get_key_pair().get_public_key().serialize().hex()
        return {"bundle": bundle}

    def keys(self, _: Fields) -> Fields:
        return {
            "signedPreKeyIds": sorted(self.records.signed_pre_keys),
            "oneTimePreKeyIds": sorted(self.records.pre_keys),
        }

    def process_bundle(self, params: Fields) -> Fields:
        bundle = fields.inner(params, "bundle")
        peer = fields.address(bundle)
        one_time: list[PreKey] = []
        if fields.has(bundle, "oneTimePreKey"):
            one_time = [{"key": fields.data(bundle, "oneTimePreKey"), "id": fields.number(bundle, "oneTimePreKeyId")}]
        signed: PreKey = {"key": fields.data(bundle, "signedPreKey"), "id": fields.number(bundle, "signedPreKeyId")}
        published = OMEMOBundle(
            peer.device,
            fields.data(bundle, "identityKey"),
            NS_OMEMO_TMP,
            one_time,
            signed,
            fields.data(bundle, "signedPreKeySignature"),
        )
        before = self.known(peer)
        builder = SessionBuilder(self.store, peer.user, peer.device)
        builder.process_pre_key_bundle(PreKeyBundle.from_proto(published))
        return self.identity_changed(peer, before)

    def known(self, peer: Address) -> bytes | None:
        """The identity key of the session with a peer, if there is one."""
        if peer not in self.records.sessions:
            return None
        return bytes(self.store.load_session(*peer).get_session_state().get_remote_identity_key().serialize())

    def identity_changed(self, peer: Address, before: bytes | None) -> Fields:
        return {"identityChanged": before is not None and before != self.known(peer)}

    def encrypt(self, params: Fields) -> Fields:
        peer = fields.peer(params)
        message = SessionCipher(self.store, *peer).encrypt(fields.data(params, "plaintext"))
        kind = "prekey" if isinstance(message, PreKeyWhisperMessage) else "ratchet"
        return {"kind": kind, "message": message.serialize().hex()}

    def decrypt(self, params: Fields) -> Fields:
        peer, message = fields.peer(params), fields.data(params, "message")
        before = self.known(peer)
        cipher = SessionCipher(self.store, *peer)
        if fields.text(params, "kind") == "prekey":
            plaintext = cipher.decrypt_pkmsg(PreKeyWhisperMessage.from_bytes(message))
        else:
            plaintext = cipher.decrypt_msg(WhisperMessage.from_bytes(message))
        return {"plaintext": plaintext.hex(), **self.identity_changed(peer, before)}

    def drop_sessions(self, params: Fields) -> None:
        self.records.sessions.pop(fields.peer(params), None)

    def save(self, _: Fields) -> Fields:
        return {"state": self.records.saved().hex()}

    @classmethod
    def restored(cls, state: bytes) -> "Device":
        return cls(Records.restored(state))


# ---- the role `primitives` ---------------------------------------------------------------------------


class SignatureInvalid(Exception):
    """The library said no, where it has no exception."""


def public_key_decode(params: Fields) -> Fields:
    return {"u": Curve.decode_point(fields.data(params, "publicKey")).get_bytes().hex()}


def public_key_derive(params: Fields) -> Fields:
    return {"publicKey": key_pair(fields.data(params, "privateKey")).get_public_key().serialize().hex()}


def xeddsa_sign(params: Fields) -> Fields:
    key = private_key(fields.data(params, "privateKey"))
    return {"signature": Curve.calculate_signature(key, fields.data(params, "message")).hex()}


def xeddsa_verify(params: Fields) -> Fields:
    key = Curve.decode_point(fields.data(params, "publicKey"))
    if not Curve.verify_signature(key, fields.data(params, "message"), fields.data(params, "signature")):
        raise SignatureInvalid("the signature does not verify")
    return {}


def wire_decode_prekey(params: Fields) -> Fields:
    message = PreKeyWhisperMessage.from_bytes(fields.data(params, "message"))
    return {
        "preKeyId": message.get_pre_key_id(),
        "baseKey": message.get_base_key().serialize().hex(),
        "identityKey": message.get_identity_key().serialize().hex(),
        "ratchetMessage": message.get_whisper_message().serialize().hex(),
        "registrationId": message.get_device_id(),
        "signedPreKeyId": message.get_signed_pre_key_id(),
    }


PRIMITIVES = {
    "public_key.decode": public_key_decode,
    "public_key.derive": public_key_derive,
    "xeddsa.sign": xeddsa_sign,
    "xeddsa.verify": xeddsa_verify,
    "wire.decode_prekey": wire_decode_prekey,
}
