//! Steps that are asked once more, and are others: what makes a request or a transfer this one is another id.

use super::sketch::{Question, Step};
use super::text;
use crate::conformance::dice::Dice;
use crate::conformance::seed;
use crate::hex;
use serde_json::Value;

/// So many bytes an id has.
const ID: usize = 16;
/// A text that is shorter is no id that could be told from other text.
const SHORTEST: usize = 8;

/// What stands for what.
type Pairs = Vec<(String, String)>;

/// The same steps with ids of the label in place of their own.
pub(super) fn renewed(steps: &[Step], label: &str) -> Vec<Step> {
    let mut pairs = Pairs::new();
    for (question, number) in steps.iter().filter_map(question).zip(0_u32..) {
        let mut bytes = seed::bytes::<ID>(&format!("{label}/{number}"));
        let new = uuid(&mut bytes);
        if let Some(old) = request(question) {
            pairs.push((old.to_owned(), hex::encode(&bytes)));
        }
        if let Some(old) = transfer(question).filter(|old| pairs.iter().all(|(it, _)| it != old)) {
            if let Some(drawn) = drawn(question) {
                pairs.push((hex::encode(&drawn), hex::encode(&bytes)));
            }
            pairs.push((hex::encode(old.as_bytes()), hex::encode(new.as_bytes())));
            pairs.push((old, new));
        }
    }
    steps.iter().map(|step| replaced(step, &pairs)).collect()
}

/// A step of another conversation, as if it were of this one: it is about a transfer of this one, and of who takes part in it.
pub(super) fn adopted(dice: &mut Dice, step: &Step, here: &[Step]) -> Step {
    let ids: Vec<String> = here
        .iter()
        .filter_map(question)
        .filter_map(transfer)
        .collect();
    let own = question(step).and_then(transfer);
    let (Some(own), Some(id)) = (own, dice.pick(&ids)) else {
        return step.clone();
    };
    let pairs = [
        (hex::encode(own.as_bytes()), hex::encode(id.as_bytes())),
        (own, id.clone()),
    ];
    let mut step = replaced(step, &pairs);
    let peers: Vec<&Value> = here.iter().filter_map(question).filter_map(peer).collect();
    if let (Step::Ask(question), Some(peer)) = (&mut step, dice.pick(&peers))
        && let Some(from) = question.params.pointer_mut("/event/message/from")
    {
        *from = (*peer).clone();
    }
    step
}

fn question(step: &Step) -> Option<&Question> {
    match step {
        Step::Ask(question) => Some(question),
        Step::Restart => None,
    }
}

/// The id of a request.
fn request(question: &Question) -> Option<&str> {
    let id = question.params.pointer("/request/id")?.as_str()?;
    (id.len() >= SHORTEST).then_some(id)
}

/// The id of the transfer that a message is about, or that an offer begins.
fn transfer(question: &Question) -> Option<String> {
    if let Some(message) = question.params.pointer("/event/message/plaintext") {
        let id = text::payload(message.as_str()?)?;
        let id = id.pointer("/tigress/transfer")?.as_str()?;
        return (id.len() >= SHORTEST).then(|| id.to_owned());
    }
    let mut bytes = drawn(question)?;
    Some(uuid(&mut bytes))
}

/// What the id of a transfer is drawn from, of the offer that begins it.
fn drawn(question: &Question) -> Option<[u8; ID]> {
    question.params.pointer("/event/offer")?;
    let randomness = hex::decode(question.params["randomness"].as_str()?)?;
    randomness.first_chunk().copied()
}

/// The device that a transfer is with.
fn peer(question: &Question) -> Option<&Value> {
    let event = question.params.get("event")?;
    let from = event.pointer("/message/from");
    from.or_else(|| event.pointer("/offer/to"))
}

/// The random UUID that is made of these bytes, which are what it says afterwards.
fn uuid(bytes: &mut [u8; ID]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    let (groups, mut at) = ([8, 4, 4, 4, 12], 0);
    let parts = groups.map(|length| {
        at += length;
        &text[at - length..at]
    });
    parts.join("-")
}

fn replaced(step: &Step, pairs: &[(String, String)]) -> Step {
    let Some(question) = question(step) else {
        return step.clone();
    };
    let mut text = question.params.to_string();
    for (old, new) in pairs {
        if text.contains(old.as_str()) {
            text = text.replace(old.as_str(), new);
        }
    }
    match text.parse() {
        Ok(params) => Step::Ask(Question {
            params,
            ..question.clone()
        }),
        Err(_) => step.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OLD: &str = "a5e8a9c8-e661-411c-b7a3-b0243fe11b23";

    fn step(params: Value) -> Step {
        Step::Ask(Question::new("transfers.event", params))
    }

    fn message(id: &str, from: &str) -> Step {
        let json = format!(r#"{{"tigress":{{"transfer":"{id}"}}}}"#);
        let mut plaintext = json.into_bytes();
        plaintext.push(0x80);
        step(
            json!({ "event": { "message": { "from": from, "plaintext": hex::encode(&plaintext) } } }),
        )
    }

    #[test]
    fn all_that_is_about_one_transfer_is_about_another_one() {
        let offer = json!({ "randomness": "a5e8a9c8e661211c77a3b0243fe11b23ffff", "event": { "offer": { "to": "Ben" } } });
        let accept = step(json!({ "event": { "accept": OLD } }));
        let steps = [step(offer), message(OLD, "Ben"), accept, Step::Restart];
        let ids = |steps: &[Step]| -> Vec<String> {
            steps
                .iter()
                .filter_map(question)
                .filter_map(transfer)
                .collect()
        };
        assert_eq!(ids(&steps), [OLD, OLD]);
        let renewed = renewed(&steps, "1");
        let new = ids(&renewed);
        let [one, other] = &new[..] else {
            panic!("{renewed:?}")
        };
        assert_eq!(one, other);
        assert_ne!(one, OLD);
        let [Step::Ask(offer), _, Step::Ask(accept), Step::Restart] = &renewed[..] else {
            panic!("{renewed:?}")
        };
        assert_eq!(accept.params, json!({ "event": { "accept": one } }));
        assert!(
            offer.params["randomness"]
                .as_str()
                .is_some_and(|it| it.ends_with("ffff"))
        );
    }

    #[test]
    fn a_request_has_another_id_and_nothing_else() {
        let request = step(json!({ "request": { "id": "request-3", "body": 1 }, "now": 7 }));
        let renewed = renewed(&[request], "1");
        let [Step::Ask(question)] = &renewed[..] else {
            panic!("{renewed:?}")
        };
        assert_ne!(question.params["request"]["id"], "request-3");
        assert_eq!(question.params["request"]["body"], 1);
        assert_eq!(question.params["now"], 7);
    }

    #[test]
    fn a_step_is_about_the_transfer_that_it_comes_to() {
        let here = [message(OLD, "Ben")];
        let other = message("00000000-0000-4000-8000-000000000000", "Ryan");
        let mut dice = Dice::new("adopted");
        assert_eq!(adopted(&mut dice, &other, &here), here[0]);
        assert_eq!(adopted(&mut dice, &other, &[]), other);
    }
}
