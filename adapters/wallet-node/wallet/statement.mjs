/** What a device signs when it makes a signed prekey (KEY-07, KEY-09), and how a bundle is looked at (X3DH-01, X3DH-02, KEY-10, KEY-11). */
import { checkAddress, checkPrekeyId, encodeAddress, isRegistrationId } from './address.mjs';
import { ascii, bigEndian } from './bytes.mjs';
import { check } from './public_key.mjs';
import { must } from './refusal.mjs';
import { DAY } from './time.mjs';
import { sign, verify } from './xeddsa.mjs';

/** The suites that this wallet speaks. */
export const SUITES = ['tigress-1'];
const OLDEST = 40 * DAY;
const AHEAD = 2 * DAY;

/** The bytes that a statement's signature covers. */
function statement({ userId, deviceId, registrationId, signedPreKeyId, signedPreKey, created, suites }) {
  return Buffer.concat([
    ascii('TigressSignal/1 Statement'),
    encodeAddress({ userId, deviceId }),
    bigEndian(registrationId, 4),
    bigEndian(signedPreKeyId, 4),
    signedPreKey,
    bigEndian(created, 8),
    ...suites.flatMap((suite) => [Buffer.of(suite.length), ascii(suite)]),
  ]);
}

/** The two signatures of a signed prekey that stands in `bundle`, in the order in which they draw. */
export function signBundle(bundle, identityPrivateKey, source) {
  const signedPreKeySignature = sign(identityPrivateKey, bundle.signedPreKey, source.draw(64));
  const statementSignature = sign(identityPrivateKey, statement(bundle), source.draw(64));
  return { signedPreKeySignature, statementSignature };
}

function checkSuites(suites) {
  const good =
    Array.isArray(suites) &&
    suites.length >= 1 &&
    suites.length <= 16 &&
    new Set(suites).size === suites.length &&
    suites.every((suite) => typeof suite === 'string' && /^[\x21-\x7e]{1,32}$/.test(suite));
  must(good, 'malformed', 'the suites are 1 to 16 names of visible ASCII, none twice (X3DH-01)');
}

/** Looks at a bundle at the time `now`, and refuses by its first fault. The pin is looked at behind it (X3DH-15). */
export function checkBundle(bundle, now) {
  checkAddress(bundle);
  must(isRegistrationId(bundle.registrationId), 'malformed', 'the registration id is out of range (ID-04)');
  checkPrekeyId(bundle.signedPreKeyId, 'the signed prekey id');
  const id = bundle.oneTimePreKeyId;
  if (id !== undefined) checkPrekeyId(id, 'the one-time prekey id');
  must((id === undefined) === (bundle.oneTimePreKey === undefined), 'malformed', 'a one-time prekey and its id go together (X3DH-01)');
  must(bundle.created !== undefined && bundle.statementSignature !== undefined, 'malformed', 'there is no statement (X3DH-01)');
  checkSuites(bundle.suites);
  must(bundle.suites.includes(SUITES[0]), 'unsupported-version', 'the two have no suite in common (KEY-11)');

  check(bundle.identityKey);
  check(bundle.signedPreKey);
  if (bundle.oneTimePreKey !== undefined) check(bundle.oneTimePreKey);

  verify(bundle.identityKey, bundle.signedPreKey, bundle.signedPreKeySignature);
  verify(bundle.identityKey, statement(bundle), bundle.statementSignature);
  must(bundle.created >= now - OLDEST, 'stale-statement', 'the statement is more than 40 days old (KEY-10)');
  must(bundle.created <= now + AHEAD, 'stale-statement', 'the statement is more than 2 days ahead (KEY-10)');
}
