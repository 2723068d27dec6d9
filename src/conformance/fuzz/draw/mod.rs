//! How something is drawn: an area each.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `calls` | a vector's one call, changed |
//! | `conversations` | a vector's conversation with other steps |
//! | `world` | a device and its peers, all played by the reference engine |
//! | `devices` | what happens between them, drawn step by step |
//! | `bounds` | what comes to a bound of the profile |
//! | `places` | what such a conversation passes through |

mod bounds;
mod calls;
mod conversations;
mod devices;
mod places;
mod world;

pub use places::Place;

use super::corpus::Corpus;
use super::drawn::Drawn;
use super::script;
use crate::conformance::dice::Dice;
use crate::conformance::hint::Hint;
use crate::suite::SuiteRef;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What is drawn.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Calls of functions: a vector's parameters with something changed.
    Calls,
    /// Conversations of the vectors with a device, with transfers or with an intermediary, their steps changed.
    Conversations,
    /// Conversations of a device with peers, drawn step by step.
    Devices,
    /// Conversations in which much is the same, up to a bound of the profile and beyond it.
    Bounds,
    /// Scenarios with other steps.
    Wallets,
}

impl Area {
    /// All of them.
    pub const ALL: &[Area] = &[
        Area::Calls,
        Area::Conversations,
        Area::Devices,
        Area::Bounds,
        Area::Wallets,
    ];

    /// As arguments and names of what is drawn have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Area::Calls => "calls",
            Area::Conversations => "conversations",
            Area::Devices => "devices",
            Area::Bounds => "bounds",
            Area::Wallets => "wallets",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Area {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Area::ALL.iter().find(|area| area.name() == text);
        found.copied().ok_or_else(|| {
            let hint = Hint::nearest(text, Area::ALL.iter().map(|area| area.name()));
            format!("no area is called `{text}`{hint}; there are calls, conversations, devices, bounds and wallets")
        })
    }
}

/// Which draw it is: the same name is the same questions, in every program of this version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// What all is drawn from.
    pub seed: String,
    /// What is drawn.
    pub area: Area,
    /// Which one, from 0.
    pub number: u64,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.seed, self.area, self.number)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.rsplitn(3, '/');
        let number = parts.next().and_then(|number| number.parse().ok());
        let (area, seed) = (parts.next(), parts.next());
        match (seed, area, number) {
            (Some(seed), Some(area), Some(number)) => Ok(Name {
                seed: seed.to_owned(),
                area: area.parse()?,
                number,
            }),
            _ => Err("what was drawn is called SEED/AREA/NUMBER, such as 1/devices/17".to_owned()),
        }
    }
}

/// What comes of a name; none where it is nothing that can be asked.
#[must_use]
pub fn draw(corpus: &Corpus, suite: SuiteRef, name: &Name) -> Option<Drawn> {
    let dice = &mut Dice::new(&format!("{}/{name}", suite.name()));
    match name.area {
        Area::Calls => calls::draw(corpus, dice).map(Drawn::Questions),
        Area::Conversations => conversations::draw(corpus, dice).map(Drawn::Questions),
        Area::Devices => {
            let (sketch, _) = devices::draw(corpus, suite, dice)?;
            Some(Drawn::Questions(sketch))
        }
        Area::Bounds => bounds::draw(corpus, suite, dice).map(Drawn::Questions),
        Area::Wallets => script::draw(corpus, suite, dice).map(Drawn::Script),
    }
}

/// What a conversation of area `devices` passes through.
#[must_use]
pub fn places(corpus: &Corpus, suite: SuiteRef, name: &Name) -> BTreeSet<Place> {
    let dice = &mut Dice::new(&format!("{}/{name}", suite.name()));
    let drawn = devices::draw(corpus, suite, dice);
    drawn.map(|(_, places)| places).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in ["1/devices/17", "a/b/calls/0"] {
            let name: Name = text.parse().expect("it is one");
            assert_eq!(name.to_string(), text);
        }
        for text in [
            "",
            "devices/17",
            "1/devices/x",
            "1/device/17",
            "1/devices/-1",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
