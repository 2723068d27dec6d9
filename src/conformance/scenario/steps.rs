//! What each step of the vocabulary does.

use super::call::{Brings, Call, Definition};
use super::checks::{self, Check};
use super::mallory;
use super::step_failure::StepFailure;
use super::transcript::Fate;
use super::world::{DirectoryAnswer, Swapped, Under, World};
use crate::agreement::BundleFields;
use crate::conformance::correspondence::Bounds;
use crate::identifier::TransferId;
use crate::sesame::Purpose;
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
    When "{device} takes {device} off the intermediary"
        "Its user has lost the second one, which is gone."
        |world, call| world.remove_sibling(call.the("device"), call.nth("device", 1));
    When "{device} is set up anew"
        "It is erased, or restored from a backup, and joins again: with other keys, another registration id and a new UserID (ID-04)."
        |world, call| world.reset(call.the("device"));
    When "strangers fetch {many} bundles of {device}"
        "In the name of as few as the intermediary admits."
        |world, call| world.drain(call.the("device"), call.number()?);
    Then "{number} one-time prekey(s) of {device} is/are left"
        "At the intermediary."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            let left = world.intermediary.one_time_pre_keys(&device, world.now) as u64;
            checks::same(call.number()?, left)
        };
    When "strangers with the invitation {link} fetch {many} bundles"
        "Of the device that made it."
        |world, call| world.drain_by_link(call.the("link"), call.number()?);
    When "{many} stranger(s) offer(s) a hotel key to {device}"
        "They know its address and its public keys, and have made a link up."
        |world, call| world.strangers_offer(call.the("device"), None, call.number()?);
    When "{many} stranger(s) with the invitation {link} offer(s) a hotel key to {device}"
        "Somebody has passed the link on."
        |world, call| world.strangers_offer(call.the("device"), Some(call.the("link")), call.number()?);

    When "{device} makes an invitation called {link}"
        "Its user can give the link to anybody." brings Link
        |world, call| world.make_invitation(call.the("device"), call.the("link"), None);
    When "{device} makes an invitation called {link} for {duration}"
        "The same, with a lifetime of its own." brings Link
        |world, call| {
            let lifetime = call.duration()?;
            world.make_invitation(call.the("device"), call.the("link"), Some(lifetime))
        };
    When "{device} makes {many} invitation(s)"
        "Links that the script has no names for; where one is refused, no more."
        |world, call| world.make_invitations(call.the("device"), call.number()?, None);
    When "{device} makes {many} invitation(s) for {duration}"
        "The same, with a lifetime of their own."
        |world, call| {
            let lifetime = call.duration()?;
            world.make_invitations(call.the("device"), call.number()?, Some(lifetime))
        };
    When "{device} takes the invitation {link}"
        "Its user was given the link: from now on the identity key of who made it is pinned."
        |world, call| world.take_invitation(call.the("device"), call.the("link"));
    When "{device} withdraws the invitation {link}"
        "Nobody can use the link any more."
        |world, call| world.withdraw_invitation(call.the("device"), call.the("link"));
    Given "{device} has taken the invitation of {device}"
        "The second device has made a link, and the first one's user was given it. Who offers without having one is given one at once."
        |world, call| world.exchange(call.the("device"), call.nth("device", 1));
    Given "{device} has taken an invitation of {device} with the fingerprint of {device}"
        "The link names the second device, and the third one's identity key."
        |world, call| {
            let (maker, other) = (call.nth("device", 1), call.nth("device", 2));
            let link = world.mixed_link(maker, other)?;
            world.take(call.the("device"), &link)
        };
    When "{device} compares fingerprints with {device}"
        "The users hold the two numbers next to each other, which are the same, and say so to both devices."
        |world, call| {
            let (one, other) = (call.the("device"), call.nth("device", 1));
            checks::fingerprints(world, one, other, true)?;
            world.compare(one, other)
        };
    When "{device} compares fingerprints with {device}, and is shown another number"
        "Somebody else's, but for one digit the same; the user says that it is the right one."
        |world, call| world.compare_wrongly(call.the("device"), call.nth("device", 1));
    Then "{device} and {device} show different fingerprints"
        "Somebody stands between them."
        |world, call| checks::fingerprints(world, call.the("device"), call.nth("device", 1), false);
    When "{device} drops the pin of {device}"
        "Its user wants to forget the other device's identity key."
        |world, call| world.drop_pin(call.the("device"), call.nth("device", 1));
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
        "A car key or a hotel key, to the one device that shall hold it. Where the sender has no link of it that serves, it is given one before." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} called {name} to {device}"
        "The same, with a name of its own." brings Transfer
        |world, call| offer(world, call, None);
    When "{device} offers a {credential} to {device} for {duration}"
        "The offer expires after that time." brings Transfer
        |world, call| offer(world, call, Some(call.duration()?));
    When "{device} offers a {credential} called {name} to {device} for {duration}"
        "The same, with a name of its own." brings Transfer
        |world, call| offer(world, call, Some(call.duration()?));
    When "{device} offers a {credential} to {device} without a link"
        "Whatever links the sender has; it is given none." brings Transfer
        |world, call| {
            let offer = offered(world, call, call.nth("device", 1), None)?;
            world.offer(call.the("device"), call.offered(), offer, None)
        };
    When "{device} offers the token of {name} called {name} to {device}"
        "The hotel key of another offer once more." brings Transfer
        |world, call| offer_again(world, call, false);
    When "{device} insists on offering the token of {name} called {name} to {device}"
        "The same, although it may be out." brings Transfer
        |world, call| offer_again(world, call, true);
    When "{name} is revoked"
        "Where its credential was issued, which this profile does not speak of: whoever holds it, it opens nothing any more."
        |world, call| {
            world.revoked.insert(call.the("name").to_owned());
            Ok(())
        };
    When "{device} sends {payload} called {name} to {device}"
        "What its wallet would not write, and knows nothing of." brings Transfer
        |world, call| {
            let to = call.nth("device", 1);
            let under = Under::Fresh(call.the("name"));
            world.send_payload(call.the("device"), to, call.the("payload"), None, &under)
        };
    When "{device} sends {payload} called {name} to {device} by the invitation {link}"
        "The same by that link, whether or not it was taken, and whether or not it still serves." brings Transfer
        |world, call| {
            let (to, link) = (call.nth("device", 1), Some(call.the("link")));
            let under = Under::Fresh(call.the("name"));
            world.send_payload(call.the("device"), to, call.the("payload"), link, &under)
        };
    When "{device} sends {payload} under the id of {name} to {device}"
        "The same, under the id of a transfer that is there, whoever offered it."
        |world, call| {
            let to = call.nth("device", 1);
            let under = Under::Known(call.the("name"));
            world.send_payload(call.the("device"), to, call.the("payload"), None, &under)
        };
    When "{device} says {words} about {name} to {device}"
        "Out of turn: its wallet knows nothing of it."
        |world, call| {
            let to = call.nth("device", 1);
            world.send_words(call.the("device"), to, call.the("words"), call.the("name"))
        };
    When "{device} sends the last message to {device} once more"
        "It says the same in another message. Somebody who copied the receiver's state before it was read tells what it said."
        |world, call| world.send_once_more(call.the("device"), call.nth("device", 1));
    When "{device} signs {name} wrongly for {device}"
        "A key import request whose attestation does not hold, which its wallet knows nothing of."
        |world, call| {
            let (from, to) = (call.the("device"), call.nth("device", 1));
            world.send_words(from, to, "a key import request that does not hold", call.the("name"))
        };
    When "{device} offers a hotel key to {many} guests"
        "Each of them has a phone, and gave it a link."
        |world, call| {
            let token = |name: &str| format!("the token of {name}").into_bytes();
            world.guests(call.the("device"), call.number()?, |name, to| Offer {
                to,
                what: Offered::AuthorizationToken(token(name).into()),
                lifetime: None,
                again: false,
            })
        };
    When "every guest accepts"
        "One after the other."
        |world, _| {
            for (guest, name) in world.all_guests() {
                let id = world.people.transfer(&name)?;
                world.event(&guest, WalletEvent::Accept(id))?;
                world.settle()?;
            }
            Ok(())
        };
    Then "{number} guest(s) hold(s) a hotel key"
        "The one that was offered to each of them."
        |world, call| checks::guests_hold(world, call.number()?);
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
    When "the next {many} {request}s of {device} are lost"
        "As many as never arrive."
        |world, call| {
            let device = call.the("device");
            world.people.address(device)?;
            for _ in 0..call.number()? {
                world.network.rule(device, call.the("request"), false, Fate::Lost)?;
            }
            Ok(())
        };
    Given "bounds are small"
        "Everything that is bounded meets its bound early, for the wallets and for the intermediary: docs/model.md lists the bounds. It stands before the first device."
        |world, _| world.shrink();
    Given "nothing arrives by itself"
        "From here on requests wait with their devices and nobody looks for messages by himself: the script says what arrives, and when. A device's request waits until the device has an answer to it."
        |world, _| {
            world.stepwise.begin();
            Ok(())
        };
    When "everything arrives"
        "What waits with the devices does, and from here on everything does so by itself again. What is held back is still held back."
        |world, _| world.arrive_by_themselves();
    When "the {request} of {device} arrives"
        "The oldest of its kind that waits with the device; the answer comes back with it."
        |world, call| arrives(world, call, None);
    When "{request} {number} of {device} arrives"
        "Of several of a kind that wait with the device, counted from the oldest."
        |world, call| arrives(world, call, None);
    When "the {request} of {device} arrives, and its answer is lost"
        "It is carried out, and still waits with the device."
        |world, call| arrives(world, call, Some(Fate::Lost));
    When "{request} {number} of {device} arrives, and its answer is lost"
        "The same, of several of a kind."
        |world, call| arrives(world, call, Some(Fate::Lost));
    When "the {request} of {device} arrives, and its answer is held back"
        "It is carried out, and still waits with the device, until the answer arrives."
        |world, call| arrives(world, call, Some(Fate::HeldBack));
    When "{request} {number} of {device} arrives, and its answer is held back"
        "The same, of several of a kind."
        |world, call| arrives(world, call, Some(Fate::HeldBack));
    When "the answer arrives"
        "The first of those that are held back."
        |world, _| world.release_answer(1);
    When "answer {number} arrives"
        "Of several that are held back, counted from the first."
        |world, call| world.release_answer(call.number()?);
    When "a copy of the {request} of {device} is held back"
        "Of the oldest of its kind that waits with the device, which still waits: the copy comes later, whatever becomes of the request."
        |world, call| world.hold_copy(call.the("device"), call.the("request"), 1);
    When "a copy of {request} {number} of {device} is held back"
        "The same, of several of a kind."
        |world, call| world.hold_copy(call.the("device"), call.the("request"), call.number()?);
    When "the copy arrives"
        "The first of those that are held back; the answer comes back with it."
        |world, _| world.release_copy(1, None);
    When "copy {number} arrives"
        "Of several that are held back, counted from the first."
        |world, call| world.release_copy(call.number()?, None);
    When "the copy arrives, and its answer is lost"
        "The first of those that are held back: the device learns nothing of it."
        |world, _| world.release_copy(1, Some(Fate::Lost));
    When "copy {number} arrives, and its answer is lost"
        "The same, of several that are held back."
        |world, call| world.release_copy(call.number()?, Some(Fate::Lost));
    When "the {request} of {device} arrives, and the intermediary stops before it answers"
        "It is carried out, and the intermediary is started again from what it has saved; the answer is lost."
        |world, call| {
            arrives(world, call, Some(Fate::Lost))?;
            world.intermediary.restart()
        };
    When "{request} {number} of {device} arrives, and the intermediary stops before it answers"
        "The same, of several of a kind."
        |world, call| {
            arrives(world, call, Some(Fate::Lost))?;
            world.intermediary.restart()
        };
    When "{device} looks for messages"
        "It reads what waits for it: the reading arrives and its answer comes back, and nothing more."
        |world, call| world.look_for_messages(call.the("device"));
    When "{device} asks for its messages"
        "The same, but the reading waits with the device."
        |world, call| world.event(call.the("device"), WalletEvent::Collect);
    When "{device} looks at the clock"
        "What is over by its clock is over for it, and what was not answered is asked again."
        |world, call| {
            if world.letters.has(call.the("device")) {
                return world.look_at_the_clock(call.the("device"));
            }
            world.event(call.the("device"), WalletEvent::Tick)?;
            world.settle()
        };
    When "the clock moves on by {duration}"
        "The true time does, and nobody has looked at the clock yet."
        |world, call| {
            let seconds = call.duration()?;
            world.move_clock(seconds);
            Ok(())
        };
    When "{device} joins the intermediary again"
        "It has left it, and registers as the first device of its user."
        |world, call| world.join(call.the("device"));
    When "{device} leaves the intermediary"
        "It asks to be removed, and forgets its token once that is done."
        |world, call| {
            world.event(call.the("device"), WalletEvent::Remove)?;
            world.settle_wish()
        };
    Then "{number} request(s) wait(s) with {device}"
        "So many have no answer yet."
        |world, call| {
            let waiting = world.people.waiting(call.the("device"))?.len() as u64;
            checks::same(call.number()?, waiting)
        };
    Then "{number} {request} of {device} waits"
        "So many requests of a kind have no answer yet."
        |world, call| waiting(world, call);
    Then "{number} {request}s of {device} wait"
        "The same, of several or none."
        |world, call| waiting(world, call);
    Then "{device} has asked for lifetimes of {sizes} seconds"
        "Of its messages, each once, in the order in which they left (XFER-16)."
        |world, call| {
            let asked = checks::lifetimes(world, call.the("device"))?;
            checks::same(call.the("sizes"), asked.as_str())
        };
    Then "a restart of {device} changes nothing"
        "Stopped and started again from its saved state it would be what it is."
        |world, call| checks::outlasts_a_restart(world, call.the("device"));
    Then "a restart of the intermediary changes nothing"
        "The same, of the intermediary."
        |world, _| {
            let outlasts = world.intermediary.outlasts_a_restart();
            checks::restarted(outlasts, "the intermediary")
        };
    Given "three clients that are no wallets"
        "Ben's phone, Ben's watch and Ryan's phone make requests of a list, each as often as the script says, of an intermediary with small bounds. It stands before the first device. Each answer is held to what the intermediary owes."
        |world, _| world.admit_clients();
    When "the request {errand} arrives"
        "Of a client; whether the client learns the answer matters to nobody, since it may ask again."
        |world, call| world.ask(call.the("errand"), false);
    When "the request {errand} arrives, and the intermediary stops before it answers"
        "It is carried out, and the intermediary is started again from what it has saved."
        |world, call| world.ask(call.the("errand"), true);
    Then "{name} has ended on {device}"
        "Its state there is a final one (XFER-16)."
        |world, call| {
            let state = world.people.state(call.the("device"), call.the("name"))?;
            checks::ended(state)
        };
    Then "nothing of {name} but its end waits to leave {device}"
        "No message about it is still to be sent, but one that ends it (XFER-14)."
        |world, call| checks::nothing_leaves(world, call.the("device"), call.the("name"));
    Then "{device} has refused no message"
        "No message that it read was one that it did not expect, could not open or had read before."
        |world, call| {
            let device = call.the("device").to_owned();
            checks::refused_no_message(world, &device)
        };
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
            let bundle = bundle_of(world, call.the("device"))?;
            world.intermediary.swapped = Some(Swapped::Keys(bundle));
            Ok(())
        };
    When "the intermediary answers the next bundle request with the bundle of {device}"
        "It is that device's own, at its own address."
        |world, call| {
            let bundle = bundle_of(world, call.the("device"))?;
            world.intermediary.swapped = Some(Swapped::Whole(bundle));
            Ok(())
        };
    When "the intermediary answers the next bundle request with a bundle as it was at {moment}"
        "The bundle of the device whose state was saved then, without a one-time prekey."
        |world, call| {
            let bundle = world.people.moment(call.the("moment"))?.bundle.clone();
            let unknown = || StepFailure::script("nobody knew the device then");
            let bundle = bundle.ok_or_else(unknown)?;
            world.intermediary.swapped = Some(Swapped::Whole(bundle));
            Ok(())
        };
    When "the intermediary hands out the last one-time prekey of {device} again"
        "The next bundle of the device has the one-time prekey that the last one had."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            world.intermediary.handed_out_again.push(device);
            Ok(())
        };
    When "the intermediary keeps the one-time prekeys of {device} back, and says that {number} are left"
        "Its bundles come without one."
        |world, call| {
            let device = world.people.address(call.the("device"))?;
            let left = u32::try_from(call.number()?).map_err(StepFailure::script)?;
            world.intermediary.kept_back.push(device);
            world.intermediary.counted.insert(device, left);
            Ok(())
        };
    When "the intermediary answers the next {request} of {device} with {lie}"
        "It carries nothing out, and says so or not."
        |world, call| lie(world, call, false, false);
    When "the intermediary answers {many} {request}s of {device} with {lie}"
        "The same, to the next so many."
        |world, call| {
            for _ in 0..call.number()? {
                lie(world, call, false, false)?;
            }
            Ok(())
        };
    When "the intermediary answers every {request} of {device} with {lie}"
        "The same, from now on."
        |world, call| lie(world, call, true, false);
    When "the intermediary carries out the next {request} of {device}, and answers with {lie}"
        "What was asked is done, and the asker does not know."
        |world, call| lie(world, call, false, true);
    When "the intermediary answers every submission to {device} with {lie}"
        "Whoever it is of."
        |world, call| {
            let to = Some(call.the("device"));
            world.lie(None, "submission", to, (call.the("lie"), true, false))
        };
    When "the intermediary answers every {request} for {device} with {lie}"
        "What anybody asks to send it something: bundle requests or submissions."
        |world, call| {
            let to = Some(call.the("device"));
            world.lie(None, call.the("request"), to, (call.the("lie"), true, false))
        };
    When "the intermediary is honest again"
        "From now on it answers with the truth; what it has done it has done."
        |world, _| {
            world.intermediary.be_honest();
            Ok(())
        };
    When "the intermediary forges a first message from {device} to {device}"
        "It has drawn keys of its own, and says that they are the first device's. What it wrote makes no sense."
        |world, call| world.forge_first_message(call.the("device"), call.nth("device", 1));
    When "the intermediary replays the last message to {device} with another base key of the same secret"
        "A point of small order is added to the base key, which no Diffie-Hellman output shows."
        |world, call| world.twist_last_message(call.the("device"));

    When "the state of {device} is saved as {moment}"
        "For the script to come back to." brings Moment
        |world, call| world.remember(call.the("device"), call.the("moment"));
    When "{device} is rolled back to {moment}"
        "An older state takes the place of its own, sessions included: what a backup must not do (ID-04)."
        |world, call| world.roll_back(call.the("device"), call.the("moment"));
    Then "the saved state of {device} has grown by at most {number} bytes since {moment}"
        "What others can make it keep has a bound."
        |world, call| {
            let most = call.number()?;
            checks::has_grown(world, call.the("device"), call.the("moment"), most)
        };
    Then "{device} has used a message key twice"
        "Two messages of it have one ratchet key and one counter, and are not the same."
        |world, call| checks::reuses_a_key(world, call.the("device"), true);
    Then "{device} has used no message key twice"
        "Each run is held to that, but for devices that were rolled back."
        |world, call| checks::reuses_a_key(world, call.the("device"), false);

    Given "{user} has a copy of {device}"
        "A thief has all that the device has saved, and runs it: the copy is a device as any other, called `Mallory's copy` where it is Mallory's, at the same address and offline at first." brings Copy
        |world, call| world.copy(call.the("user"), call.the("device"));
    When "{device} opens a further session with {device}"
        "Beside the one that the two have, with a bundle that the intermediary gives it; it says nothing that makes sense."
        |world, call| world.further_sessions(call.the("device"), call.nth("device", 1), 1);
    When "{device} opens {many} further sessions with {device}"
        "One after the other."
        |world, call| {
            let (from, to) = (call.the("device"), call.nth("device", 1));
            world.further_sessions(from, to, call.number()?)
        };
    When "Mallory forges a cancel of the {credential} from {device} to {device}"
        "With the stolen keys of the second device, and the public identity key of the first."
        |world, call| {
            let (from, to) = (call.the("device"), call.nth("device", 1));
            world.forge_cancel(from, to, call.the("credential"))
        };
    When "Mallory forges a cancel of {name} from {device} to {device}"
        "With the stolen keys of the second device, and the public identity key of the first."
        |world, call| {
            let (from, to) = (call.the("device"), call.nth("device", 1));
            world.forge_cancel(from, to, call.the("name"))
        };
    When "Mallory copies the state of {device}"
        "A thief reads everything that the device has saved."
        |world, call| {
            let name = call.the("device");
            let wallet = world.people.wallet(name)?.clone();
            world.stolen.insert(name.to_owned(), wallet);
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
    Then "{device} does not hold the {credential}"
        "It is not provisioned there, or was revoked."
        |world, call| checks::does_not_hold(world, call.the("device"), call.transfer());
    Then "{device} does not hold {name}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::does_not_hold(world, call.the("device"), call.transfer());
    Then "{number} transfer(s) of {device} is/are in {state}"
        "So many of all that the device has taken part in."
        |world, call| {
            let state = checks::state_called(call.the("state"))?;
            let there = world.people.count(call.the("device"), state)?;
            checks::same(call.number()?, there as u64)
        };
    Then "{device} knows nothing of the {credential}"
        "No message about it was read there."
        |world, call| checks::state(world, call.the("device"), call.transfer(), None);
    Then "{device} knows nothing of {name}"
        "The same, for a transfer with a name of its own."
        |world, call| checks::state(world, call.the("device"), call.transfer(), None);
    Then "the saved state of {device} holds nothing of the hotel key"
        "The token stands nowhere in it: not raw, not in hex or base64, not in one of them inside another (XFER-14)."
        |world, call| checks::saved_state_lacks(world, call.the("device"), "hotel key");
    Then "the saved state of {device} holds nothing of {name}"
        "The same, for a hotel key with a name of its own."
        |world, call| checks::saved_state_lacks(world, call.the("device"), call.the("name"));
    Then "{device} is told {report}"
        "The device has told its user so; each such message is looked at once. Who has error names of its own may have one for all messages that no session reads."
        |world, call| checks::is_told(world, call.the("device"), call.the("report"));
    Then "{device} is told {report} {many} times"
        "So many such messages, each of which is looked at once."
        |world, call| {
            for _ in 0..call.number()? {
                checks::is_told(world, call.the("device"), call.the("report"))?;
            }
            Ok(())
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
        |world, call| {
            let (one, other) = (call.the("device"), call.nth("device", 1));
            if world.letters.has(one) {
                return world.letters.match_sessions(one, other);
            }
            checks::one_session(world, one, other)
        };
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

    Given "a device keeps {number} inactive session(s)"
        "With one other device, and not 40: for letters past the intermediary. Such bounds stand before the first device that writes letters."
        |world, call| {
            let most = small(call, 0)?;
            world.letters.bound(|bounds| bounds.inactive(most))
        };
    Given "a session skips {number} key(s) and keeps {number}"
        "By one letter, and in all, and not 1,000 and 2,000."
        |world, call| {
            let (skip, keep) = (small(call, 0)?, small(call, 1)?);
            world.letters.bound(|bounds| bounds.skipped(skip, keep))
        };
    Given "a session remembers {number} chain(s)"
        "The present one and former ones, and not 5."
        |world, call| {
            let most = small(call, 0)?;
            world.letters.bound(|bounds| bounds.chains(most))
        };
    Given "a device takes {number} opening(s) without a one-time prekey"
        "Of one identity key at one signed prekey, and not 100."
        |world, call| {
            let most = small(call, 0)?;
            world.letters.bound(|bounds| bounds.openings(most))
        };
    Given "a send has {number} round(s)"
        "And not 5."
        |world, call| {
            let most = small(call, 0)?;
            world.letters.bound(|bounds| bounds.rounds(most))
        };
    Given "a device has {number} one-time prekey(s)"
        "From the start, and not one, and draws no more."
        |world, call| {
            let count = small(call, 0)?;
            world.letters.bound(|bounds: Bounds| bounds.one_time_pre_keys(count))
        };
    Given "{user} writes letters with a {kind}"
        "A device without a wallet: what it writes goes past the intermediary, and a directory hands bundles out. Each step of it is held to the profile." brings Devices
        |world, call| world.letters_with(call.the("user"), call.the("kind"));
    Given "{user} writes letters with a {kind} and a {kind}"
        "With two of them." brings Devices
        |world, call| {
            world.letters_with(call.the("user"), call.the("kind"))?;
            world.letters_with(call.the("user"), call.nth("kind", 1))
        };
    Given "{device} has named the key of {device}"
        "Its user has: provisioning information may go there."
        |world, call| world.name_key(call.the("device"), call.nth("device", 1));
    When "{device} writes {letter} to {device}"
        "All that it asks the directory for is answered at once; the letter is under way."
        |world, call| letter(world, call, call.nth("device", 1), (Purpose::Other, true));
    When "{device} writes {letter} to {user}"
        "To all devices of a user."
        |world, call| letter(world, call, call.the("user"), (Purpose::Other, true));
    When "{device} confides {letter} to {device}"
        "What stands in it is provisioning information."
        |world, call| letter(world, call, call.nth("device", 1), (Purpose::Provisioning, true));
    When "{device} begins to write {letter} to {device}"
        "What it asks the directory for is not answered yet."
        |world, call| letter(world, call, call.nth("device", 1), (Purpose::Other, false));
    When "{device} begins to write {letter} to {user}"
        "To all devices of a user."
        |world, call| letter(world, call, call.the("user"), (Purpose::Other, false));
    When "{device} begins to confide {letter} to {device}"
        "What stands in it is provisioning information."
        |world, call| letter(world, call, call.nth("device", 1), (Purpose::Provisioning, false));
    When "{device} is answered"
        "By the directory, truly: one answer to the letter that it is at."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::Honest);
    When "{device} is answered with the one-time prekey of the last answer"
        "A bundle, whose one-time prekey was handed out before."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::Again);
    When "{device} is answered without a one-time prekey"
        "A bundle, though some are left."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::Without);
    When "{device} is answered that nobody is there"
        "Whoever is."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::NotThere);
    When "{device} is answered that the registrations are outdated"
        "Whether they are or not."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::Outdated);
    When "{device} is answered that a device is missing"
        "The user's other one, whether there is one or not."
        |world, call| world.directory_answers(call.the("device"), DirectoryAnswer::Further);
    When "{device} opens a session with {device}"
        "With a bundle of the directory, and writes nothing yet."
        |world, call| world.open_by_letter(call.the("device"), call.nth("device", 1));
    When "{letter} reaches {device}"
        "It is read or refused, as the profile says."
        |world, call| world.letter_reaches(call.the("letter"), call.the("device"), false);
    When "{letter} reaches {device} with another registration id"
        "In an opening, which nobody has authenticated in that: the letter is read all the same."
        |world, call| world.letter_misleads(call.the("letter"), call.the("device"));
    When "a copy of {letter} reaches {device}"
        "The letter itself is still under way."
        |world, call| world.letter_reaches(call.the("letter"), call.the("device"), true);
    When "{letter} to {device} is lost"
        "It does not come any more."
        |world, call| world.letter_is_lost(call.the("letter"), call.the("device"));
    When "{device} leaves the directory"
        "What was under way to it is gone."
        |world, call| world.directory_knows(call.the("device"), false);
    When "{device} comes back to the directory"
        "As what it was."
        |world, call| world.directory_knows(call.the("device"), true);
    When "{device} is made anew at its address"
        "With other keys and another registration id; what was under way to it is gone."
        |world, call| world.make_anew(call.the("device"));
    When "the user of {device} gives the session with {device} up"
        "The next provisioning information opens one (SES-19)."
        |world, call| world.give_session_up(call.the("device"), call.nth("device", 1));
    When "the user of {device} forgets {device}"
        "Its pinned key, its record and its sessions."
        |world, call| world.forget_device(call.the("device"), call.nth("device", 1));
    Then "{device} has read {letter}"
        "Once: each step is held to that."
        |world, call| has_read(world, call, true);
    Then "{device} has not read {letter}"
        "Not, or not yet."
        |world, call| has_read(world, call, false);
    Then "letters find their way to one session"
        "Each two devices of two users send in one session after a letter each way, and have read both (SES-08)."
        |world, _| world.letters_converge();
}

