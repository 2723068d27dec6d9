/**
 * Messages to send (WAL-03, WAL-04, XFER-14, XFER-16, XFER-17): { number, to, transfer, payload, size, until, send, out, told }.
 *
 * Each device has a queue of its own, whose first message is under way. `payload` is there until the message is written, then `send` is: the
 * send of Sesame. `out` says whether the transfer was asked for `out`, and `told` whether the user knows that the message waits.
 */
import { addressKey, sameAddress } from './address.mjs';
import * as links from './links.mjs';
import { encode, encodeOffer, OFFER } from './payload.mjs';
import { Refusal } from './refusal.mjs';
import { ask, drop as dropRequests, waits } from './requests.mjs';
import { again, resume, start } from './send.mjs';
import { DAY } from './time.mjs';

/** For how long a message is kept that lets nobody provision (WAL-03, XFER-16). */
const LONGEST = 30 * DAY;
/** The lifetimes that are asked for at the intermediary (XFER-16). */
const LIFETIMES = [2 * DAY, 7 * DAY, LONGEST];

const isProvisioning = (type) => type === OFFER || type === 'keyImportRequest';

/** Puts a message into the queue, but where one of its type and transfer waits (WAL-04). */
export function add(wallet, { to, payload, size }) {
  const { transfer, type } = payload;
  if (wallet.outbox.some((entry) => entry.transfer === transfer && entry.type === type)) return;
  wallet.messages += 1;
  const until = wallet.now + LONGEST;
  const entry = { number: wallet.messages, to, transfer, type, payload, size, until, send: null, out: false, told: false };
  wallet.outbox.push(entry);
}

/** Drops messages, and what was asked for them. */
export function drop(wallet, isDropped) {
  const numbers = wallet.outbox.filter(isDropped).map(({ number }) => number);
  wallet.outbox = wallet.outbox.filter(({ number }) => !numbers.includes(number));
  dropRequests(wallet, ({ message }) => numbers.includes(message));
}

/** A message that was of no use for too long ends (WAL-03); provisioning information ends with its transfer. */
export function expire(wallet) {
  const over = wallet.outbox.filter(({ type, until }) => !isProvisioning(type) && wallet.now >= until);
  for (const { number } of over) giveUp(wallet, number, 'retry-limit');
}

/** The message is not tried again, which the user is told. */
export function giveUp(wallet, number, code) {
  const { to } = entryOf(wallet, number);
  drop(wallet, (entry) => entry.number === number);
  wallet.report('unsent', { to, code });
}

const entryOf = (wallet, number) => wallet.outbox.find((entry) => entry.number === number);

function update(wallet, number, changes) {
  wallet.outbox = wallet.outbox.map((entry) => (entry.number === number ? { ...entry, ...changes } : entry));
}

/** Starts the first message of each queue that is not under way, until there is none. */
export function goOn(wallet) {
  const begun = new Set();
  for (;;) {
    const tried = new Set();
    const entry = wallet.outbox.find(({ to, number }) => {
      const first = !tried.has(addressKey(to));
      tried.add(addressKey(to));
      return first && !begun.has(number);
    });
    if (!entry) return;
    begun.add(entry.number);
    if (!waits(wallet, ({ message }) => message === entry.number)) advance(wallet, entry);
  }
}

/** Begins a message, or goes on with one whose requests went with a registration. */
function advance(wallet, { number, to, type, transfer, payload, size, send }) {
  const link = type === OFFER ? links.takenFrom(wallet, to) : undefined;
  if (link && !links.isReady(wallet, link)) return;
  if (!links.openerOf(wallet, to)) {
    tell(wallet, number, 'forbidden');
    return;
  }
  perform(wallet, number, (device) => {
    if (send) return again(send);
    const plaintext = link ? writeOffer(wallet, payload, link, to) : encode(payload, size);
    return start(device, { device: to }, plaintext, isProvisioning(type));
  });
}

function writeOffer(wallet, payload, { id, answers, key }, to) {
  const own = { address: wallet.address, identityKey: wallet.device.identity.publicKey };
  const receiver = { address: to, fingerprint: wallet.device.pinned(to).fingerprint };
  return encodeOffer({ ...payload, invitation: id, accessKey: answers }, key, own, receiver);
}

