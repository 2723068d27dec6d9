/**
 * What npm's `@signalapp/libsignal-client` takes for a message, in batches, and what its binding costs: JSON on standard output,
 * nanoseconds by operation.
 *
 * Its arguments are the folder that the packages are installed in, the version, a plaintext's size in bytes, and how far ahead
 * forged messages claim to be. benches/peers starts it.
 */

import { createRequire } from "node:module";
import { resolve } from "node:path";

const [packages, version, size, ...far] = process.argv.slice(2);
const signal = createRequire(`${resolve(packages)}/node_modules/`)(`libsignal-client-${version}`);

/** Batches of each operation, of which the median counts. */
const BATCHES = 15;
/** Messages in a batch. */
const BATCH = 200;

/** Keeps sessions as bytes. */
class Sessions extends signal.SessionStore {
    records = new Map();

    async saveSession(peer, record) {
        this.records.set(peer.name(), record.serialize());
    }

    async getSession(peer) {
        const record = this.records.get(peer.name());
        return record ? signal.SessionRecord.deserialize(record) : null;
    }
}

/** Trusts every identity key. */
class Identities extends signal.IdentityKeyStore {
    key = signal.PrivateKey.generate();

    async getIdentityKey() {
        return this.key;
    }

    async getLocalRegistrationId() {
        return 1;
    }

    async saveIdentity() {
        // Later versions ask for a number of their own in place of a boolean.
        return signal.IdentityChange === undefined ? false : 0;
    }

    async isTrustedIdentity() {
        return true;
    }

    async getIdentity() {
        return null;
    }
}

/** Hands out one key. */
const holding = (Store, methods) => Object.assign(new (class extends (Store ?? Object) {})(), methods);

class Device {
    sessions = new Sessions();
    identities = new Identities();
    signedPreKey = signal.PrivateKey.generate();
    oneTimePreKey = signal.PrivateKey.generate();

    constructor(name) {
        this.address = signal.ProtocolAddress.new(name, 1);
    }

    async open(peer) {
        const [signed, oneTime] = [peer.signedPreKey, peer.oneTimePreKey].map((key) => key.getPublicKey());
        const bundle = signal.PreKeyBundle.new(
            1, 1, 1, oneTime, 1, signed,
            peer.identities.key.sign(signed.serialize()), peer.identities.key.getPublicKey(),
        );
        await signal.processPreKeyBundle(bundle, peer.address, this.sessions, this.identities);
    }

    async encrypt(peer, plaintext) {
        return (await signal.signalEncrypt(plaintext, peer.address, this.sessions, this.identities)).serialize();
    }

    decrypt(peer, message) {
        const parsed = signal.SignalMessage.deserialize(message);
        return signal.signalDecrypt(parsed, peer.address, this.sessions, this.identities);
    }

    /** The message that opens a session. */
    decryptFirst(peer, message) {
        const [signed, oneTime] = [this.signedPreKey, this.oneTimePreKey];
        const signature = this.identities.key.sign(signed.getPublicKey().serialize());
        return signal.signalDecryptPreKey(
            signal.PreKeySignalMessage.deserialize(message), peer.address, this.sessions, this.identities,
            holding(signal.PreKeyStore, {
                getPreKey: async () => signal.PreKeyRecord.new(1, oneTime.getPublicKey(), oneTime),
                removePreKey: async () => {},
            }),
            holding(signal.SignedPreKeyStore, {
                getSignedPreKey: async () =>
                    signal.SignedPreKeyRecord.new(1, 0, signed.getPublicKey(), signed, signature),
            }),
            holding(signal.KyberPreKeyStore, {}),
        );
    }
}

/** The median time of an item, where `run` does a batch of `count`, and `prepare` what a batch needs. */
async function median(count, run, prepare = async () => undefined, batches = BATCHES) {
    const times = [];
    for (let batch = 0; batch < batches; batch += 1) {
        const prepared = await prepare();
        const began = process.hrtime.bigint();
        await run(prepared);
        times.push(Number(process.hrtime.bigint() - began) / count);
    }
    return times.sort((one, other) => one - other)[Math.floor(times.length / 2)];
}

/** The message with another counter; see `claiming` in signal_v3/main.rs. */
function claiming(message, counter) {
    const at = 36;
    const bytes = [...message];
    const end = at + 2 + bytes.slice(at + 1).findIndex((byte) => byte < 0x80);
    const varint = [];
    for (let left = counter; ; left >>>= 7) {
        varint.push(left < 0x80 ? left : (left & 0x7f) | 0x80);
        if (left < 0x80) {
            return Buffer.from([...bytes.slice(0, at + 1), ...varint, ...bytes.slice(end)]);
        }
    }
}

const times = {};
const [a, b] = [new Device("a"), new Device("b")];
await a.open(b);
await b.decryptFirst(a, await a.encrypt(b, Buffer.alloc(0)));

/** An answer of B, read by A, and A's message after it, which begins a chain. */
async function turn() {
    await a.decrypt(b, await b.encrypt(a, Buffer.alloc(0)));
    return a.encrypt(b, Buffer.alloc(0));
}
await b.decrypt(a, await turn());

const plaintext = Buffer.alloc(Number(size), 0x2a);
const bytes = Number(size).toLocaleString("en");
times[`encrypt, ${bytes} bytes`] = await median(BATCH, async () => {
    for (let count = 0; count < BATCH; count += 1) {
        await a.encrypt(b, plaintext);
    }
});
// The messages that nobody read are skipped once, outside the time.
await b.decrypt(a, await turn());
times[`decrypt, ${bytes} bytes`] = await median(
    BATCH,
    async (messages) => {
        for (const message of messages) {
            await b.decrypt(a, message);
        }
    },
    async () => {
        const messages = [];
        for (let count = 0; count < BATCH; count += 1) {
            messages.push(await a.encrypt(b, plaintext));
        }
        return messages;
    },
);
times["decrypt with a DH ratchet step"] = await median(1, (message) => b.decrypt(a, message), turn, 10 * BATCHES);
for (const ahead of far.map(Number)) {
    const message = await turn();
    await b.decrypt(a, message);
    const forged = claiming(await a.encrypt(b, Buffer.alloc(0)), ahead + 1);
    const refused = async () => {
        const accepted = await b.decrypt(a, forged).then(
            () => true,
            () => false,
        );
        if (accepted) {
            throw new Error("a forged message is accepted");
        }
    };
    // It takes seconds.
    times[`refuse a forged message, ${ahead} ahead`] = await median(1, refused, undefined, 1);
}
times["the binding: a call that reads a number"] = await median(10_000, async () => {
    for (let count = 0; count < 10_000; count += 1) {
        a.address.deviceId();
    }
});
const nobody = signal.ProtocolAddress.new("nobody", 1);
times["the binding: an asynchronous call that finds no session"] = await median(BATCH, async () => {
    for (let count = 0; count < BATCH; count += 1) {
        await signal.signalEncrypt(plaintext, nobody, a.sessions, a.identities).catch(() => undefined);
    }
});
process.stdout.write(JSON.stringify(times));
