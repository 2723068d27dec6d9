"""What a device of python-axolotl or omemo-dr keeps: the library's own records, as bytes."""

import json
from dataclasses import dataclass, field

from fields import Address


@dataclass
class Records:
    address: Address
    registration_id: int
    identity_key_pair: bytes
    # By id, the oldest first.
    signed_pre_keys: dict[int, bytes] = field(default_factory=dict)
    pre_keys: dict[int, bytes] = field(default_factory=dict)
    sessions: dict[Address, bytes] = field(default_factory=dict)
    # By user: these libraries save an identity key without its device.
    identities: dict[str, list[bytes]] = field(default_factory=dict)

    def saved(self) -> bytes:
        form = {
            "address": self.address,
            "registrationId": self.registration_id,
            "identityKeyPair": self.identity_key_pair,
            "signedPreKeys": list(self.signed_pre_keys.items()),
            "preKeys": list(self.pre_keys.items()),
            "sessions": list(self.sessions.items()),
            "identities": list(self.identities.items()),
        }
        return json.dumps(form, default=bytes.hex).encode()

    @classmethod
    def restored(cls, state: bytes) -> "Records":
        form = json.loads(state)
        return cls(
            Address(*form["address"]),
            form["registrationId"],
            bytes.fromhex(form["identityKeyPair"]),
            {number: bytes.fromhex(record) for number, record in form["signedPreKeys"]},
            {number: bytes.fromhex(record) for number, record in form["preKeys"]},
            {Address(*peer): bytes.fromhex(record) for peer, record in form["sessions"]},
            {user: [bytes.fromhex(key) for key in keys] for user, keys in form["identities"]},
        )

    def save_identity(self, user: str, key: bytes) -> None:
        known = self.identities.setdefault(user, [])
        if key not in known:
            known.append(key)
