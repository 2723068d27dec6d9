/** Between the lines of the adapter protocol and values of JavaScript: bytes are hex on the one side and Buffers on the other. */
import { JsonNumber, JsonObject, writeJson, writeString } from '../wallet/json.mjs';
import { fromHex } from '../wallet/bytes.mjs';

/** A value of the protocol as plain objects. What is null is as if it were absent; an integer that a double cannot hold is a BigInt. */
export function plain(value) {
  if (value instanceof JsonNumber) {
    const number = Number(value.text);
    return Number.isSafeInteger(number) || !/^-?[0-9]+$/.test(value.text) ? number : BigInt(value.text);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof JsonObject) {
    const entries = [...value].filter(([, member]) => member !== null);
    return Object.fromEntries(entries.map(([name, member]) => [name, plain(member)]));
  }
  return value ?? undefined;
}

/** An answer as text: Buffers as hex, what is undefined left out, JsonObjects as they are. */
export function writeAnswer(value) {
  if (Buffer.isBuffer(value)) return `"${value.toString('hex')}"`;
  if (typeof value === 'string') return writeString(value);
  if (Array.isArray(value)) return `[${value.map(writeAnswer).join(',')}]`;
  if (value instanceof Map || value instanceof JsonNumber) return writeJson(value);
  if (value === null || typeof value !== 'object') return String(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${writeString(name)}:${writeAnswer(member)}`).join(',')}}`;
}

/** Bytes of a parameter that may be absent. */
export const optionalHex = (text, what) => (text === undefined ? undefined : fromHex(text, what));

/** `object` with the named members, where they are there, as bytes. */
export function withBytes(object, names) {
  const copy = { ...object };
  for (const name of names) copy[name] = optionalHex(object[name], name);
  return copy;
}

/** A bundle of the protocol with its keys and signatures as bytes. */
export const readBundle = (bundle) =>
  withBytes(bundle, ['identityKey', 'signedPreKey', 'signedPreKeySignature', 'statementSignature', 'oneTimePreKey']);