/// A letter of the first device of the step.
fn letter(world: &mut World, call: &Call, to: &str, how: (Purpose, bool)) -> Check {
    world.write_letter(call.the("device"), call.the("letter"), to, how)
}

fn has_read(world: &mut World, call: &Call, expected: bool) -> Check {
    let words = |read| {
        if read {
            "it was read"
        } else {
            "it was not read"
        }
    };
    let read = world
        .letters
        .has_read(call.the("device"), call.the("letter"))?;
    checks::same(words(expected), words(read))
}

/// The step's number in that place, which is small.
fn small<T: TryFrom<u64, Error: std::fmt::Display>>(
    call: &Call,
    place: usize,
) -> Result<T, StepFailure> {
    let number = call.nth("number", place).parse::<u64>();
    let number = number.map_err(StepFailure::script)?;
    T::try_from(number.min(1000)).map_err(StepFailure::script)
}

/// An offer to the second device of the step, with a link of it.
fn offer(world: &mut World, call: &Call, lifetime: Option<u64>) -> Check {
    let to = call.nth("device", 1);
    let offer = offered(world, call, to, lifetime)?;
    world.offer(call.the("device"), call.offered(), offer, Some(to))
}

/// What is offered to that device.
fn offered(
    world: &World,
    call: &Call,
    to: &str,
    lifetime: Option<u64>,
) -> Result<Offer, StepFailure> {
    let what = match call.the("credential") {
        "car key" => Offered::CarKey,
        _ => Offered::AuthorizationToken(checks::token(world, call.offered()).into()),
    };
    Ok(Offer {
        to: world.people.address(to)?,
        what,
        lifetime,
        again: false,
    })
}

