//! The intermediary behind HTTP: what comes over a socket is what the machine answers; who is slow, loud or many is bounded.

use crate::browser;
use crate::common::Seeded;
use crate::listening::{ADMIN, Served};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tigress_signal::conformance::clients::{BEGINNING, ERRANDS, LIMITS, errands};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::intermediary::{
    Answer, Body, Intermediary, Limits, MAX_REQUEST, MemoryStore, Request,
};
use tigress_signal::primitives::Randomness;
use tigress_signal::serve::admission::Admission;
use tigress_signal::serve::faults::{Faults, Rules};
use tigress_signal::serve::journal::Journal;
use tigress_signal::serve::server::Bounds;
use tigress_signal::serve::{Binding, Client, ClientError, Clock, Settings, tls};
use tigress_signal::suite::Tigress1;

/// The request that scenarios call so.
fn errand(words: &str) -> Request {
    let place = ERRANDS.iter().position(|errand| *errand == words);
    let errands = errands(&Tigress1).expect("no flaw is on");
    errands[place.expect("an errand")].request.clone()
}

fn json(request: &Request) -> Value {
    serde_json::to_value(request).expect("JSON")
}

/// Ben's and Ryan's phones are registered there, and Ben's has published a link.
fn introduced(served: &Served) -> Client {
    let client = served.client();
    for words in [
        "Ben's phone registers",
        "Ryan's phone registers",
        "Ben's phone publishes a link",
    ] {
        let answer = client.ask(&json(&errand(words))).expect("an answer");
        assert_eq!(answer, Ok(Answer::Done), "{words}");
    }
    client
}

fn reading() -> Request {
    errand("Ben's phone reads")
}

fn impatient() -> Settings {
    Settings {
        clock: Clock::standing_at(BEGINNING),
        bounds: Bounds {
            patience: Duration::from_millis(300),
            connections: 2,
            ..Bounds::default()
        },
        ..Settings::default()
    }
}

#[test]
fn what_comes_over_http_is_what_the_machine_answers() {
    let settings = Settings {
        clock: Clock::standing_at(BEGINNING),
        admin_token: Some(ADMIN.to_owned()),
        ..Settings::default()
    };
    let served = Served::with(LIMITS, settings);
    let mut twin = Intermediary::with_limits(&Tigress1, MemoryStore::default(), LIMITS);
    let client = served.client();
    let errands = errands(&Tigress1).expect("no flaw is on");
    let mut now = BEGINNING;
    let mut dice = Seeded(21);
    let mut roll = |sides: usize| {
        let mut byte = [0; 2];
        dice.fill(&mut byte).expect("never ends");
        usize::from(u16::from_le_bytes(byte)) % sides
    };
    let mut answered = 0;
    for _ in 0..600 {
        if roll(20) == 0 {
            now = now.after([1, 3_600, 86_400][roll(3)]);
            assert_eq!(client.advance(now).expect("a standing clock"), now);
        }
        // Those who register more often than others have more to ask.
        let place = [roll(6), roll(errands.len())][roll(2)];
        let request = &errands[place].request;
        let there = client.ask(&json(request)).expect("an answer");
        let here = twin.handle(request, now);
        answered += usize::from(here.is_ok());
        let here = here.map_err(|error| error.code().expect("memory never fails"));
        assert_eq!(there, here, "{}", ERRANDS[place]);
    }
    assert!(answered > 150, "{answered} of 600 were carried out");
    assert!(served.end() == twin, "what it keeps differs");
}

#[test]
fn a_reading_waits_for_the_next_message_and_no_longer_than_it_says() {
    let served = Served::at(BEGINNING);
    let client = introduced(&served);
    let began = Instant::now();
    let none = client.ask_typed(&reading(), Some(1)).expect("an answer");
    assert_eq!(
        none,
        Ok(Answer::Envelopes {
            envelopes: Vec::new()
        })
    );
    assert!(began.elapsed() >= Duration::from_millis(900));

    let waiting = client.clone();
    let waits = thread::spawn(move || waiting.ask_typed(&reading(), Some(30)));
    thread::sleep(Duration::from_millis(200));
    let submitted = errand("Ryan's phone submits a message by the link");
    let answer = client.ask(&json(&submitted)).expect("an answer");
    assert_eq!(answer, Ok(Answer::Done));
    let read = waits.join().expect("no panic").expect("an answer");
    assert!(matches!(read, Ok(Answer::Envelopes { envelopes }) if envelopes.len() == 1));
    assert!(began.elapsed() < Duration::from_secs(20), "it waited on");
}

