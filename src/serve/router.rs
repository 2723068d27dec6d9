//! HTTP in, HTTP out: what the machine decides is not decided here.

use super::admission::Admission;
use super::arrivals::Arrivals;
use super::binding::{JSON, OwnRoute, ROUTES, Received};
use super::clock::Clock;
use super::faults::{Faults, Struck, truth};
use super::journal::Journal;
use super::metrics::{Metrics, OPEN_METRICS};
use super::openapi;
use super::problem::{PROBLEM, Problem};
use super::store::Overview;
use super::worker::Worker;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::intermediary::request::Body as Asked;
use crate::intermediary::{Answer, IntermediaryError, MAX_REQUEST, Request, Row};
use crate::timestamp::Timestamp;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, RawPathParams, RawQuery, Request as HttpRequest, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Router, middleware};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use tokio::time::timeout;

/// The longest that a reading waits for a message, in seconds.
pub const LONGEST_WAIT: u64 = 30;
/// How often a waiting reading looks by itself, where other servers share the store.
const LOOKS: Duration = Duration::from_millis(500);
/// What a stranger brings along where the operator asks for it.
pub const REGISTRATION_SECRET: &str = "Registration-Secret";

/// What every request is handled with.
#[derive(Clone, Debug)]
pub struct Service {
    /// The machine.
    pub worker: Worker,
    /// The time.
    pub clock: Clock,
    /// Who waits.
    pub arrivals: Arrivals,
    /// Whether other servers share the store, which ring no bell here.
    pub is_shared: bool,
    /// Who may register.
    pub admission: Arc<Admission>,
    /// The counts.
    pub metrics: Metrics,
    /// With which token `/admin` is asked; without one there is no `/admin`.
    pub admin_token: Option<Arc<str>>,
    /// What is done to requests, where a wallet is tested.
    pub faults: Option<Arc<Faults>>,
    /// Where it is written what was asked and answered.
    pub journal: Option<Arc<Journal>>,
    /// How long a request's body may take.
    pub patience: Duration,
    /// Whether the server is stopping: nobody waits any more.
    pub stopping: watch::Receiver<bool>,
}

/// All routes.
pub fn router(service: Service) -> Router {
    let mut router = Router::new();
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let here = ROUTES.iter().filter(|route| route.path == path);
        let methods = here.fold(MethodRouter::new(), |methods, route| {
            methods.merge(on(
                filter(route.method),
                move |State(service), info, params, query, request| {
                    ask(service, route, info, params, query, request)
                },
            ))
        });
        router = router.route(path, methods);
    }
    router = router
        .route(
            "/openapi.json",
            get(async || text(JSON, openapi::document().to_string())),
        )
        .route("/health", get(health))
        .route(
            "/metrics",
            get(async |State(service): State<Service>| text(OPEN_METRICS, service.metrics.text())),
        )
        .route("/errors/{code}", get(error));
    if service.admin_token.is_some() {
        router = router
            .route("/admin", get(admin))
            .route("/admin/state", get(state))
            .route("/admin/clock", get(clock).post(advance));
    }
    router
        .fallback(async || {
            problem(&Problem::other(
                404,
                "Not Found",
                "there is nothing here; see /openapi.json",
            ))
        })
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::map_response(finished))
        .with_state(service)
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "GET" => MethodFilter::GET,
        "PUT" => MethodFilter::PUT,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::POST,
    }
}

/// What every answer says to caches and browsers: it is nobody else's, and it is what it says that it is.
async fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn not_allowed() -> Response {
    problem(&Problem::other(
        405,
        "Method Not Allowed",
        "this path has other methods; see /openapi.json",
    ))
}

/// A request of the profile.
async fn ask(
    service: Service,
    route: &'static OwnRoute,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    http: HttpRequest,
) -> Response {
    let began = Instant::now();
    let mut waited = Duration::ZERO;
    let outcome = answer(
        &service,
        route,
        from.ip(),
        params,
        query.as_deref(),
        http,
        &mut waited,
    );
    let response = match outcome.await {
        Ok(Struck::Answer(answer)) => text(JSON, answer.to_string()),
        Ok(Struck::Refused(refused)) | Err(refused) => problem(&refused),
        Ok(Struck::Silence) => silence(),
    };
    let status = response.status().as_u16();
    let took = began.elapsed().saturating_sub(waited);
    service.metrics.answered(route.name, status, took);
    // The route's name, and not its path: that names devices.
    tracing::info!(
        request = route.name,
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
    );
    response
}

