//! The numbers in a requirement's text.

use crate::conformance::catalogue::is_requirement_id;

/// A number without the commas and spaces in it: `2,592,000` as `2592000`, `2^32 - 1` as `2^32-1`.
#[must_use]
pub fn normal(number: &str) -> String {
    number.replace([',', ' '], "")
}

/// The words before a number that make it part of a name: `RFC 8032`, `section 5`, `IEEE 754`.
const NAMES: [&str; 6] = ["RFC", "section", "sections", "version", "IEEE", "ISO/IEC"];

/// The numbers of a text, in order and in their normal form. What stands in back quotes is a name or an example, and so is a
/// number behind one of a few words (`RFC 8032 section 5.1`) or in a word with letters (`SHA-256`); `33-byte` has one.
#[must_use]
pub fn numbers(text: &str) -> Vec<String> {
    let spoken: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let mut found: Vec<String> = Vec::new();
    let mut before = "";
    let mut words = spoken.split_whitespace().peekable();
    while let Some(word) = words.next() {
        for part in word.split(['(', ')', '[', ']', '*', '=', ':', ';']) {
            let part = part.trim_end_matches(['.', ',']);
            if part.is_empty() {
                continue;
            }
            if let Some(number) = number(part).filter(|_| !NAMES.contains(&before)) {
                found.push(normal(number));
            }
            before = part;
        }
        // `2^32 - 1`
        if before.starts_with("2^")
            && !word.ends_with([',', ')', '.', ';', ':'])
            && words.peek() == Some(&"-")
        {
            words.next();
            let rest = words.next().unwrap_or_default();
            let less: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if let Some(last) = found.last_mut() {
                last.push('-');
                last.push_str(&less);
            }
        }
    }
    found
}

/// The number that a word is, or that it begins with before a hyphen and small letters.
fn number(word: &str) -> Option<&str> {
    if is_requirement_id(word) {
        return None;
    }
    let begins = word.starts_with(|c: char| c.is_ascii_digit());
    let (first, rest) = word.split_once('-').unwrap_or((word, "a"));
    let is_number = first.starts_with("0x")
        || first
            .chars()
            .all(|c| c.is_ascii_digit() || c == ',' || c == '^');
    let described = rest.starts_with(|c: char| c.is_ascii_lowercase());
    (begins && is_number && described).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_names() {
        let found = |text: &str, expected: &[&str]| assert_eq!(numbers(text), expected, "{text}");
        found("from 1 to 2^24 - 1, unique", &["1", "2^24-1"]);
        found("SHA-512(0xFE 0xFF*31, a, M, Z).", &["0xFE", "0xFF", "31"]);
        found("RFC 7748 section 5, as X25519 in KEY-01 to KEY-04", &[]);
        found(
            "its 17-byte address (2,592,000 seconds)",
            &["17", "2592000"],
        );
        found(
            "`1.0` or u >= 2^255 - 19, or bit 255 set",
            &["2^255-19", "255"],
        );
        found("ISO/IEC 7816-4 to 1,024, 4,096", &["1024", "4096"]);
        found("after s + q below 2^253, as the others", &["2^253"]);
    }
}
