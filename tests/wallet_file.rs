//! Wallets in files: what outlasts a crash, what is refused, and that a credential ends at one place.

use crate::common::Seeded;
use crate::sample;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::TransferId;
use tigress_signal::intermediary::{
    Answer, Body, Digest, Envelope, Intermediary, MemoryStore, Request,
};
use tigress_signal::primitives::Randomness;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::transfer::{StateName, Vertical};
use tigress_signal::wallet::Report;
use tigress_signal::wallet_file::{
    Around, Clock, MadeUp, NoAnswer, Notice, Server, ServerUrl, Talk, WalletFile, WalletFileError,
    Wish, demo,
};

const NAMES: [&str; 2] = ["ben.wallet", "ryan.wallet"];
const BEN: usize = 0;
const RYAN: usize = 1;

/// A clock that the test moves.
#[derive(Clone)]
struct Moved(Rc<Cell<u64>>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.get())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.get())
    }

    fn pause(&mut self, time: Duration) {
        self.0.set(self.0.get() + time.as_secs().max(1));
    }
}

/// Where a command ends before its time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::enum_variant_names, reason = "each is before something")]
enum Crash {
    /// Before so many requests have left.
    BeforeRequest(usize),
    /// Once so many requests have left, before the answer to the last of them.
    BeforeAnswer(usize),
    /// Before so much was told.
    BeforeTelling(usize),
}

/// An intermediary in this process, until the crash.
struct Local<'a> {
    intermediary: &'a RefCell<Intermediary<MemoryStore>>,
    clock: Moved,
    crash: Option<Crash>,
    requests: usize,
}

impl Server for Local<'_> {
    fn ask(
        &mut self,
        request: &Request,
        _wait: Option<u64>,
    ) -> Result<Result<Answer, ErrorCode>, NoAnswer> {
        let silence = Err(NoAnswer("a crash".to_owned()));
        let number = self.requests;
        self.requests += 1;
        if matches!(self.crash, Some(Crash::BeforeRequest(at)) if number >= at)
            || matches!(self.crash, Some(Crash::BeforeAnswer(at)) if number > at)
        {
            return silence;
        }
        let text = serde_json::to_string(request).expect("JSON");
        let request = serde_json::from_str(&text).expect("a request");
        let mut intermediary = self.intermediary.borrow_mut();
        let answer = intermediary.handle(&request, self.clock.now());
        if self.crash == Some(Crash::BeforeAnswer(number)) {
            return silence;
        }
        Ok(answer.map_err(|error| error.code().expect("the store does not fail")))
    }
}

/// Two wallets in a folder, and the intermediary.
struct World {
    folder: tempfile::TempDir,
    intermediary: RefCell<Intermediary<MemoryStore>>,
    clock: Moved,
    randomness: Seeded,
    told: [Vec<Notice>; 2],
}

impl World {
    fn new(seed: u64) -> Self {
        let world = World {
            folder: folder(),
            intermediary: RefCell::new(Intermediary::new(&Tigress1, MemoryStore::default())),
            clock: Moved(Rc::new(Cell::new(1_800_000_000))),
            randomness: Seeded(seed),
            told: [Vec::new(), Vec::new()],
        };
        let mut randomness = Seeded(!seed);
        for name in NAMES {
            let path = world.folder.path().join(name);
            WalletFile::create(&path, url(), world.clock.now(), &mut randomness).expect("a file");
        }
        world
    }

    fn path(&self, who: usize) -> PathBuf {
        self.folder.path().join(NAMES[who])
    }

    /// A command from its beginning to its end, or to the crash.
    fn command(
        &mut self,
        who: usize,
        wish: &Wish,
        crash: Option<Crash>,
    ) -> Result<bool, WalletFileError> {
        let mut file = WalletFile::open(&self.path(who))?;
        let mut server = Local {
            intermediary: &self.intermediary,
            clock: self.clock.clone(),
            crash,
            requests: 0,
        };
        let told = &mut self.told[who];
        let mut count = 0;
        let mut tell = |notice: &Notice| {
            if crash == Some(Crash::BeforeTelling(count)) {
                return Err(io::Error::other("a crash"));
            }
            count += 1;
            told.push(notice.clone());
            Ok(())
        };
        let around = Around {
            server: &mut server,
            clock: &mut self.clock.clone(),
            randomness: &mut self.randomness,
            tell: &mut tell,
        };
        Talk::new(&mut file, around).carry_out(wish, None)
    }

    /// A command that must come about.
    #[track_caller]
    fn must(&mut self, who: usize, wish: &Wish) {
        let done = self.command(who, wish, None);
        assert!(matches!(done, Ok(true)), "{wish:?}: {done:?}");
    }

