//! Clients that ask one request after the other, each on a connection of its own.

use crate::devices::{Kind, Population};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tigress_signal::serve::Binding;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long each request took.
pub(crate) struct Asked {
    /// By rising time.
    took: Vec<Duration>,
    all: Duration,
}

impl Asked {
    /// Requests a second, of all clients.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn rate(&self) -> f64 {
        self.took.len() as f64 / self.all.as_secs_f64()
    }

    /// The time that such a part of the requests took at most.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "far below 2^53, and not negative"
    )]
    pub(crate) fn quantile(&self, at: f64) -> Duration {
        let place = (self.took.len() as f64 * at) as usize;
        self.took[place.min(self.took.len() - 1)]
    }
}

/// All clients ask for so long; those of the even places the first server, the others the last.
pub(crate) fn ask(
    servers: &[SocketAddr],
    population: &Population,
    kind: Kind,
    each: Duration,
) -> Asked {
    let binding = Binding::default();
    // Made before: what is measured is the server.
    let requests = (0..population.clients()).map(|client| {
        let most = if kind == Kind::Submit { 20_000 } else { 400 };
        let requests = (0..most).map_while(|number| population.request(client, kind, number, kind.name()));
        let bytes = |request| {
            let sent = binding.send(&Population::json(&request)).expect("it has its place");
            let head = format!(
                "{} {} HTTP/1.1\r\nHost: x\r\nMailbox-Request-ID: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                sent.method,
                sent.target,
                sent.id,
                sent.token.unwrap_or_default(),
                sent.body.len()
            );
            [head.into_bytes(), sent.body].concat()
        };
        requests.map(bytes).collect::<Vec<_>>()
    });
    let requests: Vec<Vec<Vec<u8>>> = requests.collect();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut clients = JoinSet::new();
        let began = Instant::now();
        for (client, requests) in requests.into_iter().enumerate() {
            clients.spawn(one(servers[client % servers.len()], requests, kind, each));
        }
        let mut took = Vec::new();
        while let Some(client) = clients.join_next().await {
            took.extend(client.expect("no panic"));
        }
        let all = began.elapsed();
        took.sort_unstable();
        Asked { took, all }
    })
}

async fn one(
    server: SocketAddr,
    requests: Vec<Vec<u8>>,
    kind: Kind,
    each: Duration,
) -> Vec<Duration> {
    let stream = TcpStream::connect(server).await.expect("it listens");
    stream.set_nodelay(true).expect("it is set");
    let mut stream = BufReader::new(stream);
    let mut took = Vec::new();
    let began = Instant::now();
    // Whoever only reads may ask the same again.
    let requests: Box<dyn Iterator<Item = &Vec<u8>> + Send> = match kind {
        Kind::Submit => Box::new(requests.iter()),
        _ => Box::new(requests.iter().cycle()),
    };
    for request in requests {
        if began.elapsed() >= each {
            break;
        }
        let asked = Instant::now();
        stream
            .get_mut()
            .write_all(request)
            .await
            .expect("it is sent");
        let status = answer(&mut stream).await;
        took.push(asked.elapsed());
        assert_eq!(status, 200, "{kind:?}");
    }
    took
}

/// Reads an answer whole; its status.
async fn answer(stream: &mut BufReader<TcpStream>) -> u16 {
    let mut line = String::new();
    let mut status = 0;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.expect("an answer");
        let text = line.trim_end();
        if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
            status = rest
                .split(' ')
                .next()
                .and_then(|it| it.parse().ok())
                .expect("a status");
        } else if let Some(rest) = text.strip_prefix("content-length: ") {
            length = rest.parse().expect("a length");
        } else if text.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
    status
}
