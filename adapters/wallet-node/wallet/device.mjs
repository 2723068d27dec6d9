/**
 * A device: its keys, what it has pinned, and its sessions with other devices (sections 2, 3, 4 and 6).
 *
 * A step changes the device itself; `attempt` lets it work on a copy, so that what is refused changes nothing. Values inside of
 * the maps are never changed but replaced, and so a copy of the maps is a copy of all.
 */
import { addressKey, byAddress, checkAddress, checkPrekeyId, isRegistrationId } from './address.mjs';
import { fingerprint } from './invitation.mjs';
import * as prekeys from './prekeys.mjs';
import { keyPair } from './public_key.mjs';
import * as records from './records.mjs';
import { must, Refusal } from './refusal.mjs';
import { restore, save } from './saved_state.mjs';
import { checkBundle, SUITES } from './statement.mjs';
import { decodePrekey, decodeRatchet } from './wire.mjs';
import * as x3dh from './x3dh.mjs';
import { equalInConstantTime } from './bytes.mjs';

/** A registration id of two random bytes, drawn again while out of range (RND-01, ID-04). */
function drawRegistrationId(source) {
  for (;;) {
    const id = source.draw(2).readUInt16BE() & 0x3fff;
    if (isRegistrationId(id)) return id;
  }
}

export class Device {
  /** The latest time that was handed in. */
  now = 0;
  signedPreKeys = new Map();
  oneTimePreKeys = new Map();
  lastOneTimePreKeyId = 0;
  /** { fingerprint, named } by address (X3DH-15). */
  pins = new Map();
  records = new Map();
  /** The send that is under way: send.mjs. */
  send = null;

  /** A device that draws its own keys, in the order of RND-01. */
  static create(address, oneTimePreKeys, now, source) {
    const device = new Device();
    device.address = checkAddress(address);
    device.now = now;
    device.identity = keyPair(source.draw(32));
    device.registrationId = drawRegistrationId(source);
    prekeys.addSigned(device, source);
    prekeys.addOneTime(device, oneTimePreKeys, source);
    return device;
  }

  /** A device whose keys are given; of the signed prekeys the last is the current one, and each other was replaced when the next was made. */
  static load({ address, registrationId, identityPrivateKey, signedPreKeys, oneTimePreKeys }) {
    const device = new Device();
    device.address = checkAddress(address);
    must(isRegistrationId(registrationId), 'malformed', 'the registration id is out of range (ID-04)');
    device.registrationId = registrationId;
    device.identity = keyPair(identityPrivateKey);
    signedPreKeys.forEach(({ id, privateKey, signature, created, statementSignature }, index) => {
      checkPrekeyId(id, 'a signed prekey id');
      const replaced = signedPreKeys[index + 1]?.created ?? null;
      const openings = new Map();
      device.signedPreKeys.set(id, { ...keyPair(privateKey), signature, created, suites: SUITES, statementSignature, replaced, openings });
      device.now = created;
    });
    for (const { id, privateKey, drawn } of oneTimePreKeys) {
      checkPrekeyId(id, 'a one-time prekey id');
      device.oneTimePreKeys.set(id, { ...keyPair(privateKey), drawn });
      device.lastOneTimePreKeyId = Math.max(device.lastOneTimePreKeyId, id);
    }
    return device;
  }

  static restore(bytes) {
    return Object.assign(new Device(), restore('device', bytes));
  }

  save() {
    return save('device', this);
  }

  copy() {
    const copy = Object.assign(new Device(), this);
    for (const name of ['signedPreKeys', 'oneTimePreKeys', 'pins', 'records']) copy[name] = new Map(this[name]);
    return copy;
  }

  /** This device as a party of X3DH. */
  get party() {
    const { publicKey: identityKey, privateKey } = this.identity;
    return { address: this.address, identityKey, privateKey, registrationId: this.registrationId };
  }

  /** The bundle that the device publishes, with that one-time prekey if one is named, and held (X3DH-01). */
  bundle(oneTimePreKeyId) {
    if (oneTimePreKeyId !== undefined) checkPrekeyId(oneTimePreKeyId, 'the one-time prekey id');
    const [id, signed] = prekeys.currentSigned(this);
    const { signature: signedPreKeySignature, statementSignature } = signed;
    const bundle = { ...prekeys.unsigned(this, id, signed), signedPreKeySignature, statementSignature };
    const key = this.oneTimePreKeys.get(oneTimePreKeyId);
    return key ? { ...bundle, oneTimePreKeyId, oneTimePreKey: key.publicKey } : bundle;
  }

