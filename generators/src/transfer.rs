//! Transfers as they are played and recorded, for the families of either side.

use super::Builder;
use super::actor::{erased, user_id};
use super::builder::About;
use super::seed;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::operation::transfers::{
    self, Create, CredentialFields, MessageFields, OfferFields, OutcomeFields, OutgoingFields,
    StepTransfers, StepTransfersInput, StepTransfersOutput, TransferEventFields, TransferFields,
};
use tigress_signal::conformance::operation::{Done, On, Operation};
use tigress_signal::conformance::subject::Failure;
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

    /// The same transfer, but for that.
    pub(super) fn with(&self, change: impl FnOnce(&mut Deal)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// The same transfer under other keys: what another device, or a forger, would make of it.
    pub(super) fn with_other_keys(&self) -> Self {
        self.with(|other| {
            other.owner = seed::bytes(&format!("transfer/{}/other owner", self.label));
            other.receiver = seed::bytes(&format!("transfer/{}/other receiver", self.label));
        })
    }

    /// The same keys in a transfer of another id.
    pub(super) fn with_other_id(&self) -> Self {
        let id = Deal::car_key(&format!("{}, another", self.label)).id;
        self.with(|other| other.id = id)
    }

    pub(super) fn lasting(&self, seconds: u64) -> Self {
        self.with(|other| other.expires = START + seconds)
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
    pub(super) fn moves(
        &self,
        before: impl Into<Option<StateName>>,
        after: StateName,
    ) -> OutcomeFields {
        OutcomeFields {
            transfer: self.id.to_string(),
            before: before.into(),
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

/// What else comes of an event than the state after it.
pub(super) trait Outcome {
    /// That message goes to that device, or to all of that user.
    fn sending(self, to: impl Into<Recipient>, plaintext: Hex) -> Self;

    /// The user is told that.
    fn reporting(self, report: ErrorCode) -> Self;
}

impl Outcome for OutcomeFields {
    fn sending(mut self, to: impl Into<Recipient>, plaintext: Hex) -> Self {
        let to = to.into().into();
        self.sends = Some(OutgoingFields { to, plaintext });
        self
    }

    fn reporting(mut self, report: ErrorCode) -> Self {
        self.report = Some(report);
        self
    }
}

/// A message that arrives.
fn message(from: Address, plaintext: Hex) -> TransferEventFields {
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

    /// The message arrives and has that outcome; nothing is drawn.
    pub(super) fn hears(&mut self, from: Address, plaintext: Hex, outcome: OutcomeFields) {
        self.does(message(from, plaintext), outcome);
    }

    /// The message arrives and is refused.
    pub(super) fn rejects(&mut self, from: Address, plaintext: Hex, code: ErrorCode) {
        self.refuses(message(from, plaintext), code);
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

/// A conversation.
pub(super) fn tell(play: impl FnOnce(&mut Play)) -> impl FnOnce(&mut Builder, About<'_>) {
    |b, about| {
        let mut recorded = Play::new(about.comment);
        play(&mut recorded);
        b.conversation(about, recorded.fields());
    }
}

/// A conversation about a car key of that label.
pub(super) fn car_key(
    label: &str,
    play: impl FnOnce(&mut Play, &Deal),
) -> impl FnOnce(&mut Builder, About<'_>) {
    tell_of(Deal::car_key, label, play)
}

/// A conversation about a token of that label.
pub(super) fn token(
    label: &str,
    play: impl FnOnce(&mut Play, &Deal),
) -> impl FnOnce(&mut Builder, About<'_>) {
    tell_of(Deal::token, label, play)
}

/// The label of a transfer that is labelled as its vector is commented.
pub(super) const COMMENT: &str = "";

fn tell_of(
    make: fn(&str) -> Deal,
    label: &str,
    play: impl FnOnce(&mut Play, &Deal),
) -> impl FnOnce(&mut Builder, About<'_>) {
    move |b, about| {
        let label = if label == COMMENT {
            about.comment
        } else {
            label
        };
        tell(|p| play(p, &make(label)))(b, about);
    }
}

/// Each thing that can happen to a transfer: what it is called in a vector's name and in profile section 9.
fn every_event(
    deal: &Deal,
    from: Address,
) -> [(&'static str, &'static str, TransferEventFields); 9] {
    let [request, import, provisioned, decline, cancel] =
        deal.messages().map(|said| message(from, said));
    let offer = message(from, deal.offer());
    [
        ("own_accept", "accept", deal.accepts()),
        ("own_decline", "decline (local)", deal.declines()),
        ("own_cancel", "cancel (local)", deal.cancels()),
        ("offer", "provisioningInformation", offer),
        ("request", "keySigningRequest", request),
        ("import", "keyImportRequest", import),
        ("provisioned", "provisioned", provisioned),
        ("decline", "decline (remote)", decline),
        ("cancel", "cancel (remote)", cancel),
    ]
}

/// Brings a transfer to a state.
pub(super) type Reach = fn(&mut Play, &Deal);

/// XFER-01: each pair of a state and an event that the table has no row for, a vector each. Stated are the states,
/// how they are reached, and the events that a row allows there.
macro_rules! refused_pairs {
    ($b:expr, $peer:expr, $what:ident; $($state:ident $reach:ident [$($allowed:ident)*];)*) => {$(
        let allowed = [$(stringify!($allowed)),*];
        let what = stringify!($what);
        $crate::transfer::refused_in($b, $peer, what, Deal::$what, $state, $reach, &allowed);
    )*};
}
pub(super) use refused_pairs;

/// The pairs of one state.
pub(super) fn refused_in(
    b: &mut Builder,
    peer: Address,
    what: &str,
    make: fn(&str) -> Deal,
    state: StateName,
    reach: Reach,
    allowed: &[&str],
) {
    let credential = what.replace('_', " ");
    let deal = make(&format!("a {credential}, refused in {state}"));
    // `R:Invited`, without its side: each has a file of its own.
    let state_name = state.as_str()[2..].to_lowercase();
    for (event_name, name, event) in every_event(&deal, peer) {
        if allowed.contains(&event_name) {
            continue;
        }
        let (requirements, code): (&[&str], _) = match (event_name, &event) {
            ("offer", _) => (&["XFER-02"], ErrorCode::DuplicateTransfer),
            ("own_cancel", _) => (&["XFER-01", "XFER-11"], ErrorCode::InvalidState),
            (_, TransferEventFields::Message(_)) => (&["XFER-01"], ErrorCode::UnexpectedMessage),
            _ => (&["XFER-01"], ErrorCode::InvalidState),
        };
        let about = About {
            name: format!("{what}_in_{state_name}_{event_name}").into(),
            comment: &format!("a {credential} in {state}: {name}"),
            flags: if event_name == "offer" {
                &["RefusedPair", "Duplicate"]
            } else {
                &["RefusedPair"]
            },
            requirements,
        };
        tell(|p| {
            reach(p, &deal);
            p.refuses(event, code);
        })(b, about);
    }
}

const TIGRESS: &str = "https://datatracker.ietf.org/doc/draft-ietf-tigress-requirements/";
const TRANSITIONS: &str = "https://cwe.mitre.org/data/definitions/841.html";

/// The flags of both families.
pub(super) fn notes(b: &mut Builder) {
    b.header("Make transfers that know nothing, and let the steps happen to them in order (profile section 9).");
    b.header("A step's outcome says which transfer moves from where to where, what is sent, and what the user is told.");
    notes! { b;
        Normal BASIC [TIGRESS]
            "A transfer as it should go." => "Whoever does otherwise transfers nothing.";
        RefusedPair MISSING_STEP [TRANSITIONS]
            "An event that the table has no row for; a bug carries it out."
            => "A wallet is led to sign, to provision or to end a transfer out of turn.";
        Expired EDGE_CASE ["https://cwe.mitre.org/data/definitions/613.html"]
            "An event at or after the expiry; a bug acts on it, or ends what is still in time."
            => "Somebody who was too late gets a credential, or who was in time does not.";
        WrongDevice AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/639.html"]
            "A message from a device that is not bound to the transfer; a bug follows it."
            => "A stranger takes the credential or ends the transfer.";
        SecondDevice CONFIDENTIALITY [TIGRESS]
            "A further device of the receiver asks; a bug signs for both." => "Two keys are given out for one.";
        Request AUTH_BYPASS ["https://www.rfc-editor.org/rfc/rfc4211#section-4"]
            "A key signing request that does not hold, or is not the one that was signed; a bug signs it."
            => "Somebody has a key who has not shown that it is theirs.";
        Attestation AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/347.html"]
            "A key import request that the owner did not make for this transfer and this key; a bug provisions it."
            => "The intermediary is trusted with the car.";
        AfterEnd MISSING_STEP [TRANSITIONS]
            "The receiver has provisioned, and the sender thought that it was over; a bug drops the message."
            => "The credential is never revoked.";
        Lifetime EDGE_CASE ["https://cwe.mitre.org/data/definitions/190.html"]
            "A lifetime at its bounds; a bug has others, or lets the sum overflow."
            => "An offer ends at once, or never.";
        Restart MISSING_STEP [TIGRESS]
            "Saved and restored in the middle; a bug loses the state." => "A wallet signs twice, or not at all.";
        Erased CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/459.html"]
            "What a transfer that has ended leaves behind; a bug keeps it." => "A later thief has it.";
        Duplicate MISSING_STEP ["https://cwe.mitre.org/data/definitions/694.html"]
            "A transfer id that is known already; a bug takes it as new."
            => "The transfer that has it is lost, or another credential takes its place.";
        Payload MISSING_STEP ["https://cwe.mitre.org/data/definitions/460.html"]
            "A message that cannot be read; a bug lets it change something."
            => "A transfer is lost, or one is left behind.";
        UnsupportedFormat INTEROPERABILITY [TIGRESS]
            "An offer that the receiver cannot use; a bug drops it." => "The sender waits until it expires.";
    }
}
