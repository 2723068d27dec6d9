/** Messages that come (WAL-05, INV-08, SES-19). */
import { fingerprint } from './invitation.mjs';
import * as links from './links.mjs';
import { checkJoined } from './membership.mjs';
import { decode, OFFER } from './payload.mjs';
import { must, Refusal } from './refusal.mjs';
import { ask, waits } from './requests.mjs';

/** The most messages of a batch. */
const LIMIT = 100;

/** Messages wait at the intermediary. */
export function collect(wallet) {
  checkJoined(wallet);
  wallet.collects = true;
}

/** Reads a batch, unless a reading or an acknowledgement is under way (WAL-05). */
export function goOn(wallet) {
  if (!wallet.collects || waits(wallet, ({ body }) => body.type === 'read' || body.type === 'acknowledge')) return;
  wallet.collects = false;
  ask(wallet, { type: 'read', address: wallet.address, limit: LIMIT });
}

/** A batch has come: each message is read or refused, and all are acknowledged. */
export function done(wallet, { type }, answer) {
  if (type !== 'read' || answer.envelopes.length === 0) return;
  for (const envelope of answer.envelopes) receive(wallet, envelope);
  if (answer.envelopes.length === LIMIT) wallet.collects = true;
  ask(wallet, { type: 'acknowledge', address: wallet.address, ids: answer.envelopes.map(({ id }) => id) });
}

/** A reading that is refused is not repeated: the next `collect` reads. */
export function failed() {}

function receive(wallet, envelope) {
  const { sender } = envelope;
  let opened;
  let refusal = wallet.attempt((copy) => {
    opened = open(copy, envelope);
  });
  if (!refusal) {
    const payload = payloadOf(opened.plaintext);
    if (opened.identityChanged) wallet.report('identity-changed', { device: sender });
    if (opened.beside && payload.type !== OFFER) wallet.report('further-session', { device: sender });
    // What was decrypted stays decrypted, whatever becomes of what it says.
    refusal = wallet.attempt((copy) => act(copy, sender, payload, opened));
  }
  if (refusal) wallet.report('refused', { from: sender, code: refusal.code });
}

/** Decrypts a message. One of a device that is not pinned is looked at first, and pins its key where it may (INV-08). */
function open(wallet, { sender, kind, message }) {
  const { device } = wallet;
  let invitation;
  if (!device.pinned(sender)) {
    must(kind === 'prekey', device.record(sender) ? 'untrusted-identity' : 'no-session', 'the message is of an unknown device (INV-08)');
    const { identityKey, plaintext } = device.readOpening(sender, message);
    invitation = links.honour(wallet, payloadOf(plaintext), plaintext, { address: sender, identityKey });
    device.pin(sender, fingerprint(identityKey), false);
  }
  return { ...device.decrypt(sender, kind, message, wallet.source), invitation };
}

/** What a plaintext says, or the refusal of what is none. */
function payloadOf(plaintext) {
  try {
    return decode(plaintext);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Hands a payload to its transfer. An offer of a device that nobody has named is held to an invitation (INV-08). */
function act(wallet, sender, payload, { plaintext, invitation }) {
  if (payload instanceof Refusal) throw payload;
  const served = payload.type === OFFER ? (invitation ?? invitationOf(wallet, sender, payload, plaintext)) : undefined;
  const outcome = wallet.transfers.message(sender, payload, plaintext.length, wallet.now);
  if (served) links.serve(wallet, served);
  if (payload.accessKey) links.bring(wallet, sender, payload.accessKey);
  wallet.carry(outcome);
}

/** The invitation that an offer is by: one of a device that is named needs none, and is held to the one that it names. */
function invitationOf(wallet, sender, payload, plaintext) {
  if (!payload.invitation && wallet.device.pinned(sender).named) return undefined;
  const { identityKey } = wallet.device.record(sender);
  return links.honour(wallet, payload, plaintext, { address: sender, identityKey });
}
