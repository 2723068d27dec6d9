/**
 * Invitations and access keys (INV-05 to INV-09, MBX-20 to MBX-22).
 *
 * made       by id in hex: { link, secret, expires, given, owner, transfers }; `owner` is the fingerprint of the first sender's key whose MAC
 *            held, or null, and `transfers` how many it has served
 * taken      by the address of the device that made it: { id, secret, expires, answers, transfers }; `answers` is the access key for them
 * accessKeys the device's own, by hash in hex: { expires, state, made, peer }; `state` is new, asked, published or refused, `made` the id of the
 *            invitation that it is of, and `peer` the device whose answers it is for
 * senders    access keys that offers brought, by the sender's address: the latest opens its mailbox
 */
import { addressKey, sameAddress } from './address.mjs';
import { fingerprint, HONOURED, checkHonour, checkTake, make, parse } from './invitation.mjs';
import { accessKey, offerKey, sha256 } from './kdf.mjs';
import { checkJoined } from './membership.mjs';
import * as outbox from './outbox.mjs';
import { checkOffer } from './payload.mjs';
import { must } from './refusal.mjs';
import { ask, drop } from './requests.mjs';

/** The most invitations that are not erased, and the most transfers that one serves (INV-05). */
const MOST_INVITATIONS = 100;
const MOST_TRANSFERS = 10;

const hashOf = (key) => sha256(key).toString('hex');

/** The user wants a link: it is given away once its access key is published (INV-09). */
export function invite(wallet, { host, vertical, lifetime }) {
  checkJoined(wallet);
  must(wallet.made.size < MOST_INVITATIONS, 'invalid-state', `there are ${MOST_INVITATIONS} invitations (INV-05)`);
  const { address, now, source, device } = wallet;
  const link = make({ host, address, vertical, lifetime, now, identityKey: device.identity.publicKey }, source);
  const { id, secret, expires } = parse(link);
  const made = id.toString('hex');
  wallet.made.set(made, { link, secret, expires, given: false, owner: null, transfers: 0 });
  wallet.accessKeys.set(hashOf(accessKey(secret)), { expires: expires + HONOURED, state: 'new', made, peer: null });
}

/** An invitation takes no new offer; its access key goes with it where it has served no transfer (INV-09). */
export function withdraw(wallet, { link }) {
  const id = parse(link).id.toString('hex');
  const invitation = wallet.made.get(id);
  must(invitation?.link === link, 'invalid-invitation', 'the device has no such invitation');
  wallet.made.delete(id);
  if (invitation.transfers === 0) withdrawKey(wallet, hashOf(accessKey(invitation.secret)));
}

/** An own access key admits nobody any more (MBX-21). */
function withdrawKey(wallet, hash) {
  drop(wallet, ({ body }) => body.type === 'publishAccessKey' && body.hash.toString('hex') === hash);
  const { state } = wallet.accessKeys.get(hash);
  wallet.accessKeys.delete(hash);
  if (state !== 'new') ask(wallet, { type: 'withdrawAccessKey', address: wallet.address, hash: Buffer.from(hash, 'hex') });
}

/** The user takes somebody's invitation: the key of its device is pinned and named (INV-03), and the next offer opens a session (SES-19). */
export function take(wallet, { link }) {
  checkJoined(wallet);
  const { address, fingerprint: print, id, secret, expires } = parse(link);
  must(address.userId !== wallet.address.userId, 'invalid-state', 'the invitation is of the own user (SES-15)');
  checkTake({ expires }, wallet.now);
  wallet.device.pin(address, print, true);
  if (wallet.taken.get(addressKey(address))?.id.equals(id)) return;
  const answers = Buffer.from(wallet.source.draw(32));
  wallet.accessKeys.set(hashOf(answers), { expires: expires + HONOURED, state: 'new', made: null, peer: address });
  wallet.device.openAnew(address);
  learn(wallet, address, () => wallet.taken.set(addressKey(address), { id, secret, expires, answers, transfers: 0 }));
}

/** An offer has brought the access key by which it is answered. */
export function bring(wallet, address, key) {
  learn(wallet, address, () => wallet.senders.set(addressKey(address), key));
}

/** Where another access key opens a device's mailbox from now on, what has no answer is asked anew, under that key (WAL-03). */
function learn(wallet, address, change) {
  const known = openerOf(wallet, address);
  change();
  if (!known?.equals(openerOf(wallet, address))) outbox.askAnew(wallet, address);
}

/** The access key that opens a device's mailbox: that of the link that was taken, else the one that an offer brought. */
export function openerOf(wallet, address) {
  const taken = wallet.taken.get(addressKey(address));
  return taken ? accessKey(taken.secret) : wallet.senders.get(addressKey(address));
}

