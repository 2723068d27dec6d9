//! Which requirement a failure speaks of before those of its case: what is other than expected says it.
//!
//! A case carries all that its steps are about. Where one step fails, or one field of an answer differs, less of that is at stake, and
//! sometimes something else:
//!
//! * a message under another counter than is expected, in the same chain (DR-08);
//! * a payload that says the same and is written otherwise (PAY-13), or is padded otherwise (PAY-11);
//! * what the user is told, beside an answer that is right: of the method's requirements the first that gives this code;
//! * fields: the one requirement of the case that the descriptions of those that differ name first, in the adapter protocol;
//! * a refusal of what must be carried out: the requirement of the case that gives its code, or else of those that the method's
//!   description names the only one that does;
//! * a refusal that is missing: the requirement of the case that gives its code;
//! * a refusal that changes something: the requirement of the case that says that it changes nothing.

use super::difference::Difference;
use crate::conformance::catalogue::Catalogue;
use crate::conformance::method::Method;
use crate::hex;
use crate::suite::{self, Header, SignalV3, Suite, SuiteRef};
use crate::wire::{PreKeyMessage, RatchetMessage};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static METHODS: LazyLock<Vec<Method>> = LazyLock::new(Method::all);

/// An answer that is none of those that are expected.
pub(super) struct Compared<'a> {
    /// The method that was asked.
    pub(super) method: &'a str,
    /// The name of the suite in which.
    pub(super) suite: &'a str,
    /// The requirements of the case.
    pub(super) carried: &'a [String],
    /// The answer that is expected.
    pub(super) expected: &'a Value,
    /// The one that came.
    pub(super) got: &'a Value,
}

impl Compared<'_> {
    /// Of fields that differ.
    pub(super) fn of_fields(&self, differences: &[Difference]) -> Option<&'static str> {
        let fields = differences.iter().map(|it| it.field.as_deref());
        let fields: Option<Vec<&str>> = fields.collect();
        let fields = fields?;
        let first = fields.first()?;
        self.of_header(first)
            .or_else(|| self.of_text(first))
            .or_else(|| self.of_report(differences.first()?, &fields))
            .or_else(|| self.of_descriptions(&fields))
    }

    /// The bytes in a field of both answers.
    fn bytes(&self, field: &str) -> Option<[Vec<u8>; 2]> {
        let place = field.replace(['[', '.'], "/").replace(']', "");
        let of = |answer: &Value| {
            let text = answer.pointer(&format!("/{place}"))?.as_str()?;
            hex::decode(text)
        };
        Some([of(self.expected)?, of(self.got)?])
    }

    /// Of a message that is of the chain in which it is expected, under another counter.
    fn of_header(&self, field: &str) -> Option<&'static str> {
        if !self.method.starts_with("device.") || !field.ends_with("message") {
            return None;
        }
        let suite = suite::by_name(self.suite)?;
        let messages = self.bytes(field)?;
        let [expected, got] = messages.each_ref().map(|bytes| header(suite, bytes));
        let (expected, got) = (expected?, got?);
        if expected.ratchet_key != got.ratchet_key || expected == got {
            return None;
        }
        let is_previous = expected.counter == got.counter;
        let is_deployed = suite.name() == SignalV3.name();
        Some(if is_previous && is_deployed {
            "V3-11"
        } else {
            "DR-08"
        })
    }

    /// Of a payload that says the same.
    fn of_text(&self, field: &str) -> Option<&'static str> {
        if !["payload.encode", "transfers.event"].contains(&self.method)
            || !field.ends_with("plaintext")
        {
            return None;
        }
        let payloads = self.bytes(field)?;
        let [expected, got] = payloads.each_ref().map(|bytes| without_padding(bytes));
        if expected == got {
            return Some("PAY-11");
        }
        let read = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
        (read(expected)? == read(got)?).then_some("PAY-13")
    }

    /// Of what the user is told, where nothing else is wrong.
    fn of_report(&self, first: &Difference, fields: &[&str]) -> Option<&'static str> {
        if !fields.iter().all(|field| field.ends_with(".report")) {
            return None;
        }
        let code = |value: &str| serde_json::from_str::<String>(value).ok();
        let code = code(&first.got).or_else(|| code(&first.expected))?;
        giving(&code, &of_method(self.method)).next()
    }

    /// Of fields whose descriptions name, of the case's requirements, one and the same first.
    fn of_descriptions(&self, fields: &[&str]) -> Option<&'static str> {
        let named = fields.iter().filter_map(|field| self.of_description(field));
        let named: BTreeSet<&str> = named.collect();
        named.first().copied().filter(|_| named.len() == 1)
    }

    /// Of the case's requirements the first that the field's description names, or that of what the field is in.
    fn of_description(&self, field: &str) -> Option<&'static str> {
        let method = METHODS.iter().find(|method| method.name == self.method)?;
        let mut name = without_places(field);
        loop {
            let is_it = |named: &str| named.trim_start_matches("| ") == name;
            let described = method.result.iter().filter(|field| is_it(&field.name));
            let mut ids = described.flat_map(|field| Catalogue::get().named_in(&field.about));
            if let Some(id) = ids.find(|id| self.carried.iter().any(|carried| carried == id)) {
                return Some(id);
            }
            name.truncate(name.rfind('.')?);
        }
    }
}