/** Lets a send take a step, and does what it asks for. What is refused ends the message. */
function perform(wallet, number, work) {
  const refusal = wallet.attempt((copy) => {
    const { send, step, identityChanged } = work(copy.device);
    const { to } = entryOf(copy, number);
    if (identityChanged) copy.report('identity-changed', { device: to });
    update(copy, number, { send, payload: null });
    request(copy, number, step);
  });
  if (refusal) giveUp(wallet, number, refusal.code);
}

/** Asks the intermediary for what a step of a send wants. */
function request(wallet, number, step) {
  const { to } = entryOf(wallet, number);
  const accessKey = links.openerOf(wallet, to);
  if (step === 'done') drop(wallet, (entry) => entry.number === number);
  else if (step.giveUp) giveUp(wallet, number, step.giveUp);
  else if (step.fetchBundles) ask(wallet, { type: 'fetchBundle', address: to, accessKey }, { message: number });
  else if (step.fetchStatements) ask(wallet, { type: 'fetchBundle', address: to }, { message: number });
  else submit(wallet, number, step.submit[0], accessKey);
}

/** Hands a message over: what lets its reader provision only while its transfer says so (XFER-17). */
function submit(wallet, number, { registrationId, kind, message }, accessKey) {
  const { to, transfer, type, out } = entryOf(wallet, number);
  if (isProvisioning(type) && !out) {
    try {
      wallet.carry(wallet.transfers.out(transfer, type, wallet.now));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      drop(wallet, (entry) => entry.number === number);
      return;
    }
    update(wallet, number, { out: true });
  }
  const lifetime = isProvisioning(type) ? lifetimeOf(wallet, transfer) : LONGEST;
  ask(wallet, { type: 'submit', recipient: to, accessKey, registrationId, kind, message, lifetime }, { message: number });
}

/** The shortest lifetime that reaches the transfer's expiry (XFER-16). */
function lifetimeOf(wallet, transfer) {
  const left = wallet.transfers.known(transfer).expires - wallet.now;
  return LIFETIMES.find((lifetime) => lifetime >= left) ?? LONGEST;
}

/** What has no answer is asked anew, under another access key (WAL-03). */
export function askAnew(wallet, address) {
  for (const { number, to, type, transfer } of wallet.outbox) {
    if (!sameAddress(to, address)) continue;
    for (const [id, { body, message }] of [...wallet.requests]) {
      if (message !== number || !body.accessKey) continue;
      wallet.requests.delete(id);
      const accessKey = links.openerOf(wallet, to);
      const lifetime = body.lifetime && (isProvisioning(type) ? lifetimeOf(wallet, transfer) : LONGEST);
      ask(wallet, { ...body, accessKey, ...(lifetime && { lifetime }) }, { message: number });
    }
  }
}

/** The user is told once that a message waits (WAL-03). */
function tell(wallet, number, code) {
  const { to, told } = entryOf(wallet, number);
  if (!told) wallet.report('delayed', { to, code });
  update(wallet, number, { told: true });
}

/** The intermediary has answered a request for a message, or refused it. */
export function answered(wallet, id, { body, message: number }, answer, error) {
  const isSubmission = body.type === 'submit';
  if (error === 'mailbox-full' || error === 'rate-limited' || (isSubmission && error === 'forbidden')) {
    tell(wallet, number, error);
    return;
  }
  wallet.requests.delete(id);
  const event = error === undefined ? carriedOut(isSubmission, answer) : refused(isSubmission, entryOf(wallet, number).to, error);
  if (event === undefined) giveUp(wallet, number, error);
  else perform(wallet, number, (device) => resume(device, entryOf(wallet, number).send, event, wallet.source));
}

const carriedOut = (isSubmission, { bundle }) => (isSubmission ? 'accepted' : { bundle });

/** A refusal in the words of a send; undefined where it ends the message. */
function refused(isSubmission, to, error) {
  if (!isSubmission) return error === 'not-found' ? { noBundle: to } : undefined;
  if (error === 'stale-registration') return { staleRegistration: [to.deviceId] };
  return error === 'not-found' ? { deviceMismatch: { missing: [], extra: [to.deviceId] } } : undefined;
}
