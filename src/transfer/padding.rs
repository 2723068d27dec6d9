//! The padding of a payload (ISO/IEC 7816-4; PAY-11).

use super::PayloadError;
use crate::requirement::{flawed, require};

/// The padded length is a multiple of this many bytes.
const BLOCK: usize = 256;
/// What the padding begins with; zeros follow.
const MARK: u8 = 0x80;

/// Appends 0x80 and as many zeros as the next multiple of 256 bytes asks for: 1 to 256 bytes in all.
pub(super) fn add(text: &mut Vec<u8>) {
    text.push(MARK);
    let block = flawed!("PRIV-03 small blocks", BLOCK, 16);
    text.resize(text.len().next_multiple_of(block), 0);
}

/// What stands before the padding.
///
/// # Errors
/// Where `plaintext` is no text padded by [`add`].
pub(super) fn remove(plaintext: &[u8]) -> Result<&[u8], PayloadError> {
    require!(
        "PAY-11",
        plaintext
            .len()
            .is_multiple_of(flawed!("PRIV-03 small blocks", BLOCK, 16)),
        PayloadError::Padding("its length is no multiple of 256 bytes")
    );
    let mark = plaintext.iter().rposition(|&byte| byte != 0);
    let (text, padding) = plaintext.split_at(mark.unwrap_or_default());
    require!(
        "PAY-11",
        padding.first() == Some(&MARK),
        PayloadError::Padding("no 0x80 stands before the zeros at its end")
    );
    require!(
        "PAY-11",
        padding.len() <= BLOCK,
        PayloadError::Padding("its padding is longer than 256 bytes")
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, add, remove};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_padded_is_found_again(text in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut padded = text.clone();
            add(&mut padded);
            prop_assert!(padded.len().is_multiple_of(BLOCK));
            prop_assert!((1..=BLOCK).contains(&(padded.len() - text.len())));
            prop_assert_eq!(remove(&padded), Ok(&text[..]));
        }

        /// One padding for each text: whatever is accepted is what `add` makes.
        #[test]
        fn no_other_padding_is_accepted(
            mut plaintext in prop::collection::vec(prop_oneof![Just(0), Just(0x80), any::<u8>()], 0..4)
                .prop_flat_map(|end| (Just(end), 0_usize..3, -2_isize..3))
                .prop_map(|(end, blocks, off)| {
                    let length = (blocks * BLOCK).saturating_add_signed(off);
                    let mut bytes = vec![0x20; length.saturating_sub(end.len())];
                    bytes.extend(end);
                    bytes
                }),
            zeros in 0_usize..600,
        ) {
            plaintext.resize(plaintext.len() + zeros, 0);
            if let Ok(text) = remove(&plaintext) {
                let mut again = text.to_vec();
                add(&mut again);
                prop_assert_eq!(again, plaintext);
            }
        }
    }
}
