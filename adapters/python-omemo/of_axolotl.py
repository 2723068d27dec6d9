"""python-axolotl: its session builder and session cipher over stores in memory."""

from types import SimpleNamespace
from typing import Any

import axolotl_curve25519 as curve25519
import fields
from axolotl.ecc import curve
from axolotl.ecc.curve import Curve
from axolotl.ecc.djbec import DjbECPublicKey
from axolotl.ecc.eckeypair import ECKeyPair
from axolotl.identitykey import IdentityKey
from axolotl.identitykeypair import IdentityKeyPair
from axolotl.invalidkeyidexception import InvalidKeyIdException
from axolotl.protocol.ciphertextmessage import CiphertextMessage
from axolotl.protocol.prekeywhispermessage import PreKeyWhisperMessage
from axolotl.protocol.whispermessage import WhisperMessage
from axolotl.sessionbuilder import SessionBuilder
from axolotl.sessioncipher import SessionCipher
from axolotl.state.prekeybundle import PreKeyBundle
from axolotl.state.prekeyrecord import PreKeyRecord
from axolotl.state.sessionrecord import SessionRecord
from axolotl.state.signedprekeyrecord import SignedPreKeyRecord
from axolotl.util.keyhelper import KeyHelper
from fields import Address, Fields
from randomness import SCRIPT, registration_id
from records import Records

# Keys and signatures: all that the library draws.
curve.os = SimpleNamespace(urandom=SCRIPT.take)


def public_key(encoded: bytes) -> Any:
    return Curve.decodePoint(bytearray(encoded))


def private_key(given: bytes) -> Any:
    """Clamped, as the library makes a key of the bytes that it drew."""
    return Curve.decodePrivatePoint(curve25519.generatePrivateKey(given))


def key_pair(given: bytes) -> Any:
    private = private_key(given)
    return ECKeyPair(DjbECPublicKey(Curve.generatePublicKey(private.serialize())), private)


