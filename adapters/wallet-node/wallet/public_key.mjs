/** X25519 keys (section 2). An encoded key is 0x05 and the u-coordinate: 33 bytes. A private key is 32 bytes, clamped where it is used (KEY-05). */
import { diffieHellman } from 'node:crypto';
import { equalInConstantTime } from './bytes.mjs';
import { privateObject, publicBytes, publicObject } from './okp.mjs';
import { must, Refusal } from './refusal.mjs';

const CURVE = 'X25519';
const TYPE = 0x05;
/** The field's prime, 2^255 - 19. */
export const P = 2n ** 255n - 19n;

/** The u-coordinates of small order, of the curve and of its twist: those that every clamped scalar maps to zero (KEY-04). */
const SMALL_ORDER = new Set([
  0n,
  1n,
  P - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]);

/** The number of 32 little-endian bytes. */
export const littleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** The u-coordinate of an encoded key, 32 bytes. Refuses what KEY-02 to KEY-04 refuse. */
export function decode(publicKey) {
  must(publicKey.length === 33 && publicKey[0] === TYPE, 'invalid-key', 'a public key is 0x05 and 32 bytes (KEY-02)');
  const bytes = publicKey.subarray(1);
  const u = littleEndian(bytes);
  must(u < P, 'invalid-key', 'the u-coordinate is not reduced (KEY-03)');
  must(!SMALL_ORDER.has(u), 'invalid-key', 'the point is of small order (KEY-04)');
  return bytes;
}

/** The encoded public key, once it is known to be one. */
export function check(publicKey) {
  decode(publicKey);
  return publicKey;
}

/** The encoded public key of a private key (KEY-01, KEY-05). */
export function derive(privateKey) {
  must(privateKey.length === 32, 'invalid-key', 'a private key has 32 bytes (KEY-05)');
  return Buffer.concat([Buffer.of(TYPE), publicBytes(CURVE, privateKey)]);
}

/** A key pair from 32 random bytes. */
export function keyPair(privateKey) {
  return { privateKey: Buffer.from(privateKey), publicKey: derive(privateKey) };
}

/** X25519. An output of zero aborts (KEY-04): OpenSSL refuses to give it, and it is looked at here all the same. */
export function dh(privateKey, publicKey) {
  const [own, other] = [privateObject(CURVE, privateKey), publicObject(CURVE, decode(publicKey))];
  let output;
  try {
    output = diffieHellman({ privateKey: own, publicKey: other });
  } catch {
    throw new Refusal('invalid-key', 'the Diffie-Hellman output is zero (KEY-04)');
  }
  must(!equalInConstantTime(output, Buffer.alloc(32)), 'invalid-key', 'the Diffie-Hellman output is zero (KEY-04)');
  return output;
}
