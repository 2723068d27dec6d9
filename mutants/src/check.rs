//! Whose fault it is that the changed tree does not compile.

use crate::text::{Region, regions};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
}

/// What the compiler says.
#[derive(Deserialize)]
struct Message {
    level: String,
    #[serde(rename = "message")]
    words: String,
    code: Option<Code>,
    spans: Vec<Place>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Place {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Box<Place>,
}

impl Place {
    /// Where it stands in a file of the tree, through macros.
    fn outermost(&self) -> &Place {
        self.expansion
            .as_ref()
            .map_or(self, |of| of.span.outermost())
    }
}

/// The mutations that are at fault for what `cargo build --message-format=json` says, each with why; `text` gives a file of the tree.
///
/// # Errors
/// An error that is no mutation's fault.
pub(crate) fn at_fault(
    said: &str,
    text: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<u32, String>, String> {
    let mut found = BTreeMap::new();
    let mut stray = None;
    let mut marks: BTreeMap<String, Vec<Region>> = BTreeMap::new();
    for line in said.lines() {
        let Ok(Line {
            message: Some(message),
        }) = serde_json::from_str(line)
        else {
            continue;
        };
        if message.level != "error" || message.spans.is_empty() {
            continue;
        }
        for place in &message.spans {
            let file = &place.outermost().file_name;
            if !marks.contains_key(file) {
                let regions = text(file).map_or_else(Vec::new, |text| regions(&text));
                marks.insert(file.clone(), regions);
            }
        }
        let code = message.code.as_ref().map_or("", |code| &code.code);
        let why = format!(
            "{code} {}",
            message.words.lines().next().unwrap_or_default()
        );
        let id = blamed(&message, code, &marks);
        if id.is_none() {
            let place = message.spans.iter().find(|place| place.is_primary);
            let file = place.map_or("", |place| &place.file_name);
            stray.get_or_insert(format!("{file}: {why}"));
        }
        found.extend(id.map(|id| (id, why)));
    }
    match stray {
        Some(stray) if found.is_empty() => Err(stray),
        _ => Ok(found),
    }
}

fn blamed(message: &Message, code: &str, marks: &BTreeMap<String, Vec<Region>>) -> Option<u32> {
    let places = |primary: bool| {
        let spans = message
            .spans
            .iter()
            .filter(move |span| span.is_primary == primary);
        spans.map(Place::outermost)
    };
    let inside = |place: &Place, kinds: &[char]| -> Option<Vec<u32>> {
        let range = place.byte_start..place.byte_end;
        let regions = marks.get(&place.file_name)?;
        let around = |outer: &Range<usize>| outer.start <= range.start && range.end <= outer.end;
        let region = regions
            .iter()
            .find(|it| kinds.contains(&it.kind) && around(&it.range))?;
        Some(region.ids.clone())
    };
    // A match that no longer has an arm for everything is told where it begins.
    let kinds: &[&[char]] = match code {
        "E0004" => &[&['a']],
        _ => &[&['m'], &['s', 'b', 'a']],
    };
    for kinds in kinds {
        for primary in [true, false] {
            if let Some(ids) = places(primary).find_map(|place| inside(place, kinds)) {
                // One after the other, the last and most elaborate first.
                return ids.last().copied();
            }
        }
    }
    None
}