    fn states(&self, who: usize) -> BTreeMap<TransferId, StateName> {
        let file = WalletFile::open(&self.path(who)).expect("a file");
        let states = file.wallet().transfers().states();
        states.map(|(id, state)| (*id, state)).collect()
    }

    /// The link that somebody was given last.
    fn link(&self, who: usize) -> Option<String> {
        let mut links = self.told[who].iter().rev();
        links.find_map(Notice::link).map(str::to_owned)
    }

    /// Each of the two looks, until both have heard all that the other has to say.
    fn settle(&mut self) {
        for who in [BEN, RYAN].repeat(4) {
            self.command(who, &Wish::Look, None).expect("no crash");
        }
    }

    /// Ben has a link of Ryan.
    fn introduced(seed: u64) -> Self {
        let mut world = World::new(seed);
        world.must(RYAN, &Wish::Invite(Vertical::Car));
        let link = world.link(RYAN).expect("a link");
        world.must(BEN, &Wish::Take(link));
        world
    }

    fn was_told(&self, who: usize, id: TransferId) -> bool {
        let out = |notice: &Notice| {
            matches!(notice, Notice::Report(Report::Transfer { transfer, code })
                if *transfer == id
                    && matches!(code, ErrorCode::CredentialMayBeOut | ErrorCode::ProvisionedAfterEnd))
        };
        self.told[who].iter().any(out)
    }

    fn number(&self, who: usize, id: TransferId, wanted: StateName) -> Option<Digest> {
        self.told[who].iter().find_map(|notice| match notice {
            Notice::Transfer {
                transfer,
                state,
                number,
                ..
            } if *transfer == id && *state == wanted => *number,
            _ => None,
        })
    }

    /// Everything has ended, each credential at one place; who gave one away that is there against its will was told.
    fn check(&self) {
        let states = [self.states(BEN), self.states(RYAN)];
        for sender in [BEN, RYAN] {
            let receiver = 1 - sender;
            for (id, state) in &states[sender] {
                assert!(state.is_final(), "{id}: {state}");
                if !state.as_str().starts_with("S:") {
                    assert!(states[receiver].contains_key(id), "{id}: {state} of nobody");
                    continue;
                }
                let there = states[receiver].get(id);
                let is_there = there == Some(&StateName::Provisioned);
                if *state == StateName::Completed {
                    assert!(is_there, "{id}: completed, and {there:?}");
                } else if is_there {
                    assert!(
                        self.was_told(sender, *id),
                        "{id}: {state}, and there, untold"
                    );
                }
                if is_there {
                    let offered = self.number(sender, *id, StateName::Offered);
                    let came = self.number(receiver, *id, StateName::Provisioned);
                    assert!(
                        came.is_some() && offered == came,
                        "{id}: {offered:?}, {came:?}"
                    );
                }
            }
        }
    }
}

/// In memory where the system has such a place: each step of a wallet waits until its file is on the disk.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a folder")
}

fn url() -> ServerUrl {
    ServerUrl::new("http://127.0.0.1:8440", false).expect("a server")
}

#[test]
fn a_car_key_and_a_hotel_key_pass_by_commands() {
    let mut world = World::introduced(1);
    for (what, rounds) in [(MadeUp::HotelKey, 1), (MadeUp::CarKey, 2)] {
        world.must(BEN, &Wish::Offer(what, None));
        world.must(RYAN, &Wish::Accept(None));
        for _ in 0..rounds {
            world.must(BEN, &Wish::Look);
            world.must(RYAN, &Wish::Look);
        }
        world.check();
        let mut states = world.states(BEN).into_values();
        assert!(states.all(|state| state == StateName::Completed));
    }
    assert_eq!(world.states(RYAN).len(), 2);
    // All of it was told once.
    let told = world.told.concat();
    for notice in &told {
        assert_eq!(
            told.iter().filter(|it| *it == notice).count(),
            1,
            "{notice:?}"
        );
        assert!(!matches!(notice, Notice::Report(_)), "{notice:?}");
    }
    let status = WalletFile::open(&world.path(BEN))
        .expect("a file")
        .status(world.clock.now());
    let status = status.join("\n");
    for words in [
        "the other side has it",
        "http://127.0.0.1:8440",
        "offers can be made by it for 7 days",
    ] {
        assert!(status.contains(words), "{status}");
    }
}

