/** Bytes in the forms that the profile writes them in: hex, base64, big-endian integers. */
import { timingSafeEqual } from 'node:crypto';
import { must } from './refusal.mjs';

/** ASCII as bytes: the labels of key derivations, signatures and MACs. */
export const ascii = (text) => Buffer.from(text, 'latin1');

/** Bytes of lower-case hex. `what` is named where it is none. */
export function fromHex(text, what) {
  must(typeof text === 'string' && /^(?:[0-9a-f]{2})*$/.test(text), 'malformed', `${what} is no lower-case hex`);
  return Buffer.from(text, 'hex');
}

export const toHex = (bytes) => Buffer.from(bytes).toString('hex');

/** `value` in `size` bytes, big-endian. A number beyond 2^53 comes as a BigInt. */
export function bigEndian(value, size) {
  return Buffer.from(BigInt(value).toString(16).padStart(2 * size, '0'), 'hex');
}

/** Whether two byte strings are equal, in a time that depends on their lengths alone. */
export function equalInConstantTime(a, b) {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Bytes of base64 as PAY-09 wants it: RFC 4648 section 4, padded, no white space, left-over bits zero. */
export function fromBase64(text, what) {
  const bytes = Buffer.from(text, 'base64');
  // Node reads more than it should, and so what it read is written again.
  must(bytes.toString('base64') === text, 'invalid-payload', `${what} is no base64 (PAY-09)`);
  return bytes;
}
