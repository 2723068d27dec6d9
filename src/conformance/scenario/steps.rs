//! What each step of the vocabulary does.

use super::transcript::{Fate, Line};
use super::vocabulary::{Call, Definition};
use super::world::{StepFailure, World};
use crate::conformance::subject::holds;
use crate::identifier::{Recipient, TransferId};
use crate::intermediary::{Body, Learned};
use crate::sesame::{Device, SavedDevice};
use crate::transfer::{Credential, Offered, StateName};
use crate::wallet::{self, Wallet};
use crate::wire::MessageKind;

type Done = Result<(), StepFailure>;

macro_rules! steps {
    ($($keyword:ident $expression:literal $help:literal $(declares $declares:ident)? |$world:pat_param, $call:pat_param| $body:expr;)+) => {
        /// Every step.
        pub(super) const DEFINITIONS: &[Definition] = &[$(Definition {
            keyword: stringify!($keyword),
            expression: $expression,
            help: $help,
            declares: false $(|| { let $declares = true; $declares })?,
            run: {
                #[allow(clippy::unnecessary_wraps, reason = "every step has this type")]
                fn run($world: &mut World, $call: &Call) -> Done {
                    $body
                }
                run
            },
        }),+];
    };
}

steps! {
    Given "{user} has a {kind}"
        "A device of a user is there and joins the intermediary." declares it
        |world, call| world.add(call.nth("user", 0), call.nth("kind", 0));
    Given "{user} has a {kind} and a {kind}"
        "Two devices of a user are there and join the intermediary." declares it
        |world, call| {
            world.add(call.nth("user", 0), call.nth("kind", 0))?;
            world.add(call.nth("user", 0), call.nth("kind", 1))
        };
    When "{user} adds a {kind}"
        "A user's further device joins." declares it
        |world, call| world.add(call.nth("user", 0), call.nth("kind", 0));
    When "{device} is removed"
        "A device leaves the intermediary and is gone."
        |world, call| world.remove(call.nth("device", 0));
    When "{device} is set up anew"
        "It is erased and joins again at its address, with other keys and another registration id."
        |world, call| world.reset(call.nth("device", 0));
    When "strangers fetch {number} bundles of {device}"
        "Each of them as many as the intermediary hands one requester in an hour."
        |world, call| world.drain(call.nth("device", 0), call.number()?);
    Then "{number} one-time prekey(s) of {device} is/are left"
        "At the intermediary."
        |world, call| {
            let left = world.one_time_pre_keys(call.nth("device", 0))? as u64;
            let expected = call.number()?;
            if left == expected { Ok(()) } else { Err(differs(expected, left)) }
        };
    Given "{device} has taken the invitation of {device}"
        "The first device's user was given the second's link, and pins its identity key once it is seen."
        |world, call| {
            let link = world.invitation(call.nth("device", 1))?;
            world.event(call.nth("device", 0), wallet::WalletEvent::TakeInvitation(link))
        };
    Given "{device} has taken an invitation of {device} with the fingerprint of {device}"
        "The link names the second device, and the third one's identity key."
        |world, call| {
            let link = world.invitation(call.nth("device", 1))?;
            let other = world.invitation(call.nth("device", 2))?;
            let head = link.split('#').next().unwrap_or_default();
            let tail = other.split('#').nth(1).unwrap_or_default();
            world.event(call.nth("device", 0), wallet::WalletEvent::TakeInvitation(format!("{head}#{tail}")))
        };
    When "{device} goes offline"
        "Nothing leaves the device, and it reads nothing."
        |world, call| {
            world.device_mut(call.nth("device", 0))?.online = false;
            Ok(())
        };
    When "{device} comes online"
        "What waited leaves the device, and it reads its messages."
        |world, call| {
            world.device_mut(call.nth("device", 0))?.online = true;
            world.settle()
        };

    When "{device} offers a {credential} to {device}"
        "A car key or a hotel key is offered to one device."
        |world, call| offer(world, call, call.nth("credential", 0), None);
    When "{device} offers a {credential} to {user}"
        "A car key is offered to all devices of a user."
        |world, call| offer(world, call, call.nth("credential", 0), None);
    When "{device} offers a {credential} called {quoted} to {device}"
        "The same, with a name of its own."
        |world, call| offer(world, call, call.quoted(), None);
    When "{device} offers a {credential} called {quoted} to {user}"
        "The same, with a name of its own."
        |world, call| offer(world, call, call.quoted(), None);
    When "{device} offers a {credential} to {device} for {duration}"
        "The offer expires after that time."
        |world, call| offer(world, call, call.nth("credential", 0), Some(call.duration()?));
    When "{device} accepts the {credential}"
        "The user accepts."
        |world, call| wish(world, call, call.nth("credential", 0), wallet::WalletEvent::Accept);
    When "{device} accepts {quoted}"
        "The user accepts what has that name."
        |world, call| wish(world, call, call.quoted(), wallet::WalletEvent::Accept);
    When "{device} declines {quoted}"
        "The user declines what has that name."
        |world, call| wish(world, call, call.quoted(), wallet::WalletEvent::Decline);
    When "{device} declines the {credential}"
        "The user declines."
        |world, call| wish(world, call, call.nth("credential", 0), wallet::WalletEvent::Decline);
    When "{device} cancels the {credential}"
        "The user cancels."
        |world, call| wish(world, call, call.nth("credential", 0), wallet::WalletEvent::Cancel);
    When "{device} cancels {quoted}"
        "The user cancels what has that name."
        |world, call| wish(world, call, call.quoted(), wallet::WalletEvent::Cancel);

    When "{duration} pass(es)"
        "Time passes for everybody; what was not answered is asked again."
        |world, call| world.wait(call.duration()?);
    When "{device}'s clock is {duration} ahead"
        "Of the true time, which the intermediary has; its age and its expiries are judged by it."
        |world, call| {
            let ahead = seconds(call)?;
            world.set_clock(call.nth("device", 0), ahead)
        };
    When "{device}'s clock is {duration} behind"
        "The same, in the other direction."
        |world, call| {
            let behind = seconds(call)?;
            world.set_clock(call.nth("device", 0), -behind)
        };
    When "{device} restarts"
        "The device is stopped and started again from its saved state."
        |world, call| world.restart(call.nth("device", 0));
    When "everybody restarts"
        "Every device and the intermediary are stopped and started again."
        |world, _| {
            let names: Vec<String> = world.devices.keys().cloned().collect();
            names.iter().try_for_each(|name| world.restart(name))?;
            world.restart_intermediary()
        };
    When "the intermediary restarts"
        "The intermediary is stopped and started again from its saved state."
        |world, _| world.restart_intermediary();

    When "the next {request} of {device} is lost"
        "It never arrives."
        |world, call| rule(world, call, false, Fate::Lost);
    When "the next {request} of {device} is held back"
        "It waits until what is held back arrives."
        |world, call| rule(world, call, false, Fate::HeldBack);
    When "the next {request} of {device} arrives twice"
        "It is repeated on its way."
        |world, call| rule(world, call, false, Fate::Repeated);
    When "the next {request} of {device} is damaged"
        "A byte of the message in it is changed on its way to the intermediary."
        |world, call| rule(world, call, false, Fate::Damaged);
    When "the answer to the next {request} of {device} is lost"
        "The intermediary carries it out, and the device does not learn of it."
        |world, call| rule(world, call, true, Fate::Lost);
    When "the answer to the next {request} of {device} is damaged"
        "A byte of the first message in it is changed on its way to the device."
        |world, call| rule(world, call, true, Fate::Damaged);
    When "the network does nothing more to anything"
        "What was to be lost, repeated, held back or damaged is not."
        |world, _| {
            world.be_fair();
            Ok(())
        };
    When "what was held back arrives"
        "In the order in which it was sent."
        |world, _| world.release(false);
    When "what was held back arrives in reverse"
        "The last first."
        |world, _| world.release(true);

    When "the intermediary withholds the messages of {device}"
        "The device is not told that any wait."
        |world, call| {
            world.withheld.push(call.nth("device", 0).to_owned());
            Ok(())
        };
    When "the intermediary withholds nothing any more"
        "Everybody reads what waits."
        |world, _| {
            world.withheld.clear();
            world.settle()
        };
    When "the intermediary replays the last message to {device}"
        "A message that was read and acknowledged is handed out again."
        |world, call| {
            let address = world.address(call.nth("device", 0))?;
            let last = world.seen.iter().rev().find(|envelope| envelope.recipient == address);
            let last = last.cloned().ok_or_else(|| StepFailure::script("it has read no message"))?;
            world.injected.push(last);
            world.settle()
        };
    When "the intermediary reverses its answers"
        "Messages are handed out the last first."
        |world, _| {
            world.reversed = true;
            Ok(())
        };
    When "the intermediary answers the next bundle request with the keys of {device}"
        "It puts somebody else's bundle in the place of the one asked for."
        |world, call| {
            world.swapped = Some(call.nth("device", 0).to_owned());
            Ok(())
        };
    When "the intermediary hands out the last one-time prekey of {device} again"
        "The next bundle of the device has the one-time prekey that the last one had."
        |world, call| {
            let address = world.address(call.nth("device", 0))?;
            world.handed_out_again.push(address);
            Ok(())
        };
    When "Mallory copies the state of {device}"
        "A thief reads everything that the device has saved."
        |world, call| {
            let name = call.nth("device", 0);
            let device = world.reference(name)?.device().clone();
            world.stolen.insert(name.to_owned(), device);
            Ok(())
        };

    Then "{device} is in {quoted} with the {credential}"
        "The transfer has that state on that device, by its name in the table of profile section 9."
        |world, call| in_state(world, call, call.nth("credential", 0));
    Then "{device} is in {quoted} with {quoted}"
        "The same, for a transfer with a name of its own, which stands first."
        |world, call| {
            let name = call.all("quoted").nth(1).unwrap_or_default().trim_matches('"').to_owned();
            in_state(world, call, &name)
        };
    Then "{device} holds the {credential}"
        "The credential is provisioned on that device."
        |world, call| holds_credential(world, call, call.nth("credential", 0));
    Then "{device} holds {quoted}"
        "The same, for a transfer with a name of its own."
        |world, call| holds_credential(world, call, call.quoted());
    Then "{device} knows nothing of the {credential}"
        "No message about it was read there."
        |world, call| is_in(world, call, call.nth("credential", 0), None);
    Then "{device} knows nothing of {quoted}"
        "The same, for a transfer with a name of its own."
        |world, call| is_in(world, call, call.quoted(), None);
    Then "the saved state of {device} holds nothing of the hotel key"
        "The token stands nowhere in it, neither raw nor in hex nor in base64 (XFER-14)."
        |world, call| {
            let saved = world.save(call.nth("device", 0))?;
            if holds(&saved, &token("hotel key").as_slice().into()) {
                Err(differs("no token", "its bytes"))
            } else {
                Ok(())
            }
        };
    Then "{device} is told {quoted}"
        "The device has told its user so; each such message is looked at once."
        |world, call| {
            let told = &mut world.device_mut(call.nth("device", 0))?.told;
            match told.iter().position(|told| told == call.quoted()) {
                Some(index) => {
                    told.remove(index);
                    Ok(())
                }
                None => Err(differs(call.quoted(), told.join(", "))),
            }
        };
    Then "nobody is told anything"
        "No device has told its user anything that was not looked at."
        |world, _| {
            let told = world.devices.iter().find(|(_, device)| !device.told.is_empty());
            match told {
                Some((name, device)) => {
                    Err(differs("silence", format!("{name}: {}", device.told.join(", "))))
                }
                None => Ok(()),
            }
        };
    Then "it is refused with {quoted}"
        "The device refused what its user just asked for."
        |world, call| match world.refused.take() {
            Some((code, strict)) if !strict || code == call.quoted() => Ok(()),
            Some((code, _)) => Err(differs(call.quoted(), code)),
            None => Err(differs(call.quoted(), "no refusal")),
        };
    Then "{number} message(s) wait(s) for {device}"
        "So many messages are in its mailbox."
        |world, call| {
            let address = world.address(call.nth("device", 0))?;
            let waiting = world.intermediary.store().mailbox_length(&address, world.now);
            let expected = call.number()?;
            if waiting as u64 == expected {
                Ok(())
            } else {
                Err(differs(expected, waiting))
            }
        };
    Then "the active sessions of {device} and {device} match"
        "Both send in the same session (SES-08)."
        |world, call| {
            let (one, other) = (call.nth("device", 0), call.nth("device", 1));
            // A subject cannot be asked; the messages that follow show it.
            if world.is_tested(one) || world.is_tested(other) {
                return Ok(());
            }
            let base_key = |from: &str, to: &str| -> Result<_, StepFailure> {
                let peer = world.address(to)?;
                let session = world.reference(from)?.device().session(&peer);
                Ok(session.map(|session| *session.base_key()))
            };
            let (first, second) = (base_key(one, other)?, base_key(other, one)?);
            if first.is_some() && first == second {
                Ok(())
            } else {
                Err(differs("one session", "two"))
            }
        };
    Then "the last message to {device} is a {kind} message"
        "The last that was read: `prekey` or `ratchet`, as the envelope says."
        |world, call| {
            let address = world.address(call.nth("device", 0))?;
            let last = world.seen.iter().rev().find(|envelope| envelope.recipient == address);
            let kind = last.map(|last| match last.kind {
                MessageKind::PreKey => "prekey",
                MessageKind::Ratchet => "ratchet",
            });
            if kind == Some(call.nth("kind", 0)) {
                Ok(())
            } else {
                Err(differs(call.nth("kind", 0), kind.unwrap_or("no message")))
            }
        };
    Then "Mallory can read the last message to {device}"
        "The last that was read: with the copied state it decrypts."
        |world, call| mallory(world, call, true);
    Then "Mallory cannot read the last message to {device}"
        "The last that was read: with the copied state it does not decrypt."
        |world, call| mallory(world, call, false);
    Then "nothing that the intermediary knows ties {quoted} to {quoted}"
        "No address, key or request id was there in both transfers (PRIV-02)."
        |world, call| ties(world, call, false);
    Then "something that the intermediary knows ties {quoted} to {quoted}"
        "An address, key or request id was there in both transfers."
        |world, call| ties(world, call, true);
    Then "the intermediary has seen messages of {quoted} bytes"
        "Their padded sizes, in order, with a comma between them (PRIV-03)."
        |world, call| sizes(world, call);
    Then "no transcript line shows a private key of {device}"
        "Nothing that the device's saved state marks as secret was sent or told, but its token (PRIV-04)."
        |world, call| no_secret(world, call.nth("device", 0));
    Then "no debug output of {device} shows a secret"
        "Nothing that the device's saved state marks as secret stands in what it prints of itself (PRIV-04)."
        |world, call| no_secret_in_debug_output(world, call.nth("device", 0));
    Then "the intermediary has seen no payload"
        "Words of the payload stand in nothing that the intermediary was sent."
        |world, _| no_payload(world);
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "what is compared is handed over"
)]
fn differs(expected: impl ToString, got: impl ToString) -> StepFailure {
    StepFailure::Expectation {
        expected: expected.to_string(),
        got: got.to_string(),
    }
}

