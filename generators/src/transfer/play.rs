//! Plays the steps of a script on the transfers of a device, and records them.

use super::deal::{Deal, START};
use crate::actor::user_id;
use crate::builder::step_of;
use crate::script::{Case, Play, Result, Words};
use serde_json::json;
use tigress_signal::conformance::operation::AddressFields;
use tigress_signal::conformance::operation::intermediary::NUMBER;
use tigress_signal::conformance::operation::transfers::{
    self, Create, CreateInput, MessageFields, OfferFields, OutFields, OutcomeFields,
    OutgoingFields, StepTransfers, StepTransfersInput, StepTransfersOutput, TransferEventFields,
    TransferFields,
};
use tigress_signal::conformance::operation::{Done, On, Operation, Reference};
use tigress_signal::conformance::seed;
use tigress_signal::conformance::subject::Failure;
use tigress_signal::conformance::vector::conversation::transfers::{Fields, Step};
use tigress_signal::conformance::vector::conversation::{ErasedFields, Repeated, StepOf, numbered};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{MessageType, StateName};

/// A conversation with the transfers of a device, which is played here and recorded.
pub(super) struct Transfers<'a> {
    states: &'a [Case<'a>],
    comment: &'a str,
    /// The label of a transfer that has none of its own.
    label: &'a str,
    reference: Reference,
    deals: Vec<Deal>,
    /// The transfer that is spoken of.
    about: usize,
    now: u64,
    steps: Vec<Step>,
}

impl Play for Transfers<'_> {
    fn step(&mut self, w: &mut Words<'_>) -> Result<()> {
        self.turn(w)?;
        if w.eat("forgotten") {
            self.deal()?.state = None;
        } else if let Some(count) = several(w) {
            self.expired(count)?;
        } else if w.eat("car key") {
            self.begin(Deal::car_key, w)?;
        } else if w.eat("token") {
            self.begin(Deal::token, w)?;
        } else if w.eat("at") {
            self.now = START + w.seconds()?;
        } else if w.eat("once") {
            let name = format!("{}_in_{}", self.deal()?.what(), w.word());
            let state = self.states.iter().find(|state| state.name == name);
            let state = state.ok_or_else(|| format!("{name} is no state"))?;
            let reached = self.lines(&state.steps[1..]);
            reached.map_err(|(line, what)| format!("states.txt:{line}: {what}"))?;
        } else if w.eat("restart") {
            let saved = transfers::Save::run(&mut self.reference, on(Done {}));
            let saved = on(saved.expect("can be saved"));
            transfers::Restore::run(&mut self.reference, saved).expect("can be restored");
            self.steps.push(Step::Restart(Done {}));
        } else if w.eat("erased") {
            let secrets = w.list("nothing", |w| self.deal()?.secret(w))?;
            self.steps.push(Step::Erased(ErasedFields { secrets }));
        } else if let Some(count) = tokens(w) {
            self.tokens(count, w)?;
        } else if w.eat("tick") {
            self.tick(w)?;
        } else if w.eat("every message from") {
            self.every_message(w)?;
        } else {
            self.event(w)?;
        }
        Ok(())
    }
}

