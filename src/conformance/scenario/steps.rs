//! What each step of the vocabulary does.

use super::call::{Brings, Call, Definition};
use super::checks::{self, Check};
use super::mallory;
use super::step_failure::StepFailure;
use super::transcript::Fate;
use super::world::World;
use crate::identifier::{Address, DeviceId, TransferId};
use crate::transfer::{Offer, Offered};
use crate::wallet::WalletEvent;

macro_rules! brings {
    () => {
        Brings::Nothing
    };
    ($brings:ident) => {
        Brings::$brings
    };
}

macro_rules! steps {
    ($($keyword:ident $expression:literal $help:literal $(brings $brings:ident)? |$world:pat_param, $call:pat_param| $body:expr;)+) => {
        /// Every step.
        pub(super) const DEFINITIONS: &[Definition] = &[$(Definition {
            keyword: stringify!($keyword),
            expression: $expression,
            help: $help,
            brings: brings!($($brings)?),
            run: {
                #[allow(clippy::unnecessary_wraps, reason = "every step has this type")]
                fn run($world: &mut World, $call: &Call) -> Check {
                    $body
                }
                run
            },
        }),+];
    };
}

steps! {
    Given "{user} has a {kind}"
        "A device of a user is there and joins the intermediary." brings Devices
        |world, call| world.add(call.the("user"), call.the("kind"));
    Given "{user} has a {kind} and a {kind}"
        "Two devices of a user are there and join the intermediary." brings Devices
        |world, call| {
            world.add(call.the("user"), call.the("kind"))?;
            world.add(call.the("user"), call.nth("kind", 1))
        };
    When "{user} adds a {kind}"
        "A user's further device joins." brings Devices
        |world, call| world.add(call.the("user"), call.the("kind"));
    When "{device} is removed"
        "A device leaves the intermediary and is gone." brings Removal
        |world, call| world.remove(call.the("device"));
    When "{device} is set up anew"
        "It is erased and joins again at its address, with other keys and another registration id."
        |world, call| world.reset(call.the("device"));
    When "strangers fetch {bundles} bundles of {device}"
        "Each of them as many as the intermediary hands one requester in an hour."
        |world, call| world.drain(call.the("device"), call.number()?);
    Then "{number} one-time prekey(s) of {device} is/are left"
        "At the intermediary."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            let left = world.intermediary.one_time_pre_keys(&device, world.now) as u64;
            checks::same(call.number()?, left)
        };
    Given "{device} has taken the invitation of {device}"
        "The first device's user was given the second's link, and pins its identity key once it is seen."
        |world, call| {
            let link = world.people.invitation(call.nth("device", 1))?;
            world.event(call.the("device"), WalletEvent::TakeInvitation(link))
        };
    Given "{device} has taken an invitation of {device} with the fingerprint of {device}"
        "The link names the second device, and the third one's identity key."
        |world, call| {
            let link = world.people.invitation(call.nth("device", 1))?;
            let other = world.people.invitation(call.nth("device", 2))?;
            let head = link.split('#').next().unwrap_or_default();
            let tail = other.split('#').nth(1).unwrap_or_default();
            world.event(call.the("device"), WalletEvent::TakeInvitation(format!("{head}#{tail}")))
        };
    When "{device} goes offline"
        "Nothing leaves the device, and it reads nothing."
        |world, call| {
            world.set_online(call.the("device"), false)
        };
    When "{device} comes online"
        "What waited leaves the device, and it reads its messages."
        |world, call| {
            world.set_online(call.the("device"), true)
        };

    When "{device} offers a {credential} to {device}"
        "A car key or a hotel key is offered to one device." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} to {user}"
        "A car key is offered to all devices of a user." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} called {name} to {device}"
        "The same, with a name of its own." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} called {name} to {user}"
        "The same, with a name of its own." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} to {device} for {duration}"
        "The offer expires after that time." brings Transfer
        |world, call| offer(world, call, Some(call.duration()?));
    When "{device} accepts the {credential}"
        "The user accepts."
        |world, call| wish(world, call, WalletEvent::Accept);
    When "{device} accepts {name}"
        "The user accepts what has that name."
        |world, call| wish(world, call, WalletEvent::Accept);
    When "{device} declines {name}"
        "The user declines what has that name."
        |world, call| wish(world, call, WalletEvent::Decline);
    When "{device} declines the {credential}"
        "The user declines."
        |world, call| wish(world, call, WalletEvent::Decline);
    When "{device} cancels the {credential}"
        "The user cancels."
        |world, call| wish(world, call, WalletEvent::Cancel);
    When "{device} cancels {name}"
        "The user cancels what has that name."
        |world, call| wish(world, call, WalletEvent::Cancel);

    When "{duration} pass(es)"
        "Time passes for everybody; what was not answered is asked again."
        |world, call| world.wait(call.duration()?);
    When "{device}'s clock is {duration} ahead"
        "Of the true time, which the intermediary has; its age and its expiries are judged by it."
        |world, call| {
            let ahead = seconds(call)?;
            world.set_clock(call.the("device"), ahead)
        };
    When "{device}'s clock is {duration} behind"
        "The same, in the other direction."
        |world, call| {
            let behind = seconds(call)?;
            world.set_clock(call.the("device"), -behind)
        };
    When "{device} restarts"
        "The device is stopped and started again from its saved state."
        |world, call| world.restart(call.the("device"));
    When "everybody restarts"
        "Every device and the intermediary are stopped and started again."
        |world, _| {
            let names = world.people.names();
            names.iter().try_for_each(|name| world.restart(name))?;
            world.intermediary.restart()
        };
    When "the intermediary restarts"
        "The intermediary is stopped and started again from its saved state."
        |world, _| world.intermediary.restart();

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
            let device = world.people.address(call.the("device"))?;
            world.intermediary.withheld.push(device);
            Ok(())
        };
    When "the intermediary withholds nothing any more"
        "Everybody reads what waits."
        |world, _| {
            world.intermediary.withheld.clear();
            world.settle()
        };
    When "the intermediary replays the last message to {device}"
        "A message that was read and acknowledged is handed out again."
        |world, call| {
            let last = checks::last_message(world, call.the("device"))?.clone();
            world.intermediary.injected.push(last);
            world.settle()
        };
    When "the intermediary reverses its answers"
        "Messages are handed out the last first."
        |world, _| {
            world.intermediary.reversed = true;
            Ok(())
        };
    When "the intermediary answers the next bundle request with the keys of {device}"
        "It puts somebody else's bundle in the place of the one asked for."
        |world, call| {
            let bundle = world.people.wallet(call.the("device"))?.device().bundle(None);
            let bundle = bundle.ok_or_else(|| StepFailure::script("it has no bundle"))?;
            world.intermediary.swapped = Some((&bundle).into());
            Ok(())
        };
    When "the intermediary hands out the last one-time prekey of {device} again"
        "The next bundle of the device has the one-time prekey that the last one had."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            world.intermediary.handed_out_again.push(device);
            Ok(())
        };
    When "Mallory copies the state of {device}"
        "A thief reads everything that the device has saved."
        |world, call| {
            let name = call.the("device");
            let device = world.people.wallet(name)?.device().clone();
            world.stolen.insert(name.to_owned(), device);
            Ok(())
        };

    Then "{device} is in {state} with the {credential}"
        "The transfer has that state on that device, by its name in the table of profile section 9."
        |world, call| in_state(world, call);
    Then "{device} is in {state} with {name}"
        "The same, for a transfer with a name of its own."
        |world, call| in_state(world, call);
    Then "{device} holds the {credential}"
        "The credential is provisioned on that device."
        |world, call| checks::holds(world, call.the("device"), call.transfer());
    Then "{device} holds {name}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::holds(world, call.the("device"), call.transfer());
    Then "{device} knows nothing of the {credential}"
        "No message about it was read there."
        |world, call| checks::state(world, call.the("device"), call.transfer(), None);
    Then "{device} knows nothing of {name}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::state(world, call.the("device"), call.transfer(), None);
    Then "the saved state of {device} holds nothing of the hotel key"
        "The token stands nowhere in it, neither raw nor in hex nor in base64 (XFER-14)."
        |world, call| checks::saved_state_lacks(world, call.the("device"), "hotel key");
    Then "{device} is told {report}"
        "The device has told its user so; each such message is looked at once."
        |world, call| {
            let told = world.people.told(call.the("device"))?;
            match told.iter().position(|told| told == call.the("report")) {
                Some(index) => {
                    told.remove(index);
                    Ok(())
                }
                None => Err(StepFailure::differs(call.the("report"), told.join(", "))),
            }
        };
    Then "nobody is told anything"
        "No device has told its user anything that was not looked at."
        |world, _| checks::silence(world);
    Then "it is refused with {code}"
        "The device refused what its user just asked for."
        |world, call| match world.people.refused.take() {
            Some(refusal) if !refusal.strict => Ok(()),
            refusal => {
                let code = refusal.map(|refusal| refusal.code);
                checks::same(call.the("code"), code.as_deref().unwrap_or("no refusal"))
            }
        };
    Then "{number} message(s) wait(s) for {device}"
        "So many messages are in its mailbox."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            let waiting = world.intermediary.mailbox_length(&device, world.now) as u64;
            checks::same(call.number()?, waiting)
        };
    Then "the active sessions of {device} and {device} match"
        "Both send in the same session (SES-08)."
        |world, call| checks::one_session(world, call.the("device"), call.nth("device", 1));
    Then "the last message to {device} is a {message} message"
        "The last that was read: `prekey` or `ratchet`, as the envelope says."
        |world, call| {
            let last = checks::last_message(world, call.the("device"))?;
            checks::same(call.the("message"), checks::kind(last))
        };
    Then "Mallory can read the last message to {device}"
        "The last that was read: with the copied state it decrypts."
        |world, call| mallory::reads(world, call.the("device"), true);
    Then "Mallory cannot read the last message to {device}"
        "The last that was read: with the copied state it does not decrypt."
        |world, call| mallory::reads(world, call.the("device"), false);
    Then "nothing that the intermediary knows ties {name} to {name}"
        "No address, key or request id was there in both transfers (PRIV-02)."
        |world, call| checks::ties(world, call.the("name"), call.nth("name", 1), false);
    Then "something that the intermediary knows ties {name} to {name}"
        "An address, key or request id was there in both transfers."
        |world, call| checks::ties(world, call.the("name"), call.nth("name", 1), true);
    Then "the intermediary has seen messages of {sizes} bytes"
        "Their padded sizes, in order, with a comma between them (PRIV-03)."
        |world, call| checks::same(call.the("sizes"), checks::sizes(world)?.as_str());
    Then "no transcript line shows a private key of {device}"
        "Nothing that the device's saved state marks as secret was sent or told, but its token (PRIV-04)."
        |world, call| checks::no_secret_in_transcript(world, call.the("device"));
    Then "no debug output of {device} shows a secret"
        "Nothing that the device's saved state marks as secret stands in what it prints of itself (PRIV-04)."
        |world, call| checks::no_secret_in_debug_output(world, call.the("device"));
    Then "the intermediary has seen no payload"
        "Words of the payload stand in nothing that the intermediary was sent."
        |world, _| checks::no_payload(world);
}

