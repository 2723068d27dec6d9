/**
 * The transfers of a device (section 9): a map by transfer id.
 *
 * A transfer that is under way is { state, flow, format, peer, expires, size, out } and what its state needs beside: `owner` (the owner's private
 * key), `request` and `answer` (what was signed, and what went back), `token` or `creation` (what was offered), `key` (the receiver's private
 * key). One that has ended is { state, peer, since }, and in R:Provisioned its `credential`: all else is erased (XFER-14).
 */
import { sameAddress, uuidFrom } from './address.mjs';
import * as carKey from './car_key.mjs';
import { makeRoom, remembered, tokenId } from './offered_tokens.mjs';
import * as payloads from './payload.mjs';
import { must, Refusal } from './refusal.mjs';
import { restore, save } from './saved_state.mjs';
import { DAY } from './time.mjs';
import { hasEnded, TABLE } from './transfer_table.mjs';

/** How long an offer lives where nobody says otherwise, and at most (XFER-10). */
const LIFETIME = 2 * DAY;
const LONGEST = 30 * DAY;
/** For how long a transfer that has ended is known (XFER-19). */
const KNOWN = 60 * DAY;
/** Of one sender's address the most that are under way, and that are known (XFER-20). */
const MOST_UNDER_WAY = 10;
const MOST_KNOWN = 100;

const flowOf = (format) => (format === payloads.CAR_KEY ? 'stateful' : 'stateless');

/** The transfer as a tick would leave it (XFER-10). */
function judged(transfer, now) {
  if (!transfer || hasEnded(transfer.state) || now < transfer.expires) return transfer;
  return { ...transfer, state: transfer.state.startsWith('S:') ? 'S:Expired' : 'R:Expired' };
}

const credentialIsOut = ({ state, flow, out }) => out === true && (state === 'S:Signed' || flow === 'stateless');

/** What a row may ask for beside state and event. */
const CONDITIONS = {
  offerIsOut: ({ transfer }) => transfer.out,
  formatIsSupported: ({ payload }) => payloads.FORMATS.includes(payload.format),
  attestationHolds: ({ id, transfer, payload }) => holds(id, transfer, payload),
};

