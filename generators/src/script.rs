//! Conversations as text: for families whose cases read best as who asks what, and what comes of it.
//!
//! ```text
//! # Text before a blank line speaks of the file.
//!
//! # the comment of a case
//! # may go on in a second line
//! name_of_the_case [Flag Flag: MBX-01 MBX-02] a step; another step
//!     a step
//!     a further step
//!         -> and what comes of it: this line goes on with the one before
//! another_case [Flag: MBX-01]: "a short comment" a step
//! ```

use crate::builder::About;
use tigress_signal::hex;

/// A script of the folder `scripts/`.
pub(crate) struct Script {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

/// The scripts of a folder, in the order of the vectors.
macro_rules! scripts {
    ($folder:literal: $($file:literal)*) => {
        &[$($crate::script::Script {
            path: concat!("generators/scripts/", $folder, "/", $file),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/", $folder, "/", $file)),
        }),*]
    };
}
pub(crate) use scripts;

impl Script {
    /// Plays each case.
    ///
    /// # Panics
    /// Where the script is none, or what it says is not so.
    pub(crate) fn each(&self, play: impl FnMut(&Case<'static>) -> Result<(), ScriptError>) {
        let played = cases(self.text).and_then(|cases| cases.iter().try_for_each(play));
        if let Err((line, what)) = played {
            panic!("{}:{line}: {what}", self.path);
        }
    }
}

/// What plays the steps of a script.
pub(crate) trait Play {
    /// Plays the step that comes next.
    fn step(&mut self, w: &mut Words<'_>) -> Result<()>;

    /// Plays a line of steps.
    fn line(&mut self, line: &str) -> Result<()> {
        let mut w = Words(line);
        self.step(&mut w)?;
        while w.eat(";") {
            self.step(&mut w)?;
        }
        w.end()
    }

    /// Plays lines of steps, of which each has its number.
    fn lines(&mut self, lines: &[(usize, String)]) -> Result<(), ScriptError> {
        let mut lines = lines.iter();
        lines.try_for_each(|(line, steps)| self.line(steps).map_err(|what| (*line, what)))
    }
}

/// A case as it stands in a script.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) line: usize,
    pub(crate) comment: String,
    pub(crate) name: &'a str,
    pub(crate) flags: Vec<&'a str>,
    pub(crate) requirements: Vec<&'a str>,
    /// Each line of steps, with its number; the first may stand behind the brackets.
    pub(crate) steps: Vec<(usize, String)>,
}

impl Case<'_> {
    /// What its vector says of itself.
    pub(crate) fn about(&self) -> About<'_> {
        About {
            name: self.name.into(),
            comment: &self.comment,
            flags: &self.flags,
            requirements: &self.requirements,
        }
    }
}

/// What is wrong, and in which line of the script, from 1.
pub(crate) type ScriptError = (usize, String);

/// The cases of a script.
pub(crate) fn cases(script: &str) -> Result<Vec<Case<'_>>, ScriptError> {
    let (mut cases, mut comment) = (Vec::<Case>::new(), Vec::new());
    for (line, text) in (1..).zip(script.lines()) {
        if text.is_empty() {
            comment.clear();
        } else if let Some(text) = text.strip_prefix("# ") {
            comment.push(text);
        } else if text.starts_with(' ') {
            let of = cases.last_mut().filter(|_| comment.is_empty());
            let of = of.ok_or((line, "a step of no case".to_owned()))?;
            let text = text.trim();
            match of.steps.last_mut() {
                Some((_, before)) if text.starts_with("->") => {
                    before.push(' ');
                    before.push_str(text);
                }
                _ => of.steps.push((line, text.to_owned())),
            }
        } else {
            let case = heading(line, text, std::mem::take(&mut comment).join(" "));
            let case = case.ok_or((line, format!("`{text}` is no heading")))?;
            if case.comment.is_empty() {
                return Err((line, format!("{} has no comment", case.name)));
            }
            cases.push(case);
        }
    }
    match cases.iter().find(|case| case.steps.is_empty()) {
        Some(case) => Err((case.line, format!("{} has no step", case.name))),
        None => Ok(cases),
    }
}

/// `name [Flag: MBX-01 MBX-02] steps` under its comment, or `name [Flag: MBX-01 MBX-02]: "comment" steps`.
fn heading(line: usize, text: &str, above: String) -> Option<Case<'_>> {
    let (name, rest) = text.split_once(" [")?;
    let (about, rest) = rest.split_once(']')?;
    let (flags, requirements) = about.split_once(": ")?;
    let behind = rest.strip_prefix(": \"");
    let (behind, steps) = behind.map_or(Some(("", rest)), |rest| rest.split_once('"'))?;
    let steps = Some(steps.trim_start()).filter(|steps| !steps.is_empty());
    Some(Case {
        line,
        comment: above + behind,
        name,
        flags: flags.split(' ').collect(),
        requirements: requirements.split(' ').collect(),
        steps: steps
            .map(|steps| (line, steps.to_owned()))
            .into_iter()
            .collect(),
    })
}

/// What is wrong with a line.
pub(crate) type Result<T, E = String> = std::result::Result<T, E>;

/// What is still to be read of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a>(pub(crate) &'a str);

impl<'a> Words<'a> {
    /// What is read next, or what else there is: an error.
    pub(crate) fn expected<T>(&self, what: &str) -> Result<T> {
        match self.0 {
            "" => Err(format!("{what} is missing at the end")),
            rest => Err(format!("expected {what}, not `{rest}`")),
        }
    }