fn expect(expected: Option<StateName>, got: Option<StateName>) -> Done {
    if expected == got {
        return Ok(());
    }
    let name = |state: Option<StateName>| state.map_or("no transfer", StateName::as_str);
    Err(differs(name(expected), name(got)))
}

/// The token of a hotel key that the script calls by that name.
fn token(name: &str) -> Vec<u8> {
    format!("the token of {name}").into_bytes()
}

/// Whether the transfer that the script calls by that name is in a state on the device; none where it is unknown there.
fn is_in(world: &World, call: &Call, name: &str, expected: Option<StateName>) -> Done {
    expect(expected, world.state(call.nth("device", 0), name)?)
}

/// It is provisioned, and what the device holds is what was offered: of a token the very bytes.
fn holds_credential(world: &World, call: &Call, name: &str) -> Done {
    is_in(world, call, name, Some(StateName::Provisioned))?;
    let device = call.nth("device", 0);
    // A subject's credentials cannot be looked into.
    if world.is_tested(device) {
        return Ok(());
    }
    let transfers = world.reference(device)?.transfers();
    match transfers.credential(&world.transfer(name)?) {
        Some(Credential::AuthorizationToken { token: held }) => {
            let expected = token(name);
            if held.expose() == expected {
                Ok(())
            } else {
                Err(differs("the token that was offered", "another one"))
            }
        }
        Some(Credential::CarKey { .. }) => Ok(()),
        None => Err(differs("a credential", "none")),
    }
}

