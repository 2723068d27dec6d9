/** Identifiers: section 1. An address is `{ userId, deviceId }`. */
import { must } from './refusal.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const within = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;

/** A UserID, or a transfer's id, which has the same form (ID-01, XFER-02). */
export const isUuid = (text) => typeof text === 'string' && UUID.test(text);

export function checkUuid(text, what) {
  must(isUuid(text), 'malformed', `${what} is no UUID of version 4 in lower case (ID-01)`);
  return text;
}

/** The 16 bytes of a UUID. */
export const uuidBytes = (uuid) => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/** A UUID of version 4 from 16 random bytes (RFC 9562, 5.4). */
export function uuidFrom(random) {
  const bytes = Buffer.from(random);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** ID-01, ID-03. */
export function checkAddress({ userId, deviceId }) {
  checkUuid(userId, 'the UserID');
  must(within(deviceId, 1, 127), 'malformed', 'a DeviceID is 1 to 127 (ID-03)');
  return { userId, deviceId };
}

/** ID-04. */
export const isRegistrationId = (value) => within(value, 1, 16380);

/** ID-06. */
const isPrekeyId = (value) => within(value, 1, LAST_PREKEY_ID);
export const LAST_PREKEY_ID = 2 ** 24 - 1;

/** ID-06. `what` is named in the error. */
export function checkPrekeyId(value, what) {
  must(isPrekeyId(value), 'malformed', `${what} is out of range (ID-06)`);
}

/** ID-05: 17 bytes. */
export const encodeAddress = ({ userId, deviceId }) => Buffer.concat([uuidBytes(userId), Buffer.of(deviceId)]);

/** An address as the key of a map. */
export const addressKey = ({ userId, deviceId }) => `${userId}/${deviceId}`;

export const sameAddress = (a, b) => addressKey(a) === addressKey(b);

/** The order of addresses by their bytes. */
export const byAddress = (a, b) => Buffer.compare(encodeAddress(a), encodeAddress(b));
