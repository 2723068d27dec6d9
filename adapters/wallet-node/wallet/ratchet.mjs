/**
 * The Double Ratchet of one session (section 4), as data that is never changed: each step gives a new state, and whoever
 * refuses gives none (DR-15).
 *
 * A state is
 *   associatedData   AD of X3DH, 100 bytes
 *   rootKey          RK
 *   own              the ratchet key pair of the sending chain
 *   sending          { chainKey, counter }, or null: a responder has none before its first step
 *   previousCounter  the number of messages sent in the sending chain before
 *   receiving        receiving chains, the newest first: { ratchetKey, chainKey, counter, skipped }, and for former ones chainKey is null and
 *                    counter is the chain's length; `skipped` are [counter, message key] of messages not yet arrived, by rising counter
 */
import { checkCiphertext, checkPlaintext, decrypt, encrypt } from './message_cipher.mjs';
import { chainStep, rootStep } from './kdf.mjs';
import { dh, keyPair } from './public_key.mjs';
import { must, Refusal } from './refusal.mjs';

/** The most keys that one message adds to a chain (DR-11). */
const MAX_SKIP = 1000;
/** The most keys that a session stores (DR-12). */
const MOST_SKIPPED = 2000;
/** Receiving chains that a session remembers: the current one and those of less than five steps ago (DR-16). */
const CHAINS = 5;
/** The counter that no message has (DR-18). */
export const LAST_COUNTER = 2 ** 32 - 1;

/** KDF_CK for the message with that counter (DR-04, DR-18). */
export function stepChain(chainKey, counter) {
  must(counter < LAST_COUNTER, 'counter-exhausted', 'the chain has no further message (DR-18)');
  const { messageKey, chainKey: next } = chainStep(chainKey);
  return { messageKey, chainKey: next, counter: counter + 1 };
}

/** DR-01: the initiator's ratchet. `own` is its fresh ratchet key pair, `signedPreKey` B's. */
export function initiate(secret, associatedData, own, signedPreKey) {
  const { rootKey, chainKey } = rootStep(secret, dh(own.privateKey, signedPreKey));
  return { associatedData, rootKey, own, sending: { chainKey, counter: 0 }, previousCounter: 0, receiving: [] };
}

/** DR-02: the responder's ratchet. `signedPreKey` is its own key pair. */
export function respond(secret, associatedData, signedPreKey) {
  return { associatedData, rootKey: secret, own: signedPreKey, sending: null, previousCounter: 0, receiving: [] };
}

/** Encrypts: the next state, and the message's fields (DR-06 to DR-08). */
export function send(state, plaintext) {
  checkPlaintext(plaintext);
  const { messageKey, ...sending } = stepChain(state.sending.chainKey, state.sending.counter);
  const header = { ratchetKey: state.own.publicKey, counter: state.sending.counter, previousCounter: state.previousCounter };
  const ciphertext = encrypt(messageKey, state.associatedData, header, plaintext);
  return { state: { ...state, sending }, message: { ...header, ciphertext } };
}

/**
 * Reads a message: its plaintext, and `next`, which makes the state behind it from a source of randomness. So nothing is drawn
 * before the message has been authenticated (RND-02), and whoever only wants to know what it says draws nothing.
 */
export function receive(state, message) {
  checkCiphertext(message.ciphertext);
  must(!message.ratchetKey.equals(state.own.publicKey), 'invalid-key', "the ratchet key is the receiver's own (DR-21)");
  const index = state.receiving.findIndex((chain) => chain.ratchetKey.equals(message.ratchetKey));
  if (index < 0) return receiveInNewChain(state, message);
  const chain = state.receiving[index];
  const read = message.counter < chain.counter ? takeSkipped : readAhead;
  const { plaintext, chain: next } = read(state, chain, message);
  return { plaintext, next: () => bounded({ ...state, receiving: state.receiving.with(index, next) }) };
}

/** A message whose key was stored (DR-10); the key goes (DR-13). */
function takeSkipped(state, chain, message) {
  const found = chain.skipped.find(([counter]) => counter === message.counter);
  must(found, 'duplicate-message', 'the message was read before, or its key is gone (DR-14)');
  const plaintext = decrypt(found[1], state.associatedData, message, message.ciphertext);
  return { plaintext, chain: { ...chain, skipped: chain.skipped.filter((entry) => entry !== found) } };
}

/** A message at or beyond the end of what was read of its chain. A former chain has no key for it. */
function readAhead(state, chain, message) {
  if (chain.chainKey === null) throw new Refusal('decrypt-failed', 'the message is beyond the end of a former chain');
  checkSkip(chain.counter, message.counter);
  must(message.counter < LAST_COUNTER, 'counter-exhausted', 'no message has that counter (DR-18)');
  const { messageKey, ...next } = lastStep(skipTo(chain, message.counter));
  return { plaintext: decrypt(messageKey, state.associatedData, message, message.ciphertext), chain: next };
}

/** A message of a chain that is not known: a DH ratchet step (DR-09). */
function receiveInNewChain(state, message) {
  const [current, ...former] = state.receiving;
  checkSkip(0, message.counter);
  if (current) checkSkip(current.counter, message.previousCounter);
  must(message.counter < LAST_COUNTER, 'counter-exhausted', 'no message has that counter (DR-18)');
  const { rootKey, chainKey } = rootStep(state.rootKey, dh(state.own.privateKey, message.ratchetKey));
  const begun = { ratchetKey: message.ratchetKey, chainKey, counter: 0, skipped: [] };
  const { messageKey, ...chain } = lastStep(skipTo(begun, message.counter));
  const plaintext = decrypt(messageKey, state.associatedData, message, message.ciphertext);
  return {
    plaintext,
    next(source) {
      const own = keyPair(source.draw(32));
      const sent = rootStep(rootKey, dh(own.privateKey, message.ratchetKey));
      const ended = current ? [{ ...skipTo(current, message.previousCounter), chainKey: null }] : [];
      return bounded({
        ...state,
        rootKey: sent.rootKey,
        own,
        sending: { chainKey: sent.chainKey, counter: 0 },
        previousCounter: state.sending ? state.sending.counter : 0,
        receiving: [chain, ...ended, ...former].slice(0, CHAINS),
      });
    },
  };
}

/** DR-11, before any key is computed. */
function checkSkip(from, to) {
  must(to - from <= MAX_SKIP, 'too-many-skipped', `a message skips at most ${MAX_SKIP} keys of a chain (DR-11)`);
}

/** The chain with the keys of all messages below `counter` stored. */
function skipTo(chain, counter) {
  const skipped = [...chain.skipped];
  let next = chain;
  while (next.counter < counter) {
    const { messageKey, ...step } = stepChain(next.chainKey, next.counter);
    skipped.push([next.counter, messageKey]);
    next = step;
  }
  return { ...chain, chainKey: next.chainKey, counter: next.counter, skipped };
}

/** The key of the chain's next message, and the chain behind it. */
const lastStep = (chain) => ({ ...chain, ...stepChain(chain.chainKey, chain.counter) });

/** DR-12: of too many stored keys those of the oldest chain go first, and of a chain those of the lowest counters. */
function bounded(state) {
  let excess = state.receiving.reduce((sum, chain) => sum + chain.skipped.length, 0) - MOST_SKIPPED;
  if (excess <= 0) return state;
  const receiving = state.receiving.toReversed().map((chain) => {
    const dropped = Math.min(excess, chain.skipped.length);
    excess -= dropped;
    return { ...chain, skipped: chain.skipped.slice(dropped) };
  });
  return { ...state, receiving: receiving.reverse() };
}
