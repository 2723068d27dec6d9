/**
 * An adapter for npm's `whatsapp-rust-bridge` (docs/adapter.md).
 *
 * Its argument is the folder that the package is installed in.
 */

import { Refused, describe, serve } from "../node/protocol.mjs"; // first: standard output is for answers alone
import { readFileSync } from "node:fs";

import { fromHex, toHex } from "../node/bytes.mjs";
import { deviceMethods } from "../node/device.mjs";

const folder = `${process.argv[2]}/node_modules/whatsapp-rust-bridge`;
const bridge = await import(`${folder}/dist/index.js`);
const manifest = JSON.parse(readFileSync(`${folder}/package.json`));

const PREKEY_MESSAGE = 3;
/** The type byte of a public key. */
const TYPE = Buffer.from([5]);
/** The point of Curve25519 with u = 9, encoded. */
const BASE_POINT = Buffer.concat([TYPE, Buffer.from([9]), Buffer.alloc(31)]);

const ours = ({ pubKey, privKey }) => ({ publicKey: Buffer.from(pubKey), privateKey: Buffer.from(privKey) });
const theirs = (keys) => keys && { pubKey: keys.publicKey, privKey: keys.privateKey };
const address = ({ userId, deviceId }) => new bridge.ProtocolAddress(userId, deviceId);

/**
 * The library raises texts. Those of its sessions end with the name of an error, and what it is about in brackets; others are
 * their own name.
 */
async function named(step) {
    try {
        return await step();
    } catch (error) {
        if (typeof error !== "string") {
            throw error;
        }
        throw new Refused(error.match(/ failed: (\w+)/)?.[1] ?? error, error);
    }
}

/** The storage that the library asks for. */
function storage(store) {
    return {
        getOurIdentity: () => theirs(store.identity),
        getOurRegistrationId: () => store.registrationId,
        isTrustedIdentity: () => true,
        loadPreKey: (id) => theirs(store.oneTimePreKeys.get(id)),
        removePreKey: (id) => void store.oneTimePreKeys.delete(id),
        loadSignedPreKey(id) {
            const keys = store.signedPreKeys.get(id);
            return keys && { keyId: id, keyPair: theirs(keys), signature: keys.signature };
        },
        loadSession: (name) => store.sessions.get(name),
        storeSession: (name, record) => void store.sessions.set(name, Buffer.from(record.serialize())),
    };
}

const library = {
    drawIdentity: () => ours(bridge.generateIdentityKeyPair()),
    drawRegistrationId: () => bridge.generateRegistrationId(),
    drawSignedPreKey(identity, id) {
        const { keyPair, signature } = bridge.generateSignedPreKey(theirs(identity), id);
        return { ...ours(keyPair), signature: Buffer.from(signature) };
    },
    drawOneTimePreKey: (id) => ours(bridge.generatePreKey(id).keyPair),
    keyPair(privateKey) {
        // Its `getPublicFromPrivateKey` answers a key that is not the private key's; the agreement with the base point is right.
        const u = bridge.calculateAgreement(BASE_POINT, privateKey);
        return { publicKey: Buffer.concat([TYPE, u]), privateKey };
    },
    sessionName: (peer) => address(peer).toString(),

    async processBundle(store, peer, bundle) {
        const builder = new bridge.SessionBuilder(storage(store), address(peer));
        const theirBundle = {
            registrationId: bundle.registrationId,
            identityKey: bundle.identityKey,
            signedPreKey: {
                keyId: bundle.signedPreKeyId,
                publicKey: bundle.signedPreKey,
                signature: bundle.signedPreKeySignature,
            },
            preKey: bundle.oneTimePreKey && { keyId: bundle.oneTimePreKeyId, publicKey: bundle.oneTimePreKey },
        };
        await named(() => builder.initOutgoing(theirBundle));
    },

    async encrypt(store, peer, plaintext) {
        const cipher = new bridge.SessionCipher(storage(store), address(peer));
        const { type, body } = await named(() => cipher.encrypt(plaintext));
        return { kind: type === PREKEY_MESSAGE ? "prekey" : "ratchet", message: body };
    },

    async decrypt(store, peer, kind, message) {
        const cipher = new bridge.SessionCipher(storage(store), address(peer));
        const plaintext = await named(() =>
            kind === "prekey" ? cipher.decryptPreKeyWhisperMessage(message) : cipher.decryptWhisperMessage(message),
        );
        return { plaintext };
    },
};

await serve({
    describe: describe(manifest, "own"),
    ...deviceMethods(library),
    "public_key.derive": ({ privateKey }) => ({
        publicKey: toHex(bridge.getPublicFromPrivateKey(fromHex(privateKey))),
    }),
    "xeddsa.sign": ({ privateKey, message }) => ({
        signature: toHex(bridge.calculateSignature(fromHex(privateKey), fromHex(message))),
    }),
    "xeddsa.verify"(params) {
        if (!bridge.verifySignature(fromHex(params.publicKey), fromHex(params.message), fromHex(params.signature))) {
            throw new Refused("false", "verifySignature answers false");
        }
        return {};
    },
});
