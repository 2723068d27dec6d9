/** Bytes as the adapter protocol has them: lower-case hex. */

import { InvalidParams } from "./protocol.mjs";

/**
 * @param {unknown} text
 * @returns {Buffer}
 */
export function fromHex(text) {
    if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) {
        throw new InvalidParams("bytes are lower-case hex");
    }
    return Buffer.from(text, "hex");
}

/**
 * @param {ArrayBuffer | Uint8Array} bytes
 * @returns {string}
 */
export function toHex(bytes) {
    return (bytes instanceof ArrayBuffer ? Buffer.from(bytes) : asBuffer(bytes)).toString("hex");
}

function asBuffer(bytes) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The same bytes in an ArrayBuffer of their own, as some libraries ask for them.
 *
 * @param {Uint8Array} bytes
 * @returns {ArrayBuffer}
 */
export function toArrayBuffer(bytes) {
    return Uint8Array.from(bytes).buffer;
}
