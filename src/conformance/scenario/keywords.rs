//! Given, When and Then of the steps of a run.

use super::library::SCRIPTS;
use super::transcript::Header;
use super::vocabulary::Vocabulary;
use crate::conformance::files;
use std::collections::BTreeMap;

/// The keywords of a script, by line: those of the script itself where it travels inside this program, byte for byte. A transcript holds none.
#[derive(Debug, Default)]
pub(super) struct Keywords(BTreeMap<usize, &'static str>);

impl Keywords {
    /// Of the script that a run was of.
    pub(super) fn of(header: &Header) -> Self {
        let mut scripts = SCRIPTS.iter();
        let script = scripts.find(|(file, _)| *file == header.file);
        let script = script.filter(|(_, text)| files::digest(text) == header.digest);
        script.map_or_else(Self::default, |(_, text)| Self::of_script(text))
    }

    /// `And`, `But` and `*` stand for the keyword before them.
    fn of_script(text: &str) -> Self {
        let mut before = None;
        let lines = text.lines().enumerate().filter_map(|(line, text)| {
            let (word, _) = text.trim_start().split_once(' ')?;
            before = match word {
                "Given" => Some("Given"),
                "When" => Some("When"),
                "Then" => Some("Then"),
                "And" | "But" | "*" => before,
                _ => return None,
            };
            Some((line + 1, before?))
        });
        Keywords(lines.collect())
    }

    /// That of the step in that line, of these words: as the script has it; else by what the step does. None where no step is called that.
    pub(super) fn step(&self, line: usize, text: &str) -> Option<&'static str> {
        let own = self.0.get(&line).copied();
        own.or_else(|| Vocabulary::get().keyword(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_goes_on_has_the_keyword_before_it() {
        let script = "Feature: F\n  Given to understand.\n\n  Scenario: S\n    Given a\n    And b\n    * c\n    When d\n    But e\n    Then f\n";
        let Keywords(all) = Keywords::of_script(script);
        let of_steps: Vec<_> = (5..=10).map(|line| all[&line]).collect();
        assert_eq!(
            of_steps,
            ["Given", "Given", "Given", "When", "When", "Then"]
        );
    }
}
