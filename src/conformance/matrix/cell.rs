//! What stands in a cell.

use serde::Serialize;

/// The name of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Case {
    /// A vector, by family and name, before them its suite where it is not `tigress-1`.
    Vector(&'static str),
    /// A scenario, by its name, in which `<word>` stands for whatever its examples have there.
    Scenario(&'static str),
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Filling {
    /// Cases, at least one.
    Cases(Vec<Case>),
    /// Each case of the row is one here too, for this reason.
    ByItself(&'static str),
    /// There can be none, for this reason.
    None(&'static str),
    /// There could be one, and there is none yet: this is what it would be.
    Hole(&'static str),
}

impl Filling {
    /// Reads what stands behind a place, or in a cell of its own: names of cases, `(reason)` or `hole: what is missing`.
    pub(super) fn parse(text: &'static str) -> Filling {
        let text = text.trim();
        if let Some(missing) = text.strip_prefix("hole") {
            return Filling::Hole(missing.trim_start_matches([':', ' ']));
        }
        if let Some(reason) = reason(text) {
            return Filling::None(reason);
        }
        Filling::Cases(cases(text))
    }

    /// The cases; empty where there are none.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        match self {
            Filling::Cases(cases) => cases,
            _ => &[],
        }
    }
}

/// What stands in parentheses, where that is all.
pub(super) fn reason(text: &'static str) -> Option<&'static str> {
    text.trim().strip_prefix('(')?.strip_suffix(')')
}

/// The names in back quotes and in straight quotes, in order. A name of a scenario may hold quotes, each behind a backslash.
fn cases(text: &'static str) -> Vec<Case> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(['`', '"']) {
        let mark = &rest[begin..=begin];
        let name = &rest[begin + 1..];
        let Some(end) = end(name, mark) else { break };
        found.push(match mark {
            "`" => Case::Vector(&name[..end]),
            _ => Case::Scenario(&name[..end]),
        });
        rest = &name[end + 1..];
    }
    found
}

/// Where a name ends: at the first `mark` without a backslash before it.
fn end(name: &str, mark: &str) -> Option<usize> {
    let mut marks = name.match_indices(mark);
    let end = marks.find(|(at, _)| !name[..*at].ends_with('\\'));
    end.map(|(at, _)| at)
}

/// Cuts at each `mark` that stands in no name and no parentheses.
pub(super) fn cut(text: &'static str, mark: char) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let (mut begin, mut depth, mut quote, mut escaped) = (0, 0_u32, None, false);
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open && !escaped => quote = None,
            None if c == '`' || c == '"' => quote = Some(c),
            None if c == '(' => depth += 1,
            None if c == ')' => depth = depth.saturating_sub(1),
            None if c == mark && depth == 0 => {
                parts.push(text[begin..at].trim());
                begin = at + c.len_utf8();
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(text[begin..].trim());
    parts
}
