/** Role `wallet`: a whole wallet, by its events and their effects. */
import { checkAddress } from '../wallet/address.mjs';
import { fromHex } from '../wallet/bytes.mjs';
import { SeededRandomness } from '../wallet/randomness.mjs';
import { Wallet } from '../wallet/wallet.mjs';
import { optionalHex, readBundle, withBytes } from './lines.mjs';
import { Machines } from './machines.mjs';
import { readCredential } from './transfers.mjs';

const machines = new Machines();
/** Where each wallet draws from: beside its state, so that a wallet that goes back to an earlier one does not draw the same again. */
let sources = new Map();

function sourceOf(handle) {
  if (!sources.has(handle)) sources.set(handle, new SeededRandomness(`restored as ${handle}`));
  return sources.get(handle);
}

function readAnswer({ bundle, envelopes, ...answer }) {
  return {
    ...answer,
    ...(bundle && { bundle: readBundle(bundle) }),
    ...(envelopes && { envelopes: envelopes.map((envelope) => withBytes(envelope, ['message'])) }),
  };
}

/** The fields of an event with its bytes as bytes. */
const FIELDS = {
  register: ({ sponsor }) => ({ sponsor: optionalHex(sponsor, 'sponsor') }),
  offer: (offer) => ({ ...offer, to: checkAddress(offer.to), credential: readCredential(offer.credential) }),
  answer: (fields) => ({ ...fields, answer: fields.answer && readAnswer(fields.answer) }),
};

const methods = {
  'wallet.create'({ handle, address, now, seed }) {
    const source = new SeededRandomness(seed);
    machines.set(handle, Wallet.create(address, now, source));
    sources.set(handle, source);
    return {};
  },
  'wallet.event'({ handle, now, event }) {
    const [[name, fields]] = typeof event === 'string' ? [[event, {}]] : Object.entries(event);
    const source = sourceOf(handle);
    const mark = source.mark();
    try {
      const read = FIELDS[name]?.(fields) ?? fields;
      return { effects: machines.attempt(handle, (wallet) => wallet.event(name, read, now, source)) };
    } catch (error) {
      source.rewind(mark);
      throw error;
    }
  },
  'wallet.save': ({ handle }) => ({ state: machines.get(handle).save() }),
  'wallet.restore'({ handle, state }) {
    machines.set(handle, Wallet.restore(fromHex(state, 'state')));
    return {};
  },
};

function forget() {
  machines.forget();
  sources = new Map();
}

export const wallet = { methods, forget };
