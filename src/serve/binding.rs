//! How a request of profile section 7 stands in an HTTP request.
//!
//! The request's `token` is a bearer token, its `id` stands in a header, and of its `body` some fields stand in the path; the others are
//! the body, as JSON, just as the profile names them. So whoever has read section 7 knows the whole binding from the table [`ROUTES`].
//! A server whose paths are others is described by a file: [`Binding::from_json`].

use crate::intermediary::request::Body;
use crate::intermediary::{IntermediaryError, MAX_REQUEST, Request, Token};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// The header of the request id, as in the Tigress relay draft (MBX-13).
pub const REQUEST_ID: &str = "Mailbox-Request-ID";
/// The media type of requests and answers.
pub const JSON: &str = "application/json";

/// What a path segment may hold as it is: unreserved characters (RFC 3986 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where a request of a type goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The method: `GET`, `PUT`, `POST` or `DELETE`.
    pub method: String,
    /// The path and, behind `?`, what is asked. `{userId}` and `{deviceId}` stand for the two parts of the address (of the recipient, where a
    /// message is submitted), any other name in braces for the field of that name, which then stands there alone.
    pub path: String,
}

/// A route of the reference server: the request's type, its method, its path, what is asked behind `?`, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnRoute {
    /// The `type` of the request.
    pub name: &'static str,
    /// `GET`, `PUT`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The path, with the names of parameters in braces.
    pub path: &'static str,
    /// The one field that stands behind `?`.
    pub query: Option<&'static str>,
    /// What it does, in a few words.
    pub summary: &'static str,
}

impl OwnRoute {
    /// The names of the parameters in its path, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.path.split('{').skip(1);
        parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
    }

    /// Whether anything of the request stands in the body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        matches!(self.method, "PUT" | "POST")
    }

    /// The field of the request that is its address.
    #[must_use]
    pub fn address(&self) -> &'static str {
        address_field(self.name)
    }
}

const DEVICE: &str = "/v1/devices/{userId}/{deviceId}";
const SIGNED_PRE_KEY: &str = "/v1/devices/{userId}/{deviceId}/signed-pre-key";
const ONE_TIME_PRE_KEYS: &str = "/v1/devices/{userId}/{deviceId}/one-time-pre-keys";
const ACCESS_KEY: &str = "/v1/devices/{userId}/{deviceId}/access-keys/{hash}";
const BUNDLE: &str = "/v1/devices/{userId}/{deviceId}/bundle";
const MAILBOX: &str = "/v1/devices/{userId}/{deviceId}/mailbox";
const ACKNOWLEDGEMENTS: &str = "/v1/devices/{userId}/{deviceId}/acknowledgements";

/// The routes of the reference server, in the order of the profile's table.
pub const ROUTES: &[OwnRoute] = &[
    own("register", "PUT", DEVICE, "Register a device (MBX-01)"),
    own(
        "publishSignedPreKey",
        "PUT",
        SIGNED_PRE_KEY,
        "Replace the signed prekey (KEY-08)",
    ),
    own(
        "publishOneTimePreKeys",
        "POST",
        ONE_TIME_PRE_KEYS,
        "Add one-time prekeys (MBX-02)",
    ),
    own(
        "countOneTimePreKeys",
        "GET",
        ONE_TIME_PRE_KEYS,
        "How many one-time prekeys are left (MBX-04)",
    ),
    own(
        "publishAccessKey",
        "PUT",
        ACCESS_KEY,
        "Admit whoever has an access key (MBX-20)",
    ),
    own(
        "withdrawAccessKey",
        "DELETE",
        ACCESS_KEY,
        "Admit them no longer (MBX-21)",
    ),
    own(
        "fetchBundle",
        "POST",
        BUNDLE,
        "Take a bundle, and a one-time prekey with it (MBX-03)",
    ),
    own(
        "submit",
        "POST",
        MAILBOX,
        "Put a message into a mailbox (MBX-05)",
    ),
    OwnRoute {
        query: Some("limit"),
        ..own(
            "read",
            "GET",
            MAILBOX,
            "The oldest messages of the mailbox (MBX-07)",
        )
    },
    own(
        "acknowledge",
        "POST",
        ACKNOWLEDGEMENTS,
        "Erase messages of the mailbox (MBX-09)",
    ),
    own("remove", "DELETE", DEVICE, "Erase a device (MBX-15)"),
];

const fn own(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    summary: &'static str,
) -> OwnRoute {
    OwnRoute {
        name,
        method,
        path,
        query: None,
        summary,
    }
}

