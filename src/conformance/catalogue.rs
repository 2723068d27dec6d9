//! The requirements, read off `docs/profile.md`: that text is their one source.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The profile as this build was made with it.
pub const PROFILE: &str = include_str!("../../docs/profile.md");

/// One testable statement of the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, such as `DR-15`.
    pub id: &'static str,
    /// The number of the section that states it.
    pub section: u32,
    /// What it says.
    pub text: &'static str,
}

impl Requirement {
    /// Whether it is asked of an intermediary: section 7 states it.
    #[must_use]
    pub fn is_of_intermediaries(&self) -> bool {
        self.id.starts_with("MBX-")
    }

    /// Whether it is asked of nobody else: some rows of section 7 say what a wallet does, too.
    #[must_use]
    pub fn is_of_intermediaries_alone(&self) -> bool {
        self.is_of_intermediaries() && !self.text.contains("wallet")
    }
}

/// How strictly something is asked, by the words of BCP 14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is required.
    Must,
    /// There may be reasons to do otherwise.
    Should,
    /// It is left to the implementation.
    May,
}

impl Level {
    /// Every one.
    pub const ALL: [Level; 3] = [Level::Must, Level::Should, Level::May];

    /// As the profile writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
        }
    }

    /// The levels of a requirement, by its text: it may ask one thing strictly and another less so. What has none of the
    /// words is a MUST.
    ///
    /// ```
    /// use tigress_signal::conformance::catalogue::Level;
    /// let levels = Level::of("It is 1 to 127; 0 SHOULD be refused.");
    /// assert!(levels.into_iter().eq([Level::Must, Level::Should]));
    /// ```
    #[must_use]
    pub fn of(text: &str) -> BTreeSet<Level> {
        let sentences = text.split("; ").flat_map(|part| part.split(". "));
        sentences.flat_map(Self::of_sentence).collect()
    }

    fn of_sentence(sentence: &str) -> Vec<Level> {
        let words: Vec<&str> = sentence.split(|c: char| !c.is_ascii_alphabetic()).collect();
        let mut levels = Vec::from(Self::ALL);
        levels.retain(|level| words.contains(&level.name()));
        if levels.is_empty() {
            levels.push(Level::Must);
        }
        levels
    }
}

/// A section of the profile that states requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its number.
    pub number: u32,
    /// Its title.
    pub title: &'static str,
}

/// All requirements and the sections that they stand in.
#[derive(Debug)]
pub struct Catalogue {
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// The requirements, in the order of the text.
    pub requirements: Vec<Requirement>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(PROFILE));

impl Catalogue {
    /// The catalogue of the profile that this build was made with.
    #[must_use]
    pub fn get() -> &'static Catalogue {
        &CATALOGUE
    }

    /// Reads headings (`## 4. Double Ratchet`) and table rows (`| DR-01 | … |`).
    fn parse(profile: &'static str) -> Catalogue {
        let mut catalogue = Catalogue {
            sections: Vec::new(),
            requirements: Vec::new(),
        };
        for line in profile.lines() {
            if let Some((number, title)) = line
                .strip_prefix("## ")
                .and_then(|heading| heading.split_once(". "))
                && let Ok(number) = number.parse()
            {
                catalogue.sections.push(Section { number, title });
            }
            if let Some(row) = line
                .strip_prefix("| ")
                .and_then(|row| row.strip_suffix(" |"))
                && let Some((id, text)) = row.split_once(" | ")
                && is_requirement_id(id)
                && let Some(section) = catalogue.sections.last()
            {
                catalogue.requirements.push(Requirement {
                    id,
                    section: section.number,
                    text,
                });
            }
        }
        let Catalogue {
            sections,
            requirements,
        } = &mut catalogue;
        sections.retain(|section| {
            requirements
                .iter()
                .any(|requirement| requirement.section == section.number)
        });
        catalogue
    }

    /// The requirement with that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Requirement> {
        self.requirements
            .iter()
            .find(|requirement| requirement.id == id)
    }

    /// The requirements that a text names, in its order: `KEY-01 to KEY-04` names four.
    pub fn named_in(&self, text: &str) -> impl Iterator<Item = &'static str> + use<'_> {
        let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let words = text.split(|c| !is_of_id(c)).filter(|word| !word.is_empty());
        let mut named = Vec::new();
        let mut last: [Option<usize>; 2] = [None; 2];
        for word in words {
            let at = self.requirements.iter().position(|it| it.id == word);
            match (last, word, at) {
                ([Some(first), None], "to", None) => last = [None, Some(first)],
                ([None, Some(first)], _, Some(at)) => {
                    named.extend(first + 1..=at);
                    last = [Some(at), None];
                }
                (_, _, at) => {
                    named.extend(at);
                    last = [at, None];
                }
            }
        }
        named.into_iter().map(|at| self.requirements[at].id)
    }

    /// The requirements of a section.
    pub fn of_section(&self, number: u32) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(move |requirement| requirement.section == number)
    }
}

