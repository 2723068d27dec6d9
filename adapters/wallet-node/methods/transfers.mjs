/** Role `device`: the transfers of a device. */
import { checkAddress } from '../wallet/address.mjs';
import { fromHex } from '../wallet/bytes.mjs';
import * as payloads from '../wallet/payload.mjs';
import { GivenRandomness } from '../wallet/randomness.mjs';
import { Transfers } from '../wallet/transfers.mjs';
import { Machines } from './machines.mjs';

const machines = new Machines();

/** A credential of the protocol: a token as bytes, or `carKey`. */
export const readCredential = (credential) =>
  credential === 'carKey' ? credential : { authorizationToken: fromHex(credential.authorizationToken, 'authorizationToken') };

const EVENTS = {
  tick: (transfers, _, now) => transfers.tick(now),
  offer: (transfers, offer, now, source) =>
    transfers.offer({ ...offer, to: checkAddress(offer.to), credential: readCredential(offer.credential) }, now, source),
  out: (transfers, { transfer, message }, now) => transfers.out(transfer, message, now),
  accept: (transfers, { transfer }, now, source) => transfers.wish('accept', transfer, now, source),
  decline: (transfers, { transfer }, now, source) => transfers.wish('decline', transfer, now, source),
  cancel: (transfers, { transfer }, now, source) => transfers.wish('cancel', transfer, now, source),
  message(transfers, { from, plaintext }, now) {
    const bytes = fromHex(plaintext, 'plaintext');
    return transfers.message(checkAddress(from), payloads.decode(bytes), bytes.length, now);
  },
};

function writeOutcome({ sends, ...outcome }) {
  return { ...outcome, sends: sends && { to: sends.to, plaintext: payloads.encode(sends.payload, sends.size) } };
}

const methods = {
  'transfers.create'({ handle, tokenKey }) {
    machines.set(handle, new Transfers(fromHex(tokenKey, 'tokenKey')));
    return {};
  },
  'transfers.event': ({ handle, now, randomness, event }) =>
    machines.attempt(handle, (transfers) => {
      const [[name, fields]] = typeof event === 'string' ? [[event]] : Object.entries(event);
      const source = new GivenRandomness(fromHex(randomness, 'randomness'));
      const outcomes = [EVENTS[name](transfers, fields, now, source)].flat();
      return { outcomes: outcomes.map(writeOutcome) };
    }),
  'transfers.save': ({ handle }) => ({ state: machines.get(handle).save() }),
  'transfers.restore'({ handle, state }) {
    machines.set(handle, Transfers.restore(fromHex(state, 'state')));
    return {};
  },
};

export const transfers = { methods, forget: () => machines.forget() };