#[test]
fn a_server_that_stops_lets_nobody_wait_and_gives_back_what_it_kept() {
    let served = Served::at(BEGINNING);
    let client = introduced(&served);
    let waiting = thread::spawn(move || client.ask_typed(&reading(), Some(30)));
    thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    let mut machine = served.end();
    let read = waiting.join().expect("no panic").expect("an answer");
    assert_eq!(
        read,
        Ok(Answer::Envelopes {
            envelopes: Vec::new()
        })
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    let count = errand("Ben's phone counts its one-time prekeys");
    assert_eq!(
        machine.handle(&count, BEGINNING).expect("it is registered"),
        Answer::OneTimePreKeys { left: 2 }
    );
}

#[test]
fn what_has_expired_goes_by_itself() {
    let clock = Clock::standing_at(BEGINNING);
    let settings = Settings {
        clock: clock.clone(),
        bounds: Bounds {
            tick: Duration::from_millis(20),
            ..Bounds::default()
        },
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    let client = introduced(&served);
    let submitted = client.ask(&json(&errand("Ryan's phone submits a message by the link")));
    assert_eq!(submitted.expect("an answer"), Ok(Answer::Done));
    assert!(clock.advance(BEGINNING.after(31 * 86_400)));
    thread::sleep(Duration::from_millis(400));
    let machine = served.end();
    let kept = machine.save().to_json();
    assert!(kept.contains(r#""mailbox":[]"#), "Ben's phone is there");
    assert!(!kept.contains(r#""message""#), "the message is not");
}

/// The status of an answer, and its problem's type.
fn told(answer: &str) -> (u16, String) {
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let kind = body["type"].as_str().unwrap_or_default().to_owned();
    (status.unwrap_or_default(), kind)
}

const MAILBOX: &str = "/v1/devices/00000000-0000-4000-8000-000000000001/1/mailbox";
const ID: &str = "Mailbox-Request-ID: 1\r\n";
const CLOSE: &str = "Host: x\r\nConnection: close\r\n";

#[test]
#[allow(clippy::too_many_lines, reason = "a list")]
fn what_is_no_request_is_refused_as_a_problem() {
    let served = Served::at(BEGINNING);
    let token = format!("Authorization: Bearer {}\r\n", "ab".repeat(32));
    let json = "Content-Type: application/json\r\nContent-Length: 2\r\n";
    let malformed = (400, "/errors/malformed".to_owned());
    let blank = |status| (status, "about:blank".to_owned());
    for (request, wanted) in [
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}{token}"),
            (401, "/errors/unauthorized".to_owned()),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}"),
            (401, "/errors/unauthorized".to_owned()),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}{token}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}Authorization: Basic eDp5\r\n"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}Authorization: Bearer \u{e9}\r\n"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX} HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1&limit=1 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=01 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=101 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1&wait=0 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1&wait=31 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1&more=1 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("GET {MAILBOX}?limit=1 HTTP/1.1\r\n{ID}{token}{json}\r\n{{}}"),
            malformed.clone(),
        ),
        (
            format!("GET /v1/devices/%ff/1/mailbox?limit=1 HTTP/1.1\r\n{ID}{token}"),
            malformed.clone(),
        ),
        (
            format!("POST {MAILBOX} HTTP/1.1\r\n{ID}{token}{json}\r\n[]"),
            malformed.clone(),
        ),
        (
            format!("POST {MAILBOX} HTTP/1.1\r\n{ID}{token}Content-Length: 2\r\n\r\n{{}}"),
            (415, "/errors/malformed".to_owned()),
        ),
        (format!("PATCH {MAILBOX} HTTP/1.1\r\n"), blank(405)),
        ("GET / HTTP/1.1\r\n".to_owned(), blank(404)),
        (
            "GET /admin/clock HTTP/1.1\r\n".to_owned(),
            (401, "/errors/unauthorized".to_owned()),
        ),
        (
            "GET /errors/no-such-code HTTP/1.1\r\n".to_owned(),
            blank(404),
        ),
    ] {
        let (head, rest) = request.split_once("\r\n").expect("lines");
        let end = if rest.contains("\r\n\r\n") {
            ""
        } else {
            "\r\n"
        };
        let answer = served.raw(format!("{head}\r\n{CLOSE}{rest}{end}").as_bytes());
        assert_eq!(told(&answer), wanted, "{request}\n{answer}");
        let answer = answer.to_ascii_lowercase();
        assert!(answer.contains("content-type: application/problem+json"));
        assert!(answer.contains("cache-control: no-store"));
        assert_eq!(answer.contains("www-authenticate: bearer"), wanted.0 == 401);
        assert_eq!(answer.contains("\r\nallow:"), wanted.0 == 405);
    }
    for page in [
        "/health",
        "/metrics",
        "/openapi.json",
        "/errors/mailbox-full",
    ] {
        let answer = served.raw(format!("GET {page} HTTP/1.1\r\n{CLOSE}\r\n").as_bytes());
        assert_eq!(told(&answer).0, 200, "{answer}");
    }
}