#[test]
fn the_demo_tells_what_happens() {
    let intermediary = RefCell::new(Intermediary::new(&Tigress1, MemoryStore::default()));
    let mut clock = Moved(Rc::new(Cell::new(1_800_000_000)));
    let mut server = Local {
        intermediary: &intermediary,
        clock: clock.clone(),
        crash: None,
        requests: 0,
    };
    let mut said = String::new();
    let mut say = |line: &str| {
        said += line;
        said.push('\n');
        Ok(())
    };
    let came = demo::play(&url(), &mut server, &mut clock, &mut Seeded(2), &mut say);
    assert!(came.expect("played"), "{said}");
    for words in [
        "Both keys have come.",
        "Ben has the credential",
        "Ryan    makes the link https://localhost:8440/v1/i/",
        "Ben     taken: what is offered goes to Ryan alone",
        "server  sees a message of ",
        "      2 hashes of access keys",
        "stand in none of its ",
    ] {
        let words = words.replace("Ben has", "Ryan has");
        assert!(said.contains(&words), "no {words:?} in\n{said}");
    }
    // Nothing is left of the wallets, whose folder is called by what was drawn first.
    let mut drawn = [0; 16];
    Seeded(2).fill(&mut drawn).expect("never ends");
    let folder = format!("tigress-wallets-{}", Hex(drawn.to_vec()));
    assert!(!std::env::temp_dir().join(folder).exists());
}

/// A server by which nothing comes about.
#[test]
fn the_demo_says_where_nothing_came() {
    struct Deaf<'a>(Local<'a>);
    impl Server for Deaf<'_> {
        fn ask(
            &mut self,
            request: &Request,
            wait: Option<u64>,
        ) -> Result<Result<Answer, ErrorCode>, NoAnswer> {
            match request.body {
                // It says that it has put it into the mailbox.
                Body::Submit(_) => Ok(Ok(Answer::Done)),
                _ => self.0.ask(request, wait),
            }
        }
    }
    let intermediary = RefCell::new(Intermediary::new(&Tigress1, MemoryStore::default()));
    let mut clock = Moved(Rc::new(Cell::new(1_800_000_000)));
    let mut server = Deaf(Local {
        intermediary: &intermediary,
        clock: clock.clone(),
        crash: None,
        requests: 0,
    });
    let mut said = Vec::new();
    let mut say = |line: &str| {
        said.push(line.to_owned());
        Ok(())
    };
    let came = demo::play(&url(), &mut server, &mut clock, &mut Seeded(3), &mut say);
    assert!(!came.expect("played to its end"), "{said:?}");
    assert_eq!(
        said.last().map(String::as_str),
        Some("NEITHER KEY HAS COME.")
    );
}

#[test]
fn what_was_not_told_is_told_again() {
    let mut world = World::new(4);
    let untold = world.command(
        RYAN,
        &Wish::Invite(Vertical::Home),
        Some(Crash::BeforeTelling(0)),
    );
    assert!(
        matches!(untold, Err(WalletFileError::Untold(_))),
        "{untold:?}"
    );
    assert_eq!(world.link(RYAN), None);
    world.must(RYAN, &Wish::Look);
    let link = world.link(RYAN).expect("it is told after all");
    world.must(RYAN, &Wish::Look);
    assert_eq!(world.told[RYAN].len(), 1);
    world.must(BEN, &Wish::Take(link));
    // What was told before a wish was refused is not told again.
    world.must(BEN, &Wish::Offer(MadeUp::CarKey, None));
    world
        .command(RYAN, &Wish::Cancel(Some("-".to_owned())), None)
        .expect_err("no such one");
    world.must(RYAN, &Wish::Look);
    assert_eq!(world.told[RYAN].len(), 2);
}

/// Every byte counts: what chance changes is found.
#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let world = World::introduced(5);
    let path = world.path(BEN);
    let whole = fs::read(&path).expect("a file");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let error = WalletFile::open(&path).expect_err("damaged").to_string();
        assert_eq!(fs::read(&path).expect("a file"), bytes);
        error
    };
    for at in (0..whole.len()).step_by(whole.len() / 97) {
        for bit in [0x01, 0x20] {
            let mut bytes = whole.clone();
            bytes[at] ^= bit;
            refused(&bytes);
        }
        refused(&whole[..at]);
    }
    let title = whole
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("two lines");
    let text = String::from_utf8(whole.clone()).expect("UTF-8");
    for (bytes, words) in [
        (&b""[..], "is no wallet"),
        (b"{}\n{}", "is no wallet"),
        (b"\xff\n", "is not UTF-8"),
        (&whole[..=title], "is damaged"),
        (
            text.replacen(":1,", ":2,", 1).as_bytes(),
            "of version 2; this build reads version 1",
        ),
    ] {
        let error = refused(bytes);
        assert!(error.contains(words), "{error}");
    }
    // What somebody wrote with the right hash, and no wallet.
    let other = "{\"server\":\"http://127.0.0.1\",\"insecure\":false,\"news\":[],\"wallet\":{\"version\":9}}";
    let digest = Digest::of(other.as_bytes());
    let error =
        refused(format!("{{\"tigressWallet\":1,\"sha256\":\"{digest}\"}}\n{other}").as_bytes());
    assert!(error.contains("a wallet of version 9"), "{error}");
    fs::write(&path, &whole).expect("written");
    WalletFile::open(&path).expect("whole");
}

