//! The store in PostgreSQL, over a cluster that the test starts: it does what memory does, several servers share it, and a lost
//! connection loses nothing that was answered.

use crate::cluster::Cluster;
use crate::durability::{self, Database};
use crate::intermediary::{
    FEW, Model, REGISTRATIONS, access_key, address, event, one_time_pre_keys, request_id, token,
};
use crate::sample;
use crate::stores::{
    Twin, a_failed_commit_is_undone_alone, copied, device_with_message, same_after_each, step,
};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::thread;
use tigress_signal::intermediary::{
    Answer, Body, Intermediary, Registration, Request, Store, Transaction,
};
use tigress_signal::serve::store::{AnyStore, GroupStore, PostgresStore};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};

fn runner() -> TestRunner {
    let config = Config {
        cases: if sample::seed().is_none() { 40 } else { 2 },
        // What is found is shown; nothing is written.
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
}

/// One test, so that there is one cluster.
#[test]
fn a_store_in_postgresql() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let open = {
        let url = cluster.url();
        move || PostgresStore::open(&url).expect("it opens")
    };

    // It answers as memory does.
    let events = prop::collection::vec(event(), 1..40);
    let answers = runner().run(&events, |events| {
        cluster.empty();
        let twin = Twin::new(FEW, open.clone());
        let mut model = Model::of_all(FEW, Some(Box::new(twin)));
        for event in events {
            model.step(event);
        }
        Ok(())
    });
    answers.expect("the same answers");

    // It keeps what memory keeps.
    let steps = prop::collection::vec(step(), 1..40);
    let keeps = runner().run(&steps, |steps| {
        cluster.empty();
        same_after_each(steps, &open);
        Ok(())
    });
    keeps.expect("the same contents");

    cluster.empty();
    a_failed_commit_is_undone_alone(&mut open());
    cluster.empty();
    a_lost_connection_loses_its_group_alone(&cluster);
    cluster.empty();
    no_one_time_pre_key_is_handed_out_by_two(&open);
    what_cannot_be_relied_on_is_refused(&cluster);
    cluster.empty();
    let kills = if sample::seed().is_none() { 50 } else { 2 };
    let database = Database::Postgres(&cluster);
    durability::nothing_is_lost_by_kills(&database, 2, kills);
}

fn a_lost_connection_loses_its_group_alone(cluster: &Cluster) {
    let mut store = PostgresStore::open(&cluster.url()).expect("it opens");
    let mut lose = {
        let mut client = cluster.client();
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tigress'";
        move || client.batch_execute(others).expect("it is ended")
    };
    let commit = |store: &mut PostgresStore, me| {
        let transaction = store.begin(Timestamp(0))?;
        transaction.commit(device_with_message(me, b"hello"))
    };
    commit(&mut store, 0).expect("it commits");
    // Between groups nobody sees it.
    lose();
    commit(&mut store, 1).expect("it commits");
    let before = copied(&mut store);
    store.begin_group(Timestamp(0)).expect("a group begins");
    commit(&mut store, 2).expect("it commits");
    lose();
    let error = commit(&mut store, 2).expect_err("the connection is lost");
    assert!(error.to_string().contains("PostgreSQL"), "{error}");
    assert_eq!(store.end_group(), Err(error));
    assert_eq!(copied(&mut store), before);
    // Lost at the very end.
    store.begin_group(Timestamp(0)).expect("a group begins");
    commit(&mut store, 2).expect("it commits");
    lose();
    store.end_group().expect_err("the connection is lost");
    assert_eq!(copied(&mut store), before);
    commit(&mut store, 2).expect("it commits");
    assert_ne!(copied(&mut store), before);
}

