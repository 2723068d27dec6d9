/**
 * The adapter protocol (docs/adapter.md): JSON-RPC 2.0 over standard input and output, a line each, one after the other.
 *
 * Import this module before the library: from then on whatever else writes to standard output, as libraries do, writes to
 * standard error.
 */

import { createInterface } from "node:readline";

const writeAnswer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** The suite that all of these libraries speak. */
export const SUITE = "signal-v3";

const REFUSED = 1;
const INVALID_REQUEST = -32600;
const NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

/** The longest `message` of an error, in characters: the harness takes 16 KiB. */
const LONGEST_MESSAGE = 4096;

/** The longest `data.error`, in characters: the harness takes 200 bytes. */
const LONGEST_NAME = 50;

/** A request that no library could carry out: the harness counts it as a failure of the adapter. */
export class InvalidParams extends Error {}

/** A "no" that the library says without raising anything, under a name that tells what it said. */
export class Refused extends Error {
    constructor(name, message) {
        super(message);
        this.name = name;
    }
}

/**
 * The method `describe` of a library in the roles `primitives` and `device`.
 *
 * @param {{ name: string, version: string }} manifest the package.json of the library
 * @param {"injected" | "own"} randomness
 */
export function describe({ name, version }, randomness) {
    return () => ({ name, version, protocol: 1, suites: [SUITE], roles: ["primitives", "device"], randomness });
}

/**
 * Answers until standard input ends. `methods` has a function of the parameters for each name; what one raises is the library's
 * refusal, under the library's own name for it.
 *
 * @param {Record<string, (params: object) => object | Promise<object>>} methods
 */
export async function serve(methods) {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
        writeAnswer(`${JSON.stringify({ jsonrpc: "2.0", ...(await answer(methods, line)) })}\n`);
    }
}

async function answer(methods, line) {
    let request;
    try {
        request = JSON.parse(line);
    } catch (error) {
        return failure(null, INVALID_REQUEST, `no JSON: ${error.message}`);
    }
    const id = request?.id ?? null;
    if (typeof request?.method !== "string") {
        return failure(id, INVALID_REQUEST, "no method is named");
    }
    if (!Object.hasOwn(methods, request.method)) {
        return failure(id, NOT_FOUND, `${request.method} is not implemented`);
    }
    try {
        return { id, result: await methods[request.method](request.params ?? {}) };
    } catch (error) {
        if (error instanceof InvalidParams) {
            return failure(id, INVALID_PARAMS, error.message);
        }
        return failure(id, REFUSED, error?.message ?? error, error?.name ?? error);
    }
}

/** An error as the answer has it; `name` is that of the library's refusal. */
function failure(id, code, message, name) {
    const error = { code, message: String(message).slice(0, LONGEST_MESSAGE) };
    return {
        id,
        error: name === undefined ? error : { ...error, data: { error: String(name).slice(0, LONGEST_NAME) } },
    };
}
