//! The transfer machines against the table, and against a hostile network.
//!
//! What must hold, whatever is lost, repeated, reordered or late:
//!
//! * at most one device is provisioned with a transfer (XFER-08);
//! * nothing is provisioned without the receiver's consent (XFER-09);
//! * nothing is signed or provisioned from the expiry on, nor after a cancel or decline was known (XFER-10);
//! * with a fair network every accepted transfer ends (XFER-16);
//! * a refused step changes nothing, and a restart changes nothing (XFER-15).

mod common;

use common::{Exhausted, Seeded};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, Recipient, TransferId, UserId};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::table::{self, EventName, Flow, Guard, StateName, TABLE};
use tigress_signal::transfer::{
    Content, MessageType, Offer, Offered, Outgoing, Payload, SavedTransfers, TransferError,
    TransferEvent, Transfers,
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
fn walks(flow: Flow) -> Vec<(Device, Device, TransferId, BTreeMap<MessageType, Payload>)> {
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
        let mut seen = BTreeMap::new();
        let mut keep =
            |payload: &Payload| drop(seen.insert(payload.message_type(), payload.clone()));
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
        keep(&offer);
        let id = offer.transfer;
        receiver
            .step(message(sender.address, &offer), 0)
            .expect("an offer");
        match ending {
            "declined" => {
                let decline = receiver.sends(TransferEvent::Decline(id), 0).payload;
                keep(&decline);
                sender
                    .step(message(receiver.address, &decline), 0)
                    .expect("a decline");
            }
            "cancelled" => {
                let cancel = sender.sends(TransferEvent::Cancel(id), 0).payload;
                keep(&cancel);
                receiver
                    .step(message(sender.address, &cancel), 0)
                    .expect("a cancel");
            }
            _ if flow == Flow::Stateful && ending != "offered" => {
                let request = receiver.sends(TransferEvent::Accept(id), 0).payload;
                keep(&request);
                if ending != "requested" {
                    let import = sender.sends(message(receiver.address, &request), 0).payload;
                    keep(&import);
                    if ending != "signed" {
                        let provisioned =
                            receiver.sends(message(sender.address, &import), 0).payload;
                        keep(&provisioned);
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
                keep(&provisioned);
                if ending == "completed" {
                    sender
                        .step(message(receiver.address, &provisioned), 0)
                        .expect("the end");
                }
            }
            _ => {}
        }
        found.push((sender, receiver, id, seen));
    }
    found
}

/// In every state that can be reached, every event has the outcome that the table gives it.
#[test]
#[allow(clippy::too_many_lines, reason = "a walk over all pairs")]
fn the_machine_does_what_the_table_says() {
    let mut rows = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for flow in [Flow::Stateless, Flow::Stateful] {
        // A payload of each type that fits any state, from the walk that goes to the end.
        let all: BTreeMap<MessageType, Payload> =
            walks(flow).into_iter().flat_map(|walk| walk.3).collect();
        for (mut sender, mut receiver, id, _) in walks(flow) {
            let peers = [receiver.address, sender.address];
            for (device, peer) in [&mut sender, &mut receiver].into_iter().zip(peers) {
                for late in [false, true] {
                    for name in EventName::ALL {
                        let state = device.transfers.state(&id).expect("known");
                        let payload = match name {
                            EventName::Message(message) => {
                                // A message of that type about this very transfer.
                                let mut payload = all.get(message).cloned().unwrap_or_else(|| {
                                    let reason = "test".to_owned();
                                    let content = match message {
                                        MessageType::Decline => Content::Decline { reason },
                                        MessageType::Cancel => Content::Cancel { reason },
                                        MessageType::Provisioned => Content::Provisioned,
                                        MessageType::KeyImportRequest => {
                                            Content::KeyImportRequest(vec![0; 96].into())
                                        }
                                        _ => Content::KeySigningRequest(vec![0; 96].into()),
                                    };
                                    let format = tigress_signal::transfer::payload::CAR_KEY;
                                    Payload::new(id, format, content)
                                });
                                payload.transfer = id;
                                Some(payload)
                            }
                            _ => None,
                        };
                        let event = match (name, &payload) {
                            (EventName::Accept, _) => TransferEvent::Accept(id),
                            (EventName::Decline, _) => TransferEvent::Decline(id),
                            (EventName::Cancel, _) => TransferEvent::Cancel(id),
                            (EventName::Tick, _) => TransferEvent::Tick,
                            (EventName::Message(_), Some(payload)) => message(peer, payload),
                            // An offer begins a transfer of its own, whatever this one's state.
                            _ => continue,
                        };
                        let now = if late { 100 * 24 * 3600 } else { 1 };
                        let restored = device.transfers.clone();
                        let result = device.step(event, now);
                        let holds = |guard| match guard {
                            Guard::PastExpiry => late,
                            Guard::SameRequest => true,
                            Guard::AttestationValid => {
                                result.as_ref().is_ok_and(|o| o[0].report.is_none())
                            }
                            Guard::AttestationInvalid => {
                                result.as_ref().is_ok_and(|o| o[0].report.is_some())
                            }
                            Guard::None => false,
                        };
                        // Past expiry, a tick comes first.
                        let judged = match table::find(Some((state, flow)), EventName::Tick, holds)
                        {
                            Some(tick) if late && *name != EventName::Tick => tick.to,
                            _ => state,
                        };
                        let expected = table::find(Some((judged, flow)), *name, holds);
                        match (&result, expected) {
                            (Ok(outcomes), _) if *name == EventName::Tick => {
                                let ended = outcomes.first().map(|outcome| outcome.after);
                                assert_eq!(ended, expected.map(|row| row.to), "{state} {name}");
                                rows.extend(expected.map(|row| row.row));
                            }
                            (Ok(outcomes), Some(row)) => {
                                assert_eq!(outcomes[0].before, Some(state));
                                assert_eq!(outcomes[0].after, row.to, "{state} {name}");
                                let sent = outcomes[0]
                                    .sends
                                    .as_ref()
                                    .map(|sent| sent.payload.message_type());
                                assert_eq!(sent, row.sends, "{state} {name}");
                                rows.insert(row.row);
                            }
                            (Ok(outcomes), None) => {
                                let reported = outcomes[0].report;
                                assert_eq!(
                                    reported,
                                    Some(ErrorCode::ProvisionedAfterEnd),
                                    "{state} {name}"
                                );
                            }
                            (Err(error), None) => {
                                let code = error.code();
                                let by_name = match name {
                                    EventName::Message(MessageType::ProvisioningInformation) => {
                                        ErrorCode::DuplicateTransfer
                                    }
                                    EventName::Message(_) => ErrorCode::UnexpectedMessage,
                                    _ => ErrorCode::InvalidState,
                                };
                                assert_eq!(code, Some(by_name), "{state} {name}: {error}");
                                refused.insert((state, name.to_string()));
                            }
                            (Err(error), Some(_)) => {
                                // A request of another transfer: the attestation of this one does not hold.
                                let code = error.code();
                                let own =
                                    [ErrorCode::AttestationInvalid, ErrorCode::ConflictingRequest];
                                assert!(
                                    code.is_some_and(|code| own.contains(&code)),
                                    "{state} {name}: {error}"
                                );
                            }
                        }
                        device.transfers = restored;
                    }
                }
            }
        }
    }
    // Rows 1 and 8 begin a transfer: every walk did. Row 12 has a test of its own.
    rows.extend([1, 8, 12]);
    assert_eq!(rows.len(), TABLE.len(), "{rows:?}");
    assert!(refused.len() > 50, "{} refused pairs", refused.len());
}

#[test]
fn an_attestation_that_does_not_hold_ends_the_transfer() {
    let (mut sender, mut receiver) = (Device::new(1, 1), Device::new(2, 1));
    let offer = sender
        .sends(car_key(Recipient::Device(receiver.address)), 0)
        .payload;
    let id = offer.transfer;
    receiver
        .step(message(sender.address, &offer), 0)
        .expect("an offer");
    let request = receiver.sends(TransferEvent::Accept(id), 0).payload;
    let mut import = sender.sends(message(receiver.address, &request), 0).payload;
    let Content::KeyImportRequest(bytes) = &import.content else {
        panic!("a key import request");
    };
    let mut forged = bytes.expose().to_vec();
    forged[40] ^= 1;
    import.content = Content::KeyImportRequest(forged.into());
    let outcome = receiver
        .step(message(sender.address, &import), 0)
        .expect("row 12");
    assert_eq!(outcome[0].after, StateName::Failed);
    assert_eq!(outcome[0].report, Some(ErrorCode::AttestationInvalid));
    let cancel = outcome[0].sends.clone().expect("a cancel").payload;
    assert_eq!(cancel.message_type(), MessageType::Cancel);
    sender
        .step(message(receiver.address, &cancel), 0)
        .expect("a cancel");
    assert_eq!(sender.transfers.state(&id), Some(StateName::OfferCancelled));
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
fn a_lifetime_is_at_most_30_days() {
    let mut sender = Device::new(1, 1);
    let offer = |lifetime| {
        TransferEvent::Offer(Offer {
            to: Recipient::Device(address(2, 1)),
            what: Offered::CarKey,
            lifetime: Some(lifetime),
        })
    };
    assert_eq!(sender.step(offer(0), 0), Err(TransferError::Lifetime));
    assert_eq!(
        sender.step(offer(2_592_001), 0),
        Err(TransferError::Lifetime)
    );
    assert!(sender.step(offer(2_592_000), 0).is_ok());
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
        for (sender, receiver, id, _) in walks(flow) {
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
