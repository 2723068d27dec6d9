//! Command lines without their secrets, for whatever is written down and handed on.
//!
//! Of a command that somebody else's program reads nobody knows what is secret in it; what is left out goes by names. `***` stands
//! for the value of an option (`--api-token=...`, `--password ...`), of a variable (`API_KEY=...`), of a header (`Authorization: ...`) or of
//! a field whose name holds one of [`NAMES`], unless it ends as that of a [place](PLACES) does; and for what stands before the `@` of a URL.

use super::printable::{quoted, shortened};
use std::borrow::Cow;
use std::ops::Range;

/// What stands in the place of a secret.
pub const REDACTED: &str = "***";

/// Parts of the names of what is secret, in lower case.
pub const NAMES: [&str; 9] = [
    "auth",
    "bearer",
    "cookie",
    "credential",
    "key",
    "pass",
    "pwd",
    "secret",
    "token",
];

/// Ends of the names that say where something lies, and not what it is: `--admin-token-file`.
pub const PLACES: [&str; 4] = ["file", "path", "dir", "folder"];

/// Longer arguments are shortened to about this many characters: an adapter's command is repeated with each failure.
const LONGEST: usize = 1_000;
/// The longest command line, likewise.
const LONGEST_LINE: usize = 4_000;
/// A command that holds a command is looked into so many times; what is deeper is left out.
const DEEPEST: usize = 8;
/// Options of this program whose value is a command.
const COMMANDS: [&str; 2] = ["--adapter", "--restart-command"];

/// The command line of a program, as a shell takes it, without secrets and of a bounded length.
///
/// ```
/// use tigress_signal::conformance::redaction::command_line;
/// let words = ["tigress", "test", "--adapter", "./wallet --token=tr0ub4dor"].map(str::to_owned);
/// assert_eq!(command_line(&words), "tigress test --adapter './wallet --token=***'");
/// ```
#[must_use]
pub fn command_line(words: &[String]) -> String {
    let shown: Vec<String> = words
        .iter()
        .zip(redacted(words, DEEPEST))
        .map(|(word, redacted)| short(redacted.as_deref().unwrap_or(word)))
        .collect();
    shortened(&shown.join(" "), LONGEST_LINE).into_owned()
}

/// A command that is one argument of another, as a shell takes it, likewise.
#[must_use]
pub fn argument(command: &str) -> String {
    short(&text(command))
}

/// A command without secrets, else as it stands.
#[must_use]
pub fn text(command: &str) -> Cow<'_, str> {
    in_command(command, DEEPEST).map_or(Cow::Borrowed(command), Cow::Owned)
}

/// Any text without the user parts of its URLs.
#[must_use]
pub fn urls(text: &str) -> Cow<'_, str> {
    let (mut shown, mut from, mut begins) = (String::new(), 0, 0);
    for token in text.split_inclusive(char::is_whitespace) {
        let (mut at, last) = (0, token.rfind('@').unwrap_or_default());
        while let Some(found) = token[at..last.max(at)].find("://") {
            at += found + "://".len();
            if has_user(&token[at..]) && at < last {
                shown.push_str(&text[from..begins + at]);
                shown.push_str(REDACTED);
                from = begins + last;
                at = last;
            }
        }
        begins += token.len();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[from..]);
    Cow::Owned(shown)
}