    /// The next word, without what separates words.
    pub(crate) fn word(&mut self) -> &'a str {
        let end = self.0.find([' ', ',', ';', ']']).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.trim_start();
        word
    }

    /// Whether these words come next; they are read then.
    pub(crate) fn eat(&mut self, words: &str) -> bool {
        let rest = self.0.strip_prefix(words);
        let whole = |rest: &&str| {
            let letters = |end: Option<char>| end.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !(letters(words.chars().last()) && letters(rest.chars().next()))
        };
        let rest = rest.filter(whole);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    /// Whether that noun comes next, in the singular or the plural.
    pub(crate) fn noun(&mut self, noun: &str) -> bool {
        self.eat(noun) || self.eat(&format!("{noun}s"))
    }

    pub(crate) fn need(&mut self, words: &str) -> Result<()> {
        if self.eat(words) {
            Ok(())
        } else {
            self.expected(&format!("`{words}`"))
        }
    }

    /// What `read` reads, where these words come next.
    pub(crate) fn after<T>(
        &mut self,
        words: &str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.eat(words) {
            read(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// That nothing is left.
    pub(crate) fn end(&self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            self.expected("the end")
        }
    }

    /// Up to and without that character, which is read too.
    pub(crate) fn until(&mut self, end: char) -> Result<&'a str> {
        let Some((text, rest)) = self.0.split_once(end) else {
            return self.expected(&format!("`{end}`"));
        };
        self.0 = rest.trim_start();
        Ok(text)
    }

    /// Whether a number comes next.
    pub(crate) fn is_number(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit()) && !self.0.starts_with("0x")
    }

    /// A number, such as `98,304`.
    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut end = 0;
        let bytes = self.0.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        while digit(end) || (bytes.get(end) == Some(&b',') && digit(end + 1)) {
            end += 1;
        }
        let (number, rest) = self.0.split_at(end);
        let Ok(number) = number.replace(',', "").parse() else {
            return self.expected("a number");
        };
        self.0 = rest.trim_start();
        Ok(number)
    }

    /// A number of things.
    pub(crate) fn count(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|error| error.to_string())
    }

    /// Seconds, such as `1 second`.
    pub(crate) fn seconds(&mut self) -> Result<u64> {
        let seconds = self.number()?;
        if self.noun("second") {
            Ok(seconds)
        } else {
            self.expected("`seconds`")
        }
    }

    /// Bytes by value: `"text"`, `0xff`, `1,000 * 0xff`.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        if self.0.starts_with('"') {
            return self.json().map(String::into_bytes);
        }
        let times = if self.is_number() { self.count()? } else { 1 };
        self.eat("*");
        let Some(bytes) = Words(self.0)
            .word()
            .strip_prefix("0x")
            .and_then(hex::decode)
        else {
            return self.expected("bytes");
        };
        self.word();
        Ok(bytes.repeat(times))
    }

    /// Whether a change of bytes comes next, such as `with byte 5 flipped`; it is made then.
    pub(crate) fn change(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        if let Some(at) = self.after("with byte", Self::count)? {
            self.need("flipped")?;
            *bytes.get_mut(at).ok_or("no such byte")? ^= 1;
        } else if self.eat("without its last byte") {
            bytes.pop();
        } else if self.eat("without its first byte") {
            bytes.drain(..bytes.len().min(1));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The one of `all` whose name comes next.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let word = Words(self.0).word();
        let found = all.iter().copied().find(|one| name(*one) == word);
        if found.is_some() {
            self.word();
        }
        found
    }

    /// Nothing, where that word comes next; else one and, behind each comma, another.
    pub(crate) fn list<T>(
        &mut self,
        nothing: &str,
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (mut all, mut more) = (Vec::new(), !self.eat(nothing));
        while more {
            all.push(read(self)?);
            more = self.eat(",");
        }
        Ok(all)
    }

    /// `none`, or numbers: `4, 6 to 8` is 4, 6, 7 and 8, and `3 * 1` is 1, 1 and 1.
    pub(crate) fn numbers(&mut self) -> Result<Vec<u64>> {
        let all = self.list("none", |w| {
            let (counted, first) = (w.clone().count(), w.number()?);
            Ok(if w.eat("to") {
                (first..=w.number()?).collect()
            } else if w.eat("*") {
                vec![w.number()?; counted?]
            } else {
                vec![first]
            })
        })?;
        Ok(all.concat())
    }

    /// A value in JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter();
        let value = values.next().ok_or("a value is missing at the end")?;
        let end = values.byte_offset();
        let value = value.map_err(|error| format!("`{}`: {error}", self.0))?;
        self.0 = self.0[end..].trim_start();
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Words, cases};

    #[test]
    fn a_script_that_is_none_is_refused_with_its_line() {
        for (script, line, why) in [
            ("    step", 1, "a step of no case"),
            (
                "# comment\nname [MBX-01]",
                2,
                "`name [MBX-01]` is no heading",
            ),
            (
                "# file\n\nname [Flag: MBX-01] step",
                3,
                "name has no comment",
            ),
            ("name [Flag: MBX-01]: \"comment\"", 1, "name has no step"),
        ] {
            let error = cases(script).expect_err(script);
            assert_eq!(error, (line, why.to_owned()), "{script}");
        }
    }

    #[test]
    fn numbers_and_words_are_read_whole() {
        let mut words = Words("1,000, 4 to 6, 2 * 9 tokens");
        assert_eq!(words.numbers(), Ok(vec![1_000, 4, 5, 6, 9, 9]));
        assert!(!words.eat("token"));
        assert!(words.eat("tokens"));
        assert_eq!(
            words.number(),
            Err("a number is missing at the end".to_owned())
        );
    }
}
