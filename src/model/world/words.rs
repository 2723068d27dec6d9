//! A path through the world as a scenario.

use super::action::Action;
use super::adversary::Adversary;
use super::bounds::{Bounds, What, Who, Wish};
use super::property::Promise;
use super::world::{Scratch, State, World};
use crate::intermediary::Body;
use crate::model::Space;

/// The lines of a path, and the Then that shows what is broken at its end.
pub(super) fn script<A: Adversary>(
    world: &World<A>,
    path: &[Action<A::Deed>],
    broken: Option<usize>,
) -> Vec<String> {
    let mut lines = beginning(&world.setting.bounds);
    let mut scratch = Scratch::default();
    let mut state = world.beginning();
    let mut found = Vec::new();
    for action in path {
        let sentences = sentences(world, &mut scratch, &state, *action);
        lines.extend(sentences.into_iter().map(|line| format!("When {line}")));
        found.clear();
        world.steps(&mut scratch, &state, &mut found);
        if let Some((_, next)) = found.iter().find(|(known, _)| known == action) {
            state = *next;
        }
    }
    let promise = broken.and_then(Promise::at);
    lines.extend(promise.map(|promise| format!("Then {}", promise.place())));
    lines
}

fn beginning(bounds: &Bounds) -> Vec<String> {
    let mut lines = Vec::new();
    for device in bounds.devices {
        if let Some((user, kind)) = device.split_once("'s ") {
            lines.push(format!("Given {user} has a {kind}"));
        }
    }
    for (taker, maker) in bounds.links {
        let name = |who: &Who| bounds.devices[usize::from(*who)];
        let (taker, maker) = (name(taker), name(maker));
        lines.push(format!("Given {taker} has taken the invitation of {maker}"));
    }
    lines.push("Given nothing arrives by itself".to_owned());
    lines
}

/// What a scenario calls a request.
fn kind(body: &Body) -> &'static str {
    match body {
        Body::Register(_) => "registration",
        Body::PublishSignedPreKey { .. }
        | Body::PublishOneTimePreKeys { .. }
        | Body::PublishAccessKey { .. }
        | Body::WithdrawAccessKey { .. } => "publication",
        Body::CountOneTimePreKeys { .. } => "count",
        Body::FetchBundle { .. } => "bundle request",
        Body::Submit(_) => "submission",
        Body::Read { .. } => "reading",
        Body::Acknowledge { .. } => "acknowledgement",
        Body::Remove { .. } => "removal",
    }
}

/// An action, as lines of a scenario without their first word.
fn sentences<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
    action: Action<A::Deed>,
) -> Vec<String> {
    let bounds = &world.setting.bounds;
    let name = |who: Who| bounds.devices[usize::from(who)];
    let mut request = |who: Who, place: u8| {
        let facts = world.facts(scratch, state.actors[usize::from(who)]);
        let number = facts.waiting()[usize::from(place)];
        kind(&world.requests.get(number).body)
    };
    let one = match action {
        Action::Wish(place) => wish(bounds, bounds.wishes[usize::from(place)]),
        Action::Exchange(who, place) => {
            format!("the {} of {} arrives", request(who, place), name(who))
        }
        Action::LoseAnswer(who, place) => {
            let (request, who) = (request(who, place), name(who));
            format!("the {request} of {who} arrives, and its answer does not")
        }
        Action::HoldCopy(who, place) => {
            let (request, who) = (request(who, place), name(who));
            format!("a copy of the {request} of {who} is held back")
        }
        Action::ReleaseCopy => "the copy arrives".to_owned(),
        Action::HoldAnswer(who, place) => {
            let (request, who) = (request(who, place), name(who));
            format!("the {request} of {who} arrives, and its answer is held back")
        }
        Action::ReleaseAnswer => "the answer arrives".to_owned(),
        Action::Read(who) | Action::Collect(who) => format!("{} looks for messages", name(who)),
        Action::Tick(who) => format!("{} looks at the clock", name(who)),
        Action::Clock => {
            let place = usize::from(state.clock);
            let seconds = bounds.moments[place + 1] - bounds.moments[place];
            format!("the clock moves on by {}", duration(seconds))
        }
        Action::Deed(deed) => return world.adversary.sentences(world, state, deed),
    };
    vec![one]
}

fn wish(bounds: &Bounds, wish: Wish) -> String {
    let name = |who: Who| bounds.devices[usize::from(who)];
    let deal = |deal: u8| &bounds.deals[usize::from(deal)];
    match wish {
        Wish::Offer(place) => {
            let deal = deal(place);
            let (from, to) = (name(deal.from), name(deal.to));
            match deal.what {
                What::HotelKey => {
                    format!("{from} offers a hotel key called \"{}\" to {to}", deal.name)
                }
                What::CarKey => format!("{from} offers a car key called \"{}\" to {to}", deal.name),
                What::TokenOf {
                    deal: first,
                    insists,
                } => {
                    let first = bounds.deals[usize::from(first)].name;
                    let verb = if insists {
                        "insists on offering"
                    } else {
                        "offers"
                    };
                    format!(
                        "{from} {verb} the token of \"{first}\" called \"{}\" to {to}",
                        deal.name
                    )
                }
            }
        }
        Wish::Accept(it) => format!("{} accepts \"{}\"", name(deal(it).to), deal(it).name),
        Wish::Decline(it) => format!("{} declines \"{}\"", name(deal(it).to), deal(it).name),
        Wish::Cancel(who, it) => format!("{} cancels \"{}\"", name(who), deal(it).name),
        Wish::MakeLink(who, _) => format!(
            "{} makes an invitation called \"{}\"",
            name(who),
            link(bounds, who)
        ),
        Wish::TakeLink(who, of) => format!(
            "{} takes the invitation \"{}\"",
            name(who),
            link(bounds, of)
        ),
        Wish::WithdrawLink(who) => format!(
            "{} withdraws the invitation \"{}\"",
            name(who),
            link(bounds, who)
        ),
        Wish::DropPin(who, of) => format!("{} drops the pin of {}", name(who), name(of)),
        Wish::Compare(who, of) => format!("{} compares fingerprints with {}", name(who), name(of)),
    }
}

fn link(bounds: &Bounds, who: Who) -> String {
    format!("the link of {}", bounds.devices[usize::from(who)])
}

fn duration(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        _ => format!("{seconds} seconds"),
    }
}
