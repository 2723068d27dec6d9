//! Who can attack a transfer, and how, read off `docs/threats.md`: that text is the one source.

use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// The page as this build was made with it.
const PAGE: &str = include_str!("../../docs/threats.md");

/// What an attacker can do, or cannot.
#[derive(Clone, Debug, Serialize)]
pub struct Threat {
    /// Who: `The network`.
    pub attacker: &'static str,
    /// Whether it is possible, or held off.
    pub can: bool,
    /// What.
    pub what: &'static str,
    /// The scenario that shows it.
    #[serde(skip)]
    scenario: Shown,
}

/// One of the numbered attacks.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Its number.
    pub number: u32,
    /// What it is.
    pub what: &'static str,
    /// The requirements that stand against it.
    pub against: Vec<&'static str>,
    /// A flaw of the engine that brings it back.
    pub flaw: &'static str,
    /// Who makes it, as far as the page says.
    pub attackers: Vec<&'static str>,
}

/// The scenario that a line names, or the outline of several.
#[derive(Clone, Debug)]
struct Shown {
    /// As it stands there, without quotes.
    name: String,
    pattern: Regex,
}

impl Shown {
    /// What stands between `<` and `>` may be anything in a scenario of the outline.
    fn read(cell: &str) -> Self {
        let name = cell.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let name = name
            .unwrap_or(cell)
            .replace("\\\"", "\"")
            .replace("\\<", "<");
        let mut pattern = String::from("^");
        let mut rest = name.as_str();
        while let Some((before, (_, after))) = rest
            .split_once('<')
            .and_then(|(before, inside)| Some((before, inside.split_once('>')?)))
        {
            pattern.extend([&regex::escape(before), ".*"]);
            rest = after;
        }
        pattern.extend([&regex::escape(rest), "$"]);
        let pattern = Regex::new(&pattern)
            .unwrap_or_else(|error| unreachable!("its words are escaped: {error}"));
        Shown { name, pattern }
    }
}

impl Attack {
    /// Who gains by it, in words behind what it is: `, by the intermediary or a thief`. Nothing, where the page does not say.
    #[must_use]
    pub fn who(&self) -> String {
        match self.attackers.as_slice() {
            [] => String::new(),
            attackers => format!(", by {}", attackers.join(" or ").to_lowercase()),
        }
    }
}

impl Threat {
    /// Whether a scenario of that name shows it.
    #[must_use]
    pub fn is_shown_by(&self, scenario: &str) -> bool {
        self.scenario.pattern.is_match(scenario)
    }
}

/// All that the page says.
#[derive(Debug)]
pub struct Threats {
    /// The lines of each attacker, in order.
    pub threats: Vec<Threat>,
    /// The numbered attacks, in order.
    pub attacks: Vec<Attack>,
}

static THREATS: LazyLock<Threats> = LazyLock::new(|| Threats::parse(PAGE));

impl Threats {
    /// What the page says that this build was made with.
    #[must_use]
    pub fn get() -> &'static Threats {
        &THREATS
    }

    /// Reads headings (`## The network`) and the rows below them: `| can | what | "scenario" |`, and `| 4 | attack | requirements | flaw | "scenario" |`.
    fn parse(page: &'static str) -> Threats {
        let mut threats: Vec<Threat> = Vec::new();
        let mut attacks = Vec::new();
        let mut attacker = "";
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                attacker = heading;
            }
            let row = line.strip_prefix("| ").and_then(|it| it.strip_suffix(" |"));
            let cells: Vec<_> = row.map_or_else(Vec::new, |row| row.split(" | ").collect());
            match cells.as_slice() {
                [can @ ("can" | "cannot"), what, scenario] => threats.push(Threat {
                    attacker,
                    can: *can == "can",
                    what,
                    scenario: Shown::read(scenario),
                }),
                [number, what, against, flaw, _] => {
                    if let Ok(number) = number.parse() {
                        let against = against.split(", ");
                        attacks.push(Attack {
                            number,
                            what,
                            against: against.collect(),
                            flaw: flaw.trim_matches('`'),
                            attackers: attackers(&threats, number),
                        });
                    }
                }
                _ => {}
            }
        }
        Threats { threats, attacks }
    }

    /// The attacks that a requirement stands against.
    pub fn held_off_by(&self, requirement: &str) -> impl Iterator<Item = &Attack> {
        let attacks = self.attacks.iter();
        attacks.filter(move |attack| attack.against.contains(&requirement))
    }
}

/// Whose lines name a scenario of the attack.
fn attackers(threats: &[Threat], number: u32) -> Vec<&'static str> {
    let begins = format!("Attack {number}, ");
    let of_attack = threats
        .iter()
        .filter(|threat| threat.scenario.name.starts_with(&begins));
    let mut attackers: Vec<_> = of_attack.map(|threat| threat.attacker).collect();
    attackers.dedup();
    attackers
}
