//! Whom a wallet asks.

use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Request};
#[cfg(feature = "serve")]
use crate::serve::Client;
use crate::transfer::Host;
use std::fmt;
use std::net::IpAddr;

/// Why there was no answer, in one line. It may quote the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// An intermediary that answers, or does not.
pub trait Server {
    /// Asks for something: the answer, or the code of the refusal. A reading waits up to so many seconds until there is a
    /// message, where the server can.
    ///
    /// # Errors
    /// Where there is no answer. Nobody knows then whether the request was carried out: it is asked again as it is.
    fn ask(
        &mut self,
        request: &Request,
        wait: Option<u64>,
    ) -> Result<Result<Answer, ErrorCode>, NoAnswer>;
}

/// Over HTTP.
#[cfg(feature = "serve")]
impl Server for Client {
    fn ask(
        &mut self,
        request: &Request,
        wait: Option<u64>,
    ) -> Result<Result<Answer, ErrorCode>, NoAnswer> {
        let reply = self.ask_typed(request, wait);
        reply.map_err(|error| NoAnswer(error.to_string()))
    }
}

/// The address of a server that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// No address of a server.
    #[error(
        "`{0}` is no address of a server: it is like `https://HOST` or `http://127.0.0.1:PORT`"
    )]
    Form(String),
    /// A link could not name it (INV-01).
    #[error(
        "a link names its server by a DNS name in lower case (INV-01), and `{0}` is none; only `localhost` and its numbers \
         are called `localhost` there"
    )]
    Name(String),
    /// What is sent there could be read on the way, the token among it.
    #[error(
        "`{0}` is not this machine: ask it by `https://`, or with `--insecure` where it is only a test"
    )]
    Clear(String),
}

/// The address of a server, and what links call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    url: String,
    host: Host,
    is_insecure: bool,
}

impl ServerUrl {
    /// The address that stands there. Plain HTTP is for this machine alone, unless `insecure`, which also says that any
    /// certificate will do.
    ///
    /// # Errors
    /// Where it is none, or not one to send secrets to.
    pub fn new(text: &str, insecure: bool) -> Result<Self, ServerUrlError> {
        let form = || ServerUrlError::Form(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(form()),
        };
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\' | '"');
        if !rest.chars().all(is_plain) {
            return Err(form());
        }
        let rest = rest.trim_end_matches('/');
        let authority = rest.split('/').next().unwrap_or_default();
        let (name, port) = split_port(authority).ok_or_else(form)?;
        let port = match port {
            Some(port) => port.parse::<u16>().map_err(|_| form())?,
            None => default_port,
        };
        let is_here = name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if scheme == "http" && !is_here && !insecure {
            return Err(ServerUrlError::Clear(authority.to_owned()));
        }
        let name = if is_here { "localhost" } else { name };
        let host = match port {
            443 => name.to_owned(),
            port => format!("{name}:{port}"),
        };
        let host = host.parse();
        Ok(ServerUrl {
            url: format!("{scheme}://{rest}"),
            host: host.map_err(|_| ServerUrlError::Name(authority.to_owned()))?,
            is_insecure: insecure,
        })
    }

    /// HOST of links to this server's devices (INV-01). Links always say `https`; whoever asks HOST for anything is a
    /// wallet that knows its server.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether nothing need authenticate it.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.is_insecure
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// A name or a number, and the port where there is one.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(number) = authority.strip_prefix('[') {
        let (number, after) = number.split_once(']')?;
        return match after {
            "" => Some((number, None)),
            after => Some((number, Some(after.strip_prefix(':')?))),
        };
    }
    Some(match authority.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_name_in_links() {
        for (url, host) in [
            ("http://127.0.0.1:8440", "localhost:8440"),
            ("http://127.8.0.1:8440/", "localhost:8440"),
            ("http://[::1]:8440", "localhost:8440"),
            ("http://localhost:80", "localhost:80"),
            ("http://localhost", "localhost:80"),
            ("https://localhost", "localhost"),
            ("https://keys.example.com", "keys.example.com"),
            ("https://keys.example.com:443/there", "keys.example.com"),
            ("https://keys.example.com:8443//", "keys.example.com:8443"),
        ] {
            let read = ServerUrl::new(url, false).expect(url);
            assert_eq!(read.host().to_string(), host, "{url}");
            // What is written is read again.
            assert_eq!(ServerUrl::new(&read.to_string(), false), Ok(read), "{url}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        use ServerUrlError::{Clear, Form, Name};
        type Kind = fn(String) -> ServerUrlError;
        let kinds: [(Kind, &str); 17] = [
            (Form, ""),
            (Form, "keys.example.com"),
            (Form, "ftp://keys.example.com"),
            (Form, "HTTPS://keys.example.com"),
            (Form, "https://user:password@keys.example.com"),
            (Form, "https://keys.example.com?v=c"),
            (Form, "https://keys.example.com#there"),
            (Form, "https://keys.example.com\n"),
            (Form, "https://keys.example.com:"),
            (Form, "https://keys.example.com:65536"),
            (Form, "https://[::1"),
            (Form, "https://[::1]8440"),
            (Name, "https://"),
            (Name, "https://192.0.2.1"),
            (Name, "https://Keys.example.com"),
            (Clear, "http://keys.example.com"),
            (Clear, "http://192.0.2.1:8440"),
        ];
        for (kind, url) in kinds {
            let error = ServerUrl::new(url, false).expect_err(url);
            let same =
                std::mem::discriminant(&error) == std::mem::discriminant(&kind(String::new()));
            assert!(same, "{url}: {error:?}");
        }
        ServerUrl::new("http://keys.example.com", true).expect("a test");
        // There is no name for it in links, whatever else is waived.
        ServerUrl::new("http://192.0.2.1:8440", true).expect_err("a number");
    }
}