#[test]
fn one_command_at_a_time_has_a_file() {
    let world = World::new(6);
    let path = world.path(BEN);
    let open = WalletFile::open(&path).expect("a file");
    let error = WalletFile::open(&path).expect_err("it is open");
    assert!(matches!(error, WalletFileError::InUse(_)), "{error}");
    drop(open);
    WalletFile::open(&path).expect("it is free");
}

#[test]
fn a_wallet_takes_no_other_ones_place() {
    let world = World::new(7);
    let path = world.path(BEN);
    let before = fs::read(&path).expect("a file");
    let create = |path: &Path| WalletFile::create(path, url(), Timestamp(0), &mut Seeded(8));
    let error = create(&path).expect_err("it is there");
    assert!(matches!(error, WalletFileError::Exists(_)), "{error}");
    assert_eq!(fs::read(&path).expect("a file"), before);
    for nowhere in ["nowhere/ben.wallet", ".."] {
        create(&world.folder.path().join(nowhere)).expect_err(nowhere);
    }
    let error = WalletFile::open(&world.folder.path().join("none")).expect_err("none");
    assert!(
        error
            .to_string()
            .contains("`tigress wallet init` makes a wallet"),
        "{error}"
    );
    // Nothing is left behind by what only looks.
    assert!(!world.folder.path().join("none.lock").exists());
}

/// What cannot be saved is not sent (WAL-01).
#[test]
fn nothing_leaves_a_wallet_that_cannot_be_saved() {
    let mut world = World::introduced(9);
    let path = world.path(BEN);
    let before = fs::read(&path).expect("a file");
    let view = world.intermediary.borrow().clone();
    // Where the new file would be made something else is.
    let new = world.folder.path().join("ben.wallet.new");
    fs::create_dir(&new).expect("a folder");
    let unsaved = world.command(BEN, &Wish::Offer(MadeUp::CarKey, None), None);
    assert!(
        matches!(unsaved, Err(WalletFileError::Unsaved { .. })),
        "{unsaved:?}"
    );
    assert_eq!(fs::read(&path).expect("a file"), before);
    assert!(*world.intermediary.borrow() == view, "something was sent");
    fs::remove_dir(&new).expect("an empty folder");
    // What a crash has left there is in nobody's way.
    fs::write(&new, "half a wal").expect("written");
    world.must(BEN, &Wish::Offer(MadeUp::CarKey, None));
    assert!(!new.exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_a_file_and_links_to_it_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mut world = World::new(10);
    let path = world.path(BEN);
    let real = world.folder.path().join("elsewhere");
    fs::rename(&path, &real).expect("renamed");
    symlink(&real, &path).expect("a link");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).expect("a mode");
    world.must(BEN, &Wish::Join);
    assert!(path.is_symlink());
    for file in [&real, &world.folder.path().join("elsewhere.lock")] {
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_wish_that_makes_no_sense_changes_nothing() {
    let mut world = World::introduced(11);
    let elsewhere = world
        .link(RYAN)
        .expect("a link")
        .replace("localhost:8440", "keys.example.com");
    let own = world.link(RYAN).expect("a link");
    let cases: [(usize, Wish, &str); 8] = [
        (RYAN, Wish::Accept(None), "nothing is offered"),
        (
            RYAN,
            Wish::Decline(Some("1a".to_owned())),
            "nothing is offered",
        ),
        (BEN, Wish::Cancel(None), "no transfer is under way"),
        (
            RYAN,
            Wish::Offer(MadeUp::CarKey, None),
            "take a link of the other wallet first",
        ),
        (
            BEN,
            Wish::Take("https://localhost:8440/".to_owned()),
            "malformed: ",
        ),
        (
            BEN,
            Wish::Take(elsewhere),
            "is of a device at keys.example.com",
        ),
        (RYAN, Wish::Take(own), "invalid-state: "),
        (BEN, Wish::Take(String::new()), "malformed: "),
    ];
    for (who, wish, words) in cases {
        let states = world.states(who);
        let error = world
            .command(who, &wish, None)
            .expect_err("refused")
            .to_string();
        assert!(error.contains(words), "{wish:?}: {error}");
        assert_eq!(world.states(who), states);
    }
    // Which of two is meant, its user says.
    for _ in 0..2 {
        world.must(BEN, &Wish::Offer(MadeUp::HotelKey, None));
    }
    let which = world
        .command(RYAN, &Wish::Accept(None), None)
        .expect_err("two");
    assert!(
        matches!(which, WalletFileError::SeveralTransfers(ref two) if two.len() == 2),
        "{which}"
    );
    let first = *world.states(BEN).keys().next().expect("two");
    world.must(
        RYAN,
        &Wish::Accept(Some(first.to_string()[..13].to_uppercase())),
    );
    world.must(RYAN, &Wish::Decline(None));
    world.settle();
    world.check();
    assert_eq!(world.states(RYAN)[&first], StateName::Provisioned);
}

/// A server that always has one message more does not keep a command.
#[test]
fn a_mailbox_without_end_is_left_in_the_end() {
    struct Endless<'a>(Local<'a>, usize);
    impl Server for Endless<'_> {
        fn ask(
            &mut self,
            request: &Request,
            wait: Option<u64>,
        ) -> Result<Result<Answer, ErrorCode>, NoAnswer> {
            let Body::Read { address, .. } = &request.body else {
                return self.0.ask(request, wait);
            };
            self.1 += 1;
            let envelope = serde_json::json!({
                "id": self.1, "sender": address, "recipient": address, "kind": "ratchet", "message": "00", "expires": 4_000_000_000_u64,
            });
            let envelope: Envelope = serde_json::from_value(envelope).expect("an envelope");
            Ok(Ok(Answer::Envelopes {
                envelopes: vec![envelope],
            }))
        }
    }
    let world = World::new(12);
    let mut file = WalletFile::open(&world.path(BEN)).expect("a file");
    let mut server = Endless(
        Local {
            intermediary: &world.intermediary,
            clock: world.clock.clone(),
            crash: None,
            requests: 0,
        },
        0,
    );
    let mut told = 0;
    let around = Around {
        server: &mut server,
        clock: &mut world.clock.clone(),
        randomness: &mut Seeded(13),
        tell: &mut |_| {
            told += 1;
            Ok(())
        },
    };
    Talk::new(&mut file, around)
        .carry_out(&Wish::Look, None)
        .expect("it ends");
    assert_eq!((server.1, told), (120, 120));
}

