/** What a message key does to one message (DR-05 to DR-07, DR-17, DR-22). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { bigEndian } from './bytes.mjs';
import { expandMessageKey } from './kdf.mjs';
import { must, Refusal } from './refusal.mjs';
import { TAG, VERSION } from './wire.mjs';

const ALGORITHM = 'aes-256-gcm';
/** The longest plaintext, in bytes (DR-22). */
export const MOST_PLAINTEXT = 65_536;

export function checkPlaintext(plaintext) {
  must(plaintext.length <= MOST_PLAINTEXT, 'too-large', `a plaintext has at most ${MOST_PLAINTEXT} bytes (DR-22)`);
}

export function checkCiphertext(ciphertext) {
  must(ciphertext.length <= MOST_PLAINTEXT + TAG, 'too-large', `a ciphertext has at most ${MOST_PLAINTEXT + TAG} bytes (DR-22)`);
}

/** What is authenticated beside the ciphertext: AD of X3DH and the header (DR-07). */
const authenticated = (associatedData, { ratchetKey, previousCounter, counter }) =>
  Buffer.concat([associatedData, Buffer.of(VERSION), ratchetKey, bigEndian(previousCounter, 4), bigEndian(counter, 4)]);

function keyAndNonce(messageKey) {
  const bytes = expandMessageKey(messageKey);
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}

/** The ciphertext with its tag of 16 bytes. */
export function encrypt(messageKey, associatedData, header, plaintext) {
  checkPlaintext(plaintext);
  const cipher = createCipheriv(ALGORITHM, ...keyAndNonce(messageKey));
  cipher.setAAD(authenticated(associatedData, header));
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext, none of which leaves before its tag was found right (DR-17). */
export function decrypt(messageKey, associatedData, header, ciphertext) {
  checkCiphertext(ciphertext);
  must(ciphertext.length >= TAG, 'decrypt-failed', 'the ciphertext is shorter than its tag');
  const decipher = createDecipheriv(ALGORITHM, ...keyAndNonce(messageKey), { authTagLength: TAG });
  decipher.setAAD(authenticated(associatedData, header));
  decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG));
  const plaintext = decipher.update(ciphertext.subarray(0, ciphertext.length - TAG));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    throw new Refusal('decrypt-failed', 'the message does not decrypt');
  }
}