async fn answer(
    service: &Service,
    route: &OwnRoute,
    from: IpAddr,
    params: Result<RawPathParams, RawPathParamsRejection>,
    query: Option<&str>,
    http: HttpRequest,
    waited: &mut Duration,
) -> Result<Struck, Problem> {
    let (head, body) = http.into_parts();
    let body = bytes(&head.headers, body, service.patience).await?;
    if !body.trim_ascii().is_empty() && !is_json(&head.headers) {
        let what = "the body is application/json";
        return Err(Problem {
            status: 415,
            title: "Unsupported Media Type".to_owned(),
            ..malformed(&what)
        });
    }
    let params = params.map_err(|_| malformed(&"the path is UTF-8"))?;
    let path: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
    let Query { field, wait } = Query::read(route, query.unwrap_or_default())?;
    let request = Received {
        route,
        path: &path,
        query: field.as_deref(),
        id: header(
            &head.headers,
            &HeaderName::from_static("mailbox-request-id"),
        )?,
        token: bearer(&head.headers)?,
        body: &body,
    };
    let request = request.read().map_err(|error| Problem::from(&error))?;
    if request.token.is_none()
        && let Asked::Register(_) = &request.body
    {
        let secret = header(
            &head.headers,
            &HeaderName::from_static("registration-secret"),
        )?;
        let admitted = service.admission.admit(secret, from, service.clock.now());
        admitted.map_err(|error| {
            let code = match error {
                super::admission::TurnedAway::Secret => ErrorCode::Forbidden,
                super::admission::TurnedAway::TooMany => ErrorCode::RateLimited,
            };
            Problem::refusal(code, &error)
        })?;
    }
    if let Some(wait) = wait {
        wait_for(service, &request, wait, waited).await;
    }
    Ok(ask_machine(service, request).await)
}

/// Asks the machine, or whoever stands before it.
async fn ask_machine(service: &Service, request: Request) -> Struck {
    let journal = service.journal.as_deref();
    if service.faults.is_none() && journal.is_none() {
        return truth(service.worker.ask(request).await);
    }
    let none = Faults::default();
    let faults = service.faults.as_deref().unwrap_or(&none);
    let struck = faults.ask(&service.worker, request.clone(), journal).await;
    if let Some(journal) = journal {
        journal.answer(&request, &struck, None);
    }
    struck
}

/// Waits until the mailbox has a message, and for so long at most.
async fn wait_for(service: &Service, request: &Request, wait: Duration, waited: &mut Duration) {
    let began = Instant::now();
    let bell = service.arrivals.bell(*request.body.target());
    let mut stopping = service.stopping.clone();
    loop {
        let rings = bell.rings();
        let answer = service.worker.ask(request.clone()).await;
        let is_empty =
            matches!(&answer, Ok(Answer::Envelopes { envelopes }) if envelopes.is_empty());
        let left = wait.saturating_sub(began.elapsed());
        if !is_empty || left.is_zero() || *stopping.borrow() {
            return;
        }
        let looks = if service.is_shared {
            left.min(LOOKS)
        } else {
            left
        };
        let pause = Instant::now();
        service.metrics.waiting.inc();
        tokio::select! {
            () = rings => {}
            () = tokio::time::sleep(looks) => {}
            _ = stopping.changed() => {}
        }
        service.metrics.waiting.dec();
        *waited += pause.elapsed();
    }
}

/// No answer at all: the connection closes.
#[derive(Clone, Copy, Debug)]
pub struct Silence;

fn silence() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.extensions_mut().insert(Silence);
    response
}

/// What stands behind `?`.
struct Query {
    /// The value of [`OwnRoute::query`].
    field: Option<String>,
    /// How long a reading waits for a message.
    wait: Option<Duration>,
}

