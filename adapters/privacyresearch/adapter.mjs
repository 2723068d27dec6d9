/**
 * An adapter for npm's `@privacyresearch/libsignal-protocol-typescript` (docs/adapter.md).
 *
 * Its argument is the folder that the package is installed in.
 */

import { describe, serve } from "../node/protocol.mjs"; // first: standard output is for answers alone
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";

import { fromHex, toArrayBuffer, toHex } from "../node/bytes.mjs";
import "../node/clock.mjs";
import { deviceMethods } from "../node/device.mjs";
import { draw, scripted } from "../node/randomness.mjs";

const require = createRequire(`${process.argv[2]}/node_modules/`);
const signal = require("@privacyresearch/libsignal-protocol-typescript");
const manifest = require("@privacyresearch/libsignal-protocol-typescript/package.json");
const { Curve: curve } = await signal.default();

/** What XEdDSA draws for a signature, in bytes; this library draws nothing. */
const SIGNATURE_RANDOMNESS = 64;
const PREKEY_MESSAGE = 3;

signal.setWebCrypto({
    subtle: webcrypto.subtle,
    getRandomValues(array) {
        array.set(draw(array.length));
        return array;
    },
});

const ours = ({ pubKey, privKey }) => ({ publicKey: Buffer.from(pubKey), privateKey: Buffer.from(privKey) });
const theirs = (keys) => keys && { pubKey: toArrayBuffer(keys.publicKey), privKey: toArrayBuffer(keys.privateKey) };
const address = ({ userId, deviceId }) => new signal.SignalProtocolAddress(userId, deviceId);

/** The storage that the library asks for; it notes whether an identity key was another than before. */
class Storage {
    identityChanged = false;

    constructor(store) {
        this.store = store;
    }

    async getIdentityKeyPair() {
        return theirs(this.store.identity);
    }

    async getLocalRegistrationId() {
        return this.store.registrationId;
    }

    async isTrustedIdentity() {
        return true;
    }

    async saveIdentity(peer, key) {
        const changed = this.store.saveIdentity(peer, new Uint8Array(key));
        this.identityChanged ||= changed;
        return changed;
    }

    async loadPreKey(id) {
        return theirs(this.store.oneTimePreKeys.get(id));
    }

    async removePreKey(id) {
        this.store.oneTimePreKeys.delete(id);
    }

    async loadSignedPreKey(id) {
        return theirs(this.store.signedPreKeys.get(id));
    }

    async loadSession(peer) {
        return this.store.sessions.get(peer)?.toString();
    }

    async storeSession(peer, record) {
        this.store.sessions.set(peer, Buffer.from(record));
    }
}

const library = {
    drawIdentity: async () => ours(await signal.KeyHelper.generateIdentityKeyPair()),
    drawRegistrationId: () => signal.KeyHelper.generateRegistrationId(),
    async drawSignedPreKey(identity, id) {
        const { keyPair, signature } = await signal.KeyHelper.generateSignedPreKey(theirs(identity), id);
        draw(SIGNATURE_RANDOMNESS);
        return { ...ours(keyPair), signature: Buffer.from(signature) };
    },
    drawOneTimePreKey: async (id) => ours((await signal.KeyHelper.generatePreKey(id)).keyPair),
    keyPair: (privateKey) => ours(curve.createKeyPair(toArrayBuffer(privateKey))),
    sessionName: (peer) => address(peer).toString(),

    async processBundle(store, peer, bundle) {
        const storage = new Storage(store);
        await new signal.SessionBuilder(storage, address(peer)).processPreKey({
            registrationId: bundle.registrationId,
            identityKey: toArrayBuffer(bundle.identityKey),
            signedPreKey: {
                keyId: bundle.signedPreKeyId,
                publicKey: toArrayBuffer(bundle.signedPreKey),
                signature: toArrayBuffer(bundle.signedPreKeySignature),
            },
            preKey: bundle.oneTimePreKey && {
                keyId: bundle.oneTimePreKeyId,
                publicKey: toArrayBuffer(bundle.oneTimePreKey),
            },
        });
        return storage.identityChanged;
    },

    async encrypt(store, peer, plaintext) {
        const cipher = new signal.SessionCipher(new Storage(store), address(peer));
        const { type, body } = await cipher.encrypt(toArrayBuffer(plaintext));
        return { kind: type === PREKEY_MESSAGE ? "prekey" : "ratchet", message: Buffer.from(body, "latin1") };
    },

    async decrypt(store, peer, kind, message) {
        const storage = new Storage(store);
        const cipher = new signal.SessionCipher(storage, address(peer));
        const plaintext = await (kind === "prekey"
            ? cipher.decryptPreKeyWhisperMessage(toArrayBuffer(message))
            : cipher.decryptWhisperMessage(toArrayBuffer(message)));
        return { plaintext, identityChanged: storage.identityChanged };
    },
};

const primitives = {
    "public_key.derive": ({ privateKey }) => ({ publicKey: toHex(library.keyPair(fromHex(privateKey)).publicKey) }),
    "xeddsa.sign"({ privateKey, message }) {
        // It signs with clamped keys alone.
        const keys = theirs(library.keyPair(fromHex(privateKey)));
        return { signature: toHex(curve.calculateSignature(keys.privKey, toArrayBuffer(fromHex(message)))) };
    },
    async "xeddsa.verify"({ publicKey, message, signature }) {
        // The one that sessions use; that of `curve` itself answers true for a wrong signature.
        await curve.async.verifySignature(...[publicKey, message, signature].map(fromHex).map(toArrayBuffer));
        return {};
    },
};

await serve({
    describe: describe(manifest, "injected"),
    ...scripted({ ...primitives, ...deviceMethods(library) }),
});