fn offer(world: &mut World, call: &Call, lifetime: Option<u64>) -> Check {
    let name = call.transfer();
    let to = match call.all("user").next() {
        // An offer goes to one device (XFER-04): the first.
        Some(user) => Address {
            user_id: world.people.user(user)?,
            device_id: DeviceId::try_from(1)
                .map_err(|error| StepFailure::script(error.to_string()))?,
        },
        None => world.people.address(call.nth("device", 1))?,
    };
    let what = match call.the("credential") {
        "car key" => Offered::CarKey,
        _ => Offered::AuthorizationToken(checks::token(name).into()),
    };
    let again = false;
    let offer = Offer {
        to,
        what,
        lifetime,
        again,
    };
    world.offer(call.the("device"), name, offer)
}

/// A user's wish about a transfer.
fn wish(world: &mut World, call: &Call, event: fn(TransferId) -> WalletEvent) -> Check {
    let id = world.people.transfer(call.transfer())?;
    world.event(call.the("device"), event(id))?;
    let refused = world.people.refused.clone();
    world.settle()?;
    world.people.refused = refused;
    Ok(())
}

fn rule(world: &mut World, call: &Call, of_answer: bool, fate: Fate) -> Check {
    let device = call.the("device");
    world.people.address(device)?;
    world
        .network
        .rule(device, call.the("request"), of_answer, fate)
}

fn in_state(world: &World, call: &Call) -> Check {
    let expected = checks::state_called(call.the("state"))?;
    checks::state(world, call.the("device"), call.transfer(), Some(expected))
}

/// The step's duration, as what is added to a clock.
fn seconds(call: &Call) -> Result<i64, StepFailure> {
    i64::try_from(call.duration()?).map_err(|_| {
        let text = call.nth("duration", 0);
        StepFailure::script(format!("`{text}` is too long"))
    })
}
