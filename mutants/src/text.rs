//! A text with changes in it, which may stand within each other.

use std::fmt::Write as _;
use std::ops::Range;

/// What is done with a range of a text.
#[derive(Debug)]
pub(crate) enum Change {
    /// Text before it and behind it.
    Around(String, String),
    /// The range where no mutation is on, and another text for each mutation.
    Instead(Vec<(u32, String)>),
}

/// A change, and where.
#[derive(Debug)]
pub(crate) struct Edit {
    /// Bytes of the text. Ranges lie within each other or apart.
    pub(crate) range: Range<usize>,
    /// What is done.
    pub(crate) change: Change,
}

/// The text with all changes. Of two that have the same range, the first is the outer one.
#[must_use]
pub(crate) fn changed(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
    let mut out = String::with_capacity(text.len() * 2);
    write(
        &mut out,
        text,
        0..text.len(),
        &mut edits.into_iter().peekable(),
    );
    out
}

type Edits = std::iter::Peekable<std::vec::IntoIter<Edit>>;

fn write(out: &mut String, text: &str, range: Range<usize>, edits: &mut Edits) {
    let mut at = range.start;
    let is_inside = |edit: &Edit| {
        edit.range.end <= range.end && (edit.range.start < range.end || edit.range.is_empty())
    };
    while let Some(edit) = edits.next_if(is_inside) {
        out.push_str(&text[at..edit.range.start]);
        at = edit.range.end;
        match edit.change {
            Change::Around(before, behind) => {
                out.push_str(&before);
                write(out, text, edit.range, edits);
                out.push_str(&behind);
            }
            Change::Instead(others) => {
                let (open, close) = region('s', others.iter().map(|(id, _)| *id));
                out.push('(');
                out.push_str(&open);
                for (id, other) in others {
                    let other = marked(id, &other);
                    let _ = write!(out, "if crate::mutation::on({id}) {{ {other} }} else ");
                }
                out.push_str("{ ");
                write(out, text, edit.range, edits);
                out.push_str(" }");
                out.push_str(&close);
                out.push(')');
            }
        }
    }
    out.push_str(&text[at..range.end]);
}

/// What a mutation alone runs, between marks.
#[must_use]
pub(crate) fn marked(id: u32, text: &str) -> String {
    let (open, close) = region('m', [id]);
    format!("{open}{text}{close}")
}

/// Marks around a part of the text that these mutations share: `m` what one of them alone runs, `s` their switch, `b` the body of
/// their function, `a` the match whose arms they take away.
#[must_use]
pub(crate) fn region(kind: char, ids: impl IntoIterator<Item = u32>) -> (String, String) {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    (
        format!("/*{kind}:{}*/", ids.join(",")),
        format!("/*:{kind}*/"),
    )
}

/// A marked part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// Its kind.
    pub(crate) kind: char,
    /// The mutations that share it.
    pub(crate) ids: Vec<u32>,
    /// Where it stands.
    pub(crate) range: Range<usize>,
}

/// The marked parts of a text; what is inside another comes before it.
#[must_use]
pub(crate) fn regions(text: &str) -> Vec<Region> {
    let mut closed = Vec::new();
    let mut open: Vec<Region> = Vec::new();
    for (start, _) in text.match_indices("/*") {
        let Some(length) = text[start..].find("*/") else {
            break;
        };
        let (mark, behind) = (&text[start + 2..start + length], start + length + 2);
        match mark.split_once(':') {
            Some(("", kind))
                if open
                    .last()
                    .is_some_and(|last| kind == last.kind.to_string()) =>
            {
                closed.extend(open.pop().map(|last| Region {
                    range: last.range.start..start,
                    ..last
                }));
            }
            Some((kind @ ("m" | "s" | "b" | "a"), ids)) => {
                let Ok(ids) = ids.split(',').map(str::parse).collect() else {
                    continue;
                };
                open.push(Region {
                    kind: kind.chars().next().unwrap_or_default(),
                    ids,
                    range: behind..behind,
                });
            }
            _ => {}
        }
    }
    closed
}
