//! Transfers as they are played and recorded, for the families of either side.

use super::actor::{erased, user_id};
use super::seed;
use super::{Builder, OldAbout as About};
use tigress_signal::conformance::operation::transfers::{
    self, Create, CredentialFields, MessageFields, OfferFields, OutcomeFields, OutgoingFields,
    StepTransfers, StepTransfersInput, StepTransfersOutput, TransferEventFields, TransferFields,
};
use tigress_signal::conformance::operation::{Done, On, Operation};
use tigress_signal::conformance::subject::{Failure, Reference};
use tigress_signal::conformance::vector::conversation::transfers::{Fields, Step};
use tigress_signal::conformance::vector::conversation::{Erased, ErasedFields, StepOf};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId, Recipient, TransferId};
use tigress_signal::primitives::ScriptedRandomness;
use tigress_signal::primitives::SecretBytes;
use tigress_signal::primitives::ed25519::SigningKey;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY};
use tigress_signal::transfer::{Content, Payload, Provisioning, StateName, car_key};

/// When every conversation begins.
pub(super) const START: u64 = 1_700_000_000;
/// How long a transfer lives where nothing else is asked for (XFER-10).
pub(super) const TWO_DAYS: u64 = 172_800;

const HANDLE: &str = "transfers";

/// A device of the user of that name.
pub(super) fn device(name: &str, device_id: u32) -> Address {
    Address {
        user_id: user_id(name).parse().expect("a UserID"),
        device_id: DeviceId::try_from(device_id).expect("a DeviceID"),
    }
}

/// The sender's device.
pub(super) fn sender() -> Address {
    device("owner", 1)
}

/// The receiver's first device.
pub(super) fn phone() -> Address {
    device("friend", 1)
}

/// The receiver's second device.
pub(super) fn watch() -> Address {
    device("friend", 2)
}

/// A device of somebody else.
pub(super) fn stranger() -> Address {
    device("stranger", 1)
}

/// A transfer with all that either side draws for it.
#[derive(Clone)]
pub(super) struct Deal {
    label: String,
    /// The 16 bytes that the id is made of.
    drawn_id: [u8; 16],
    pub(super) id: TransferId,
    pub(super) owner: [u8; 32],
    pub(super) receiver: [u8; 32],
    pub(super) token: Option<Vec<u8>>,
    pub(super) expires: u64,
}

impl Deal {
    fn new(label: &str, token: Option<Vec<u8>>) -> Self {
        let drawn_id = seed::bytes(&format!("transfer/{label}/id"));
        let id = TransferId::random(&mut ScriptedRandomness::new(&drawn_id)).expect("16 bytes");
        Deal {
            label: label.to_owned(),
            drawn_id,
            id,
            owner: seed::bytes(&format!("transfer/{label}/owner")),
            receiver: seed::bytes(&format!("transfer/{label}/receiver")),
            token,
            expires: START + TWO_DAYS,
        }
    }

    /// The transfer of a car key: stateful.
    pub(super) fn car_key(label: &str) -> Self {
        Deal::new(label, None)
    }

    /// The transfer of an authorization token: stateless.
    pub(super) fn token(label: &str) -> Self {
        let token: [u8; 48] = seed::bytes(&format!("transfer/{label}/token"));
        Deal::new(label, Some(token.to_vec()))
    }

    /// The same transfer under other keys: what another device, or a forger, would make of it.
    pub(super) fn with_other_keys(&self) -> Self {
        let mut other = self.clone();
        other.owner = seed::bytes(&format!("transfer/{}/other owner", self.label));
        other.receiver = seed::bytes(&format!("transfer/{}/other receiver", self.label));
        other
    }

    /// The same keys in a transfer of another id.
    pub(super) fn with_other_id(&self) -> Self {
        let mut other = self.clone();
        other.id = Deal::car_key(&format!("{}, another", self.label)).id;
        other
    }

    pub(super) fn lasting(mut self, seconds: u64) -> Self {
        self.expires = START + seconds;
        self
    }