impl<'a> Transfers<'a> {
    pub(super) fn new(states: &'a [Case<'a>], comment: &'a str, label: &'a str) -> Self {
        let mut reference = Reference::default();
        Create::run(&mut reference, on(created())).expect("transfers can be made");
        Transfers {
            states,
            comment,
            label,
            reference,
            deals: Vec::new(),
            about: 0,
            now: START,
            steps: Vec::new(),
        }
    }

    pub(super) fn recorded(self) -> Fields {
        Fields {
            transfers: created(),
            steps: self.steps,
        }
    }

    /// Speaks of a further transfer, with its label and how long it is to last.
    fn begin(&mut self, make: fn(&str) -> Deal, w: &mut Words<'_>) -> Result<()> {
        let token = w.after("of", |w| {
            Ok(if w.0.starts_with('"') {
                seed::bytes::<48>(&format!("transfer/token/{}", w.json::<String>()?)).to_vec()
            } else {
                let length = usize::try_from(w.number()?).unwrap_or_default();
                w.need("bytes")?;
                seed::vec("transfer/long token", length)
            })
        })?;
        let label = match w.0.chars().next() {
            Some('"') => w.json()?,
            _ => self.label.to_owned(),
        };
        let mut deal = make(&label);
        deal.lifetime = w.after("for", Words::seconds)?;
        deal.begins = self.now;
        if token.is_some() {
            deal.token = token;
        }
        self.about = self.deals.len();
        self.deals.push(deal);
        Ok(())
    }

    /// Speaks of the transfer whose number is next, if one is.
    fn turn(&mut self, w: &mut Words<'_>) -> Result<()> {
        if w.eat("[") {
            let number = usize::try_from(w.number()?).unwrap_or_default();
            self.about = number.wrapping_sub(1);
            w.need("]")?;
        }
        Ok(())
    }

    fn deal(&mut self) -> Result<&mut Deal> {
        let deal = self.deals.get_mut(self.about);
        deal.ok_or_else(|| "there is no such transfer".to_owned())
    }

    /// The user acts, or a message arrives.
    fn event(&mut self, w: &mut Words<'_>) -> Result<()> {
        let deal = self.deal()?;
        let transfer = TransferFields {
            transfer: deal.id.to_string(),
        };
        let mut drawn = Vec::new();
        let event = if w.eat("user offers to") {
            drawn = deal.drawn_to_offer();
            TransferEventFields::Offer(OfferFields {
                to: device(w)?.into(),
                credential: deal.credential(),
                lifetime: deal.lifetime,
                again: w.eat("again"),
            })
        } else if let Some(message) = going_out(deal, w) {
            let transfer = transfer.transfer;
            TransferEventFields::Out(OutFields { transfer, message })
        } else if w.eat("user accepts") {
            drawn = deal.drawn_to_accept();
            TransferEventFields::Accept(transfer)
        } else if w.eat("user declines") {
            TransferEventFields::Decline(transfer)
        } else if w.eat("user cancels") {
            TransferEventFields::Cancel(transfer)
        } else {
            let plaintext = deal.message(w)?;
            w.need("from")?;
            let from = device(w)?.into();
            TransferEventFields::Message(MessageFields { from, plaintext })
        };
        w.need("->")?;
        let expected = match w.one_of(ErrorCode::ALL, ErrorCode::as_str) {
            Some(code) => Err(code),
            None => Ok(vec![outcome(self.deal()?, w)?]),
        };
        self.happens(event, drawn, expected)
    }

    /// So many tokens are offered for a second each, ten at once, and expire.
    fn expired(&mut self, count: u64) -> Result<()> {
        for first in (0..count).step_by(10) {
            let mut ends = Vec::new();
            for number in first..count.min(first + 10) {
                let mut deal = Deal::token(&format!("{}, {number}", self.label));
                (deal.begins, deal.lifetime) = (self.now, Some(1));
                self.about = self.deals.len();
                self.deals.push(deal);
                self.line("once invited")?;
                ends.push(format!("[{}] R:Expired", self.deals.len()));
            }
            self.now += 1;
            self.line(&format!("tick -> {}", ends.join(", ")))?;
        }
        Ok(())
    }

    /// So many tokens are offered, none of which is spoken of again.
    fn tokens(&mut self, count: u32, w: &mut Words<'_>) -> Result<()> {
        let lifetime = w.after("for", Words::seconds)?;
        let first = self.steps.len();
        let text = |what: &str| seed::bytes::<12>(&format!("{}, {first}, {what}", self.label));
        let number = |head: [u8; 12]| format!("{}{NUMBER}", Hex(head.to_vec()));
        let mut step = json!({
            "op": "event",
            "now": self.now,
            "randomness": number(text("drawn")),
            "event": { "offer": {
                "to": AddressFields::from(device(&mut Words("phone"))?),
                "credential": { "authorizationToken": number(text("token")) },
            } },
        });
        if let Some(lifetime) = lifetime {
            step["event"]["offer"]["lifetime"] = lifetime.into();
        }
        let read = |value| serde_json::from_value::<Step>(value).map_err(|error| error.to_string());
        for time in 1..=count {
            let one = numbered(&step, time).map_err(|error| error.to_string())?;
            let Step::Event(StepOf { input, .. }) = read(one)? else {
                return Err("it is no event".to_owned());
            };
            StepTransfers::run(&mut self.reference, on(input))
                .map_err(|failure| format!("{failure:?}"))?;
        }
        self.steps
            .push(Step::Repeat(Repeated { times: count, step }));
        Ok(())
    }

    /// Each message but an offer, from each of these, has that outcome.
    fn every_message(&mut self, w: &mut Words<'_>) -> Result<()> {
        let (senders, outcome) = (w.until('>')?.trim_end_matches(" -"), w.word());
        for said in ["request", "import", "provisioned", "decline", "cancel"] {
            for sender in senders.split(", ") {
                let line = format!("{said} from {sender} -> {outcome}");
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// Time has come to where it is, and these transfers end by it.
    fn tick(&mut self, w: &mut Words<'_>) -> Result<()> {
        w.need("->")?;
        let mut outcomes = w.list("nothing", |w| {
            self.turn(w)?;
            moved(self.deal()?, w)
        })?;
        outcomes.sort_by(|a, b| a.transfer.cmp(&b.transfer));
        self.happens(TransferEventFields::Tick, Vec::new(), Ok(outcomes))
    }

    fn happens(
        &mut self,
        event: TransferEventFields,
        drawn: Vec<u8>,
        expected: Result<Vec<OutcomeFields>, ErrorCode>,
    ) -> Result<()> {
        let name = format!("{}, step {}", self.comment, self.steps.len() + 1);
        let randomness = match expected {
            Ok(_) => drawn,
            // What a refused step is given, and must not draw.
            Err(_) => seed::bytes::<48>(&format!("transfer/{name}/unused")).into(),
        };
        let input = StepTransfersInput {
            now: Timestamp(self.now),
            randomness: randomness.into(),
            event,
        };
        let got = match StepTransfers::run(&mut self.reference, on(input.clone())) {
            Ok(output) => Ok(output.outcomes),
            Err(Failure::Rejected { error, .. }) => Err(error),
            Err(failure) => return Err(format!("{failure:?}")),
        };
        if got != expected.clone().map_err(|code| code.to_string()) {
            return Err(format!("what comes of it is {got:?}"));
        }
        let answer = expected.map(|outcomes| StepTransfersOutput { outcomes });
        self.steps.push(Step::Event(step_of(input, answer)));
        Ok(())
    }
}

fn on<I>(input: I) -> On<I> {
    On {
        handle: "transfers".to_owned(),
        input,
    }
}

/// What is handed over, where a step says so: what was offered or signed last, or the offer again.
fn going_out(deal: &Deal, w: &mut Words<'_>) -> Option<MessageType> {
    if w.eat("offer out again") {
        return Some(MessageType::ProvisioningInformation);
    }
    w.eat("out").then_some(match deal.state {
        Some(StateName::Signed) => MessageType::KeyImportRequest,
        _ => MessageType::ProvisioningInformation,
    })
}

/// How many tokens are offered, where a step says so.
fn tokens(w: &mut Words<'_>) -> Option<u32> {
    let mut ahead = *w;
    let count = ahead.number().ok()?;
    let count = u32::try_from(count).ok()?;
    ahead.eat("tokens are offered").then(|| {
        *w = ahead;
        count
    })
}

/// How many offers expire, where a step says so.
fn several(w: &mut Words<'_>) -> Option<u64> {
    let mut ahead = *w;
    let count = ahead.number().ok()?;
    ahead.eat("offers that expire").then(|| {
        *w = ahead;
        count
    })
}

/// The transfer comes to the state that is named next.
fn moved(deal: &mut Deal, w: &mut Words<'_>) -> Result<OutcomeFields> {
    let Some(after) = w.one_of(StateName::ALL, StateName::as_str) else {
        return w.expected("an outcome");
    };
    let out = ErrorCode::CredentialMayBeOut;
    Ok(OutcomeFields {
        transfer: deal.id.to_string(),
        before: deal.state.replace(after),
        after,
        sends: None,
        report: w.eat("may be out").then_some(out),
    })
}

/// What comes of an answer that does not hold.
const FAILED: &str =
    r#"R:Failed, cancel "attestation-invalid" to owner, reports attestation-invalid"#;

/// The same, with what is sent and what the user is told.
fn outcome(deal: &mut Deal, w: &mut Words<'_>) -> Result<OutcomeFields> {
    if w.eat("failed") {
        return outcome(deal, &mut Words(FAILED));
    }
    let mut outcome = moved(deal, w)?;
    while w.eat(",") {
        if w.eat("reports") {
            outcome.report = w.one_of(ErrorCode::ALL, ErrorCode::as_str);
        } else {
            let plaintext = deal.message(w)?;
            w.need("to")?;
            let to = device(w)?.into();
            outcome.sends = Some(OutgoingFields { to, plaintext });
        }
    }
    Ok(outcome)
}

/// Who has devices here: each device's name, user and DeviceID.
const DEVICES: [(&str, &str, u32); 5] = [
    ("owner's watch", "owner", 2),
    ("owner", "owner", 1),
    ("phone", "friend", 1),
    ("watch", "friend", 2),
    ("stranger", "stranger", 1),
];

fn device(w: &mut Words<'_>) -> Result<Address> {
    let Some((_, name, id)) = DEVICES.iter().find(|(device, ..)| w.eat(device)) else {
        return w.expected("a device");
    };
    Ok(Address {
        user_id: user_id(name).parse().expect("a UserID"),
        device_id: DeviceId::try_from(*id).expect("a DeviceID"),
    })
}

/// The transfers under test know nothing but the key under which they remember tokens.
fn created() -> CreateInput {
    let token_key: [u8; 32] = seed::bytes("transfer/token key");
    CreateInput {
        token_key: token_key.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Play, Transfers};

    #[test]
    fn a_line_that_is_none_or_is_not_so_is_refused() {
        for (line, why) in [
            ("offer from owner", "there is no such transfer"),
            ("token; [2] once offered", "there is no such transfer"),
            ("token; once lost", "token_in_lost is no state"),
            ("token; user sings", "expected an event, not `user sings`"),
            ("token; offer from bob", "expected a device, not `bob`"),
            ("token; offer from owner", "`->` is missing at the end"),
            ("token; tick -> lost", "expected an outcome, not `lost`"),
            ("token; tick -> R:Expired", "what comes of it is Ok([])"),
            ("car key; import with byte 96 flipped", "no such byte"),
            ("car key; erased token", "it has no token"),
        ] {
            let mut played = Transfers::new(&[], "a comment", "a label");
            let error = played.line(line).expect_err(line);
            assert_eq!(error, why, "{line}");
        }
    }
}
