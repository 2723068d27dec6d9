/**
 * An adapter for npm's `@signalapp/libsignal-client` (docs/adapter.md).
 *
 * Its arguments are the folder that the packages are installed in, and the version to run. A version that opens no session of
 * this suite any more has them opened by the last one that does, and goes on with a device once that was restored, as an
 * application does that was updated.
 */

import { Refused, describe, serve } from "../node/protocol.mjs"; // first: standard output is for answers alone
import { createRequire } from "node:module";

import { fromHex, toHex } from "../node/bytes.mjs";
import { deviceMethods } from "../node/device.mjs";
import { SCRIPT, libraryOf } from "./library.mjs";

/** By the version, the one that opens its sessions. */
const OPENED_BY = { "0.103.0": "0.72.1" };

const [packages, version] = process.argv.slice(2);
const require = createRequire(`${packages}/node_modules/`);
const signalOf = (version) => require(`libsignal-client-${version}`);

const signal = signalOf(version);
const library = libraryOf(signal);
const opening = OPENED_BY[version] === undefined ? library : libraryOf(signalOf(OPENED_BY[version]));
const libraryFor = (store) => (store.isRestored ? library : opening);

const carriedOver = {
    ...opening,
    processBundle: (store, ...rest) => libraryFor(store).processBundle(store, ...rest),
    encrypt: (store, ...rest) => libraryFor(store).encrypt(store, ...rest),
    decrypt: (store, ...rest) => libraryFor(store).decrypt(store, ...rest),
};

const randomness = process.env.LD_PRELOAD?.endsWith("/randomness.so") ? "injected" : "own";

/** Makes methods draw from the randomness of their parameters. */
function scripted(methods) {
    const wrapped = Object.entries(methods).map(([name, method]) => [
        name,
        (params) => {
            process.env[SCRIPT] = toHex(fromHex(params.randomness ?? ""));
            return method(params);
        },
    ]);
    return Object.fromEntries(wrapped);
}

const publicKey = (bytes) => signal.PublicKey.deserialize(bytes);

const primitives = {
    "public_key.decode": (params) => ({ u: toHex(publicKey(fromHex(params.publicKey)).getPublicKeyBytes()) }),
    "public_key.derive": (params) => ({ publicKey: toHex(library.keyPair(fromHex(params.privateKey)).publicKey) }),
    "xeddsa.sign": (params) => ({
        signature: toHex(signal.PrivateKey.deserialize(fromHex(params.privateKey)).sign(fromHex(params.message))),
    }),
    "xeddsa.verify"(params) {
        if (!publicKey(fromHex(params.publicKey)).verify(fromHex(params.message), fromHex(params.signature))) {
            throw new Refused("false", "PublicKey.verify answers false");
        }
        return {};
    },
};

await serve({
    describe: describe(require(`libsignal-client-${version}/package.json`), randomness),
    ...scripted({ ...primitives, ...deviceMethods(carriedOver) }),
});
