/**
 * A send of Sesame: one plaintext to all devices of a user, or to one device (SES-02, SES-09, SES-10, SES-14 to SES-19).
 *
 * A send is data: { userId, named, plaintext, provisioning, rounds, devices }; `named` is the DeviceID that it is for, or null for all of the
 * user. `devices` maps a DeviceID to what is ready for it: { message, outdated }, where `message` is null until there is a session, and else {
 * identityKey, registrationId, kind, message }; `outdated` says that a statement is awaited.
 *
 * Each function gives { send, step }; `send` is null once it has ended. A step is what is to be done at the intermediary: `fetchBundles`,
 * `fetchStatements`, `submit`, `done` or `giveUp` with a code.
 */
import { checkAddress, checkUuid } from './address.mjs';
import { checkPlaintext } from './message_cipher.mjs';
import { must } from './refusal.mjs';

/** The most submissions of a send (SES-14). */
const MOST_ROUNDS = 5;

const addressOf = (send, deviceId) => ({ userId: send.userId, deviceId });

/** What is ready for a device: a message, where there is a session to send it in (SES-18, SES-19). */
function prepare(device, send, deviceId) {
  const peer = addressOf(send, deviceId);
  if (send.provisioning) device.checkNamed(peer);
  if (!device.canSend(peer, send.provisioning)) return { message: null, outdated: false };
  const message = device.encrypt(peer, send.plaintext, send.provisioning);
  const { identityKey, registrationId } = device.record(peer);
  return { message: { ...message, identityKey, registrationId }, outdated: false };
}

/** Starts a send. `recipient` is { user } or { device }. */
export function start(device, recipient, plaintext, provisioning) {
  const userId = recipient.user ?? recipient.device.userId;
  if (recipient.device) checkAddress(recipient.device);
  else checkUuid(userId, 'the UserID');
  must(userId !== device.address.userId, 'invalid-state', 'nothing is sent to the own user (SES-15)');
  must(!provisioning || recipient.device, 'invalid-state', 'provisioning information goes to one device (SES-18)');
  checkPlaintext(plaintext);
  const named = recipient.device?.deviceId ?? null;
  const send = { userId, named, plaintext, provisioning, rounds: 0, devices: new Map() };
  const known = device.allRecords().filter(({ address, staleSince }) => address.userId === userId && staleSince === null);
  for (const deviceId of named === null ? known.map(({ address }) => address.deviceId) : [named]) {
    send.devices.set(deviceId, prepare(device, send, deviceId));
  }
  return proceed(send);
}

/** What a send asks for now; a submission is a round (SES-14). */
function proceed(send) {
  const { step } = again(send);
  return { send: step.submit ? { ...send, rounds: send.rounds + 1 } : send, step };
}

/** What a send asks for, once more: after a restart, which is no round. */
export function again(send) {
  const devices = [...send.devices].sort(([a], [b]) => a - b);
  const where = (wanted) => devices.filter(([, entry]) => wanted(entry)).map(([deviceId]) => addressOf(send, deviceId));
  const fetchBundles = where(({ message }) => message === null);
  if (fetchBundles.length > 0) return { send, step: { fetchBundles } };
  const fetchStatements = where(({ outdated }) => outdated);
  if (fetchStatements.length > 0) return { send, step: { fetchStatements } };
  const submit = devices.map(([deviceId, { message }]) => ({ deviceId, ...message }));
  return { send, step: { submit } };
}

const ended = (step) => ({ send: null, step });
const giveUp = (code) => ended({ giveUp: code });

/** Goes on behind what the intermediary answered. */
export function resume(device, send, event, source) {
  must(send, 'unexpected-message', 'no send is under way');
  const submitting = [...send.devices.values()].every(({ message, outdated }) => message !== null && !outdated);
  const next = { ...send, devices: new Map(send.devices) };
  if (event.bundle) return withBundle(device, next, event.bundle, source);
  if (event.noBundle) return withoutBundle(device, next, event.noBundle);
  must(submitting, 'unexpected-message', 'no submission is under way');
  if (event === 'accepted') return send.devices.size > 0 ? ended('done') : giveUp('not-found');
  if (send.provisioning) device.checkNamed(addressOf(send, send.named));
  return refused(device, next, event);
}

/** The entry of a device whose bundle or statement was asked for (SES-02). */
function awaited(send, { userId, deviceId }) {
  const entry = userId === send.userId ? send.devices.get(deviceId) : undefined;
  must(entry && (entry.message === null || entry.outdated), 'unexpected-message', 'that device was not asked for (SES-02)');
  return entry;
}

function withBundle(device, send, bundle, source) {
  const { message } = awaited(send, bundle);
  const { deviceId, identityKey, registrationId } = bundle;
  if (send.provisioning) device.checkNamed(addressOf(send, deviceId));
  let identityChanged;
  if (message?.identityKey.equals(identityKey)) {
    identityChanged = device.learn(bundle);
    send.devices.set(deviceId, { message: { ...message, registrationId }, outdated: false });
  } else {
    identityChanged = device.processBundle(bundle, source);
    send.devices.set(deviceId, prepare(device, send, deviceId));
  }
  return { ...proceed(send), identityChanged };
}

function withoutBundle(device, send, address) {
  awaited(send, address);
  device.markStale(address);
  send.devices.delete(address.deviceId);
  // Which devices a user has is asked once, by a submission for nobody (SES-09).
  const asks = send.named === null && send.rounds === 0;
  return send.devices.size > 0 || asks ? proceed(send) : giveUp('not-found');
}

/** A refused submission. What it names beside what it can is ignored. */
function refused(device, send, { deviceMismatch, staleRegistration }) {
  const submitted = new Set(send.devices.keys());
  const last = send.rounds >= MOST_ROUNDS;
  for (const deviceId of deviceMismatch?.extra ?? []) {
    if (!submitted.has(deviceId)) continue;
    device.markStale(addressOf(send, deviceId));
    send.devices.delete(deviceId);
  }
  if (last) return giveUp('retry-limit');
  for (const deviceId of deviceMismatch?.missing ?? []) {
    if (send.named !== null || submitted.has(deviceId)) continue;
    checkAddress(addressOf(send, deviceId));
    send.devices.set(deviceId, prepare(device, send, deviceId));
  }
  for (const deviceId of staleRegistration ?? []) {
    const entry = send.devices.get(deviceId);
    if (entry) send.devices.set(deviceId, { ...entry, outdated: true });
  }
  return send.devices.size > 0 ? proceed(send) : giveUp('not-found');
}