  record(peer) {
    return this.records.get(addressKey(peer));
  }

  setRecord(record) {
    this.records.set(addressKey(record.address), record);
  }

  /** All records by the byte order of their addresses. */
  allRecords() {
    return [...this.records.values()].sort((a, b) => byAddress(a.address, b.address));
  }

  pinned(peer) {
    return this.pins.get(addressKey(peer));
  }

  /** Pins the identity key of that fingerprint to an address. A key that is named stays so (X3DH-15). */
  pin(peer, print, named) {
    checkAddress(peer);
    const pin = this.pinned(peer);
    records.checkPin(pin, print);
    this.pins.set(addressKey(peer), { fingerprint: print, named: named || pin?.named === true });
  }

  /** Drops a pin, and with it record and sessions (X3DH-15). */
  unpin(peer) {
    this.pins.delete(addressKey(peer));
    this.records.delete(addressKey(peer));
  }

  checkPin(peer, identityKey) {
    records.checkPin(this.pinned(peer), fingerprint(identityKey));
  }

  /** SES-18: whether provisioning information may go to a device: its key is pinned and named. */
  checkNamed(peer) {
    must(this.pinned(peer)?.named, 'untrusted-identity', 'nobody has named the identity key of that device (SES-18)');
  }

  /** It is `now`. For keys and sessions time does not go back, whatever the clock says (KEY-10). */
  observe(now) {
    this.now = Math.max(this.now, now);
  }

  /** Time has come to `now`: what is over is erased, and a signed prekey that is due is replaced (KEY-08). */
  tick(now, source) {
    this.observe(now);
    prekeys.age(this, source);
    for (const [key, record] of this.records) {
      const aged = records.aged(record, this.now);
      if (aged) this.records.set(key, aged);
      else this.records.delete(key);
    }
  }

  /** The record of a peer that has presented that identity key; another one that it was known by goes, with its sessions (SES-12). */
  recordOf(peer, identityKey, registrationId) {
    const known = this.record(peer);
    const changed = known !== undefined && !known.identityKey.equals(identityKey);
    const fresh = { ...records.newRecord(peer, identityKey, registrationId), staleSince: known?.staleSince ?? null };
    return { record: !known || changed ? fresh : known, changed };
  }

  /** What a verified bundle or statement says of its device (SES-10, SES-11). Gives whether the identity key is another one. */
  learn(bundle) {
    checkBundle(bundle, this.now);
    const { userId, deviceId, identityKey, registrationId } = bundle;
    const peer = { userId, deviceId };
    this.checkPin(peer, identityKey);
    const { record, changed } = this.recordOf(peer, identityKey, registrationId);
    this.setRecord({ ...record, registrationId, confirmed: true, staleSince: null });
    return changed;
  }

  /** Opens a session with a bundle (X3DH-02). Gives whether the identity key is another one than was known. */
  processBundle(bundle, source) {
    const changed = this.learn(bundle);
    const { session } = x3dh.initiate(this.party, bundle, source);
    this.setRecord(records.withNewSession(this.record(bundle), session, this.now));
    return changed;
  }

  /** Whether there is a session with that peer that may be sent in (SES-02), of the identity key that is pinned if one is (SES-12). */
  canSend(peer, provisioning) {
    const record = this.record(peer);
    if (records.sendingIndex(record, provisioning, this.now) < 0) return false;
    const pin = this.pinned(peer);
    return !pin || pin.fingerprint.equals(fingerprint(record.identityKey));
  }

  /** Encrypts to a peer: the message and its kind. */
  encrypt(peer, plaintext, provisioning = false) {
    const record = this.record(peer);
    if (record) this.checkPin(peer, record.identityKey);
    const index = records.sendingIndex(record, provisioning, this.now);
    must(index >= 0, 'no-session', 'there is no session that may be sent in (SES-02)');
    const { session, kind, message } = x3dh.encrypt(record.sessions[index].session, plaintext);
    this.setRecord(records.withSent(record, index, session));
    return { kind, message };
  }

  /**
   * Decrypts a message of a peer: { plaintext, identityChanged, beside }; `beside` where it opened a session beside that of SES-19, in which the
   * peer had answered.
   */
  decrypt(peer, kind, message, source) {
    checkAddress(peer);
    return kind === 'prekey' ? this.decryptPrekey(peer, decodePrekey(message), source) : this.decryptRatchet(peer, message, source);
  }

