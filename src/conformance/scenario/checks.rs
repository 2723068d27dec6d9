//! What a step looks at: each check is a sentence about the world.

use super::outline;
use super::property;
use super::step_failure::StepFailure;
use super::transcript::Line;
use super::world::World;
use crate::conformance::{leak, secrets};
use crate::hex::Hex;
use crate::intermediary::{Body, Envelope, Learned};
use crate::transfer::{Credential, MessageType, StateName};
use crate::wallet::{Report, Wallet};
use crate::wire::MessageKind;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// Whether it is so.
pub(super) type Check = Result<(), StepFailure>;

/// Both are the same.
pub(super) fn same<T: PartialEq + fmt::Display>(expected: T, got: T) -> Check {
    if expected == got {
        Ok(())
    } else {
        Err(StepFailure::differs(expected, got))
    }
}

/// The state of that name in the table of profile section 9.
pub(super) fn state_called(name: &str) -> Result<StateName, StepFailure> {
    let mut states = StateName::ALL.iter().copied();
    states
        .find(|state| state.as_str() == name)
        .ok_or_else(|| StepFailure::script(format!("{name} is no state")))
}

/// The transfer that the script calls by that name is in a state on the device; none where it is unknown there.
pub(super) fn state(
    world: &World,
    device: &str,
    transfer: &str,
    expected: Option<StateName>,
) -> Check {
    let name = |state: Option<StateName>| state.map_or("no transfer", StateName::as_str);
    let got = world.people.state(device, transfer)?;
    same(name(expected), name(got))
}

/// The token of a hotel key that the script calls by that name.
pub(super) fn token(world: &World, name: &str) -> Vec<u8> {
    let name = world.tokens.get(name).map_or(name, String::as_str);
    format!("the token of {name}").into_bytes()
}

/// It is provisioned, and what the device holds is what was offered: of a token the very bytes.
pub(super) fn holds(world: &World, device: &str, name: &str) -> Check {
    state(world, device, name, Some(StateName::Provisioned))?;
    if world.revoked.contains(name) {
        return Err(StepFailure::differs("a credential", "one that was revoked"));
    }
    // A subject's credentials cannot be looked into.
    if world.people.is_tested(device) {
        return Ok(());
    }
    let transfers = world.people.wallet(device)?.transfers();
    match transfers.credential(&world.people.transfer(name)?) {
        Some(Credential::AuthorizationToken { token: held })
            if held.expose() != token(world, name) =>
        {
            Err(StepFailure::differs(
                "the token that was offered",
                "another one",
            ))
        }
        Some(_) => Ok(()),
        None => Err(StepFailure::differs("a credential", "none")),
    }
}

/// It is not provisioned there, or opens nothing any more.
pub(super) fn does_not_hold(world: &World, device: &str, name: &str) -> Check {
    let state = world.people.state(device, name)?;
    if state == Some(StateName::Provisioned) && !world.revoked.contains(name) {
        return Err(StepFailure::differs("no credential", "one that opens"));
    }
    Ok(())
}

/// So many guests hold what was offered to each of them.
pub(super) fn guests_hold(world: &World, expected: u64) -> Check {
    let guests = world.all_guests();
    let holding = guests
        .iter()
        .filter(|(guest, name)| holds(world, guest, name).is_ok());
    same(expected, holding.count() as u64)
}

/// The device's saved state is so many bytes longer at most than it was at that moment.
pub(super) fn has_grown(world: &mut World, device: &str, moment: &str, most: u64) -> Check {
    let before = world.people.moment(moment)?.state.len();
    let now = world.people.save(device)?.len();
    let grown = now.saturating_sub(before) as u64;
    if grown > most {
        return Err(StepFailure::differs(
            format!("{most} bytes more at most"),
            format!("{grown}"),
        ));
    }
    Ok(())
}

/// Both devices show the same number (X3DH-16), or not.
pub(super) fn fingerprints(world: &World, one: &str, other: &str, equal: bool) -> Check {
    let shown = world.people.fingerprint(one, other)?;
    let theirs = world.people.fingerprint(other, one)?;
    let words = |equal| {
        if equal {
            "the same number"
        } else {
            "two numbers"
        }
    };
    same(words(equal), words(shown.is_some() && shown == theirs))
}

/// A message key of the device has encrypted two messages (DR-19), or none has. What it submitted is parsed as anybody can.
pub(super) fn reuses_a_key(world: &mut World, device: &str, expected: bool) -> Check {
    let lines = world.review()?;
    let words = |reused| {
        if reused {
            "a message key used twice"
        } else {
            "no message key used twice"
        }
    };
    same(words(expected), words(property::reused_key(lines, device)))
}

/// The token of that name stands nowhere in the device's saved state (XFER-14).
pub(super) fn saved_state_lacks(world: &mut World, device: &str, name: &str) -> Check {
    // Of what was never offered nothing can be held.
    world.people.transfer(name)?;
    let saved = world.people.save(device)?;
    if leak::holds(&saved, &Hex(token(world, name))) {
        return Err(StepFailure::differs("no token", "its bytes"));
    }
    Ok(())
}

