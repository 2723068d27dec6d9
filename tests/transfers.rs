//! The transfer machines against the table, and against a hostile network.
//!
//! What must hold, whatever is lost, repeated, reordered or late:
//!
//! * at most one device is provisioned with a transfer (XFER-08);
//! * nothing is provisioned without the receiver's consent (XFER-09);
//! * nothing is signed or provisioned from the expiry on, nor after a cancel or decline was known (XFER-10);
//! * with a fair network every accepted transfer ends (XFER-16);
//! * a refused step changes nothing, and a restart changes nothing (XFER-15).

use crate::common;

use common::{Exhausted, Seeded};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, Recipient, TransferId, UserId};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::payload::CAR_KEY;
use tigress_signal::transfer::table::{
    self, EventName, Facts, Flow, Refusal, Sender, StateName, TABLE,
};
use tigress_signal::transfer::{
    Content, Limits, Offer, Offered, Outgoing, Payload, Provisioning, SavedTransfers,
    TransferError, TransferEvent, Transfers,
};

fn address(user: u64, device: u32) -> Address {
    Address {
        user_id: UserId::random(&mut Seeded(user)).expect("never ends"),
        device_id: DeviceId::try_from(device).expect("from 1 to 127"),
    }
}

/// A device with its transfers; refused steps and restarts are looked at.
struct Device {
    address: Address,
    transfers: Transfers,
    randomness: Seeded,
}

impl Device {
    fn new(user: u64, device: u32) -> Self {
        Device {
            address: address(user, device),
            transfers: Transfers::new(),
            randomness: Seeded(user * 100 + u64::from(device)),
        }
    }

    /// As it is at its beginning.
    fn at(address: Address) -> Self {
        Device {
            address,
            transfers: Transfers::new(),
            randomness: Seeded(1),
        }
    }

    /// A copy that draws what every copy draws.
    fn again(&self) -> Self {
        Device {
            address: self.address,
            transfers: self.transfers.clone(),
            randomness: Seeded(1),
        }
    }

    fn step(
        &mut self,
        event: TransferEvent<'_>,
        now: u64,
    ) -> Result<Vec<tigress_signal::transfer::Outcome>, TransferError> {
        let before = self.transfers.save().to_json();
        let result = self
            .transfers
            .step(event, Timestamp(now), &mut self.randomness);
        if result.is_err() {
            assert_eq!(before, self.transfers.save().to_json(), "{result:?}");
        }
        result
    }

    /// The one message that the event sends.
    fn sends(&mut self, event: TransferEvent<'_>, now: u64) -> Outgoing {
        let outcomes = self.step(event, now).expect("allowed");
        outcomes[0].sends.clone().expect("it sends")
    }

    fn restart(&mut self) {
        let json = self.transfers.save().to_json();
        let saved = SavedTransfers::from_json(&json).expect("what was saved can be read");
        self.transfers = Transfers::try_from(saved).expect("what was saved can be restored");
        assert_eq!(json, self.transfers.save().to_json());
    }
}

fn car_key(to: Recipient) -> TransferEvent<'static> {
    TransferEvent::Offer(Offer {
        to,
        what: Offered::CarKey,
        lifetime: None,
    })
}

fn token(to: Recipient) -> TransferEvent<'static> {
    TransferEvent::Offer(Offer {
        to,
        what: Offered::AuthorizationToken(vec![7; 32].into()),
        lifetime: None,
    })
}

fn message(from: Address, payload: &Payload) -> TransferEvent<'_> {
    TransferEvent::Message { from, payload }
}

