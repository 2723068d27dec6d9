//! The transfer machines against the table, and against a hostile network.
//!
//! What must hold, whatever is lost, repeated, reordered or late:
//!
//! * at most one device is provisioned with a transfer (XFER-08);
//! * nothing is provisioned without the receiver's consent (XFER-09);
//! * nothing is signed or provisioned from the expiry on, nor after a cancel or decline was known (XFER-10);
//! * nobody but the two devices has a say (XFER-06);
//! * where the receiver may be able to provision, and the sender's side ends otherwise, the owner is told (XFER-17);
//! * with a fair network every accepted transfer ends (XFER-16);
//! * a refused step changes nothing, and a restart changes nothing (XFER-15).

use crate::common;

use common::{Exhausted, Seeded};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, TransferId, UserId};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::payload::CAR_KEY;
use tigress_signal::transfer::table::{
    self, EventName, Facts, Flow, Out, Refusal, StateName, TABLE,
};
use tigress_signal::transfer::{
    Content, Limits, MessageType, Offer, Offered, Outcome, Outgoing, Payload, Provisioning,
    SavedTransfers, TokenKey, TransferError, TransferEvent, Transfers,
};

fn address(user: u64, device: u32) -> Address {
    Address {
        user_id: UserId::random(&mut Seeded(user)).expect("never ends"),
        device_id: DeviceId::try_from(device).expect("from 1 to 127"),
    }
}

fn no_transfers() -> Transfers {
    Transfers::new(TokenKey::from([7; 32]))
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
            transfers: no_transfers(),
            randomness: Seeded(user * 100 + u64::from(device)),
        }
    }

    /// As it is at its beginning.
    fn at(address: Address) -> Self {
        Device {
            address,
            transfers: no_transfers(),
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

    fn step(&mut self, event: TransferEvent<'_>, now: u64) -> Result<Vec<Outcome>, TransferError> {
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

fn offer(to: Address, what: Offered) -> Offer {
    Offer {
        to,
        what,
        lifetime: None,
        again: false,
    }
}

fn car_key(to: Address) -> TransferEvent<'static> {
    TransferEvent::Offer(offer(to, Offered::CarKey))
}

fn a_token() -> Offered {
    Offered::AuthorizationToken(vec![7; 32].into())
}

fn token(to: Address) -> TransferEvent<'static> {
    TransferEvent::Offer(offer(to, a_token()))
}

fn out(transfer: TransferId, message: MessageType) -> TransferEvent<'static> {
    TransferEvent::Out { transfer, message }
}

fn message(from: Address, payload: &Payload) -> TransferEvent<'_> {
    let size = 1024;
    TransferEvent::Message {
        from,
        payload,
        size,
    }
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
        let to = receiver.address;
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
                let handed_over = out(id, MessageType::ProvisioningInformation);
                sender.step(handed_over, 0).expect("out");
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
    peer: Address,
    /// The request that was signed.
    signed: Option<Content>,
    /// What is out.
    out: Out,
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
    to: Address,
    id: TransferId,
    import: Content,
    arrivals: Vec<Arrival>,
}

const LIFETIME: u64 = 2 * 24 * 3600;

impl Transfer {
    fn new(flow: Flow, to: Address) -> Self {
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

    fn offer(flow: Flow, to: Address) -> TransferEvent<'static> {
        let what = match flow {
            Flow::Stateless => a_token(),
            Flow::Stateful => Offered::CarKey,
        };
        TransferEvent::Offer(Offer {
            again: true,
            ..offer(to, what)
        })
    }