class Store:
    """The library's four stores in one. It trusts every identity key."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def getIdentityKeyPair(self) -> Any:
        return IdentityKeyPair(serialized=self.records.identity_key_pair)

    def getLocalRegistrationId(self) -> int:
        return self.records.registration_id

    def saveIdentity(self, user: str, key: Any) -> None:
        self.records.save_identity(user, key.serialize())

    def isTrustedIdentity(self, user: str, key: Any) -> bool:
        return True

    def loadPreKey(self, number: int) -> Any:
        if number not in self.records.pre_keys:
            raise InvalidKeyIdException(f"there is no prekey {number}")
        return PreKeyRecord(serialized=self.records.pre_keys[number])

    def removePreKey(self, number: int) -> None:
        self.records.pre_keys.pop(number, None)

    def loadSignedPreKey(self, number: int) -> Any:
        if number not in self.records.signed_pre_keys:
            raise InvalidKeyIdException(f"there is no signed prekey {number}")
        return SignedPreKeyRecord(serialized=self.records.signed_pre_keys[number])

    def loadSession(self, user: str, device: int) -> Any:
        return SessionRecord(serialized=self.records.sessions.get(Address(user, device)))

    def storeSession(self, user: str, device: int, record: Any) -> None:
        self.records.sessions[Address(user, device)] = record.serialize()

    def containsSession(self, user: str, device: int) -> bool:
        return Address(user, device) in self.records.sessions


class Device:
    def __init__(self, records: Records) -> None:
        self.records = records
        self.store = Store(records)

    @classmethod
    def create(cls, params: Fields) -> "Device":
        address = fields.address(fields.inner(params, "address"))
        count = fields.number(params, "oneTimePreKeys")
        identity = KeyHelper.generateIdentityKeyPair()
        records = Records(address, registration_id(), identity.serialize())
        records.signed_pre_keys[1] = KeyHelper.generateSignedPreKey(identity, 1).serialize()
        for record in KeyHelper.generatePreKeys(1, count):
            records.pre_keys[record.getId()] = record.serialize()
        return cls(records)

    @classmethod
    def load(cls, params: Fields) -> "Device":
        address = fields.address(fields.inner(params, "address"))
        pair = key_pair(fields.data(params, "identityPrivateKey"))
        identity = IdentityKeyPair(IdentityKey(pair.getPublicKey()), pair.getPrivateKey())
        records = Records(address, fields.number(params, "registrationId"), identity.serialize())
        for key in fields.items(params, "signedPreKeys"):
            number, pair = fields.number(key, "id"), key_pair(fields.data(key, "privateKey"))
            record = SignedPreKeyRecord(number, 0, pair, fields.data(key, "signature"))
            records.signed_pre_keys[number] = record.serialize()
        for key in fields.items(params, "oneTimePreKeys"):
            number, pair = fields.number(key, "id"), key_pair(fields.data(key, "privateKey"))
            records.pre_keys[number] = PreKeyRecord(number, pair).serialize()
        return cls(records)

    def bundle(self, params: Fields) -> Fields:
        signed = self.store.loadSignedPreKey(list(self.records.signed_pre_keys)[-1])
        bundle = {
            **self.records.address.fields(),
            "registrationId": self.records.registration_id,
            "identityKey": self.store.getIdentityKeyPair().getPublicKey().serialize().hex(),
            "signedPreKeyId": signed.getId(),
            "signedPreKey": signed.getKeyPair().getPublicKey().serialize().hex(),
            "signedPreKeySignature": signed.getSignature().hex(),
        }
        if fields.has(params, "oneTimePreKeyId"):
            record = self.store.loadPreKey(fields.number(params, "oneTimePreKeyId"))
            bundle["oneTimePreKeyId"] = record.getId()
            bundle["oneTimePreKey"] = record.getKeyPair().getPublicKey().serialize().hex()
        return {"bundle": bundle}

    def keys(self, _: Fields) -> Fields:
        return {
            "signedPreKeyIds": sorted(self.records.signed_pre_keys),
            "oneTimePreKeyIds": sorted(self.records.pre_keys),
        }

    def process_bundle(self, params: Fields) -> Fields:
        bundle = fields.inner(params, "bundle")
        peer = fields.address(bundle)
        one_time = fields.has(bundle, "oneTimePreKey")
        before = self.known(peer)
        builder = SessionBuilder(self.store, self.store, self.store, self.store, peer.user, peer.device)
        builder.processPreKeyBundle(
            PreKeyBundle(
                fields.number(bundle, "registrationId"),
                peer.device,
                fields.number(bundle, "oneTimePreKeyId") if one_time else None,
                public_key(fields.data(bundle, "oneTimePreKey")) if one_time else None,
                fields.number(bundle, "signedPreKeyId"),
                public_key(fields.data(bundle, "signedPreKey")),
                fields.data(bundle, "signedPreKeySignature"),
                IdentityKey(public_key(fields.data(bundle, "identityKey"))),
            )
        )
        return self.identity_changed(peer, before)

    def known(self, peer: Address) -> bytes | None:
        """The identity key of the session with a peer, if there is one."""
        if peer not in self.records.sessions:
            return None
        return bytes(self.store.loadSession(*peer).getSessionState().getRemoteIdentityKey().serialize())

    def identity_changed(self, peer: Address, before: bytes | None) -> Fields:
        return {"identityChanged": before is not None and before != self.known(peer)}

    def cipher(self, peer: Address) -> Any:
        return SessionCipher(self.store, self.store, self.store, self.store, peer.user, peer.device)

    def encrypt(self, params: Fields) -> Fields:
        message = self.cipher(fields.peer(params)).encrypt(fields.data(params, "plaintext"))
        kind = "prekey" if message.getType() == CiphertextMessage.PREKEY_TYPE else "ratchet"
        return {"kind": kind, "message": message.serialize().hex()}

    def decrypt(self, params: Fields) -> Fields:
        peer, message = fields.peer(params), fields.data(params, "message")
        before = self.known(peer)
        if fields.text(params, "kind") == "prekey":
            plaintext = self.cipher(peer).decryptPkmsg(PreKeyWhisperMessage(serialized=message))
        else:
            plaintext = self.cipher(peer).decryptMsg(WhisperMessage(serialized=message))
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
    return {"u": public_key(fields.data(params, "publicKey")).getPublicKey().hex()}


def public_key_derive(params: Fields) -> Fields:
    return {"publicKey": key_pair(fields.data(params, "privateKey")).getPublicKey().serialize().hex()}


def xeddsa_sign(params: Fields) -> Fields:
    key = private_key(fields.data(params, "privateKey"))
    return {"signature": Curve.calculateSignature(key, fields.data(params, "message")).hex()}


def xeddsa_verify(params: Fields) -> Fields:
    key = public_key(fields.data(params, "publicKey"))
    if not Curve.verifySignature(key, fields.data(params, "message"), fields.data(params, "signature")):
        raise SignatureInvalid("the signature does not verify")
    return {}


def wire_decode_prekey(params: Fields) -> Fields:
    message = PreKeyWhisperMessage(serialized=fields.data(params, "message"))
    return {
        "preKeyId": message.getPreKeyId(),
        "baseKey": message.getBaseKey().serialize().hex(),
        "identityKey": message.getIdentityKey().serialize().hex(),
        "ratchetMessage": message.getWhisperMessage().serialize().hex(),
        "registrationId": message.getRegistrationId(),
        "signedPreKeyId": message.getSignedPreKeyId(),
    }


def wire_encode_prekey(params: Fields) -> Fields:
    message = PreKeyWhisperMessage(
        CiphertextMessage.CURRENT_VERSION,
        fields.number(params, "registrationId"),
        fields.number(params, "preKeyId") if fields.has(params, "preKeyId") else None,
        fields.number(params, "signedPreKeyId"),
        public_key(fields.data(params, "baseKey")),
        IdentityKey(public_key(fields.data(params, "identityKey"))),
        WhisperMessage(serialized=fields.data(params, "ratchetMessage")),
    )
    return {"message": message.serialize().hex()}


PRIMITIVES = {
    "public_key.decode": public_key_decode,
    "public_key.derive": public_key_derive,
    "xeddsa.sign": xeddsa_sign,
    "xeddsa.verify": xeddsa_verify,
    "wire.decode_prekey": wire_decode_prekey,
    "wire.encode_prekey": wire_encode_prekey,
}
