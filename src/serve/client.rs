//! Asks an intermediary over HTTP: ours, or anybody's.

use super::admin::Time;
use super::binding::{Binding, BindingError, JSON, Sent};
use super::problem::Problem;
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Request};
use crate::timestamp::Timestamp;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;
use ureq::http;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// How long a request may take, in seconds; a waiting reading so much longer than it waits.
const PATIENCE: u64 = 20;
/// The longest answer, in bytes: 100 messages of 96 KiB in hex, and what stands around them.
const LONGEST: u64 = 24 * 1024 * 1024;
/// Of an answer that is none so many characters are told.
const TOLD: usize = 200;

/// One server, asked as often as one likes. Connections are kept.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    binding: Binding,
    admin_token: Option<String>,
}

/// What a server answered: that it carried the request out, or with which code it refused.
pub type Reply = Result<Answer, ErrorCode>;

/// Why there is no answer of the profile.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL.
    #[error(
        "`{0}` is no base URL: it is http://HOST or https://HOST, with a port and a path where there are"
    )]
    Base(String),
    /// HTTP has no place for what stands in the request.
    #[error(transparent)]
    Unsendable(#[from] BindingError),
    /// The server cannot be reached, or broke off.
    #[error("the server at {0} gave no answer: {1}")]
    Silent(String, String),
    /// An answer, but not one of the profile.
    #[error("status {0}, and no answer of section 7: {1}")]
    NoAnswer(u16, String),
    /// There is no token for `/admin`.
    #[error("this needs the operator's token (--admin-token-file)")]
    NoAdminToken,
}

impl Client {
    /// A client of the server at that base URL. With `insecure` any certificate will do: for tests with one that a server signed itself.
    ///
    /// # Errors
    /// For what is no such URL.
    pub fn new(base: &str, binding: Option<Binding>, insecure: bool) -> Result<Self, ClientError> {
        let wrong = || ClientError::Base(base.to_owned());
        let uri: http::Uri = base.parse().map_err(|_| wrong())?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http
            || uri.host().is_none_or(str::is_empty)
            || uri.query().is_some()
            || base.contains('@')
        {
            return Err(wrong());
        }
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::WebPki)
            .disable_verification(insecure)
            .build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            // A server that keeps connections for less long would cut the next request off.
            .max_idle_age(Duration::from_secs(3))
            .user_agent(concat!("tigress/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Client {
            agent: config.into(),
            base: base.trim_end_matches('/').to_owned(),
            binding: binding.unwrap_or_default(),
            admin_token: None,
        })
    }

    /// The same with the operator's token, for a clock that can be moved.
    #[must_use]
    pub fn with_admin_token(mut self, token: &str) -> Self {
        self.admin_token = Some(token.trim().to_owned());
        self
    }

    /// Asks what stands there, wrong requests too.
    ///
    /// # Errors
    /// Where there is no answer of the profile.
    pub fn ask(&self, request: &Value) -> Result<Reply, ClientError> {
        self.ask_sent(self.binding.send(request)?, 0)
    }

    /// Asks, and lets a reading wait so many seconds for a message, at most 30.
    ///
    /// # Errors
    /// Where there is no answer of the profile.
    pub fn ask_typed(&self, request: &Request, wait: Option<u64>) -> Result<Reply, ClientError> {
        let Ok(request) = serde_json::to_value(request) else {
            unreachable!("a request is JSON");
        };
        let mut sent = self.binding.send(&request)?;
        if let Some(wait) = wait {
            let sign = if sent.target.contains('?') { '&' } else { '?' };
            let _ = write!(sent.target, "{sign}wait={wait}");
        }
        self.ask_sent(sent, wait.unwrap_or_default())
    }

    fn ask_sent(&self, sent: Sent, wait: u64) -> Result<Reply, ClientError> {
        let mut request = http::Request::builder()
            .method(sent.method.as_str())
            .uri(format!("{}{}", self.base, sent.target))
            .header(self.binding.request_id.as_str(), &sent.id)
            .header("Accept", "application/json, application/problem+json");
        if let Some(token) = &sent.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let (status, text) = self.text(request, sent.body, wait)?;
        if (200..300).contains(&status) {
            let answer = serde_json::from_str(&text);
            return answer.map(Ok).map_err(|_| no_answer(status, &text));
        }
        let problem: Option<Problem> = serde_json::from_str(&text).ok();
        let code = problem.and_then(|problem| problem.code());
        code.map(Err).ok_or_else(|| no_answer(status, &text))
    }

    /// The server's time.
    ///
    /// # Errors
    /// Without the operator's token, and where the server has no such clock.
    pub fn clock(&self) -> Result<Timestamp, ClientError> {
        self.time("GET", Vec::new())
    }

    /// Moves the server's clock forward.
    ///
    /// # Errors
    /// Without the operator's token, where the server has no such clock, and where it would go back.
    pub fn advance(&self, now: Timestamp) -> Result<Timestamp, ClientError> {
        self.time("POST", format!("{{\"now\":{}}}", now.0).into_bytes())
    }

    fn time(&self, method: &str, body: Vec<u8>) -> Result<Timestamp, ClientError> {
        let token = self.admin_token.as_ref().ok_or(ClientError::NoAdminToken)?;
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/admin/clock", self.base))
            .header("Authorization", format!("Bearer {token}"));
        let (status, text) = self.text(request, body, 0)?;
        let time: Option<Time> = serde_json::from_str(&text).ok().filter(|_| status == 200);
        time.map(|time| time.now)
            .ok_or_else(|| no_answer(status, &text))
    }

    fn text(
        &self,
        request: http::request::Builder,
        body: Vec<u8>,
        wait: u64,
    ) -> Result<(u16, String), ClientError> {
        let silent = |error: &dyn std::fmt::Display| {
            ClientError::Silent(self.base.clone(), error.to_string())
        };
        let patience = Duration::from_secs(PATIENCE + wait);
        let response = if body.is_empty() {
            let request = request.body(()).map_err(|error| silent(&error))?;
            let request = self.agent.configure_request(request);
            self.agent
                .run(request.timeout_global(Some(patience)).build())
        } else {
            let request = request.header("Content-Type", JSON).body(body);
            let request = request.map_err(|error| silent(&error))?;
            let request = self.agent.configure_request(request);
            self.agent
                .run(request.timeout_global(Some(patience)).build())
        };
        let mut response = response.map_err(|error| silent(&error))?;
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_string();
        Ok((status, text.map_err(|error| silent(&error))?))
    }
}

fn no_answer(status: u16, text: &str) -> ClientError {
    ClientError::NoAnswer(status, text.chars().take(TOLD).collect())
}
