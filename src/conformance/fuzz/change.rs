//! One thing changed in any parameters: a number, a text, bytes, by what they are.

use super::corpus::Corpus;
use super::message::{self, EDGES};
use super::text;
use crate::conformance::dice::Dice;
use crate::hex::{self, Hex};
use serde_json::Value;

/// What is not changed: a handle is the harness's business, how much randomness a question needs its answer says, and what an
/// intermediary calls missing, gone or out of date are ids that it has.
const LEFT_ALONE: [&str; 5] = [
    "handle",
    "randomness",
    "missing",
    "extra",
    "staleRegistration",
];
/// Addresses, and ids of transfers, that a wallet has read before: they are others, and never none.
const ADDRESSES: [&str; 7] = [
    "peer",
    "from",
    "to",
    "address",
    "recipient",
    "noBundle",
    "transfer",
];
/// A day, in seconds.
const DAY: u64 = 86_400;
/// Times that the profile counts in days, by their days.
const DAYS: [u64; 12] = [1, 2, 3, 7, 9, 10, 29, 30, 40, 60, 69, 90];

/// So many are taken at once of something, somewhere in the profile.
pub(super) const BOUNDS: [usize; 5] = [10, 40, 100, 200, 1000];
/// A list does not grow beyond so many characters of JSON.
const LONGEST_LIST: usize = 200_000;

/// Changes one value somewhere in `params`. One in four is another vector's value of a field of that name.
pub(super) fn one(dice: &mut Dice, corpus: &Corpus, params: &mut Value) {
    let mut leaves = Vec::new();
    leaves_of(params, &mut String::new(), &mut leaves);
    let Some((place, field)) = dice.pick(&leaves) else {
        return;
    };
    let Some(value) = params.pointer_mut(place) else {
        return;
    };
    let is_address = ADDRESSES.contains(&field.as_str());
    if (is_address || dice.one_in(4))
        && let Some(other) = dice.pick(corpus.values(field))
    {
        *value = other.clone();
        return;
    }
    match value {
        Value::Bool(is) => *is = !*is,
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or_default();
            *value = self::number(dice, number).into();
        }
        Value::String(said) => {
            let changed = match hex::decode(said) {
                Some(raw) if !raw.is_empty() => Some(changed_bytes(dice, corpus, raw)),
                _ if said.starts_with('{') => text::change_json(dice, corpus, said),
                _ => None,
            };
            *said = changed.unwrap_or_else(|| text::change(dice, said));
        }
        Value::Array(items) => array(dice, items),
        Value::Null | Value::Object(_) => {}
    }
}

/// Changes one value, or a list of which there is so much that it comes to a bound.
pub(super) fn one_or_many(dice: &mut Dice, corpus: &Corpus, params: &mut Value) {
    if !dice.one_in(10) || many(dice, params).is_none() {
        one(dice, corpus, params);
    }
}

/// A list grows to about as many as some bound of the profile says, each but for its number as the last one; none where there is none.
fn many(dice: &mut Dice, params: &mut Value) -> Option<()> {
    let mut leaves = Vec::new();
    leaves_of(params, &mut String::new(), &mut leaves);
    let is_list = |place: &String| params.pointer(place).is_some_and(|it| it.get(0).is_some());
    let lists = leaves.into_iter().map(|(place, _)| place);
    let lists: Vec<String> = lists.filter(is_list).collect();
    let items = params.pointer_mut(dice.pick(&lists)?)?.as_array_mut()?;
    let mut last = items.last()?.clone();
    let most = items.len() + LONGEST_LIST / last.to_string().len().max(1);
    let bound = dice.pick(&BOUNDS)? + dice.below(3) - 1;
    while items.len() < bound.min(most) {
        let number = if last.is_object() {
            last.get_mut("id")
        } else {
            Some(&mut last)
        };
        if let Some(number) = number
            && let Some(former) = number.as_u64()
        {
            *number = former.wrapping_add(1).into();
        }
        items.push(last.clone());
    }
    Some(())
}

/// Bytes in hex, changed as what they are: a message, a payload, or bytes.
fn changed_bytes(dice: &mut Dice, corpus: &Corpus, mut raw: Vec<u8>) -> String {
    let changed = if dice.one_in(4) {
        None
    } else {
        message::change(dice, &raw).or_else(|| text::change_padded(dice, corpus, &raw))
    };
    match changed {
        Some(changed) => raw = changed,
        None => bytes(dice, &mut raw),
    }
    Hex(raw).to_string()
}

