"""A device of this suite: what it has otherwise than one of `tigress-1` (V3-02, V3-04, V3-07, V3-14)."""

from dataclasses import dataclass
from typing import Any

import device
from agreement import SignedPreKey
from outcome import require
from primitives import encode_public_key, public_key
from randomness import SCRIPT
from seen import saw
from wire import PreKeyMessage

from signal_v3 import identifiers, keys, wire
from signal_v3.ratchet import Session


@dataclass(frozen=True)
class Bundle:
    """A bundle whose fields have been checked."""

    address: identifiers.Address
    registration_id: int
    identity_key: bytes  # u
    signed_pre_key_id: int
    signed_pre_key: bytes  # u
    one_time_pre_key_id: int | None
    one_time_pre_key: bytes | None  # u


def read_bundle(fields: dict[str, Any]) -> Bundle:
    """Identifiers, then keys, then the signature (X3DH-01, X3DH-02). A statement is not looked at."""
    one_time_id, one_time = fields.get("oneTimePreKeyId"), fields.get("oneTimePreKey")
    require((one_time_id is None) == (one_time is None), "malformed")
    where = identifiers.address(fields)
    registration = identifiers.registration_id(fields["registrationId"])
    signed_id = identifiers.pre_key_id(fields["signedPreKeyId"])
    if one_time_id is not None:
        identifiers.pre_key_id(one_time_id)
    identity_key = keys.decode_public_key(bytes.fromhex(fields["identityKey"]))
    signed = keys.decode_public_key(bytes.fromhex(fields["signedPreKey"]))
    one_time_key = None if one_time is None else keys.decode_public_key(bytes.fromhex(one_time))
    signature = bytes.fromhex(fields["signedPreKeySignature"])
    keys.verify(identity_key, encode_public_key(signed), signature)
    return Bundle(where, registration, identity_key, signed_id, signed, one_time_id, one_time_key)


def draw_signed_pre_key(identity: bytes, now: int) -> SignedPreKey:
    private = SCRIPT.take(32)
    signature = keys.sign(identity, encode_public_key(public_key(private)), SCRIPT.take(64))
    return SignedPreKey(private, signature, now, b"")


class Device(device.Device):
    address_of = staticmethod(identifiers.address)
    registration_of = staticmethod(identifiers.registration_id)
    key_of = staticmethod(keys.decode_public_key)
    wire = wire
    session = Session

    @classmethod
    def create(cls, where: identifiers.Address, one_time_pre_keys: int, now: int) -> "Device":
        """Identity key, registration id, signed prekey, its signature, one-time prekeys, in this order (V3-14)."""
        identity = SCRIPT.take(32)
        created = cls(where, int.from_bytes(SCRIPT.take(2), "big") & 0x3FFF, identity)
        created.add_signed_pre_key(1, draw_signed_pre_key(identity, now))
        created.one_time_pre_keys = {number: SCRIPT.take(32) for number in range(1, one_time_pre_keys + 1)}
        return created

    def bundle(self, one_time_pre_key_id: int | None) -> dict[str, Any]:
        number, held = self.current()
        user, device_id = self.address
        fields = {
            "userId": user,
            "deviceId": device_id,
            "registrationId": self.registration_id,
            "identityKey": encode_public_key(self.identity_key).hex(),
            "signedPreKeyId": number,
            "signedPreKey": encode_public_key(public_key(held.key.private)).hex(),
            "signedPreKeySignature": held.key.signature.hex(),
        }
        if one_time_pre_key_id in self.one_time_pre_keys:
            one_time = public_key(self.one_time_pre_keys[one_time_pre_key_id])
            fields["oneTimePreKeyId"] = one_time_pre_key_id
            fields["oneTimePreKey"] = encode_public_key(one_time).hex()
        return fields

    def associated_data(self, identity_key: bytes) -> bytes:
        """The initiator's identity key and the responder's, where this device is the initiator (V3-10)."""
        return encode_public_key(self.identity_key) + encode_public_key(identity_key)

    def process_bundle(self, fields: dict[str, Any]) -> tuple[bytes, bytes]:
        bundle = read_bundle(fields)
        self.check_pin(bundle.address, bundle.identity_key)
        base = saw("ephemeral private key", SCRIPT.take(32))
        outputs = [
            keys.diffie_hellman(self.identity, bundle.signed_pre_key),
            keys.diffie_hellman(base, bundle.identity_key),
            keys.diffie_hellman(base, bundle.signed_pre_key),
        ]
        if bundle.one_time_pre_key is not None:
            outputs.append(keys.diffie_hellman(base, bundle.one_time_pre_key))
        secret = keys.shared_secret(*outputs)
        associated_data = self.associated_data(bundle.identity_key)
        session = Session.initiate(secret, bundle.signed_pre_key, associated_data)
        self.open_with(bundle, public_key(base), session)
        return secret[:32], associated_data

    def agree(
        self,
        signed: SignedPreKey,
        one_time: bytes | None,
        peer: identifiers.Address,
        message: PreKeyMessage,
    ) -> tuple[bytes, bytes]:
        outputs = [
            keys.diffie_hellman(signed.private, message.identity_key),
            keys.diffie_hellman(self.identity, message.base_key),
            keys.diffie_hellman(signed.private, message.base_key),
        ]
        if one_time is not None:
            outputs.append(keys.diffie_hellman(one_time, message.base_key))
        associated_data = encode_public_key(message.identity_key) + encode_public_key(self.identity_key)
        return keys.shared_secret(*outputs), associated_data

    def decrypt_pre_key(self, peer: identifiers.Address, bytes_of_message: bytes) -> tuple[bytes, bytes, bytes]:
        plaintext, secret, associated_data = super().decrypt_pre_key(peer, bytes_of_message)
        return plaintext, secret[:32], associated_data

    def draw_signed_pre_key(self, current: SignedPreKey, number: int, now: int) -> SignedPreKey:
        return draw_signed_pre_key(self.identity, now)
