/**
 * X3DH (section 3): how a session begins.
 *
 * A session is a ratchet with what X3DH needs of it: `initiatorKey` and `baseKey`, which name it (X3DH-13); whether this device
 * `opened` it; and `opening`, which every message repeats until the first answer (X3DH-07): null behind that, and in a responder's session.
 */
import { createHash } from 'node:crypto';
import { byAddress, encodeAddress } from './address.mjs';
import { ascii } from './bytes.mjs';
import { sharedSecret } from './kdf.mjs';
import { dh, keyPair } from './public_key.mjs';
import * as ratchet from './ratchet.mjs';
import { encodePrekey, encodeRatchet } from './wire.mjs';

/** AD (X3DH-05). A party is `{ address, identityKey }`. */
const associatedData = (initiator, responder) =>
  Buffer.concat([initiator.identityKey, responder.identityKey, encodeAddress(initiator.address), encodeAddress(responder.address)]);

/**
 * A's side, with a bundle that was found good: the session and SK. `own` is `{ address, identityKey, privateKey, registrationId }`.
 * EK's private key and the outputs are kept nowhere (X3DH-06).
 */
export function initiate(own, bundle, source) {
  const ephemeral = keyPair(source.draw(32));
  const ratchetKey = keyPair(source.draw(32));
  const outputs = [
    dh(own.privateKey, bundle.signedPreKey),
    dh(ephemeral.privateKey, bundle.identityKey),
    dh(ephemeral.privateKey, bundle.signedPreKey),
    ...(bundle.oneTimePreKey ? [dh(ephemeral.privateKey, bundle.oneTimePreKey)] : []),
  ];
  const secret = sharedSecret(outputs);
  const { userId, deviceId } = bundle;
  const data = associatedData(own, { address: { userId, deviceId }, identityKey: bundle.identityKey });
  const session = {
    initiatorKey: own.identityKey,
    baseKey: ephemeral.publicKey,
    opened: true,
    opening: {
      preKeyId: bundle.oneTimePreKeyId,
      baseKey: ephemeral.publicKey,
      identityKey: own.identityKey,
      registrationId: own.registrationId,
      signedPreKeyId: bundle.signedPreKeyId,
    },
    ratchet: ratchet.initiate(secret, data, ratchetKey, bundle.signedPreKey),
  };
  return { session, secret };
}

/**
 * B's side, for a decoded prekey message: the session, not yet having read anything, and SK. `own` is `{ address, identityKey, privateKey }`;
 * the prekeys are key pairs.
 */
export function respond(own, sender, message, signedPreKey, oneTimePreKey) {
  const outputs = [
    dh(signedPreKey.privateKey, message.identityKey),
    dh(own.privateKey, message.baseKey),
    dh(signedPreKey.privateKey, message.baseKey),
    ...(oneTimePreKey ? [dh(oneTimePreKey.privateKey, message.baseKey)] : []),
  ];
  const secret = sharedSecret(outputs);
  const data = associatedData({ address: sender, identityKey: message.identityKey }, own);
  const { privateKey, publicKey } = signedPreKey;
  const session = {
    initiatorKey: message.identityKey,
    baseKey: message.baseKey,
    opened: false,
    opening: null,
    ratchet: ratchet.respond(secret, data, { privateKey, publicKey }),
  };
  return { session, secret };
}

/** Whether a prekey message belongs to a session (X3DH-13). */
export const isOf = (message, session) =>
  message.identityKey.equals(session.initiatorKey) && message.baseKey.equals(session.baseKey);

/** Encrypts in a session: the session behind it, and the message with its kind (X3DH-07). */
export function encrypt(session, plaintext) {
  const { state, message } = ratchet.send(session.ratchet, plaintext);
  const ratchetMessage = encodeRatchet(message);
  return {
    session: { ...session, ratchet: state },
    kind: session.opening ? 'prekey' : 'ratchet',
    message: session.opening ? encodePrekey({ ...session.opening, ratchetMessage }) : ratchetMessage,
  };
}

/** Reads a decoded ratchet message: the plaintext, and `next`, which makes the session behind it. */
export function decrypt(session, message) {
  const { plaintext, next } = ratchet.receive(session.ratchet, message);
  return { plaintext, next: (source) => ({ ...session, opening: null, ratchet: next(source) }) };
}

/** The number that two users compare (X3DH-16): twelve groups of five digits. A party is `{ address, identityKey }`. */
export function fingerprint(own, peer) {
  return [own, peer]
    .toSorted((a, b) => byAddress(a.address, b.address))
    .flatMap(({ address, identityKey }) => {
      const hash = createHash('sha512')
        .update(Buffer.concat([ascii('TigressSignal/1 Fingerprint'), encodeAddress(address), identityKey]))
        .digest();
      return [0, 5, 10, 15, 20, 25].map((at) => String(hash.readUIntBE(at, 5) % 100_000).padStart(5, '0'));
    })
    .join(' ');
}
