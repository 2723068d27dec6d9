/**
 * npm's `@signalapp/libsignal-client` as a library of the role `device`, in any of its versions that has sessions of this suite.
 */

import { randomBytes } from "node:crypto";

import { fromHex } from "../node/bytes.mjs";

/** Where randomness.c is preloaded, what the library draws from. */
export const SCRIPT = "TIGRESS_RANDOMNESS";

/** The library asks its stores to raise where they do not have a key. */
function required(keys, id, name) {
    const found = keys.get(id);
    if (found === undefined) {
        throw new Error(`there is no ${name} ${id}`);
    }
    return found;
}

/**
 * @param {object} signal a version of the package
 * @returns {import("../node/device.mjs").Library}
 */
export function libraryOf(signal) {
    const address = ({ userId, deviceId }) => signal.ProtocolAddress.new(userId, deviceId);
    const addressName = (peer) => `${peer.name()}.${peer.deviceId()}`;
    const publicKey = (bytes) => signal.PublicKey.deserialize(bytes);
    const privateKey = (bytes) => signal.PrivateKey.deserialize(bytes);
    // Later versions want to know who reads and writes: their messages name both where both are service ids.
    const wantsLocal = signal.signalEncrypt.length > 4;
    const peers = (store, peer) => (wantsLocal ? [address(peer), address(store.address)] : [address(peer)]);
    const pair = (key) => ({ publicKey: key.getPublicKey().serialize(), privateKey: key.serialize() });

    class Sessions extends signal.SessionStore {
        constructor(store) {
            super();
            this.store = store;
        }

        async saveSession(peer, record) {
            this.store.sessions.set(addressName(peer), Buffer.from(record.serialize()));
        }

        async getSession(peer) {
            const record = this.store.sessions.get(addressName(peer));
            return record ? signal.SessionRecord.deserialize(record) : null;
        }
    }

    /** Trusts what the store does, and notes whether one was another than before. */
    class Identities extends signal.IdentityKeyStore {
        changed = false;

        constructor(store) {
            super();
            this.store = store;
        }

        async getIdentityKey() {
            return privateKey(this.store.identity.privateKey);
        }

        async getLocalRegistrationId() {
            return this.store.registrationId;
        }

        async saveIdentity(peer, key) {
            const changed = this.store.saveIdentity(addressName(peer), key.serialize());
            this.changed ||= changed;
            // Later versions ask for a number of their own in place of a boolean.
            return signal.IdentityChange === undefined ? changed : Number(changed);
        }

        async isTrustedIdentity(peer, key) {
            return this.store.trusts(addressName(peer), key.serialize());
        }

        async getIdentity(peer) {
            const key = this.store.identities.get(addressName(peer));
            return key ? publicKey(key) : null;
        }
    }

    class OneTimePreKeys extends signal.PreKeyStore {
        constructor(store) {
            super();
            this.store = store;
        }

        async getPreKey(id) {
            const keys = required(this.store.oneTimePreKeys, id, "one-time prekey");
            return signal.PreKeyRecord.new(id, publicKey(keys.publicKey), privateKey(keys.privateKey));
        }

        async removePreKey(id) {
            this.store.oneTimePreKeys.delete(id);
        }
    }

    class SignedPreKeys extends signal.SignedPreKeyStore {
        constructor(store) {
            super();
            this.store = store;
        }

        async getSignedPreKey(id) {
            const keys = required(this.store.signedPreKeys, id, "signed prekey");
            const { signature } = keys;
            return signal.SignedPreKeyRecord.new(id, 0, publicKey(keys.publicKey), privateKey(keys.privateKey), signature);
        }
    }

    /** What later versions ask for beside the other stores; no message of this suite names a Kyber key. */
    class NoKyberPreKeys extends (signal.KyberPreKeyStore ?? Object) {
        async getKyberPreKey(id) {
            return required(new Map(), id, "Kyber prekey");
        }
    }

    return {
        drawIdentity: () => pair(signal.PrivateKey.generate()),
        drawRegistrationId() {
            // The library has no function for it.
            const script = process.env[SCRIPT];
            process.env[SCRIPT] = script.slice(4);
            return (script.length < 4 ? randomBytes(2) : fromHex(script.slice(0, 4))).readUInt16BE() & 0x3fff;
        },
        drawSignedPreKey(identity) {
            const keys = pair(signal.PrivateKey.generate());
            return { ...keys, signature: privateKey(identity.privateKey).sign(keys.publicKey) };
        },
        drawOneTimePreKey: () => pair(signal.PrivateKey.generate()),
        keyPair: (bytes) => pair(privateKey(bytes)),
        peerName: (peer) => addressName(address(peer)),

        async processBundle(store, peer, bundle) {
            const identities = new Identities(store);
            const theirs = signal.PreKeyBundle.new(
                bundle.registrationId,
                peer.deviceId,
                bundle.oneTimePreKeyId ?? null,
                bundle.oneTimePreKey ? publicKey(bundle.oneTimePreKey) : null,
                bundle.signedPreKeyId,
                publicKey(bundle.signedPreKey),
                bundle.signedPreKeySignature,
                publicKey(bundle.identityKey),
            );
            await signal.processPreKeyBundle(theirs, address(peer), new Sessions(store), identities);
            return identities.changed;
        },

        async encrypt(store, peer, plaintext) {
            const message = await signal.signalEncrypt(
                plaintext,
                ...peers(store, peer),
                new Sessions(store),
                new Identities(store),
            );
            const opening = message.type() === signal.CiphertextMessageType.PreKey;
            return { kind: opening ? "prekey" : "ratchet", message: message.serialize() };
        },

        async decrypt(store, peer, kind, message) {
            const identities = new Identities(store);
            const plaintext = await (kind === "prekey"
                ? signal.signalDecryptPreKey(
                      signal.PreKeySignalMessage.deserialize(message),
                      ...peers(store, peer),
                      new Sessions(store),
                      identities,
                      new OneTimePreKeys(store),
                      new SignedPreKeys(store),
                      new NoKyberPreKeys(),
                  )
                : signal.signalDecrypt(
                      signal.SignalMessage.deserialize(message),
                      ...peers(store, peer),
                      new Sessions(store),
                      identities,
                  ));
            return { plaintext, identityChanged: identities.changed };
        },
    };
}