fn offer(world: &mut World, call: &Call, name: &str, lifetime: Option<u64>) -> Done {
    let device = call.nth("device", 0).to_owned();
    let to = match call.all("user").next() {
        Some(user) => Recipient::User(world.user(user)?),
        None => Recipient::Device(world.address(call.nth("device", 1))?),
    };
    let what = match call.nth("credential", 0) {
        "car key" => Offered::CarKey,
        _ => Offered::AuthorizationToken(token(name).into()),
    };
    world.offer(&device, name, to, what, lifetime)
}

fn wish(
    world: &mut World,
    call: &Call,
    name: &str,
    event: fn(TransferId) -> wallet::WalletEvent,
) -> Done {
    let id = world.transfer(name)?;
    world.event(call.nth("device", 0), event(id))?;
    let refused = world.refused.clone();
    world.settle()?;
    world.refused = refused;
    Ok(())
}

fn rule(world: &mut World, call: &Call, of_answer: bool, fate: Fate) -> Done {
    world.rule(
        call.nth("device", 0),
        call.nth("request", 0),
        of_answer,
        fate,
    )
}

fn in_state(world: &mut World, call: &Call, name: &str) -> Done {
    let expected = StateName::ALL
        .iter()
        .find(|state| state.as_str() == call.quoted())
        .ok_or_else(|| StepFailure::script(format!("{} is no state", call.quoted())))?;
    is_in(world, call, name, Some(*expected))
}

