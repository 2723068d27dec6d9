/**
 * What a device knows of other devices (section 6): a map of records by address.
 *
 * A record is { address, identityKey, registrationId, confirmed, staleSince, sessions }. `confirmed` says whether a verified statement gave the
 * registration id; `sessions` stand by the time of their last message, and so the first is the active one, and the others are the
 * inactive list: { session, time, provisioning }, where `provisioning` marks the one of SES-19.
 *
 * Records are never changed: each function gives another one.
 */
import { must } from './refusal.mjs';
import { MAXLATENCY, MAXRECV, MAXSEND } from './time.mjs';

/** The most inactive sessions of a device, that of SES-19 not counted (SES-04). */
const MOST_INACTIVE = 40;

/** A record of a device that nothing was known of. */
export const newRecord = (address, identityKey, registrationId) => ({
  address,
  identityKey,
  registrationId,
  confirmed: false,
  staleSince: null,
  sessions: [],
});

/** The record with its tail dropped (SES-04). */
export function bounded(record) {
  let inactive = 0;
  const sessions = record.sessions.filter(({ provisioning }, index) => {
    if (index === 0 || provisioning) return true;
    inactive += 1;
    return inactive <= MOST_INACTIVE;
  });
  return { ...record, sessions };
}

/** A session that was opened, by either side, becomes the active one (SES-03); one of this device's own takes the place of that of SES-19. */
export function withNewSession(record, session, now) {
  const former = record.sessions.map((entry) => (session.opened ? { ...entry, provisioning: false } : entry));
  return bounded({ ...record, sessions: [{ session, time: now, provisioning: session.opened }, ...former] });
}

/** The session at that place has read a message: it is refreshed, and the active one (SES-06). */
export function withRead(record, index, session, now) {
  const others = record.sessions.filter((_, other) => other !== index);
  return bounded({ ...record, sessions: [{ ...record.sessions[index], session, time: now }, ...others] });
}

/** The session at that place has encrypted a message: its place and time stay (SES-13). */
export const withSent = (record, index, session) => ({
  ...record,
  sessions: record.sessions.with(index, { ...record.sessions[index], session }),
});

/** Gives the session of SES-19 up: it counts as any other from now on. */
export const withoutProvisioning = (record) =>
  bounded({ ...record, sessions: record.sessions.map((entry) => ({ ...entry, provisioning: false })) });

/** Where the session stands that may be sent in: the active one, or for provisioning information that of SES-19; -1 where there is none. */
export function sendingIndex(record, provisioning, now) {
  if (!record || record.staleSince !== null) return -1;
  const index = provisioning ? record.sessions.findIndex((entry) => entry.provisioning) : 0;
  const entry = record.sessions[index];
  return entry && now - entry.time < MAXSEND ? index : -1;
}

/** The record as it is at that time, or undefined where it is over (SES-11, SES-13). */
export function aged(record, now) {
  if (record.staleSince !== null && now - record.staleSince >= MAXLATENCY) return undefined;
  return { ...record, sessions: record.sessions.filter(({ time }) => now - time < MAXRECV) };
}

/** X3DH-15. A pin is { fingerprint, named }. */
export function checkPin(pin, fingerprint) {
  must(!pin || pin.fingerprint.equals(fingerprint), 'untrusted-identity', 'another identity key is pinned (X3DH-15)');
}
