"""What each type of vector asks, recomputed: fields in, fields out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import agreement
import car_key
import invitation
import payload
import primitives
import wire
from device import Device
from identifiers import address
from outcome import agreed, require
from randomness import SCRIPT
from ratchet import MAX_COUNTER, MessageChain, RootChain

Fields = dict[str, Any]


def public_key_decode(test: Fields) -> Fields:
    return {"u": primitives.decode_public_key(bytes.fromhex(test["publicKey"])).hex()}


def public_key_derive(test: Fields) -> Fields:
    u = primitives.public_key(bytes.fromhex(test["privateKey"]))
    return {"publicKey": primitives.encode_public_key(u).hex()}


def xeddsa_sign(test: Fields) -> Fields:
    private, message = bytes.fromhex(test["privateKey"]), bytes.fromhex(test["message"])
    return {"signature": primitives.xeddsa_sign(private, message, SCRIPT.take(64)).hex()}


def xeddsa_verify(test: Fields) -> Fields:
    u = primitives.decode_public_key(bytes.fromhex(test["publicKey"]))
    primitives.xeddsa_verify(u, bytes.fromhex(test["message"]), bytes.fromhex(test["signature"]))
    return {}


def shared_secret(test: Fields) -> Fields:
    outputs = [bytes.fromhex(test[name]) for name in ("dh1", "dh2", "dh3", "dh4") if test.get(name)]
    return {"sharedSecret": agreement.shared_secret(*outputs).hex()}


def root_step(test: Fields) -> Fields:
    root_key, dh = bytes.fromhex(test["rootKey"]), bytes.fromhex(test["dh"])
    output = agreement.done(RootChain.derive(root_key, dh, 64))
    agreed("KDF_RK", output, primitives.hkdf(root_key, dh, "TigressSignal/1 Ratchet", 64))
    return {"nextRootKey": output[:32].hex(), "chainKey": output[32:].hex()}


def chain_step(test: Fields) -> Fields:
    require(test["counter"] < MAX_COUNTER, "counter-exhausted")  # DR-18
    chain_key = bytes.fromhex(test["chainKey"])
    output = agreement.done(MessageChain.derive(chain_key, MessageChain.CONSTANT, 64))
    by_hmac = [primitives.hmac_sha256(chain_key, bytes([byte])) for byte in MessageChain.CONSTANT]
    agreed("KDF_CK", output, b"".join(by_hmac))
    return {
        "nextChainKey": output[:32].hex(),
        "messageKey": output[32:].hex(),
        "nextCounter": test["counter"] + 1,
    }


def message_key(test: Fields) -> Fields:
    return {"expanded": primitives.expand_message_key(bytes.fromhex(test["messageKey"])).hex()}


def message_data(test: Fields) -> bytes:
    ratchet_key = primitives.decode_public_key(bytes.fromhex(test["ratchetKey"]))
    associated_data = bytes.fromhex(test["associatedData"])
    return primitives.header_data(associated_data, ratchet_key, test["previousCounter"], test["counter"])


def message_encrypt(test: Fields) -> Fields:
    key, plaintext = bytes.fromhex(test["messageKey"]), bytes.fromhex(test["plaintext"])
    return {"ciphertext": primitives.seal(key, plaintext, message_data(test)).hex()}


def message_decrypt(test: Fields) -> Fields:
    key, ciphertext = bytes.fromhex(test["messageKey"]), bytes.fromhex(test["ciphertext"])
    return {"plaintext": primitives.open_sealed(key, ciphertext, message_data(test)).hex()}


def fingerprint(test: Fields) -> Fields:
    """X3DH-16."""
    devices = []
    for side in ("own", "peer"):
        key = bytes.fromhex(test[side]["identityKey"])
        primitives.decode_public_key(key)
        devices.append(address(test[side]["address"]) + key)
    devices.sort(key=lambda device: device[:17])
    digests = [hashlib.sha512(b"TigressSignal/1 Fingerprint" + device).digest() for device in devices]
    fives = [digest[at : at + 5] for digest in digests for at in range(0, 30, 5)]
    groups = (int.from_bytes(five, "big") % 100_000 for five in fives)
    return {"fingerprint": " ".join(f"{group:05}" for group in groups)}


def ratchet_message_decode(test: Fields) -> Fields:
    encoded = bytes.fromhex(test["message"])
    message = wire.read_ratchet_message(encoded)
    agreed("encode(decode(b))", encoded, wire.write_ratchet_message(message))  # WIRE-11
    return {
        "ratchetKey": primitives.encode_public_key(message.ratchet_key).hex(),
        "counter": message.counter,
        "previousCounter": message.previous_counter,
        "ciphertext": message.ciphertext.hex(),
    }


def ratchet_message_encode(test: Fields) -> Fields:
    key = primitives.decode_public_key(bytes.fromhex(test["ratchetKey"]))
    ciphertext = bytes.fromhex(test["ciphertext"])
    message = wire.RatchetMessage(key, test["counter"], test["previousCounter"], ciphertext)
    return {"message": wire.write_ratchet_message(message).hex()}


def pre_key_message_decode(test: Fields) -> Fields:
    encoded = bytes.fromhex(test["message"])
    message = wire.read_pre_key_message(encoded)
    agreed("encode(decode(b))", encoded, wire.write_pre_key_message(message))  # WIRE-11
    return {
        "preKeyId": message.pre_key_id,
        "baseKey": primitives.encode_public_key(message.base_key).hex(),
        "identityKey": primitives.encode_public_key(message.identity_key).hex(),
        "ratchetMessage": message.message.hex(),
        "registrationId": message.registration_id,
        "signedPreKeyId": message.signed_pre_key_id,
    }


def pre_key_message_encode(test: Fields) -> Fields:
    ratchet_message = bytes.fromhex(test["ratchetMessage"])
    wire.read_ratchet_message(ratchet_message)
    message = wire.PreKeyMessage(
        test.get("preKeyId"),
        primitives.decode_public_key(bytes.fromhex(test["baseKey"])),
        primitives.decode_public_key(bytes.fromhex(test["identityKey"])),
        ratchet_message,
        test["registrationId"],
        test["signedPreKeyId"],
    )
    return {"message": wire.write_pre_key_message(message).hex()}


def x3dh_initiate(test: Fields, of: type[Device] = Device) -> Fields:
    identity = bytes.fromhex(test["identityPrivateKey"])
    device = of(of.address_of(test["address"]), of.registration_of(test["registrationId"]), identity)
    device.now = test["now"]
    peer = test["bundle"]
    if test.get("pinnedIdentityKey"):
        device.pin(of.address_of(peer), of.key_of(bytes.fromhex(test["pinnedIdentityKey"])), True)
    secret, associated_data = device.process_bundle(peer)
    _, message = device.encrypt(of.address_of(peer), bytes.fromhex(test["plaintext"]))
    return {
        "sharedSecret": secret.hex(),
        "associatedData": associated_data.hex(),
        "message": message.hex(),
    }


def x3dh_respond(test: Fields, of: type[Device] = Device) -> Fields:
    one_time = test.get("oneTimePreKeyId")
    device = of.load(
        {
            "address": test["address"],
            "registrationId": 1,
            "identityPrivateKey": test["identityPrivateKey"],
            "signedPreKeys": [
                {
                    "id": test["signedPreKeyId"],
                    "privateKey": test["signedPreKeyPrivateKey"],
                    "signature": "00" * 64,  # B never looks at its own
                    "created": 0,
                    "statementSignature": "00" * 64,
                }
            ],
            "oneTimePreKeys": []
            if one_time is None
            else [{"id": one_time, "privateKey": test["oneTimePreKeyPrivateKey"], "drawn": 0}],
        }
    )
    sender = of.address_of(test["sender"])
    if test.get("pinnedIdentityKey"):
        device.pin(sender, of.key_of(bytes.fromhex(test["pinnedIdentityKey"])), True)
    message = bytes.fromhex(test["message"])
    plaintext, secret, associated_data = device.decrypt_pre_key(sender, message)
    return {
        "sharedSecret": secret.hex(),
        "associatedData": associated_data.hex(),
        "plaintext": plaintext.hex(),
    }


def device_create(test: Fields) -> Fields:
    where = address(test["address"])
    identity, number, signed, one_time = agreement.draw_device(where, test["oneTimePreKeys"], test["now"])
    device = Device(where, number, identity)
    device.add_signed_pre_key(1, signed)
    device.one_time_pre_keys = dict(enumerate(one_time, 1))
    return {"bundle": device.bundle(1)}


def invitation_parse(test: Fields) -> Fields:
    return invitation.read(test["link"])


def invitation_make(test: Fields) -> Fields:
    key = bytes.fromhex(test["identityKey"])
    where = test["host"], test["address"], test["vertical"]
    return {"link": invitation.write(*where, key, test["now"], test.get("lifetime"))}


def invitation_check(test: Fields) -> Fields:
    invitation.check(test["link"], bytes.fromhex(test["identityKey"]))
    return {}


def invitation_take(test: Fields) -> Fields:
    invitation.take(test["link"], test["now"])
    return {}


def invitation_honour(test: Fields) -> Fields:
    invitation.honour(test["link"], test["now"])
    return {}


def payload_decode(test: Fields) -> Fields:
    return payload.read(bytes.fromhex(test["plaintext"]))


def payload_encode(test: Fields) -> Fields:
    return {"plaintext": payload.write(test).hex()}


def offer_encode(test: Fields) -> Fields:
    by = bytes.fromhex(test["offerKey"]), test["sender"], test["receiver"]
    return {"plaintext": payload.write_offer(test, *by).hex()}


def offer_check(test: Fields) -> Fields:
    by = bytes.fromhex(test["offerKey"]), test["sender"], test["receiver"]
    payload.check_offer(bytes.fromhex(test["plaintext"]), *by)
    return {}


def key_creation_request(test: Fields) -> Fields:
    return {"request": car_key.creation_request(SCRIPT.take(32)).hex()}


def key_creation_request_check(test: Fields) -> Fields:
    return {"publicKey": car_key.check_creation_request(bytes.fromhex(test["request"])).hex()}


def key_signing_request(test: Fields) -> Fields:
    return {"request": car_key.signing_request(test["transfer"], SCRIPT.take(32)).hex()}


def key_signing_request_check(test: Fields) -> Fields:
    key = car_key.check_signing_request(test["transfer"], bytes.fromhex(test["request"]))
    return {"publicKey": key.hex()}


def key_import_request(test: Fields) -> Fields:
    owner, receiver = bytes.fromhex(test["ownerPrivateKey"]), bytes.fromhex(test["receiverKey"])
    return {"request": car_key.import_request(test["transfer"], owner, receiver).hex()}


def key_import_request_check(test: Fields) -> Fields:
    owner, receiver = bytes.fromhex(test["ownerKey"]), bytes.fromhex(test["receiverKey"])
    car_key.check_import_request(test["transfer"], owner, receiver, bytes.fromhex(test["request"]))
    return {}


@dataclass(frozen=True)
class Operation:
    run: Callable[..., Fields]
    inputs: set[str]
    outputs: set[str]


def operation(run: Callable[..., Fields], inputs: str, outputs: str) -> Operation:
    return Operation(run, set(inputs.split()), set(outputs.split()))


PAYLOAD = (
    "transfer type format expires keyCreationRequest authorizationToken keySigningRequest keyImportRequest"
    " reason unknownContent unknownTop invitation accessKey"
)

# By the type of a test group.
OPERATIONS = {
    "PublicKeyDecode": operation(public_key_decode, "publicKey", "u"),
    "PublicKeyDerive": operation(public_key_derive, "privateKey", "publicKey"),
    "XeddsaSign": operation(xeddsa_sign, "privateKey message randomness", "signature"),
    "XeddsaVerify": operation(xeddsa_verify, "publicKey message signature", ""),
    "SharedSecret": operation(shared_secret, "dh1 dh2 dh3 dh4", "sharedSecret"),
    "RootStep": operation(root_step, "rootKey dh", "nextRootKey chainKey"),
    "ChainStep": operation(chain_step, "chainKey counter", "messageKey nextChainKey nextCounter"),
    "MessageKey": operation(message_key, "messageKey", "expanded"),
    "MessageEncrypt": operation(
        message_encrypt,
        "messageKey associatedData ratchetKey previousCounter counter plaintext",
        "ciphertext",
    ),
    "MessageDecrypt": operation(
        message_decrypt,
        "messageKey associatedData ratchetKey previousCounter counter ciphertext",
        "plaintext",
    ),
    "Fingerprint": operation(fingerprint, "own peer", "fingerprint"),
    "RatchetMessageDecode": operation(
        ratchet_message_decode, "message", "ratchetKey counter previousCounter ciphertext"
    ),
    "RatchetMessageEncode": operation(
        ratchet_message_encode, "ratchetKey counter previousCounter ciphertext", "message"
    ),
    "PreKeyMessageDecode": operation(
        pre_key_message_decode,
        "message",
        "preKeyId baseKey identityKey ratchetMessage registrationId signedPreKeyId",
    ),
    "PreKeyMessageEncode": operation(
        pre_key_message_encode,
        "preKeyId baseKey identityKey ratchetMessage registrationId signedPreKeyId",
        "message",
    ),
    "X3dhInitiate": operation(
        x3dh_initiate,
        "address registrationId identityPrivateKey bundle pinnedIdentityKey now randomness plaintext",
        "sharedSecret associatedData message",
    ),
    "X3dhRespond": operation(
        x3dh_respond,
        "address identityPrivateKey signedPreKeyId signedPreKeyPrivateKey oneTimePreKeyId"
        " oneTimePreKeyPrivateKey sender pinnedIdentityKey message randomness",
        "sharedSecret associatedData plaintext",
    ),
    "InvitationParse": operation(
        invitation_parse,
        "link",
        "host address vertical fingerprint id secret expires accessKey offerKey requestUrl",
    ),
    "InvitationMake": operation(
        invitation_make, "host address vertical identityKey now lifetime randomness", "link"
    ),
    "InvitationTake": operation(invitation_take, "link now", ""),
    "InvitationHonour": operation(invitation_honour, "link now", ""),
    "InvitationCheck": operation(invitation_check, "link identityKey", ""),
    "PayloadDecode": operation(payload_decode, "plaintext", PAYLOAD),
    "PayloadEncode": operation(payload_encode, PAYLOAD + " atLeast", "plaintext"),
    "OfferEncode": operation(offer_encode, PAYLOAD + " offerKey sender receiver", "plaintext"),
    "OfferCheck": operation(offer_check, "plaintext offerKey sender receiver", ""),
    "KeyCreationRequest": operation(key_creation_request, "randomness", "request"),
    "KeyCreationRequestCheck": operation(key_creation_request_check, "request", "publicKey"),
    "KeySigningRequest": operation(key_signing_request, "transfer randomness", "request"),
    "KeySigningRequestCheck": operation(key_signing_request_check, "transfer request", "publicKey"),
    "KeyImportRequest": operation(key_import_request, "transfer ownerPrivateKey receiverKey", "request"),
    "KeyImportRequestCheck": operation(
        key_import_request_check, "transfer ownerKey receiverKey request", ""
    ),
    "DeviceCreate": operation(device_create, "handle address oneTimePreKeys now randomness", "bundle"),
}

# By the `op` of a step of a conversation.
STEPS = {
    "bundle": operation(Device.step_bundle, "oneTimePreKeyId", "bundle"),
    "keys": operation(Device.step_keys, "", "signedPreKeyIds oneTimePreKeyIds"),
    "pin": operation(Device.step_pin, "peer identityKey named", ""),
    "unpin": operation(Device.step_unpin, "peer", ""),
    "openAnew": operation(Device.step_open_anew, "peer", ""),
    "processBundle": operation(Device.step_process_bundle, "bundle randomness", ""),
    "encrypt": operation(Device.step_encrypt, "peer plaintext", "kind message"),
    "decrypt": operation(Device.step_decrypt, "peer kind message randomness", "plaintext beside"),
    "readOpening": operation(Device.step_read_opening, "peer message", "identityKey plaintext"),
    "dropSessions": operation(Device.step_drop_sessions, "peer", ""),
    "tick": operation(Device.step_tick, "now randomness", ""),
    "setCounters": operation(Device.step_set_counters, "peer sending receiving", ""),
    "restart": operation(Device.step_restart, "", ""),
    "erased": operation(Device.step_erased, "", "secrets"),
}