/// The field that holds the device that a request of that type is about.
fn address_field(name: &str) -> &'static str {
    if name == "submit" {
        "recipient"
    } else {
        "address"
    }
}

/// How requests go to a server: the reference server's way, or another's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Binding {
    /// The header of the request id; `Mailbox-Request-ID` where it is not named.
    #[serde(default = "request_id")]
    pub request_id: String,
    /// For each type of request its method and path. Those that are not named go the reference server's way.
    #[serde(default)]
    pub routes: BTreeMap<String, Route>,
}

fn request_id() -> String {
    REQUEST_ID.to_owned()
}

impl Default for Binding {
    /// The reference server's.
    fn default() -> Self {
        let route = |own: &OwnRoute| {
            let query = own.query.map(|name| format!("?{name}={{{name}}}"));
            let route = Route {
                method: own.method.to_owned(),
                path: format!("{}{}", own.path, query.unwrap_or_default()),
            };
            (own.name.to_owned(), route)
        };
        Binding {
            request_id: request_id(),
            routes: ROUTES.iter().map(route).collect(),
        }
    }
}

/// Why a request cannot go over HTTP, or a file describes no binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// HTTP has no place for what stands in the request.
    #[error("it cannot be sent over HTTP: {0}")]
    Unsendable(String),
    /// The file.
    #[error("no description of routes: {0}")]
    File(String),
}

/// A request as it goes over HTTP.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The bearer token.
    pub token: Option<String>,
    /// The request id.
    pub id: String,
    /// JSON; empty for `GET` and `DELETE`.
    pub body: Vec<u8>,
}

impl Binding {
    /// Reads a description of another server's routes (`docs/operators.md`).
    ///
    /// # Errors
    /// For what is no JSON of it, a type of request that there is not, another method, a path that does not begin with `/`, and a header
    /// that is no name of one.
    pub fn from_json(json: &[u8]) -> Result<Self, BindingError> {
        let file = |error: String| BindingError::File(error);
        let read: Binding =
            serde_json::from_slice(json).map_err(|error| file(error.to_string()))?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if read.request_id.is_empty() || !read.request_id.bytes().all(is_name) {
            return Err(file(format!(
                "`{}` is no name of a header",
                read.request_id
            )));
        }
        for (name, route) in &read.routes {
            if !ROUTES.iter().any(|own| own.name == name) {
                let names: Vec<_> = ROUTES.iter().map(|own| own.name).collect();
                let names = names.join(", ");
                return Err(file(format!("`{name}` is no type of request: {names}")));
            }
            if !["GET", "PUT", "POST", "DELETE"].contains(&route.method.as_str()) {
                let what = "the method is GET, PUT, POST or DELETE";
                return Err(file(format!("{name}: {what}")));
            }
            if !route.path.starts_with('/') {
                return Err(file(format!("{name}: the path begins with `/`")));
            }
        }
        let Binding { mut routes, .. } = Binding::default();
        routes.extend(read.routes);
        Ok(Binding { routes, ..read })
    }

    /// A request as it goes over HTTP. It may be a wrong one: the server is asked all the same, as long as HTTP has a place for it.
    ///
    /// # Errors
    /// [`BindingError::Unsendable`] for what has none: a request without an id, an id with other characters than a header takes, fields
    /// beside `id`, `token` and `body`, a type that no route is for, an address of another form, something for the body of a `GET`.
    pub fn send(&self, request: &Value) -> Result<Sent, BindingError> {
        let unsendable = |what: &str| BindingError::Unsendable(what.to_owned());
        let all = request.as_object();
        let all = all.ok_or_else(|| unsendable("the request is no object"))?;
        if let Some(name) = all
            .keys()
            .find(|name| !["id", "token", "body"].contains(&name.as_str()))
        {
            return Err(unsendable(&format!("`{name}` has no place")));
        }
        let id = all.get("id").and_then(Value::as_str);
        let id = id.filter(|id| is_header_value(id));
        let id = id.ok_or_else(|| unsendable("a header takes no such `id`"))?;
        let token = match all.get("token") {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) if is_header_value(token) => Some(token.clone()),
            Some(_) => return Err(unsendable("a header takes no such `token`")),
        };
        let mut body = all.get("body").and_then(Value::as_object).cloned();
        let body = body
            .as_mut()
            .ok_or_else(|| unsendable("the body is no object"))?;
        let Some(Value::String(name)) = body.remove("type") else {
            return Err(unsendable("the body has no `type`"));
        };
        let route = self.routes.get(&name);
        let route = route.ok_or_else(|| unsendable(&format!("no route is for `{name}`")))?;
        let target = target(&route.path, &name, body)?;
        let has_body = matches!(route.method.as_str(), "PUT" | "POST");
        body.retain(|_, value| has_body || !value.is_null());
        if !has_body && let Some(name) = body.keys().next() {
            let what = format!(
                "a {} has no body, in which `{name}` could stand",
                route.method
            );
            return Err(unsendable(&what));
        }
        let body = if has_body {
            Value::Object(std::mem::take(body)).to_string().into_bytes()
        } else {
            Vec::new()
        };
        Ok(Sent {
            method: route.method.clone(),
            target,
            token,
            id: id.to_owned(),
            body,
        })
    }
}