/// What a thief can read: the copied state, without randomness of its own to answer with, meets the message.
fn mallory(world: &World, call: &Call, can: bool) -> Done {
    let name = call.nth("device", 0);
    let address = world.address(name)?;
    let stolen = world
        .stolen
        .get(name)
        .ok_or_else(|| StepFailure::script(format!("nobody copied the state of {name}")))?;
    let last = world
        .seen
        .iter()
        .rev()
        .find(|envelope| envelope.recipient == address);
    let last = last.ok_or_else(|| StepFailure::script("it has read no message"))?;
    // Mallory tries the sessions that were copied, then the keys alone: a thief honours no memory of openings.
    let read = [stolen.clone(), keys_alone(stolen)?]
        .iter_mut()
        .any(|thief| {
            let mut randomness = crate::conformance::seed::Recorder::new("mallory");
            let read = thief.decrypt(&last.sender, last.kind, &last.message.0, &mut randomness);
            read.is_ok()
        });
    match (read, can) {
        (true, true) | (false, false) => Ok(()),
        (true, false) => Err(differs(
            "a message that Mallory cannot read",
            "its plaintext",
        )),
        (false, true) => Err(differs("a message that Mallory can read", "no plaintext")),
    }
}

/// A device with the same keys, without its sessions and without what it remembers of prekey messages.
fn keys_alone(device: &Device) -> Result<Device, StepFailure> {
    let failed = |error: &dyn std::fmt::Display| StepFailure::script(error.to_string());
    let mut saved = serde_json::to_value(device.save()).map_err(|error| failed(&error))?;
    saved["records"] = serde_json::json!([]);
    let signed = saved["keys"]["signedPreKeys"].as_object_mut();
    for (_, key) in signed.into_iter().flatten() {
        key["openings"] = serde_json::json!([]);
    }
    SavedDevice::from_json(&saved.to_string())
        .and_then(Device::try_from)
        .map_err(|error| failed(&error))
}

