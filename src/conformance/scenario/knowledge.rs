//! What the intermediary knows when a run is over, for people and for programs: what it learned ([`View`]), who wrote to whom, and
//! what stays hidden from it. It has addresses; the names of devices are the script's.

use super::diagram::words::{duration, name, shown, time};
use super::transcript::{Line, Transcript};
use super::view::{Learning, TooMany, View};
use crate::conformance::printable::Printable;
use crate::identifier::Address;
use crate::intermediary::{Body, Learned, Submission};
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// The version of this form.
pub const KNOWLEDGE_VERSION: u32 = 1;

/// People are shown so many characters of a value.
const LONG: usize = 44;

/// What the intermediary knows when a run is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Knowledge {
    /// The version of this form: 1.
    pub version: u32,
    /// What the scenario is called.
    pub scenario: String,
    /// The suite that is spoken.
    pub suite: String,
    /// The devices that it knows, in the order in which it came to know them.
    pub devices: Vec<Device>,
    /// Devices that wrote to each other, in the order in which they began.
    pub pairs: Vec<Pair>,
    /// Everything that it learned, in the order in which it did.
    pub learned: Vec<Thing>,
    /// What stays hidden from it.
    pub hidden: Vec<Remark>,
    /// What it could see beside what it learned.
    pub beside: Vec<Remark>,
    /// What the script calls the devices, as it may be shown.
    #[serde(skip)]
    names: BTreeMap<String, String>,
}

/// A device that the intermediary knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Device {
    /// Its address: user and device.
    pub address: String,
    /// What the script calls it. The intermediary does not know that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often it asked for what.
    pub asked: BTreeMap<String, usize>,
}

/// Two devices, at least one of which wrote to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pair {
    /// Their addresses; the first wrote first.
    pub between: [String; 2],
    /// What they wrote, in order.
    pub messages: Vec<Message>,
}

/// A message, as the intermediary sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The address of the device that wrote it.
    pub from: String,
    /// When it came, in seconds since 1970.
    pub when: Timestamp,
    /// Its kind.
    pub kind: MessageKind,
    /// Its padded size.
    pub bytes: usize,
    /// How many seconds it is kept.
    pub lifetime: u64,
    /// The hash of the access key by which it came, in hex.
    pub access_key: String,
}

/// One thing that the intermediary learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Thing {
    /// What kind of thing.
    pub kind: Learned,
    /// The thing.
    pub value: String,
    /// The address of the device that it is about.
    pub whose: String,
    /// When it was learned, in seconds since 1970.
    pub when: Timestamp,
    /// Whether it names somebody who took part in several transfers, and so ties these to one another.
    pub ties: bool,
}

/// Something that is so in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remark {
    /// What.
    pub what: &'static str,
    /// The requirement that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<&'static str>,
}

const HIDDEN: &[Remark] = &[
    Remark {
        what: "What a message says: it is encrypted from device to device.",
        requirement: Some("PRIV-01"),
    },
    Remark {
        what: "What kind of payload a message carries, by its size: those of one transfer are as long as its offer, if they fit.",
        requirement: Some("PRIV-03"),
    },
    Remark {
        what: "Whether two transfers by two links are of the same people, if their wallets use fresh user ids and identity keys.",
        requirement: Some("PRIV-02"),
    },
];

const BESIDE: &[Remark] = &[
    Remark {
        what: "The header of a message is not encrypted. Whoever parses the bytes reads the ratchet key and the counters, and in a prekey message the keys and ids around them.",
        requirement: Some("PRIV-01"),
    },
    Remark {
        what: "The network below: whoever runs the server sees from which addresses requests come. A transcript has none.",
        requirement: None,
    },
];

impl Knowledge {
    /// What it knows when the run of a transcript is over.
    ///
    /// # Errors
    /// Where its requests list too many prekeys and messages.
    pub fn of(transcript: &Transcript) -> Result<Self, TooMany> {
        TooMany::check(&transcript.events)?;
        let view = View::of(transcript);
        let names = view.names.iter();
        let names = names.map(|(address, device)| (address.to_string(), name(device)));
        let names: BTreeMap<_, _> = names.collect();
        let learned: Vec<Thing> = view
            .rows
            .iter()
            .map(|row| Thing {
                kind: row.kind,
                value: row.value.clone(),
                whose: row.whose.to_string(),
                when: row.when,
                ties: view.is_shared(row),
            })
            .collect();
        Ok(Knowledge {
            version: KNOWLEDGE_VERSION,
            scenario: shown(&transcript.header.scenario),
            suite: name(&transcript.header.suite),
            devices: devices(&learned, &names),
            pairs: Pairs::of(&transcript.events),
            learned,
            hidden: HIDDEN.to_vec(),
            beside: BESIDE.to_vec(),
            names,
        })
    }