/// A sender and a receiver in every pair of states that a transfer of that flow goes through.
fn walks(flow: Flow) -> Vec<(Device, Device, TransferId)> {
    let mut found = Vec::new();
    for ending in [
        "offered",
        "requested",
        "signed",
        "provisioned",
        "completed",
        "declined",
        "cancelled",
    ] {
        let (mut sender, mut receiver) = (Device::new(1, 1), Device::new(2, 1));
        let to = Recipient::Device(receiver.address);
        let offer = sender
            .sends(
                if flow == Flow::Stateful {
                    car_key(to)
                } else {
                    token(to)
                },
                0,
            )
            .payload;
        let id = offer.transfer;
        receiver
            .step(message(sender.address, &offer), 0)
            .expect("an offer");
        match ending {
            "declined" => {
                let decline = receiver.sends(TransferEvent::Decline(id), 0).payload;
                sender
                    .step(message(receiver.address, &decline), 0)
                    .expect("a decline");
            }
            "cancelled" => {
                let cancel = sender.sends(TransferEvent::Cancel(id), 0).payload;
                receiver
                    .step(message(sender.address, &cancel), 0)
                    .expect("a cancel");
            }
            _ if flow == Flow::Stateful && ending != "offered" => {
                let request = receiver.sends(TransferEvent::Accept(id), 0).payload;
                if ending != "requested" {
                    let import = sender.sends(message(receiver.address, &request), 0).payload;
                    if ending != "signed" {
                        let provisioned =
                            receiver.sends(message(sender.address, &import), 0).payload;
                        if ending != "provisioned" {
                            sender
                                .step(message(receiver.address, &provisioned), 0)
                                .expect("the end");
                        }
                    }
                }
            }
            _ if flow == Flow::Stateless && ["provisioned", "completed"].contains(&ending) => {
                let provisioned = receiver.sends(TransferEvent::Accept(id), 0).payload;
                if ending == "completed" {
                    sender
                        .step(message(receiver.address, &provisioned), 0)
                        .expect("the end");
                }
            }
            _ => {}
        }
        found.push((sender, receiver, id));
    }
    found
}

/// What a test knows of a transfer from what it did itself: nothing of it is taken from the engine.
#[derive(Clone, PartialEq)]
struct Model {
    state: Option<StateName>,
    /// Whom the transfer is with.
    peer: Recipient,
    /// The request that was signed.
    signed: Option<Content>,
}

/// A message that can arrive.
struct Arrival {
    from: Address,
    payload: Payload,
    /// What it is refused with by itself, where a row would make a new state of it.
    fault: Option<ErrorCode>,
}

/// A transfer from phone to phone, always the same one: its devices draw the same bytes each time.
struct Transfer {
    flow: Flow,
    to: Recipient,
    id: TransferId,
    import: Content,
    arrivals: Vec<Arrival>,
}

const LIFETIME: u64 = 2 * 24 * 3600;

