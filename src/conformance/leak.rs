//! Whether bytes show a secret.

use crate::hex::Hex;

/// Whether `state` holds `secret`: as raw bytes, in hex, or in base64 from its first byte on.
pub(super) fn holds(state: &[u8], secret: &Hex) -> bool {
    let base64 = data_encoding::BASE64_NOPAD.encode(secret);
    // The last digit of unaligned base64 also carries bits of what follows.
    let base64 = &base64[..base64.len() - usize::from(!secret.len().is_multiple_of(3))];
    let hex = secret.to_string();
    [
        &secret[..],
        hex.as_bytes(),
        hex.to_ascii_uppercase().as_bytes(),
        base64.as_bytes(),
    ]
    .iter()
    .any(|needle| contains(state, needle))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty()
        && haystack
            .windows(needle.len())
            .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_form_that_a_state_might_write_it_in() {
        let secret = Hex(vec![0xde, 0xad, 0xbe, 0xef]);
        for state in [
            &b"..\xde\xad\xbe\xef.."[..],
            b"{\"k\":\"deadbeef\"}",
            b"DEADBEEF",
            b"k=3q2+7w==",
        ] {
            assert!(holds(state, &secret));
        }
        assert!(!holds(b"\xde\xad\xbe", &secret));
    }
}
