//! What each step of the vocabulary does.

use super::call::{Call, Definition};
use super::checks::{self, Check};
use super::mallory;
use super::step_failure::StepFailure;
use super::transcript::Fate;
use super::world::World;
use crate::identifier::{Recipient, TransferId};
use crate::transfer::{Offer, Offered};
use crate::wallet::WalletEvent;

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
            let device = world.people.address(call.nth("device", 0))?;
            let left = world.intermediary.one_time_pre_keys(&device) as u64;
            checks::same(call.number()?, left)
        };
    Given "{device} has taken the invitation of {device}"
        "The first device's user was given the second's link, and pins its identity key once it is seen."
        |world, call| {
            let link = world.people.invitation(call.nth("device", 1))?;
            world.event(call.nth("device", 0), WalletEvent::TakeInvitation(link))
        };
    Given "{device} has taken an invitation of {device} with the fingerprint of {device}"
        "The link names the second device, and the third one's identity key."
        |world, call| {
            let link = world.people.invitation(call.nth("device", 1))?;
            let other = world.people.invitation(call.nth("device", 2))?;
            let head = link.split('#').next().unwrap_or_default();
            let tail = other.split('#').nth(1).unwrap_or_default();
            world.event(call.nth("device", 0), WalletEvent::TakeInvitation(format!("{head}#{tail}")))
        };
    When "{device} goes offline"
        "Nothing leaves the device, and it reads nothing."
        |world, call| {
            world.set_online(call.nth("device", 0), false)
        };
    When "{device} comes online"
        "What waited leaves the device, and it reads its messages."
        |world, call| {
            world.set_online(call.nth("device", 0), true)
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
        |world, call| wish(world, call, call.nth("credential", 0), WalletEvent::Accept);
    When "{device} accepts {quoted}"
        "The user accepts what has that name."
        |world, call| wish(world, call, call.quoted(), WalletEvent::Accept);
    When "{device} declines {quoted}"
        "The user declines what has that name."
        |world, call| wish(world, call, call.quoted(), WalletEvent::Decline);
    When "{device} declines the {credential}"
        "The user declines."
        |world, call| wish(world, call, call.nth("credential", 0), WalletEvent::Decline);
    When "{device} cancels the {credential}"
        "The user cancels."
        |world, call| wish(world, call, call.nth("credential", 0), WalletEvent::Cancel);
    When "{device} cancels {quoted}"
        "The user cancels what has that name."
        |world, call| wish(world, call, call.quoted(), WalletEvent::Cancel);

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
            let device = world.people.address(call.nth("device", 0))?;
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
            let last = checks::last_message(world, call.nth("device", 0))?.clone();
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
            let bundle = world.people.wallet(call.nth("device", 0))?.device().bundle(None);
            let bundle = bundle.ok_or_else(|| StepFailure::script("it has no bundle"))?;
            world.intermediary.swapped = Some((&bundle).into());
            Ok(())
        };
    When "the intermediary hands out the last one-time prekey of {device} again"
        "The next bundle of the device has the one-time prekey that the last one had."
        |world, call| {
            let device = world.people.address(call.nth("device", 0))?;
            world.intermediary.handed_out_again.push(device);
            Ok(())
        };
    When "Mallory copies the state of {device}"
        "A thief reads everything that the device has saved."
        |world, call| {
            let name = call.nth("device", 0);
            let device = world.people.wallet(name)?.device().clone();
            world.stolen.insert(name.to_owned(), device);
            Ok(())
        };

    Then "{device} is in {quoted} with the {credential}"
        "The transfer has that state on that device, by its name in the table of profile section 9."
        |world, call| in_state(world, call, call.nth("credential", 0), call.quoted());
    Then "{device} is in {quoted} with {quoted}"
        "The same, for a transfer with a name of its own, which stands first."
        |world, call| in_state(world, call, call.nth("quoted", 1), call.quoted());
    Then "{device} holds the {credential}"
        "The credential is provisioned on that device."
        |world, call| checks::holds(world, call.nth("device", 0), call.nth("credential", 0));
    Then "{device} holds {quoted}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::holds(world, call.nth("device", 0), call.quoted());
    Then "{device} knows nothing of the {credential}"
        "No message about it was read there."
        |world, call| checks::state(world, call.nth("device", 0), call.nth("credential", 0), None);
    Then "{device} knows nothing of {quoted}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::state(world, call.nth("device", 0), call.quoted(), None);
    Then "the saved state of {device} holds nothing of the hotel key"
        "The token stands nowhere in it, neither raw nor in hex nor in base64 (XFER-14)."
        |world, call| checks::saved_state_lacks(world, call.nth("device", 0), "hotel key");
    Then "{device} is told {quoted}"
        "The device has told its user so; each such message is looked at once."
        |world, call| {
            let told = world.people.told(call.nth("device", 0))?;
            match told.iter().position(|told| told == call.quoted()) {
                Some(index) => {
                    told.remove(index);
                    Ok(())
                }
                None => Err(StepFailure::differs(call.quoted(), told.join(", "))),
            }
        };
    Then "nobody is told anything"
        "No device has told its user anything that was not looked at."
        |world, _| checks::silence(world);
    Then "it is refused with {quoted}"
        "The device refused what its user just asked for."
        |world, call| match world.people.refused.take() {
            Some(refusal) if !refusal.strict => Ok(()),
            refusal => {
                let code = refusal.map(|refusal| refusal.code);
                checks::same(call.quoted(), code.as_deref().unwrap_or("no refusal"))
            }
        };
    Then "{number} message(s) wait(s) for {device}"
        "So many messages are in its mailbox."
        |world, call| {
            let device = world.people.address(call.nth("device", 0))?;
            let waiting = world.intermediary.mailbox_length(&device, world.now) as u64;
            checks::same(call.number()?, waiting)
        };
    Then "the active sessions of {device} and {device} match"
        "Both send in the same session (SES-08)."
        |world, call| checks::one_session(world, call.nth("device", 0), call.nth("device", 1));
    Then "the last message to {device} is a {kind} message"
        "The last that was read: `prekey` or `ratchet`, as the envelope says."
        |world, call| {
            let last = checks::last_message(world, call.nth("device", 0))?;
            checks::same(call.nth("kind", 0), checks::kind(last))
        };
    Then "Mallory can read the last message to {device}"
        "The last that was read: with the copied state it decrypts."
        |world, call| mallory::reads(world, call.nth("device", 0), true);
    Then "Mallory cannot read the last message to {device}"
        "The last that was read: with the copied state it does not decrypt."
        |world, call| mallory::reads(world, call.nth("device", 0), false);
    Then "nothing that the intermediary knows ties {quoted} to {quoted}"
        "No address, key or request id was there in both transfers (PRIV-02)."
        |world, call| checks::ties(world, call.nth("quoted", 0), call.nth("quoted", 1), false);
    Then "something that the intermediary knows ties {quoted} to {quoted}"
        "An address, key or request id was there in both transfers."
        |world, call| checks::ties(world, call.nth("quoted", 0), call.nth("quoted", 1), true);
    Then "the intermediary has seen messages of {quoted} bytes"
        "Their padded sizes, in order, with a comma between them (PRIV-03)."
        |world, call| checks::same(call.quoted(), checks::sizes(world).as_str());
    Then "no transcript line shows a private key of {device}"
        "Nothing that the device's saved state marks as secret was sent or told, but its token (PRIV-04)."
        |world, call| checks::no_secret_in_transcript(world, call.nth("device", 0));
    Then "no debug output of {device} shows a secret"
        "Nothing that the device's saved state marks as secret stands in what it prints of itself (PRIV-04)."
        |world, call| checks::no_secret_in_debug_output(world, call.nth("device", 0));
    Then "the intermediary has seen no payload"
        "Words of the payload stand in nothing that the intermediary was sent."
        |world, _| checks::no_payload(world);
}

