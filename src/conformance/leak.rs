//! Whether bytes show a secret.

use crate::hex::Hex;

/// Encodings inside encodings are undone up to this depth: a payload in hex in JSON in hex is three deep.
const DEPTH: u32 = 5;

/// Whether `state` holds `secret`: as raw bytes, in hex, in base64, in a list of decimal numbers, with escapes, or in any of
/// them inside another (base64 in JSON in hex, say), wherever it begins.
pub(super) fn holds(state: &[u8], secret: &Hex) -> bool {
    !secret.is_empty()
        && any_reading(state, secret.len(), DEPTH, &mut |bytes| {
            contains(bytes, secret)
        })
}

/// Whether `look` says so of the bytes, or of what stands in them in hex, base64, as a list of numbers or behind escapes, so
/// many encodings deep. What is shorter than `at_least` bytes is not looked at.
pub(super) fn any_reading(
    bytes: &[u8],
    at_least: usize,
    depth: u32,
    look: &mut dyn FnMut(&[u8]) -> bool,
) -> bool {
    if bytes.len() < at_least {
        return false;
    }
    if look(bytes) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let mut inside = |decoded: Vec<u8>| any_reading(&decoded, at_least, depth, look);
    // What is too short to hold so many bytes is not undone: so nearly nothing of random bytes is.
    let of_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte.is_ascii_whitespace();
    for run in runs(bytes, of_hex, 2 * at_least) {
        let digits: Vec<u8> = run.iter().copied().filter(u8::is_ascii_hexdigit).collect();
        if [0, 1]
            .iter()
            .any(|skip| inside(from_hex(digits.get(*skip..).unwrap_or_default())))
        {
            return true;
        }
    }
    let of_base64 = |byte| digit_of_base64(byte).is_some();
    for run in runs(bytes, of_base64, at_least * 4 / 3) {
        if (0..4).any(|skip| inside(from_base64(run.get(skip..).unwrap_or_default()))) {
            return true;
        }
    }
    let of_list =
        |byte: u8| byte.is_ascii_digit() || b",-".contains(&byte) || byte.is_ascii_whitespace();
    if runs(bytes, of_list, 2 * at_least - 1).any(|run| inside(from_list(run))) {
        return true;
    }
    contains(bytes, b"\\x") && inside(from_escapes(bytes))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// The longest runs of such bytes, of at least that length.
fn runs(bytes: &[u8], is: impl Fn(u8) -> bool, at_least: usize) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(move |byte| !is(*byte))
        .filter(move |run| run.len() >= at_least.max(1))
}

fn from_hex(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a' - 10) & 15,
    };
    digits
        .chunks_exact(2)
        .map(|pair| (value(pair[0]) << 4) | value(pair[1]))
        .collect()
}

/// The six bits of a digit of either alphabet of RFC 4648.
fn digit_of_base64(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Whole bytes of digits; bits that are left over are not looked at.
fn from_base64(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.iter().filter_map(|digit| digit_of_base64(*digit)) {
        bits = (bits << 6) | digit;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

/// The numbers of a list that are bytes, with a sign or without.
fn from_list(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let numbers = text
        .split(',')
        .filter_map(|number| number.trim().parse().ok());
    numbers
        .filter(|number: &i16| (-128..=255).contains(number))
        .map(|number| number.to_le_bytes()[0])
        .collect()
}

/// Text as Python, C and Rust print bytes that are no letters: `\x0a`, `\n`.
fn from_escapes(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (read, length) = match rest {
            [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (from_hex(&[*high, *low])[0], 3)
            }
            [b'n', ..] => (b'\n', 1),
            [b'r', ..] => (b'\r', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (0, 1),
            [other, ..] => (*other, 1),
            [] => break,
        };
        bytes.push(read);
        rest = &rest[length..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"the token of the hotel key";

    fn hex(bytes: &[u8]) -> Vec<u8> {
        Hex(bytes.to_vec()).to_string().into_bytes()
    }

    fn base64(bytes: &[u8]) -> Vec<u8> {
        data_encoding::BASE64.encode(bytes).into_bytes()
    }

    fn list(bytes: &[u8]) -> Vec<u8> {
        format!("{bytes:?}").into_bytes()
    }

    fn json(bytes: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        serde_json::json!({ "version": 1, "held": text, "more": [] })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_secret_is_found_in_each_form_that_a_state_might_write_it_in() {
        let secret = Hex(vec![0xde, 0xad, 0xbe, 0xef]);
        for state in [
            &b"..\xde\xad\xbe\xef.."[..],
            b"{\"k\":\"deadbeef\"}",
            b"DEADBEEF",
            b"k=3q2+7w==",
            b"k=3q2-7w",
            b"[222, 173, 190, 239]",
            b"[1,222,173,190,239,2]",
            b"[-34, -83, -66, -17]",
            b"de ad be ef",
            b"<Buffer 05 DE AD BE EF 0a>",
            b"de:ad:be:ef",
            b"b'.\\xde\\xad\\xbe\\xef'",
        ] {
            assert!(holds(state, &secret), "{}", String::from_utf8_lossy(state));
        }
        assert!(!holds(b"\xde\xad\xbe", &secret));
        assert!(!holds(b"\xde\xad\xbe\xef", &Hex(Vec::new())));
    }

    #[test]
    fn encodings_inside_encodings_are_undone() {
        let secret = Hex(TOKEN.to_vec());
        for state in [
            hex(&base64(TOKEN)),
            base64(&hex(TOKEN)),
            hex(&json(&base64(TOKEN))),
            base64(&json(&hex(TOKEN))),
            hex(&hex(&base64(TOKEN))),
            json(&hex(&json(&base64(TOKEN)))),
            base64(&base64(TOKEN)),
            list(&json(&base64(TOKEN))),
            hex(&json(&hex(&json(&base64(TOKEN))))),
        ] {
            assert!(
                holds(&state, &secret),
                "{}",
                String::from_utf8_lossy(&state)
            );
        }
    }

    #[test]
    fn it_may_begin_anywhere_in_what_is_encoded() {
        let secret = Hex(TOKEN.to_vec());
        for before in 0..4 {
            let around = [&b"...."[..before], TOKEN, b".."].concat();
            assert!(holds(&base64(&around), &secret), "{before}");
            assert!(holds(&hex(&base64(&around)), &secret), "{before}");
            let odd = [b"0".repeat(before), hex(TOKEN)].concat();
            assert!(holds(&odd, &secret), "{before}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let secret = Hex(TOKEN.to_vec());
        let other = b"the token of the hotel kez";
        for state in [hex(&json(&base64(other))), base64(&hex(other)), list(other)] {
            assert!(!holds(&state, &secret));
        }
    }
}