impl Transfer {
    fn new(flow: Flow, to: Recipient) -> Self {
        let mut sender = Device::at(address(1, 1));
        let (mut phone, mut watch) = (Device::at(address(2, 1)), Device::new(2, 2));
        let offer = sender.sends(Self::offer(flow, to), 0).payload;
        let id = offer.transfer;
        let accept = |device: &mut Device| {
            device
                .step(message(sender.address, &offer), 0)
                .expect("an offer");
            device.sends(TransferEvent::Accept(id), 0).payload.content
        };
        let (first, second) = (accept(&mut phone), accept(&mut watch));
        let spoiled = |content: &Content| match content {
            Content::KeySigningRequest(bytes) => {
                Content::KeySigningRequest(flipped(bytes.expose()).into())
            }
            Content::KeyImportRequest(bytes) => {
                Content::KeyImportRequest(flipped(bytes.expose()).into())
            }
            _ => Content::Provisioned,
        };
        let import = match flow {
            Flow::Stateless => Content::KeyImportRequest(vec![0; 96].into()),
            Flow::Stateful => {
                let request = Payload::new(id, CAR_KEY, first.clone());
                sender
                    .sends(message(phone.address, &request), 0)
                    .payload
                    .content
            }
        };
        let (first, second) = match flow {
            Flow::Stateful => (first, second),
            Flow::Stateless => (
                Content::KeySigningRequest(vec![1; 96].into()),
                Content::KeySigningRequest(vec![2; 96].into()),
            ),
        };
        let reason = || "test".to_owned();
        let expires = Timestamp(LIFETIME);
        let attestation = Some(ErrorCode::AttestationInvalid);
        let bad_key = Content::ProvisioningInformation {
            provisioning: Provisioning::KeyCreationRequest(vec![0; 31].into()),
            expires,
        };
        let unsupported = Content::ProvisioningInformation {
            provisioning: Provisioning::Unsupported,
            expires,
        };
        let payloads = [
            (&*offer.format, offer.content.clone(), None),
            (CAR_KEY, bad_key, Some(ErrorCode::InvalidKey)),
            ("org.example.boat", unsupported, None),
            (CAR_KEY, spoiled(&first), attestation),
            (CAR_KEY, first, None),
            (CAR_KEY, second, None),
            (CAR_KEY, spoiled(&import), None),
            (CAR_KEY, import.clone(), None),
            (CAR_KEY, Content::Provisioned, None),
            (CAR_KEY, Content::Decline { reason: reason() }, None),
            (CAR_KEY, Content::Cancel { reason: reason() }, None),
        ];
        let everybody = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)];
        let arrivals = payloads.iter().flat_map(|(format, content, fault)| {
            everybody.map(|(user, device)| Arrival {
                from: address(user, device),
                payload: Payload::new(id, format, content.clone()),
                fault: *fault,
            })
        });
        Transfer {
            flow,
            to,
            id,
            import,
            arrivals: arrivals.collect(),
        }
    }

    fn offer(flow: Flow, to: Recipient) -> TransferEvent<'static> {
        match flow {
            Flow::Stateless => token(to),
            Flow::Stateful => car_key(to),
        }
    }

    /// Everything that can happen, to either side.
    fn events(&self) -> impl Iterator<Item = (TransferEvent<'_>, Option<&Arrival>)> {
        let wishes = [
            Self::offer(self.flow, self.to),
            TransferEvent::Accept(self.id),
            TransferEvent::Decline(self.id),
            TransferEvent::Cancel(self.id),
            TransferEvent::Tick,
        ];
        let arrivals = self
            .arrivals
            .iter()
            .map(|arrival| (message(arrival.from, &arrival.payload), Some(arrival)));
        wishes.into_iter().map(|wish| (wish, None)).chain(arrivals)
    }

    fn facts(&self, model: &Model, arrival: Option<&Arrival>, late: bool) -> Facts {
        let arrived = arrival.map(|arrival| &arrival.payload.content);
        let offered = matches!(arrived, Some(Content::ProvisioningInformation { .. }));
        let sender = |from: Address| match model.peer {
            _ if offered || model.state.is_none() => Sender::Bound,
            Recipient::User(user) if user == from.user_id => Sender::Bound,
            Recipient::Device(device) if device == from => Sender::Bound,
            Recipient::Device(device) if device.user_id == from.user_id => Sender::OtherDevice,
            _ => Sender::Stranger,
        };
        Facts {
            past_expiry: late,
            sender: arrival.map_or(Sender::Bound, |arrival| sender(arrival.from)),
            same_request: arrived.is_some() && arrived == model.signed.as_ref(),
            attestation_valid: arrived == Some(&self.import),
            format_supported: arrival
                .is_some_and(|arrival| arrival.payload.format != "org.example.boat"),
        }
    }

    /// What is known after an event that a row took.
    fn after(&self, model: &Model, arrival: Option<&Arrival>, to: StateName) -> Model {
        let signs = to == StateName::Signed && model.state == Some(StateName::Offered);
        let begins = model.state.is_none();
        let signed = arrival.filter(|_| signs);
        Model {
            state: Some(to),
            peer: match arrival {
                Some(arrival) if signs || begins => Recipient::Device(arrival.from),
                _ if begins => self.to,
                _ => model.peer,
            },
            signed: signed
                .map(|arrival| arrival.payload.content.clone())
                .or(model.signed.clone()),
        }
    }
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[40] ^= 1;
    bytes
}

fn code(refusal: Refusal, event: EventName) -> ErrorCode {
    match (refusal, event) {
        (Refusal::Unknown, _) => ErrorCode::UnknownTransfer,
        (Refusal::Duplicate, _) => ErrorCode::DuplicateTransfer,
        (Refusal::NotBound, _) => ErrorCode::NotBound,
        (Refusal::Conflicting, _) => ErrorCode::ConflictingRequest,
        (Refusal::NoRow { .. }, EventName::Message(_)) => ErrorCode::UnexpectedMessage,
        (Refusal::NoRow { .. }, _) => ErrorCode::InvalidState,
    }
}