/// A command of a random conversation.
fn wish() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![12 => (0..8_usize).prop_map(Some), 1 => Just(None)]
}

fn crash() -> impl Strategy<Value = Option<Crash>> {
    prop_oneof![
        2 => Just(None),
        1 => (0..6_usize).prop_map(|at| Some(Crash::BeforeRequest(at))),
        1 => (0..6_usize).prop_map(|at| Some(Crash::BeforeAnswer(at))),
        1 => (0..3_usize).prop_map(|at| Some(Crash::BeforeTelling(at))),
    ]
}

impl World {
    fn random_command(&mut self, who: usize, number: usize, crash: Option<Crash>) {
        let wish = match number {
            0 => Wish::Invite(Vertical::Car),
            1 => match self.link(1 - who) {
                Some(link) => Wish::Take(link),
                None => Wish::Join,
            },
            2 => Wish::Offer(MadeUp::CarKey, None),
            3 => Wish::Offer(MadeUp::HotelKey, None),
            4 | 5 => Wish::Accept(None),
            6 => Wish::Cancel(None),
            _ => Wish::Look,
        };
        // Any other error is a wish out of turn, or the crash.
        if let Err(
            error @ (WalletFileError::File(_)
            | WalletFileError::Unsaved { .. }
            | WalletFileError::InUse(_)),
        ) = self.command(who, &wish, crash)
        {
            panic!("{wish:?}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if sample::seed().is_some() { 8 } else { 300 }))]

    /// Commands of both in any order, each of which may end in the middle; and a day may pass.
    #[test]
    fn a_credential_ends_at_one_place(
        seed in any::<u64>(),
        steps in prop::collection::vec((0..2_usize, wish(), crash()), 4..16),
    ) {
        let mut world = World::introduced(seed);
        for (who, number, crash) in steps {
            match number {
                Some(number) => world.random_command(who, number, crash),
                None => world.clock.pause(Duration::from_secs(DAY)),
            }
        }
        world.settle();
        for who in [BEN, RYAN] {
            for (id, state) in world.states(who) {
                if state == StateName::Invited {
                    world.must(who, &Wish::Accept(Some(id.to_string())));
                }
            }
        }
        world.settle();
        world.check();
    }
}