/// Words of the payload stand in nothing that the intermediary was sent.
fn no_payload(world: &World) -> Done {
    let words = ["\"tigress\"", "\"content\"", "the token of"];
    for line in &world.lines {
        let Line::Request { request, .. } = line else {
            continue;
        };
        let Body::Submit(submission) = &request.body else {
            continue;
        };
        for sent in &submission.messages {
            let message = &sent.message.0;
            let found = words.iter().find(|text| {
                message
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            });
            if let Some(found) = found {
                return Err(differs("no payload", *found));
            }
        }
    }
    Ok(())
}

/// Whether the intermediary can tie two transfers to one another.
fn ties(world: &World, call: &Call, expected: bool) -> Done {
    let (one, other) = (
        world.transfer(call.nth("quoted", 0))?,
        world.transfer(call.nth("quoted", 1))?,
    );
    let words = |tied| {
        if tied {
            "something that was there in both"
        } else {
            "nothing in common"
        }
    };
    let tied = world.view().ties(&one, &other);
    if tied == expected {
        Ok(())
    } else {
        Err(differs(words(expected), words(tied)))
    }
}

/// The step's duration, as what is added to a clock.
fn seconds(call: &Call) -> Result<i64, StepFailure> {
    i64::try_from(call.duration()?).map_err(|error| StepFailure::script(error.to_string()))
}

