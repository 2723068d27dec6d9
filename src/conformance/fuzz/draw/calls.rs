//! A vector's one call, changed in one place or two.

use crate::conformance::dice::Dice;
use crate::conformance::fuzz::change;
use crate::conformance::fuzz::corpus::Corpus;
use crate::conformance::fuzz::sketch::{Asked, Sketch};
use crate::conformance::operation::{Operation, car_key};

/// A call. Every second time each method is as likely as any other, so that those with few vectors have their turn.
pub(super) fn draw(corpus: &Corpus, dice: &mut Dice) -> Option<Sketch> {
    let index = if dice.one_in(2) {
        let of_method = dice.pick(&corpus.by_method)?;
        *dice.pick(of_method)?
    } else {
        dice.below(corpus.calls.len().max(1))
    };
    let mut sketch = corpus.calls.get(index)?.clone();
    if let Asked::Call(question) = &mut sketch.asked {
        // What a wallet does not come to ask: the receiver's key was held to PAY-12 when its request came.
        if question.method == car_key::ImportRequest::METHOD {
            return None;
        }
        let twice = dice.one_in(3);
        change::one_or_many(dice, corpus, &mut question.params);
        if twice {
            change::one(dice, corpus, &mut question.params);
        }
        sketch.codes = !twice && !question.refused;
    }
    Some(sketch)
}
