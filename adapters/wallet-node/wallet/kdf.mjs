/** Key derivations of `tigress-1` (X3DH-04, X3DH-14, DR-03 to DR-05, INV-06). All keys have 32 bytes. */
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { ascii } from './bytes.mjs';

const ZERO_SALT = Buffer.alloc(32);

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
export const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();

/** HKDF-SHA-256 (RFC 5869). */
export const hkdf = (salt, ikm, info, size) => Buffer.from(hkdfSync('sha256', ikm, salt, ascii(info), size));

/** SK from three or four Diffie-Hellman outputs (X3DH-04). */
export const sharedSecret = (outputs) =>
  hkdf(ZERO_SALT, Buffer.concat([Buffer.alloc(32, 0xff), ...outputs]), 'TigressSignal/1 X3DH', 32);

/** The one-way id of an opening, 16 bytes (X3DH-14). */
export const openingId = (secret) => hkdf(ZERO_SALT, secret, 'TigressSignal/1 Opening', 16);

/** KDF_RK (DR-03). */
export function rootStep(rootKey, dhOutput) {
  const bytes = hkdf(rootKey, dhOutput, 'TigressSignal/1 Ratchet', 64);
  return { rootKey: bytes.subarray(0, 32), chainKey: bytes.subarray(32) };
}

/** KDF_CK (DR-04). */
export const chainStep = (chainKey) => ({ messageKey: hmac(chainKey, Buffer.of(1)), chainKey: hmac(chainKey, Buffer.of(2)) });

/** AES key (32 bytes) and nonce (12) of a message key (DR-05). */
export const expandMessageKey = (messageKey) => hkdf(ZERO_SALT, messageKey, 'TigressSignal/1 MessageKeys', 44);

/** The access key of an invitation's secret (INV-06). */
export const accessKey = (secret) => hkdf(ZERO_SALT, secret, 'TigressSignal/1 Access', 32);

/** The key of the MAC of offers by an invitation (INV-06). */
export const offerKey = (secret) => hkdf(ZERO_SALT, secret, 'TigressSignal/1 Offer', 32);
