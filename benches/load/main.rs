//! Load: what a served intermediary does in a second, on loopback, beside its floors.
//!
//! The floor of a store is the same requests carried out by the machine alone, as many in a group as there are clients: no HTTP, no
//! thread between. The floor of HTTP is axum that takes the same requests whole and answers each with two bytes. Clients, server and
//! database share the cores, so the figures say how things compare, not how much a server of one's own would do.
//!
//! `cargo bench -p tigress-benches --bench load`; with `--test` everything is run once, for an instant; with `-- memory` only
//! that, beside axum alone. The figures of all stand in target/criterion/load.json; `cargo run --example performance` puts them into docs/performance.md.

mod client;
mod devices;
mod floor;

#[path = "../../tests/common/cluster.rs"]
#[allow(dead_code, reason = "tests ask more of it")]
mod cluster;

use client::{Asked, ask};
use cluster::Cluster;
use devices::{Kind, Population};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tempfile::TempDir;
use tigress_signal::intermediary::Intermediary;
use tigress_signal::serve::server::Bounds;
use tigress_signal::serve::store::AnyStore;
use tigress_signal::serve::{Clock, Server, Settings};
use tigress_signal::suite::Tigress1;
use tokio::sync::oneshot;

const CLIENTS: [usize; 3] = [1, 16, 64];
/// Devices that have nothing to do with it.
const SIZES: [usize; 3] = [0, 1_000, 100_000];

/// Where a measured intermediary keeps everything, and how many servers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Memory,
    Sqlite,
    Postgres { servers: usize },
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Kept::Memory => "memory",
            Kept::Sqlite => "SQLite",
            Kept::Postgres { servers: 1 } => "PostgreSQL, one server",
            Kept::Postgres { .. } => "PostgreSQL, two servers",
        }
    }

    fn servers(self) -> usize {
        match self {
            Kept::Postgres { servers } => servers,
            _ => 1,
        }
    }
}

/// A store somewhere, and what has to live as long as it.
struct Place {
    url: Option<String>,
    #[allow(dead_code, reason = "what it is in ends with it")]
    held: (Option<TempDir>, Option<Cluster>),
}

impl Place {
    /// A fresh one; none where it cannot be had.
    fn new(kept: Kept) -> Option<Place> {
        let mut place = Place {
            url: None,
            held: (None, None),
        };
        match kept {
            Kept::Memory => {}
            Kept::Sqlite => {
                // Beside what is built: a folder for temporary files may be memory.
                let folder = tempfile::tempdir_in(target()).expect("a folder");
                let file = folder.path().join("intermediary.db");
                place.url = Some(format!("sqlite:{}", file.display()));
                place.held.0 = Some(folder);
            }
            Kept::Postgres { .. } => {
                let cluster = Cluster::start()?;
                place.url = Some(cluster.url());
                place.held.1 = Some(cluster);
            }
        }
        Some(place)
    }

    fn machine(&self) -> Intermediary<AnyStore> {
        let store = AnyStore::open(self.url.as_deref()).expect("it opens");
        Intermediary::new(&Tigress1, store)
    }
}

/// A server in a thread of its own.
struct Running {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(machine: Intermediary<AnyStore>, clock: Clock, is_shared: bool) -> Running {
        let (end, ends) = oneshot::channel();
        let (tell, told) = channel();
        let thread = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            let machine = runtime.block_on(async {
                let settings = Settings {
                    clock,
                    is_shared,
                    bounds: Bounds::default(),
                    ..Settings::default()
                };
                let here = SocketAddr::from(([127, 0, 0, 1], 0));
                let server = Server::bind(here, machine, settings).await.expect("a port");
                tell.send(server.address().expect("its address"))
                    .expect("somebody waits");
                let end = async {
                    let _ = ends.await;
                };
                server.run(end).await
            });
            // Outside: PostgreSQL's client has a runtime of its own.
            drop(machine);
        });
        Running {
            address: told.recv().expect("it starts"),
            end,
            thread,
        }
    }

    fn end(self) {
        drop(self.end);
        self.thread.join().expect("it ends well");
    }
}