/// From no transfer on, in every state that some event leads to, every event with every message has the outcome
/// that the table gives it for what the test knows.
#[test]
fn the_machine_does_what_the_table_says() {
    let mut rows = BTreeSet::new();
    let mut refused = BTreeSet::new();
    let phone = address(2, 1);
    for (flow, to) in [
        (Flow::Stateless, Recipient::Device(phone)),
        (Flow::Stateful, Recipient::Device(phone)),
        (Flow::Stateful, Recipient::User(phone.user_id)),
    ] {
        let transfer = Transfer::new(flow, to);
        for owner in [address(1, 1), phone] {
            let nothing = Model {
                state: None,
                peer: Recipient::Device(owner),
                signed: None,
            };
            let mut open = vec![(nothing, Device::at(owner))];
            let mut seen = Vec::new();
            while let Some((model, device)) = open.pop() {
                if seen.contains(&model) {
                    continue;
                }
                seen.push(model.clone());
                let late = [false, true];
                let tried = transfer
                    .events()
                    .flat_map(|tried| late.map(|late| (tried.clone(), late)));
                for ((event, arrival), late) in tried {
                    let mut device = device.again();
                    let name = event.name();
                    let facts = transfer.facts(&model, arrival, late);
                    let from = model.state.map(|state| (state, flow));
                    let decided = table::decide(from, name, facts);
                    let now = match name {
                        EventName::Offer if late => continue,
                        EventName::Offer => 0,
                        _ if late => LIFETIME,
                        _ => LIFETIME - 1,
                    };
                    let result = device.step(event, now);
                    let said = format!("{:?}, {name}, {facts:?}", model.state);
                    let row = match decided {
                        Ok(row) => row,
                        // Time passes for all transfers: it is never refused.
                        Err(_) if name == EventName::Tick => {
                            assert_eq!(result, Ok(vec![]), "{said}");
                            continue;
                        }
                        Err(refusal) => {
                            let got = result.expect_err(&said).code();
                            assert_eq!(got, Some(code(refusal, name)), "{said}");
                            refused.insert((model.state, flow == Flow::Stateful, name, got));
                            continue;
                        }
                    };
                    rows.insert(row.row);
                    let new = [StateName::Signed, StateName::Invited].contains(&row.to)
                        && model.state != Some(row.to);
                    if let Some(fault) = arrival.and_then(|arrival| arrival.fault).filter(|_| new) {
                        assert_eq!(result.expect_err(&said).code(), Some(fault), "{said}");
                        continue;
                    }
                    let outcome = &result.expect(&said)[0];
                    let sent = outcome.sends.as_ref().map(|sent| &sent.payload);
                    assert_eq!(outcome.transfer, transfer.id, "{said}");
                    assert_eq!(outcome.before, model.state, "{said}");
                    assert_eq!(outcome.after, row.to, "{said}");
                    assert_eq!(sent.map(Payload::message_type), row.sends, "{said}");
                    assert_eq!(outcome.report, row.reports, "{said}");
                    if let Some(Content::Decline { reason } | Content::Cancel { reason }) =
                        sent.map(|sent| &sent.content)
                    {
                        assert_eq!(reason, row.reason, "{said}");
                    }
                    assert_eq!(device.transfers.state(&transfer.id), Some(row.to));
                    open.push((transfer.after(&model, arrival, row.to), device));
                }
            }
        }
    }
    assert_eq!(rows, (1..=TABLE.len()).collect(), "every row is taken");
    assert!(refused.len() > 200, "{} refused pairs", refused.len());
}

#[test]
fn an_offer_without_randomness_changes_nothing() {
    let mut sender = Device::new(1, 1);
    let to = Recipient::Device(address(2, 1));
    let error = sender
        .transfers
        .step(car_key(to), Timestamp(0), &mut Exhausted);
    assert_eq!(error.expect_err("no randomness").code(), None);
    assert_eq!(sender.transfers, Transfers::new());
}

#[test]
fn a_token_goes_to_one_device() {
    let mut sender = Device::new(1, 1);
    let error = sender.step(token(Recipient::User(address(2, 1).user_id)), 0);
    assert_eq!(error, Err(TransferError::NamesNoDevice));
}

#[test]
fn a_lifetime_is_at_most_the_limit_of_30_days() {
    let offer = |lifetime| {
        TransferEvent::Offer(Offer {
            to: Recipient::Device(address(2, 1)),
            what: Offered::CarKey,
            lifetime,
        })
    };
    let short = Limits {
        default_lifetime: 3,
        lifetime: 5,
    };
    for (limits, usual, most) in [(Limits::PROFILE, 172_800, 2_592_000), (short, 3, 5)] {
        let mut sender = Device::new(1, 1);
        sender.transfers = Transfers::new().with_limits(limits);
        for refused in [0, most + 1] {
            let error = sender.step(offer(Some(refused)), 0);
            assert_eq!(error, Err(TransferError::Lifetime(most)));
        }
        for (asked, lives) in [(None, usual), (Some(1), 1), (Some(most), most)] {
            let sent = sender.sends(offer(asked), 0).payload.content;
            let Content::ProvisioningInformation { expires, .. } = sent else {
                panic!("an offer");
            };
            assert_eq!(expires, Timestamp(lives));
        }
    }
}