/// Of a call that is refused with that code and must not be.
pub(super) fn of_refused(method: &str, code: &str, carried: &[String]) -> Option<&'static str> {
    of_missing_refusal(code, carried).or_else(|| {
        let named = of_method(method);
        let mut giving = giving(code, &named);
        giving.next().filter(|_| giving.next().is_none())
    })
}

/// Of a refusal that is missing, or has another code.
pub(super) fn of_missing_refusal(code: &str, carried: &[String]) -> Option<&'static str> {
    giving(code, carried).next()
}

/// Of a refusal that leaves something behind: of the case's requirements the first that says what must not.
pub(super) fn of_changed_state(carried: &[String]) -> Option<&'static str> {
    let says = |text: &str| LEAVES_NOTHING.iter().any(|words| text.contains(words));
    let mut found = carried.iter().filter_map(|id| Catalogue::get().find(id));
    let found = found.find(|requirement| says(requirement.text));
    found.map(|requirement| requirement.id)
}

/// How the profile says that what is refused changes nothing.
const LEAVES_NOTHING: [&str; 4] = [
    "exactly as it was",
    "change of state",
    "nothing is stored",
    "discarded",
];

/// Those of the requirements that say what is refused, or told, with the code.
fn giving<'a>(code: &str, ids: &'a [String]) -> impl Iterator<Item = &'static str> + use<'a> {
    let quoted = format!("`{code}`");
    let requirements = ids.iter().filter_map(|id| Catalogue::get().find(id));
    let giving = requirements.filter(move |requirement| requirement.text.contains(&quoted));
    giving.map(|requirement| requirement.id)
}

/// The requirements that a method's description names.
fn of_method(name: &str) -> Vec<String> {
    let method = METHODS.iter().find(|method| method.name == name);
    let ids = method.map(|method| Catalogue::get().named_in(&method.about));
    ids.into_iter().flatten().map(str::to_owned).collect()
}

/// A field's name as a method's description has it: `records[0].stale` is `records[].stale`.
fn without_places(field: &str) -> String {
    field.replace(|it: char| it.is_ascii_digit(), "")
}

fn header(suite: SuiteRef, message: &[u8]) -> Option<Header> {
    let message = match PreKeyMessage::decode(suite, message) {
        Ok(opening) => opening.message,
        Err(_) => RatchetMessage::decode(suite, message).ok()?,
    };
    Some(message.header)
}

