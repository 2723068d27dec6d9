//! What the operator alone may ask: what the intermediary can see, and a clock that can be moved.

use super::binding::JSON;
use super::http::{bearer, bytes, json, malformed, problem, text};
use super::problem::Problem;
use super::router::Service;
use super::store::Overview;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::intermediary::{IntermediaryError, Row};
use crate::timestamp::Timestamp;
use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The routes under `/admin`.
pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/admin", get(page))
        .route("/admin/state", get(state))
        .route("/admin/clock", get(clock).post(advance))
}

/// The time of a clock.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Seconds since 1970.
    pub now: Timestamp,
}

fn admit(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    let token = bearer(headers)?.unwrap_or_default();
    let wanted = service.admin_token.as_deref().unwrap_or_default();
    if !wanted.is_empty() && bool::from(token.as_bytes().ct_eq(wanted.as_bytes())) {
        return Ok(());
    }
    Err(Problem::refusal(
        ErrorCode::Unauthorized,
        &"this needs the operator's token",
    ))
}

/// The page of the operator. It holds nothing; what it shows it asks for with the token.
async fn page() -> Response {
    let mut nonce = [0; 16];
    if getrandom::fill(&mut nonce).is_err() {
        return problem(&Problem::other(
            503,
            "Service Unavailable",
            "the system gives no randomness",
        ));
    }
    let nonce = Hex(nonce.to_vec()).to_string();
    let page = include_str!("admin.html").replace("NONCE", &nonce);
    let mut response = text("text/html; charset=utf-8", page);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy);
    let headers = response.headers_mut();
    headers.extend(policy.map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What the operator's page shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    now: Timestamp,
    devices: Vec<Overview>,
    /// Whether there are more devices.
    is_cut: bool,
    learned: Vec<Row>,
    waiting: i64,
    connections: i64,
}

/// The page shows so many devices at most.
const SHOWN: usize = 500;

async fn state(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    if let Err(refused) = admit(&service, &headers) {
        return problem(&refused);
    }
    let devices = service.worker.look(SHOWN + 1).await;
    let mut devices = match devices {
        Ok(devices) => devices,
        Err(error) => return problem(&Problem::from(&IntermediaryError::Store(error))),
    };
    let is_cut = devices.len() > SHOWN;
    devices.truncate(SHOWN);
    let seen = Seen {
        now: service.clock.now(),
        devices,
        is_cut,
        learned: service.worker.learned(),
        waiting: service.metrics.waiting.get(),
        connections: service.metrics.connections.get(),
    };
    text(JSON, json(&seen))
}

async fn clock(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    match admit(&service, &headers) {
        Ok(()) => {
            let now = service.clock.now();
            text(JSON, json(&Time { now }))
        }
        Err(refused) => problem(&refused),
    }
}

async fn advance(State(service): State<Arc<Service>>, http: HttpRequest) -> Response {
    let (head, body) = http.into_parts();
    let moved = async {
        admit(&service, &head.headers)?;
        let body = bytes(&head.headers, body, service.patience).await?;
        let Time { now } = serde_json::from_slice(&body).map_err(|error| malformed(&error))?;
        if service.clock.advance(now) {
            Ok(text(JSON, json(&Time { now })))
        } else {
            let what = if service.clock.is_standing() {
                "the clock goes forward alone"
            } else {
                "the system's clock is not moved; start the server with --test-clock"
            };
            Err(Problem::other(409, "Conflict", what))
        }
    };
    moved.await.unwrap_or_else(|refused| problem(&refused))
}