impl Query {
    fn read(route: &OwnRoute, query: &str) -> Result<Self, Problem> {
        let mut read = Query {
            field: None,
            wait: None,
        };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = percent_encoding::percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| malformed(&"what stands behind `?` is UTF-8"))?;
            if Some(name) == route.query && read.field.is_none() {
                read.field = Some(value.into_owned());
            } else if name == "wait" && route.name == "read" && read.wait.is_none() {
                let seconds = value.parse().ok();
                let seconds =
                    seconds.filter(|it| (1..=LONGEST_WAIT).contains(it) && it.to_string() == value);
                let seconds = seconds
                    .ok_or_else(|| malformed(&format!("`wait` is 1 to {LONGEST_WAIT} seconds")))?;
                read.wait = Some(Duration::from_secs(seconds));
            } else {
                return Err(malformed(
                    &"something stands behind `?` that does not belong there, or twice",
                ));
            }
        }
        Ok(read)
    }
}

/// The whole body.
async fn bytes(headers: &HeaderMap, body: Body, patience: Duration) -> Result<Bytes, Problem> {
    let too_large = || {
        let error = IntermediaryError::TooLarge {
            what: "a request, in bytes",
            limit: MAX_REQUEST,
        };
        Problem::from(&error)
    };
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|it| it.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_REQUEST) {
        return Err(too_large());
    }
    let whole = timeout(patience, to_bytes(body, MAX_REQUEST)).await;
    let whole =
        whole.map_err(|_| Problem::other(408, "Request Timeout", "the request took too long"))?;
    whole.map_err(|error| {
        let is_length = std::error::Error::source(&error)
            .is_some_and(|it| it.to_string().contains("length limit"));
        if is_length {
            too_large()
        } else {
            malformed(&"the body broke off")
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.and_then(|it| it.split(';').next());
    kind.is_some_and(|it| it.trim().eq_ignore_ascii_case(JSON))
}

/// The one header of that name, where there is one.
fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut all = headers.get_all(name).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(malformed(&format!("`{name}` stands twice")));
    }
    let text = |value: &'a HeaderValue| {
        let text = value.to_str();
        text.map_err(|_| malformed(&format!("`{name}` is visible ASCII")))
    };
    first.map(text).transpose()
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = header(headers, &AUTHORIZATION)? else {
        return Ok(None);
    };
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    let token = token.map(|(_, token)| token.trim());
    token
        .map(Some)
        .ok_or_else(|| malformed(&"`Authorization` is `Bearer TOKEN`"))
}

fn malformed(what: &impl ToString) -> Problem {
    Problem::refusal(
        ErrorCode::Malformed,
        &format!("malformed request: {}", what.to_string()),
    )
}

fn json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(_) => unreachable!("every answer is JSON"),
    }
}

fn text(kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn problem(problem: &Problem) -> Response {
    let mut response = text(PROBLEM, json(problem));
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    match problem.status {
        401 => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        429 | 503 => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
        }
        _ => {}
    }
    response
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// Whether the machine and its store answer.
async fn health(State(service): State<Service>) -> Response {
    let probe = br#"{"id":"health","body":{"type":"countOneTimePreKeys","address":{"userId":"00000000-0000-4000-8000-000000000000","deviceId":1}}}"#;
    let Ok(probe) = Request::from_json(probe) else {
        unreachable!("it is a request");
    };
    match service.worker.ask(probe).await {
        Err(error @ IntermediaryError::Store(_)) => problem(&Problem::from(&error)),
        // Nobody's token: what is refused was looked up.
        _ => text(
            JSON,
            json(&Health {
                status: "ok",
                version: env!("CARGO_PKG_VERSION"),
            }),
        ),
    }
}

/// What a refusal means, for whoever follows its `type`.
async fn error(axum::extract::Path(code): axum::extract::Path<String>) -> Response {
    let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code);
    match known {
        Some(code) => text(
            "text/plain; charset=utf-8",
            format!("{code}: see section 11 of the profile.\n"),
        ),
        None => problem(&Problem::other(
            404,
            "Not Found",
            "the profile has no such code",
        )),
    }
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
async fn admin() -> Response {
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

async fn state(State(service): State<Service>, headers: HeaderMap) -> Response {
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

async fn clock(State(service): State<Service>, headers: HeaderMap) -> Response {
    match admit(&service, &headers) {
        Ok(()) => {
            let now = service.clock.now();
            text(JSON, json(&Time { now }))
        }
        Err(refused) => problem(&refused),
    }
}

async fn advance(State(service): State<Service>, http: HttpRequest) -> Response {
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
