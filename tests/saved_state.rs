//! A device at rest: what is saved is restored, secrets are marked and print nothing, and what no device
//! could have written is refused with a word.

use crate::common;

use common::{Exhausted, Seeded, bundle, device};
use serde_json::{Value, json};
use tigress_signal::agreement::Fingerprint;
use tigress_signal::identifier::{Address, Recipient};
use tigress_signal::sesame::{Device, Purpose, SavedDevice, SavedSend, Send};

/// Alice in the middle of things: a session with Bob, a former chain, skipped keys, a pinned key.
fn alice() -> (Device, Address) {
    let (alice_address, mut alice) = device(1);
    let (bob_address, mut bob) = device(2);
    let mut randomness = Seeded(3);
    alice
        .process_bundle(&bundle(&bob), &mut randomness)
        .expect("a good bundle");
    let fingerprint = Fingerprint::of(bob.keys().identity().public());
    alice
        .pin(bob_address, fingerprint, true)
        .expect("nothing is pinned");
    for _ in 0..2 {
        let message = alice
            .encrypt(&bob_address, b"to Bob", &mut Exhausted)
            .expect("a session");
        bob.decrypt(
            &alice_address,
            message.kind,
            &message.bytes,
            &mut randomness,
        )
        .expect("to Bob");
        let sent: Vec<_> = (0..3)
            .map(|_| {
                bob.encrypt(&alice_address, b"to Alice", &mut Exhausted)
                    .expect("a session")
            })
            .collect();
        let last = &sent[2];
        alice
            .decrypt(&bob_address, last.kind, &last.bytes, &mut randomness)
            .expect("to Alice");
    }
    let other = alice.session(&bob_address).expect("a session");
    assert_eq!(other.stored_keys(), 4);
    (alice, bob_address)
}

fn saved() -> Value {
    serde_json::from_str(&alice().0.save().to_json()).expect("JSON")
}

fn restore(value: &Value) -> Result<Device, String> {
    SavedDevice::from_json(&value.to_string())
        .and_then(Device::try_from)
        .map_err(|error| error.to_string())
}

