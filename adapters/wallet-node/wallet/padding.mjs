/** Padding of payloads (PAY-11): 0x80 and zeros, to one of four lengths. */
import { must } from './refusal.mjs';

const LENGTHS = [1_024, 4_096, 16_384, 65_536];
/** The longest JSON, in bytes (PAY-01). */
export const MOST_JSON = 65_535;

/** Pads to the shortest length that will do for `room` bytes of JSON, and is not below `atLeast`. */
export function pad(json, { room = json.length, atLeast = 0 } = {}) {
  must(json.length <= MOST_JSON, 'invalid-payload', `the JSON has more than ${MOST_JSON} bytes (PAY-01)`);
  const wanted = Math.max(Math.min(room, MOST_JSON) + 1, atLeast);
  const length = LENGTHS.find((each) => each >= wanted);
  must(length, 'invalid-payload', 'there is no such length (PAY-11)');
  const padded = Buffer.alloc(length);
  json.copy(padded);
  padded[json.length] = 0x80;
  return padded;
}

/** The JSON of a padded plaintext. */
export function unpad(plaintext) {
  must(LENGTHS.includes(plaintext.length), 'invalid-payload', 'the plaintext has none of the four lengths (PAY-11)');
  let end = plaintext.length - 1;
  while (end > 0 && plaintext[end] === 0) end -= 1;
  must(plaintext[end] === 0x80 && end > 0, 'invalid-payload', 'the padding is none, or nothing stands before it (PAY-11)');
  return plaintext.subarray(0, end);
}
