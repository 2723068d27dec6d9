//! HTTP in, HTTP out: what the machine decides is not decided here.

use super::admin;
use super::admission::{Admission, TurnedAway};
use super::arrivals::Arrivals;
use super::binding::{JSON, OwnRoute, REQUEST_ID, ROUTES, Received};
use super::clock::Clock;
use super::faults::{Faults, Struck, truth};
use super::http::{bearer, bytes, header, is_json, json, malformed, problem, text};
use super::journal::Journal;
use super::metrics::{Metrics, OPEN_METRICS};
use super::openapi;
use super::problem::Problem;
use super::worker::Worker;
use crate::error_code::ErrorCode;
use crate::intermediary::request::Body as Asked;
use crate::intermediary::{Answer, IntermediaryError, Request};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, Path, RawPathParams, RawQuery, Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The longest that a reading waits for a message, in seconds.
pub const LONGEST_WAIT: u64 = 30;
/// How often a waiting reading looks by itself, where other servers share the store.
const LOOKS: Duration = Duration::from_millis(500);
/// What a stranger brings along where the operator asks for it.
pub const REGISTRATION_SECRET: &str = "Registration-Secret";

/// What every request is handled with.
#[derive(Debug)]
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

impl Service {
    /// Whether something stands before the machine: a request goes by it once.
    fn is_watched(&self) -> bool {
        self.faults.is_some() || self.journal.is_some()
    }
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
                move |State(service): State<Arc<Service>>, info, params, query, request| async move {
                    ask(&service, route, info, params, query, request).await
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
            get(async |State(service): State<Arc<Service>>| {
                text(OPEN_METRICS, service.metrics.text())
            }),
        )
        .route("/errors/{code}", get(error));
    if service.admin_token.is_some() {
        router = router.merge(admin::routes());
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
        .with_state(Arc::new(service))
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "GET" => MethodFilter::GET,
        "PUT" => MethodFilter::PUT,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::POST,
    }
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
    service: &Service,
    route: &'static OwnRoute,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    http: HttpRequest,
) -> Response {
    let began = Instant::now();
    let mut waited = Duration::ZERO;
    let outcome = answer(
        service,
        route,
        from.ip(),
        params,
        query.as_deref(),
        http,
        &mut waited,
    );
    let response = match outcome.await {
        Ok(Struck::Answer(answer)) => text(JSON, answer),
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
        id: header(&head.headers, REQUEST_ID)?,
        token: bearer(&head.headers)?,
        body: &body,
    };
    let request = request.read().map_err(|error| Problem::from(&error))?;
    if request.token.is_none()
        && let Asked::Register(_) = &request.body
    {
        let secret = header(&head.headers, REGISTRATION_SECRET)?;
        let admitted = service.admission.admit(secret, from, service.clock.now());
        admitted.map_err(|error| {
            let code = match error {
                TurnedAway::Secret => ErrorCode::Forbidden,
                TurnedAway::TooMany => ErrorCode::RateLimited,
            };
            Problem::refusal(code, &error)
        })?;
    }
    if let Some(wait) = wait {
        let answer = wait_for(service, &request, wait, waited).await;
        if !service.is_watched() {
            return Ok(truth(answer));
        }
    }
    Ok(ask_machine(service, request).await)
}

/// Asks the machine, or whoever stands before it.
async fn ask_machine(service: &Service, request: Request) -> Struck {
    if !service.is_watched() {
        return truth(service.worker.ask(request).await);
    }
    let journal = service.journal.as_deref();
    let none = Faults::default();
    let faults = service.faults.as_deref().unwrap_or(&none);
    let struck = faults.ask(&service.worker, request.clone(), journal).await;
    if let Some(journal) = journal {
        journal.answer(&request, &struck, None);
    }
    struck
}

/// What a reading is answered once the mailbox has a message, or after so long.
async fn wait_for(
    service: &Service,
    request: &Request,
    wait: Duration,
    waited: &mut Duration,
) -> Result<Answer, IntermediaryError> {
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
            return answer;
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

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// Whether the machine and its store answer.
async fn health(State(service): State<Arc<Service>>) -> Response {
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
async fn error(Path(code): Path<String>) -> Response {
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
