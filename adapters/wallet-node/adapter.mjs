/**
 * The loop of the adapter protocol (docs/adapter.md): a request a line on standard input, an answer a line on standard output.
 */
import { createInterface } from 'node:readline';
import { device } from './methods/device.mjs';
import { plain, writeAnswer } from './methods/lines.mjs';
import { payload } from './methods/payload.mjs';
import { primitives } from './methods/primitives.mjs';
import { transfers } from './methods/transfers.mjs';
import { wallet } from './methods/wallet.mjs';
import { parseJson } from './wallet/json.mjs';
import { Refusal } from './wallet/refusal.mjs';
import { SUITES } from './wallet/statement.mjs';

/** The deepest nesting of a line. */
const DEEPEST = 127;
const REFUSED = 1;
const NOT_IMPLEMENTED = -32601;
const FAILED = -32603;

const machines = [device, transfers, wallet];

const own = {
  describe: () => ({
    name: 'wallet-node',
    version: '1.0.0',
    protocol: 1,
    suites: SUITES,
    roles: ['primitives', 'device', 'wallet'],
    randomness: 'injected',
  }),
  reset({ suite }) {
    if (!SUITES.includes(suite)) throw new Refusal('unsupported-version', `there is no suite ${suite}`);
    for (const { forget } of machines) forget();
    return {};
  },
};

/** Methods by name. Those of `payload` get their parameters as they were parsed: what is unknown is kept to the letter (PAY-03). */
const methods = new Map([
  ...[own, primitives, device.methods, transfers.methods, wallet.methods].flatMap((table) =>
    Object.entries(table).map(([name, method]) => [name, (params) => method(plain(params))]),
  ),
  ...Object.entries(payload),
]);

/** The answer to one request, without its id. */
function answer(method, params) {
  const carryOut = methods.get(method);
  if (!carryOut) return { error: { code: NOT_IMPLEMENTED, message: `${method} is not implemented` } };
  try {
    return { result: carryOut(params) };
  } catch (error) {
    if (error instanceof Refusal) return { error: { code: REFUSED, message: error.message, data: { error: error.code } } };
    // Its text may hold what was handed in, and so it is not told (PRIV-04).
    process.stderr.write(`${method}: ${error.stack}\n`);
    return { error: { code: FAILED, message: `${method} failed: ${error.name}` } };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = parseJson(line, DEEPEST);
  const answered = answer(request.get('method'), request.get('params'));
  process.stdout.write(`${writeAnswer({ jsonrpc: '2.0', id: request.get('id'), ...answered })}\n`);
}
