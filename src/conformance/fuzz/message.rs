//! A message of section 5 with one thing changed, by its structure: fields, tags, lengths, and the forms of numbers.

use crate::conformance::dice::Dice;

/// A field as it stands.
#[derive(Clone)]
struct Field {
    tag: u64,
    /// So many bytes more than needed the tag, and the number or length, take.
    padding: (usize, usize),
    value: Value,
}

#[derive(Clone)]
enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

/// Numbers at the ends of what a varint, an id or a counter holds.
pub(super) const EDGES: [u64; 24] = [
    0,
    1,
    126,
    127,
    128,
    129,
    255,
    256,
    999,
    1000,
    1001,
    16_379,
    16_380,
    16_381,
    16_383,
    16_384,
    65_535,
    65_536,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    u64::MAX,
];

/// Changes one thing of a message; none where it is not read as one.
pub(super) fn change(dice: &mut Dice, message: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = message.split_first()?;
    let mut fields = read(rest)?;
    let mut version = *version;
    if fields.is_empty() {
        return None;
    }
    let index = dice.below(fields.len());
    match dice.below(12) {
        0 => version = *dice.pick(&[0, 0x01, 0x10, 0x12, 0x21, 0x33, 0x34, 0x91])?,
        1 => {
            fields.remove(index);
        }
        2 => {
            let again = fields[index].clone();
            fields.push(again);
        }
        3 => {
            let other = dice.below(fields.len());
            fields.swap(index, other);
        }
        4 => {
            let tag = *dice.pick(&[0x38, 0x3a, 0x78, 0x7a, 0x80, 0x00, 0x0d, 0x09, 0x0b])?;
            let value = if tag & 7 == 2 {
                Value::Bytes(vec![0; dice.below(4)])
            } else {
                Value::Number(*dice.pick(&EDGES)?)
            };
            let padding = (0, 0);
            fields.insert(
                dice.below(fields.len() + 1),
                Field {
                    tag,
                    padding,
                    value,
                },
            );
        }
        5 => fields[index].padding.0 = 1 + dice.below(9),
        6 | 7 => fields[index].padding.1 = 1 + dice.below(9),
        8 => fields[index].tag ^= 1 << dice.below(6),
        _ => change_value(dice, &mut fields[index].value)?,
    }
    let mut out = vec![version];
    for field in &fields {
        varint(&mut out, field.tag, field.padding.0);
        match &field.value {
            Value::Number(number) => varint(&mut out, *number, field.padding.1),
            Value::Bytes(bytes) => {
                varint(&mut out, bytes.len() as u64, field.padding.1);
                out.extend(bytes);
            }
        }
    }
    Some(out)
}

fn change_value(dice: &mut Dice, value: &mut Value) -> Option<()> {
    match value {
        Value::Number(number) => {
            *number = match dice.below(4) {
                0 => number.wrapping_add(1),
                1 => number.wrapping_sub(1),
                _ => *dice.pick(&EDGES)?,
            };
        }
        Value::Bytes(bytes) => {
            // A message within the message.
            let inner = dice
                .one_in(2)
                .then(|| change(dice, bytes).filter(|_| bytes.len() > 40));
            match inner.flatten() {
                Some(changed) => *bytes = changed,
                None => super::change::bytes(dice, bytes),
            }
        }
    }
    Some(())
}

fn read(mut rest: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = number(&mut rest)?;
        let value = match tag & 7 {
            0 => Value::Number(number(&mut rest)?),
            2 => {
                let length = usize::try_from(number(&mut rest)?).ok()?;
                let (bytes, behind) = rest.split_at_checked(length)?;
                rest = behind;
                Value::Bytes(bytes.to_vec())
            }
            _ => return None,
        };
        fields.push(Field {
            tag,
            padding: (0, 0),
            value,
        });
    }
    Some(fields)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..9 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A varint with so many bytes more than it needs.
fn varint(out: &mut Vec<u8>, mut value: u64, padding: usize) {
    let mut left = padding;
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 && left == 0 {
            out.push(low);
            return;
        }
        if value == 0 {
            left -= 1;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_varint_says_the_same() {
        for padding in 0..4 {
            let mut out = Vec::new();
            varint(&mut out, 300, padding);
            assert_eq!(out.len(), 2 + padding);
            let mut rest = &out[..];
            assert_eq!(number(&mut rest), Some(300));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn what_is_no_message_is_left_alone() {
        let mut dice = Dice::new("message");
        assert_eq!(change(&mut dice, b""), None);
        assert_eq!(change(&mut dice, b"{\"format\":1}"), None);
        let message = [0x11, 0x0a, 0x01, 0x05, 0x10, 0x03];
        assert!((0..50).all(|_| change(&mut dice, &message).is_some()));
    }
}
