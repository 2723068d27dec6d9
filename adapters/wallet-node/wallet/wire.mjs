/**
 * The two messages on the wire (section 5): a version byte, then Protocol Buffers of which only the canonical form is read.
 *
 * A ratchet message is `{ ratchetKey, counter, previousCounter, ciphertext }`; a prekey message is `{ preKeyId?, baseKey,
 * identityKey, ratchetMessage, registrationId, signedPreKeyId }`, and decoded it has the ratchet message inside as `inner` too.
 */
import { checkPrekeyId, isRegistrationId } from './address.mjs';
import { check } from './public_key.mjs';
import { must, Refusal } from './refusal.mjs';

export const VERSION = 0x11;
/** The tag of AES-GCM, in bytes. */
export const TAG = 16;

const VARINT = 0;
const BYTES = 2;

/** Fields by their numbers, which is the order in which they stand. */
const RATCHET = {
  most: 65_604,
  fields: new Map([
    [1, { name: 'ratchetKey', type: BYTES }],
    [2, { name: 'counter', type: VARINT }],
    [3, { name: 'previousCounter', type: VARINT }],
    [4, { name: 'ciphertext', type: BYTES }],
  ]),
};
const PREKEY = {
  most: 65_692,
  fields: new Map([
    [1, { name: 'preKeyId', type: VARINT, optional: true }],
    [2, { name: 'baseKey', type: BYTES }],
    [3, { name: 'identityKey', type: BYTES }],
    [4, { name: 'ratchetMessage', type: BYTES }],
    [5, { name: 'registrationId', type: VARINT }],
    [6, { name: 'signedPreKeyId', type: VARINT }],
  ]),
};

/** Reads varints and byte strings one after the other, and keeps whether each varint was the shortest. */
class Reader {
  at = 0;
  shortest = true;

  constructor(bytes) {
    this.bytes = bytes;
  }

  get ended() {
    return this.at === this.bytes.length;
  }

  /** A varint as a BigInt: at most 10 bytes and 64 bits (WIRE-04). */
  varint() {
    let value = 0n;
    for (let n = 0; n < 10; n += 1) {
      must(!this.ended, 'malformed', 'a varint runs past the end (WIRE-05)');
      const byte = this.bytes[this.at];
      this.at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * n);
      if (byte < 0x80) {
        must(value < 2n ** 64n, 'malformed', 'a varint has more than 64 bits (WIRE-04)');
        if (n > 0 && byte === 0) this.shortest = false;
        return value;
      }
    }
    throw new Refusal('malformed', 'a varint has more than 10 bytes (WIRE-04)');
  }

  /** A varint of 32 bits. */
  uint32(what) {
    const value = this.varint();
    must(value < 2n ** 32n, 'malformed', `${what} has more than 32 bits (WIRE-04)`);
    return Number(value);
  }

  take(size) {
    must(size <= BigInt(this.bytes.length - this.at), 'malformed', 'a field runs past the end (WIRE-05)');
    this.at += Number(size);
    return this.bytes.subarray(this.at - Number(size), this.at);
  }

  /** A field's value by its wire type; a group's marker has none. Types 6 and 7 are none. */
  value(type, known) {
    switch (type) {
      case VARINT:
        return known ? this.uint32('a value') : this.varint();
      case 1:
        return this.take(8n);
      case BYTES:
        return this.take(this.varint());
      case 3:
      case 4:
        return undefined;
      case 5:
        return this.take(4n);
      default:
        throw new Refusal('malformed', 'there is no such wire type (WIRE-09)');
    }
  }
}

/** The fields of a message, each once, in rising order and in the shortest form (WIRE-02, WIRE-03). */
function readFields(message, { most, fields }) {
  must(message.length > 0, 'malformed', 'the message is empty (WIRE-05)');
  must(message.length <= most, 'too-large', `the message has more than ${most} bytes (WIRE-08)`);
  must(message[0] === VERSION, 'unsupported-version', 'the version is another one (WIRE-01)');
  const reader = new Reader(message.subarray(1));
  const found = {};
  let last = 0;
  while (!reader.ended) {
    reader.shortest = true;
    const tag = reader.uint32('a tag');
    const number = tag >>> 3;
    const type = tag & 7;
    must(number > 0, 'malformed', 'there is no field 0');
    const field = fields.get(number);
    must(!field || field.type === type, 'malformed', `field ${number} has another wire type (WIRE-09)`);
    const value = reader.value(type, field);
    must(field, 'non-canonical', `field ${number} is unknown (WIRE-03)`);
    must(number > last, 'non-canonical', `field ${number} is repeated or out of order (WIRE-02, WIRE-03)`);
    must(reader.shortest, 'non-canonical', `a varint of field ${number} is not the shortest (WIRE-03)`);
    found[field.name] = value;
    last = number;
  }
  for (const { name, optional } of fields.values()) {
    must(optional || found[name] !== undefined, 'malformed', `there is no ${name} (WIRE-02)`);
  }
  return found;
}

/** Decodes a ratchet message, 65,604 bytes at most. */
export function decodeRatchet(message) {
  const found = readFields(message, RATCHET);
  must(found.ciphertext.length >= TAG, 'malformed', 'the ciphertext is shorter than its tag (WIRE-07)');
  check(found.ratchetKey);
  return found;
}

/** Decodes a prekey message, 65,692 bytes at most, and the ratchet message inside. */
export function decodePrekey(message) {
  const found = readFields(message, PREKEY);
  if (found.preKeyId !== undefined) checkPrekeyId(found.preKeyId, 'the one-time prekey id');
  must(isRegistrationId(found.registrationId), 'malformed', 'the registration id is out of range (ID-04)');
  checkPrekeyId(found.signedPreKeyId, 'the signed prekey id');
  check(found.baseKey);
  check(found.identityKey);
  return { ...found, inner: decodeRatchet(found.ratchetMessage) };
}

/** The shortest varint of a number below 2^32. */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.of(...bytes, rest);
}

function writeFields(message, { fields }) {
  const parts = [Buffer.of(VERSION)];
  for (const [number, { name, type }] of fields) {
    const value = message[name];
    if (value === undefined) continue;
    parts.push(varint((number << 3) | type));
    parts.push(...(type === VARINT ? [varint(value)] : [varint(value.length), value]));
  }
  return Buffer.concat(parts);
}

/** Encodes a ratchet message. What no receiver would read is not written (WIRE-11). */
export function encodeRatchet(message) {
  const bytes = writeFields(message, RATCHET);
  decodeRatchet(bytes);
  return bytes;
}

/** Encodes a prekey message around an encoded ratchet message. */
export function encodePrekey(message) {
  const bytes = writeFields(message, PREKEY);
  decodePrekey(bytes);
  return bytes;
}