/// The hex of every `{"secret": …}`.
fn secrets(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(secret) = fields.get("secret").and_then(Value::as_str) {
                found.push(secret.to_owned());
            }
            fields.values().for_each(|value| secrets(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| secrets(value, found)),
        _ => {}
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let (alice, bob) = alice();
    let mut found = Vec::new();
    secrets(&saved(), &mut found);
    assert!(found.len() > 12, "{} secrets", found.len());
    let debug = format!("{alice:?} {alice:#?} {:?}", alice.session(&bob));
    for secret in found {
        assert!(!debug.contains(&secret), "{secret} is shown");
        let bytes = data_encoding::HEXLOWER
            .decode(secret.as_bytes())
            .expect("hex");
        let as_list = format!("{bytes:?}");
        assert!(
            !debug.contains(as_list.trim_matches(['[', ']'])),
            "{secret} is shown as a list"
        );
    }
}

#[test]
fn every_secret_is_marked_as_such() {
    // Whatever is 32 bytes of hex and not marked must be a public key of 33 or a signature of 64.
    fn unmarked(value: &Value) {
        match value {
            Value::Object(fields) if fields.contains_key("secret") => {}
            Value::Object(fields) => fields.values().for_each(unmarked),
            Value::Array(items) => items.iter().for_each(unmarked),
            Value::String(text) => {
                let hex = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(
                    !hex || [66, 128].contains(&text.len()),
                    "{text} is not marked"
                );
            }
            _ => {}
        }
    }
    unmarked(&saved());
}

#[test]
fn the_same_state_is_saved_as_the_same_bytes() {
    let first = alice().0.save().to_json();
    let again = restore(&serde_json::from_str(&first).expect("JSON")).expect("just saved");
    assert_eq!(again.save().to_json(), first);
}

/// At its bounds - five chains, 2,000 stored keys, 41 sessions - a device is restored as it was.
#[test]
fn a_device_at_its_bounds_is_restored() {
    let ((a, mut alice), (b, mut bob)) = (device(1), device(2));
    let mut randomness = Seeded(3);
    for _ in 0..41 {
        alice
            .process_bundle(&bundle(&bob), &mut randomness)
            .expect("a good bundle");
        let hello = alice
            .encrypt(&b, b"hello", &mut Exhausted)
            .expect("a session");
        bob.decrypt(&a, hello.kind, &hello.bytes, &mut randomness)
            .expect("a prekey message");
    }
    for _ in 0..6 {
        for _ in 0..500 {
            bob.encrypt(&a, b"lost", &mut Exhausted).expect("a session");
        }
        let answer = bob.encrypt(&a, b"read", &mut Exhausted).expect("a session");
        alice
            .decrypt(&b, answer.kind, &answer.bytes, &mut randomness)
            .expect("an answer");
        let next = alice
            .encrypt(&b, b"next", &mut Exhausted)
            .expect("a session");
        bob.decrypt(&a, next.kind, &next.bytes, &mut randomness)
            .expect("an answer");
        let saved = alice.save();
        assert_eq!(
            Device::try_from(saved.clone()).expect("as saved").save(),
            saved
        );
        let saved = bob.save();
        assert_eq!(
            Device::try_from(saved.clone()).expect("as saved").save(),
            saved
        );
    }
    assert_eq!(alice.session(&b).expect("active").stored_keys(), 2000);
    let record = alice.record(&b).expect("a record");
    assert_eq!(record.inactive().count(), 40);
    let form: Value = serde_json::from_str(&alice.save().to_json()).expect("JSON");
    let session = &form["records"][0]["sessions"][0]["session"];
    assert_eq!(session["receivingChains"].as_array().map(Vec::len), Some(5));
}

#[test]
fn what_no_device_could_have_written_is_refused() {
    let session = "/records/0/sessions/0/session";
    for (pointer, value, reason) in [
        (
            "/version".to_owned(),
            json!(1),
            "saved device version 1; this build reads version 2",
        ),
        (
            "/suite".to_owned(),
            json!("rot13"),
            "suite `rot13`, which this build does not speak",
        ),
        ("/address/userId".to_owned(), json!("Alice"), "UserID"),
        (
            "/records/0/sessions/0/time".to_owned(),
            json!(1),
            "newer than the one before it",
        ),
        (
            "/pinned/1".to_owned(),
            saved()["pinned"][0].clone(),
            "two pins of one device",
        ),
        (
            "/records/0/sessions/1".to_owned(),
            saved()["records"][0]["sessions"][0].clone(),
            "provisioning information goes into one session",
        ),
        (
            "/records/0/staleSince".to_owned(),
            json!(1),
            "stale since a time to come",
        ),
        (
            "/records/0/registrationId".to_owned(),
            json!(0),
            "registration id",
        ),
        (
            "/records/0/identityKey".to_owned(),
            saved()
                .pointer(&format!("{session}/baseKey"))
                .expect("a key")
                .clone(),
            "with another identity key (SES-12)",
        ),
        (
            "/address/deviceId".to_owned(),
            json!(2),
            "a session of another device",
        ),
        (
            format!("{session}/version"),
            json!(9),
            "saved session version 9",
        ),
        (
            format!("{session}/suite"),
            json!("rot13"),
            "saved session of suite `rot13`",
        ),
        (
            format!("{session}/rootKey/secret"),
            json!("00"),
            "this secret has 32 bytes",
        ),
        (format!("{session}/rootKey"), json!("00"), "invalid type"),
        (format!("{session}/baseKey"), json!("0500"), "KEY-02"),
        (format!("{session}/role"), json!("judge"), "unknown variant"),
        (format!("{session}/state"), json!("established"), "expected"),
        (
            "/records/0/address/deviceId".to_owned(),
            json!(128),
            "DeviceID",
        ),
    ] {
        let mut state = saved();
        // One beyond the end of a list is added to it.
        if let Some(list) = pointer.strip_suffix("/1") {
            let list = state.pointer_mut(list).and_then(Value::as_array_mut);
            list.expect("a list").push(value.clone());
        }
        *state
            .pointer_mut(&pointer)
            .unwrap_or_else(|| panic!("{pointer} is not there")) = value;
        let error = restore(&state).expect_err(&pointer);
        assert!(
            error.contains(reason),
            "{pointer}: no {reason:?} in {error:?}"
        );
    }
}

#[test]
fn chains_that_break_a_bound_are_refused() {
    let chains = "/records/0/sessions/0/session/receivingChains";
    let change = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut state = saved();
        change(
            state
                .pointer_mut(chains)
                .and_then(Value::as_array_mut)
                .expect("chains"),
        );
        restore(&state).expect_err("broken").clone()
    };
    let twice = change(&|chains| chains.push(chains[0].clone()));
    assert!(twice.contains("two chains with one ratchet key"), "{twice}");
    let open = change(&|chains| chains.swap(0, 1));
    assert!(open.contains("still open (DR-09)"), "{open}");
    let ahead = change(&|chains| {
        let key = chains[0]["skipped"]["0"].clone();
        chains[0]["skipped"]["77"] = key;
    });
    assert!(
        ahead.contains("at or beyond its chain's counter"),
        "{ahead}"
    );
    let many = change(&|chains| {
        let key = chains[0]["skipped"]["0"].clone();
        chains[0]["progress"]["open"]["counter"] = json!(5000);
        for counter in 0..2001 {
            chains[0]["skipped"][counter.to_string()] = key.clone();
        }
    });
    assert!(
        many.contains("more stored keys than allowed (DR-12)"),
        "{many}"
    );
}

