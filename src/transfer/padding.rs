//! The padding of a payload (ISO/IEC 7816-4; PAY-11).

use super::PayloadError;
use crate::requirement::{flawed, require};

/// The lengths that a plaintext has, in bytes: rising.
pub(super) const SIZES: [usize; 4] = [1 << 10, 1 << 12, 1 << 14, 1 << 16];
/// The most bytes of text that one of them holds.
pub(super) const MAX_TEXT: usize = SIZES[SIZES.len() - 1] - 1;
/// What the padding begins with; zeros follow.
const MARK: u8 = 0x80;

/// The shortest length that holds so much text, and is no shorter than `at_least`; none where none is so long.
pub(super) fn size(text: usize, at_least: usize) -> Option<usize> {
    let mut sizes = SIZES.into_iter();
    let size = sizes
        .find(|size| *size > flawed!("PAY-11 two bytes more", text, text + 1) && *size >= at_least);
    flawed!(
        "PRIV-03 small blocks",
        size,
        Some((text + 1).next_multiple_of(16))
    )
}

/// Appends 0x80, and zeros up to `size`.
pub(super) fn add(text: &mut Vec<u8>, size: usize) {
    text.push(MARK);
    text.resize(size.max(text.len()), 0);
}

/// What stands before the padding. Whether a shorter padding would have done is not looked at.
///
/// # Errors
/// Where `plaintext` is no text padded by [`add`].
pub(super) fn remove(plaintext: &[u8]) -> Result<&[u8], PayloadError> {
    let length = plaintext.len();
    let is_one = flawed!(
        "PRIV-03 small blocks",
        SIZES.contains(&length),
        length.is_multiple_of(16)
    );
    require!(
        "PAY-11",
        flawed!(
            "PAY-11 any block",
            is_one,
            length.is_multiple_of(256) && length <= SIZES[3]
        ),
        PayloadError::Padding("it has another length")
    );
    let mark = plaintext.iter().rposition(|&byte| byte != 0);
    let (text, padding) = plaintext.split_at(mark.unwrap_or_default());
    require!(
        "PAY-11",
        flawed!(
            "PAY-11 any mark",
            padding.first() == Some(&MARK),
            !padding.is_empty()
        ),
        PayloadError::Padding("no 0x80 stands before the zeros at its end")
    );
    flawed!("PAY-11 shortest alone", (), {
        if size(text.len(), 0) != Some(length) {
            return Err(PayloadError::Padding("a shorter one would have done"));
        }
    });
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, SIZES, add, remove, size};
    use proptest::prelude::*;

    #[test]
    fn each_size_is_the_shortest_that_will_do() {
        for (shorter, size_here) in std::iter::once(0).chain(SIZES).zip(SIZES) {
            assert_eq!(size(shorter, 0), Some(size_here));
            assert_eq!(size(size_here - 1, 0), Some(size_here));
            assert_eq!(size(0, shorter + 1), Some(size_here));
            assert_eq!(size(0, size_here), Some(size_here));
        }
        assert_eq!(size(MAX_TEXT, 0), Some(SIZES[3]));
        assert_eq!(size(MAX_TEXT + 1, 0), None);
        assert_eq!(size(0, SIZES[3] + 1), None);
    }

    proptest! {
        #[test]
        fn whatever_is_padded_is_found_again(
            text in prop::collection::vec(any::<u8>(), 0..6000), at_least in 0..=SIZES[3],
        ) {
            let mut padded = text.clone();
            add(&mut padded, size(text.len(), at_least).expect("short enough"));
            prop_assert!(SIZES.contains(&padded.len()) && padded.len() >= at_least);
            prop_assert_eq!(remove(&padded), Ok(&text[..]));
        }

        /// Whatever is accepted is what `add` makes of it.
        #[test]
        fn no_other_padding_is_accepted(
            mut plaintext in prop::collection::vec(prop_oneof![Just(0), Just(0x80), any::<u8>()], 0..4)
                .prop_flat_map(|end| (Just(end), prop::sample::select(&[0_usize, 256, 1024, 4096][..]), -2_isize..3))
                .prop_map(|(end, length, off)| {
                    let length = length.saturating_add_signed(off);
                    let mut bytes = vec![0x20; length.saturating_sub(end.len())];
                    bytes.extend(end);
                    bytes
                }),
            zeros in prop_oneof![0_usize..4, 700_usize..800, 3000_usize..3100],
        ) {
            plaintext.resize(plaintext.len() + zeros, 0);
            if let Ok(text) = remove(&plaintext) {
                let mut again = text.to_vec();
                add(&mut again, plaintext.len());
                prop_assert!(SIZES.contains(&again.len()));
                prop_assert_eq!(again, plaintext);
            }
        }
    }
}
