/** Role `device`: a device with its keys, sessions and sends. */
import { fromHex } from '../wallet/bytes.mjs';
import { Device } from '../wallet/device.mjs';
import { fingerprint } from '../wallet/invitation.mjs';
import { check } from '../wallet/public_key.mjs';
import { GivenRandomness } from '../wallet/randomness.mjs';
import * as sends from '../wallet/send.mjs';
import { readBundle, withBytes } from './lines.mjs';
import { Machines } from './machines.mjs';

const devices = new Machines();
const given = (text) => new GivenRandomness(fromHex(text, 'randomness'));
const attempt = (params, step) => devices.attempt(params.handle, (device) => step(device) ?? {});

/** A step of a send in the protocol's words. */
function writeStep({ step, identityChanged }) {
  const submit = step.submit?.map(({ deviceId, registrationId, kind, message }) => ({ deviceId, registrationId, kind, message }));
  return { step: submit ? { submit } : step, identityChanged };
}

const readEvent = (event) => (event.bundle ? { bundle: readBundle(event.bundle) } : event);

const methods = {
  'device.create'({ handle, address, oneTimePreKeys, now, randomness }) {
    const device = Device.create(address, oneTimePreKeys, now, given(randomness));
    devices.set(handle, device);
    return { bundle: device.bundle(oneTimePreKeys > 0 ? 1 : undefined) };
  },
  'device.load'({ handle, ...params }) {
    const keys = (list, names) => list.map((key) => withBytes(key, names));
    const device = Device.load({
      ...withBytes(params, ['identityPrivateKey']),
      signedPreKeys: keys(params.signedPreKeys, ['privateKey', 'signature', 'statementSignature']),
      oneTimePreKeys: keys(params.oneTimePreKeys, ['privateKey']),
    });
    devices.set(handle, device);
    return {};
  },
  'device.bundle': ({ handle, oneTimePreKeyId }) => ({ bundle: devices.get(handle).bundle(oneTimePreKeyId) }),
  'device.keys'({ handle }) {
    const { signedPreKeys, oneTimePreKeys } = devices.get(handle);
    const rising = (keys) => [...keys.keys()].sort((a, b) => a - b);
    return { signedPreKeyIds: rising(signedPreKeys), oneTimePreKeyIds: rising(oneTimePreKeys) };
  },
  'device.pin': (params) =>
    attempt(params, (device) => {
      const identityKey = check(fromHex(params.identityKey, 'identityKey'));
      device.pin(params.peer, fingerprint(identityKey), params.named);
    }),
  'device.unpin': (params) => attempt(params, (device) => device.unpin(params.peer)),
  'device.open_anew': (params) => attempt(params, (device) => device.openAnew(params.peer)),
  'device.read_opening': ({ handle, peer, message }) => devices.get(handle).readOpening(peer, fromHex(message, 'message')),
  'device.process_bundle': (params) =>
    attempt(params, (device) => ({ identityChanged: device.processBundle(readBundle(params.bundle), given(params.randomness)) })),
  'device.encrypt': (params) => attempt(params, (device) => device.encrypt(params.peer, fromHex(params.plaintext, 'plaintext'))),
  'device.decrypt': (params) =>
    attempt(params, (device) => device.decrypt(params.peer, params.kind, fromHex(params.message, 'message'), given(params.randomness))),
  'device.drop_sessions': (params) => attempt(params, (device) => device.dropSessions(params.peer)),
  'device.tick': (params) => attempt(params, (device) => device.tick(params.now, given(params.randomness))),
  'device.set_counters': (params) => attempt(params, (device) => device.setCounters(params.peer, params)),
  'device.records'({ handle }) {
    const records = devices.get(handle).allRecords();
    return {
      records: records.map(({ address, identityKey, registrationId, staleSince, sessions }) => {
        const [active, ...inactive] = sessions.map(({ session }) => session.baseKey);
        return { peer: address, identityKey, registrationId, stale: staleSince !== null, active, inactive };
      }),
    };
  },
  'device.send': (params) =>
    attempt(params, (device) => {
      const plaintext = fromHex(params.plaintext, 'plaintext');
      const { send, step } = sends.start(device, params.recipient, plaintext, params.provisioning === true);
      device.send = send;
      return writeStep({ step });
    }),
  'device.continue_send': (params) =>
    attempt(params, (device) => {
      const { send, ...answer } = sends.resume(device, device.send, readEvent(params.event), given(params.randomness));
      device.send = send;
      return writeStep(answer);
    }),
  'device.save': ({ handle }) => ({ state: devices.get(handle).save() }),
  'device.restore'({ handle, state }) {
    devices.set(handle, Device.restore(fromHex(state, 'state')));
    return {};
  },
};

export const device = { methods, forget: () => devices.forget() };