/// Two servers, each with groups of its own, and twenty one-time prekeys.
fn no_one_time_pre_key_is_handed_out_by_two(
    open: &(impl Fn() -> PostgresStore + Clone + Send + 'static),
) {
    const EACH: usize = 10;
    let mut server = Intermediary::new(&Tigress1, open());
    let ask = |server: &mut Intermediary<PostgresStore>, id: String, who, body| {
        let request = Request {
            id: request_id(id),
            token: who,
            body,
        };
        server.handle(&request, Timestamp(0))
    };
    let registration = Registration {
        one_time_pre_keys: one_time_pre_keys(1, 20),
        ..REGISTRATIONS[1].clone()
    };
    let me = Some(token(2));
    for (id, who, body) in [
        ("1", None, Body::Register(registration)),
        ("2", me.clone(), opens(0)),
        ("3", me.clone(), opens(1)),
    ] {
        let done = ask(&mut server, id.to_owned(), who, body);
        assert_eq!(done, Ok(Answer::Done));
    }
    let fetchers: Vec<_> = (0..2)
        .map(|fetcher| {
            let (open, me) = (open.clone(), me.clone());
            thread::spawn(move || {
                let mut server = Intermediary::new(&Tigress1, open());
                let mut ids = Vec::new();
                for number in 0..EACH {
                    if number % 3 == 0 {
                        if number > 0 {
                            server.store_mut().end_group().expect("it ends");
                        }
                        server
                            .store_mut()
                            .begin_group(Timestamp(0))
                            .expect("it begins");
                    }
                    let body = Body::FetchBundle {
                        address: address(1),
                        access_key: Some(access_key(fetcher)),
                    };
                    let id = format!("fetch-{fetcher}-{number}");
                    match ask(&mut server, id, me.clone(), body) {
                        Ok(Answer::Bundle { bundle }) => ids.extend(bundle.one_time_pre_key_id),
                        other => panic!("{other:?}"),
                    }
                }
                server.store_mut().end_group().expect("it ends");
                ids
            })
        })
        .collect();
    let fetched = fetchers
        .into_iter()
        .map(|fetcher| fetcher.join().expect("it ends"));
    let ids: Vec<u32> = fetched.flatten().collect();
    let once: BTreeSet<u32> = ids.iter().copied().collect();
    assert_eq!((ids.len(), once), (2 * EACH, (1..=20).collect()));
}

fn opens(number: usize) -> Body {
    Body::PublishAccessKey {
        address: address(1),
        hash: access_key(number).digest(),
        expires: Timestamp(63 * DAY),
    }
}

fn what_cannot_be_relied_on_is_refused(cluster: &Cluster) {
    let refused = |says: &str| {
        let error = PostgresStore::open(&cluster.url()).expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
    };
    let mut client = cluster.client();
    let mut run = |statement: &str| client.batch_execute(statement).expect("it is done");
    run("UPDATE tigress SET version = 2");
    refused("of version 2, and this program reads version 1");
    run("UPDATE tigress SET version = 1");
    let unsynced = "ALTER SYSTEM SET fsync = off";
    run(unsynced);
    run("SELECT pg_reload_conf()");
    // The server takes a moment to read it.
    let mut tries = 0;
    while PostgresStore::open(&cluster.url()).is_ok() && tries < 100 {
        thread::sleep(std::time::Duration::from_millis(20));
        tries += 1;
    }
    refused("set `fsync = on`");
    run("ALTER SYSTEM RESET fsync");
    run("SELECT pg_reload_conf()");
    while PostgresStore::open(&cluster.url()).is_err() && tries < 200 {
        thread::sleep(std::time::Duration::from_millis(20));
        tries += 1;
    }
    PostgresStore::open(&cluster.url()).expect("it syncs again");
}

#[test]
fn a_connection_that_others_could_read_is_refused_before_it_is_made() {
    for url in [
        "postgres://ben:secret@example.org/wallets",
        "postgresql://ben:secret@127.0.0.1,192.0.2.1/wallets",
    ] {
        let error = AnyStore::open(Some(url)).expect_err(url).to_string();
        assert!(
            error.contains("is not encrypted") && !error.contains("secret"),
            "{error}"
        );
    }
    // Loopback and a socket are: here nobody answers.
    for url in [
        "postgres://ben:secret@127.0.0.1:1/wallets",
        "postgres://ben:secret@%2Fnone/wallets",
    ] {
        let error = AnyStore::open(Some(url)).expect_err(url).to_string();
        assert!(
            error.contains("PostgreSQL: error connecting") && !error.contains("secret"),
            "{error}"
        );
    }
    let error = AnyStore::open(Some("postgres://ben:secret@[/x"))
        .expect_err("no URL")
        .to_string();
    assert!(!error.contains("secret"), "{error}");
}
