//! What was expected above what came, in plain text: of long ones what stands around their first difference, and in a terminal with what differs marked.

use super::marks::{self, Part};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// A line has room for at least so many columns, however narrow the terminal is.
const NARROWEST: usize = 20;

/// Two texts, each of about `most` characters at most.
pub(super) fn excerpts(expected: &str, got: &str, most: usize) -> [String; 2] {
    let excerpts = Excerpts::of(expected, got, most);
    [expected, got].map(|text| {
        let (place, before, behind) = excerpts.of_text(text);
        format!("{before}{}{behind}", &text[place])
    })
}

/// The same as lines of at most `room` columns, each with a line below it that points at what differs. Nothing where there is nothing to point at: most
/// of both differs, or nothing does, or they have several lines.
pub(super) fn marked(
    expected: &str,
    got: &str,
    most: usize,
    room: Option<usize>,
) -> Option<[Vec<String>; 2]> {
    if [expected, got].iter().any(|text| text.contains('\n')) {
        return None;
    }
    let parts = marks::between(expected, got);
    let same = parts[0].iter().filter(|part| !part.differs);
    let same: usize = same.map(|part| part.text.len()).sum();
    if expected == got || 4 * same < expected.len().min(got.len()) {
        return None;
    }
    let excerpts = Excerpts::of(expected, got, most);
    let room = room.unwrap_or(usize::MAX).max(NARROWEST);
    let sides = [(expected, &parts[0]), (got, &parts[1])];
    Some(sides.map(|(text, parts)| lines(&signs(text, parts, &excerpts), room)))
}

/// Which part of two texts is shown.
struct Excerpts {
    /// The first character, and how many.
    from: usize,
    most: usize,
    /// Where they begin to differ, where not all is shown.
    differs: Option<usize>,
}

impl Excerpts {
    fn of(expected: &str, got: &str, most: usize) -> Self {
        if expected.chars().count().max(got.chars().count()) <= most {
            let (from, differs) = (0, None);
            return Excerpts {
                from,
                most,
                differs,
            };
        }
        let both = expected.chars().zip(got.chars());
        let same = both.take_while(|(e, g)| e == g).count();
        Excerpts {
            from: same.saturating_sub(most / 4),
            most,
            differs: Some(same + 1),
        }
    }

    /// The place in one of the two, and what is said before and behind it.
    fn of_text(&self, text: &str) -> (Range<usize>, &'static str, String) {
        let Some(differs) = self.differs else {
            return (0..text.len(), "", String::new());
        };
        let at = |count: usize| text.char_indices().nth(count).map(|(at, _)| at);
        let end = at(self.from.saturating_add(self.most));
        let place = at(self.from).unwrap_or(text.len())..end.unwrap_or(text.len());
        let before = if self.from > 0 { "…" } else { "" };
        let behind = if end.is_some() { "…" } else { "" };
        let words = format!("{behind} (differs from character {differs} on)");
        (place, before, words)
    }
}

/// Each character that is shown, and whether it differs.
fn signs(text: &str, parts: &[Part], excerpts: &Excerpts) -> Vec<(char, bool)> {
    let (place, before, behind) = excerpts.of_text(text);
    let of_parts = parts.iter().flat_map(|part| {
        let signs = part.text.chars();
        signs.map(|c| (c, part.differs))
    });
    let shown = text.char_indices().zip(of_parts);
    let shown = shown.filter(|((at, _), _)| place.contains(at));
    let around = |text: &str| text.chars().map(|c| (c, false)).collect::<Vec<_>>();
    let mut signs = around(before);
    signs.extend(shown.map(|(_, sign)| sign));
    signs.extend(around(&behind));
    signs
}

/// The lines, each with one below it where something in it differs.
fn lines(signs: &[(char, bool)], room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut below, mut columns) = (Vec::new(), String::new(), 0_usize);
    let mut end = |line: &mut Vec<(char, bool)>, below: &mut String| {
        lines.push(styled(line));
        if below.contains('^') {
            lines.push(below.trim_end().to_owned());
        }
        line.clear();
        below.clear();
    };
    for (c, differs) in signs {
        let width = c.width().unwrap_or_default();
        if columns.saturating_add(width) > room {
            end(&mut line, &mut below);
            columns = 0;
        }
        columns += width;
        line.push((*c, *differs));
        below.push_str(&(if *differs { "^" } else { " " }).repeat(width));
    }
    end(&mut line, &mut below);
    lines
}

