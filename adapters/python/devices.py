"""The role `device`: devices by handle, and their saved form."""

import json
from dataclasses import asdict
from typing import Any

import libraries  # noqa: F401  # first: it says what is left to the packages
import agreement
import ratchet
from agreement import SignedPreKey
from device import Device, HeldSignedPreKey, Pin, Record
from identifiers import address, address_fields
from ratchet import Ratchet, Session
from wire import PreKeyMessage

Fields = dict[str, Any]

# What the package has drawn is gone.
Device.rewinds = False

HELD: dict[str, Device] = {}


def create(params: Fields) -> Fields:
    where = address(params["address"])
    identity, number, signed, one_time = agreement.draw_device(where, params["oneTimePreKeys"], params["now"])
    device = Device(where, number, identity)
    device.add_signed_pre_key(1, signed)
    device.one_time_pre_keys = dict(enumerate(one_time, 1))
    device.drawn = dict.fromkeys(device.one_time_pre_keys, params["now"])
    HELD[params["handle"]] = device
    return {"bundle": device.bundle(1)}


def load(params: Fields) -> Fields:
    HELD[params["handle"]] = Device.load(params)
    return {}


def held(params: Fields) -> Device:
    return HELD[params["handle"]]


def process_bundle(params: Fields) -> Fields:
    device, bundle = held(params), params["bundle"]
    before = dict(device.known)
    device.process_bundle(bundle)
    return identity_changed(device, address(bundle), before)


def decrypt(params: Fields) -> Fields:
    device, peer = held(params), address(params["peer"])
    before = dict(device.known)
    fields = device.step_decrypt(params)
    return fields | identity_changed(device, peer, before)


def identity_changed(device: Device, peer: bytes, before: dict[bytes, bytes]) -> Fields:
    """SES-12."""
    return {"identityChanged": before.get(peer, device.known[peer]) != device.known[peer]}


def save(params: Fields) -> Fields:
    return {"state": saved(held(params)).hex()}


def restore(params: Fields) -> Fields:
    HELD[params["handle"]] = restored(bytes.fromhex(params["state"]))
    return {}


# ---- the saved form: JSON, bytes as hex --------------------------------------------------------------


def saved(device: Device) -> bytes:
    form = {
        "address": address_fields(device.address),
        "registrationId": device.registration_id,
        "identity": device.identity,
        "signedPreKeys": [
            [number, asdict(held.key), held.replaced, [[key, sorted(ids)] for key, ids in held.openings.items()]]
            for number, held in device.signed_pre_keys.items()
        ],
        "oneTimePreKeys": list(device.one_time_pre_keys.items()),
        "drawn": list(device.drawn.items()),
        "pinned": [[peer, pin.identity_key, pin.named] for peer, pin in device.pinned.items()],
        "known": list(device.known.items()),
        "now": device.now,
        "records": [[peer, [saved_record(record) for record in records]] for peer, records in device.records.items()],
    }
    return json.dumps(form, default=bytes.hex).encode()


def saved_record(record: Record) -> Fields:
    return {
        "ratchet": as_hex(record.session.ratchet.json),
        "associatedData": record.session.associated_data,
        "opening": record.opening,
        "peerIdentityKey": record.peer_identity_key,
        "time": record.time,
        "provisioning": record.provisioning,
        "openingMessage": record.opening_message and asdict(record.opening_message),
    }


def restored(state: bytes) -> Device:
    form = json.loads(state)
    device = Device(address(form["address"]), form["registrationId"], bytes.fromhex(form["identity"]))
    for number, key, replaced, openings in form["signedPreKeys"]:
        signed = SignedPreKey(**from_form(key))
        opened = {bytes.fromhex(peer): set(map(bytes.fromhex, ids)) for peer, ids in openings}
        device.signed_pre_keys[number] = HeldSignedPreKey(signed, replaced, opened)
    device.one_time_pre_keys = {number: bytes.fromhex(key) for number, key in form["oneTimePreKeys"]}
    device.drawn = dict(form["drawn"])
    device.pinned = {bytes.fromhex(peer): Pin(bytes.fromhex(key), named) for peer, key, named in form["pinned"]}
    device.known = {bytes.fromhex(peer): bytes.fromhex(key) for peer, key in form["known"]}
    device.now = form["now"]
    device.records = {
        bytes.fromhex(peer): [restored_record(record) for record in records] for peer, records in form["records"]
    }
    return device


def restored_record(form: Fields) -> Record:
    machine = Ratchet.from_json(from_hex(form["ratchet"]), *ratchet.SETTINGS)
    identity, base = form["opening"]
    message = form["openingMessage"]
    return Record(
        Session(machine, bytes.fromhex(form["associatedData"])),
        (bytes.fromhex(identity), bytes.fromhex(base)),
        bytes.fromhex(form["peerIdentityKey"]),
        message and PreKeyMessage(**from_form(message)),
        form["time"],
        form["provisioning"],
    )


def from_form(fields: Fields) -> Fields:
    return {name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in fields.items()}


def as_hex(value: Any) -> Any:
    """The package writes each byte as the character of that number: nobody would find a key in it."""
    if isinstance(value, dict):
        return {name: as_hex(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_hex(item) for item in value]
    return value.encode("latin-1").hex() if isinstance(value, str) else value


def from_hex(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: from_hex(item) for name, item in value.items()}
    if isinstance(value, list):
        return [from_hex(item) for item in value]
    return bytes.fromhex(value).decode("latin-1") if isinstance(value, str) else value
