"""What each type of vector asks in this suite: fields in, fields out."""

from functools import partial

import operations
from operations import Fields, Operation
from outcome import require
from primitives import encode_public_key, public_key
from randomness import SCRIPT

from signal_v3 import keys, wire
from signal_v3.device import Device
from signal_v3.ratchet import MAX_COUNTER
from wire import PreKeyMessage


def public_key_decode(test: Fields) -> Fields:
    return {"u": keys.decode_public_key(bytes.fromhex(test["publicKey"])).hex()}


def xeddsa_sign(test: Fields) -> Fields:
    private, message = bytes.fromhex(test["privateKey"]), bytes.fromhex(test["message"])
    signature = keys.sign(private, message, SCRIPT.take(64))
    keys.verify(public_key(private), message, signature)
    return {"signature": signature.hex()}


def xeddsa_verify(test: Fields) -> Fields:
    u = keys.decode_public_key(bytes.fromhex(test["publicKey"]))
    keys.verify(u, bytes.fromhex(test["message"]), bytes.fromhex(test["signature"]))
    return {}


def shared_secret(test: Fields) -> Fields:
    outputs = [bytes.fromhex(test[name]) for name in ("dh1", "dh2", "dh3", "dh4") if test.get(name)]
    return {"sharedSecret": keys.shared_secret(*outputs)[:32].hex()}


def root_step(test: Fields) -> Fields:
    root_key, chain_key = keys.root_step(bytes.fromhex(test["rootKey"]), bytes.fromhex(test["dh"]))
    return {"nextRootKey": root_key.hex(), "chainKey": chain_key.hex()}


def chain_step(test: Fields) -> Fields:
    require(test["counter"] < MAX_COUNTER, "counter-exhausted")  # DR-18
    next_key, message_key = keys.chain_step(bytes.fromhex(test["chainKey"]))
    return {
        "nextChainKey": next_key.hex(),
        "messageKey": message_key.hex(),
        "nextCounter": test["counter"] + 1,
    }


def message_key(test: Fields) -> Fields:
    return {"expanded": keys.expand_message_key(bytes.fromhex(test["messageKey"])).hex()}


def covered(test: Fields, ciphertext: bytes) -> bytes:
    """The message that a ciphertext stands in, but for the MAC."""
    ratchet_key = keys.decode_public_key(bytes.fromhex(test["ratchetKey"]))
    return wire.covered(ratchet_key, test["counter"], test["previousCounter"], ciphertext)


def message_encrypt(test: Fields) -> Fields:
    key, associated_data = bytes.fromhex(test["messageKey"]), bytes.fromhex(test["associatedData"])
    ciphertext = keys.encrypt(key, bytes.fromhex(test["plaintext"]))
    return {"ciphertext": (ciphertext + keys.mac(key, associated_data, covered(test, ciphertext))).hex()}


def message_decrypt(test: Fields) -> Fields:
    key, associated_data = bytes.fromhex(test["messageKey"]), bytes.fromhex(test["associatedData"])
    sealed = bytes.fromhex(test["ciphertext"])
    ciphertext, mac = sealed[: -keys.MAC_LENGTH], sealed[-keys.MAC_LENGTH :]
    require(mac == keys.mac(key, associated_data, covered(test, ciphertext)), "decrypt-failed")
    return {"plaintext": keys.decrypt(key, ciphertext).hex()}


def ratchet_message_decode(test: Fields) -> Fields:
    message = wire.read_ratchet_message(bytes.fromhex(test["message"]))
    return {
        "ratchetKey": encode_public_key(message.ratchet_key).hex(),
        "counter": message.counter,
        "previousCounter": message.previous_counter,
        "ciphertext": message.ciphertext.hex(),
        "mac": message.mac.hex(),
    }


def ratchet_message_encode(test: Fields) -> Fields:
    written = covered(test, bytes.fromhex(test["ciphertext"]))
    return {"message": written.hex() + test["mac"]}


def pre_key_message_decode(test: Fields) -> Fields:
    message = wire.read_pre_key_message(bytes.fromhex(test["message"]))
    return {
        "preKeyId": message.pre_key_id,
        "baseKey": encode_public_key(message.base_key).hex(),
        "identityKey": encode_public_key(message.identity_key).hex(),
        "ratchetMessage": message.message.hex(),
        "registrationId": message.registration_id,
        "signedPreKeyId": message.signed_pre_key_id,
    }


def pre_key_message_encode(test: Fields) -> Fields:
    message = PreKeyMessage(
        test.get("preKeyId"),
        keys.decode_public_key(bytes.fromhex(test["baseKey"])),
        keys.decode_public_key(bytes.fromhex(test["identityKey"])),
        bytes.fromhex(test["ratchetMessage"]),
        test["registrationId"],
        test["signedPreKeyId"],
    )
    return {"message": wire.write_pre_key_message(message).hex()}


def device_create(test: Fields) -> Fields:
    created = Device.create(Device.address_of(test["address"]), test["oneTimePreKeys"], test["now"])
    return {"bundle": created.bundle(1)}


RUN = {
    "PublicKeyDecode": public_key_decode,
    "PublicKeyDerive": operations.public_key_derive,
    "XeddsaSign": xeddsa_sign,
    "XeddsaVerify": xeddsa_verify,
    "SharedSecret": shared_secret,
    "RootStep": root_step,
    "ChainStep": chain_step,
    "MessageKey": message_key,
    "MessageEncrypt": message_encrypt,
    "MessageDecrypt": message_decrypt,
    "RatchetMessageDecode": ratchet_message_decode,
    "RatchetMessageEncode": ratchet_message_encode,
    "PreKeyMessageDecode": pre_key_message_decode,
    "PreKeyMessageEncode": pre_key_message_encode,
    "X3dhInitiate": partial(operations.x3dh_initiate, of=Device),
    "X3dhRespond": partial(operations.x3dh_respond, of=Device),
    "DeviceCreate": device_create,
}
MORE_INPUTS = {"RatchetMessageEncode": {"mac"}}
MORE_OUTPUTS = {"RatchetMessageDecode": {"mac"}}

# By the type of a test group: the fields are those of `tigress-1`, and the MAC.
OPERATIONS = {
    name: Operation(
        run,
        operations.OPERATIONS[name].inputs | MORE_INPUTS.get(name, set()),
        operations.OPERATIONS[name].outputs | MORE_OUTPUTS.get(name, set()),
    )
    for name, run in RUN.items()
}