/// What is due is found without a look at the rest, after a restart too.
#[test]
fn a_tick_ends_what_is_due_by_rising_transfer() {
    let mut sender = Device::new(1, 1);
    let mut offered = Vec::new();
    for number in 0..200_u64 {
        let offer = TransferEvent::Offer(Offer {
            to: Recipient::Device(address(2, 1)),
            what: Offered::CarKey,
            lifetime: Some(1 + number % 7),
        });
        let id = sender.sends(offer, 0).payload.transfer;
        if number % 10 == 0 {
            sender.sends(TransferEvent::Cancel(id), 0);
        } else {
            offered.push((1 + number % 7, id));
        }
    }
    for now in 0..8 {
        sender.restart();
        let ended = sender.step(TransferEvent::Tick, now).expect("time passes");
        let ended: Vec<_> = ended.iter().map(|outcome| outcome.transfer).collect();
        let mut due: Vec<_> = offered.iter().filter(|(at, _)| *at == now).collect();
        due.sort_by_key(|(_, id)| *id);
        assert_eq!(ended, due.iter().map(|(_, id)| *id).collect::<Vec<_>>());
    }
}

#[test]
fn the_second_device_is_told_that_the_key_is_claimed() {
    let (mut sender, mut phone, mut watch) =
        (Device::new(1, 1), Device::new(2, 1), Device::new(2, 2));
    let offer = sender
        .sends(car_key(Recipient::User(phone.address.user_id)), 0)
        .payload;
    let id = offer.transfer;
    for device in [&mut phone, &mut watch] {
        device
            .step(message(sender.address, &offer), 0)
            .expect("an offer");
    }
    let from_watch = watch.sends(TransferEvent::Accept(id), 0).payload;
    let from_phone = phone.sends(TransferEvent::Accept(id), 0).payload;
    sender
        .step(message(watch.address, &from_watch), 0)
        .expect("the first");
    let told = sender.sends(message(phone.address, &from_phone), 0);
    assert_eq!(told.to, Recipient::Device(phone.address));
    let reason = "already-claimed".to_owned();
    assert_eq!(told.payload.content, Content::Cancel { reason });
    assert_eq!(sender.transfers.state(&id), Some(StateName::Signed));
    phone
        .step(message(sender.address, &told.payload), 0)
        .expect("a cancel");
    assert_eq!(phone.transfers.state(&id), Some(StateName::Cancelled));
    let stranger = Device::new(3, 1);
    let error = sender.step(message(stranger.address, &from_phone), 0);
    assert_eq!(error, Err(TransferError::NotBound(stranger.address)));
}

#[test]
fn a_transfer_that_ended_holds_no_secret() {
    for flow in [Flow::Stateless, Flow::Stateful] {
        for (sender, receiver, id) in walks(flow) {
            for device in [sender, receiver] {
                let state = device.transfers.state(&id).expect("known");
                let holds = device.transfers.save().to_json().contains("\"secret\"");
                let keeps = !state.is_final() || state == StateName::Provisioned;
                // An offered token is with its receiver; the sender's side keeps none of it.
                let token = flow == Flow::Stateless && state == StateName::Offered;
                assert_eq!(holds, keeps && !token, "{state}");
            }
        }
    }
}