    fn format(&self) -> &'static str {
        match self.token {
            Some(_) => AUTHORIZATION_TOKEN,
            None => CAR_KEY,
        }
    }

    /// A message of the transfer under that format, padded.
    pub(super) fn under(&self, format: &str, content: Content) -> Hex {
        let payload = Payload::new(self.id, format, content);
        payload.encode().expect("can be written").as_slice().into()
    }

    fn says(&self, content: Content) -> Hex {
        self.under(self.format(), content)
    }

    /// The offer that the sender sends.
    pub(super) fn offer(&self) -> Hex {
        let provisioning = match &self.token {
            Some(token) => Provisioning::AuthorizationToken(token.clone().into()),
            None => Provisioning::KeyCreationRequest(car_key::creation_request(&self.owner.into())),
        };
        self.offer_of(provisioning)
    }

    pub(super) fn offer_of(&self, provisioning: Provisioning) -> Hex {
        self.says(Content::ProvisioningInformation {
            provisioning,
            expires: Timestamp(self.expires),
        })
    }

    /// The bytes of the receiver's key signing request.
    pub(super) fn request_bytes(&self) -> SecretBytes {
        car_key::signing_request(&self.id, &self.receiver.into())
    }

    pub(super) fn request(&self) -> Hex {
        self.request_of(self.request_bytes())
    }

    pub(super) fn request_of(&self, request: SecretBytes) -> Hex {
        self.under(CAR_KEY, Content::KeySigningRequest(request))
    }

    /// The bytes of the owner's attestation of the receiver's key.
    pub(super) fn import_bytes(&self) -> SecretBytes {
        let receiver = SigningKey::from(self.receiver).verifying_key();
        car_key::import_request(&self.id, &self.owner.into(), &receiver)
    }

    pub(super) fn import(&self) -> Hex {
        self.import_of(self.import_bytes())
    }

    pub(super) fn import_of(&self, import: SecretBytes) -> Hex {
        self.under(CAR_KEY, Content::KeyImportRequest(import))
    }

    pub(super) fn provisioned(&self) -> Hex {
        self.says(Content::Provisioned)
    }

    pub(super) fn decline(&self, reason: &str) -> Hex {
        let reason = reason.to_owned();
        self.says(Content::Decline { reason })
    }

    pub(super) fn cancel(&self, reason: &str) -> Hex {
        let reason = reason.to_owned();
        self.says(Content::Cancel { reason })
    }

    fn fields(&self) -> TransferFields {
        TransferFields {
            transfer: self.id.to_string(),
        }
    }

    /// The user's acceptance.
    pub(super) fn accepts(&self) -> TransferEventFields {
        TransferEventFields::Accept(self.fields())
    }

    /// The user's refusal.
    pub(super) fn declines(&self) -> TransferEventFields {
        TransferEventFields::Decline(self.fields())
    }

    /// The user's change of mind.
    pub(super) fn cancels(&self) -> TransferEventFields {
        TransferEventFields::Cancel(self.fields())
    }

    /// The user's offer.
    pub(super) fn offers(&self, to: Recipient, lifetime: Option<u64>) -> TransferEventFields {
        TransferEventFields::Offer(OfferFields {
            to: to.into(),
            credential: match &self.token {
                Some(token) => CredentialFields::AuthorizationToken(token.into()),
                None => CredentialFields::CarKey,
            },
            lifetime,
        })
    }

    /// What an offer draws: the id, for a car key the owner's key.
    pub(super) fn drawn(&self) -> Vec<u8> {
        match self.token {
            Some(_) => self.drawn_id.to_vec(),
            None => [&self.drawn_id[..], &self.owner].concat(),
        }
    }

    /// What is left in the outcome where nothing is sent.
    pub(super) fn moves(&self, before: Option<StateName>, after: StateName) -> OutcomeFields {
        OutcomeFields {
            transfer: self.id.to_string(),
            before,
            after,
            sends: None,
            report: None,
        }
    }

    /// Every message of the other side that is no offer.
    pub(super) fn messages(&self) -> [Hex; 5] {
        [
            self.request(),
            self.import(),
            self.provisioned(),
            self.decline("user"),
            self.cancel("user"),
        ]
    }

    /// The secrets of either side.
    pub(super) fn secret_token(&self) -> Erased {
        erased("the token", self.token.as_deref().expect("a token"))
    }

    pub(super) fn secret_owner(&self) -> Erased {
        erased("the owner's private key", &self.owner)
    }

    pub(super) fn secret_receiver(&self) -> Erased {
        erased("the receiver's private key", &self.receiver)
    }

    pub(super) fn creation_request(&self) -> Erased {
        let key = car_key::creation_request(&self.owner.into());
        erased("the key creation request", key.expose())
    }

    pub(super) fn import_request(&self) -> Erased {
        erased("the key import request", self.import_bytes().expose())
    }
}

/// That message, sent to that device.
pub(super) fn outgoing(to: impl Into<Recipient>, plaintext: Hex) -> OutgoingFields {
    OutgoingFields {
        to: to.into().into(),
        plaintext,
    }
}