/** An offer goes by the link of its device, if one was taken: while it serves; else by the access key that an offer brought (INV-05). */
export function useTaken(wallet, to) {
  const taken = wallet.taken.get(addressKey(to));
  if (!taken) {
    must(openerOf(wallet, to), 'invalid-invitation', 'neither a link nor an offer opens the mailbox of that device (INV-05)');
    return;
  }
  checkTake(taken, wallet.now);
  must(taken.transfers < MOST_TRANSFERS, 'invalid-invitation', `the link has served ${MOST_TRANSFERS} transfers (INV-05)`);
  wallet.taken.set(addressKey(to), { ...taken, transfers: taken.transfers + 1 });
}

/** The link by which an offer to that device goes, with the MAC's key; undefined where there is none. */
export function takenFrom(wallet, to) {
  const taken = wallet.taken.get(addressKey(to));
  return taken && { ...taken, key: offerKey(taken.secret) };
}

/** Whether the access key for the answers is published (INV-09). */
export const isReady = (wallet, { answers }) => wallet.accessKeys.get(hashOf(answers))?.state === 'published';

/**
 * Whether an offer holds by an invitation of this device (INV-08, PAY-14): gives the invitation's id, and refuses else. The first sender's key
 * owns the invitation from then on.
 */
export function honour(wallet, payload, plaintext, sender) {
  must(payload?.invitation, 'untrusted-identity', 'the message of an unknown device is no offer by an invitation (INV-08)');
  const id = payload.invitation.toString('hex');
  const invitation = wallet.made.get(id);
  must(invitation, 'invalid-invitation', 'there is no such invitation (INV-08)');
  checkHonour(invitation, wallet.now);
  const receiver = { address: wallet.address, fingerprint: fingerprint(wallet.device.identity.publicKey) };
  checkOffer(plaintext, offerKey(invitation.secret), sender, receiver);
  const print = fingerprint(sender.identityKey);
  must(!invitation.owner || invitation.owner.equals(print), 'invalid-invitation', 'the invitation is of another sender (INV-08)');
  must(invitation.transfers < MOST_TRANSFERS, 'invalid-invitation', `the invitation has served ${MOST_TRANSFERS} transfers (INV-05)`);
  wallet.made.set(id, { ...invitation, owner: print });
  return id;
}

/** An invitation has served a transfer. */
export function serve(wallet, id) {
  const invitation = wallet.made.get(id);
  wallet.made.set(id, { ...invitation, transfers: invitation.transfers + 1 });
}

/** Publishes what is not published (INV-09). */
export function goOn(wallet) {
  for (const [hash, key] of wallet.accessKeys) {
    if (key.state !== 'new') continue;
    wallet.accessKeys.set(hash, { ...key, state: 'asked' });
    ask(wallet, { type: 'publishAccessKey', address: wallet.address, hash: Buffer.from(hash, 'hex'), expires: key.expires });
  }
}

/** What is over is erased; what was refused is tried again. */
export function expire(wallet) {
  for (const links of [wallet.made, wallet.taken]) {
    for (const [key, { expires }] of links) if (wallet.now >= expires + HONOURED) links.delete(key);
  }
  for (const [hash, key] of wallet.accessKeys) {
    if (wallet.now >= key.expires) wallet.accessKeys.delete(hash);
    else if (key.state === 'refused') wallet.accessKeys.set(hash, { ...key, state: 'new' });
  }
}

/** Nothing is known any more of how to reach a device, and its answers are not taken any more (WAL-06). */
export function forget(wallet, peer) {
  for (const [hash, key] of [...wallet.accessKeys]) if (key.peer && sameAddress(key.peer, peer)) withdrawKey(wallet, hash);
  wallet.taken.delete(addressKey(peer));
  wallet.senders.delete(addressKey(peer));
}

export function done(wallet, body) {
  if (body.type !== 'publishAccessKey') return;
  const hash = body.hash.toString('hex');
  const key = wallet.accessKeys.get(hash);
  if (!key) return;
  wallet.accessKeys.set(hash, { ...key, state: 'published' });
  const invitation = wallet.made.get(key.made);
  if (!invitation || invitation.given) return;
  wallet.made.set(key.made, { ...invitation, given: true });
  wallet.effects.push({ invitation: { link: invitation.link } });
}

/** A link whose access key is refused is no link. */
export function failed(wallet, body) {
  if (body.type !== 'publishAccessKey') return;
  const hash = body.hash.toString('hex');
  const key = wallet.accessKeys.get(hash);
  if (!key) return;
  if (wallet.made.get(key.made)?.given === false) {
    wallet.made.delete(key.made);
    wallet.accessKeys.delete(hash);
  } else wallet.accessKeys.set(hash, { ...key, state: 'refused' });
}