function holds(id, { creation, key }, { keyImportRequest }) {
  try {
    carKey.checkImportRequest(id, creation, carKey.publicKey(key), keyImportRequest);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

export class Transfers {
  transfers = new Map();
  tokens = new Map();

  constructor(tokenKey) {
    this.tokenKey = tokenKey;
  }

  static restore(bytes) {
    return Transfers.from(restore('transfers', bytes));
  }

  static from(state) {
    return Object.assign(new Transfers(), state);
  }

  save() {
    return save('transfers', this);
  }

  copy() {
    const { transfers, tokens } = this;
    return Object.assign(new Transfers(), this, { transfers: new Map(transfers), tokens: new Map(tokens) });
  }

  /** Whether a transfer is over at that time, or not known at all. */
  isOver(id, now) {
    const transfer = judged(this.transfers.get(id), now);
    return !transfer || hasEnded(transfer.state);
  }

  /** Time has come to `now`: what it ended, by rising transfer id. What ended long ago is forgotten (XFER-19). */
  tick(now) {
    const outcomes = [];
    for (const id of [...this.transfers.keys()].sort()) {
      const { state, expires, since } = this.transfers.get(id);
      if (!hasEnded(state) && now >= expires) outcomes.push(this.step({ id, event: 'tick', now }));
      else if (hasEnded(state) && state !== 'R:Provisioned' && now - since >= KNOWN) this.transfers.delete(id);
    }
    this.tokens = remembered(this.tokens, now);
    return outcomes;
  }

  /** The user offers a credential: `{ authorizationToken }` or `carKey`. */
  offer({ to, credential, lifetime = LIFETIME, again = false }, now, source) {
    must(lifetime >= 1 && lifetime <= LONGEST, 'invalid-state', 'an offer lives 1 second to 30 days (XFER-10)');
    const token = credential.authorizationToken;
    const tokens = new Map(this.tokens);
    const hashed = token && tokenId(this.tokenKey, token);
    if (token) {
      must(again || !remembered(tokens, now).has(hashed), 'already-offered', 'the token was offered before (XFER-18)');
      makeRoom(tokens, hashed, (id) => this.isOver(id, now));
    }
    const id = uuidFrom(source.draw(16));
    const owner = token ? undefined : carKey.draw(source);
    const format = token ? payloads.TOKEN : payloads.CAR_KEY;
    const content = token ? { authorizationToken: token } : { keyCreationRequest: carKey.creationRequest(owner) };
    const expires = now + lifetime;
    const payload = { transfer: id, type: payloads.OFFER, format, expires, ...content };
    const size = payloads.encode(payload).length;
    if (token) this.tokens = tokens.set(hashed, { at: now, transfer: id });
    const begun = { flow: flowOf(format), format, peer: to, expires, size, out: false, ...(owner && { owner }) };
    return this.step({ id, event: 'offer', now, begun, payload });
  }

  /** The user accepts, declines or cancels. */
  wish(event, id, now, source) {
    this.known(id);
    return this.step({ id, event, now, source });
  }

  /** That message of the transfer is about to be handed to the network for the first time (XFER-17). */
  out(id, message, now) {
    const { state } = this.known(id);
    const right = message === payloads.OFFER || (message === 'keyImportRequest' && state === 'S:Signed');
    must(right, 'invalid-state', `no ${message} of that transfer is to be handed over`);
    return this.step({ id, event: 'out', now, type: message });
  }

  /** A message was decrypted; `size` is the length of its plaintext. */
  message(from, payload, size, now) {
    const { transfer: id, type } = payload;
    const known = this.transfers.get(id);
    if (type === payloads.OFFER) must(!known, 'duplicate-transfer', `transfer ${id} is known (XFER-02)`);
    else must(known, 'unknown-transfer', `transfer ${id} is not known (XFER-03)`);
    must(!known || sameAddress(known.peer, from), 'not-bound', 'the transfer is with another device (XFER-06)');
    return this.step({ id, event: `message:${type}`, now, payload, from, size });
  }

  known(id) {
    const transfer = this.transfers.get(id);
    must(transfer, 'unknown-transfer', `transfer ${id} is not known (XFER-03)`);
    return transfer;
  }

  /** Carries one row of the table out: { transfer, before, after, sends, report }, or refuses. */
  step(context) {
    const { id, event, now } = context;
    const stored = this.transfers.get(id);
    const transfer = event === 'tick' ? stored : judged(stored, now);
    const row = TABLE.find(
      (each) =>
        each.from === (transfer?.state ?? null) &&
        each.event === event &&
        (each.flow ?? transfer?.flow) === transfer?.flow &&
        (!each.when || CONDITIONS[each.when]({ ...context, transfer })),
    );
    const refusal = event.startsWith('message:') ? 'unexpected-message' : 'invalid-state';
    must(row, refusal, `there is no ${event} in ${transfer?.state ?? 'no state'} (XFER-01)`);

    const made = { ...context.begun, ...transfer, ...this.make(row, { ...context, transfer }), state: row.to };
    const payload = row.sends && message(row.sends, { ...context, transfer: made });
    const reports = row.reports !== 'credential-may-be-out' || credentialIsOut(transfer);
    this.transfers.set(id, hasEnded(row.to) ? ended(made, transfer, now) : made);
    return {
      transfer: id,
      before: stored?.state,
      after: row.to,
      sends: payload && { to: made.peer, payload: { transfer: id, format: made.format, ...payload }, size: made.size },
      report: reports ? row.reports : undefined,
    };
  }

  /** What an event adds to a transfer. */
  make({ to }, { id, event, type, now, payload, from, size, source, transfer }) {
    switch (event) {
      case 'out':
        // The offer of a transfer that was signed since says nothing of what was signed.
        return transfer.state === 'S:Signed' && type === payloads.OFFER ? {} : { out: true };
      case 'message:provisioningInformation':
        return this.invited(to, payload, from, size, now);
      case 'message:keySigningRequest':
        return transfer.state === 'S:Signed' ? sameRequest(transfer, payload) : signed(id, transfer, payload);
      case 'message:keyImportRequest':
        return { import: payload.keyImportRequest };
      case 'accept':
        return transfer.flow === 'stateful' ? { key: carKey.draw(source) } : {};
      default:
        return {};
    }
  }

  /** An offer that has come (XFER-10, XFER-20, PAY-07). */
  invited(to, { format, expires, keyCreationRequest, authorizationToken }, from, size, now) {
    const ofSender = [...this.transfers.values()]
      .filter(({ state, peer }) => state.startsWith('R:') && state !== 'R:Provisioned' && sameAddress(peer, from))
      .map((transfer) => judged(transfer, now));
    const underWay = ofSender.filter(({ state }) => !hasEnded(state));
    const room = underWay.length < MOST_UNDER_WAY && ofSender.length < MOST_KNOWN;
    must(room, 'rate-limited', 'there are too many offers of that device (XFER-20)');
    const transfer = { flow: flowOf(format), format, peer: from, expires: Math.min(expires, now + LONGEST), size };
    if (to !== 'R:Invited') return transfer;
    return keyCreationRequest
      ? { ...transfer, creation: carKey.checkKey(keyCreationRequest) }
      : { ...transfer, token: authorizationToken };
  }
}

/** The owner signs (PAY-12). What is handed over next is the key import request, and it is not out yet. */
function signed(id, { owner }, { keySigningRequest }) {
  const receiver = carKey.checkSigningRequest(id, keySigningRequest);
  return { request: keySigningRequest, answer: carKey.importRequest(id, owner, receiver), out: false };
}

/** XFER-07. */
function sameRequest({ request }, { keySigningRequest }) {
  must(request.equals(keySigningRequest), 'conflicting-request', 'another key was signed before (XFER-07)');
  return {};
}

/** The message that a row sends. */
function message(type, { id, event, payload, transfer }) {
  switch (type) {
    case payloads.OFFER:
      return payload;
    case 'keyImportRequest':
      return { type, keyImportRequest: transfer.answer };
    case 'keySigningRequest':
      return { type, keySigningRequest: carKey.signingRequest(id, transfer.key) };
    case 'provisioned':
      return { type };
    default:
      return { type, reason: reason(event) };
  }
}

function reason(event) {
  if (event === 'message:provisioningInformation') return 'unsupported-format';
  return event === 'message:keyImportRequest' ? 'attestation-invalid' : 'user';
}

/** What stays of a transfer that has ended (XFER-14): since when, whom it was with, and what was provisioned. */
function ended(made, before, now) {
  const { state, peer, token, key } = made;
  const since = before && hasEnded(before.state) && before.since !== undefined ? before.since : now;
  if (state !== 'R:Provisioned') return { state, peer, since };
  return { state, peer, since, credential: token ? { token } : { key, import: made.import } };
}