/// A message that arrives.
pub(super) fn message(from: Address, plaintext: Hex) -> TransferEventFields {
    TransferEventFields::Message(MessageFields {
        from: from.into(),
        plaintext,
    })
}

/// With one bit of the byte at `at` turned.
pub(super) fn damaged(bytes: &SecretBytes, at: usize) -> SecretBytes {
    let mut bytes = bytes.expose().to_vec();
    bytes[at] ^= 1;
    bytes.into()
}

/// A conversation that is played here and recorded.
pub(super) struct Play {
    label: String,
    reference: Reference,
    steps: Vec<Step>,
    now: u64,
}

impl Play {
    pub(super) fn new(label: &str) -> Self {
        let mut reference = Reference::default();
        Create::run(&mut reference, on(Done {})).expect("transfers can be made");
        Play {
            label: label.to_owned(),
            reference,
            steps: Vec::new(),
            now: START,
        }
    }

    /// That many seconds after the beginning.
    pub(super) fn at(&mut self, seconds: u64) {
        self.now = START + seconds;
    }

    fn name(&self) -> String {
        format!("{}, step {}", self.label, self.steps.len() + 1)
    }

    fn run(
        &mut self,
        event: TransferEventFields,
        randomness: &[u8],
        expected: Result<Vec<OutcomeFields>, ErrorCode>,
    ) {
        let input = StepTransfersInput {
            now: Timestamp(self.now),
            randomness: randomness.into(),
            event,
        };
        let got = match StepTransfers::run(&mut self.reference, on(input.clone())) {
            Ok(output) => Ok(output.outcomes),
            Err(Failure::Rejected { error, .. }) => Err(error),
            Err(failure) => panic!("{}: {failure:?}", self.name()),
        };
        let stated = expected.clone().map_err(|code| code.to_string());
        assert_eq!(got, stated, "{}", self.name());
        let (expected, error) = match expected {
            Ok(outcomes) => (Some(StepTransfersOutput { outcomes }), None),
            Err(code) => (None, Some(code)),
        };
        self.steps.push(Step::Event(StepOf {
            input,
            expected,
            error,
        }));
    }

    /// The event has these outcomes, and draws that.
    pub(super) fn draws(
        &mut self,
        event: TransferEventFields,
        drawn: &[u8],
        outcome: OutcomeFields,
    ) {
        self.run(event, drawn, Ok(vec![outcome]));
    }

    /// The event has that outcome, and draws nothing.
    pub(super) fn does(&mut self, event: TransferEventFields, outcome: OutcomeFields) {
        self.run(event, &[], Ok(vec![outcome]));
    }

    /// Time has come to where it is; the transfers that end by it.
    pub(super) fn tick(&mut self, outcomes: &[OutcomeFields]) {
        let mut outcomes = outcomes.to_vec();
        outcomes.sort_by(|a, b| a.transfer.cmp(&b.transfer));
        self.run(TransferEventFields::Tick, &[], Ok(outcomes));
    }

    /// The event is refused.
    pub(super) fn refuses(&mut self, event: TransferEventFields, code: ErrorCode) {
        // What a refused step is given, and must not draw.
        let unused: [u8; 48] = seed::bytes(&format!("transfer/{}/unused", self.name()));
        self.run(event, &unused, Err(code));
    }

    pub(super) fn restart(&mut self) {
        let saved = transfers::Save::run(&mut self.reference, on(Done {})).expect("can be saved");
        transfers::Restore::run(&mut self.reference, on(saved)).expect("can be restored");
        self.steps.push(Step::Restart(Done {}));
    }

    /// The saved state must hold none of these.
    pub(super) fn erased(&mut self, secrets: Vec<Erased>) {
        self.steps.push(Step::Erased(ErasedFields { secrets }));
    }

    pub(super) fn fields(self) -> Fields {
        Fields {
            transfers: Done {},
            steps: self.steps,
        }
    }
}

fn on<I>(input: I) -> On<I> {
    On {
        handle: HANDLE.to_owned(),
        input,
    }
}

/// Plays a conversation and adds it to the family.
pub(super) fn case(b: &mut Builder, about: About<'_>, play: impl FnOnce(&mut Play)) {
    let mut recorded = Play::new(about.0);
    play(&mut recorded);
    b.old_conversation(about, recorded.fields());
}

