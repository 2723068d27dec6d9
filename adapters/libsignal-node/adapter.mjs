/**
 * An adapter for npm's `libsignal`, the library that Baileys runs (docs/adapter.md).
 *
 * Its argument is the folder that the package is installed in.
 */

import { Refused, describe, serve } from "../node/protocol.mjs"; // first: standard output is for answers alone
import crypto from "node:crypto";
import { createRequire } from "node:module";

import { fromHex, toHex } from "../node/bytes.mjs";
import "../node/clock.mjs";
import { deviceMethods } from "../node/device.mjs";
import { draw, scripted } from "../node/randomness.mjs";

const require = createRequire(`${process.argv[2]}/node_modules/`);
const libsignal = require("libsignal");
const libsignalPackage = require("libsignal/package.json");

// PKCS#8 of an X25519 private key, but for its 32 bytes (RFC 8410).
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
/** What XEdDSA draws for a signature, in bytes; this library draws nothing. */
const SIGNATURE_RANDOMNESS = 64;
const PREKEY_MESSAGE = 3;

// The two random sources of the library are Node's.
crypto.randomBytes = draw;
crypto.generateKeyPairSync = (type, { publicKeyEncoding, privateKeyEncoding }) => {
    const key = Buffer.concat([PKCS8_PREFIX, draw(32)]);
    const privateKey = crypto.createPrivateKey({ key, format: "der", type: "pkcs8" });
    return {
        publicKey: crypto.createPublicKey(privateKey).export(publicKeyEncoding),
        privateKey: privateKey.export(privateKeyEncoding),
    };
};

const ours = ({ pubKey, privKey }) => ({ publicKey: pubKey, privateKey: privKey });
const theirs = (keys) => keys && { pubKey: keys.publicKey, privKey: keys.privateKey };
const address = ({ userId, deviceId }) => new libsignal.ProtocolAddress(userId, deviceId);

/** The storage that the library asks for: sessions are written and read each time, as Baileys does it. */
function storage(store) {
    return {
        getOurIdentity: () => theirs(store.identity),
        getOurRegistrationId: () => store.registrationId,
        isTrustedIdentity: () => true,
        loadPreKey: (id) => theirs(store.oneTimePreKeys.get(id)),
        removePreKey: (id) => store.oneTimePreKeys.delete(id),
        loadSignedPreKey: (id) => theirs(store.signedPreKeys.get(id)),
        loadSession(name) {
            const record = store.sessions.get(name);
            return record && libsignal.SessionRecord.deserialize(JSON.parse(record));
        },
        storeSession: (name, record) => store.sessions.set(name, Buffer.from(JSON.stringify(record.serialize()))),
    };
}

const library = {
    drawIdentity: () => ours(libsignal.keyhelper.generateIdentityKeyPair()),
    drawRegistrationId: () => libsignal.keyhelper.generateRegistrationId(),
    drawSignedPreKey(identity, id) {
        const { keyPair, signature } = libsignal.keyhelper.generateSignedPreKey(theirs(identity), id);
        draw(SIGNATURE_RANDOMNESS);
        return { ...ours(keyPair), signature };
    },
    drawOneTimePreKey: (id) => ours(libsignal.keyhelper.generatePreKey(id).keyPair),
    keyPair: (privateKey) => ({ publicKey: libsignal.curve.getPublicFromPrivateKey(privateKey), privateKey }),
    sessionName: (peer) => address(peer).toString(),

    async processBundle(store, peer, bundle) {
        await new libsignal.SessionBuilder(storage(store), address(peer)).initOutgoing({
            registrationId: bundle.registrationId,
            identityKey: bundle.identityKey,
            signedPreKey: {
                keyId: bundle.signedPreKeyId,
                publicKey: bundle.signedPreKey,
                signature: bundle.signedPreKeySignature,
            },
            preKey: bundle.oneTimePreKey && { keyId: bundle.oneTimePreKeyId, publicKey: bundle.oneTimePreKey },
        });
    },

    async encrypt(store, peer, plaintext) {
        const { type, body } = await new libsignal.SessionCipher(storage(store), address(peer)).encrypt(plaintext);
        return { kind: type === PREKEY_MESSAGE ? "prekey" : "ratchet", message: body };
    },

    async decrypt(store, peer, kind, message) {
        const cipher = new libsignal.SessionCipher(storage(store), address(peer));
        const plaintext = await (kind === "prekey"
            ? cipher.decryptPreKeyWhisperMessage(message)
            : cipher.decryptWhisperMessage(message));
        return { plaintext };
    },
};

const primitives = {
    "public_key.derive": ({ privateKey }) => ({ publicKey: toHex(library.keyPair(fromHex(privateKey)).publicKey) }),
    "xeddsa.sign": ({ privateKey, message }) => ({
        signature: toHex(libsignal.curve.calculateSignature(fromHex(privateKey), fromHex(message))),
    }),
    "xeddsa.verify"({ publicKey, message, signature }) {
        if (!libsignal.curve.verifySignature(fromHex(publicKey), fromHex(message), fromHex(signature))) {
            throw new Refused("false", "verifySignature answers false");
        }
        return {};
    },
};

await serve({
    describe: describe(libsignalPackage, "injected"),
    ...scripted({ ...primitives, ...deviceMethods(library) }),
});
