//! A vector's conversation with other steps: some are gone, come twice, come earlier or later, or ask something else.

use crate::conformance::dice::Dice;
use crate::conformance::fuzz::change;
use crate::conformance::fuzz::corpus::Corpus;
use crate::conformance::fuzz::renew;
use crate::conformance::fuzz::sketch::{Asked, Question, Sketch, Step};
use crate::conformance::operation::{Operation, device, sesame};
use crate::conformance::vector::conversation::device::DEVICE;
use serde_json::{Value, json};

/// At most so many changes.
const MOST_CHANGES: usize = 4;

/// So many conversations are looked at for one of the same family.
const TRIES: usize = 12;
/// At most so many questions are asked again after a step.
const MOST_AGAIN: usize = 12;

/// A conversation of any machine.
pub(super) fn draw(corpus: &Corpus, dice: &mut Dice) -> Option<Sketch> {
    let mut sketch = corpus.conversation(dice)?.clone();
    let changes = 1 + dice.below(MOST_CHANGES);
    change(corpus, dice, &mut sketch, changes)?;
    Some(sketch)
}

/// Changes a conversation so many times.
pub(super) fn change(
    corpus: &Corpus,
    dice: &mut Dice,
    sketch: &mut Sketch,
    changes: usize,
) -> Option<()> {
    let mut codes = true;
    let Asked::Machine {
        machine,
        load,
        steps,
    } = &mut sketch.asked
    else {
        return None;
    };
    let is_device = **machine == DEVICE;
    for _ in 0..changes {
        let at = dice.below(steps.len().max(1));
        match dice.below(18) {
            0 | 1 if steps.len() > 1 => {
                steps.remove(at);
            }
            2 | 3 => {
                // Once more, at once or later.
                if let Some(step) = steps.get(at).cloned() {
                    let later = at + 1 + dice.below(steps.len() - at);
                    steps.insert(later, step);
                }
            }
            4 => {
                let later = dice.below(steps.len().max(1));
                if !steps.is_empty() {
                    steps.swap(at, later);
                }
            }
            5 | 6 => steps.insert(at, Step::Restart),
            7 if is_device => steps.push(looks(dice)),
            8 if dice.one_in(4) => change::one(dice, corpus, load),
            9 => later(dice, steps, at),
            10 | 11 => {
                // A step of another conversation with such a machine.
                let family = &sketch.family;
                let others = (0..TRIES)
                    .find_map(|_| corpus.conversation(dice).filter(|it| it.family == *family));
                if let Some(Asked::Machine { steps: others, .. }) = others.map(|it| &it.asked)
                    && let Some(step) = dice.pick(others)
                {
                    let step = renew::adopted(dice, step, steps);
                    steps.insert(at, step);
                }
            }
            12 => asked_again(dice, steps, at),
            _ => {
                if let Some(Step::Ask(question)) = steps.get_mut(at) {
                    // A changed question in a changed conversation has two faults.
                    codes &= !question.refused && changes == 1;
                    question.refused = true;
                    change::one_or_many(dice, corpus, &mut question.params);
                }
            }
        }
    }
    if is_device {
        steps.push(looks(dice));
    }
    sketch.codes = codes;
    Some(())
}

/// After a step all that was asked before it is asked once more: what it has ended, forgotten or let in shows in one of them.
fn asked_again(dice: &mut Dice, steps: &mut Vec<Step>, at: usize) {
    let behind = (at + 1).min(steps.len());
    let first = behind.saturating_sub(MOST_AGAIN);
    let label = format!("{:08x}", dice.below(1 << 31));
    let again = renew::renewed(&steps[first..behind], &label);
    let again: Vec<Step> = again
        .into_iter()
        .filter(|it| *it != Step::Restart)
        .collect();
    steps.splice(behind..behind, again);
}

/// From a step on it is later, as the steps that say the time have it.
fn later(dice: &mut Dice, steps: &mut [Step], from: usize) {
    let by = change::time(dice);
    for step in steps.iter_mut().skip(from) {
        if let Step::Ask(question) = step
            && let Some(now) = question.params.get("now").and_then(Value::as_u64)
        {
            question.params["now"] = (now + by).into();
        }
    }
}

/// A question that changes nothing.
fn looks(dice: &mut Dice) -> Step {
    let methods = [sesame::Records::METHOD, device::Keys::METHOD];
    Step::Ask(Question::new(methods[dice.below(methods.len())], json!({})))
}
