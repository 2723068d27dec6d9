//! Connections: how many, how slow, and their end.

use super::admission::Admission;
use super::arrivals::Arrivals;
use super::clock::Clock;
use super::faults::Faults;
use super::journal::Journal;
use super::metrics::Metrics;
use super::router::{Service, Silence, router};
use super::store::GroupStore;
use super::worker::Worker;
use crate::intermediary::Intermediary;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// How a server is run.
#[derive(Default)]
pub struct Settings {
    /// The time.
    pub clock: Clock,
    /// Who may register.
    pub admission: Admission,
    /// With which token `/admin` is asked.
    pub admin_token: Option<String>,
    /// TLS, where it is spoken.
    pub tls: Option<TlsAcceptor>,
    /// Whether other servers share the store.
    pub is_shared: bool,
    /// What is done to requests, where a wallet is tested.
    pub faults: Option<Faults>,
    /// Where it is written what was asked and answered.
    pub journal: Option<Journal>,
    /// How many connections and how slow.
    pub bounds: Bounds,
}

/// How many connections, and how slow they may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most connections at once; others wait to be taken.
    pub connections: usize,
    /// How long a client may take for a handshake, for the headers of a request (since the last answer, too), for its body, and for
    /// taking anything of an answer.
    pub patience: Duration,
    /// How long requests under way have when the server stops.
    pub stopping: Duration,
    /// How often what has expired is erased where nobody asks for anything.
    pub tick: Duration,
}

impl Default for Bounds {
    /// 256 connections, 10 seconds, 10 seconds, a minute.
    fn default() -> Self {
        Bounds {
            connections: 256,
            patience: Duration::from_secs(10),
            stopping: Duration::from_secs(10),
            tick: Duration::from_mins(1),
        }
    }
}

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address.
    #[error("{0}: {1}; name another with --listen")]
    Listen(SocketAddr, io::Error),
    /// The system.
    #[error("the server cannot start: {0}")]
    System(#[from] io::Error),
}

/// The most bytes of headers that a connection reads at once.
const HEADERS: usize = 32 * 1024;

/// A server that listens, and serves once it is run.
pub struct Server<S> {
    listener: TcpListener,
    service: Service,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
    stop: watch::Sender<bool>,
    thread: JoinHandle<Option<Intermediary<S>>>,
}

impl<S: GroupStore + Send + 'static> Server<S> {
    /// Listens at that address; port 0 is any free one.
    ///
    /// # Errors
    /// Where somebody else has the address, or the system starts no thread.
    pub async fn bind(
        at: SocketAddr,
        machine: Intermediary<S>,
        settings: Settings,
    ) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(at).await;
        let listener = listener.map_err(|error| ServerError::Listen(at, error))?;
        let metrics = Metrics::default();
        let arrivals = Arrivals::default();
        let remembers = settings.admin_token.is_some();
        let (worker, thread) = Worker::start(
            machine,
            settings.clock.clone(),
            arrivals.clone(),
            metrics.clone(),
            settings.bounds.tick,
            remembers,
        )?;
        let (stop, stopping) = watch::channel(false);
        let service = Service {
            worker,
            clock: settings.clock,
            arrivals,
            is_shared: settings.is_shared,
            admission: Arc::new(settings.admission),
            metrics,
            admin_token: settings.admin_token.map(Into::into),
            faults: settings.faults.map(Arc::new),
            journal: settings.journal.map(Arc::new),
            patience: settings.bounds.patience,
            stopping,
        };
        Ok(Server {
            listener,
            service,
            tls: settings.tls,
            bounds: settings.bounds,
            stop,
            thread,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end` comes; then takes no further connection, lets the requests under way end, and gives the machine back.
    ///
    /// # Errors
    /// Where a request broke the machine.
    pub async fn run(self, end: impl Future<Output = ()>) -> io::Result<Intermediary<S>> {
        let Server {
            listener,
            service,
            tls,
            bounds,
            stop,
            thread,
        } = self;
        let metrics = service.metrics.clone();
        let router = router(service);
        let room = Arc::new(Semaphore::new(bounds.connections));
        let graceful = GracefulShutdown::new();
        tokio::pin!(end);
        loop {
            let taken = async {
                let Ok(room) = Arc::clone(&room).acquire_owned().await else {
                    unreachable!("the semaphore is never closed");
                };
                (room, listener.accept().await)
            };
            let (room, accepted) = tokio::select! {
                () = &mut end => break,
                taken = taken => taken,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Of the client, or too many open files: it passes.
                    tracing::warn!(%error, "a connection was not taken");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let connection = Connection {
                router: router.clone(),
                from,
                tls: tls.clone(),
                bounds,
                watcher: graceful.watcher(),
            };
            let metrics = metrics.clone();
            tokio::spawn(async move {
                metrics.connections.inc();
                connection.serve(stream).await;
                metrics.connections.dec();
                drop(room);
            });
        }
        drop(listener);
        let _ = stop.send(true);
        let _ = timeout(bounds.stopping, graceful.shutdown()).await;
        drop(router);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        let machine = joined.ok().and_then(Result::ok).flatten();
        machine.ok_or_else(|| io::Error::other("a request broke the intermediary"))
    }
}

/// One client.
struct Connection {
    router: Router,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    bounds: Bounds,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let patience = self.bounds.patience;
        let stream = Impatient::new(stream, patience);
        let Some(tls) = self.tls else {
            return speak(self.router, self.from, patience, stream, Some(self.watcher)).await;
        };
        match timeout(patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                speak(self.router, self.from, patience, stream, Some(self.watcher)).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }
}

/// Speaks HTTP/1.1 on a stream until one of the two ends it, or headers take too long.
pub async fn speak(
    router: Router,
    from: SocketAddr,
    patience: Duration,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    watcher: Option<Watcher>,
) {
    let from = ConnectInfo(from);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(from);
        let answer = router.clone().call(request);
        async {
            let Ok(mut answer) = answer.await;
            if answer.extensions().get::<Silence>().is_some() {
                return Err(io::Error::other("no answer, by rule"));
            }
            // What every answer says to caches and browsers: it is nobody else's, and it is what it says that it is.
            let headers = answer.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            Ok(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let ended = match watcher {
        Some(watcher) => watcher.watch(connection).await,
        None => connection.await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// A stream whose other end must take what is written within a time: an answer that nobody takes is not kept for ever.
struct Impatient {
    stream: TcpStream,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        Impatient {
            stream,
            patience,
            stalled: None,
        }
    }

    /// What came of a write; an error once nothing could be written for too long.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
