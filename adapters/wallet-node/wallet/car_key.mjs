/** The car-key stand-in (PAY-12): Ed25519 keys, and signatures that tie a transfer to them. A private key is 32 random bytes. */
import { sign as signEd25519, verify as verifyEd25519 } from 'node:crypto';
import { uuidBytes } from './address.mjs';
import { ascii, equalInConstantTime } from './bytes.mjs';
import { decodePoint } from './edwards.mjs';
import { privateObject, publicBytes, publicObject } from './okp.mjs';
import { must } from './refusal.mjs';

const CURVE = 'Ed25519';
const KEY = 32;
const REQUEST = KEY + 64;
/** A private key. */
export const draw = (source) => Buffer.from(source.draw(KEY));

/** The public key of a private key, 32 bytes. */
export const publicKey = (privateKey) => publicBytes(CURVE, privateKey);

const signed = (label, transfer, key) => Buffer.concat([ascii(label), uuidBytes(transfer), key]);
const signingMessage = (transfer, key) => signed('tigress ksr', transfer, key);
const importMessage = (transfer, key) => signed('tigress kir', transfer, key);
const sign = (privateKey, message) => signEd25519(null, message, privateObject(CURVE, privateKey));

/** Whether a signature holds: s reduced, R recomputed, neither key nor R of small order. */
function verifies(key, message, signature) {
  const points = [decodePoint(key), decodePoint(signature.subarray(0, 32))];
  if (points.some((point) => !point || point.isSmallOrder())) return false;
  return verifyEd25519(null, message, publicObject(CURVE, key), signature);
}

/** The owner's key creation request: its public key. */
export const creationRequest = publicKey;

/** Gives the bytes of a public key, which is what a key creation request is. */
export function checkKey(bytes) {
  must(bytes.length === KEY && decodePoint(bytes), 'invalid-key', 'an Ed25519 public key is 32 bytes that are a point (PAY-12)');
  return bytes;
}

/** The receiver's key signing request: its public key, and that it has the private one. */
export function signingRequest(transfer, privateKey) {
  const key = publicKey(privateKey);
  return Buffer.concat([key, sign(privateKey, signingMessage(transfer, key))]);
}

/** The receiver's public key of a key signing request. */
export function checkSigningRequest(transfer, request) {
  must(request.length === REQUEST, 'attestation-invalid', 'a key signing request has 96 bytes (PAY-12)');
  const key = request.subarray(0, KEY);
  const good = verifies(key, signingMessage(transfer, key), request.subarray(KEY));
  must(good, 'attestation-invalid', 'the key signing request does not hold (PAY-12)');
  return key;
}

/** The owner's key import request for the receiver's public key. */
export const importRequest = (transfer, ownerPrivateKey, receiverKey) =>
  Buffer.concat([publicKey(ownerPrivateKey), sign(ownerPrivateKey, importMessage(transfer, receiverKey))]);

/** Looks whether a key import request is of that owner and for that key (XFER-13). */
export function checkImportRequest(transfer, ownerKey, receiverKey, request) {
  const good =
    request.length === REQUEST &&
    equalInConstantTime(request.subarray(0, KEY), ownerKey) &&
    verifies(ownerKey, importMessage(transfer, receiverKey), request.subarray(KEY));
  must(good, 'attestation-invalid', 'the key import request does not hold (XFER-13)');
}
