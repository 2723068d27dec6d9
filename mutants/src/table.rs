//! The figures by room, and the survivors that somebody has looked at.

use crate::listed::Mutation;
use crate::trial::End;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The compiler refuses it.
    DoesNotCompile,
    /// No switch can stand for it.
    NotBuilt,
    /// It was tried.
    Tried(End),
}

/// Survivors with what is said of them, by [`Mutation::key`].
#[derive(Debug, Default)]
pub(crate) struct Reviewed(pub(crate) BTreeMap<String, String>);

impl Reviewed {
    /// Lines `MUTATION — WHY`; a line that begins with `#` is a comment.
    ///
    /// # Errors
    /// The line that says nothing of why, or speaks of one a second time.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let said = line.split_once(" — ").filter(|(_, why)| !why.is_empty());
            let (key, why) = said.ok_or_else(|| format!("no reason: {line}"))?;
            if all.insert(key.to_owned(), why.to_owned()).is_some() {
                return Err(format!("twice: {key}"));
            }
        }
        Ok(Reviewed(all))
    }
}

#[derive(Default)]
struct Row {
    listed: usize,
    refused: usize,
    not_built: usize,
    caught: usize,
    timed_out: usize,
    survived: usize,
    reviewed: usize,
}

impl Row {
    fn add(&mut self, fate: Fate, reviewed: bool) {
        self.listed += 1;
        let count = match fate {
            Fate::DoesNotCompile => &mut self.refused,
            Fate::NotBuilt => &mut self.not_built,
            Fate::Tried(End::Caught | End::Crashed) => &mut self.caught,
            Fate::Tried(End::TimedOut) => &mut self.timed_out,
            Fate::Tried(End::Survived | End::NotReached) => &mut self.survived,
        };
        *count += 1;
        self.reviewed += usize::from(reviewed);
    }

    /// Caught in 100 of those that count.
    fn score(&self, without: usize) -> String {
        let caught = self.caught + self.timed_out;
        let all = caught + self.survived - without;
        if all == 0 {
            return String::new();
        }
        format!("{}.{} %", caught * 100 / all, caught * 1000 / all % 10)
    }
}

/// The figures as Markdown: a row for each room, and one for all.
#[must_use]
pub(crate) fn table(fates: &[(&Mutation, Fate)], reviewed: &Reviewed) -> String {
    let mut rooms: Vec<(&str, Row)> = Vec::new();
    let mut sum = Row::default();
    for (mutation, fate) in fates {
        let is_survivor = matches!(fate, Fate::Tried(end) if end.is_survivor());
        let is_reviewed = is_survivor && reviewed.0.contains_key(&mutation.key);
        let room = mutation.room();
        let at = rooms
            .iter()
            .position(|(name, _)| *name == room)
            .unwrap_or_else(|| {
                rooms.push((room, Row::default()));
                rooms.len() - 1
            });
        rooms[at].1.add(*fate, is_reviewed);
        sum.add(*fate, is_reviewed);
    }
    rooms.push(("all", sum));
    let mut out = String::from(
        "| room | listed | does not compile | not built | caught | timed out | survived | score | of them reviewed | score without those |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (name, row) in rooms {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.listed,
            row.refused,
            row.not_built,
            row.caught,
            row.timed_out,
            row.survived,
            row.score(0),
            row.reviewed,
            row.score(row.reviewed),
        );
    }
    out
}
