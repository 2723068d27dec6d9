//! The server for programs: an OpenAPI 3.1 document, made from the table of routes and the types.

use super::binding::{JSON, OwnRoute, REQUEST_ID, ROUTES};
use super::problem::{PROBLEM, Problem};
use super::router::{LONGEST_WAIT, REGISTRATION_SECRET};
use crate::agreement::SuiteNames;
use crate::identifier::{DeviceId, UserId};
use crate::intermediary::request::Body;
use crate::intermediary::{Answer, Limits, RequestId};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut types = settings.into_generator();
    let id = types.subschema_for::<RequestId>();
    let problem = types.subschema_for::<Problem>();
    let bodies = types.root_schema_for::<Body>().to_value();
    let answers = types.root_schema_for::<Answer>().to_value();
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation(route, &bodies, &answers, &mut types);
    }
    let schemas = types.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tigress over Signal: an intermediary",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Section 7 of the profile over HTTP. Bytes are lower-case hex; whatever is refused changes nothing.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {
                "requestId": {
                    "name": REQUEST_ID, "in": "header", "required": true, "schema": id,
                    "description": "What the client calls the request: repeated, it gets the first answer again (MBX-13).",
                },
            },
            "responses": {
                "refused": {
                    "description": "Refused, and nothing has changed. The last part of `type` is the profile's code.",
                    "content": { PROBLEM: { "schema": problem } },
                },
            },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The device's token: 64 digits of lower-case hex (MBX-01)." },
            },
        },
    })
}

/// The operation of a route: what of the request's type does not stand in the path is the body.
fn operation(
    route: &OwnRoute,
    bodies: &Value,
    answers: &Value,
    types: &mut SchemaGenerator,
) -> Value {
    let mut body = variant(bodies, route.name);
    remove(&mut body, "type");
    remove(&mut body, route.address());
    let mut parameters = vec![json!({ "$ref": "#/components/parameters/requestId" })];
    for name in route.parameters() {
        let schema = match name {
            "userId" => types.subschema_for::<UserId>().to_value(),
            "deviceId" => types.subschema_for::<DeviceId>().to_value(),
            _ => remove(&mut body, name),
        };
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    if let Some(name) = route.query {
        let mut schema = remove(&mut body, name);
        schema["minimum"] = json!(1);
        schema["maximum"] = json!(Limits::PROFILE.read);
        parameters.push(json!({ "name": name, "in": "query", "required": true, "schema": schema }));
        parameters.push(json!({
            "name": "wait", "in": "query", "required": false,
            "description": "How many seconds the answer waits for a message where there is none.",
            "schema": { "type": "integer", "minimum": 1, "maximum": LONGEST_WAIT },
        }));
    }
    narrow(&mut body);
    let is_register = route.name == "register";
    if is_register {
        parameters.push(json!({
            "name": REGISTRATION_SECRET, "in": "header", "required": false, "schema": { "type": "string" },
            "description": "What the operator asks of strangers, where it asks for something.",
        }));
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "security": if is_register { json!([{}, { "token": [] }]) } else { json!([{ "token": [] }]) },
        "responses": {
            "200": {
                "description": "It was carried out, now or before.",
                "content": { JSON: { "schema": variant(answers, answer(route.name)) } },
            },
            "4XX": { "$ref": "#/components/responses/refused" },
            "503": { "$ref": "#/components/responses/refused" },
        },
    });
    if route.has_body() {
        let is_needed = body["required"].as_array().is_some_and(|it| !it.is_empty());
        operation["requestBody"] =
            json!({ "required": is_needed, "content": { JSON: { "schema": body } } });
    }
    operation
}

/// What the types leave open and section 7 does not: whatever a client can see from its own request alone stands in the schema.
fn narrow(body: &mut Value) {
    let limits = Limits::PROFILE;
    let name = format!("^[!-~]{{1,{}}}$", SuiteNames::MAX_NAME);
    let suites = json!({
        "type": "array", "minItems": 1, "maxItems": SuiteNames::MAX, "uniqueItems": true,
        "items": { "type": "string", "pattern": name },
    });
    for (name, schema) in [
        (
            "created",
            json!({ "$ref": "#/components/schemas/Timestamp" }),
        ),
        ("suites", suites),
        (
            "statementSignature",
            json!({ "$ref": "#/components/schemas/Hex" }),
        ),
        (
            "lifetime",
            json!({ "type": "integer", "minimum": 1, "maximum": limits.lifetime }),
        ),
        ("ids", json!({ "maxItems": limits.acknowledged })),
        ("message", json!({ "maxLength": 2 * limits.message_length })),
    ] {
        let field = body["properties"].get_mut(name);
        let Some(field) = field.and_then(Value::as_object_mut) else {
            continue;
        };
        // It need not be there, but is never null.
        if field.contains_key("anyOf") || field.get("type").is_some_and(Value::is_array) {
            field.retain(|key, _| key == "description");
        }
        field.extend(schema.as_object().cloned().into_iter().flatten());
    }
    // A server speaks a suite with statements.
    if body["properties"].get("created").is_some()
        && let Some(required) = body["required"].as_array_mut()
    {
        required.extend(["created", "suites", "statementSignature"].map(Value::from));
    }
}

/// Which answer a request gets.
fn answer(request: &str) -> &'static str {
    match request {
        "countOneTimePreKeys" => "oneTimePreKeys",
        "fetchBundle" => "bundle",
        "read" => "envelopes",
        _ => "done",
    }
}

/// The variant of a tagged type.
fn variant(of: &Value, name: &str) -> Value {
    let variants = of["oneOf"].as_array().into_iter().flatten();
    let mut named = variants.filter(|it| it["properties"]["type"]["const"] == name);
    named.next().cloned().unwrap_or_default()
}

/// Takes a field out of an object's schema.
fn remove(schema: &mut Value, name: &str) -> Value {
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|field| field != name);
    }
    let properties = schema["properties"].as_object_mut();
    properties
        .and_then(|it| it.shift_remove(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_described_whole_and_every_reference_leads_somewhere() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.name);
            let answer = &operation["responses"]["200"]["content"][JSON]["schema"];
            assert!(
                answer["properties"]["type"]["const"].is_string(),
                "{}",
                route.name
            );
            let body = &operation["requestBody"]["content"][JSON]["schema"];
            let fields = body["properties"].as_object().into_iter().flatten();
            assert!(
                fields.into_iter().all(|(_, field)| field.is_object()),
                "{body}"
            );
            assert_eq!(
                body["properties"].is_object(),
                route.has_body(),
                "{}",
                route.name
            );
            assert!(
                body["properties"]["type"].is_null()
                    && body["properties"][route.address()].is_null()
            );
        }
        let text = document.to_string();
        let references: Vec<&str> = text.split("\"$ref\":\"#").skip(1).collect();
        assert!(references.len() > 20);
        for reference in references {
            let (pointer, _) = reference.split_once('"').expect("a string");
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
