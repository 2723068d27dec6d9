/**
 * The role `device` over a library.
 *
 * What differs between libraries stands in a `Library`, an object that an adapter makes: how keys are drawn, how a session is
 * opened, how a message is encrypted and decrypted. All else, handles, hex, bundles and the saved form, stands here.
 */

import { fromHex, toHex } from "./bytes.mjs";
import { InvalidParams, SUITE } from "./protocol.mjs";
import { Store } from "./store.mjs";

/**
 * Each function may answer a promise. What one raises is the library's refusal; what it has stored until then stays stored.
 *
 * @typedef {object} Library
 * @property {() => KeyPair} drawIdentity
 * @property {() => number} drawRegistrationId
 * @property {(identity: KeyPair, id: number) => SignedPreKey} drawSignedPreKey
 * @property {(id: number) => KeyPair} drawOneTimePreKey
 * @property {(privateKey: Buffer) => KeyPair} keyPair
 * @property {(address: Address) => string} sessionName the name under which sessions with a peer are kept
 * @property {(store: Store, peer: Address, bundle: Bundle) => boolean | undefined} processBundle answers whether the peer
 *     came with another identity key than before, where the library tells
 * @property {(store: Store, peer: Address, plaintext: Buffer) => { kind: Kind, message: Uint8Array }} encrypt
 * @property {(store: Store, peer: Address, kind: Kind, message: Buffer) =>
 *     { plaintext: Uint8Array, identityChanged?: boolean }} decrypt
 *
 * @typedef {{ userId: string, deviceId: number }} Address
 * @typedef {"prekey" | "ratchet"} Kind
 * @typedef {object} Bundle with keys and signature as bytes
 * @property {number} registrationId
 * @property {Buffer} identityKey
 * @property {number} signedPreKeyId
 * @property {Buffer} signedPreKey
 * @property {Buffer} signedPreKeySignature
 * @property {number} [oneTimePreKeyId]
 * @property {Buffer} [oneTimePreKey]
 */

/** The id of the signed prekey that `device.create` makes; its one-time prekeys have the ids from here on, too. */
const FIRST_ID = 1;

/**
 * The methods of the role `device`, and `reset`.
 *
 * @param {Library} library
 */
export function deviceMethods(library) {
    /** @type {Map<string, Store>} */
    const devices = new Map();

    function held({ handle }) {
        const store = devices.get(handle);
        if (store === undefined) {
            throw new InvalidParams(`there is no device ${handle}`);
        }
        return store;
    }

    async function create({ handle, address, oneTimePreKeys }) {
        const identity = await library.drawIdentity();
        const store = new Store(address, await library.drawRegistrationId(), identity);
        store.signedPreKeys.set(FIRST_ID, await library.drawSignedPreKey(identity, FIRST_ID));
        for (let id = FIRST_ID; id < FIRST_ID + oneTimePreKeys; id += 1) {
            store.oneTimePreKeys.set(id, await library.drawOneTimePreKey(id));
        }
        devices.set(handle, store);
        return { bundle: bundle(store, oneTimePreKeys > 0 ? FIRST_ID : undefined) };
    }

    const keyPair = (privateKey) => library.keyPair(fromHex(privateKey));

    async function load(params) {
        const store = new Store(params.address, params.registrationId, await keyPair(params.identityPrivateKey));
        for (const { id, privateKey, signature } of params.signedPreKeys) {
            store.signedPreKeys.set(id, { ...(await keyPair(privateKey)), signature: fromHex(signature) });
        }
        for (const { id, privateKey } of params.oneTimePreKeys) {
            store.oneTimePreKeys.set(id, await keyPair(privateKey));
        }
        devices.set(params.handle, store);
        return {};
    }

    return {
        reset({ suite }) {
            if (suite !== SUITE) {
                throw new InvalidParams(`${suite} is not spoken here`);
            }
            devices.clear();
            return {};
        },
        "device.create": create,
        "device.load": load,
        "device.bundle": (params) => ({ bundle: bundle(held(params), params.oneTimePreKeyId ?? undefined) }),
        "device.keys": (params) => ({
            signedPreKeyIds: rising(held(params).signedPreKeys),
            oneTimePreKeyIds: rising(held(params).oneTimePreKeys),
        }),
        async "device.process_bundle"(params) {
            const { userId, deviceId } = params.bundle;
            const identityChanged = await library.processBundle(
                held(params),
                { userId, deviceId },
                withBytes(params.bundle),
            );
            return { identityChanged };
        },
        async "device.encrypt"(params) {
            const { kind, message } = await library.encrypt(held(params), params.peer, fromHex(params.plaintext));
            return { kind, message: toHex(message) };
        },
        async "device.decrypt"(params) {
            const { plaintext, identityChanged } = await library.decrypt(
                held(params),
                params.peer,
                params.kind,
                fromHex(params.message),
            );
            return { plaintext: toHex(plaintext), identityChanged };
        },
        "device.drop_sessions"(params) {
            held(params).sessions.delete(library.sessionName(params.peer));
            return {};
        },
        "device.save": (params) => ({ state: toHex(held(params).save()) }),
        "device.restore"(params) {
            devices.set(params.handle, Store.restore(fromHex(params.state)));
            return {};
        },
    };
}

/** What the device publishes, with the one-time prekey of that id, if any. */
function bundle(store, oneTimePreKeyId) {
    const [signedPreKeyId, signedPreKey] = [...store.signedPreKeys].at(-1);
    const published = {
        ...store.address,
        registrationId: store.registrationId,
        identityKey: toHex(store.identity.publicKey),
        signedPreKeyId,
        signedPreKey: toHex(signedPreKey.publicKey),
        signedPreKeySignature: toHex(signedPreKey.signature),
    };
    if (oneTimePreKeyId === undefined) {
        return published;
    }
    const oneTimePreKey = store.oneTimePreKeys.get(oneTimePreKeyId);
    if (oneTimePreKey === undefined) {
        throw new InvalidParams(`there is no one-time prekey ${oneTimePreKeyId}`);
    }
    return { ...published, oneTimePreKeyId, oneTimePreKey: toHex(oneTimePreKey.publicKey) };
}

/** A bundle with its keys as bytes; fields that are null are as absent ones. */
function withBytes(fields) {
    const bytes = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    for (const name of ["identityKey", "signedPreKey", "signedPreKeySignature", "oneTimePreKey"]) {
        if (bytes[name] !== undefined) {
            bytes[name] = fromHex(bytes[name]);
        }
    }
    return bytes;
}

function rising(keys) {
    return [...keys.keys()].sort((a, b) => a - b);
}
