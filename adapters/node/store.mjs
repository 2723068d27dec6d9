/** What an application on top of a library holds for one device, and its saved form. */

import { fromHex, toHex } from "./bytes.mjs";

/**
 * A key pair: 33 bytes with the type byte 05, and 32.
 *
 * @typedef {{ publicKey: Buffer, privateKey: Buffer }} KeyPair
 * @typedef {KeyPair & { signature: Buffer }} SignedPreKey
 */

export class Store {
    /** @type {{ userId: string, deviceId: number }} */
    address;
    /** @type {number} */
    registrationId;
    /** @type {KeyPair} */
    identity;
    /** By id, oldest first: the last one is published. @type {Map<number, SignedPreKey>} */
    signedPreKeys = new Map();
    /** By id. @type {Map<number, KeyPair>} */
    oneTimePreKeys = new Map();
    /** By the library's name for the peer's address, as the library writes them. @type {Map<string, Buffer>} */
    sessions = new Map();
    /** Identity keys of peers, 33 bytes, where the library hands them over to be kept. @type {Map<string, Buffer>} */
    identities = new Map();
    /** Identity keys that the user trusts alone, by the same name. @type {Map<string, Buffer>} */
    pins = new Map();

    /** Whether it was read from a saved form. */
    isRestored = false;

    constructor(address, registrationId, identity) {
        Object.assign(this, { address, registrationId, identity });
    }

    /**
     * Keeps a peer's identity key.
     *
     * @param {string} peer
     * @param {Uint8Array} key
     * @returns {boolean} whether another one was kept before
     */
    saveIdentity(peer, key) {
        const known = this.identities.get(peer);
        this.identities.set(peer, Buffer.from(key));
        return known !== undefined && !known.equals(key);
    }

    /**
     * What the store answers where a library asks whether it may go on with an identity key.
     *
     * @param {string} peer
     * @param {Uint8Array} key
     */
    trusts(peer, key) {
        return this.pins.get(peer)?.equals(key) ?? true;
    }

    /** @returns {Buffer} JSON, bytes as hex */
    save() {
        const form = {
            address: this.address,
            registrationId: this.registrationId,
            identity: this.identity,
            signedPreKeys: [...this.signedPreKeys],
            oneTimePreKeys: [...this.oneTimePreKeys],
            sessions: [...this.sessions],
            identities: [...this.identities],
            pins: [...this.pins],
        };
        return Buffer.from(JSON.stringify(withHex(form)));
    }

    /** @param {Buffer} state */
    static restore(state) {
        const form = JSON.parse(state.toString());
        const store = new Store(form.address, form.registrationId, keysFromHex(form.identity));
        store.signedPreKeys = new Map(form.signedPreKeys.map(([id, keys]) => [id, keysFromHex(keys)]));
        store.oneTimePreKeys = new Map(form.oneTimePreKeys.map(([id, keys]) => [id, keysFromHex(keys)]));
        for (const kept of ["sessions", "identities", "pins"]) {
            store[kept] = new Map(form[kept].map(([peer, bytes]) => [peer, fromHex(bytes)]));
        }
        store.isRestored = true;
        return store;
    }
}

function withHex(value) {
    if (Buffer.isBuffer(value)) {
        return toHex(value);
    }
    if (Array.isArray(value)) {
        return value.map(withHex);
    }
    if (typeof value === "object") {
        return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withHex(item)]));
    }
    return value;
}

function keysFromHex(keys) {
    return Object.fromEntries(Object.entries(keys).map(([name, hex]) => [name, fromHex(hex)]));
}