  decryptPrekey(peer, message, source) {
    this.checkPin(peer, message.identityKey);
    const record = this.record(peer);
    const index = record?.sessions.findIndex(({ session }) => x3dh.isOf(message, session)) ?? -1;
    if (index >= 0) return this.readIn(record, index, message.inner, source);
    const { plaintext, next, secret } = this.open(peer, message);
    prekeys.use(this, message, secret);
    return { plaintext, ...this.accept(peer, message, next(source)) };
  }

  /** Reads what a message that opens a session says, by the checks of section 3 in their order. Nothing changes. */
  open(peer, message) {
    const keys = prekeys.named(this, message);
    const { session, secret } = x3dh.respond(this.party, peer, message, keys.signed, keys.oneTime);
    if (message.preKeyId === undefined) prekeys.checkOpening(keys, message, secret);
    return { ...x3dh.decrypt(session, message.inner), secret };
  }

  /**
   * A session that the peer has opened becomes the active one. The registration id that it names is a hint: the last one counts, until a statement
   * gives one.
   */
  accept(peer, { identityKey, registrationId }, session) {
    const { record, changed } = this.recordOf(peer, identityKey, registrationId);
    const own = record.sessions[records.sendingIndex(record, true, this.now)];
    const beside = own !== undefined && own.session.opening === null;
    const hinted = record.confirmed ? record : { ...record, registrationId };
    this.setRecord(records.withNewSession(hinted, session, this.now));
    return { identityChanged: changed, beside };
  }

  readIn(record, index, message, source) {
    const { plaintext, next } = x3dh.decrypt(record.sessions[index].session, message);
    this.setRecord(records.withRead(record, index, next(source), this.now));
    return { plaintext, identityChanged: false, beside: false };
  }

  /** SES-05, SES-07: the active session first, and its error where none reads the message. */
  decryptRatchet(peer, bytes, source) {
    const record = this.record(peer);
    must(record && record.sessions.length > 0, 'no-session', 'there is no session with that device');
    const message = decodeRatchet(bytes);
    this.checkPin(peer, record.identityKey);
    let first;
    for (const index of record.sessions.keys()) {
      try {
        return this.readIn(record, index, message, source);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  /** What a message that would open a session says, and whose identity key it comes with (section 3). */
  readOpening(peer, bytes) {
    checkAddress(peer);
    const message = decodePrekey(bytes);
    this.checkPin(peer, message.identityKey);
    const known = this.record(peer)?.sessions.some(({ session }) => x3dh.isOf(message, session));
    must(!known, 'duplicate-message', 'the message is of a session that is there, and opens none (X3DH-13)');
    return { identityKey: message.identityKey, plaintext: this.open(peer, message).plaintext };
  }

  /** Lets the next provisioning information open another session (SES-19). */
  openAnew(peer) {
    const record = this.record(peer);
    if (record) this.setRecord(records.withoutProvisioning(record));
  }

  dropSessions(peer) {
    const record = this.record(peer);
    if (record) this.setRecord({ ...record, sessions: [] });
  }

  /** A device said to be gone. What is pinned goes never stale (SES-11). */
  markStale(peer) {
    const record = this.record(peer);
    if (record && !this.pinned(peer) && record.staleSince === null) this.setRecord({ ...record, staleSince: this.now });
  }

  /** Sets counters of the active session far ahead, for tests of DR-18. */
  setCounters(peer, { sending, receiving }) {
    const record = this.record(peer);
    must(record && record.sessions.length > 0, 'no-session', 'there is no session with that device');
    const { session } = record.sessions[0];
    const { ratchet } = session;
    const changed = { ...ratchet };
    if (sending !== undefined && ratchet.sending) changed.sending = { ...ratchet.sending, counter: sending };
    if (receiving !== undefined && ratchet.receiving[0]?.chainKey) {
      changed.receiving = ratchet.receiving.with(0, { ...ratchet.receiving[0], counter: receiving });
    }
    this.setRecord(records.withSent(record, 0, { ...session, ratchet: changed }));
  }

  /** Whether the user was shown the number of the two devices' identity keys (X3DH-16); then the key is named. */
  compare(peer, number) {
    const record = this.record(peer);
    must(record, 'invalid-state', 'nothing is known of that device');
    const computed = x3dh.fingerprint(this.party, { address: record.address, identityKey: record.identityKey });
    must(equalInConstantTime(Buffer.from(computed), Buffer.from(number)), 'untrusted-identity', 'the number is another one (X3DH-16)');
    this.pin(peer, fingerprint(record.identityKey), true);
  }
}
