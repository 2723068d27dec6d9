/**
 * The randomness that comes with a request, for libraries whose random source can be replaced.
 *
 * Where it does not have what a library asks for, because the library draws at other times than the profile says, the bytes come
 * from the system, as they would without a harness.
 */

import { randomFillSync } from "node:crypto";

import { fromHex } from "./bytes.mjs";

// Kept under its own name: an adapter may replace the one that its library finds.
const fillFromSystem = randomFillSync;

let left = Buffer.alloc(0);

/**
 * Makes methods draw from the randomness of their parameters.
 *
 * @param {Record<string, (params: object) => unknown>} methods
 */
export function scripted(methods) {
    const wrapped = Object.entries(methods).map(([name, method]) => [
        name,
        (params) => {
            left = fromHex(params.randomness ?? "");
            return method(params);
        },
    ]);
    return Object.fromEntries(wrapped);
}

/**
 * @param {number} length in bytes
 * @returns {Buffer}
 */
export function draw(length) {
    if (left.length < length) {
        return fillFromSystem(Buffer.alloc(length));
    }
    const bytes = Buffer.from(left.subarray(0, length));
    left = left.subarray(length);
    return bytes;
}