/// A plaintext without 0x80 and the zero bytes behind it.
fn without_padding(plaintext: &[u8]) -> &[u8] {
    let end = plaintext.iter().rposition(|byte| *byte != 0);
    end.map_or(&[], |end| &plaintext[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::run::difference;
    use serde_json::json;

    fn carried(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn of(method: &str, ids: &[&str], expected: &Value, got: &Value) -> Option<&'static str> {
        let compared = Compared {
            method,
            suite: "tigress-1",
            carried: &carried(ids),
            expected,
            got,
        };
        compared.of_fields(&difference::between(expected, got, got))
    }

    #[test]
    fn the_profile_still_says_so_that_what_is_refused_changes_nothing() {
        let requirements = &Catalogue::get().requirements;
        for words in LEAVES_NOTHING {
            let mut says = requirements.iter().map(|it| it.text);
            assert!(
                says.any(|text| text.contains(words)),
                "nothing says {words:?}"
            );
        }
    }

    #[test]
    fn a_field_speaks_of_what_its_description_names() {
        let ids = ["SES-09", "SES-11"];
        let record =
            |stale: bool, id: u32| json!({ "records": [{ "stale": stale, "registrationId": id }] });
        let right = record(false, 1);
        let found = |wrong| of("device.records", &ids, &right, &wrong);
        assert_eq!(found(record(true, 1)), Some("SES-11"));
        assert_eq!(found(record(false, 2)), None, "the case does not carry it");
        let all = ["SES-09", "SES-10", "SES-11"];
        let both = of("device.records", &all, &right, &record(true, 2));
        assert_eq!(both, None, "two fields speak of two requirements");
    }

    #[test]
    fn a_counter_speaks_of_itself_whatever_the_case_is_about() {
        let key = "05".to_owned() + &"09".repeat(32);
        let message = |counter: &str| {
            let fields = format!("110a21{key}10{counter}18002210{}", "00".repeat(16));
            json!({ "kind": "ratchet", "message": fields })
        };
        let found = |wrong| of("device.encrypt", &["DR-09"], &message("00"), &wrong);
        assert_eq!(found(message("01")), Some("DR-08"));
        assert_eq!(found(json!({ "kind": "ratchet", "message": "11" })), None);
    }

    #[test]
    fn a_payload_that_says_the_same_speaks_of_its_form() {
        let found = |right: &[u8], wrong: &[u8]| {
            let answer = |text: &[u8]| json!({ "plaintext": hex::encode(text) });
            of(
                "payload.encode",
                &["PAY-03"],
                &answer(right),
                &answer(wrong),
            )
        };
        let right = b"{\"a\":1,\"b\":2}\x80\0";
        assert_eq!(found(right, b"{\"b\":2,\"a\":1}\x80\0"), Some("PAY-13"));
        assert_eq!(found(right, b"{\"a\":1,\"b\":2}\x80\0\0"), Some("PAY-11"));
        assert_eq!(found(right, b"{\"a\":1,\"b\":3}\x80\0"), None);
    }

    #[test]
    fn what_the_user_is_told_speaks_of_the_code_that_is_told() {
        let told = |code: Value| json!({ "outcomes": [{ "after": "S:Declined", "report": code }] });
        let found = |right: Value, wrong: Value| {
            of("transfers.event", &["XFER-01"], &told(right), &told(wrong))
        };
        let out = json!("credential-may-be-out");
        assert_eq!(found(Value::Null, out.clone()), Some("XFER-17"));
        assert_eq!(found(out, Value::Null), Some("XFER-17"));
    }

    #[test]
    fn a_refusal_that_changes_something_speaks_of_what_says_that_it_must_not() {
        let of = |ids: &[&str]| of_changed_state(&carried(ids));
        assert_eq!(of(&["DR-11", "DR-15", "RND-02"]), Some("DR-15"));
        assert_eq!(of(&["SES-05", "SES-07"]), Some("SES-07"));
        assert_eq!(of(&["DR-11"]), None);
    }

    #[test]
    fn a_refusal_speaks_of_the_requirement_that_gives_its_code() {
        let refused = |code, ids: &[&str]| of_refused("invitation.parse", code, &carried(ids));
        assert_eq!(refused("malformed", &["INV-01", "ID-03"]), Some("ID-03"));
        assert_eq!(refused("malformed", &["INV-01"]), Some("INV-04"));
        assert_eq!(refused("too-large", &["INV-01"]), None);
        let missing = of_missing_refusal("malformed", &carried(&["INV-01"]));
        assert_eq!(missing, None, "the case says why it must be refused");
    }
}
