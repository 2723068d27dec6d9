//! What comes to a bound of the profile: the same many times, each time another one, and then it goes on.

use super::conversations;
use super::world::{Mail, World};
use crate::conformance::dice::Dice;
use crate::conformance::fuzz::change;
use crate::conformance::fuzz::corpus::Corpus;
use crate::conformance::fuzz::renew::renewed;
use crate::conformance::fuzz::sketch::{Asked, Question, Sketch, Step};
use crate::conformance::operation::{Operation, device, intermediary, sesame};
use crate::conformance::vector::conversation::device::DEVICE;
use crate::suite::SuiteRef;
use serde_json::{Value, json};

/// So many are kept or taken of something, somewhere in the profile, that is told in steps of their own.
const BOUNDS: [usize; 3] = [10, 40, 100];
/// So many steps in a row are told again.
const MOST_IN_A_ROW: usize = 3;
/// So much all of it may be, in characters of JSON.
const MOST_TEXT: usize = 600_000;
/// So many openings without a one-time prekey are taken of one identity key (X3DH-14), and keys of skipped messages kept (DR-12),
/// of which one message skips so many at most (DR-11).
const OPENINGS: usize = 100;
const SKIPPED: usize = 2000;
const SKIPPED_AT_ONCE: usize = 1000;

/// A conversation that comes to a bound, passes it, or stays below it.
pub(super) fn draw(corpus: &Corpus, suite: SuiteRef, dice: &mut Dice) -> Option<Sketch> {
    match dice.below(8) {
        0 => with_device(corpus, suite, dice, openings),
        1 => with_device(corpus, suite, dice, skipped),
        2..=4 => repeated(corpus, dice),
        _ => {
            // A vector that comes to one.
            let mut sketch = dice.pick(&corpus.long)?.clone();
            let changes = 1 + dice.below(2);
            conversations::change(corpus, dice, &mut sketch, changes)?;
            Some(sketch)
        }
    }
}

/// About a bound: one less mostly, so that the next one meets it.
fn about(dice: &mut Dice, bounds: &[usize]) -> usize {
    let bound = dice.pick(bounds).copied().unwrap_or(1);
    bound + dice.below(3) - 2 + dice.below(2)
}

/// A few steps of a conversation of transfers or with an intermediary many times, the whole of it after that, and its beginning again.
fn repeated(corpus: &Corpus, dice: &mut Dice) -> Option<Sketch> {
    let is_other = |sketch: &&Sketch| matches!(&sketch.asked, Asked::Machine { machine, .. } if **machine != DEVICE);
    let mut sketch = (0..20).find_map(|_| corpus.conversation(dice).filter(is_other).cloned())?;
    let label = format!("{:08x}", dice.below(1 << 31));
    let Asked::Machine { steps, .. } = &mut sketch.asked else {
        return None;
    };
    let first = dice.below(steps.len().max(1));
    let length = if dice.one_in(3) {
        steps.len()
    } else {
        1 + dice.below(MOST_IN_A_ROW)
    };
    let behind = (first + length).min(steps.len());
    let row: Vec<Step> = steps.get(first..behind)?.to_vec();
    if let [Step::Ask(question)] = &row[..]
        && question.method == intermediary::Request::METHOD
        && !dice.one_in(4)
    {
        let many = requests(question, about(dice, &change::BOUNDS), &label);
        let again = (0..3).flat_map(|time| renewed(&row, &format!("{label}/{time}")));
        let again: Vec<Step> = again.collect();
        steps.splice(behind..behind, std::iter::once(many).chain(again));
    } else {
        let text: usize = row.iter().map(text_of).sum();
        let times = about(dice, &BOUNDS).min(MOST_TEXT / text.max(1));
        let again = (0..times).flat_map(|time| renewed(&row, &format!("{label}/{time}")));
        let again: Vec<Step> = again.collect();
        steps.splice(behind..behind, again);
    }
    if dice.one_in(4) {
        steps.push(Step::Restart);
    }
    let beginning = renewed(&steps[..behind], &label);
    steps.extend(beginning);
    Some(sketch)
}

/// The same request many times, each under its own id.
fn requests(question: &Question, times: usize, label: &str) -> Step {
    let mut request = question.params["request"].clone();
    request["id"] = format!("{label}-{}", intermediary::NUMBER).into();
    let params = json!({ "request": request, "times": times, "now": question.params["now"] });
    Step::Ask(Question::new(intermediary::Requests::METHOD, params))
}