/// The token of another offer is offered.
fn offer_again(world: &mut World, call: &Call, again: bool) -> Check {
    let (first, name) = (call.the("name"), call.offered());
    world.people.transfer(first)?;
    world.tokens.insert(name.to_owned(), first.to_owned());
    let to = call.nth("device", 1);
    let offer = Offer {
        again,
        ..offered(world, call, to, None)?
    };
    world.offer(call.the("device"), name, offer, Some(to))
}

/// A device's bundle, without a one-time prekey.
fn bundle_of(world: &World, device: &str) -> Result<BundleFields, StepFailure> {
    world.intermediary.bundle(&world.people.address(device)?)
}

fn lie(world: &mut World, call: &Call, always: bool, carried_out: bool) -> Check {
    let lie = (call.the("lie"), always, carried_out);
    world.lie(Some(call.the("device")), call.the("request"), None, lie)
}

/// A user's wish about a transfer.
fn wish(world: &mut World, call: &Call, event: fn(TransferId) -> WalletEvent) -> Check {
    let id = world.people.transfer(call.transfer())?;
    world.event(call.the("device"), event(id))?;
    world.settle_wish()
}

/// So many requests of a kind wait with a device.
fn waiting(world: &World, call: &Call) -> Check {
    let waiting = world.waiting_requests(call.the("device"), call.the("request"))?;
    checks::same(call.number()?, waiting as u64)
}

/// A request that waits with a device arrives: the oldest of its kind, or that of the step's number.
fn arrives(world: &mut World, call: &Call, answer: Option<Fate>) -> Check {
    let number = call.all("number").next().map_or(Ok(1), |_| call.number())?;
    world.let_arrive(call.the("device"), call.the("request"), number, answer)
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
