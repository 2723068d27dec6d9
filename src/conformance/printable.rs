//! Text from outside, made harmless: what adapters, vector files, scripts and transcripts say is shown by terminals,
//! browsers and CI, and must neither steer them nor forge a line.
//!
//! What is shown as it is: whatever Rust's own `{:?}` shows so, and quotes. The rest stands as `\n`, `\u{1b}`: control
//! characters, line and paragraph separators, marks that turn the direction of writing, characters without width, those
//! that Unicode does not assign or never will.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// Shows whatever it holds on one line.
///
/// ```
/// use tigress_signal::conformance::printable::Printable;
/// let name = "kdf\nok  \u{1b}[2J\u{202e}";
/// assert_eq!(Printable(name).to_string(), r"kdf\nok  \u{1b}[2J\u{202e}");
/// assert_eq!(Printable("größer, 'ёж', 日本").to_string(), "größer, 'ёж', 日本");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Printable<T>(pub T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Passes on what may be shown, and escapes the rest.
struct Escaping<'a, W>(&'a mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(|c| !is_shown(c)) {
            let last = part.chars().next_back().filter(|c| !is_shown(*c));
            let shown = last.map_or(part.len(), |c| part.len() - c.len_utf8());
            self.0.write_str(&part[..shown])?;
            if let Some(c) = last {
                write!(self.0, "{}", c.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Whether a character is shown as it is.
#[must_use]
pub fn is_shown(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // `{:?}` of a text, and not of the character alone: a combining mark may follow a letter.
    let mut bytes = [b'a'; 5];
    let end = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// Text of several lines, for where one alone says too little: each is made harmless by itself. `before` stands before each
/// but the first, so that none of them passes for a line of the program's own.
#[must_use]
pub fn block(text: &str, before: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| Printable(line).to_string())
        .collect();
    lines.join(&format!("\n{before}"))
}

/// JSON that means the same: where a string holds what is not shown as it is, `\uXXXX` stands for it.
///
/// `json` is valid JSON, so that nothing outside its strings but line feeds is concerned.
#[must_use]
pub fn json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_shown(c) {
            shown.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A `String` takes whatever is written to it.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// A long text by its beginning and its end, which together have three quarters of `at_most` characters; how long it was
/// is said behind.
#[must_use]
pub fn shortened(text: &str, at_most: usize) -> Cow<'_, str> {
    // No text has more characters than bytes.
    if text.len() <= at_most || text.chars().nth(at_most).is_none() {
        return Cow::Borrowed(text);
    }
    let head = text.char_indices().nth(at_most / 2);
    let tail = text.char_indices().rev().take(at_most / 4).last();
    let head = &text[..head.map_or(0, |(at, _)| at)];
    let tail = &text[tail.map_or(text.len(), |(at, _)| at)..];
    Cow::Owned(format!(
        "{head}…{tail} ({} characters)",
        text.chars().count()
    ))
}

/// An argument as a shell takes it.
#[must_use]
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Characters that terminals, browsers or XML take for more than a sign, by the tables of Unicode 16.
    fn is_harmful(c: char) -> bool {
        matches!(
            u32::from(c),
            // Control characters.
            0..=0x1f | 0x7f..=0x9f
            // Marks, embeddings, overrides and isolates of the direction of writing.
            | 0x061c | 0x200e..=0x200f | 0x202a..=0x202e | 0x2066..=0x2069
            // Ends of lines and paragraphs.
            | 0x2028..=0x2029
            // Without width or shape: soft hyphen, joiners, invisible operators, annotations, tags.
            | 0xad | 0x180e | 0x200b..=0x200d | 0x2060..=0x2064 | 0x206a..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xe0001 | 0xe0020..=0xe007f
            // Never characters.
            | 0xfdd0..=0xfdef
        ) || u32::from(c) & 0xfffe == 0xfffe
    }

    #[test]
    fn no_harmful_character_is_shown() {
        let shown: Vec<char> = ('\0'..=char::MAX)
            .filter(|&c| is_harmful(c) && is_shown(c))
            .collect();
        assert!(shown.is_empty(), "{shown:?}");
    }

    /// What this project's own pages say, and what its users write, in whatever language.
    #[test]
    fn letters_are_shown_as_they_are() {
        for text in [
            r#"{"a": "b\n", 'c': …}"#,
            "größer → кириллица, 中文, עברית, हिन्दी, e\u{301}, 🔑",
            include_str!("../../docs/profile.md"),
        ] {
            for line in text.lines() {
                assert_eq!(Printable(line).to_string(), line);
            }
        }
    }

    #[test]
    fn a_shell_reads_a_quoted_argument_as_it_was() {
        for argument in [
            "a/b-c.d",
            "x.feature:5",
            "my vectors",
            "it's",
            "",
            "a\\b\"$c`;#",
            "é",
        ] {
            let read = shlex::split(&quoted(argument));
            assert_eq!(read, Some(vec![argument.to_owned()]));
        }
        assert_eq!(quoted("scenarios/a.feature:5"), "scenarios/a.feature:5");
    }

    proptest! {
        #[test]
        fn whatever_is_shown_is_one_harmless_line(text in any::<String>(), hostile in r"[\x00-\x1f\x7f-\x9f\u{2028}-\u{202e}\u{fffe}\u{e0041}a]{0,40}") {
            for text in [&text, &hostile] {
                prop_assert!(!Printable(text).to_string().contains(is_harmful));
                let lines = block(text, "");
                prop_assert!(lines.lines().all(|line| !line.contains(is_harmful)));
                prop_assert!(lines.lines().count() <= text.lines().count());
            }
        }

        #[test]
        fn harmless_json_means_the_same(text in any::<String>()) {
            let value = serde_json::json!({ text.clone(): [text] });
            let shown = json(&format!("{value:#}"));
            prop_assert!(!shown.contains(|c| is_harmful(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
        }

        #[test]
        fn a_shortened_text_is_short(text in ".{0,300}", at_most in 8..200_usize) {
            let short = shortened(&text, at_most);
            let length = text.chars().count();
            if length <= at_most {
                prop_assert_eq!(&*short, &*text);
            } else {
                prop_assert!(short.chars().count() <= at_most + 20);
                let end = format!(" ({length} characters)");
                prop_assert!(short.ends_with(&end), "{}", short);
            }
        }
    }
}
