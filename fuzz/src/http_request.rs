//! Any bytes as what a client sends to a served intermediary.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tigress_signal::conformance::clients::{BEGINNING, LIMITS, errands};
use tigress_signal::intermediary::{Intermediary, MemoryStore};
use tigress_signal::serve::admission::Admission;
use tigress_signal::serve::arrivals::Arrivals;
use tigress_signal::serve::metrics::Metrics;
use tigress_signal::serve::router::{Service, router};
use tigress_signal::serve::server::speak;
use tigress_signal::serve::worker::Worker;
use tigress_signal::serve::{Binding, Clock};
use tigress_signal::suite::Tigress1;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::prepared;

/// Ben's phone and Ryan's are registered, and Ben's has a link.
fn prepared_machine() -> Intermediary<MemoryStore> {
    let mut machine = Intermediary::with_limits(&Tigress1, MemoryStore::default(), LIMITS);
    let errands = errands(&Tigress1).expect("no flaw is on");
    for place in [0, 1, 4] {
        let answer = machine.handle(&errands[place].request, BEGINNING);
        answer.expect("it is carried out");
    }
    machine
}

/// Every answer is one of HTTP's, and whoever is answered with a refusal alone has changed nothing.
pub fn run(data: &[u8]) {
    let machine = prepared!(Intermediary<MemoryStore>, prepared_machine()).with(Clone::clone);
    let before = machine.clone();
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    let (answers, after) = runtime.block_on(served(machine, data));
    let text = String::from_utf8_lossy(&answers);
    let mut is_refused = true;
    for answer in text.split("HTTP/1.1 ").skip(1) {
        let status: u16 = answer
            .get(..3)
            .and_then(|it| it.parse().ok())
            .expect("a status");
        assert!((200..600).contains(&status), "{answer}");
        assert_ne!(status, 500, "{answer}");
        is_refused &= status >= 400;
    }
    assert!(
        answers.is_empty() || text.starts_with("HTTP/1.1 "),
        "{text}"
    );
    if is_refused {
        assert!(after == before, "a refusal changes nothing");
    }
}

/// What comes back, and the machine.
async fn served(
    machine: Intermediary<MemoryStore>,
    data: &[u8],
) -> (Vec<u8>, Intermediary<MemoryStore>) {
    const PATIENCE: Duration = Duration::from_millis(50);
    let clock = Clock::standing_at(BEGINNING);
    let metrics = Metrics::default();
    let arrivals = Arrivals::default();
    let started = Worker::start(
        machine,
        clock.clone(),
        arrivals.clone(),
        metrics.clone(),
        Duration::from_mins(1),
        true,
    );
    let (worker, thread) = started.expect("a thread");
    // Nobody waits for a message that never comes.
    let (_stop, stopping) = watch::channel(true);
    let service = Service {
        worker,
        clock,
        arrivals,
        is_shared: false,
        admission: Arc::new(Admission::default()),
        metrics,
        admin_token: Some(Arc::from("the-operators-token")),
        faults: None,
        journal: None,
        patience: PATIENCE,
        stopping,
    };
    let (mut client, server) = duplex(1 << 20);
    let from = SocketAddr::from(([127, 0, 0, 1], 1));
    let speaks = speak(router(service), from, PATIENCE, server, None);
    let asks = async {
        let mut answers = Vec::new();
        // It may close before it has read everything.
        let _ = client.write_all(data).await;
        let _ = client.shutdown().await;
        let read = timeout(Duration::from_secs(5), client.read_to_end(&mut answers)).await;
        assert!(read.is_ok(), "it neither answers nor closes");
        answers
    };
    let ((), answers) = tokio::join!(speaks, asks);
    let machine = thread.join().expect("no panic");
    (answers, machine.expect("no request broke it"))
}

/// Errands as a client sends them: seeds.
///
/// # Panics
/// Where a flaw is on.
#[must_use]
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let errands = errands(&Tigress1).expect("no flaw is on");
    let errands = errands.iter().filter_map(|errand| {
        let request = serde_json::to_value(&errand.request).ok()?;
        let sent = Binding::default().send(&request).ok()?;
        let token = sent.token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let mut bytes = format!(
            "{} {} HTTP/1.1\r\nHost: x\r\nMailbox-Request-ID: {}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            sent.method,
            sent.target,
            sent.id,
            token.unwrap_or_default(),
            sent.body.len()
        )
        .into_bytes();
        bytes.extend(sent.body);
        Some((errand.words.replace([' ', '\''], "_"), bytes))
    });
    errands.collect()
}