    /// What people call the device at an address.
    #[must_use]
    pub fn name<'k>(&'k self, address: &'k str) -> &'k str {
        self.names.get(address).map_or(address, String::as_str)
    }

    /// How many things tie transfers to one another.
    #[must_use]
    pub fn ties(&self) -> usize {
        self.learned.iter().filter(|thing| thing.ties).count()
    }

    /// What it learned, a line each, for people. Prekeys that were published at once stand on one line.
    pub fn lines(&self) -> impl Iterator<Item = Told> {
        let alike = |one: &Thing, next: &Thing| {
            one.kind == Learned::OneTimePreKey
                && (one.kind, &one.whose, one.when, one.ties)
                    == (next.kind, &next.whose, next.when, next.ties)
        };
        self.learned.chunk_by(alike).map(|things| {
            let thing = &things[0];
            Told {
                what: thing.kind.to_string(),
                value: match things.len() {
                    1 => shortened(&thing.value),
                    many => format!("{many} of them"),
                },
                whose: self.name(&thing.whose).to_owned(),
                when: time(thing.when),
                ties: thing.ties,
            }
        })
    }
}

/// What was learned, as people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What kind of thing.
    pub what: String,
    /// The thing, or how many of them.
    pub value: String,
    /// Which device it is about.
    pub whose: String,
    /// When it was learned.
    pub when: String,
    /// Whether it ties transfers to one another.
    pub ties: bool,
}

impl Pair {
    /// How many bytes they wrote.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.bytes).sum()
    }

    /// From when until when, as people are told.
    #[must_use]
    pub fn time(&self) -> String {
        let times = self.messages.iter().map(|message| message.when);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            return String::new();
        };
        match last.seconds_since(first) {
            0 => time(first),
            passed => format!("{} to {}, {}", time(first), time(last), duration(passed)),
        }
    }
}

impl Message {
    /// When it came, as people are told.
    #[must_use]
    pub fn time(&self) -> String {
        time(self.when)
    }

    /// How long it is kept, as people are told.
    #[must_use]
    pub fn kept(&self) -> String {
        duration(self.lifetime)
    }
}

fn shortened(value: &str) -> String {
    let mut short: String = value.chars().take(LONG).collect();
    if short.len() < value.len() {
        short.pop();
        short.push('…');
    }
    Printable(short).to_string()
}

/// The devices that any of it is about, with what they asked for.
fn devices(learned: &[Thing], names: &BTreeMap<String, String>) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for thing in learned {
        let place = *places.entry(&thing.whose).or_insert_with(|| {
            devices.push(Device {
                address: thing.whose.clone(),
                name: names.get(&thing.whose).cloned(),
                asked: BTreeMap::new(),
            });
            devices.len() - 1
        });
        if thing.kind == Learned::Asked {
            *devices[place].asked.entry(thing.value.clone()).or_default() += 1;
        }
    }
    devices
}

/// Pairs, and where each stands among them.
#[derive(Default)]
struct Pairs {
    pairs: Vec<Pair>,
    places: HashMap<[Address; 2], usize>,
}

impl Pairs {
    fn of(events: &[Line]) -> Vec<Pair> {
        let mut pairs = Pairs::default();
        let mut learning = Learning::default();
        for event in events {
            let rows = learning.event(event);
            if let (Some(row), Line::Request { request, .. }) = (rows.first(), event)
                && let Body::Submit(submission) = &request.body
            {
                pairs.add(row.whose, row.when, submission);
            }
        }
        pairs.pairs
    }

    fn add(&mut self, from: Address, when: Timestamp, submission: &Submission) {
        let to = submission.recipient;
        let place = *self
            .places
            .entry([from.min(to), from.max(to)])
            .or_insert_with(|| {
                self.pairs.push(Pair {
                    between: [from.to_string(), to.to_string()],
                    messages: Vec::new(),
                });
                self.pairs.len() - 1
            });
        self.pairs[place].messages.push(Message {
            from: from.to_string(),
            when,
            kind: submission.kind,
            bytes: submission.message.0.len(),
            lifetime: submission.lifetime(),
            access_key: submission.access_key.digest().to_string(),
        });
    }
}
