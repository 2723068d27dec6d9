// An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.
//
//     tigress test --adapter 'node adapter.js'
//
// Fill in `methods`, one function after the other. What is not there counts as not implemented.

const readline = require("node:readline");

// Your wallet refuses: the profile's name for the error, or your own.
class Refused extends Error {}

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
  reset: () => ({}),

  // Bytes are lower-case hex: Buffer.from(params.publicKey, "hex"), bytes.toString("hex").
  //
  // "public_key.decode": (params) => {
  //   const u = myWallet.decode(Buffer.from(params.publicKey, "hex"));
  //   if (!u) throw new Refused("invalid-key");
  //   return { u: u.toString("hex") };
  // },
};

function answer(request) {
  const method = methods[request.method];
  if (!method) return { error: { code: -32601, message: "not implemented" } };
  try {
    return { result: method(request.params) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: { code: 1, message: error.message, data: { error: error.message } } };
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: request.id, ...answer(request) }) + "\n");
});
