//! More of what comes from outside: links, statements, requests to the intermediary, transcripts.

use std::str;
use tigress_signal::agreement::{SuiteNames, stated};
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::transcript::Transcript;
use tigress_signal::conformance::scenario::view::View;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::intermediary::{Intermediary, MemoryStore, Request};
use tigress_signal::primitives::PublicKey;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Invitation, Limits};

/// A link that is read is written as one that says the same (INV-01, INV-04), and all that a wallet asks of it has an answer.
pub fn link(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(invitation) = text.parse::<Invitation>() else {
        return;
    };
    assert_eq!(invitation.to_string().parse().as_ref(), Ok(&invitation));
    let now = Timestamp(1_700_000_000);
    let taken = invitation.check_time(now, &Limits::PROFILE).is_ok();
    let honoured = invitation.is_honoured(now, &Limits::PROFILE);
    assert!(honoured || !taken, "who may be given it may use it");
    let url = invitation.request_url();
    assert!(!url.contains('#'), "the fragment stays here (INV-02)");
}

/// What a statement says.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    address: Address,
    registration_id: RegistrationId,
    pre_key_id: PreKeyId,
    key: PublicKey,
    created: Timestamp,
    suites: SuiteNames,
}

impl Said {
    /// From JSON: an array of its parts.
    fn read(text: &str) -> Option<Said> {
        let (user, device, registration, id, key, created, suites) =
            serde_json::from_str::<(String, u32, u32, u32, [u8; 32], u64, Vec<String>)>(text)
                .ok()?;
        let mut encoded = vec![5];
        encoded.extend(key);
        Some(Said {
            address: Address {
                user_id: user.parse::<UserId>().ok()?,
                device_id: DeviceId::try_from(device).ok()?,
            },
            registration_id: RegistrationId::try_from(registration).ok()?,
            pre_key_id: PreKeyId::try_from(id).ok()?,
            key: PublicKey::decode(&encoded).ok()?,
            created: Timestamp(created),
            suites: SuiteNames::try_from(suites).ok()?,
        })
    }

    fn covered(&self) -> Vec<u8> {
        stated(
            &self.address,
            self.registration_id,
            (self.pre_key_id, &self.key),
            self.created,
            &self.suites,
        )
    }
}

/// Two statements, a line each: what their signatures cover is the same where they say the same, and only there (KEY-09).
pub fn statement(data: &[u8]) {
    let mut lines = str::from_utf8(data).unwrap_or_default().lines();
    let mut read = || Said::read(lines.next()?);
    if let (Some(one), Some(other)) = (read(), read()) {
        assert_eq!(
            one == other,
            one.covered() == other.covered(),
            "{one:?} {other:?}"
        );
    }
}

/// Requests to one intermediary, a line each: what is read is written so that it reads the same, and a refusal changes nothing.
pub fn request(data: &[u8]) {
    let mut intermediary = Intermediary::new(&Tigress1, MemoryStore::default());
    let now = Timestamp(1_700_000_000);
    for line in data.split(|byte| *byte == b'\n').take(16) {
        let Ok(request) = Request::from_json(line) else {
            continue;
        };
        let written = serde_json::to_vec(&request).expect("it is JSON");
        let again = Request::from_json(&written);
        assert!(again.is_ok_and(|again| again == request));
        let before = intermediary.save();
        if intermediary.handle(&request, now).is_err() {
            let after = intermediary.save();
            assert!(after == before, "a refusal changes nothing");
        }
    }
}

/// A transcript that is read is written so that it reads the same; it can be drawn, and says what the intermediary learned.
pub fn transcript(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(transcript) = Transcript::from_lines(text) else {
        return;
    };
    let again = Transcript::from_lines(&transcript.to_lines());
    assert_eq!(again.as_ref(), Ok(&transcript));
    let _ = Diagram::of(&transcript).mermaid();
    let _ = View::of(&transcript);
}
