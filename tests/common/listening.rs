//! A server on a free port of 127.0.0.1, which ends with whoever started it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;
use tigress_signal::intermediary::{Intermediary, Limits, MemoryStore};
use tigress_signal::serve::{Client, Clock, Server, Settings};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tokio::sync::oneshot;

/// With what `/admin` is asked.
pub(crate) const ADMIN: &str = "the-operators-token";

/// The server.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// `http` or `https`.
    scheme: &'static str,
    running: Option<(oneshot::Sender<()>, JoinHandle<Intermediary<MemoryStore>>)>,
}

impl Served {
    /// With these limits and settings.
    pub(crate) fn with(limits: Limits, settings: Settings) -> Self {
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let (end, ends) = oneshot::channel();
        let (tell, told) = channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let machine = Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits);
                let here = SocketAddr::from(([127, 0, 0, 1], 0));
                let server = Server::bind(here, machine, settings).await;
                let server = server.expect("a free port");
                let address = server.address().expect("it has one");
                tell.send(address).expect("somebody waits");
                let end = async {
                    let _ = ends.await;
                };
                server.run(end).await.expect("it ends well")
            })
        });
        Served {
            address: told.recv().expect("it starts"),
            scheme,
            running: Some((end, thread)),
        }
    }

    /// With the profile's limits, and a clock that stands at that time.
    pub(crate) fn at(now: Timestamp) -> Self {
        let settings = Settings {
            clock: Clock::standing_at(now),
            admin_token: Some(ADMIN.to_owned()),
            ..Settings::default()
        };
        Served::with(Limits::PROFILE, settings)
    }

    /// With the profile's limits, and a clock that stands at this machine's time.
    pub(crate) fn now() -> Self {
        let settings = Settings {
            clock: Clock::standing(),
            admin_token: Some(ADMIN.to_owned()),
            ..Settings::default()
        };
        Served::with(Limits::PROFILE, settings)
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Somebody who asks it, and may move its clock.
    pub(crate) fn client(&self) -> Client {
        let client = Client::new(&self.url(), None, true).expect("a base URL");
        client.with_admin_token(ADMIN)
    }

    /// Sends bytes, and gives back all that comes until the other end closes, or is silent for ten seconds.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("a time-out");
        // It may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got);
        String::from_utf8_lossy(&got).into_owned()
    }

    /// Ends it, and gives back what it kept.
    pub(crate) fn end(mut self) -> Intermediary<MemoryStore> {
        let (end, thread) = self.running.take().expect("it runs");
        drop(end);
        thread.join().expect("it ends well")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.running.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}