/// Whether a header can carry it unchanged: visible ASCII and inner spaces.
fn is_header_value(text: &str) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    !text.is_empty() && text.trim() == text && text.bytes().all(visible)
}

/// The path with its parameters in their places; what stands there is taken out of the body.
fn target(
    template: &str,
    name: &str,
    body: &mut Map<String, Value>,
) -> Result<String, BindingError> {
    let unsendable = |what: String| BindingError::Unsendable(what);
    let mut address = None;
    let mut target = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        target.push_str(before);
        let (parameter, after) = after.split_once('}').unwrap_or((after, ""));
        rest = after;
        let value = if ["userId", "deviceId"].contains(&parameter) {
            if address.is_none() {
                let field = address_field(name);
                let whole = body.remove(field);
                let whole = match whole {
                    Some(Value::Object(whole)) if whole.len() == 2 => whole,
                    _ => return Err(unsendable(format!("`{field}` is no address"))),
                };
                address = Some(whole);
            }
            address
                .as_mut()
                .and_then(|address| address.remove(parameter))
        } else {
            body.remove(parameter)
        };
        let text = match value {
            Some(Value::String(text)) if !is_number(&text) && !text.is_empty() => text,
            Some(Value::Number(number)) if is_number(&number.to_string()) => number.to_string(),
            _ => return Err(unsendable(format!("a path takes no such `{parameter}`"))),
        };
        // Clients take these two for steps up and down the path.
        if [".", ".."].contains(&text.as_str()) {
            return Err(unsendable(format!("a path takes no such `{parameter}`")));
        }
        let _ = write!(target, "{}", utf8_percent_encode(&text, SEGMENT));
    }
    target.push_str(rest);
    Ok(target)
}

/// Whether it is what JSON and this program both write for an integer that is not negative: digits without a leading zero.
fn is_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|it| it.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// What stands in an HTTP request that came on one of [`ROUTES`].
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// The route.
    pub route: &'a OwnRoute,
    /// The parameters of the path, decoded, in the order of [`OwnRoute::parameters`].
    pub path: &'a [String],
    /// What stands behind `?` for [`OwnRoute::query`].
    pub query: Option<&'a str>,
    /// The request id; none where there is no such header.
    pub id: Option<&'a str>,
    /// The bearer token.
    pub token: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl Received<'_> {
    /// The request.
    ///
    /// # Errors
    /// `malformed` as for [`Request::from_json`]; for a body where the route has none, too, and for one that is no object. `too-large` for
    /// a body of more than [`MAX_REQUEST`] bytes.
    pub fn read(&self) -> Result<Request, IntermediaryError> {
        let malformed = |what: &dyn ToString| IntermediaryError::Malformed(what.to_string());
        let body = self.body.trim_ascii();
        if !self.route.has_body() && !body.is_empty() {
            return Err(malformed(&"this request has no body"));
        }
        if body.len() > MAX_REQUEST {
            return Err(IntermediaryError::TooLarge {
                what: "a request, in bytes",
                limit: MAX_REQUEST,
            });
        }
        let fields = self.outside();
        let body = if body.is_empty() {
            Body::deserialize(MapDeserializer::new(fields.into_iter()))
        } else {
            let mut json = serde_json::Deserializer::from_slice(body);
            let body = Outside(fields).deserialize(&mut json);
            body.and_then(|body| json.end().map(|()| body))
        };
        let body = body.map_err(|error: serde_json::Error| malformed(&error))?;
        let id = self.id.ok_or_else(|| malformed(&"missing field `id`"))?;
        let token = self.token.map(StrDeserializer::<serde_json::Error>::new);
        let token = token.map(Token::deserialize).transpose();
        Ok(Request {
            id: id.to_owned().try_into()?,
            token: token.map_err(|error| malformed(&error))?,
            body,
        })
    }

    /// The fields of the request's `body` that do not stand in the HTTP body.
    fn outside(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![("type", Value::from(self.route.name))];
        let mut address = Map::new();
        for (name, text) in self.route.parameters().zip(self.path) {
            if ["userId", "deviceId"].contains(&name) {
                address.insert(name.to_owned(), value(text));
            } else {
                fields.push((name, value(text)));
            }
        }
        fields.push((self.route.address(), Value::Object(address)));
        if let (Some(name), Some(text)) = (self.route.query, self.query) {
            fields.push((name, value(text)));
        }
        fields
    }
}