#[test]
fn a_record_with_too_many_sessions_is_refused() {
    let mut state = saved();
    let sessions = state
        .pointer_mut("/records/0/sessions")
        .and_then(Value::as_array_mut)
        .expect("sessions");
    let mut session = sessions[0].clone();
    session["provisioning"] = json!(false);
    sessions.resize(41, session.clone());
    restore(&state).expect("41 sessions");
    let sessions = state.pointer_mut("/records/0/sessions").expect("sessions");
    sessions.as_array_mut().expect("sessions").push(session);
    let error = restore(&state).expect_err("42 sessions");
    assert!(
        error.contains("more sessions than a record keeps (SES-04)"),
        "{error}"
    );
}

/// A send of Alice to Bob's one device, submitted for the first time.
fn send() -> Send {
    let (mut alice, bob) = alice();
    let (send, _) = alice
        .start_send(
            Recipient::Device(bob),
            b"a plaintext that nobody may see",
            Purpose::Other,
            &mut Exhausted,
        )
        .expect("a session");
    send
}

#[test]
fn the_plaintext_of_a_send_is_marked_and_not_shown() {
    let saved = serde_json::to_value(send().save()).expect("JSON");
    let mut found = Vec::new();
    secrets(&saved, &mut found);
    let plaintext = tigress_signal::hex::encode(b"a plaintext that nobody may see");
    assert_eq!(found, std::slice::from_ref(&plaintext));
    assert_eq!(saved.to_string().matches(&plaintext).count(), 1);
    let debug = format!("{:?} {:?}", send(), send().save());
    assert!(
        !debug.contains(&plaintext) && !debug.contains("97, 32, 112"),
        "{debug}"
    );
}

#[test]
fn what_no_send_could_have_written_is_refused() {
    let saved = serde_json::to_value(send().save()).expect("JSON");
    let restored = |value: Value| -> Result<Send, String> {
        let saved: SavedSend = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Send::try_from(saved).map_err(|error| error.to_string())
    };
    assert_eq!(restored(saved.clone()), Ok(send()));
    let device = saved["state"]["open"]["devices"]["1"].clone();
    for (pointer, value, reason) in [
        ("/version", json!(1), "saved send version 1"),
        ("/rounds", json!(0), "5 rounds"),
        ("/rounds", json!(6), "5 rounds"),
        ("/state", json!({ "givenUp": "retryLimit" }), "5 rounds"),
        ("/state", json!("gone"), "unknown variant"),
        ("/state/open/devices", json!({}), "that device alone"),
        (
            "/state/open/devices",
            json!({ "1": device, "2": device }),
            "that device alone",
        ),
        (
            "/state/open/devices",
            json!({ "2147483648": device }),
            "DeviceID",
        ),
        (
            "/state/open/devices/1",
            json!("awaitsNothing"),
            "unknown variant",
        ),
        ("/state/open/plaintext", json!("00"), "invalid type"),
    ] {
        let mut state = saved.clone();
        *state.pointer_mut(pointer).expect("there") = value;
        let error = restored(state).expect_err(pointer);
        assert!(
            error.contains(reason),
            "{pointer}: no {reason:?} in {error:?}"
        );
    }
    let mut last = saved;
    last["rounds"] = json!(5);
    restored(last.clone()).expect("under way for the fifth time");
    last["state"]["open"]["devices"]["1"] = json!("awaitsBundle");
    let error = restored(last).expect_err("a bundle for a sixth round");
    assert!(error.contains("5 rounds"), "{error}");
}

#[test]
fn text_that_is_no_saved_device_is_refused() {
    let nested = "[".repeat(100_000);
    for text in ["", "null", "{}", "[]", "{\"version\":2}", &nested] {
        let error = SavedDevice::from_json(text)
            .expect_err("no saved device")
            .to_string();
        assert!(error.starts_with("not a saved device"), "{error}");
    }
    // The form of another version is another one: it is told by its version, and not by what is missing.
    let error = SavedDevice::from_json("{\"version\":1,\"keys\":{}}").expect_err("version 1");
    assert!(
        error.to_string().contains("saved device version 1"),
        "{error}"
    );
}
