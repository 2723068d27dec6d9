//! `kill -9` at random points under load, and a start again: no accepted message is lost, none is delivered after its acknowledgement,
//! no one-time prekey is handed out twice, and the database is whole (MBX-03, MBX-09, MBX-13, MBX-18).
//!
//! A few kills here; `TIGRESS_SEED=all` and the part `durability` of `.ci/nightly` have 200 on SQLite and 50 on PostgreSQL with two
//! servers.

use crate::adapter::TIGRESS;
use crate::cluster::Cluster;
use crate::common::Seeded;
use crate::intermediary::{access_key, one_time_pre_keys, request_id, token};
use crate::sample;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tigress_signal::agreement::PreKeyStore;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, RegistrationId, UserId};
use tigress_signal::intermediary::{
    Answer, Body, EnvelopeId, Registration, Request, Submission, Token,
};
use tigress_signal::primitives::Randomness;
use tigress_signal::serve::Client;
use tigress_signal::serve::client::Reply;
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::MessageKind;

/// How many wallets ask at once.
const WALLETS: usize = 4;
/// How long a request is repeated.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where servers keep everything.
pub(crate) enum Database<'a> {
    /// In memory: they lose it.
    Memory,
    /// In that file.
    File(&'a Path),
    /// In that cluster.
    Postgres(&'a Cluster),
}

impl Database<'_> {
    fn url(&self) -> Option<String> {
        match self {
            Database::Memory => None,
            Database::File(file) => Some(format!("sqlite:{}", file.display())),
            Database::Postgres(cluster) => Some(cluster.url()),
        }
    }

    /// What the database says of itself, once nobody uses it.
    fn is_whole(&self) {
        let counted = "SELECT count(*) FROM devices WHERE answers <> (SELECT count(*) FROM answered WHERE \
            answered.user_id = devices.user_id AND answered.device_id = devices.device_id)";
        match self {
            Database::Memory => {}
            Database::File(file) => {
                let outside = rusqlite::Connection::open(file).expect("it opens");
                let checked: String = outside
                    .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                    .expect("it is checked");
                assert_eq!(checked, "ok");
                let mut orphans = outside.prepare("PRAGMA foreign_key_check").expect("so");
                assert!(!orphans.exists([]).expect("it is checked"));
                let wrong: i64 = outside
                    .query_row(counted, [], |row| row.get(0))
                    .expect("so");
                assert_eq!(wrong, 0, "answers are counted");
            }
            Database::Postgres(cluster) => {
                let wrong = cluster.client().query_one(counted, &[]).expect("so");
                assert_eq!(wrong.get::<_, i64>(0), 0, "answers are counted");
            }
        }
    }
}

/// A server in a process of its own, at a port that it has again after each kill.
struct Served {
    port: u16,
    database: Option<String>,
    process: Child,
}

impl Served {
    fn start(port: u16, database: Option<String>) -> Self {
        let process = Self::process(port, database.as_deref());
        Served {
            port,
            database,
            process,
        }
    }