fn target() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("../target"), PathBuf::from);
    fs::create_dir_all(&target).expect("a folder");
    target
}

/// How long each figure is measured.
#[derive(Clone, Copy)]
struct Plan {
    each: Duration,
    sizes: &'static [usize],
}

fn row(kept: &str, others: usize, clients: usize, kind: &str, asked: &Asked, floor: f64) -> Value {
    let micros = |at: f64| asked.quantile(at).as_secs_f64() * 1e6;
    println!(
        "{kept:<24} {others:>7} {clients:>3} {kind:<12} {:>8.0}/s  p50 {:>8.0} us  p99 {:>8.0} us  floor {floor:>8.0}/s  {:.2}",
        asked.rate(),
        micros(0.5),
        micros(0.99),
        asked.rate() / floor
    );
    json!({
        "kept": kept, "others": others, "clients": clients, "kind": kind, "rate": asked.rate(),
        "p50": micros(0.5), "p99": micros(0.99), "floor": floor,
    })
}

/// Every figure of a store among so many other devices.
fn measured(kept: Kept, others: usize, plan: Plan, rows: &mut Vec<Value>) {
    let clients: &[usize] = if others == 0 { &CLIENTS } else { &[16] };
    for &clients in clients {
        let Some(place) = Place::new(kept) else {
            return;
        };
        let population = Population::new(clients);
        let mut machine = place.machine();
        population.settle(&mut machine, others);
        let floors =
            Kind::ALL.map(|kind| floor::machine(&mut machine, &population, kind, plan.each));
        // What the floor put into mailboxes goes: the same then waits for both.
        population.clear(&mut machine);
        drop(machine);
        // Memory is where the machine is.
        let mut first = place.machine();
        if kept == Kept::Memory {
            population.settle(&mut first, others);
        }
        let is_shared = kept.servers() > 1;
        let mut servers = vec![Running::start(first, Population::clock(), is_shared)];
        for _ in 1..kept.servers() {
            servers.push(Running::start(
                place.machine(),
                Population::clock(),
                is_shared,
            ));
        }
        let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
        for (kind, floor) in Kind::ALL.into_iter().zip(floors) {
            let asked = ask(&addresses, &population, kind, plan.each);
            rows.push(row(
                kept.name(),
                others,
                clients,
                kind.name(),
                &asked,
                floor,
            ));
        }
        for server in servers {
            server.end();
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let given = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let once = given("--test") || !given("--bench");
    let plan = if once {
        Plan {
            each: Duration::from_millis(30),
            sizes: &SIZES[..2],
        }
    } else {
        Plan {
            each: Duration::from_secs(2),
            sizes: &SIZES,
        }
    };
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let population = Population::new(clients);
        let (address, end) = floor::empty();
        for kind in Kind::ALL {
            let asked = ask(&[address], &population, kind, plan.each);
            let rate = asked.rate();
            rows.push(row("axum alone", 0, clients, kind.name(), &asked, rate));
        }
        drop(end);
    }
    let named = arguments.iter().find(|argument| !argument.starts_with('-'));
    let asked_for = |kept: &Kept| named.is_none_or(|named| kept.name().contains(named.as_str()));
    let all = [
        Kept::Memory,
        Kept::Sqlite,
        Kept::Postgres { servers: 1 },
        Kept::Postgres { servers: 2 },
    ];
    for kept in all.into_iter().filter(asked_for) {
        measured(kept, 0, plan, &mut rows);
    }
    for kept in all[..2].iter().copied().filter(asked_for) {
        for &others in &plan.sizes[1..] {
            measured(kept, others, plan, &mut rows);
        }
    }
    if !once && named.is_none() {
        let folder = target().join("criterion");
        fs::create_dir_all(&folder).expect("a folder");
        let text = format!("{:#}\n", Value::from(rows));
        fs::write(folder.join("load.json"), text).expect("it is written");
    }
}
