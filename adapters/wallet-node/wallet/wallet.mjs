/**
 * A wallet: a device, its transfers, and what it does by itself (sections 7 and 8, WAL-01 to WAL-06, INV-05 to INV-09).
 *
 * An event works on a copy of the wallet, which takes its place where the event is not refused; what it wants done are its effects. Rooms of the
 * wallet: requests.mjs (what the intermediary has not answered), outbox.mjs (messages to send), inbox.mjs (messages that came), links.mjs
 * (invitations and access keys), membership.mjs (registration and prekeys).
 */
import { sameAddress } from './address.mjs';
import { Device } from './device.mjs';
import * as inbox from './inbox.mjs';
import * as links from './links.mjs';
import * as membership from './membership.mjs';
import * as outbox from './outbox.mjs';
import { Refusal } from './refusal.mjs';
import * as requests from './requests.mjs';
import { restore, save } from './saved_state.mjs';
import { hasEnded } from './transfer_table.mjs';
import { Transfers } from './transfers.mjs';

/** What the user, the clock and the intermediary bring about. */
const EVENTS = {
  register: membership.register,
  remove: membership.remove,
  removeSibling: membership.removeSibling,
  invite: links.invite,
  withdrawInvitation: links.withdraw,
  takeInvitation: links.take,
  compareFingerprints: (wallet, { device, number }) => wallet.device.compare(device, number),
  dropPin: (wallet, { device }) => wallet.dropPin(device),
  offer: (wallet, offer) => wallet.offer(offer),
  accept: (wallet, { transfer }) => wallet.wish('accept', transfer),
  decline: (wallet, { transfer }) => wallet.wish('decline', transfer),
  cancel: (wallet, { transfer }) => wallet.wish('cancel', transfer),
  collect: inbox.collect,
  tick: (wallet) => wallet.tick(),
  answer: requests.answer,
};

export class Wallet {
  /** The time of the last event. */
  now = 0;
  /** What authorises the device at the intermediary, 32 bytes or null, and whether the intermediary has said that it knows it. */
  token = null;
  joined = false;
  /** The highest ids that were handed to the intermediary. */
  signedPreKeyId = 0;
  oneTimePreKeyId = 0;
  /** When it was last asked how many one-time prekeys are left (MBX-04). */
  counted = 0;
  /** Invitations that were given away, by id in hex, and those that were taken, by address: links.mjs. */
  made = new Map();
  taken = new Map();
  /** Own access keys by their hash in hex, and those that offers brought by address: links.mjs. */
  accessKeys = new Map();
  senders = new Map();
  /** Messages to send, in their order: outbox.mjs. */
  outbox = [];
  messages = 0;
  /** Requests without an answer, by id: requests.mjs. */
  requests = new Map();
  /** Whether messages wait at the intermediary that nobody has asked for. */
  collects = false;

  static create(address, now, source) {
    const wallet = new Wallet();
    wallet.device = Device.create(address, membership.ONE_TIME_PREKEYS, now, source);
    wallet.transfers = new Transfers(Buffer.from(source.draw(32)));
    return wallet;
  }

  static restore(bytes) {
    const wallet = Object.assign(new Wallet(), restore('wallet', bytes));
    wallet.device = Object.assign(new Device(), wallet.device);
    wallet.transfers = Transfers.from(wallet.transfers);
    return wallet;
  }

  save() {
    return save('wallet', this);
  }

  copy() {
    const copy = Object.assign(new Wallet(), this);
    for (const name of ['made', 'taken', 'accessKeys', 'senders', 'requests']) copy[name] = new Map(this[name]);
    copy.outbox = [...this.outbox];
    copy.device = this.device.copy();
    copy.transfers = this.transfers.copy();
    return copy;
  }

  get address() {
    return this.device.address;
  }

  /** Carries an event out at the time `now`, on this copy of the wallet, and gives its effects. */
  event(name, fields, now, source) {
    this.effects = [];
    this.source = source;
    this.now = now;
    this.device.observe(now);
    EVENTS[name](this, fields);
    this.goOn();
    const { effects } = this;
    delete this.effects;
    delete this.source;
    return effects;
  }

  /** Whatever can leave now does. */
  goOn() {
    if (!this.joined) return;
    membership.goOn(this);
    links.goOn(this);
    outbox.goOn(this);
    inbox.goOn(this);
  }

  /**
   * Lets `step` work on a copy of the wallet, which this one becomes where nothing is refused; else it gives the refusal, and nothing has
   * changed, nor been drawn (RND-02).
   */
  attempt(step) {
    const copy = this.copy();
    copy.effects = [...this.effects];
    const mark = this.source.mark();
    try {
      step(copy);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.source.rewind(mark);
      return error;
    }
    Object.assign(this, copy);
    return undefined;
  }

  /** Tells the user something. */
  report(report, fields) {
    this.effects.push({ report: { report, ...fields } });
  }

  /** The user offers a credential: by the link that the receiver's device made (XFER-04, INV-05, INV-09). */
  offer({ to, ...offer }) {
    this.device.checkNamed(to);
    links.useTaken(this, to);
    this.carry(this.transfers.offer({ ...offer, to }, this.now, this.source));
  }

  wish(event, transfer) {
    this.carry(this.transfers.wish(event, transfer, this.now, this.source));
  }

  /** What a step of a transfer brings about: `sends` is false where nothing of it may leave. */
  carry({ transfer, before, after, sends, report }, mayLeave = true) {
    if (before !== after) this.effects.push({ changed: { transfer, before, after } });
    // What was not handed over goes at the end (XFER-14).
    if (hasEnded(after) && before && !hasEnded(before)) outbox.drop(this, (entry) => entry.transfer === transfer);
    if (sends && mayLeave) outbox.add(this, sends);
    if (report) this.report('transfer', { transfer, code: report });
  }

  /** WAL-06: the transfers with that device end as if cancelled, nothing that was for it leaves any more, and it may not write any more. */
  dropPin(peer) {
    for (const [id, transfer] of this.transfers.transfers) {
      if (!sameAddress(transfer.peer, peer) || hasEnded(transfer.state) || this.now >= transfer.expires) continue;
      this.carry(this.transfers.step({ id, event: 'cancel', now: this.now }), false);
    }
    outbox.drop(this, ({ to }) => sameAddress(to, peer));
    links.forget(this, peer);
    this.device.unpin(peer);
  }

  /** Time has come to `now`: what is over ends, and what has no answer is asked again. */
  tick() {
    this.device.tick(this.now, this.source);
    for (const outcome of this.transfers.tick(this.now)) this.carry(outcome);
    outbox.expire(this);
    links.expire(this);
    membership.expire(this);
    requests.repeat(this);
    membership.count(this);
  }
}