/// Whether a user part may stand behind `://`, where an `@` comes later. A password may hold what ends a host's name, and begin as a port does:
/// rather a port is left out than a secret shown.
fn has_user(behind: &str) -> bool {
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@') || authority.contains(':') && !authority.starts_with('[')
}

fn short(word: &str) -> String {
    quoted(&shortened(word, LONGEST))
}

/// A command as a shell splits it, each word on its own; nothing where there is no secret in it. All else stands as it stood.
fn in_command(text: &str, depth: usize) -> Option<String> {
    let (places, words): (Vec<Range<usize>>, Vec<String>) = words(text).into_iter().unzip();
    let redacted = redacted(&words, depth);
    if redacted.iter().all(Option::is_none) {
        return None;
    }
    let (mut shown, mut from) = (String::new(), 0);
    for (place, redacted) in places.into_iter().zip(redacted) {
        if let Some(word) = redacted {
            shown.push_str(&text[from..place.start]);
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=*@,+%?".contains(c);
            if word.chars().all(plain) {
                shown.push_str(&word);
            } else {
                shown.push_str(&quoted(&word));
            }
            from = place.end;
        }
    }
    shown.push_str(&text[from..]);
    Some(shown)
}

/// Each word without its secret; nothing for one that has none.
fn redacted(words: &[String], depth: usize) -> Vec<Option<String>> {
    let before = std::iter::once("").chain(words.iter().map(String::as_str));
    let each = before.zip(words).map(|(before, word)| {
        let is_option = word.starts_with("--") && word[2..].starts_with(char::is_alphabetic);
        let is_named = before.starts_with('-') && is_secret(before.trim_start_matches('-'));
        let is_kind = ["basic", "bearer"].contains(&before.to_ascii_lowercase().as_str());
        if (is_named || is_kind) && !is_option && !word.is_empty() {
            return Some(REDACTED.to_owned());
        }
        match depth.checked_sub(1) {
            Some(depth) if is_before_a_command(before) => in_command(word, depth),
            _ => in_word(word, depth),
        }
    });
    each.collect()
}

/// Whether a command follows: `--adapter`, and `-c` of a shell.
fn is_before_a_command(word: &str) -> bool {
    let letters = word
        .strip_prefix('-')
        .and_then(|word| word.strip_suffix('c'));
    let is_of_shell = letters.is_some_and(|it| it.bytes().all(|it| it.is_ascii_lowercase()));
    is_of_shell || COMMANDS.contains(&word)
}

/// A word: what stands behind the first name of a secret is left out. It may hold a command, too.
fn in_word(word: &str, depth: usize) -> Option<String> {
    if let Some((option, command)) = word.split_once('=')
        && let Some(depth) = depth.checked_sub(1)
        && COMMANDS.contains(&option)
    {
        return Some(format!("{option}={}", in_command(command, depth)?));
    }
    let shown = urls(word);
    let mut separators = shown.match_indices([':', '=']);
    if let Some((at, _)) = separators.find(|(at, mark)| is_of_secret(&shown, *at, mark)) {
        let blank = if shown[at + 1..].starts_with(' ') {
            " "
        } else {
            ""
        };
        return Some(format!("{}{blank}{REDACTED}", &shown[..=at]));
    }
    let is_plain = words(&shown).iter().all(|(_, word)| *word == shown);
    let within = match depth.checked_sub(1) {
        _ if is_plain => None,
        Some(depth) => in_command(&shown, depth),
        None => Some(REDACTED.to_owned()),
    };
    within.or(match shown {
        Cow::Owned(shown) => Some(shown),
        Cow::Borrowed(_) => None,
    })
}

/// Whether a name stands before that mark whose value is a secret, and a value behind it.
fn is_of_secret(word: &str, at: usize, mark: &str) -> bool {
    let before = word[..at].trim_end_matches(['"', '\'']);
    let is_of_name = |c: char| c.is_alphanumeric() || "-_".contains(c) || c == '.' && mark == "=";
    let name = before.trim_end_matches(is_of_name).len();
    // A host's name, and its port.
    let is_host = mark == ":" && word[..name].ends_with("//");
    !is_host && is_secret(&before[name..]) && word.len() > at + 1
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_name = !name.contains(['=', ':']) && !name.contains(char::is_whitespace);
    is_name
        && NAMES.iter().any(|it| name.contains(it))
        && !PLACES.iter().any(|it| name.ends_with(it))
}

/// The words of a text as a shell reads them, with their places. A quote that is not closed goes to the end.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(word.take().map(|(from, word)| (from..at, word)));
            continue;
        }
        let (_, word) = word.get_or_insert((at, String::new()));
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None | Some('"'), '\\') => match characters.next() {
                Some((_, next)) => {
                    if quote.is_some() && !"$`\"\\\n".contains(next) {
                        word.push('\\');
                    }
                    word.push(next);
                }
                None => word.push('\\'),
            },
            _ => word.push(c),
        }
    }
    words.extend(word.map(|(from, word)| (from..text.len(), word)));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_secret_is_left_out_and_all_else_stands_as_it_stood() {
        for (command, shown) in [
            ("./wallet --token=abc -v", "./wallet --token=*** -v"),
            ("./wallet --token abc -v", "./wallet --token *** -v"),
            ("wallet -token 'a b'  x", "wallet -token ***  x"),
            ("wallet --token=\"a b\" 'c d'", "wallet --token=*** 'c d'"),
            ("env API_KEY=abc A=b wallet", "env API_KEY=*** A=b wallet"),
            (
                "sh -c 'API_KEY=abc wallet | tee $LOG'",
                "sh -c 'API_KEY=*** wallet | tee $LOG'",
            ),
            (
                "sh -c \"wallet --pass 'a b' x\"",
                "sh -c 'wallet --pass *** x'",
            ),
            (
                "docker run -e 'API_KEY=a b' i",
                "docker run -e API_KEY=*** i",
            ),
            (
                "c -H 'Authorization: Bearer a b'",
                "c -H 'Authorization: ***'",
            ),
            ("c -H 'Accept: Bearer abc'", "c -H 'Accept: Bearer ***'"),
            ("c https://me:abc@host:80/a?b", "c https://***@host:80/a?b"),
            ("c https://abc@host/a", "c https://***@host/a"),
            ("c https://me:0?a@host", "c https://***@host"),
            ("c https://me:0/a@host", "c https://***@host"),
            ("c https://me:a@b/c@host/a", "c https://***@host/a"),
            ("c postgres://me:a/b#c@host/d", "c postgres://***@host/d"),
            ("c 'host=h password=abc user=u'", "c 'host=h password=***'"),
            ("c https://h/a?token=abc&b=c", "c https://h/a?token=***"),
            (
                "c --json '{\"password\": \"a b\"}'",
                "c --json '{\"password\": ***'",
            ),
            ("c --env=DB_PASS=abc", "c --env=DB_PASS=***"),
        ] {
            assert_eq!(text(command), shown);
        }
    }

    #[test]
    fn a_command_without_a_secret_stands_as_it_is() {
        for command in [
            "adapters/node/run --verbose 'a b' \"c\"  d\\ e",
            "wallet --token-file /run/secrets/token --key-path a",
            "wallet --use-keys --verbose",
            "C:\\keys\\wallet.exe --x",
            "wallet http://keycloak:8440/a --only scenarios/theft/stolen_key.feature:18",
            "wallet git@github.com:a/b https://host/@scope/a",
            "wallet 'open",
            "",
            "  ",
        ] {
            assert_eq!(text(command), command);
        }
    }

    #[test]
    fn a_command_of_any_form_and_length_is_shown_short() {
        let mut deep = "a --token=abc b".to_owned();
        for _ in 0..12 {
            deep = format!("sh -c {}", quoted(&deep));
        }
        for command in [
            "a".repeat(2_000_000),
            "'\"\\".repeat(700_000),
            "--token= ".repeat(200_000),
            "://@:=".repeat(300_000),
            deep,
        ] {
            let shown = argument(&command);
            assert!(shown.chars().count() < 5 * LONGEST && !shown.contains("abc"));
            let line = command_line(&["tigress".to_owned(), command]);
            assert!(line.chars().count() < 2 * LONGEST_LINE);
        }
    }

    proptest! {
        /// However a secret is given: it is not shown, and what stands before and behind it is.
        #[test]
        fn no_secret_is_shown(
            secret in r"[A-Za-z0-9][ -~]{0,9}[A-Z0-9]{8}",
            name in "(api|db|x|)[-_]?(token|SECRET|Password|key|credential|auth)s?",
            way in 0..6_usize,
            nested in 0..3_usize,
        ) {
            let value = quoted(&secret);
            let url: String = secret.chars().filter(|c| !" \\'\"".contains(*c)).collect();
            let given = match way {
                0 => format!("--{name}={value}"),
                1 => format!("--{name} {value}"),
                2 => format!("{name}={value}"),
                3 => quoted(&format!("{name}={secret}")),
                4 => quoted(&format!("X-{name}: {secret}")),
                _ => quoted(&format!("https://me:{url}@host")),
            };
            let mut command = format!("first {given} last");
            for _ in 0..nested {
                command = format!("sh -c {}", quoted(&command));
            }
            let shown = text(&command);
            prop_assert!(!shown.contains(&secret[secret.len() - 8..]), "{} {}", command, shown);
            for words in ["first", "last", REDACTED] {
                prop_assert!(shown.contains(words), "{} {}", command, shown);
            }
            let own = ["tigress".to_owned(), "test".to_owned(), format!("--adapter={command}")];
            for line in [command_line(&own), argument(&command)] {
                prop_assert!(!line.contains(&secret[secret.len() - 8..]), "{}", line);
            }
        }

        #[test]
        fn nothing_is_changed_where_nothing_is_secret(command in r#"[a-d '"\\=:/-]{0,40}"#) {
            prop_assert_eq!(text(&command), &*command);
        }

        /// The words are those that an adapter's command is split into.
        #[test]
        fn the_words_are_those_of_a_shell(command in r#"[a-d '"\\]{0,30}"#) {
            if let Some(split) = shlex::split(&command) {
                let words = words(&command);
                prop_assert_eq!(words.into_iter().map(|(_, word)| word).collect::<Vec<_>>(), split);
            }
        }
    }
}