fn text_of(step: &Step) -> usize {
    match step {
        Step::Ask(question) => question.params.to_string().len(),
        Step::Restart => 0,
    }
}

/// What happens between a device and its peers.
fn with_device(
    corpus: &Corpus,
    suite: SuiteRef,
    dice: &mut Dice,
    happens: fn(&mut World) -> Option<()>,
) -> Option<Sketch> {
    let load = dice.pick(&corpus.loads)?.clone();
    let mut world = World::new(dice, suite, &load)?;
    happens(&mut world)?;
    world.device(sesame::Records::METHOD, json!({}));
    Some(world.sketch(suite, load))
}

/// A peer opens as many sessions as may be without a one-time prekey, or about as many.
fn openings(world: &mut World) -> Option<()> {
    let made = world.known_of_device(device::Bundle::METHOD, json!({}))?;
    let bundle = &made["bundle"];
    let first = opening(world, 0, bundle)?;
    for _ in 1..about(world.dice, &[OPENINGS]) {
        let mail = opening(world, 0, bundle)?;
        arrives(world, &mail);
    }
    let last = opening(world, 0, bundle)?;
    let other = opening(world, 2, bundle)?;
    let mut mails = [first.clone(), last.clone(), other, last, first];
    world.dice.shuffle(&mut mails);
    for mail in &mails {
        meanwhile(world);
        arrives(world, mail);
    }
    Some(())
}

/// A message of a session that a peer opens with that bundle.
fn opening(world: &mut World, peer: usize, bundle: &Value) -> Option<Mail> {
    let randomness = world.randomness();
    let params = json!({ "bundle": bundle, "randomness": randomness });
    world.peer(peer, device::ProcessBundle::METHOD, params)?;
    world.writes(peer, 1)
}

/// A peer's messages do not come, in one chain or in several: about as many as keys are kept of. Then some do.
fn skipped(world: &mut World) -> Option<()> {
    let made = world.known_of_device(device::Bundle::METHOD, json!({}))?;
    let mail = opening(world, 0, &made["bundle"])?;
    arrives(world, &mail);
    let mut late = Vec::new();
    let mut left = about(world.dice, &[SKIPPED]);
    while left > 0 {
        let gap = (SKIPPED_AT_ONCE / 4 + world.dice.below(SKIPPED_AT_ONCE)).min(SKIPPED_AT_ONCE);
        let gap = gap.min(left);
        left -= gap;
        let chosen = world.dice.below(gap);
        for number in 0..gap {
            let mail = world.writes(0, 0)?;
            if number < 2 || number == chosen {
                late.push(mail);
            }
        }
        let mail = world.writes(0, 1)?;
        arrives(world, &mail);
        if world.dice.one_in(2) {
            new_chain(world)?;
        }
    }
    // The oldest first: their keys are gone first.
    for mail in &late {
        if world.dice.one_in(6) {
            meanwhile(world);
        }
        arrives(world, mail);
    }
    Some(())
}

/// The device answers, so that what the peer writes from now on is of a new chain.
fn new_chain(world: &mut World) -> Option<()> {
    let plaintext = world.plaintext(1);
    let params = json!({ "peer": World::address(0), "plaintext": plaintext });
    let made = world.device(device::Encrypt::METHOD, params)?;
    let randomness = world.randomness();
    let params = json!({
        "peer": world.own(),
        "kind": made["kind"],
        "message": made["message"],
        "randomness": randomness,
    });
    world.peer(0, device::Decrypt::METHOD, params).map(drop)
}

/// Whether the device takes it or not.
fn arrives(world: &mut World, mail: &Mail) {
    let randomness = world.randomness();
    let params = json!({
        "peer": World::address(mail.peer),
        "kind": mail.kind,
        "message": mail.message,
        "randomness": randomness,
    });
    world.device(device::Decrypt::METHOD, params);
}

/// What may happen before something arrives: nothing mostly.
fn meanwhile(world: &mut World) {
    match world.dice.below(6) {
        0 => world.steps.push(Step::Restart),
        1 => {
            world.now += change::time(world.dice);
            let (now, randomness) = (world.now, world.randomness());
            let params = json!({ "now": now, "randomness": randomness });
            world.device(device::Tick::METHOD, params);
        }
        _ => {}
    }
}
