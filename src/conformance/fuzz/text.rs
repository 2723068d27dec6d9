//! A text with one thing changed: as text, and as JSON.

use super::change;
use super::corpus::Corpus;
use crate::conformance::dice::Dice;
use crate::hex;
use serde_json::Value;

/// What stands in place of a character, before or behind it.
const ODD: [&str; 26] = [
    "\n",
    " ",
    "\t",
    "0",
    "9",
    "a",
    "F",
    "-",
    "+",
    ".",
    ",",
    ":",
    "/",
    "#",
    "?",
    "=",
    "%20",
    "\"",
    "\\",
    "\u{0}",
    "\u{7f}",
    "é",
    "\u{fffd}",
    "\u{1f600}",
    "\u{661}",
    ":443",
];

/// Names that a payload's JSON has somewhere (section 8).
const NAMES: [&str; 16] = [
    "format",
    "content",
    "tigress",
    "version",
    "transfer",
    "type",
    "expires",
    "invitation",
    "accessKey",
    "mac",
    "keyCreationRequest",
    "authorizationToken",
    "keySigningRequest",
    "keyImportRequest",
    "reason",
    "x",
];

/// Names that an object of a payload may do without, by the name of the object: the whole has none.
const OPTIONAL: [(&str, &str); 12] = [
    ("", "format"),
    ("", "content"),
    ("", "tigress"),
    ("/content", "keyCreationRequest"),
    ("/content", "authorizationToken"),
    ("/content", "keySigningRequest"),
    ("/content", "keyImportRequest"),
    ("/content", "reason"),
    ("/tigress", "expires"),
    ("/tigress", "invitation"),
    ("/tigress", "accessKey"),
    ("/tigress", "mac"),
];
/// How long a plaintext is (PAY-11).
const LENGTHS: [usize; 4] = [1024, 4096, 16_384, 65_536];

/// Changes one thing in a text.
pub(super) fn change(dice: &mut Dice, text: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let Some(&at) = dice.pick(&places) else {
        return ODD[dice.below(ODD.len())].to_owned();
    };
    let (before, rest) = text.split_at(at);
    let mut behind = rest.chars();
    let here = behind.next().unwrap_or_default();
    let behind = behind.as_str();
    let odd = ODD[dice.below(ODD.len())];
    match dice.below(8) {
        0 => format!("{before}{behind}"),
        1 => format!("{before}{here}{here}{behind}"),
        2 => format!("{before}{odd}{behind}"),
        3 => format!("{before}{odd}{rest}"),
        4 => format!("{text}{odd}"),
        5 => format!("{odd}{text}"),
        6 if here.is_ascii_digit() => {
            format!("{before}{}{behind}", dice.below(10))
        }
        6 => format!("{before}{}{behind}", swapped(here)),
        _ => before.to_owned(),
    }
}

/// The other case of a letter; of any other character the next one.
fn swapped(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else if c.is_ascii_uppercase() {
        c.to_ascii_lowercase()
    } else {
        char::from_u32(u32::from(c) + 1).unwrap_or(c)
    }
}

/// What the hex of a plaintext says; none where it is none.
pub(super) fn payload(hex: &str) -> Option<Value> {
    // `{"`: most hex is none.
    let raw = hex.starts_with("7b22").then(|| hex::decode(hex))??;
    json_of(&raw)?.parse().ok()
}

/// The JSON in a plaintext, before its padding (PAY-11).
fn json_of(plaintext: &[u8]) -> Option<&str> {
    let mark = plaintext.iter().rposition(|&byte| byte != 0)?;
    let json = std::str::from_utf8(plaintext.get(..mark)?).ok()?;
    (json.starts_with('{') && plaintext[mark] == 0x80).then_some(json)
}

/// Changes one thing in a plaintext: in its JSON, or its length; none where it is none.
pub(super) fn change_padded(dice: &mut Dice, corpus: &Corpus, plaintext: &[u8]) -> Option<Vec<u8>> {
    let json = json_of(plaintext)?;
    let place = LENGTHS.iter().position(|&it| it == plaintext.len());
    let place = place.unwrap_or_default();
    let (json, place) = match dice.below(8) {
        0 => (json.to_owned(), place + 1),
        1 => (json.to_owned(), place.saturating_sub(1)),
        2 => (change_json(dice, corpus, json)?, place + 1),
        _ => (change_json(dice, corpus, json)?, place),
    };
    let mut changed = json.into_bytes();
    changed.push(0x80);
    // What does not fit gets the next length that will do.
    let lengths = LENGTHS.iter().skip(place.min(LENGTHS.len() - 1));
    let length = lengths.copied().find(|&it| it >= changed.len())?;
    changed.resize(length, 0);
    Some(changed)
}

/// Changes one thing in JSON: what it says, or how it is written.
pub(super) fn change_json(dice: &mut Dice, corpus: &Corpus, json: &str) -> Option<String> {
    if dice.one_in(3) {
        return Some(reformed(dice, json));
    }
    let mut value: Value = json.parse().ok()?;
    match dice.below(8) {
        0..=2 => reshape(dice, &mut value),
        3 => leave_out(dice, &mut value),
        4 => exchange(dice, corpus, &mut value),
        _ => change::one(dice, corpus, &mut value),
    }
    Some(value.to_string())
}