/// Changes bytes of which nothing is known.
pub(super) fn bytes(dice: &mut Dice, raw: &mut Vec<u8>) {
    if raw.is_empty() {
        raw.push(0);
        return;
    }
    let at = dice.below(raw.len());
    match dice.below(10) {
        0..=2 => raw[at] ^= 1 << dice.below(8),
        3 => raw[at] = [0x00, 0x01, 0x7f, 0x80, 0xff][dice.below(5)],
        4 => raw.truncate(at),
        5 => {
            raw.remove(at);
        }
        6 => raw.push(0),
        7 => raw.insert(0, 0),
        8 => {
            let last = raw.len() - 1;
            raw[last] ^= 0x80;
        }
        _ => raw.fill([0x00, 0xff][dice.below(2)]),
    }
}

fn number(dice: &mut Dice, number: u64) -> u64 {
    match dice.below(8) {
        0 | 1 => number.wrapping_add(1),
        2 | 3 => number.saturating_sub(1),
        4 => number.wrapping_add(time(dice)),
        5 => number.saturating_sub(time(dice)),
        6 => number.wrapping_mul(2),
        // But the last: no time and no id comes near it.
        _ => EDGES[dice.below(EDGES.len() - 1)],
    }
}

/// So many seconds as some bound of the profile has, or one more or less.
pub(super) fn time(dice: &mut Dice) -> u64 {
    DAYS[dice.below(DAYS.len())] * DAY + dice.below(3) as u64 - 1
}

fn array(dice: &mut Dice, items: &mut Vec<Value>) {
    if items.is_empty() {
        return;
    }
    let at = dice.below(items.len());
    match dice.below(3) {
        0 => {
            items.remove(at);
        }
        1 => items.push(items[at].clone()),
        _ => items.rotate_left(1),
    }
}

/// The places of all values that are no objects, with the names of their fields.
fn leaves_of(value: &Value, at: &mut String, found: &mut Vec<(String, String)>) {
    each_child(value, at, &mut |child, at, name| {
        if LEFT_ALONE.contains(&name) {
            return;
        }
        let is_address = ADDRESSES.contains(&name);
        if is_address || !child.is_object() {
            found.push((at.clone(), name.to_owned()));
        }
        if !is_address {
            leaves_of(child, at, found);
        }
    });
}

/// The places of all objects.
pub(super) fn objects(value: &Value, at: &mut String, found: &mut Vec<String>) {
    if value.is_object() {
        found.push(at.clone());
    }
    each_child(value, at, &mut |child, at, _| objects(child, at, found));
}

/// Each value within another, with its place as a JSON pointer and the name of the field that it is in or of.
fn each_child(value: &Value, at: &mut String, told: &mut dyn FnMut(&Value, &mut String, &str)) {
    let above = at.len();
    match value {
        Value::Object(fields) => {
            for (name, child) in fields {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                told(child, at, name);
                at.truncate(above);
            }
        }
        Value::Array(items) => {
            let field = at.rsplit('/').next().unwrap_or_default().to_owned();
            for (index, child) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                told(child, at, &field);
                at.truncate(above);
            }
        }
        _ => {}
    }
}

/// Every value of a field, by its name, that is an address, or no object and no array.
pub(super) fn scalars(value: &Value, told: &mut dyn FnMut(&str, &Value)) {
    each_child(value, &mut String::new(), &mut |child, _, name| {
        if ADDRESSES.contains(&name) {
            told(name, child);
        } else if child.is_object() || child.is_array() {
            scalars(child, told);
        } else if !LEFT_ALONE.contains(&name) {
            told(name, child);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_thing_is_changed_and_never_a_handle_or_randomness() {
        let corpus = Corpus::default();
        let before = json!({ "handle": "a", "randomness": "00", "to": { "id": 7, "name": "Ben" }, "list": [1, 2] });
        let mut dice = Dice::new("change");
        let mut changed = 0;
        for _ in 0..200 {
            let mut after = before.clone();
            one(&mut dice, &corpus, &mut after);
            assert_eq!(after["handle"], before["handle"]);
            assert_eq!(after["randomness"], before["randomness"]);
            changed += u32::from(after != before);
        }
        assert!(changed > 100, "{changed}");
    }

    #[test]
    fn a_list_comes_to_a_bound_and_what_is_numbered_goes_on() {
        let mut dice = Dice::new("many");
        let mut lengths = Vec::new();
        for _ in 0..200 {
            let mut params = json!({ "keys": [{ "id": 7, "key": "05" }] });
            assert_eq!(many(&mut dice, &mut params), Some(()));
            let keys = params["keys"].as_array().expect("it is a list");
            assert!(keys.iter().zip(7..).all(|(key, id)| key["id"] == id));
            lengths.push(keys.len());
        }
        for bound in [10, 201, 999] {
            assert!(lengths.contains(&bound), "{bound} of {lengths:?}");
        }
        assert_eq!(many(&mut dice, &mut json!({ "keys": [], "id": 1 })), None);
    }
}