/// The sizes of all messages that were submitted, in order.
fn sizes(world: &World, call: &Call) -> Done {
    let view = world.view();
    let sizes = view
        .rows
        .iter()
        .filter(|row| row.kind == Learned::PaddedSize);
    let sizes: Vec<&str> = sizes.map(|row| row.value.as_str()).collect();
    let sizes = sizes.join(", ");
    if sizes == call.quoted() {
        Ok(())
    } else {
        Err(differs(call.quoted(), sizes))
    }
}

/// No secret of a device's saved state, but the token, stands in the transcript.
fn no_secret(world: &World, name: &str) -> Done {
    // A subject's state has a form of its own, which marks nothing.
    if world.is_tested(name) {
        return Ok(());
    }
    let wallet = world.reference(name)?;
    let token = wallet
        .token()
        .map(|token| crate::hex::Hex(token.expose().to_vec()).to_string());
    let lines = serde_json::to_string(&world.lines)
        .map_err(|error| StepFailure::script(error.to_string()))?;
    let shown = secrets(wallet)?
        .into_iter()
        .find(|secret| Some(secret) != token.as_ref() && lines.contains(secret));
    match shown {
        Some(secret) => Err(differs("no secret in the transcript", secret)),
        None => Ok(()),
    }
}

/// No secret of a device's saved state stands in what it prints of itself.
fn no_secret_in_debug_output(world: &World, name: &str) -> Done {
    let wallet = world.reference(name)?;
    let printed = format!("{wallet:?}");
    match secrets(wallet)?
        .into_iter()
        .find(|secret| printed.contains(secret))
    {
        Some(secret) => Err(differs("no secret in the debug output", secret)),
        None => Ok(()),
    }
}

/// What a wallet's saved state marks as secret, in hex.
fn secrets(wallet: &Wallet) -> Result<Vec<String>, StepFailure> {
    let saved: serde_json::Value = serde_json::from_str(&wallet.save().to_json())
        .map_err(|error| StepFailure::script(error.to_string()))?;
    let mut found = Vec::new();
    let mut left = vec![&saved];
    while let Some(value) = left.pop() {
        let secret = value.get("secret").and_then(serde_json::Value::as_str);
        found.extend(secret.filter(|s| !s.is_empty()).map(str::to_owned));
        left.extend(value.as_array().into_iter().flatten());
        left.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.values()),
        );
    }
    Ok(found)
}