/// A name that its object may do without is `null` there, or is gone.
fn leave_out(dice: &mut Dice, value: &mut Value) {
    let (object, name) = OPTIONAL[dice.below(OPTIONAL.len())];
    let Some(object) = value.pointer_mut(object).and_then(Value::as_object_mut) else {
        return;
    };
    if dice.one_in(3) {
        object.shift_remove(name);
    } else {
        object.insert(name.to_owned(), Value::Null);
    }
}

/// What another payload has under a name of this one.
fn exchange(dice: &mut Dice, corpus: &Corpus, value: &mut Value) {
    let mut names = Vec::new();
    change::scalars(value, &mut |name, _| names.push(name.to_owned()));
    let Some(name) = dice.pick(&names) else {
        return;
    };
    let Some(other) = dice.pick(corpus.said(name)) else {
        return;
    };
    for object in ["", "/content", "/tigress"] {
        let there = value.pointer_mut(object).and_then(|it| it.get_mut(name));
        if let Some(there) = there {
            *there = other.clone();
        }
    }
}

/// The same JSON, or nearly, written otherwise.
fn reformed(dice: &mut Dice, json: &str) -> String {
    let places = |c: &[char]| -> Vec<usize> { json.match_indices(c).map(|(at, _)| at).collect() };
    let insert = |at: usize, what: &str| {
        let (before, behind) = json.split_at(at);
        format!("{before}{what}{behind}")
    };
    match dice.below(6) {
        0 => {
            let space = *dice
                .pick(&[" ", "\n", "\t", "\r", "\u{a0}", "/**/"])
                .unwrap_or(&" ");
            let at = *dice.pick(&places(&[':', ',', '{', '}'])).unwrap_or(&0);
            insert(at, space)
        }
        // A character by its escape.
        1 => {
            let letters: Vec<usize> = places(&['a', 'e', 'r', '1', '/', '=']);
            match dice.pick(&letters) {
                Some(&at) => {
                    let c = u32::from(json.as_bytes()[at]);
                    format!("{}\\u{c:04x}{}", &json[..at], &json[at + 1..])
                }
                None => change(dice, json),
            }
        }
        // A number in another form.
        2 => {
            let end = |at: usize| json[at..].find(|c: char| !c.is_ascii_digit());
            let numbers: Vec<usize> = json
                .match_indices(':')
                .map(|(at, _)| at + 1)
                .filter(|&at| json[at..].starts_with(|c: char| c.is_ascii_digit()))
                .collect();
            match dice.pick(&numbers) {
                Some(&at) => {
                    let end = at + end(at).unwrap_or(0);
                    let number = &json[at..end];
                    let form = match dice.below(8) {
                        0 => format!("{number}.0"),
                        1 => format!("{number}e0"),
                        2 => format!("\"{number}\""),
                        3 => format!("0{number}"),
                        4 => format!("-{number}"),
                        5 => format!("{number}.5"),
                        6 => format!("{number}{}", "0".repeat(400)),
                        _ => format!("{number}0E-1"),
                    };
                    format!("{}{form}{}", &json[..at], &json[end..])
                }
                None => change(dice, json),
            }
        }
        // A name twice, first or last.
        3 => {
            let twice = json
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match twice {
                Some(inner) if dice.one_in(2) => format!("{{{inner},{inner}}}"),
                Some(inner) => {
                    let end = inner.find(',').unwrap_or(inner.len());
                    format!("{{{inner},{}}}", &inner[..end])
                }
                None => change(dice, json),
            }
        }
        4 => insert(*dice.pick(&places(&['"'])).unwrap_or(&0), "\u{feff}"),
        _ => change(dice, json),
    }
}

/// Another structure: a name is gone, is new, is called otherwise, or has a value of another kind.
fn reshape(dice: &mut Dice, value: &mut Value) {
    let mut objects = Vec::new();
    let mut at = String::new();
    change::objects(value, &mut at, &mut objects);
    let Some(place) = dice.pick(&objects) else {
        return;
    };
    let Some(object) = value.pointer_mut(place).and_then(Value::as_object_mut) else {
        return;
    };
    let names: Vec<String> = object.keys().cloned().collect();
    let name = dice.pick(&names).cloned().unwrap_or_default();
    match dice.below(7) {
        0 => {
            object.shift_remove(&name);
        }
        4 | 5 => {
            // A name that belongs here or elsewhere, with nothing, or with what another has.
            let new = NAMES[dice.below(NAMES.len())];
            let value = if dice.one_in(2) {
                Value::Null
            } else {
                object.get(&name).cloned().unwrap_or_default()
            };
            object.insert(new.to_owned(), value);
        }
        1 => {
            let odd = [
                "x",
                "",
                "\u{fffd}",
                "\u{1f600}",
                "__proto__",
                "constructor",
                "X",
                "a\u{e9}",
            ];
            let new = odd[dice.below(odd.len())];
            let old = object.get(&name).cloned().unwrap_or_default();
            object.insert(new.to_owned(), old);
        }
        2 => {
            let old = object.shift_remove(&name).unwrap_or_default();
            object.insert(change(dice, &name), old);
        }
        3 => {
            let kinds = [
                Value::Null,
                Value::Bool(true),
                0.into(),
                1.5.into(),
                "".into(),
                Value::Array(Vec::new()),
                Value::Object(serde_json::Map::new()),
            ];
            object.insert(name, kinds[dice.below(kinds.len())].clone());
        }
        _ => {
            // In another order.
            if let Some(old) = object.shift_remove(&name) {
                object.insert(name, old);
            }
        }
    }
}