/// What happens on the way. Devices: 0 the sender, 1 and 2 the receiver's.
#[derive(Clone, Debug)]
enum Step {
    Accept(bool),
    Decline(bool),
    Cancel(u8),
    Deliver(prop::sample::Index),
    Lose(prop::sample::Index),
    Wait(u16),
    Tick(u8),
    Restart(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Accept),
        1 => any::<bool>().prop_map(Step::Decline),
        1 => (0..3_u8).prop_map(Step::Cancel),
        9 => index().prop_map(Step::Deliver),
        1 => index().prop_map(Step::Lose),
        1 => any::<u16>().prop_map(Step::Wait),
        2 => (0..3_u8).prop_map(Step::Tick),
        1 => (0..3_u8).prop_map(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_hostile_network_gains_nothing(
        stateful in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
        fair in any::<bool>(),
    ) {
        let mut devices = [Device::new(1, 1), Device::new(2, 1), Device::new(2, 2)];
        let addresses = devices.each_ref().map(|device| device.address);
        let offer = if stateful {
            car_key(Recipient::User(addresses[1].user_id))
        } else {
            token(Recipient::Device(addresses[1]))
        };
        let mut now = 0_u64;
        let first = devices[0].sends(offer, now);
        let id = first.payload.transfer;
        let Content::ProvisioningInformation { expires, .. } = first.payload.content else {
            panic!("an offer");
        };
        // Everything ever sent may arrive at any time, any number of times, but for what is lost.
        let mut sent: Vec<(usize, usize, Payload)> = Vec::new();
        let post = |sent: &mut Vec<_>, from: usize, outgoing: Outgoing| {
            for (to, address) in addresses.iter().enumerate() {
                let meant = match outgoing.to {
                    Recipient::User(user) => address.user_id == user,
                    Recipient::Device(device) => *address == device,
                };
                if meant {
                    sent.push((from, to, outgoing.payload.clone()));
                }
            }
        };
        post(&mut sent, 0, first);
        let mut accepted = [false; 3];
        let mut ended_for_sender = false;
        let mut lost = false;
        let deliver_all = if fair { 40 } else { 0 };
        let mut script: Vec<Step> = steps;
        let scripted = script.len();
        // A fair network delivers, in order, whatever was not lost.
        script.extend((0..deliver_all).map(|_| Step::Tick(0)));
        let mut cursor = 0;
        for (number, step) in script.into_iter().enumerate() {
            let (who, outcomes) = match step {
                Step::Accept(second) => {
                    let who = 1 + usize::from(second);
                    let was = devices[who].transfers.state(&id);
                    let result = devices[who].step(TransferEvent::Accept(id), now);
                    if result.is_ok() {
                        prop_assert_eq!(was, Some(StateName::Invited));
                        prop_assert!(now < expires.0);
                        accepted[who] = true;
                    }
                    (who, result.unwrap_or_default())
                }
                Step::Decline(second) => {
                    let who = 1 + usize::from(second);
                    (who, devices[who].step(TransferEvent::Decline(id), now).unwrap_or_default())
                }
                Step::Cancel(who) => {
                    let who = usize::from(who);
                    (who, devices[who].step(TransferEvent::Cancel(id), now).unwrap_or_default())
                }
                Step::Deliver(_) | Step::Lose(_) if sent.is_empty() => continue,
                Step::Deliver(index) => {
                    let (from, to, payload) = sent[index.index(sent.len())].clone();
                    (to, devices[to].step(message(addresses[from], &payload), now).unwrap_or_default())
                }
                Step::Lose(index) => {
                    sent.remove(index.index(sent.len()));
                    cursor = 0;
                    lost = true;
                    continue;
                }
                Step::Wait(seconds) => {
                    now += u64::from(seconds);
                    continue;
                }
                Step::Tick(_) if number >= scripted => {
                    if cursor >= sent.len() {
                        continue;
                    }
                    let (from, to, payload) = sent[cursor].clone();
                    cursor += 1;
                    (to, devices[to].step(message(addresses[from], &payload), now).unwrap_or_default())
                }
                Step::Tick(who) => {
                    let who = usize::from(who);
                    (who, devices[who].step(TransferEvent::Tick, now).expect("time passes"))
                }
                Step::Restart(who) => {
                    devices[usize::from(who)].restart();
                    continue;
                }
            };
            for outcome in outcomes {
                if who == 0 && outcome.after == StateName::Signed {
                    prop_assert!(!ended_for_sender, "signed after its end");
                    prop_assert!(now < expires.0, "signed after its expiry");
                }
                if outcome.after == StateName::Provisioned {
                    prop_assert!(accepted[who], "provisioned without consent");
                    prop_assert!(now < expires.0, "provisioned after its expiry");
                }
                ended_for_sender |= who == 0 && outcome.after.is_final();
                if let Some(outgoing) = outcome.sends {
                    post(&mut sent, who, outgoing);
                }
            }
            let provisioned = devices
                .iter()
                .filter(|device| device.transfers.state(&id) == Some(StateName::Provisioned))
                .count();
            prop_assert!(provisioned <= 1, "provisioned on two devices");
        }
        if fair && !lost && accepted.contains(&true) && now < expires.0 && cursor >= sent.len() {
            let sender = devices[0].transfers.state(&id).expect("known");
            prop_assert!(sender.is_final(), "the sender is still in {}", sender);
        }
    }
}
