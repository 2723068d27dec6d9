//! Floors: the machine over its store without a server, and a server without a machine.

use crate::devices::{Kind, Population};
use axum::Router;
use axum::body::Bytes;
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tigress_signal::intermediary::Intermediary;
use tigress_signal::serve::store::GroupStore;
use tokio::sync::oneshot;

/// Requests a second that the machine carries out, one of each client in a group.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(crate) fn machine<S: GroupStore>(
    machine: &mut Intermediary<S>,
    population: &Population,
    kind: Kind,
    each: Duration,
) -> f64 {
    let clients = population.clients();
    let by = format!("floor-{}", kind.name());
    let request = |client, number| population.request(client, kind, number, &by);
    // Made before, as the clients make theirs.
    let most = if kind == Kind::Submit { 20_000 } else { 400 };
    let requests: Vec<Vec<_>> = (0..most)
        .map_while(|number| (0..clients).map(|client| request(client, number)).collect())
        .collect();
    let mut done = 0_usize;
    let began = Instant::now();
    let groups = requests.iter().cycle();
    let groups = groups.take(if kind == Kind::Submit {
        requests.len()
    } else {
        usize::MAX
    });
    for group in groups {
        if began.elapsed() >= each {
            break;
        }
        machine
            .store_mut()
            .begin_group(Population::NOW)
            .expect("a group");
        for request in group {
            machine
                .handle(request, Population::NOW)
                .expect("it is carried out");
        }
        machine.store_mut().end_group().expect("it is kept");
        done += group.len();
    }
    done as f64 / began.elapsed().as_secs_f64()
}

/// A server that takes every request whole and answers it with two bytes, until what comes back is dropped.
pub(crate) fn empty() -> (SocketAddr, oneshot::Sender<()>) {
    let (end, ends) = oneshot::channel();
    let (tell, told) = channel();
    thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = tokio::net::TcpListener::bind(here).await.expect("a port");
            let address = listener.local_addr().expect("its address");
            tell.send(address).expect("somebody waits");
            let router = Router::new().fallback(async |_: Bytes| "{}");
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("it serves"),
                _ = ends => {}
            }
        });
    });
    (told.recv().expect("it starts"), end)
}