fn offer(world: &mut World, call: &Call, name: &str, lifetime: Option<u64>) -> Check {
    let to = match call.all("user").next() {
        Some(user) => Recipient::User(world.people.user(user)?),
        None => Recipient::Device(world.people.address(call.nth("device", 1))?),
    };
    let what = match call.nth("credential", 0) {
        "car key" => Offered::CarKey,
        _ => Offered::AuthorizationToken(checks::token(name).into()),
    };
    let offer = Offer { to, what, lifetime };
    world.offer(call.nth("device", 0), name, offer)
}

/// A user's wish about the transfer that the script calls by that name.
fn wish(world: &mut World, call: &Call, name: &str, event: fn(TransferId) -> WalletEvent) -> Check {
    let id = world.people.transfer(name)?;
    world.event(call.nth("device", 0), event(id))?;
    let refused = world.people.refused.clone();
    world.settle()?;
    world.people.refused = refused;
    Ok(())
}

fn rule(world: &mut World, call: &Call, of_answer: bool, fate: Fate) -> Check {
    let device = call.nth("device", 0);
    world.people.address(device)?;
    world
        .network
        .rule(device, call.nth("request", 0), of_answer, fate)
}

fn in_state(world: &World, call: &Call, name: &str, state: &str) -> Check {
    let expected = checks::state_called(state)?;
    checks::state(world, call.nth("device", 0), name, Some(expected))
}

/// The step's duration, as what is added to a clock.
fn seconds(call: &Call) -> Result<i64, StepFailure> {
    i64::try_from(call.duration()?).map_err(|_| {
        let text = call.nth("duration", 0);
        StepFailure::script(format!("`{text}` is too long"))
    })
}