/// A transfer is over.
pub(super) fn ended(state: Option<StateName>) -> Check {
    match state {
        Some(state) if !state.is_final() => Err(StepFailure::differs("a final state", state)),
        _ => Ok(()),
    }
}

/// No message about a transfer is still to be sent by a device, but one that ends it.
pub(super) fn nothing_leaves(world: &World, device: &str, name: &str) -> Check {
    let transfer = world.people.transfer(name)?;
    let ends = [
        MessageType::Cancel,
        MessageType::Decline,
        MessageType::Provisioned,
    ];
    let mut to_send = world.people.wallet(device)?.to_send(transfer);
    match to_send.find(|message| !ends.contains(message)) {
        Some(message) => Err(StepFailure::differs("nothing to be sent", message.as_str())),
        None => Ok(()),
    }
}

/// A device has refused no message that it read.
pub(super) fn refused_no_message(world: &mut World, device: &str) -> Check {
    let refused = world.review()?.iter().find_map(|line| match line {
        Line::Report {
            device: of,
            report: Report::Refused { code, .. },
        } if of == device => Some(*code),
        _ => None,
    });
    match refused {
        Some(code) => Err(StepFailure::differs("no refused message", code)),
        None => Ok(()),
    }
}

/// Stopped and started again from its saved state, a device would be what it is: a subject as far as its saved state shows.
pub(super) fn outlasts_a_restart(world: &mut World, device: &str) -> Check {
    let outlasts = world.people.outlasts_a_restart(device)?;
    restarted(outlasts, device)
}

/// Whether a restart changes nothing.
pub(super) fn restarted(outlasts: bool, who: &str) -> Check {
    if outlasts {
        return Ok(());
    }
    Err(StepFailure::differs(
        "a restart changes nothing",
        format!("another state of {who}"),
    ))
}

/// The device has told its user so, and is not asked for it again.
pub(super) fn is_told(world: &mut World, device: &str, report: &str) -> Check {
    let has_own_names = world.people.has_own_error_names(device);
    let told = world.people.told(device)?;
    let of_unread = |said: &str| outline::UNREAD.iter().any(|code| code.as_str() == said);
    let alike = |said: &&String| has_own_names && of_unread(report) && of_unread(said);
    let exactly = told.iter().position(|said| said == report);
    match exactly.or_else(|| told.iter().position(|said| alike(&said))) {
        Some(index) => {
            told.remove(index);
            Ok(())
        }
        None => Err(StepFailure::differs(report, told.join(", "))),
    }
}

/// No device has told its user anything that was not looked at.
pub(super) fn silence(world: &World) -> Check {
    match world.people.unheard() {
        Some((device, told)) => {
            let got = format!("{device}: {}", told.join(", "));
            Err(StepFailure::differs("silence", got))
        }
        None => Ok(()),
    }
}

/// The lifetimes that a device has asked for its messages, each once for a message, with a comma between them.
pub(super) fn lifetimes(world: &mut World, device: &str) -> Result<String, StepFailure> {
    let mut seen = BTreeSet::new();
    let lines = world.review()?;
    let asked = lines.iter().filter_map(|line| match line {
        Line::Request {
            device: by,
            request,
            ..
        } if by == device => match &request.body {
            Body::Submit(submission) => {
                Some((submission.message.0.0.as_slice(), submission.lifetime))
            }
            _ => None,
        },
        _ => None,
    });
    let words = |lifetime: Option<u64>| lifetime.map_or("none".to_owned(), |it| it.to_string());
    let lifetimes = asked.filter(|asked| seen.insert(*asked));
    let lifetimes: Vec<_> = lifetimes.map(|(_, lifetime)| words(lifetime)).collect();
    Ok(lifetimes.join(", "))
}

/// Both devices send in the same session (SES-08).
pub(super) fn one_session(world: &World, one: &str, other: &str) -> Check {
    // A subject cannot be asked; the messages that follow show it.
    if world.people.is_tested(one) || world.people.is_tested(other) {
        return Ok(());
    }
    let base_key = |from: &str, to: &str| -> Result<_, StepFailure> {
        let peer = world.people.address(to)?;
        let record = world.people.wallet(from)?.device().record(&peer);
        let active = record.and_then(|record| record.base_keys().next().flatten());
        Ok(active.copied())
    };
    let (first, second) = (base_key(one, other)?, base_key(other, one)?);
    if first.is_some() && first == second {
        Ok(())
    } else {
        Err(StepFailure::differs("one session", "two"))
    }
}

/// The last message to a device that the intermediary handed out.
pub(super) fn last_message<'a>(
    world: &'a World,
    device: &str,
) -> Result<&'a Envelope, StepFailure> {
    let address = world.people.address(device)?;
    world
        .last_message(&address)
        .ok_or_else(|| StepFailure::script("it has read no message"))
}

/// What scripts call a message, as its envelope says.
pub(super) fn kind(message: &Envelope) -> &'static str {
    match message.kind {
        MessageKind::PreKey => "prekey",
        MessageKind::Ratchet => "ratchet",
    }
}

