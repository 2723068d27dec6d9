//! The stores of a served intermediary: whatever is asked in whatever order, in groups or alone, given up and reopened, SQLite
//! answers as memory does, and keeps the same (MBX-13, MBX-18).

use crate::intermediary::{FEW, Model, REGISTRATIONS, Shadow, access_key, address, event, token};
use crate::{built_in, sample};

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tigress_signal::agreement::{SignedPreKey, Statement};
use tigress_signal::conformance::operation::intermediary::{NUMBER, RequestInput, RequestsInput};
use tigress_signal::conformance::run::{self, Outcome, Terms};
use tigress_signal::conformance::subject::{Description, Failure, Role, Subject};
use tigress_signal::identifier::{Address, PreKeyId};
use tigress_signal::intermediary::store::{
    AccessRecord, Answered, Change, DeviceRecord, FirstAnswer, KeptEnvelope, KeptOneTimePreKey,
};
use tigress_signal::intermediary::{
    Answer, Digest, Envelope, EnvelopeId, Intermediary, IntermediaryError, Limits, MemoryStore,
    Request, Store, StoreError, Transaction,
};
use tigress_signal::primitives::{PublicKey, Signature};
use tigress_signal::serve::store::database::Database;
use tigress_signal::serve::store::sql_store::SqlStore;
use tigress_signal::serve::store::{AnyStore, GroupStore, SqliteStore};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// What a store keeps, in memory.
pub(crate) fn copied<D: Database>(store: &mut SqlStore<D>) -> MemoryStore {
    let contents = store.contents().expect("it can be read");
    let mut memory = MemoryStore::default();
    let copy = memory.begin(Timestamp(0)).expect("memory does not fail");
    copy.commit(contents).expect("memory does not fail");
    memory
}

/// An intermediary over a database beside the one over memory: some requests in groups of four, some alone, and some first in a
/// group that is given up.
pub(crate) struct Twin<D> {
    open: Box<dyn Fn() -> SqlStore<D>>,
    limits: Limits,
    server: Option<Intermediary<SqlStore<D>>>,
    asked: u64,
    in_group: bool,
}

impl<D: Database> Twin<D> {
    pub(crate) fn new(limits: Limits, open: impl Fn() -> SqlStore<D> + 'static) -> Self {
        let server = Intermediary::with_limits(&Tigress1, open(), limits);
        Twin {
            open: Box::new(open),
            limits,
            server: Some(server),
            asked: 0,
            in_group: false,
        }
    }

    fn server(&mut self) -> &mut Intermediary<SqlStore<D>> {
        self.server.as_mut().expect("it is open")
    }

    fn store(&mut self) -> &mut SqlStore<D> {
        self.server().store_mut()
    }

    fn begin(&mut self, now: Timestamp) {
        self.store().begin_group(now).expect("a group begins");
        self.in_group = true;
    }

    fn end(&mut self) {
        if self.in_group {
            self.store().end_group().expect("a group ends");
            self.in_group = false;
        }
    }

    fn keeps(&mut self, kept: &MemoryStore) {
        assert_eq!(&copied(self.store()), kept);
    }
}

impl<D: Database> Shadow for Twin<D> {
    fn asked(
        &mut self,
        request: &Request,
        now: Timestamp,
        got: &Result<Answer, IntermediaryError>,
        kept: &MemoryStore,
    ) {
        self.asked += 1;
        match self.asked % 8 {
            0 => {
                self.begin(now);
                assert_eq!(&self.server().handle(request, now), got, "{request:?}");
                self.store().abort_group();
                self.in_group = false;
            }
            2 => self.begin(now),
            6 => self.end(),
            _ => {}
        }
        assert_eq!(&self.server().handle(request, now), got, "{request:?}");
        self.keeps(kept);
    }

    fn ticked(&mut self, now: Timestamp, kept: &MemoryStore) {
        self.server().tick(now).expect("it does not fail");
        self.keeps(kept);
    }

    fn restarted(&mut self) {
        self.end();
        self.server = None;
        let store = (self.open)();
        self.server = Some(Intermediary::with_limits(&Tigress1, store, self.limits));
    }
}

/// A folder for a database, and what opens it: for what is not about syncing.
fn folder() -> (TempDir, impl Fn() -> SqliteStore + use<>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("intermediary.db");
    let open = move || SqliteStore::open_unsynced(&file).expect("it opens");
    (folder, open)
}

