/**
 * Provisioning Information: what the ratchet encrypts (section 8).
 *
 * A payload is { transfer, type, format, unknownContent, unknownTop } and, by its type and format, `expires` in seconds since 1970,
 * `invitation`, `accessKey` and `mac`, and the content: `reason`, or bytes under one of the names below.
 */
import { encodeAddress, isUuid } from './address.mjs';
import { ascii, equalInConstantTime, fromBase64 } from './bytes.mjs';
import { byUtf8, JsonNumber, JsonObject, parseJson, writeJson, writeString } from './json.mjs';
import { hmac } from './kdf.mjs';
import { pad, unpad } from './padding.mjs';
import { must, Refusal } from './refusal.mjs';
import { LAST_SECOND } from './time.mjs';

export const CAR_KEY = 'digitalwallet.carkey.ccc';
export const TOKEN = 'digitalwallet.generic.authorizationToken';
export const OFFER = 'provisioningInformation';
export const TYPES = [OFFER, 'keySigningRequest', 'keyImportRequest', 'provisioned', 'decline', 'cancel'];
/** The formats that this wallet supports (PAY-07). */
export const FORMATS = [CAR_KEY, TOKEN];

/** The deepest nesting (PAY-05). */
const DEEPEST = 16;
/** The longest reason, in bytes (PAY-08). */
const MOST_REASON = 256;
/** What names an invitation in an offer, and how many bytes it has (PAY-15). */
const INVITED = { invitation: 16, accessKey: 32, mac: 32 };
/** What those add to the JSON (PAY-11). */
const INVITED_SIZE = 152;
/** A MAC's base64 while it is not yet known. */
const NO_MAC = Buffer.alloc(32);

const invalid = (condition, message) => must(condition, 'invalid-payload', message);

/** The name under which the content of a type and format stands, if it has any (PAY-08). */
function contentName(type, format) {
  if (type === OFFER) return { [CAR_KEY]: 'keyCreationRequest', [TOKEN]: 'authorizationToken' }[format];
  if (type === 'decline' || type === 'cancel') return 'reason';
  return type === 'provisioned' ? undefined : type;
}

function member(object, name, isRight) {
  const value = object.get(name);
  invalid(isRight(value), `${name} is missing, or of another type (PAY-02, PAY-08)`);
  return value;
}

const isString = (value) => typeof value === 'string';
const isObject = (value) => value instanceof JsonObject;

/** The object's members but for those. */
const without = (object, names) => new JsonObject([...object].filter(([name]) => !names.includes(name)));

/** Seconds since 1970 of a date in the one form that there is (PAY-10). */
function readDate(text) {
  const matched = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/.exec(text);
  const milliseconds = matched ? Date.parse(text) : NaN;
  // Date.parse takes the 30th of February for a day in March, and 24:00:00.
  const good = milliseconds >= 0 && writeDate(milliseconds / 1000) === text;
  invalid(good, 'expires is no date of RFC 3339 in UTC (PAY-10)');
  return milliseconds / 1000;
}

const writeDate = (seconds) => new Date(1000 * seconds).toISOString().replace('.000Z', 'Z');

/** The JSON of a plaintext as text (PAY-01). */
function readText(plaintext) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unpad(plaintext));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('invalid-payload', 'the plaintext is no UTF-8 (PAY-01)');
  }
}

/** Reads a padded plaintext. */
export const decode = (plaintext) => read(parse(readText(plaintext)));

function parse(text) {
  const top = parseJson(text, DEEPEST);
  invalid(isObject(top), 'the payload is no object (PAY-01)');
  return top;
}

function read(top) {
  const format = member(top, 'format', isString);
  const content = member(top, 'content', isObject);
  const tigress = member(top, 'tigress', isObject);
  member(tigress, 'version', (value) => value instanceof JsonNumber && value.text === '1');
  const type = member(tigress, 'type', (value) => TYPES.includes(value));
  const transfer = member(tigress, 'transfer', isUuid);
  const name = contentName(type, format);
  const payload = { transfer, type, format };
  if (type === OFFER) Object.assign(payload, readOffer(tigress));
  if (type === 'keySigningRequest' || type === 'keyImportRequest') invalid(format === CAR_KEY, `no ${type} under that format (PAY-08)`);
  if (name !== undefined) payload[name] = readContent(content, name);
  return { ...payload, unknownContent: without(content, [name]), unknownTop: without(top, ['format', 'content', 'tigress']) };
}

function readContent(content, name) {
  const text = member(content, name, isString);
  if (name !== 'reason') return fromBase64(text, name);
  invalid(Buffer.byteLength(text) <= MOST_REASON, `a reason has at most ${MOST_REASON} bytes (PAY-08)`);
  return text;
}