#[test]
fn a_body_of_256_kib_is_read_and_a_byte_more_is_not() {
    let served = Served::at(BEGINNING);
    let head = format!("POST {MAILBOX} HTTP/1.1\r\n{CLOSE}{ID}Content-Type: application/json\r\n");
    let post = |length: usize| {
        let body = format!("{{{}}}", " ".repeat(length - 2));
        served.raw(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes())
    };
    assert_eq!(told(&post(MAX_REQUEST)).0, 400, "too little stands in it");
    assert_eq!(
        told(&post(MAX_REQUEST + 1)),
        (413, "/errors/too-large".to_owned())
    );
    // It says at once what is too long, and waits for nothing.
    let promised = served.raw(format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes());
    assert_eq!(told(&promised).0, 413);
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    let chunks = chunk.repeat(MAX_REQUEST / 0x8000 + 1);
    let chunked =
        served.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n").as_bytes());
    assert_eq!(told(&chunked), (413, "/errors/too-large".to_owned()));
    let headers = format!(
        "GET / HTTP/1.1\r\n{CLOSE}X: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    assert_eq!(told(&served.raw(headers.as_bytes())).0, 431);
}

#[test]
fn who_is_slow_is_not_waited_for() {
    let served = Served::with(Limits::PROFILE, impatient());
    let began = Instant::now();
    assert_eq!(served.raw(b""), "", "a client that says nothing");
    assert_eq!(
        served.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: "),
        "",
        "half a header"
    );
    let head = format!("POST {MAILBOX} HTTP/1.1\r\n{CLOSE}{ID}Content-Length: 10\r\n\r\n{{");
    assert_eq!(told(&served.raw(head.as_bytes())).0, 408, "half a body");
    let kept = served.raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(
        told(&kept).0,
        200,
        "and then it closes a connection that is not used"
    );
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[test]
fn further_connections_wait_until_there_is_room() {
    let served = Served::with(Limits::PROFILE, impatient());
    // Two that are open, and say nothing.
    let open: Vec<_> = (0..2)
        .map(|_| TcpStream::connect(served.address).expect("it listens"))
        .collect();
    thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    let answer = served.raw(format!("GET /health HTTP/1.1\r\n{CLOSE}\r\n").as_bytes());
    assert_eq!(told(&answer).0, 200);
    assert!(
        began.elapsed() >= Duration::from_millis(150),
        "the silent ones must go first"
    );
    drop(open);
}

#[test]
fn strangers_register_as_the_operator_says() {
    let settings = Settings {
        clock: Clock::standing_at(BEGINNING),
        admission: Admission::new(None, Some(1)),
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    let client = served.client();
    let ask = |words| client.ask(&json(&errand(words))).expect("an answer");
    assert_eq!(ask("Ben's phone registers"), Ok(Answer::Done));
    assert_eq!(ask("Ryan's phone registers"), Err(ErrorCode::RateLimited));
    assert_eq!(
        ask("Ben's watch registers"),
        Ok(Answer::Done),
        "whoever has a token of the user is no stranger"
    );

    let settings = Settings {
        clock: Clock::standing_at(BEGINNING),
        admission: Admission::new(Some("a secret of the operator"), None),
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    let ask = |words| {
        served
            .client()
            .ask(&json(&errand(words)))
            .expect("an answer")
    };
    assert_eq!(ask("Ben's phone registers"), Err(ErrorCode::Forbidden));
}

#[test]
fn over_tls_a_certificate_is_looked_at_unless_any_will_do() {
    let (acceptor, pem) = tls::self_signed().expect("a certificate");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    let settings = Settings {
        clock: Clock::standing_at(BEGINNING),
        tls: Some(acceptor),
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    introduced(&served);
    let client = Client::new(&served.url(), None, false).expect("a base URL");
    let refused = client.ask(&json(&reading()));
    assert!(
        matches!(refused, Err(ClientError::Silent(..))),
        "{refused:?}"
    );
}

#[test]
fn a_clock_is_moved_forward_alone_and_by_the_operator_alone() {
    let served = Served::at(BEGINNING);
    let operator = served.client();
    assert_eq!(operator.clock().expect("a token"), BEGINNING);
    let later = BEGINNING.after(5);
    assert_eq!(operator.advance(later).expect("forward"), later);
    assert!(matches!(
        operator.advance(BEGINNING),
        Err(ClientError::NoAnswer(409, _))
    ));
    let stranger = served.client().with_admin_token("another-token-of-16");
    assert!(matches!(
        stranger.advance(later.after(1)),
        Err(ClientError::NoAnswer(401, _))
    ));
    assert_eq!(operator.clock().expect("a token"), later);
    let served = Served::with(
        Limits::PROFILE,
        Settings {
            admin_token: Some(ADMIN.to_owned()),
            ..Settings::default()
        },
    );
    assert!(
        matches!(
            served.client().advance(later),
            Err(ClientError::NoAnswer(409, _))
        ),
        "it is the system's"
    );
}

#[test]
fn a_hostile_server_does_what_its_rules_say_and_tells_it() {
    let rules = br#"{ "rules": [
        { "on": "submit", "nth": [1], "do": "loseAnswer" },
        { "on": "submit", "nth": [2], "do": "damage" },
        { "on": "read", "nth": [1], "do": "reverse" },
        { "on": "read", "nth": [2], "do": "loseRequest" },
        { "on": "read", "nth": [3], "do": { "answer": { "type": "oneTimePreKeys", "left": 7 } } },
        { "on": "fetchBundle", "nth": [1], "do": { "refuse": "not-found" } },
        { "on": "fetchBundle", "do": "damage" }
    ] }"#;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("transcript.jsonl");
    let clock = Clock::standing_at(BEGINNING);
    let settings = Settings {
        clock: clock.clone(),
        faults: Some(Faults::new(Rules::from_json(rules).expect("rules"))),
        journal: Some(Journal::create(&file, clock).expect("a file")),
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    let client = introduced(&served);
    let ask = |words| client.ask(&json(&errand(words)));
    let first = "Ryan's phone submits a message by the link";
    assert!(matches!(ask(first), Err(ClientError::Silent(..))));
    let second = ask("Ryan's phone submits another message by the link");
    assert_eq!(second.expect("an answer"), Ok(Answer::Done));
    let read = || match client.ask_typed(&reading(), None).expect("an answer") {
        Ok(Answer::Envelopes { envelopes }) => envelopes,
        other => panic!("{other:?}"),
    };
    let backwards = read();
    let lost = client.ask_typed(&reading(), None);
    assert!(matches!(lost, Err(ClientError::Silent(..))), "{lost:?}");
    let lie = client.ask_typed(&reading(), None).expect("an answer");
    assert_eq!(lie, Ok(Answer::OneTimePreKeys { left: 7 }));
    let mut forwards = read();
    assert_eq!(forwards.len(), 2, "the first was carried out");
    let Body::Submit(submission) = errand("Ryan's phone submits another message by the link").body
    else {
        panic!("a submission");
    };
    assert_ne!(
        forwards[1].message, submission.message,
        "the second was damaged"
    );
    forwards.reverse();
    assert_eq!(backwards, forwards);
    let fetch = "Ryan's phone fetches a bundle by the link";
    assert_eq!(ask(fetch).expect("an answer"), Err(ErrorCode::NotFound));
    let bundle = ask("Ryan's phone fetches another bundle by the link").expect("an answer");
    let Ok(Answer::Bundle { bundle }) = bundle else {
        panic!("{bundle:?}");
    };
    let Body::Register(registration) = errand("Ben's phone registers").body else {
        panic!("a registration");
    };
    assert_ne!(bundle.identity_key, registration.identity_key);
    served.end();

    let told = std::fs::read_to_string(file).expect("a transcript");
    let events: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(events[0]["now"], BEGINNING.0);
    let fates: Vec<&str> = events
        .iter()
        .filter_map(|event| event["fate"].as_str())
        .collect();
    assert_eq!(
        fates,
        ["lost", "damaged", "lost", "replaced", "replaced", "damaged"]
    );
    let access_key = json(&errand(first))["body"]["accessKey"].to_string();
    let token = json(&reading())["token"].to_string();
    for secret in [access_key, token] {
        assert!(!told.contains(secret.trim_matches('"')), "{secret}");
    }
}

#[test]
fn what_is_held_back_comes_after_the_next_submission() {
    let rules = br#"{ "rules": [{ "on": "submit", "nth": [1], "do": { "holdBack": 1 } }] }"#;
    let settings = Settings {
        clock: Clock::standing_at(BEGINNING),
        faults: Some(Faults::new(Rules::from_json(rules).expect("rules"))),
        ..Settings::default()
    };
    let served = Served::with(Limits::PROFILE, settings);
    let client = introduced(&served);
    let submissions = [
        errand("Ryan's phone submits a message by the link"),
        errand("Ryan's phone submits another message by the link"),
    ];
    let read = || match client.ask_typed(&reading(), None).expect("an answer") {
        Ok(Answer::Envelopes { envelopes }) => envelopes,
        other => panic!("{other:?}"),
    };
    let submit = |place: usize| client.ask(&json(&submissions[place])).expect("an answer");
    assert_eq!(
        submit(0),
        Ok(Answer::Done),
        "its sender is told that it is there"
    );
    assert!(read().is_empty(), "it is not");
    assert_eq!(submit(1), Ok(Answer::Done));
    let came: Vec<_> = read()
        .into_iter()
        .map(|envelope| envelope.message)
        .collect();
    let sent = [1, 0].map(|place: usize| match &submissions[place].body {
        Body::Submit(submission) => submission.message.clone(),
        _ => panic!("a submission"),
    });
    assert_eq!(came, sent);
}

#[test]
fn an_operator_sees_counts_and_a_stranger_nothing() {
    let served = Served::at(BEGINNING);
    let client = introduced(&served);
    let submitted = client.ask(&json(&errand("Ryan's phone submits a message by the link")));
    assert_eq!(submitted.expect("an answer"), Ok(Answer::Done));
    let get = |path: &str, token: &str| {
        let token = format!("Authorization: Bearer {token}\r\n");
        served.raw(format!("GET {path} HTTP/1.1\r\n{CLOSE}{token}\r\n").as_bytes())
    };
    assert_eq!(told(&get("/admin/state", "another-token-of-16")).0, 401);
    let state = get("/admin/state", ADMIN);
    let (_, state) = state.split_once("\r\n\r\n").expect("a body");
    let state: Value = serde_json::from_str(state).expect("JSON");
    let phone = json(&reading())["body"]["address"].clone();
    let devices = state["devices"].as_array().expect("devices");
    let device = devices.iter().find(|device| device["address"] == phone);
    let device = device.expect("Ben's phone");
    assert_eq!(devices.len(), 2);
    let counts = ["oneTimePreKeys", "accessKeys", "mailbox"].map(|name| device[name].as_u64());
    assert_eq!(counts, [Some(2), Some(1), Some(1)]);
    let learned = state["learned"].as_array().expect("rows");
    assert!(learned.iter().any(|row| row["kind"] == "wrote-to"));
    let token = json(&reading())["token"].to_string();
    assert!(!state.to_string().contains(token.trim_matches('"')));

    let page = get("/admin", "");
    let (head, page) = page.split_once("\r\n\r\n").expect("a body");
    let head = head.to_ascii_lowercase();
    let policy = head
        .split("content-security-policy: ")
        .nth(1)
        .expect("a policy");
    let nonce = policy.split("script-src 'nonce-").nth(1).expect("a nonce");
    let (nonce, _) = nonce.split_once('\'').expect("an end");
    assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert!(policy.starts_with("default-src 'none'"));
    assert!(!page.contains("http"), "nothing is from elsewhere");
}

#[test]
fn the_schemas_of_its_files_are_those_of_the_types() {
    let text = |schema: schemars::Schema| format!("{:#}\n", schema.to_value());
    snapbox::assert_data_eq!(
        text(schemars::schema_for!(Binding)),
        snapbox::file!["../docs/routes_schema.json"].raw()
    );
    snapbox::assert_data_eq!(
        text(schemars::schema_for!(Rules)),
        snapbox::file!["../docs/faults_schema.json"].raw()
    );
}

#[test]
fn the_operators_page_shows_it_in_a_browser() {
    let served = Served::at(BEGINNING);
    introduced(&served);
    let page = format!("{}/admin", served.url());
    let look = |token: &str, width: &str| browser::look("look.mjs", &page, &[token, width]);
    for width in ["1280", "390"] {
        let Some(seen) = look(ADMIN, width) else {
            return;
        };
        assert_eq!(seen["faults"], serde_json::json!([]), "{seen}");
        assert_eq!(seen["overflows"], false, "{seen}");
        assert_eq!(seen["tiles"][0], "2devices");
        assert_eq!(seen["devices"].as_array().map(Vec::len), Some(2));
        let here = format!("{}/", served.url());
        let asked = seen["asked"].as_array().expect("addresses");
        assert!(
            asked
                .iter()
                .all(|url| url.as_str().is_some_and(|url| url.starts_with(&here))),
            "{seen}"
        );
    }
    let refused = look("another-token-of-16", "1280").expect("as before");
    assert_eq!(refused["tiles"], serde_json::json!([]));
    assert!(
        refused["said"]
            .as_str()
            .is_some_and(|said| said.contains("operator's token")),
        "{refused}"
    );
}

#[test]
fn the_program_serves_until_it_is_told_to_end_and_its_log_names_nobody() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(program.stdout.take().expect("piped"));
    let mut url = String::new();
    out.read_line(&mut url).expect("a line");
    let client = Client::new(url.trim(), None, false).expect("a base URL");
    let request = errand("Ben's phone reads");
    assert_eq!(
        client.ask(&json(&request)).expect("an answer"),
        Err(ErrorCode::Unauthorized)
    );
    // Of another time: its clock is the system's.
    let registration = errand("Ben's phone registers");
    assert_eq!(
        client.ask(&json(&registration)).expect("an answer"),
        Err(ErrorCode::StaleStatement)
    );
    let id = program.id().to_string();
    let killed = Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .expect("kill");
    assert!(killed.success());
    assert_eq!(program.wait().expect("it ends").code(), Some(0));
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert!(rest.contains("in memory"), "{rest}");
    let mut log = String::new();
    program
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut log)
        .expect("text");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["request"], "read");
    assert_eq!(lines[1]["status"], 422);
    let address = request.body.target();
    let Body::Register(registration) = &registration.body else {
        panic!("a registration");
    };
    let token = serde_json::to_string(&request.token).expect("JSON");
    for private in [
        address.user_id.to_string(),
        token.trim_matches('"').to_owned(),
        registration.token_hash.to_string(),
    ] {
        assert!(!log.contains(&private), "{log}");
    }
}
