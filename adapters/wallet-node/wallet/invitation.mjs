/** The link that one user gives the other (INV-01 to INV-06). */
import { checkAddress } from './address.mjs';
import { bigEndian, equalInConstantTime } from './bytes.mjs';
import { sha256 } from './kdf.mjs';
import { check } from './public_key.mjs';
import { must } from './refusal.mjs';
import { DAY, LAST_SECOND } from './time.mjs';

/** For how long a link serves where nobody says otherwise, and at most (INV-05). */
const LIFETIME = 7 * DAY;
const LONGEST = 30 * DAY;
/** How far ahead a link may end that is taken: 30 days, and two clocks that are a day off. */
const AHEAD = 32 * DAY;
/** For how long its maker still takes offers by it. */
export const HONOURED = 31 * DAY;

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const LAST_LABEL = '[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = `(?:${LABEL}\\.)*${LAST_LABEL}(?::[1-9][0-9]{0,4})?`;
const WHOLE_HOST = new RegExp(`^${HOST}$`);
const LINK = new RegExp(`^https://(${HOST})/v1/i/([0-9a-f-]{36})/([1-9][0-9]{0,2})(?:\\?v=([ahc]))?#([A-Za-z0-9_-]{96})$`);

function checkHost(host) {
  must(typeof host === 'string' && WHOLE_HOST.test(host), 'malformed', 'the host is no DNS name in lower case (INV-01)');
  const [name, port] = host.split(':');
  must(name.length <= 253, 'malformed', 'the host has more than 253 characters (INV-01)');
  must(port === undefined || (Number(port) < 65_536 && port !== '443'), 'malformed', 'the port is none, or 443 (INV-01)');
}

const withoutFragment = (host, { userId, deviceId }, vertical) => `https://${host}/v1/i/${userId}/${deviceId}?v=${vertical}`;

/** Reads a link, of the one form that there is (INV-04). Nothing is mended before it is looked at. */
export function parse(link) {
  const [, host, userId, device, vertical = 'a', fragment] = LINK.exec(link) ?? [];
  must(host !== undefined, 'malformed', 'the link has not the form of INV-01');
  checkHost(host);
  const address = checkAddress({ userId, deviceId: Number(device) });
  const bytes = Buffer.from(fragment, 'base64url');
  const expires = Number(bytes.readBigUInt64BE(64));
  must(expires <= LAST_SECOND, 'malformed', 'the link expires after the year 9999 (INV-01)');
  return {
    host,
    address,
    vertical,
    fingerprint: bytes.subarray(0, 32),
    id: bytes.subarray(32, 48),
    secret: bytes.subarray(48, 64),
    expires,
    requestUrl: withoutFragment(host, address, vertical),
  };
}

/** Makes a link: its id and its secret are drawn. */
export function make({ host, address, vertical, identityKey, now, lifetime = LIFETIME }, source) {
  checkHost(host);
  checkAddress(address);
  must(['a', 'h', 'c'].includes(vertical), 'malformed', 'the vertical is a, h or c (INV-01)');
  const print = fingerprint(check(identityKey));
  must(lifetime >= 1 && lifetime <= LONGEST, 'invalid-state', 'a link lives 1 second to 30 days (INV-05)');
  const expires = now + lifetime;
  must(expires <= LAST_SECOND, 'invalid-state', 'the link would expire after the year 9999 (INV-01)');
  const fragment = Buffer.concat([print, source.draw(16), source.draw(16), bigEndian(expires, 8)]);
  return `${withoutFragment(host, address, vertical)}#${fragment.toString('base64url')}`;
}

/** The fingerprint of an identity key, 32 bytes (INV-01). */
export const fingerprint = (identityKey) => sha256(identityKey);

/** INV-03. */
export function checkKey(invitation, identityKey) {
  const same = equalInConstantTime(fingerprint(check(identityKey)), invitation.fingerprint);
  must(same, 'untrusted-identity', 'the identity key is not that of the link (INV-03)');
}

/** Whether a link may be taken, or offered by: before it expires, and not where that is further ahead than any honest clock says (INV-05). */
export function checkTake({ expires }, now) {
  must(now < expires && expires <= now + AHEAD, 'invalid-invitation', 'the link has expired, or lives too long (INV-05)');
}

/** Whether the device that made a link still takes an offer by it (INV-05). */
export function checkHonour({ expires }, now) {
  must(now < expires + HONOURED, 'invalid-invitation', 'the invitation is over (INV-05)');
}

