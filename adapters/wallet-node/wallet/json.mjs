/**
 * JSON as RFC 8259 and the profile want it read (PAY-01 to PAY-06), and written (PAY-13). JSON.parse will not do: it takes a name
 * twice, makes every number a double, and knows nothing of `1.0` and of halves of surrogate pairs.
 *
 * Objects are JsonObjects, numbers JsonNumbers; all else is as JSON.parse has it.
 */
import { Refusal } from './refusal.mjs';

/** An object: its names in their order. `places` has from where to where the value of a name stands in the text. */
export class JsonObject extends Map {
  places = new Map();
}

/** A number as it is written. */
export class JsonNumber {
  constructor(text) {
    this.text = text;
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX = /[0-9a-fA-F]{4}/y;
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const WORDS = { true: true, false: false, null: null };

class Parser {
  at = 0;

  constructor(text, deepest) {
    this.text = text;
    this.deepest = deepest;
  }

  fail(what) {
    throw new Refusal('invalid-payload', `${what} at character ${this.at}`);
  }

  /** What the pattern matches here. */
  take(pattern) {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [undefined];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Whether that character stands here, behind white space; it is passed over. */
  passes(character) {
    this.take(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  expect(character) {
    if (!this.passes(character)) this.fail(`no ${character}`);
  }

  value(depth) {
    this.take(SPACE);
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth + 1);
      case '[':
        return this.array(depth + 1);
      case '"':
        return this.string();
      default:
        return this.word();
    }
  }

  word() {
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    const text = this.take(NUMBER);
    if (!text) this.fail('no value');
    if (!Number.isFinite(Number(text))) this.fail('a number beyond a double');
    return new JsonNumber(text);
  }

  string() {
    this.expect('"');
    let value = '';
    for (;;) {
      value += this.take(PLAIN);
      const character = this.text[this.at];
      if (character === '"') break;
      if (character !== '\\') this.fail('a string that does not end, or a control character');
      this.at += 1;
      value += this.escape();
    }
    this.at += 1;
    return value;
  }

  escape() {
    const character = this.text[this.at];
    this.at += 1;
    if (Object.hasOwn(ESCAPES, character ?? '')) return ESCAPES[character];
    if (character !== 'u') this.fail('an unknown escape');
    const unit = this.unit();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    if (unit > 0xdbff || !this.text.startsWith('\\u', this.at)) this.fail('half a surrogate pair');
    this.at += 2;
    const low = this.unit();
    if (low < 0xdc00 || low > 0xdfff) this.fail('half a surrogate pair');
    return String.fromCharCode(unit, low);
  }

  unit() {
    return Number.parseInt(this.take(HEX) ?? this.fail('an escape without four digits'), 16);
  }

  object(depth) {
    this.enter('{', depth);
    const object = new JsonObject();
    if (this.passes('}')) return object;
    do {
      this.take(SPACE);
      const name = this.string();
      if (object.has(name)) this.fail('a name that stands twice');
      this.expect(':');
      this.take(SPACE);
      const start = this.at;
      object.set(name, this.value(depth));
      object.places.set(name, [start, this.at]);
    } while (this.passes(','));
    this.expect('}');
    return object;
  }

  array(depth) {
    this.enter('[', depth);
    const array = [];
    if (this.passes(']')) return array;
    do array.push(this.value(depth));
    while (this.passes(','));
    this.expect(']');
    return array;
  }

  enter(bracket, depth) {
    if (depth > this.deepest) this.fail(`nesting deeper than ${this.deepest}`);
    this.expect(bracket);
  }
}

/** Reads one value and nothing behind it but white space. The outermost object is at depth 1, and none is deeper than `deepest`. */
export function parseJson(text, deepest) {
  const parser = new Parser(text, deepest);
  const value = parser.value(0);
  parser.take(SPACE);
  if (parser.at !== text.length) parser.fail('something behind the value');
  return value;
}

const SHORT = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const escaped = (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A string as PAY-13 has it written. */
export const writeString = (text) => `"${text.replace(/["\\\u0000-\u001f]/g, escaped)}"`;

/** The order of names by their UTF-8, which is not that of UTF-16. */
export const byUtf8 = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A value without white space, its names in the order of their UTF-8 (PAY-13). */
export function writeJson(value) {
  if (typeof value === 'string') return writeString(value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (value instanceof Map) {
    const names = [...value.keys()].sort(byUtf8);
    return `{${names.map((name) => `${writeString(name)}:${writeJson(value.get(name))}`).join(',')}}`;
  }
  return String(value);
}