/// Whether `text` has the form of a requirement's id: capital letters and digits, a hyphen, two digits.
#[must_use]
pub fn is_requirement_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        area.starts_with(|first: char| first.is_ascii_uppercase())
            && area
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && number.len() == 2
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::files::{self, Most};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_row_of_the_profile_is_a_requirement_and_no_id_stands_twice() {
        let catalogue = Catalogue::get();
        let ids: BTreeSet<_> = catalogue.requirements.iter().map(|r| r.id).collect();
        assert_eq!(ids.len(), catalogue.requirements.len());
        for line in PROFILE.lines() {
            let first_cell = line
                .strip_prefix("| ")
                .and_then(|row| row.split(" |").next());
            if let Some(id) = first_cell.filter(|cell| is_requirement_id(cell)) {
                assert!(ids.contains(id), "{id} is not in the catalogue");
            }
        }
        assert!(ids.len() > 135, "{} requirements", ids.len());
    }

    #[test]
    fn a_text_names_requirements_alone_and_from_one_to_another() {
        let named = |text| Catalogue::get().named_in(text).collect::<Vec<_>>();
        assert_eq!(named("Decrypts (DR-06, DR-07)."), ["DR-06", "DR-07"]);
        let range = ["KEY-01", "KEY-02", "KEY-03", "KEY-04", "SIG-01"];
        assert_eq!(named("A key (KEY-01 to KEY-04, SIG-01)."), range);
        assert_eq!(named("From DR-99 to KEY-01."), ["KEY-01"]);
        assert!(named("Of none, from 1 to 16.").is_empty());
    }

    #[test]
    fn a_requirement_is_as_strict_as_its_words() {
        use Level::{May, Must, Should};
        let of = |id: &str| {
            let requirement = Catalogue::get().find(id).expect("a requirement");
            Vec::from_iter(Level::of(requirement.text))
        };
        assert_eq!(of("ID-01"), [Must]);
        assert_eq!(of("ID-03"), [Must], "it has none of the words");
        assert_eq!(of("ID-02"), [Must, Should]);
        assert_eq!(of("V3-12"), [Should]);
        assert_eq!(of("SES-16"), [Must, May]);
    }

    /// `require!("DR-14", …)` and `required!("PAY-02", …)` in the engine must name a requirement that exists.
    #[test]
    fn every_id_that_the_source_names_is_in_the_profile() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let is_rust = |file: &Path| file.extension().is_some_and(|extension| extension == "rs");
        let all = 1 << 30;
        let files = files::read_below(&source, is_rust, Most { each: all, all });
        // Put together, so that these lines are no such calls.
        let calls = ["require", "always_require", "required"].map(|name| [name, "!("].concat());
        let mut checks = 0;
        for file in files {
            let (file, text) = file.expect("a source file");
            for rest in calls.iter().flat_map(|call| text.split(call).skip(1)) {
                if let Some(id) = rest.trim_start().strip_prefix('"')
                    && let Some((id, _)) = id.split_once('"')
                {
                    checks += 1;
                    assert!(
                        Catalogue::get().find(id).is_some(),
                        "{file}: {id} is no requirement"
                    );
                }
            }
        }
        assert!(checks > 30, "only {checks} checks found");
    }
}