/// A step of a store: changes that are committed or dropped, groups, time, and what ends them.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Commit(Vec<Change>),
    Drop(Vec<Change>),
    Begin,
    End,
    Abort,
    Wait(u64),
    Reopen,
}

fn record(device: usize, changed: u64) -> DeviceRecord {
    let from = &REGISTRATIONS[device];
    let statement = changed.is_multiple_of(2).then(|| Statement {
        created: Timestamp(changed),
        suites: from.suites.clone().expect("it has some"),
        signature: signature(from.statement_signature.as_ref().expect("it has one")),
    });
    DeviceRecord {
        token: token(device as u64 + 10 * changed).digest(),
        identity_key: key(&from.identity_key),
        registration_id: from.registration_id,
        signed_pre_key: SignedPreKey {
            id: from.signed_pre_key_id,
            key: key(&from.signed_pre_key),
            signature: signature(&from.signed_pre_key_signature),
        },
        statement,
        last_one_time_pre_key_id: PreKeyId::try_from(u32::try_from(changed).expect("few")).ok(),
        next_envelope_id: EnvelopeId(changed + 1),
    }
}

fn key(bytes: &[u8]) -> PublicKey {
    PublicKey::decode(bytes).expect("a public key")
}

fn signature(bytes: &[u8]) -> Signature {
    Signature::decode(bytes).expect("64 bytes")
}

/// Three devices, and few of everything: what is put often replaces something.
const FEW_DEVICES: usize = 3;

