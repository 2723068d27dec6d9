//! Lines of text, and how much room they need.

use super::Row;

/// Pixels from the edge to the first lifeline, and between lifelines.
pub(super) const EDGE: usize = 116;
pub(super) const GAP: usize = 250;
/// A picture is at least as wide as one with two devices: what goes across all lifelines has its room in each.
pub(super) const LEAST_WIDTH: usize = 2 * EDGE + 2 * GAP;
/// What goes across all lifelines begins and ends so far from the edge; its text begins so much further.
pub(super) const BAND: usize = 8;
pub(super) const INDENT: usize = 12;
/// What stands at a lifeline begins and ends so far from the next one.
pub(super) const MARGIN: usize = 12;
/// From line to line.
pub(super) const LINE: usize = 15;

/// So wide a text is at most that is set in 12 pixels by any of the usual fonts, in pixels.
pub(super) fn width(text: &str) -> usize {
    let tenths: usize = text.chars().map(tenths).sum();
    tenths.div_ceil(10)
}

fn tenths(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 45,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' => 56,
        'm' | 'M' | 'W' | '@' | '%' => 120,
        'w' | '+' | '=' | '<' | '>' | '~' | '#' | '_' => 102,
        'A'..='Z' => 96,
        _ if c.is_ascii() => 78,
        _ => 124,
    }
}

/// The text in lines of that width, broken between words where it can be. Blanks at the breaks are left out.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ') {
        let needs = width(word.trim_end());
        if used > 0 && used + needs > most {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            let needs = width(c.encode_utf8(&mut [0; 4]));
            if used + needs > most && c != ' ' {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += needs;
        }
    }
    lines.push(line);
    let lines = lines.into_iter().map(|line| line.trim_end().to_owned());
    lines.collect()
}

/// The lines of a row.
pub(super) fn lines(row: &Row) -> Vec<String> {
    let room = match row.device() {
        None => LEAST_WIDTH - 2 * (BAND + INDENT),
        Some(_) => GAP - 2 * MARGIN,
    };
    wrapped(&row.words(), room)
}

/// So high a row is, with what keeps it apart from the next one.
pub(super) fn height(row: &Row) -> usize {
    let lines = lines(row).len() * LINE;
    match row {
        Row::Step { .. } | Row::Failure(_) => lines + 16,
        Row::Time(_) | Row::Arrow { .. } => lines + 12,
        Row::Note { .. } => lines + 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-mW中 .]{0,80}", most in 30..300_usize) {
            let lines = wrapped(&text, most);
            for line in &lines {
                prop_assert!(width(line) <= most, "{} of {most}: {line}", width(line));
            }
            let without_blanks = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without_blanks(&lines.concat()), without_blanks(&text));
        }
    }
}
