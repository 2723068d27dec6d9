/**
 * Raw keys of X25519 and Ed25519 as key objects of Node's crypto, and back: by way of a JSON Web Key (RFC 8037), which OpenSSL takes ten
 * times as fast as DER.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';

const jwk = (crv, fields) => ({ key: { kty: 'OKP', crv, ...fields }, format: 'jwk' });

/** The key object of a private key, 32 bytes. Node wants an `x` to be there, and computes it from `d`. */
export const privateObject = (curve, bytes) => createPrivateKey(jwk(curve, { d: bytes.toString('base64url'), x: '' }));

/** The key object of a public key, 32 bytes. */
export const publicObject = (curve, bytes) => createPublicKey(jwk(curve, { x: bytes.toString('base64url') }));

/** The public key of a private key, 32 bytes. */
export const publicBytes = (curve, bytes) =>
  Buffer.from(createPublicKey(privateObject(curve, bytes)).export({ format: 'jwk' }).x, 'base64url');
