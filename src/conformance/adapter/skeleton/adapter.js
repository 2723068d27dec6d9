// An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.
//
//     tigress test --adapter 'node adapter.js' --only public_key
//
// Fill in `methods`, one function after the other: `tigress adapter methods public_key.decode` shows what each is asked and answers.
// What is not there counts as not implemented. Standard output is for answers alone: what your library prints goes to standard error.

const readline = require("node:readline");

// Your wallet refuses: the profile's name for the error or your own, and what it says of it.
class Refused extends Error {
  constructor(error, message = error) {
    super(message);
    this.error = error;
  }
}

// Your devices, by the handle that the harness gives them.
const devices = new Map();

// Each may answer a promise.
const methods = {
  describe: () => ({
    name: "my wallet",
    version: "0",
    protocol: 1,
    suites: ["tigress-1"],
    // Strike out what you do not offer.
    roles: ["primitives", "device", "wallet"],
    // "own" where you cannot hand randomness in.
    randomness: "injected",
  }),

  // Forget every device and wallet.
  reset() {
    devices.clear();
    return {};
  },

  // Bytes are lower-case hex: Buffer.from(params.message, "hex"), bytes.toString("hex").
  //
  // "public_key.decode": ({ publicKey }) => ...
  // "public_key.derive": ({ privateKey }) => ...
  //
  // "device.create": async (params) => ...
  // "device.bundle": async (params) => ...
  // "device.process_bundle": async (params) => ...
  // "device.encrypt": async (params) => ...
  // "device.decrypt": async ({ handle, peer, kind, message }) => {
  //   try {
  //     const plaintext = await devices.get(handle).decrypt(peer, kind, Buffer.from(message, "hex"));
  //     return { plaintext: plaintext.toString("hex") };
  //   } catch (error) {
  //     throw new Refused(error.name, error.message);
  //   }
  // },
};

// The protocol's methods: one under another name would never be called.
const known = `
@METHODS@
`.trim().split(/\s+/);
for (const name of Object.keys(methods)) {
  if (!known.includes(name)) console.error(`adapter.js: the protocol has no method "${name}"; \`tigress adapter methods\` lists its methods`);
}

async function answer(request) {
  const method = methods[request.method];
  if (!method) return { error: { code: -32601, message: "not implemented" } };
  try {
    return { result: await method(request.params) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: { code: 1, message: error.message, data: { error: error.error } } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: request.id, ...(await answer(request)) }) + "\n");
  }
})();