/// A line in which what differs is bold, where there are colours.
fn styled(line: &[(char, bool)]) -> String {
    use owo_colors::OwoColorize;
    let runs = line.chunk_by(|one, next| one.1 == next.1).map(|run| {
        let text: String = run.iter().map(|(c, _)| c).collect();
        if run[0].1 {
            text.bold().to_string()
        } else {
            text
        }
    });
    runs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Without colours.
    fn plain(lines: &[String]) -> Vec<String> {
        let lines = lines.iter().map(|line| {
            let line = line.replace("\u{1b}[1m", "");
            line.replace("\u{1b}[0m", "")
        });
        lines.collect()
    }

    #[test]
    fn long_texts_are_shown_around_their_first_difference() {
        let one = format!("{}a{}", "0".repeat(400), "1".repeat(400));
        let other = format!("{}b{}", "0".repeat(400), "1".repeat(400));
        let [expected, got] = excerpts(&one, &other, 160);
        assert!(expected.contains("000a111") && got.contains("000b111"));
        assert!(got.ends_with("(differs from character 401 on)"));
        assert!(got.chars().count() < 2 * 160);
    }

    #[test]
    fn short_texts_are_shown_whole() {
        assert_eq!(excerpts("a", "b", 160), ["a", "b"]);
    }

    #[test]
    fn what_differs_is_pointed_at() {
        let shown = |one: &str, other: &str, room| {
            let sides = marked(one, other, 160, room)?;
            Some(sides.map(|lines| plain(&lines).join("\n")))
        };
        for (one, other, room, sides) in [
            (
                "\"05c0ffee00\"",
                "\"05c0fe0000\"",
                None,
                ["\"05c0ffee00\"\n     ^^^^", "\"05c0fe0000\"\n     ^^^^"],
            ),
            (
                "deadbeef",
                "deadbeef00",
                None,
                ["deadbeef", "deadbeef00\n        ^^"],
            ),
            ("鍵a鍵鍵", "鍵b鍵鍵", None, ["鍵a鍵鍵\n  ^", "鍵b鍵鍵\n  ^"]),
            (
                "a key that is as good as lost",
                "a key that is as good as cast",
                Some(20),
                [
                    "a key that is as goo\nd as lost\n     ^^",
                    "a key that is as goo\nd as cast\n     ^^",
                ],
            ),
        ] {
            assert_eq!(shown(one, other, room), Some(sides.map(str::to_owned)));
        }
        assert_eq!(shown("0123456789", "abcdefghij", None), None);
        assert_eq!(shown("a\nb", "a\nc", None), None);
    }

    proptest! {
        /// However long they are and however narrow it is: both are shown as without marks, within the room, and in bounds.
        #[test]
        fn marked_lines_say_the_same_in_the_room_that_there_is(
            one in "[a-c]{0,9}(00ff){0,99}[鍵é0-9]{0,9}",
            other in "[a-c]{0,9}(00ff){0,99}[鍵é0-9]{0,9}",
            room in 0..90_usize,
        ) {
            let Some(sides) = marked(&one, &other, 160, Some(room)) else {
                return Ok(());
            };
            for (lines, whole) in sides.iter().zip(excerpts(&one, &other, 160)) {
                let lines = plain(lines);
                prop_assert!(lines.iter().all(|line| line.chars().filter_map(UnicodeWidthChar::width).sum::<usize>() <= room.max(NARROWEST)));
                let said = lines.iter().filter(|line| !line.contains('^'));
                prop_assert_eq!(said.cloned().collect::<String>(), whole);
            }
            let is_pointed_at = sides.iter().flatten().any(|line| line.contains('^'));
            prop_assert!(is_pointed_at || one.chars().count().max(other.chars().count()) > 160);
        }
    }
}
