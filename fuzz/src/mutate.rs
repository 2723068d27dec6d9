//! A mutator that knows the wire format: it changes a field and puts the lengths right again, so that what is inside a
//! prekey message is reached as often as what is outside.

/// A field as it stands: its tag, and a number or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Number(u64),
    Bytes(Vec<u8>),
}

type Field = (u64, Content);

fn read_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The fields after the version byte; none where they cannot be told apart.
fn read(bytes: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut at = 1;
    while at < bytes.len() {
        let tag = read_varint(bytes, &mut at)?;
        let number = read_varint(bytes, &mut at)?;
        fields.push(match tag & 7 {
            0 => (tag, Content::Number(number)),
            2 => {
                let end = at.checked_add(usize::try_from(number).ok()?)?;
                let content = bytes.get(at..end)?.to_vec();
                at = end;
                (tag, Content::Bytes(content))
            }
            _ => return None,
        });
    }
    Some(fields)
}

fn write(version: u8, fields: &[Field]) -> Vec<u8> {
    let mut out = vec![version];
    for (tag, content) in fields {
        write_varint(&mut out, *tag);
        match content {
            Content::Number(number) => write_varint(&mut out, *number),
            Content::Bytes(bytes) => {
                write_varint(&mut out, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
        }
    }
    out
}

/// Another message made of this one; `bytes` changes bytes in any way. None where it is no message.
#[must_use]
pub fn message(
    message: &[u8],
    seed: u32,
    bytes: &mut dyn FnMut(&[u8]) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let mut fields = read(message)?;
    let (what, which) = (seed % 8, (seed / 8) as usize);
    let chosen = which.checked_rem(fields.len())?;
    match (what, &mut fields[chosen].1) {
        (0, _) => {
            fields.remove(chosen);
        }
        (1, _) => {
            let field = fields[chosen].clone();
            fields.insert(which / 7 % (fields.len() + 1), field);
        }
        (2, _) => {
            let other = which / 7 % fields.len();
            fields.swap(chosen, other);
        }
        (_, Content::Number(number)) => {
            *number = match what {
                3 => number.wrapping_add(1),
                4 => number.wrapping_sub(1),
                5 => u64::from(u32::MAX),
                6 => 1 << (which % 40),
                _ => u64::from(seed),
            };
        }
        (_, Content::Bytes(content)) => {
            let inner = self::message(content, seed.rotate_right(9), bytes);
            *content = match inner.filter(|_| what > 4) {
                Some(inner) => inner,
                None => bytes(content),
            };
        }
    }
    Some(write(*message.first()?, &fields))
}

/// The mutator of the targets that read messages, as libFuzzer calls it.
#[cfg(feature = "libfuzzer")]
pub fn fuzz(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let plain = |data: &mut [u8]| libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    if seed.is_multiple_of(4) {
        return plain(data);
    }
    let mut change = |content: &[u8]| {
        let mut changed = content.to_vec();
        changed.resize(content.len() + 16, 0);
        let room = changed.len();
        let length = libfuzzer_sys::fuzzer_mutate(&mut changed, content.len(), room);
        changed.truncate(length);
        changed
    };
    match message(&data[..size], seed, &mut change) {
        Some(other) if other.len() <= max_size && other.len() <= data.len() => {
            data[..other.len()].copy_from_slice(&other);
            other.len()
        }
        _ => plain(data),
    }
}

#[cfg(test)]
mod tests {
    use super::{message, read, write};

    #[test]
    fn what_is_read_is_written_again_and_a_change_keeps_the_lengths_right() {
        let seeds = crate::folder().join("seeds/wire_prekey");
        let mut changed = 0;
        for file in std::fs::read_dir(seeds).expect("seeds").flatten() {
            let bytes = std::fs::read(file.path()).expect("a seed");
            let Some(fields) = read(&bytes) else { continue };
            assert!(read(&write(bytes[0], &fields)).as_ref() == Some(&fields));
            for seed in 0..400 {
                let mut longer = |content: &[u8]| [content, &[1]].concat();
                if let Some(other) = message(&bytes, seed, &mut longer) {
                    assert!(read(&other).is_some(), "{other:02x?}");
                    changed += usize::from(other != bytes);
                }
            }
        }
        assert!(changed > 1000, "{changed}");
    }
}