    /// Everything that can happen, to either side.
    fn events(&self) -> impl Iterator<Item = (TransferEvent<'_>, Option<&Arrival>)> {
        let wishes = [
            Self::offer(self.flow, self.to),
            out(self.id, MessageType::ProvisioningInformation),
            out(self.id, MessageType::KeyImportRequest),
            out(self.id, MessageType::Cancel),
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
        let begins = offered || model.state.is_none();
        let is_strange = |arrival: &Arrival| !begins && arrival.from != model.peer;
        Facts {
            past_expiry: late,
            stranger: arrival.is_some_and(is_strange),
            same_request: arrived.is_some() && arrived == model.signed.as_ref(),
            attestation_valid: arrived == Some(&self.import),
            format_supported: arrival
                .is_some_and(|arrival| arrival.payload.format != "org.example.boat"),
            out: model.out,
        }
    }

    /// What is known after an event that a row took.
    fn after(
        &self,
        model: &Model,
        handed_over: Option<MessageType>,
        arrival: Option<&Arrival>,
        to: StateName,
    ) -> Model {
        use MessageType as M;
        let signs = to == StateName::Signed && model.state == Some(StateName::Offered);
        let begins = model.state.is_none();
        let signed = arrival.filter(|_| signs);
        Model {
            state: Some(to),
            peer: match arrival {
                Some(arrival) if begins => arrival.from,
                _ if begins => self.to,
                _ => model.peer,
            },
            signed: signed
                .map(|arrival| arrival.payload.content.clone())
                .or(model.signed.clone()),
            out: match (handed_over, to, self.flow) {
                (_, to, _) if to.is_final() => Out::Nothing,
                (Some(M::ProvisioningInformation), StateName::Offered, Flow::Stateful) => {
                    Out::Offer
                }
                (Some(M::ProvisioningInformation), StateName::Offered, Flow::Stateless) => {
                    Out::Credential
                }
                (Some(M::KeyImportRequest), StateName::Signed, _) => Out::Credential,
                _ if signs => Out::Offer,
                _ => model.out,
            },
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
    for flow in [Flow::Stateless, Flow::Stateful] {
        let transfer = Transfer::new(flow, phone);
        for owner in [address(1, 1), phone] {
            let nothing = Model {
                state: None,
                peer: owner,
                signed: None,
                out: Out::Nothing,
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
                    let handed_over = match event {
                        TransferEvent::Out { message, .. } => Some(message),
                        _ => None,
                    };
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
                    open.push((transfer.after(&model, handed_over, arrival, row.to), device));
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
    let to = address(2, 1);
    let error = sender
        .transfers
        .step(car_key(to), Timestamp(0), &mut Exhausted);
    assert_eq!(error.expect_err("no randomness").code(), None);
    assert_eq!(sender.transfers, no_transfers());
}

#[test]
fn a_lifetime_is_at_most_the_limit_of_30_days() {
    let lasting = |lifetime| {
        TransferEvent::Offer(Offer {
            lifetime,
            ..offer(address(2, 1), Offered::CarKey)
        })
    };
    let short = Limits {
        default_lifetime: 3,
        lifetime: 5,
        ..Limits::PROFILE
    };
    for (limits, usual, most) in [(Limits::PROFILE, 172_800, 2_592_000), (short, 3, 5)] {
        let mut sender = Device::new(1, 1);
        sender.transfers = no_transfers().with_limits(limits);
        for refused in [0, most + 1] {
            let error = sender.step(lasting(Some(refused)), 0);
            assert_eq!(error, Err(TransferError::Lifetime(most)));
        }
        for (asked, lives) in [(None, usual), (Some(1), 1), (Some(most), most)] {
            let sent = sender.sends(lasting(asked), 0).payload.content;
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
            lifetime: Some(1 + number % 7),
            ..offer(address(2, 1), Offered::CarKey)
        });
        let id = sender.sends(offer, 0).payload.transfer;
        if number % 10 == 0 {
            sender.step(TransferEvent::Cancel(id), 0).expect("a cancel");
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

/// XFER-17: what of a transfer is out decides whether its receiver is told of its end, and the owner of the credential.
#[test]
fn at_an_end_the_owner_is_told_of_what_is_out() {
    let (phone, told) = (address(2, 1), Some(ErrorCode::CredentialMayBeOut));
    for (flow, out, signed, cancels, reports) in [
        (Flow::Stateless, false, false, false, None),
        (Flow::Stateless, true, false, true, told),
        (Flow::Stateful, false, false, false, None),
        (Flow::Stateful, true, false, true, None),
        (Flow::Stateful, false, true, true, None),
        (Flow::Stateful, true, true, true, told),
    ] {
        let transfer = Transfer::new(flow, phone);
        let mut sender = Device::at(address(1, 1));
        sender.sends(Transfer::offer(flow, phone), 0);
        let request = |content: &Content| matches!(content, Content::KeySigningRequest(_));
        let mut requests = transfer.arrivals.iter().filter(|arrival| {
            arrival.from == phone && arrival.fault.is_none() && request(&arrival.payload.content)
        });
        if signed {
            let asks = requests.next().expect("a request");
            sender.sends(message(phone, &asks.payload), 0);
        }
        let last = if signed {
            MessageType::KeyImportRequest
        } else {
            MessageType::ProvisioningInformation
        };
        let goes_out = || TransferEvent::Out {
            transfer: transfer.id,
            message: last,
        };
        if out {
            for _ in 0..2 {
                let again = sender.step(goes_out(), 0).expect("out");
                assert_eq!((&again[0].sends, again[0].report), (&None, None));
                sender.restart();
            }
        }
        let end = |event: TransferEvent<'_>, now| {
            let mut sender = sender.again();
            let outcomes = sender.step(event, now).expect("an end");
            let refused = sender.step(goes_out(), now);
            assert_eq!(refused, Err(TransferError::InvalidState(outcomes[0].after)));
            outcomes[0].clone()
        };
        let said = format!("{flow:?}, out: {out}, signed: {signed}");
        let cancelled = end(TransferEvent::Cancel(transfer.id), 0);
        assert_eq!(cancelled.sends.is_some(), cancels, "{said}");
        assert_eq!(cancelled.report, reports, "{said}");
        assert_eq!(end(TransferEvent::Tick, LIFETIME).report, reports, "{said}");
        let reason = "test".to_owned();
        for content in [
            Content::Decline {
                reason: reason.clone(),
            },
            Content::Cancel { reason },
        ] {
            let payload = Payload::new(transfer.id, CAR_KEY, content);
            let ended = end(message(phone, &payload), 0);
            assert_eq!((ended.report, ended.sends), (reports, None), "{said}");
        }
    }
}

/// What is judged as over is not handed over any more.
#[test]
fn nothing_goes_out_from_the_expiry_on() {
    let mut sender = Device::new(1, 1);
    let id = sender.sends(token(address(2, 1)), 0).payload.transfer;
    let goes_out =
        |sender: &mut Device, now| sender.step(out(id, MessageType::ProvisioningInformation), now);
    assert!(goes_out(&mut sender.again(), LIFETIME - 1).is_ok());
    let refused = Err(TransferError::InvalidState(StateName::OfferExpired));
    assert_eq!(goes_out(&mut sender, LIFETIME), refused);
}

/// XFER-18.
#[test]
fn a_token_is_offered_once_in_60_days() {
    const DAY: u64 = 86_400;
    let mut sender = Device::new(1, 1);
    let offered = |token: u8, again: bool| {
        TransferEvent::Offer(Offer {
            again,
            ..offer(
                address(2, 1),
                Offered::AuthorizationToken(vec![token; 32].into()),
            )
        })
    };
    let id = sender.sends(offered(1, false), 0).payload.transfer;
    sender.step(TransferEvent::Cancel(id), 0).expect("a cancel");
    let refused = Err(TransferError::AlreadyOffered);
    sender.restart();
    for now in [0, 30 * DAY, 60 * DAY - 1] {
        sender.step(TransferEvent::Tick, now).expect("time passes");
        assert_eq!(sender.step(offered(1, false), now), refused, "{now}");
    }
    sender.sends(offered(2, false), 0);
    // With and without a tick.
    let mut other = sender.again();
    other
        .step(TransferEvent::Tick, 60 * DAY)
        .expect("time passes");
    other.sends(offered(1, false), 60 * DAY);
    sender.sends(offered(1, false), 60 * DAY);
    // The user may know better; from then on it counts anew.
    sender.sends(offered(1, true), 61 * DAY);
    assert_eq!(sender.step(offered(1, false), 120 * DAY), refused);
    sender.sends(offered(1, false), 121 * DAY);
}

/// XFER-18.
#[test]
fn the_oldest_token_that_is_not_on_offer_gives_way() {
    let limits = Limits {
        offered: 3,
        ..Limits::PROFILE
    };
    let mut sender = Device::new(1, 1);
    sender.transfers = no_transfers().with_limits(limits);
    let offered = |token: u8, again: bool| {
        TransferEvent::Offer(Offer {
            again,
            ..offer(
                address(2, 1),
                Offered::AuthorizationToken(vec![token].into()),
            )
        })
    };
    for token in 0..3 {
        sender.sends(offered(token, false), 10 + u64::from(token));
    }
    let full = Err(TransferError::TooManyOffered(3));
    assert_eq!(sender.step(offered(3, false), 13), full);
    assert_eq!(sender.step(offered(3, true), 13), full);
    // The same token needs no room, and a car key is no token.
    let last = sender.sends(offered(1, true), 14).payload.transfer;
    sender.sends(car_key(address(2, 1)), 14);
    // The oldest of a transfer that has ended gives way: not that of the one that was offered twice and is still on offer.
    sender.restart();
    sender.transfers = sender.transfers.with_limits(limits);
    sender
        .step(TransferEvent::Cancel(last), 15)
        .expect("a cancel");
    sender.sends(offered(3, false), 16);
    assert_eq!(sender.step(offered(4, false), 16), full);
    let refused = Err(TransferError::AlreadyOffered);
    assert_eq!(sender.step(offered(0, false), 16), refused);
    assert_eq!(sender.step(offered(1, false), 16), full);
    // What has expired has ended, though no tick has come.
    let later = 10 + LIFETIME;
    sender.sends(offered(4, false), later);
    assert_eq!(sender.step(offered(5, false), later), full);
    assert_eq!(sender.step(offered(2, false), later), refused);
    assert_eq!(sender.step(offered(0, false), later), full);
}

/// XFER-19.
#[test]
fn what_has_ended_is_forgotten_after_60_days() {
    let kept = Limits::PROFILE.ended_kept;
    for flow in [Flow::Stateless, Flow::Stateful] {
        for (sender, receiver, id) in walks(flow) {
            for mut device in [sender, receiver] {
                let state = device.transfers.state(&id).expect("known");
                device.restart();
                device
                    .step(TransferEvent::Tick, kept - 1)
                    .expect("time passes");
                let ended = device.transfers.state(&id).expect("known");
                device.step(TransferEvent::Tick, kept).expect("time passes");
                let expected = match state {
                    // Its end was the first tick.
                    _ if !state.is_final() => Some(ended),
                    StateName::Provisioned => Some(state),
                    _ => None,
                };
                assert_eq!(device.transfers.state(&id), expected, "{state}");
                device.restart();
                device
                    .step(TransferEvent::Tick, 2 * kept)
                    .expect("time passes");
                let for_ever = (state == StateName::Provisioned).then_some(state);
                assert_eq!(device.transfers.state(&id), for_ever, "{state}");
            }
        }
    }
}

/// Offers of a sender, each of its own transfer.
fn offers(from: u64, count: usize) -> Vec<Payload> {
    let mut sender = Device::new(from, 1);
    let offers = (0..count).map(|number| {
        let token = Offered::AuthorizationToken(number.to_be_bytes().to_vec().into());
        sender
            .sends(TransferEvent::Offer(offer(address(2, 1), token)), 0)
            .payload
    });
    offers.collect()
}

/// XFER-20.
#[test]
fn a_sender_has_10_transfers_under_way_and_100_that_are_known() {
    let mut receiver = Device::new(2, 1);
    let (from, friend) = (address(1, 1), address(3, 1));
    let refused = Err(TransferError::TooManyTransfers(from));
    let mut offers_left = offers(1, 120).into_iter();
    let mut next = || offers_left.next().expect("enough");
    let mut known: Vec<TransferId> = Vec::new();
    for _ in 0..10 {
        let payload = next();
        known.push(payload.transfer);
        receiver.step(message(from, &payload), 0).expect("an offer");
    }
    receiver.restart();
    let eleventh = next();
    assert_eq!(receiver.step(message(from, &eleventh), 0), refused);
    // A known one is known, and somebody else is somebody else.
    let again = Payload {
        transfer: known[0],
        ..eleventh.clone()
    };
    let error = receiver.step(message(from, &again), 0);
    assert_eq!(error, Err(TransferError::Duplicate(known[0])));
    receiver
        .step(message(friend, &offers(3, 1)[0]), 0)
        .expect("an offer");
    // Each end makes room for one; what was provisioned is the user's own.
    receiver
        .step(TransferEvent::Accept(known[0]), 0)
        .expect("accepted");
    receiver
        .step(message(from, &eleventh), 0)
        .expect("an offer");
    known.push(eleventh.transfer);
    for _ in 0..90 {
        let ends = *known.iter().rev().nth(9).expect("ten are under way");
        receiver
            .step(TransferEvent::Decline(ends), 0)
            .expect("declined");
        let payload = next();
        known.push(payload.transfer);
        receiver.step(message(from, &payload), 0).expect("an offer");
    }
    // 100 are known, ten of them under way: nine would be few enough.
    let last = *known.last().expect("one");
    receiver
        .step(TransferEvent::Decline(last), 0)
        .expect("declined");
    let too_many = next();
    assert_eq!(receiver.step(message(from, &too_many), 0), refused);
    receiver.restart();
    assert_eq!(receiver.step(message(from, &too_many), 0), refused);
    let later = Limits::PROFILE.ended_kept;
    receiver
        .step(TransferEvent::Tick, later)
        .expect("time passes");
    let kept = receiver.transfers.states().count();
    assert_eq!(kept, 11, "those that have ended just now, and a credential");
    receiver
        .step(message(from, &too_many), later)
        .expect("an offer");
}

/// XFER-10.
#[test]
fn a_receiver_waits_30_days_at_most() {
    let most = Limits::PROFILE.lifetime;
    for (arrives, expires) in [(0, most - 1), (0, most), (0, most + 1), (7, u64::MAX)] {
        let mut offer = offers(1, 1).remove(0);
        let Content::ProvisioningInformation { expires: at, .. } = &mut offer.content else {
            panic!("an offer");
        };
        *at = Timestamp(expires);
        let id = offer.transfer;
        let mut receiver = Device::new(2, 1);
        receiver
            .step(message(address(1, 1), &offer), arrives)
            .expect("an offer");
        let ends = expires.min(arrives + most);
        let early = receiver.step(TransferEvent::Tick, ends - 1);
        assert_eq!(early, Ok(vec![]), "{expires}");
        receiver
            .step(TransferEvent::Tick, ends)
            .expect("time passes");
        assert_eq!(receiver.transfers.state(&id), Some(StateName::Expired));
    }
}

/// PAY-11, XFER-16: each message is as long as the offer, and says how long somebody needs it.
#[test]
fn messages_are_as_long_as_their_offer_and_as_lasting_as_they_need() {
    let (mut sender, mut receiver) = (Device::new(1, 1), Device::new(2, 1));
    let offer = sender.sends(car_key(receiver.address), 0);
    let id = offer.payload.transfer;
    let of_size = |from: Address, payload: &Payload, size: usize, device: &mut Device| {
        let event = TransferEvent::Message {
            from,
            payload,
            size,
        };
        device.sends(event, 5)
    };
    // As if the sender's wallet had written more into it.
    let event = TransferEvent::Message {
        from: sender.address,
        payload: &offer.payload,
        size: 4096,
    };
    receiver.step(event, 3).expect("an offer");
    receiver.restart();
    let request = receiver.sends(TransferEvent::Accept(id), 4);
    let import = of_size(receiver.address, &request.payload, 4096, &mut sender);
    let last = of_size(sender.address, &import.payload, 1024, &mut receiver);
    let told = |sent: &Outgoing| {
        (
            sent.at_least,
            sent.payload.message_type().lets_provision(),
            sent.expires.0,
        )
    };
    assert_eq!(told(&offer), (1024, true, LIFETIME));
    assert_eq!(told(&request), (4096, false, LIFETIME));
    assert_eq!(told(&import), (1024, true, LIFETIME));
    assert_eq!(told(&last), (4096, false, 5 + 30 * 86_400));
    let lasts = |sent: &Outgoing, now| {
        Limits::PROFILE.message_lifetime(
            sent.payload.message_type().lets_provision(),
            sent.expires,
            Timestamp(now),
        )
    };
    let days = |days: u64| days * 86_400;
    assert_eq!(lasts(&offer, 0), days(2));
    for (expires, lifetime) in [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 7),
        (7, 7),
        (8, 30),
        (30, 30),
        (31, 30),
    ] {
        let ends = |expires: u64| Outgoing {
            expires: Timestamp(expires),
            ..offer.clone()
        };
        assert_eq!(lasts(&ends(days(expires)), 0), days(lifetime), "{expires}");
        assert_eq!(
            lasts(&ends(days(expires) + 9), 9),
            days(lifetime),
            "{expires}"
        );
    }
    let later = |sent: &Outgoing| lasts(sent, 0);
    assert_eq!([&request, &last].map(later), [days(30); 2]);
    // Where the offer needs more, so does all else.
    let long = vec![9; 3000];
    let event = TransferEvent::Offer(super_offer(receiver.address, long));
    let offer = sender.sends(event, 0);
    assert_eq!(offer.at_least, 16_384);
    sender
        .step(
            out(offer.payload.transfer, MessageType::ProvisioningInformation),
            0,
        )
        .expect("out");
    let cancel = sender.sends(TransferEvent::Cancel(offer.payload.transfer), 0);
    assert_eq!(told(&cancel), (16_384, false, 30 * 86_400));
}

fn super_offer(to: Address, token: Vec<u8>) -> Offer {
    offer(to, Offered::AuthorizationToken(token.into()))
}

#[test]
fn a_transfer_that_ended_holds_no_secret() {
    for flow in [Flow::Stateless, Flow::Stateful] {
        for (sender, receiver, id) in walks(flow) {
            for device in [sender, receiver] {
                let state = device.transfers.state(&id).expect("known");
                let json = device.transfers.save().to_json();
                // But for the key under which tokens are remembered.
                let holds = json.matches("\"secret\"").count() > 1;
                let keeps = !state.is_final() || state == StateName::Provisioned;
                // An offered token is with its receiver; the sender's side keeps none of it.
                let token = flow == Flow::Stateless && state == StateName::Offered;
                assert_eq!(holds, keeps && !token, "{state}");
            }
        }
    }
}

/// What happens on the way. Devices: 0 the sender, 1 the receiver; 2 is a stranger.
#[derive(Clone, Debug)]
enum Step {
    Accept,
    Decline,
    Cancel(u8),
    Deliver(prop::sample::Index),
    /// A message comes to that device as if from a stranger.
    Forge(u8, prop::sample::Index),
    Lose(prop::sample::Index),
    Wait(u16),
    Tick(u8),
    Restart(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => Just(Step::Accept),
        1 => Just(Step::Decline),
        1 => (0..2_u8).prop_map(Step::Cancel),
        9 => index().prop_map(Step::Deliver),
        2 => (0..2_u8, index()).prop_map(|(to, index)| Step::Forge(to, index)),
        1 => index().prop_map(Step::Lose),
        1 => any::<u16>().prop_map(Step::Wait),
        2 => (0..2_u8).prop_map(Step::Tick),
        1 => (0..2_u8).prop_map(Step::Restart),
    ]
}

/// Everything ever sent may arrive at any time, any number of times, but for what is lost.
struct Network {
    devices: [Device; 2],
    id: TransferId,
    sent: Vec<(usize, Outgoing)>,
    /// Something that lets the receiver provision has been handed over.
    credential_is_out: bool,
}

impl Network {
    /// Hands over what one device has sent the other: provisioning information once it is said to be out.
    fn deliver(&mut self, from: usize, outgoing: &Outgoing, now: u64) -> Vec<Outcome> {
        let to = 1 - from;
        if outgoing.payload.message_type().lets_provision() {
            let goes_out = out(self.id, outgoing.payload.message_type());
            if self.devices[from].step(goes_out, now).is_err() {
                return Vec::new();
            }
            let offer = outgoing.payload.message_type() == MessageType::ProvisioningInformation;
            self.credential_is_out |= !offer || outgoing.payload.format != CAR_KEY;
        }
        let from = self.devices[from].address;
        let arrives = message(from, &outgoing.payload);
        self.devices[to].step(arrives, now).unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_hostile_network_gains_nothing(
        stateful in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
        fair in any::<bool>(),
    ) {
        let devices = [Device::new(1, 1), Device::new(2, 1)];
        let stranger = address(3, 1);
        let to = devices[1].address;
        let offer = if stateful { car_key(to) } else { token(to) };
        let mut now = 0_u64;
        let mut network = Network {
            devices,
            id: TransferId::random(&mut Seeded(0)).expect("never ends"),
            sent: Vec::new(),
            credential_is_out: false,
        };
        let first = network.devices[0].sends(offer, now);
        let id = first.payload.transfer;
        network.id = id;
        let Content::ProvisioningInformation { expires, .. } = first.payload.content else {
            panic!("an offer");
        };
        network.sent.push((0, first));
        let mut accepted = false;
        let mut ended_for_sender = false;
        let mut lost = false;
        let deliver_all = if fair { 40 } else { 0 };
        let mut script: Vec<Step> = steps;
        let scripted = script.len();
        // A fair network delivers, in order, whatever was not lost.
        script.extend((0..deliver_all).map(|_| Step::Tick(0)));
        let mut cursor = 0;
        for (number, step) in script.into_iter().enumerate() {
            let wish = |network: &mut Network, who: usize, event| {
                network.devices[who].step(event, now)
            };
            let (who, outcomes) = match step {
                Step::Accept => {
                    let was = network.devices[1].transfers.state(&id);
                    let result = wish(&mut network, 1, TransferEvent::Accept(id));
                    if result.is_ok() {
                        prop_assert_eq!(was, Some(StateName::Invited));
                        prop_assert!(now < expires.0);
                        accepted = true;
                    }
                    (1, result.unwrap_or_default())
                }
                Step::Decline => {
                    (1, wish(&mut network, 1, TransferEvent::Decline(id)).unwrap_or_default())
                }
                Step::Cancel(who) => {
                    let who = usize::from(who);
                    (who, wish(&mut network, who, TransferEvent::Cancel(id)).unwrap_or_default())
                }
                Step::Deliver(_) | Step::Forge(..) | Step::Lose(_) if network.sent.is_empty() => continue,
                Step::Deliver(index) => {
                    let (from, outgoing) = network.sent[index.index(network.sent.len())].clone();
                    (1 - from, network.deliver(from, &outgoing, now))
                }
                Step::Forge(to, index) => {
                    let (_, outgoing) = &network.sent[index.index(network.sent.len())];
                    let payload = outgoing.payload.clone();
                    let is_offer = payload.message_type() == MessageType::ProvisioningInformation;
                    let to = usize::from(to);
                    // A stranger's offer would be a transfer of its own.
                    if is_offer && network.devices[to].transfers.state(&id).is_none() {
                        continue;
                    }
                    let refused = network.devices[to].step(message(stranger, &payload), now);
                    prop_assert!(refused.is_err(), "a stranger has a say");
                    continue;
                }
                Step::Lose(index) => {
                    let index = index.index(network.sent.len());
                    network.sent.remove(index);
                    cursor = 0;
                    lost = true;
                    continue;
                }
                Step::Wait(seconds) => {
                    now += u64::from(seconds);
                    continue;
                }
                Step::Tick(_) if number >= scripted => {
                    if cursor >= network.sent.len() {
                        continue;
                    }
                    let (from, outgoing) = network.sent[cursor].clone();
                    cursor += 1;
                    (1 - from, network.deliver(from, &outgoing, now))
                }
                Step::Tick(who) => {
                    let who = usize::from(who);
                    (who, wish(&mut network, who, TransferEvent::Tick).expect("time passes"))
                }
                Step::Restart(who) => {
                    network.devices[usize::from(who)].restart();
                    continue;
                }
            };
            for outcome in outcomes {
                if who == 0 && outcome.after == StateName::Signed {
                    prop_assert!(!ended_for_sender, "signed after its end");
                    prop_assert!(now < expires.0, "signed after its expiry");
                }
                if who == 0 && outcome.after.is_final() && !ended_for_sender {
                    let out = network.credential_is_out && outcome.after != StateName::Completed;
                    // Where its end is known by what the receiver says, that says more.
                    let told = [ErrorCode::CredentialMayBeOut, ErrorCode::ProvisionedAfterEnd]
                        .map(Some)
                        .contains(&outcome.report);
                    prop_assert_eq!(told, out, "{} is told", outcome.after);
                }
                if outcome.after == StateName::Provisioned {
                    prop_assert!(accepted, "provisioned without consent");
                    prop_assert!(now < expires.0, "provisioned after its expiry");
                    prop_assert!(network.credential_is_out, "provisioned with nothing");
                }
                ended_for_sender |= who == 0 && outcome.after.is_final();
                if let Some(outgoing) = outcome.sends {
                    network.sent.push((who, outgoing));
                }
            }
        }
        if fair && !lost && accepted && now < expires.0 && cursor >= network.sent.len() {
            let sender = network.devices[0].transfers.state(&id).expect("known");
            prop_assert!(sender.is_final(), "the sender is still in {}", sender);
        }
    }
}
