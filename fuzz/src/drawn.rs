//! Conversations that are drawn by a seed (`tigress fuzz`), and the list of them that is checked in.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::fuzz::Drawn;
use tigress_signal::conformance::fuzz::corpus::Corpus;
use tigress_signal::conformance::fuzz::draw::{Name, Place, draw};
use tigress_signal::conformance::fuzz::seeds::{self, Listed};
use tigress_signal::conformance::vector::Body;
use tigress_signal::conformance::vector::conversation::Conversation;
use tigress_signal::suite::Tigress1;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::of(&Cases::load(None, None), &Tigress1));

/// What they are drawn from.
#[must_use]
pub fn corpus() -> &'static Corpus {
    &CORPUS
}

/// The list.
#[must_use]
pub fn listed() -> Vec<Listed> {
    let text = include_str!("../drawn/devices.txt");
    seeds::read("fuzz/drawn/devices.txt", text).expect("it can be read")
}

/// The conversation of that name, with the reference engine's answers.
#[must_use]
pub fn conversation(name: &Name) -> Option<Conversation> {
    let Drawn::Questions(sketch) = draw(corpus(), &Tigress1, name)? else {
        return None;
    };
    match sketch.settle("drawn", "")?.vector.body {
        Body::Conversation(conversation) => Some(conversation),
        Body::Call(_) => None,
    }
}

/// Each two places of a conversation.
#[must_use]
pub fn pairs(places: &BTreeSet<Place>) -> BTreeSet<(Place, Place)> {
    let of = |one: &Place| {
        let one = *one;
        let others = places.iter().filter(move |other| one < **other);
        others.map(move |other| (one, *other))
    };
    places.iter().flat_map(of).collect()
}
