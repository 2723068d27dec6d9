/**
 * A device's prekeys (KEY-07 to KEY-09, KEY-12, ID-06, X3DH-14).
 *
 * Signed prekeys are a map by id, in the order in which they were made, the last the current one: { publicKey, privateKey, signature,
 * created, suites, statementSignature, replaced, openings }; `replaced` is the time, or null, and `openings` the ids of openings by the
 * initiator's identity key in hex. One-time prekeys are a map by id: { publicKey, privateKey, drawn }.
 */
import { LAST_PREKEY_ID } from './address.mjs';
import { openingId } from './kdf.mjs';
import { keyPair } from './public_key.mjs';
import { must } from './refusal.mjs';
import { signBundle, SUITES } from './statement.mjs';
import { DAY, MAXLATENCY } from './time.mjs';

/** For how long a signed prekey is handed out (KEY-08). */
const SIGNED_LIFETIME = 7 * DAY;
/** For how long a one-time prekey that nobody used is kept (KEY-12). */
const ONE_TIME_LIFETIME = 90 * DAY;
/** The most openings without a one-time prekey of one identity key (X3DH-14). */
const MOST_OPENINGS = 100;

/** The id and the record of the current signed prekey. */
export const currentSigned = (device) => [...device.signedPreKeys].at(-1);

/** The next signed prekey's id; after the last one the lowest that is free (ID-06). */
function nextSignedId(device) {
  const highest = Math.max(0, ...device.signedPreKeys.keys());
  if (highest < LAST_PREKEY_ID) return highest + 1;
  let id = 1;
  while (device.signedPreKeys.has(id)) id += 1;
  return id;
}

/** What a device's bundle says of a signed prekey, but for the signatures. */
export const unsigned = (device, signedPreKeyId, { publicKey, created, suites }) => ({
  ...device.address,
  registrationId: device.registrationId,
  identityKey: device.identity.publicKey,
  signedPreKeyId,
  signedPreKey: publicKey,
  created,
  suites,
});

/** Draws a signed prekey and its signatures; the one before is replaced by it. */
export function addSigned(device, source) {
  const key = { ...keyPair(source.draw(32)), created: device.now, suites: SUITES, replaced: null, openings: new Map() };
  const id = nextSignedId(device);
  const signatures = signBundle(unsigned(device, id, key), device.identity.privateKey, source);
  const { signedPreKeySignature: signature, statementSignature } = signatures;
  if (device.signedPreKeys.size > 0) {
    const [former, record] = currentSigned(device);
    device.signedPreKeys.set(former, { ...record, replaced: device.now });
  }
  device.signedPreKeys.set(id, { ...key, signature, statementSignature });
}

/** Draws up to `count` one-time prekeys by rising id, and none after the last id. Gives their ids. */
export function addOneTime(device, count, source) {
  const ids = [];
  while (ids.length < count && device.lastOneTimePreKeyId < LAST_PREKEY_ID) {
    device.lastOneTimePreKeyId += 1;
    device.oneTimePreKeys.set(device.lastOneTimePreKeyId, { ...keyPair(source.draw(32)), drawn: device.now });
    ids.push(device.lastOneTimePreKeyId);
  }
  return ids;
}

/** Lets time come to the device's clock: what is over is erased, and a signed prekey that is due is replaced. */
export function age(device, source) {
  const { created, suites } = currentSigned(device)[1];
  if (device.now - created >= SIGNED_LIFETIME || suites.join() !== SUITES.join()) addSigned(device, source);
  for (const [id, { replaced }] of device.signedPreKeys) {
    if (replaced !== null && device.now - replaced >= MAXLATENCY) device.signedPreKeys.delete(id);
  }
  for (const [id, { drawn }] of device.oneTimePreKeys) {
    if (device.now - drawn >= ONE_TIME_LIFETIME) device.oneTimePreKeys.delete(id);
  }
}

/** The key pairs that a prekey message names (X3DH-08, X3DH-09). */
export function named(device, { signedPreKeyId, preKeyId }) {
  const signed = device.signedPreKeys.get(signedPreKeyId);
  must(signed, 'unknown-signed-prekey', `there is no signed prekey ${signedPreKeyId} (X3DH-08)`);
  const oneTime = preKeyId === undefined ? undefined : device.oneTimePreKeys.get(preKeyId);
  must(preKeyId === undefined || oneTime, 'unknown-one-time-prekey', `there is no one-time prekey ${preKeyId} (X3DH-09)`);
  return { signed, oneTime };
}

/** Refuses an opening without one-time prekey that was seen before, or is one too many (X3DH-14). */
export function checkOpening({ signed }, { identityKey }, secret) {
  const known = signed.openings.get(identityKey.toString('hex')) ?? [];
  const id = openingId(secret);
  must(!known.some((other) => other.equals(id)), 'duplicate-message', 'the opening was read before (X3DH-14)');
  must(known.length < MOST_OPENINGS, 'rate-limited', `there were ${MOST_OPENINGS} openings of that identity key (X3DH-14)`);
}

/** Uses the one-time prekey up, or remembers the opening: in the step in which the message has decrypted (X3DH-10, X3DH-14). */
export function use(device, { signedPreKeyId, preKeyId, identityKey }, secret) {
  if (preKeyId !== undefined) {
    device.oneTimePreKeys.delete(preKeyId);
    return;
  }
  const record = device.signedPreKeys.get(signedPreKeyId);
  const peer = identityKey.toString('hex');
  const openings = new Map(record.openings).set(peer, [...(record.openings.get(peer) ?? []), openingId(secret)]);
  device.signedPreKeys.set(signedPreKeyId, { ...record, openings });
}
