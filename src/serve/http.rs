//! Parts of a request, and whole answers: what HTTP asks of each handler.

use super::binding::JSON;
use super::problem::{PROBLEM, Problem};
use crate::error_code::ErrorCode;
use crate::intermediary::{IntermediaryError, MAX_REQUEST};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// The whole body.
pub(super) async fn bytes(
    headers: &HeaderMap,
    body: Body,
    patience: Duration,
) -> Result<Bytes, Problem> {
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

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.and_then(|it| it.split(';').next());
    kind.is_some_and(|it| it.trim().eq_ignore_ascii_case(JSON))
}

/// The one header of that name, where there is one.
pub(super) fn header<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, Problem> {
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

pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = header(headers, AUTHORIZATION.as_str())? else {
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

pub(super) fn malformed(what: &impl ToString) -> Problem {
    Problem::refusal(
        ErrorCode::Malformed,
        &format!("malformed request: {}", what.to_string()),
    )
}

pub(super) fn json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(_) => unreachable!("every answer is JSON"),
    }
}

pub(super) fn text(kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub(super) fn problem(problem: &Problem) -> Response {
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