/// What happens to the transfer, by the name that profile section 9 gives it.
fn every_event(deal: &Deal, from: Address) -> Vec<(&'static str, TransferEventFields)> {
    let [request, import, provisioned, decline, cancel] = deal.messages();
    vec![
        ("accept", deal.accepts()),
        ("decline (local)", deal.declines()),
        ("cancel (local)", deal.cancels()),
        ("provisioningInformation", message(from, deal.offer())),
        ("keySigningRequest", message(from, request)),
        ("keyImportRequest", message(from, import)),
        ("provisioned", message(from, provisioned)),
        ("decline (remote)", message(from, decline)),
        ("cancel (remote)", message(from, cancel)),
    ]
}

/// Brings a transfer to a state.
pub(super) type Reach = fn(&mut Play, &Deal);
/// Makes a transfer of a name.
pub(super) type Make = fn(&str) -> Deal;
/// A flow: what is transferred, how it is made, and each state with the events that a row allows there.
pub(super) type Flow<'a> = (&'a str, Make, &'a [(StateName, Reach, &'a [&'a str])]);

/// What an event that no row allows is refused with; an offer is known already.
fn refusal(event: &TransferEventFields, name: &str) -> ErrorCode {
    match event {
        TransferEventFields::Message(_) if name == "provisioningInformation" => {
            ErrorCode::DuplicateTransfer
        }
        TransferEventFields::Message(_) => ErrorCode::UnexpectedMessage,
        _ => ErrorCode::InvalidState,
    }
}

/// XFER-01: each pair of a state and an event that the table has no row for, a vector each.
pub(super) fn refused_pairs_of(b: &mut Builder, peer: Address, flows: &[Flow]) {
    for (what, make, states) in flows {
        for (state, reach, allowed) in *states {
            let deal = make(&format!("{what}, refused in {state}"));
            for (name, event) in every_event(&deal, peer) {
                if allowed.contains(&name) {
                    continue;
                }
                let comment = format!("{what} in {state}: {name}");
                let ids: &[&str] = match name {
                    "cancel (local)" => &["XFER-01", "XFER-11"],
                    "provisioningInformation" => &["XFER-02"],
                    _ => &["XFER-01"],
                };
                case(b, (&comment, &["RefusedPair"], ids), |p| {
                    reach(p, &deal);
                    let code = refusal(&event, name);
                    p.refuses(event, code);
                });
            }
        }
    }
}

/// The flags of both families.
pub(super) fn notes(b: &mut Builder) {
    for (flag, bug_type, description) in [
        ("Normal", "BASIC", "A transfer as it should go."),
        (
            "RefusedPair",
            "MISSING_STEP",
            "An event that the table has no row for. Whoever carries it out can be led to sign, to provision or to end a transfer out of turn.",
        ),
        (
            "Expired",
            "EDGE_CASE",
            "An event at or after the expiry. Whoever acts on it gives a credential to somebody who was too late.",
        ),
        (
            "WrongDevice",
            "AUTH_BYPASS",
            "A message from a device that is not bound to the transfer. Whoever follows it lets a stranger take the credential or end the transfer.",
        ),
        (
            "SecondDevice",
            "CONFIDENTIALITY",
            "A further device of the receiver asks. Whoever signs for both gives out two keys for one.",
        ),
        (
            "Request",
            "AUTH_BYPASS",
            "A key signing request that does not hold, or is not the one that was signed. Whoever signs it gives the key to somebody who has not shown that it is theirs.",
        ),
        (
            "Attestation",
            "AUTH_BYPASS",
            "A key import request that the owner did not make for this transfer and this key. Whoever provisions it trusts the intermediary with the car.",
        ),
        (
            "AfterEnd",
            "MISSING_STEP",
            "The receiver has provisioned, and the sender thought that it was over. Whoever drops the message never revokes the credential.",
        ),
        ("Lifetime", "EDGE_CASE", "A lifetime at its bounds."),
        (
            "Restart",
            "MISSING_STEP",
            "Saved and restored in the middle. Whoever loses the state signs twice, or not at all.",
        ),
        (
            "Erased",
            "CONFIDENTIALITY",
            "What a transfer that has ended leaves behind. Whoever keeps it loses it to a later thief.",
        ),
        (
            "Duplicate",
            "MISSING_STEP",
            "A transfer id that is known already. Whoever takes it as new loses the transfer that has it.",
        ),
        (
            "Payload",
            "MISSING_STEP",
            "A message that cannot be read. It changes nothing.",
        ),
        (
            "UnsupportedFormat",
            "INTEROPERABILITY",
            "An offer that the receiver cannot use. Whoever drops it leaves the sender waiting.",
        ),
    ] {
        b.old_note(flag, bug_type, description, &[]);
    }
}