/// Reads a request's body from a JSON object and from what stands outside it, as if all were one object: what stands in both stands twice.
struct Outside(Vec<(&'static str, Value)>);

impl<'de> DeserializeSeed<'de> for Outside {
    type Value = Body;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outside {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, inside: A) -> Result<Body, A::Error> {
        Body::deserialize(MapAccessDeserializer::new(Both {
            outside: self.0.into_iter(),
            value: None,
            inside,
        }))
    }
}

/// The fields from outside, then those of the object.
struct Both<A> {
    outside: std::vec::IntoIter<(&'static str, Value)>,
    /// Of the name from outside that was given last.
    value: Option<Value>,
    inside: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Both<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((name, value)) = self.outside.next() else {
            return self.inside.next_key_seed(seed);
        };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.inside.next_value_seed(seed),
        }
    }
}

/// What stands in a path as JSON: a number where it is written as one.
fn value(text: &str) -> Value {
    match text.parse::<u64>() {
        Ok(number) if is_number(text) => Value::from(number),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn received(sent: &Sent) -> Result<Request, IntermediaryError> {
        let (path, query) = match sent.target.split_once('?') {
            Some((path, query)) => (path, query.split_once('=').map(|(_, value)| value)),
            None => (sent.target.as_str(), None),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let matches = |route: &&OwnRoute| {
            let own: Vec<&str> = route.path.split('/').collect();
            let same = |(own, part): (&&str, &&str)| own.starts_with('{') || own == part;
            route.method == sent.method
                && own.len() == parts.len()
                && own.iter().zip(&parts).all(same)
        };
        let route = ROUTES.iter().find(matches).expect("a route");
        let own = route.path.split('/');
        let path: Vec<String> = own
            .zip(&parts)
            .filter(|(own, _)| own.starts_with('{'))
            .map(|(_, part)| {
                let decoded = percent_encoding::percent_decode_str(part);
                decoded.decode_utf8().expect("UTF-8").into_owned()
            })
            .collect();
        Received {
            route,
            path: &path,
            query,
            id: Some(&sent.id),
            token: sent.token.as_deref(),
            body: &sent.body,
        }
        .read()
    }

    const ADDRESS: &str = r#"{"userId":"00000000-0000-4000-8000-000000000001","deviceId":2}"#;

    fn requests() -> Vec<Value> {
        let hash = "ab".repeat(32);
        let bodies = [
            format!(
                r#"{{"type":"register","address":{ADDRESS},"tokenHash":"{hash}","registrationId":7,"identityKey":"05","signedPreKeyId":1,"signedPreKey":"","signedPreKeySignature":"","oneTimePreKeys":[{{"id":1,"key":"05"}}]}}"#
            ),
            format!(
                r#"{{"type":"publishSignedPreKey","address":{ADDRESS},"id":3,"key":"05","signature":"00","created":17}}"#
            ),
            format!(
                r#"{{"type":"publishOneTimePreKeys","address":{ADDRESS},"oneTimePreKeys":[]}}"#
            ),
            format!(r#"{{"type":"countOneTimePreKeys","address":{ADDRESS}}}"#),
            format!(
                r#"{{"type":"publishAccessKey","address":{ADDRESS},"hash":"{hash}","expires":5}}"#
            ),
            format!(r#"{{"type":"withdrawAccessKey","address":{ADDRESS},"hash":"{hash}"}}"#),
            format!(r#"{{"type":"fetchBundle","address":{ADDRESS}}}"#),
            format!(r#"{{"type":"fetchBundle","address":{ADDRESS},"accessKey":"{hash}"}}"#),
            format!(
                r#"{{"type":"submit","recipient":{ADDRESS},"accessKey":"{hash}","registrationId":1,"kind":"ratchet","message":"ff","lifetime":9}}"#
            ),
            format!(r#"{{"type":"read","address":{ADDRESS},"limit":100}}"#),
            format!(r#"{{"type":"acknowledge","address":{ADDRESS},"ids":[1,2]}}"#),
            format!(r#"{{"type":"remove","address":{ADDRESS}}}"#),
        ];
        let request = |body: &String| json!({"id": "a b!".replace(' ', "-"), "token": hash, "body": serde_json::from_str::<Value>(body).expect("JSON")});
        bodies.iter().map(request).collect()
    }

    #[test]
    fn a_request_of_each_type_comes_out_of_http_as_it_went_in() {
        let requests = requests();
        for route in ROUTES {
            assert!(
                requests.iter().any(|it| it["body"]["type"] == route.name),
                "{}",
                route.name
            );
        }
        for request in requests {
            let sent = Binding::default().send(&request).expect("it has its place");
            let there = received(&sent).expect("a request");
            let before = Request::from_json(request.to_string().as_bytes()).expect("a request");
            assert_eq!(there, before);
        }
    }

    #[test]
    fn nothing_in_a_body_changes_what_stands_outside_it() {
        let route = ROUTES
            .iter()
            .find(|it| it.name == "acknowledge")
            .expect("it is there");
        let path = [
            "00000000-0000-4000-8000-000000000001".to_owned(),
            "2".to_owned(),
        ];
        let read = |body: &str| {
            let body = body.as_bytes();
            Received {
                route,
                path: &path,
                query: None,
                id: Some("1"),
                token: None,
                body,
            }
            .read()
        };
        assert!(read(r#" { "ids" : [1] } "#).is_ok());
        for body in [
            r#"{"ids":[1]},"token":"00""#,
            r#"{"ids":[1]}}"#,
            r#""ids":[1]"#,
            r#"{"ids":[1],"type":"read"}"#,
            r#"{"ids":[1],"address":{"userId":"00000000-0000-4000-8000-000000000001","deviceId":3}}"#,
            r#"{"ids":[1],"ids":[2]}"#,
            r#"{"ids":[1]"#,
            "[1]",
            "{}",
            "",
        ] {
            let refused = matches!(read(body), Err(IntermediaryError::Malformed(_)));
            assert!(refused, "{body}");
        }
    }

    #[test]
    fn what_http_has_no_place_for_is_not_sent() {
        let ok = requests().pop().expect("one");
        let without = |change: &dyn Fn(&mut Value)| {
            let mut request = ok.clone();
            change(&mut request);
            Binding::default().send(&request)
        };
        assert!(without(&|_| ()).is_ok());
        let changes: [&dyn Fn(&mut Value); 8] = [
            &|it| it["id"] = json!("ü"),
            &|it| it["id"] = json!(""),
            &|it| it["token"] = json!(7),
            &|it| it["more"] = json!(1),
            &|it| it["body"]["type"] = json!("other"),
            &|it| it["body"]["more"] = json!(1),
            &|it| it["body"]["address"]["deviceId"] = json!("1"),
            &|it| it["body"]["address"]["userId"] = json!(".."),
        ];
        for change in changes {
            assert!(matches!(without(change), Err(BindingError::Unsendable(_))));
        }
    }

    #[test]
    fn a_file_says_which_paths_are_others() {
        let read = |json: &str| Binding::from_json(json.as_bytes());
        let binding =
            read(r#"{"routes":{"read":{"method":"POST","path":"/box/{deviceId}@{userId}"}}}"#);
        let binding = binding.expect("a description");
        let request = requests()
            .into_iter()
            .find(|it| it["body"]["type"] == "read");
        let sent = binding
            .send(&request.expect("it is there"))
            .expect("it has its place");
        assert_eq!(sent.target, "/box/2@00000000-0000-4000-8000-000000000001");
        assert_eq!(sent.body, br#"{"limit":100}"#);
        assert_eq!(read("{}"), Ok(Binding::default()));
        for wrong in [
            r#"{"routes":{"other":{"method":"GET","path":"/"}}}"#,
            r#"{"routes":{"read":{"method":"PATCH","path":"/"}}}"#,
            r#"{"routes":{"read":{"method":"GET","path":"x"}}}"#,
            r#"{"requestId":"a b"}"#,
            r#"{"more":1}"#,
            "",
        ] {
            assert!(matches!(read(wrong), Err(BindingError::File(_))), "{wrong}");
        }
    }
}