fn change() -> impl Strategy<Value = Change> {
    let who = || 0..FEW_DEVICES;
    let time = || prop_oneof![9 => (1_u64..200).prop_map(Timestamp), 1 => Just(FirstAnswer::KEPT)];
    let hash = || (0_usize..3).prop_map(|number| access_key(number).digest());
    let id = || 1_u32..6;
    let pre_key_id = || id().prop_map(|id| PreKeyId::try_from(id).expect("in its range"));
    prop_oneof![
        4 => (who(), 0_u64..4).prop_map(|(me, changed)| Change::PutDevice(address(me), record(me, changed))),
        1 => who().prop_map(|me| Change::EraseDevice(address(me))),
        4 => (who(), pre_key_id(), who(), time()).prop_map(|(me, id, of, expires)| {
            let key = key(&REGISTRATIONS[of].identity_key);
            Change::PutOneTimePreKey(address(me), KeptOneTimePreKey { id, key, expires })
        }),
        1 => (who(), pre_key_id()).prop_map(|(me, id)| Change::EraseOneTimePreKey(address(me), id)),
        6 => (who(), who(), id(), hash(), time(), any::<bool>(), 0_usize..3).prop_map(
            |(me, from, id, access_key, expires, opens, length)| {
                let envelope = Envelope {
                    id: EnvelopeId(id.into()),
                    sender: address(from),
                    recipient: address(me),
                    kind: if opens { MessageKind::PreKey } else { MessageKind::Ratchet },
                    message: vec![7; 3_000 * length].as_slice().into(),
                    expires,
                };
                Change::PutEnvelope(KeptEnvelope { envelope, access_key })
            }
        ),
        1 => (who(), prop_oneof![id().prop_map(u64::from), Just(u64::MAX)])
            .prop_map(|(me, id)| Change::EraseEnvelope(address(me), EnvelopeId(id))),
        4 => (who(), hash(), 0_u32..3, time()).prop_map(|(me, hash, one_time_pre_keys, expires)| {
            Change::PutAccessKey(address(me), hash, AccessRecord { one_time_pre_keys, expires })
        }),
        1 => (who(), hash()).prop_map(|(me, hash)| Change::EraseAccessKey(address(me), hash)),
        6 => (who(), id(), time(), 1_usize..5).prop_map(|(me, request, expires, at_most)| Change::Remember {
            address: address(me),
            answered: Answered {
                request: Digest::of(&request.to_be_bytes()),
                body: Digest::of(b"body"),
                answer: FirstAnswer::Done,
                expires,
            },
            at_most,
        }),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let changes = || prop::collection::vec(change(), 0..6);
    prop_oneof![
        12 => changes().prop_map(Step::Commit),
        1 => changes().prop_map(Step::Drop),
        2 => Just(Step::Begin),
        1 => Just(Step::End),
        1 => Just(Step::Abort),
        2 => (1_u64..60).prop_map(Step::Wait),
        1 => Just(Step::Reopen),
    ]
}

/// The change as it is at that time: nobody puts what has expired.
fn from(now: Timestamp, mut change: Change) -> Change {
    let expires = match &mut change {
        Change::PutOneTimePreKey(_, kept) => &mut kept.expires,
        Change::PutEnvelope(kept) => &mut kept.envelope.expires,
        Change::PutAccessKey(_, _, record) => &mut record.expires,
        Change::Remember { answered, .. } => &mut answered.expires,
        _ => return change,
    };
    *expires = now.after(expires.0);
    change
}

/// Everything that a transaction can be asked of these devices.
fn reads(transaction: &mut impl Transaction) -> Vec<String> {
    fn told(what: impl std::fmt::Debug) -> String {
        format!("{what:?}")
    }
    let mut said = Vec::new();
    for me in 0..FEW_DEVICES {
        let at: Address = address(me);
        said.push(told(transaction.device(&at)));
        said.push(told(transaction.has_devices(&at.user_id)));
        said.push(told(transaction.next_one_time_pre_key(&at)));
        said.push(told(transaction.one_time_pre_keys(&at)));
        said.push(told(transaction.mailbox_length(&at)));
        said.push(told(transaction.access_keys(&at)));
        for number in 0..3 {
            let hash = access_key(number).digest();
            said.push(told(transaction.envelopes(&at, number)));
            said.push(told(transaction.mailbox_length_of(&at, &hash)));
            said.push(told(transaction.mailbox_length_beyond(&at, number)));
            said.push(told(transaction.access_key(&at, &hash)));
        }
        for request in 1_u32..6 {
            let request = Digest::of(&request.to_be_bytes());
            said.push(told(transaction.answered(&at, &request)));
        }
        for changed in 0..4 {
            said.push(told(
                transaction.owner(&token(me as u64 + 10 * changed).digest()),
            ));
        }
    }
    said
}

/// Takes the steps in memory and in the database, and compares all that can be read, and all that is kept, after each.
pub(crate) fn same_after_each<D: Database>(steps: Vec<Step>, open: impl Fn() -> SqlStore<D>) {
    let mut now = Timestamp(0);
    let (mut memory, mut store) = (MemoryStore::default(), Some(open()));
    // What memory held as the group began.
    let mut before: Option<MemoryStore> = None;
    for step in steps {
        let database = store.as_mut().expect("it is open");
        match step {
            Step::Commit(changes) => {
                let changes: Vec<Change> = changes.into_iter().map(|one| from(now, one)).collect();
                let transaction = memory.begin(now).expect("memory does not fail");
                transaction.commit(changes.clone()).expect("so");
                let transaction = database.begin(now).expect("it begins");
                transaction.commit(changes).expect("it commits");
            }
            Step::Drop(changes) => {
                let mut transaction = database.begin(now).expect("it begins");
                reads(&mut transaction);
                drop((transaction, changes));
            }
            Step::Begin => {
                database.begin_group(now).expect("it begins");
                // One that was under way is given up.
                memory = before.unwrap_or(memory);
                before = Some(memory.clone());
            }
            Step::End => {
                assert_eq!(database.end_group().is_ok(), before.take().is_some());
            }
            Step::Abort => {
                database.abort_group();
                memory = before.take().unwrap_or(memory);
            }
            Step::Wait(seconds) => now = now.after(seconds),
            Step::Reopen => {
                // What had not ended is gone.
                memory = before.take().unwrap_or(memory);
                drop(store.take());
                store = Some(open());
            }
        }
        let database = store.as_mut().expect("it is open");
        assert_eq!(copied(database), memory);
        let said = reads(&mut database.begin(now).expect("it begins"));
        let expected = reads(&mut memory.begin(now).expect("memory does not fail"));
        assert_eq!(said, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sqlite_answers_as_memory_does(
        events in prop::collection::vec(event(), 1..60),
        limits in prop_oneof![1 => Just(Limits::PROFILE), 2 => Just(FEW)],
    ) {
        let (_folder, open) = folder();
        let mut model = Model::of_all(limits, Some(Box::new(Twin::new(limits, open))));
        for event in events {
            model.step(event);
        }
    }

    #[test]
    fn sqlite_keeps_what_memory_keeps(steps in prop::collection::vec(step(), 1..40)) {
        let (_folder, open) = folder();
        same_after_each(steps, open);
    }
}

/// A device and a message in its mailbox, as changes.
pub(crate) fn device_with_message(me: usize, text: &[u8]) -> Vec<Change> {
    let envelope = Envelope {
        id: EnvelopeId(1),
        sender: address(me),
        recipient: address(me),
        kind: MessageKind::Ratchet,
        message: text.into(),
        expires: Timestamp(1_000),
    };
    let access_key = access_key(0).digest();
    vec![
        Change::PutDevice(address(me), record(me, 0)),
        Change::PutEnvelope(KeptEnvelope {
            envelope,
            access_key,
        }),
    ]
}

/// A commit that fails in its middle has changed nothing, and the others of its group are carried out.
pub(crate) fn a_failed_commit_is_undone_alone<D: Database>(store: &mut SqlStore<D>) {
    fn commit<D: Database>(
        store: &mut SqlStore<D>,
        changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        store.begin(Timestamp(0))?.commit(changes)
    }
    // The token of device 0, which is there.
    let taken = DeviceRecord {
        token: record(0, 0).token,
        ..record(1, 0)
    };
    let mut failing = device_with_message(2, b"undone");
    failing.push(Change::PutDevice(address(1), taken));
    for in_group in [true, false] {
        if in_group {
            store.begin_group(Timestamp(0)).expect("a group begins");
        }
        commit(store, device_with_message(0, b"stays")).expect("it commits");
        let before = copied(store);
        commit(store, failing.clone()).expect_err("two devices of one token");
        assert_eq!(copied(store), before);
        commit(store, device_with_message(1, b"stays")).expect("it commits");
        if in_group {
            store.end_group().expect("the group ends");
        }
        let held = |me| copied(store).mailbox_length(&address(me), Timestamp(0));
        let mut held = held;
        assert_eq!([0, 1, 2].map(&mut held), [1, 1, 0]);
    }
}

#[test]
fn a_commit_that_fails_is_undone_and_its_group_goes_on() {
    a_failed_commit_is_undone_alone(&mut SqliteStore::in_memory().expect("it opens"));
}

#[test]
fn a_clock_beyond_all_reason_is_refused() {
    let mut store = SqliteStore::in_memory().expect("it opens");
    let error = store.begin(Timestamp(u64::MAX)).expect_err("no such time");
    assert!(error.to_string().contains("set it right"), "{error}");
    assert!(store.begin_group(Timestamp(1 << 62)).is_err());
    assert_eq!(
        store.end_group().map_err(|error| error.0),
        Err("no group is under way".to_owned())
    );
}

/// A database of which every value is another one's.
#[test]
fn what_something_else_has_written_is_an_error_and_no_panic() {
    let (folder, open) = folder();
    let commit = open()
        .begin(Timestamp(0))
        .map(|it| it.commit(device_with_message(0, b"hello")));
    assert!(matches!(commit, Ok(Ok(()))));
    let outside = rusqlite::Connection::open(folder.path().join("intermediary.db")).expect("opens");
    for change in [
        "UPDATE devices SET identity_key = x'00'",
        "UPDATE devices SET suites = ''",
        "UPDATE devices SET created = NULL",
        "UPDATE devices SET registration_id = -1",
        "UPDATE devices SET next_envelope_id = -1",
        "UPDATE devices SET token = x'00'",
    ] {
        outside
            .execute_batch(&format!("SAVEPOINT so; {change}"))
            .expect("it is written");
        outside.execute_batch("RELEASE so").expect("it is written");
        let mut store = open();
        let error = store.contents().expect_err(change);
        assert!(
            error.to_string().contains("restore it from a copy"),
            "{error}"
        );
        drop(store);
        let right = "DELETE FROM devices";
        outside.execute_batch(right).expect("it is erased");
        let mut store = open();
        let transaction = store.begin(Timestamp(0)).expect("it begins");
        transaction
            .commit(device_with_message(0, b"hello"))
            .expect("it commits");
    }
}

/// The files of a database, whole: the file itself, and what stands beside it.
fn files(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let read = |entry: fs::DirEntry| fs::read(entry.path()).expect("a file");
    let bytes: Vec<u8> = entries.flat_map(read).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text is looked for by what is optimised in every build.
fn holds(bytes: &str, text: &str) -> bool {
    bytes.contains(text)
}

/// Once a message is acknowledged or expired and the store is closed, no file holds a byte of it (MBX-09, MBX-10, MBX-14).
#[test]
fn no_file_holds_what_was_erased() {
    let (folder, open) = folder();
    let mut store = open();
    let mut commit = |at: u64, changes: Vec<Change>| {
        let transaction = store.begin(Timestamp(at)).expect("it begins");
        transaction.commit(changes).expect("it commits");
    };
    // Long ones and short ones, so that pages are filled, divided and given back.
    let texts: Vec<Vec<u8>> = (0..60_usize)
        .map(|number| {
            format!("<message {number:02}>")
                .repeat(1 + 700 * (number % 3))
                .into_bytes()
        })
        .collect();
    commit(0, vec![Change::PutDevice(address(0), record(0, 0))]);
    for (number, text) in (1..).zip(&texts) {
        let mut changes = device_with_message(0, text).split_off(1);
        if let Change::PutEnvelope(kept) = &mut changes[0] {
            kept.envelope.id = EnvelopeId(number);
            kept.envelope.expires = Timestamp(if number % 2 == 0 { 10 } else { 1_000 });
        }
        commit(0, changes);
    }
    let of = |number: usize| format!("<message {number:02}>");
    let written = files(folder.path());
    assert!((0..60).all(|number| holds(&written, &of(number))));
    // The last one stays.
    for number in 1..60 {
        commit(
            20,
            vec![Change::EraseEnvelope(address(0), EnvelopeId(number))],
        );
    }
    drop(store);
    let left = files(folder.path());
    let left: Vec<usize> = (0..60)
        .filter(|number| holds(&left, &of(*number)))
        .collect();
    assert_eq!(
        left,
        [] as [usize; 0],
        "the last one has expired, the others are acknowledged"
    );
}

#[test]
fn a_file_of_another_program_or_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |name: &str, says: &str| {
        let file = folder.path().join(name);
        let before = fs::read(&file).expect("a file");
        let error = SqliteStore::open(&file).expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(fs::read(&file).expect("a file"), before);
    };
    let make = |name: &str, statements: &str| {
        let made = rusqlite::Connection::open(folder.path().join(name)).expect("it opens");
        made.execute_batch(statements).expect("it is made");
    };
    make("other.db", "CREATE TABLE cats (name TEXT)");
    refused("other.db", "another program's database");
    make(
        "newer.db",
        "PRAGMA application_id = 0x54535069; PRAGMA user_version = 2",
    );
    refused("newer.db", "of version 2, and this program reads version 1");
    fs::write(folder.path().join("text.db"), "hello ".repeat(1_000)).expect("it is written");
    refused("text.db", "not a database");
    let missing = SqliteStore::open(&folder.path().join("no/such/folder.db"));
    assert!(missing.is_err_and(|error| error.to_string().contains("no/such/folder.db")));
}

#[test]
#[cfg(unix)]
fn a_new_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("intermediary.db");
    let mut store = SqliteStore::open(&file).expect("it opens");
    store.begin_group(Timestamp(0)).expect("it begins");
    for entry in fs::read_dir(folder.path()).expect("a folder").flatten() {
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
    }
}

/// Two servers on one file: one waits while the other's group is under way.
#[test]
fn a_second_process_waits_for_the_group_of_the_first() {
    let (_folder, open) = folder();
    let (mut first, mut second) = (open(), open());
    first.begin_group(Timestamp(0)).expect("it begins");
    let waiting = thread::spawn(move || {
        let mut transaction = second.begin(Timestamp(0)).expect("it begins in the end");
        transaction.mailbox_length(&address(0))
    });
    thread::sleep(Duration::from_millis(100));
    assert!(!waiting.is_finished());
    let transaction = first.begin(Timestamp(0)).expect("it begins");
    transaction
        .commit(device_with_message(0, b"hello"))
        .expect("it commits");
    first.end_group().expect("it ends");
    assert_eq!(
        waiting.join().expect("it ends"),
        Ok(1),
        "it reads what was committed"
    );
}

#[test]
fn a_store_is_named_by_its_url() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    assert!(matches!(
        AnyStore::open(Some(&url)),
        Ok(AnyStore::Sqlite(_))
    ));
    assert!(matches!(AnyStore::open(None), Ok(AnyStore::Memory(_))));
    for wrong in ["", "sqlite:", "mysql://ben:secret@localhost/x", "a.db"] {
        let error = AnyStore::open(Some(wrong)).expect_err(wrong).to_string();
        assert!(
            error.contains("`sqlite:FILE`") && !error.contains("secret"),
            "{error}"
        );
    }
}

/// Intermediaries over files of SQLite, as an adapter would offer them. Saved, one is the bytes of its file.
struct OnDisk {
    folder: TempDir,
    files: u32,
    servers: BTreeMap<String, (PathBuf, Intermediary<SqliteStore>)>,
}

impl OnDisk {
    fn open(&mut self, handle: &str, bytes: &[u8]) {
        self.files += 1;
        let file = self.folder.path().join(format!("{}.db", self.files));
        if !bytes.is_empty() {
            fs::write(&file, bytes).expect("it is written");
        }
        let store = SqliteStore::open_unsynced(&file).expect("it opens");
        let server = Intermediary::new(&Tigress1, store);
        self.servers.insert(handle.to_owned(), (file, server));
    }
}

impl Subject for OnDisk {
    fn describe(&self) -> Description {
        Description {
            name: "SQLite".to_owned(),
            protocol: 1,
            suites: vec!["tigress-1".to_owned()],
            roles: vec![Role::Intermediary],
            ..Description::default()
        }
    }

    fn reset(&mut self, _suite: &str) -> Result<(), Failure> {
        self.servers.clear();
        Ok(())
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let handle = params["handle"].as_str().expect("a handle").to_owned();
        let read = |request: String| Request::from_json(request.as_bytes());
        match method {
            "intermediary.create" => self.open(&handle, &[]),
            "intermediary.restore" => {
                let state = params["state"].as_str().expect("hex");
                self.open(&handle, &tigress_signal::hex::decode(state).expect("hex"));
            }
            "intermediary.save" => {
                // Closed, and opened again.
                let (file, server) = self.servers.remove(&handle).expect("a handle");
                drop(server);
                let bytes = fs::read(&file).expect("a file");
                self.open(&handle, &bytes);
                return Ok(json!({ "state": tigress_signal::hex::encode(&bytes) }));
            }
            _ => {}
        }
        let (_, server) = self.servers.get_mut(&handle).expect("a handle");
        match method {
            "intermediary.request" => {
                let input: RequestInput = serde_json::from_value(params).expect("its parameters");
                let answer = server.handle(&read(input.request.to_string())?, input.now)?;
                Ok(json!({ "answer": answer }))
            }
            "intermediary.requests" => {
                let input: RequestsInput = serde_json::from_value(params).expect("its parameters");
                let text = input.request.to_string();
                let mut answer = None;
                for (which, time) in (1..=input.times).enumerate() {
                    // In groups of a hundred.
                    if which % 100 == 0 {
                        server
                            .store_mut()
                            .begin_group(input.now)
                            .expect("it begins");
                    }
                    let request = text.replace(NUMBER, &format!("{time:08x}"));
                    answer = Some(server.handle(&read(request)?, input.now)?);
                    if which % 100 == 99 || time == input.times {
                        server.store_mut().end_group().expect("it ends");
                    }
                }
                Ok(json!({ "answer": answer }))
            }
            "intermediary.tick" => {
                let now: Timestamp = serde_json::from_value(params["now"].clone()).expect("a time");
                server.tick(now)?;
                Ok(json!({}))
            }
            _ => Ok(json!({})),
        }
    }
}

/// A part of them, as the seed says.
#[test]
fn the_vectors_of_the_intermediary_hold_over_sqlite() {
    let vectors = built_in::vectors().filter(|vector| vector.family == "intermediary");
    let vectors = vectors.filter(|vector| vector.suite.as_deref() == Some("tigress-1"));
    let (which, of) = match sample::seed() {
        Some(seed) => (usize::try_from(seed % 24).expect("small"), 24),
        None => (0, 1),
    };
    let mut subject = OnDisk {
        folder: tempfile::tempdir().expect("a folder"),
        files: 0,
        servers: BTreeMap::new(),
    };
    let mut tried = 0;
    for vector in vectors.skip(which).step_by(of) {
        let outcome = run::run(&mut subject, vector, Terms::STRICT);
        assert!(
            matches!(outcome, Outcome::Passed),
            "{}: {outcome:?}",
            vector.name()
        );
        tried += 1;
    }
    assert!(tried >= 160 / of, "{tried}");
}