/** What stands in `tigress` of an offer alone (PAY-10, PAY-15). */
function readOffer(tigress) {
  const found = { expires: readDate(member(tigress, 'expires', isString)) };
  const names = Object.keys(INVITED).filter((name) => tigress.has(name));
  invalid(names.length === 0 || names.length === 3, 'invitation, accessKey and mac stand together (PAY-15)');
  for (const name of names) {
    found[name] = fromBase64(member(tigress, name, isString), name);
    invalid(found[name].length === INVITED[name], `${name} has another length (PAY-15)`);
  }
  return found;
}

/** A member as it is written, or nothing where it has no value. */
const written = (name, value) => (value === undefined ? [] : [`${writeString(name)}:${value}`]);
const base64 = (bytes) => bytes && writeString(bytes.toString('base64'));
const object = (members) => `{${members.join(',')}}`;
const unknown = (members) => [...members.keys()].sort(byUtf8).flatMap((name) => written(name, writeJson(members.get(name))));

/** Refuses to write what the type and the format have no place for. */
function checkMembers(payload, name) {
  const offered = payload.type === OFFER ? ['expires', ...Object.keys(INVITED)] : [];
  const places = ['transfer', 'type', 'format', name, ...offered, 'unknownContent', 'unknownTop'];
  const stray = Object.keys(payload).find((each) => payload[each] !== undefined && !places.includes(each));
  invalid(stray === undefined, `a ${payload.type} has no place for ${stray}`);
}

/** The JSON of a payload (PAY-13). What no receiver would read is not written. */
function write(payload) {
  const { transfer, type, format, expires, unknownContent = new Map(), unknownTop = new Map() } = payload;
  invalid(isString(format) && format.isWellFormed() && TYPES.includes(type), 'there is no such format or type');
  const name = contentName(type, format);
  checkMembers(payload, name);
  const value = payload[name];
  const content = [...written(name, isString(value) ? writeString(value) : base64(value)), ...unknown(unknownContent)];
  const tigress = [...written('version', 1), ...written('transfer', writeString(transfer)), ...written('type', writeString(type))];
  if (type === OFFER) {
    invalid(expires >= 0 && expires <= LAST_SECOND, 'expires is beyond the years 1970 to 9999 (PAY-10)');
    tigress.push(...written('expires', writeString(writeDate(expires))));
    for (const each of Object.keys(INVITED)) tigress.push(...written(each, base64(payload[each])));
  }
  const members = [
    ...written('format', writeString(format)),
    ...written('content', object(content)),
    ...written('tigress', object(tigress)),
    ...unknown(unknownTop),
  ];
  const text = object(members);
  read(parse(text));
  return text;
}

/** A payload as a plaintext, as long as its transfer's offer at least (PAY-11). */
export function encode(payload, atLeast = 0) {
  const json = Buffer.from(write(payload));
  const room = payload.type === OFFER && payload.invitation === undefined ? json.length + INVITED_SIZE : json.length;
  return pad(json, { room, atLeast });
}

/**
 * The MAC over an offer's text, but for the 44 characters that stand at `at` (PAY-14). The sender is { address, identityKey }, the receiver
 * { address, fingerprint }.
 */
function offerMac(key, sender, receiver, text, at) {
  return hmac(
    key,
    ascii('TigressSignal/1 Offer'),
    encodeAddress(sender.address),
    sender.identityKey,
    encodeAddress(receiver.address),
    receiver.fingerprint,
    Buffer.from(text.slice(0, at) + text.slice(at + 44)),
  );
}

/** Where the MAC's characters stand in the text: once in all of it, and as they are in their place (PAY-14). */
function macPlace(text, top, mac) {
  const characters = mac.toString('base64');
  const tigress = top.get('tigress');
  const [start] = tigress.places.get('mac');
  const asTheyAre = text.startsWith(`"${characters}"`, start);
  const once = text.indexOf(characters) === text.lastIndexOf(characters);
  must(asTheyAre && once, 'invalid-invitation', 'the MAC does not stand in the text once and as it is (PAY-14)');
  return start + 1;
}

/** An offer by an invitation as a plaintext, with its MAC (PAY-14). */
export function encodeOffer(payload, key, sender, receiver) {
  const unsigned = { ...payload, mac: NO_MAC };
  const text = write(unsigned);
  const at = text.lastIndexOf(`"mac":${base64(NO_MAC)}`) + '"mac":"'.length;
  return encode({ ...payload, mac: offerMac(key, sender, receiver, text, at) });
}

/** Looks whether an offer's MAC holds (PAY-14). */
export function checkOffer(plaintext, key, sender, receiver) {
  const text = readText(plaintext);
  const top = parse(text);
  const { mac } = read(top);
  must(mac, 'invalid-invitation', 'the offer has no MAC (PAY-14)');
  const made = offerMac(key, sender, receiver, text, macPlace(text, top, mac));
  must(equalInConstantTime(made, mac), 'invalid-invitation', "the offer's MAC is another one (PAY-14)");
}
