/** Being known to an intermediary: registration, prekeys, removal (MBX-01 to MBX-04, MBX-12, MBX-15, KEY-08). */
import { addOneTime, currentSigned } from './prekeys.mjs';
import { sha256 } from './kdf.mjs';
import { must } from './refusal.mjs';
import { ask, drop, waits } from './requests.mjs';
import { DAY } from './time.mjs';

/** How many one-time prekeys are published at once, and below how many that is done (MBX-04). */
export const ONE_TIME_PREKEYS = 20;
const FEW = 10;

const signedFields = (wallet) => {
  const { signedPreKeyId, signedPreKey, signedPreKeySignature, created, suites, statementSignature } = wallet.device.bundle();
  wallet.signedPreKeyId = signedPreKeyId;
  return { signedPreKeyId, signedPreKey, signedPreKeySignature, created, suites, statementSignature };
};

/** One-time prekeys that were never handed to the intermediary. */
function freshOneTime(wallet) {
  const fresh = [...wallet.device.oneTimePreKeys].filter(([id]) => id > wallet.oneTimePreKeyId).sort(([a], [b]) => a - b);
  wallet.oneTimePreKeyId = wallet.device.lastOneTimePreKeyId;
  return fresh.map(([id, { publicKey: key }]) => ({ id, key }));
}

/** The device joins: it draws its token itself (MBX-01). One-time prekeys that were handed out before are not handed out again. */
export function register(wallet, { sponsor }) {
  must(!wallet.token, 'invalid-state', 'the device has joined, or is about to');
  const { device } = wallet;
  wallet.token = Buffer.from(wallet.source.draw(32));
  const ready = [...device.oneTimePreKeys.keys()].filter((id) => id > wallet.oneTimePreKeyId).length;
  addOneTime(device, ONE_TIME_PREKEYS - ready, wallet.source);
  const body = {
    type: 'register',
    address: wallet.address,
    tokenHash: sha256(wallet.token),
    registrationId: device.registrationId,
    identityKey: device.identity.publicKey,
    ...signedFields(wallet),
    oneTimePreKeys: freshOneTime(wallet),
  };
  ask(wallet, body, { sponsor });
}

/** What needs an intermediary is refused before the device has joined one. */
export function checkJoined(wallet) {
  must(wallet.joined, 'invalid-state', 'the device has not joined an intermediary');
}

/** The device leaves. */
export function remove(wallet) {
  checkJoined(wallet);
  if (!waits(wallet, ({ body }) => isOwnRemoval(wallet, body))) ask(wallet, { type: 'remove', address: wallet.address });
}

/** The user has lost another device, which is removed (MBX-12). */
export function removeSibling(wallet, { deviceId }) {
  checkJoined(wallet);
  ask(wallet, { type: 'remove', address: { userId: wallet.address.userId, deviceId } });
}

const isOwnRemoval = (wallet, { type, address }) => type === 'remove' && address.deviceId === wallet.address.deviceId;

/** Once a day it is asked how many one-time prekeys are left (MBX-04). */
export function count(wallet) {
  if (!wallet.joined || wallet.now - wallet.counted < DAY || waits(wallet, ({ body }) => body.type === 'countOneTimePreKeys')) return;
  wallet.counted = wallet.now;
  ask(wallet, { type: 'countOneTimePreKeys', address: wallet.address });
}

const isPublished = (wallet) => currentSigned(wallet.device)[0] === wallet.signedPreKeyId;

/** What was to be published of a signed prekey that is replaced is not any more (WAL-02). */
export function expire(wallet) {
  if (!isPublished(wallet)) drop(wallet, ({ body }) => body.type === 'publishSignedPreKey');
}

/** A new signed prekey is published (KEY-08). */
export function goOn(wallet) {
  if (isPublished(wallet)) return;
  const { signedPreKeyId: id, signedPreKey: key, signedPreKeySignature: signature, ...statement } = signedFields(wallet);
  ask(wallet, { type: 'publishSignedPreKey', address: wallet.address, id, key, signature, ...statement });
}

export function done(wallet, body, answer) {
  switch (body.type) {
    case 'register':
      wallet.joined = true;
      wallet.counted = wallet.now;
      break;
    case 'remove':
      if (isOwnRemoval(wallet, body)) left(wallet);
      break;
    case 'countOneTimePreKeys':
      if (answer.left < FEW) publishOneTime(wallet);
      break;
    default:
  }
}

function publishOneTime(wallet) {
  addOneTime(wallet.device, ONE_TIME_PREKEYS, wallet.source);
  const oneTimePreKeys = freshOneTime(wallet);
  if (oneTimePreKeys.length > 0) ask(wallet, { type: 'publishOneTimePreKeys', address: wallet.address, oneTimePreKeys });
}

/** The intermediary knows nothing of the device any more. What was asked in its name has no answer to wait for. */
function left(wallet) {
  wallet.token = null;
  wallet.joined = false;
  wallet.requests.clear();
  for (const [hash, key] of wallet.accessKeys) wallet.accessKeys.set(hash, { ...key, state: 'new' });
}

/** Gives whether it is settled. A removal that is asked for again finds the token gone (section 7). */
export function failed(wallet, body, code) {
  if (body.type === 'register') wallet.token = null;
  if (!isOwnRemoval(wallet, body) || code !== 'unauthorized') return false;
  left(wallet);
  return true;
}