/// Words of the payload stand in nothing that the intermediary was sent.
pub(super) fn no_payload(world: &mut World) -> Check {
    let words = ["\"tigress\"", "\"content\"", "the token of"];
    for line in world.review()? {
        let Line::Request { request, .. } = line else {
            continue;
        };
        let Body::Submit(submission) = &request.body else {
            continue;
        };
        let message = &submission.message.0;
        let found = words.iter().find(|text| {
            message
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        });
        if let Some(found) = found {
            return Err(StepFailure::differs("no payload", found));
        }
    }
    Ok(())
}

/// Whether the intermediary can tie two transfers to one another (PRIV-02).
pub(super) fn ties(world: &mut World, one: &str, other: &str, expected: bool) -> Check {
    let (one, other) = (world.people.transfer(one)?, world.people.transfer(other)?);
    let words = |tied| {
        if tied {
            "something that was there in both"
        } else {
            "nothing in common"
        }
    };
    same(words(expected), words(world.view()?.ties(&one, &other)))
}

/// The padded sizes of all messages that were submitted, in order (PRIV-03).
pub(super) fn sizes(world: &mut World) -> Result<String, StepFailure> {
    let rows = world.view()?.rows.into_iter();
    let sizes = rows.filter(|row| row.kind == Learned::PaddedSize);
    let sizes: Vec<String> = sizes.map(|row| row.value).collect();
    Ok(sizes.join(", "))
}

/// No secret of a device's saved state, but its token and access keys, stands in the transcript (PRIV-04).
pub(super) fn no_secret_in_transcript(world: &mut World, device: &str) -> Check {
    // A subject's state has a form of its own, which marks nothing.
    if world.people.is_tested(device) {
        return Ok(());
    }
    let wallet = world.people.wallet(device)?;
    let token = wallet.token().map(|token| Hex(token.expose().to_vec()));
    let token = token.map(|token| token.to_string());
    let mut secrets = secrets_of(wallet)?;
    let lines = world.review()?;
    // The token and access keys are there to be shown to the intermediary.
    let shown: BTreeSet<String> = lines.iter().filter_map(access_key).collect();
    secrets.retain(|secret| Some(secret) != token.as_ref() && !shown.contains(secret));
    let lines = serde_json::to_string(lines).map_err(StepFailure::script)?;
    match first_within(&lines, &secrets) {
        Some(secret) => Err(StepFailure::differs("no secret in the transcript", secret)),
        None => Ok(()),
    }
}

/// The access key of a request, in hex, where it has one.
fn access_key(line: &Line) -> Option<String> {
    let Line::Request { request, .. } = line else {
        return None;
    };
    let body = serde_json::to_value(&request.body).ok()?;
    body.get("accessKey")?.as_str().map(str::to_owned)
}

/// One of the secrets that stands in the text, which is gone through once however many there are.
fn first_within<'a>(text: &str, secrets: &'a [String]) -> Option<&'a str> {
    const BEGINNING: usize = 8;
    let mut by_beginning: HashMap<&[u8], Vec<&str>> = HashMap::new();
    for secret in secrets {
        match secret.as_bytes().get(..BEGINNING) {
            Some(beginning) => by_beginning.entry(beginning).or_default().push(secret),
            None if text.contains(secret.as_str()) => return Some(secret),
            None => {}
        }
    }
    let bytes = text.as_bytes();
    let mut windows = bytes.windows(BEGINNING).enumerate();
    windows.find_map(|(at, window)| {
        let secrets = by_beginning.get(window)?;
        let mut secrets = secrets.iter().copied();
        secrets.find(|secret| bytes[at..].starts_with(secret.as_bytes()))
    })
}

/// No secret of a device's saved state stands in what it prints of itself (PRIV-04).
pub(super) fn no_secret_in_debug_output(world: &World, device: &str) -> Check {
    let wallet = world.people.wallet(device)?;
    let printed = format!("{wallet:?}");
    let secrets = secrets_of(wallet)?;
    match first_within(&printed, &secrets) {
        Some(secret) => Err(StepFailure::differs(
            "no secret in the debug output",
            secret,
        )),
        None => Ok(()),
    }
}

/// What a wallet's saved state marks as secret, in hex.
fn secrets_of(wallet: &Wallet) -> Result<Vec<String>, StepFailure> {
    let saved: serde_json::Value =
        serde_json::from_str(&wallet.save().to_json()).map_err(StepFailure::script)?;
    let marked = secrets::marked(&saved).into_iter();
    Ok(marked
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        let secrets = ["0123456789ab", "0123456789cd", "feed"].map(str::to_owned);
        for (text, found) in [
            ("..0123456789ab", Some("0123456789ab")),
            ("0123456789cd..", Some("0123456789cd")),
            (".feed", Some("feed")),
            ("01234567..89ab", None),
            ("0123456789a", None),
            ("", None),
        ] {
            assert_eq!(first_within(text, &secrets), found, "{text}");
        }
    }
}
