/** XEdDSA: signatures by X25519 keys (SIG-01 to SIG-05, and Signal's specification of that name). */
import { createHash, verify as verifyEd25519 } from 'node:crypto';
import { Point, Q } from './edwards.mjs';
import { publicObject } from './okp.mjs';
import { decode, littleEndian } from './public_key.mjs';
import { must } from './refusal.mjs';

/** What sets the nonce's hash apart from all others: 2^256 - 2, little-endian. */
const NONCE_PREFIX = Buffer.concat([Buffer.of(0xfe), Buffer.alloc(31, 0xff)]);

const sha512 = (...parts) => createHash('sha512').update(Buffer.concat(parts)).digest();
const modQ = (bytes) => littleEndian(bytes) % Q;
const scalarBytes = (scalar) => Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();

/** The private key as RFC 7748 section 5 clamps it. */
function clamp(privateKey) {
  const bytes = Buffer.from(privateKey);
  bytes[0] &= 0xf8;
  bytes[31] = (bytes[31] & 0x7f) | 0x40;
  return bytes;
}

/** Signs with 64 random bytes Z (SIG-01). */
export function sign(privateKey, message, randomness) {
  let a = modQ(clamp(privateKey));
  let publicKey = Buffer.from(Point.BASE.multiply(a).toBytes());
  if (publicKey[31] & 0x80) {
    a = Q - a;
    publicKey = Buffer.from(publicKey);
    publicKey[31] &= 0x7f;
  }
  const r = modQ(sha512(NONCE_PREFIX, scalarBytes(a), message, randomness));
  const R = Buffer.from(Point.BASE.multiply(r).toBytes());
  const h = modQ(sha512(R, publicKey, message));
  return Buffer.concat([R, scalarBytes((r + h * a) % Q)]);
}

/** The Edwards y of a Montgomery u, 32 bytes, the sign bit 0. For u = -1 the inverse of 0 is 0, as the specification has it. */
function edwardsKey(u) {
  const { Fp } = Point;
  const number = littleEndian(u);
  const denominator = Fp.add(number, Fp.ONE);
  const y = Fp.is0(denominator) ? 0n : Fp.mul(Fp.sub(number, Fp.ONE), Fp.inv(denominator));
  return scalarBytes(y);
}

/**
 * Verifies, or refuses with `invalid-signature`; a key that is none gives `invalid-key`.
 *
 * From the point on it is Ed25519, and OpenSSL's way of verifying is SIG-02 to SIG-05: s below q, R recomputed and its
 * bytes compared, and nothing where no point has that y.
 */
export function verify(publicKey, message, signature) {
  const u = decode(publicKey);
  must(signature.length === 64, 'invalid-signature', 'a signature has 64 bytes (SIG-04)');
  must(littleEndian(signature.subarray(32)) < Q, 'invalid-signature', 's is not reduced (SIG-02, SIG-03)');
  const key = publicObject('Ed25519', edwardsKey(u));
  must(verifyEd25519(null, message, key, signature), 'invalid-signature', 'the signature does not verify (SIG-04, SIG-05)');
}