    fn process(port: u16, database: Option<&str>) -> Child {
        Command::new(TIGRESS)
            .args([
                "serve",
                "--log",
                "off",
                "--listen",
                &format!("127.0.0.1:{port}"),
            ])
            .args(database.iter().flat_map(|url| ["--database", url]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    /// Until it says where it listens.
    fn await_start(&mut self) {
        let said = self.process.stdout.as_mut().expect("it is piped");
        let mut line = String::new();
        BufReader::new(said)
            .read_line(&mut line)
            .expect("it is read");
        assert!(line.starts_with("http://"), "{line}");
    }

    fn kill_and_start(&mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it has ended");
        self.process = Self::process(self.port, self.database.as_deref());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has one").port()
}

/// A device that others write to.
struct Peer {
    address: Address,
    registration_id: RegistrationId,
    /// The number of its newest access key.
    access_key: AtomicU64,
    /// The messages to it that were accepted.
    accepted: Mutex<Vec<String>>,
    /// Its one-time prekeys that were handed out.
    handed_out: Mutex<BTreeSet<u32>>,
}

/// A wallet, and what it knows.
struct Wallet {
    me: usize,
    token: Token,
    peers: Arc<Vec<Peer>>,
    servers: Vec<Client>,
    randomness: Seeded,
    asked: u64,
    repeated: u64,
    published: u32,
    seen: BTreeMap<EnvelopeId, String>,
    acknowledged: BTreeSet<EnvelopeId>,
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.expect("after 1970").as_secs())
}

/// Access keys of all wallets, each another one.
fn key_of(me: usize, number: u64) -> usize {
    me * 60 + usize::try_from(number % 60).expect("small")
}

fn registration(me: usize, token: &Token) -> Registration {
    let mut randomness = Seeded(me as u64 + 77);
    let address = Address {
        user_id: UserId::random(&mut randomness).expect("never ends"),
        device_id: DeviceId::try_from(1).expect("in its range"),
    };
    let keys = PreKeyStore::random(&[&Tigress1], &address, now(), &mut randomness);
    let device = Device::new(&Tigress1, address, keys.expect("never ends"));
    let bundle = device.bundle(None).expect("a bundle");
    Registration {
        one_time_pre_keys: one_time_pre_keys(1, 20),
        ..Registration::of(&bundle, token.digest())
    }
}

impl Wallet {
    fn draw(&mut self, below: u64) -> u64 {
        let mut bytes = [0; 4];
        self.randomness.fill(&mut bytes).expect("never ends");
        u64::from(u32::from_be_bytes(bytes)) % below
    }

    /// Asks until there is an answer, whoever is killed meanwhile: with the same request id, as MBX-13 has it.
    fn ask(&mut self, token: Option<Token>, body: Body) -> Reply {
        self.asked += 1;
        let request = Request {
            id: request_id(format!("{}-{}", self.me, self.asked)),
            token,
            body,
        };
        let deadline = Instant::now() + PATIENCE;
        for attempt in self.me.. {
            let server = &self.servers[attempt % self.servers.len()];
            match server.ask_typed(&request, None) {
                Ok(reply) => return reply,
                Err(error) => {
                    assert!(Instant::now() < deadline, "{error}");
                    self.repeated += 1;
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
        unreachable!("it asks for ever")
    }

    fn asks(&mut self, body: Body) -> Reply {
        self.ask(Some(self.token.clone()), body)
    }

    fn done(&mut self, body: Body) {
        assert_eq!(self.asks(body), Ok(Answer::Done));
    }

    fn address(&self) -> Address {
        self.peers[self.me].address
    }

    fn publish_access_key(&mut self) {
        let next = self.peers[self.me].access_key.load(Ordering::SeqCst) + 1;
        self.done(Body::PublishAccessKey {
            address: self.address(),
            hash: access_key(key_of(self.me, next)).digest(),
            expires: now().after(60 * DAY),
        });
        self.peers[self.me].access_key.store(next, Ordering::SeqCst);
    }

    /// One thing after the other, until it is told to stop.
    fn live(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            let to = usize::try_from(self.draw(WALLETS as u64)).expect("small");
            match self.draw(10) {
                0..4 => self.submit(to),
                4..6 => {
                    self.read();
                }
                6 => self.acknowledge(),
                7..9 => self.fetch(to),
                _ => self.publish(),
            }
        }
    }

    fn submit(&mut self, to: usize) {
        let peers = Arc::clone(&self.peers);
        let peer = &peers[to];
        let text = format!("message {} of {}", self.asked, self.me);
        let key = peer.access_key.load(Ordering::SeqCst);
        let reply = self.asks(Body::Submit(Submission {
            recipient: peer.address,
            access_key: access_key(key_of(to, key)),
            registration_id: peer.registration_id,
            kind: MessageKind::Ratchet,
            message: text.as_bytes().into(),
            lifetime: None,
        }));
        match reply {
            Ok(_) => peer.accepted.lock().expect("so").push(text),
            Err(code) => assert_eq!(code, ErrorCode::MailboxFull),
        }
    }

    /// How many there were.
    fn read(&mut self) -> usize {
        let reply = self.asks(Body::Read {
            address: self.address(),
            limit: 100,
        });
        let Ok(Answer::Envelopes { envelopes }) = reply else {
            panic!("{reply:?}");
        };
        assert!(envelopes.is_sorted_by(|one, next| one.id < next.id));
        let count = envelopes.len();
        for envelope in envelopes {
            assert!(
                !self.acknowledged.contains(&envelope.id),
                "{:?} is delivered after its acknowledgement (MBX-09)",
                envelope.id
            );
            let text = String::from_utf8(envelope.message.0.to_vec()).expect("text");
            let former = self.seen.insert(envelope.id, text.clone());
            assert!(
                former.is_none_or(|former| former == text),
                "another message of {:?}",
                envelope.id
            );
        }
        count
    }

    fn acknowledge(&mut self) {
        let ids = self
            .seen
            .keys()
            .filter(|id| !self.acknowledged.contains(id));
        let ids: Vec<EnvelopeId> = ids.copied().collect();
        self.done(Body::Acknowledge {
            address: self.address(),
            ids: ids.clone(),
        });
        self.acknowledged.extend(ids);
    }

    fn fetch(&mut self, of: usize) {
        let peers = Arc::clone(&self.peers);
        let peer = &peers[of];
        let key = peer.access_key.load(Ordering::SeqCst);
        let reply = self.asks(Body::FetchBundle {
            address: peer.address,
            access_key: Some(access_key(key_of(of, key))),
        });
        let Ok(Answer::Bundle { bundle }) = reply else {
            panic!("{reply:?}");
        };
        if let Some(id) = bundle.one_time_pre_key_id {
            let once = peer.handed_out.lock().expect("so").insert(id);
            assert!(once, "one-time prekey {id} is handed out twice (MBX-03)");
        }
    }

    fn publish(&mut self) {
        self.publish_access_key();
        let reply = self.asks(Body::CountOneTimePreKeys {
            address: self.address(),
        });
        if matches!(reply, Ok(Answer::OneTimePreKeys { left }) if left < 10) {
            let keys = one_time_pre_keys(self.published + 1, 20);
            self.published += 20;
            self.done(Body::PublishOneTimePreKeys {
                address: self.address(),
                one_time_pre_keys: keys,
            });
        }
    }

    /// Reads all that is left. Each accepted message was delivered once, under numbers without a gap.
    fn ends(&mut self) {
        while self.read() > 0 {
            self.acknowledge();
        }
        let ids: Vec<u64> = self.seen.keys().map(|id| id.0).collect();
        let mut accepted = self.peers[self.me].accepted.lock().expect("so").clone();
        assert_eq!(ids, (1..=accepted.len() as u64).collect::<Vec<_>>());
        let mut seen: Vec<String> = self.seen.values().cloned().collect();
        seen.sort();
        accepted.sort();
        assert_eq!(seen, accepted, "accepted, and delivered");
    }
}

/// Wallets ask, servers are killed, and in the end everything is as it was answered.
pub(crate) fn nothing_is_lost_by_kills(database: &Database<'_>, servers: usize, kills: u32) {
    let mut servers: Vec<Served> = (0..servers)
        .map(|_| Served::start(free_port(), database.url()))
        .collect();
    servers.iter_mut().for_each(Served::await_start);
    let clients = servers.iter().map(|server| {
        let url = format!("http://127.0.0.1:{}", server.port);
        Client::new(&url, None, false).expect("a base URL")
    });
    let clients: Vec<Client> = clients.collect();
    let tokens: Vec<Token> = (0..WALLETS).map(|me| token(me as u64)).collect();
    let registrations: Vec<Registration> = tokens
        .iter()
        .enumerate()
        .map(|(me, token)| registration(me, token))
        .collect();
    let peers = registrations.iter().map(|registration| Peer {
        address: registration.address,
        registration_id: registration.registration_id,
        access_key: AtomicU64::new(0),
        accepted: Mutex::default(),
        handed_out: Mutex::default(),
    });
    let peers: Arc<Vec<Peer>> = Arc::new(peers.collect());
    let mut wallets: Vec<Wallet> = tokens
        .into_iter()
        .enumerate()
        .map(|(me, token)| Wallet {
            me,
            token,
            peers: Arc::clone(&peers),
            servers: clients.clone(),
            randomness: Seeded(sample::seed().unwrap_or_default() + me as u64),
            asked: 0,
            repeated: 0,
            published: 20,
            seen: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
        })
        .collect();
    for (wallet, registration) in wallets.iter_mut().zip(registrations) {
        let registered = wallet.ask(None, Body::Register(registration));
        assert_eq!(registered, Ok(Answer::Done));
        wallet.publish_access_key();
    }
    let stop = AtomicBool::new(false);
    let mut randomness = Seeded(sample::seed().unwrap_or_default());
    let mut draw = move |below: u8| {
        let mut bytes = [0];
        randomness.fill(&mut bytes).expect("never ends");
        u64::from(bytes[0] % below)
    };
    thread::scope(|scope| {
        let stop = &stop;
        for wallet in &mut wallets {
            scope.spawn(move || wallet.live(stop));
        }
        for _ in 0..kills {
            let which = usize::try_from(draw(2)).expect("small") % servers.len();
            thread::sleep(Duration::from_millis(10 + draw(150)));
            servers[which].kill_and_start();
            // Now and then it is killed again while it starts.
            if draw(4) == 0 {
                thread::sleep(Duration::from_millis(draw(40)));
                servers[which].kill_and_start();
            }
            servers[which].await_start();
        }
        thread::sleep(Duration::from_millis(100));
        stop.store(true, Ordering::SeqCst);
    });
    wallets.iter_mut().for_each(Wallet::ends);
    drop(servers);
    database.is_whole();
    let sum = |of: fn(&Wallet) -> u64| wallets.iter().map(of).sum::<u64>();
    println!(
        "{kills} kills: {} requests, of which {} were repeated; {} messages, {} one-time prekeys: nothing lost",
        sum(|wallet| wallet.asked),
        sum(|wallet| wallet.repeated),
        sum(|wallet| wallet.seen.len() as u64),
        peers
            .iter()
            .map(|peer| peer.handed_out.lock().expect("so").len())
            .sum::<usize>(),
    );
}

#[test]
fn nothing_is_lost_by_kills_of_a_server_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let kills = if sample::seed().is_none() { 200 } else { 4 };
    let file = folder.path().join("intermediary.db");
    nothing_is_lost_by_kills(&Database::File(&file), 1, kills);
}

/// A registered device is unknown after the first kill.
#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_server_that_keeps_nothing_is_seen_to_lose_it() {
    nothing_is_lost_by_kills(&Database::Memory, 1, 2);
}
