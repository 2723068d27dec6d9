/**
 * A machine's state as bytes: JSON in which bytes, maps and big integers say what they are. The same state gives the same bytes.
 *
 * Whoever has the bytes has all private keys in them.
 */
import { Refusal } from './refusal.mjs';

const VERSION = 1;

function encode(value) {
  if (Buffer.isBuffer(value)) return { bytes: value.toString('hex') };
  if (value instanceof Map) return { map: [...value].map(([key, member]) => [key, encode(member)]) };
  if (typeof value === 'bigint') return { integer: String(value) };
  if (Array.isArray(value)) return value.map(encode);
  if (value === null || typeof value !== 'object') return value;
  return { object: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encode(member)])) };
}

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== 'object') return value;
  if (value.bytes !== undefined) return Buffer.from(value.bytes, 'hex');
  if (value.map !== undefined) return new Map(value.map.map(([key, member]) => [key, decode(member)]));
  if (value.integer !== undefined) return BigInt(value.integer);
  return Object.fromEntries(Object.entries(value.object).map(([name, member]) => [name, decode(member)]));
}

/** The state of a machine of that kind. */
export const save = (kind, state) => Buffer.from(JSON.stringify({ version: VERSION, kind, state: encode({ ...state }) }));

/** The state that `save` wrote, for a machine of that kind. */
export function restore(kind, bytes) {
  let saved;
  try {
    saved = JSON.parse(bytes.toString());
    if (saved.version === VERSION && saved.kind === kind) return decode(saved.state);
  } catch {
    // It is told below: what stands in it is secret.
  }
  throw new Refusal('malformed', `this is no saved ${kind} of version ${VERSION}`);
}
