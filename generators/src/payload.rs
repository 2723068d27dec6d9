//! Family `payload`.
//!
//! The JSON is put together as text, so that it can be put together wrongly.

use super::seed::{self, Recorder};
use super::xeddsa::plus_order;
use super::{Builder, OldAbout as About};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::car_key::{
    CheckCreationRequest, CheckImportRequest, CheckImportRequestInput, CheckSigningRequest,
    CheckSigningRequestInput, CreationRequest, CreationRequestInput, ImportRequest,
    ImportRequestInput, Key, Request, SigningRequest, SigningRequestInput,
};
use tigress_signal::conformance::operation::payload::{Decode, Encode, Fields, Plaintext};
use tigress_signal::error_code::ErrorCode::{AttestationInvalid, InvalidKey, InvalidPayload};
use tigress_signal::hex::Hex;
use tigress_signal::identifier::TransferId;
use tigress_signal::primitives::ed25519::SigningKey;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::MessageType;
use tigress_signal::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY};

/// 2026-11-25T12:00:00Z.
const EXPIRES: Timestamp = Timestamp(1_795_608_000);

/// A format that no wallet supports.
const OTHER_FORMAT: &str = "org.example.bicycle";

fn transfer_id() -> TransferId {
    TransferId::random(&mut Recorder::new("payload/transfer")).expect("a recorder never ends")
}

/// `text` with 0x80 and zeros behind it.
fn padded(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = text.as_ref().to_vec();
    bytes.push(0x80);
    bytes.resize(bytes.len().div_ceil(256) * 256, 0);
    bytes
}

fn plaintext(bytes: impl AsRef<[u8]>) -> Plaintext {
    Plaintext {
        plaintext: bytes.into(),
    }
}

/// A payload's parts as JSON text.
#[derive(Clone)]
struct Text {
    format: String,
    content: String,
    tigress: String,
}

impl Text {
    fn new(message_type: &str, format: &str, content: &str) -> Self {
        let transfer = transfer_id();
        let expires = match message_type {
            "provisioningInformation" => r#","expires":"2026-11-25T12:00:00Z""#,
            _ => "",
        };
        Text {
            format: format!("{format:?}"),
            content: content.to_owned(),
            tigress: format!(
                r#"{{"version":1,"transfer":"{transfer}","type":"{message_type}"{expires}}}"#
            ),
        }
    }

    /// With other text in `content`.
    fn content(&self, content: &str) -> Self {
        Text {
            content: content.to_owned(),
            ..self.clone()
        }
    }

    /// With part of the text of `tigress` replaced.
    fn tigress(&self, from: &str, to: &str) -> Self {
        assert!(self.tigress.contains(from), "{from}");
        Text {
            tigress: self.tigress.replacen(from, to, 1),
            ..self.clone()
        }
    }

    fn json(&self) -> String {
        self.with("")
    }

    /// With further text before the last brace.
    fn with(&self, more: &str) -> String {
        format!(
            r#"{{"format":{},"content":{},"tigress":{}{more}}}"#,
            self.format, self.content, self.tigress
        )
    }
}

fn said(message_type: MessageType, format: &str) -> Fields {
    Fields {
        transfer: transfer_id().to_string(),
        r#type: message_type,
        format: format.to_owned(),
        expires: (message_type == MessageType::ProvisioningInformation).then_some(EXPIRES),
        key_creation_request: None,
        authorization_token: None,
        key_signing_request: None,
        key_import_request: None,
        reason: None,
        unknown_content: Map::new(),
        unknown_top: Map::new(),
    }
}

fn cancelled(reason: &str) -> Fields {
    Fields {
        reason: Some(reason.to_owned()),
        ..said(MessageType::Cancel, CAR_KEY)
    }
}

fn token(bytes: &[u8]) -> Fields {
    Fields {
        authorization_token: Some(bytes.into()),
        ..said(MessageType::ProvisioningInformation, AUTHORIZATION_TOKEN)
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The payloads that the cases below are made from.
struct Base {
    /// A cancellation with the reason `r`.
    cancel: Text,
    /// `provisioned`, whose content may be anything.
    provisioned: Text,
    /// An offer of a car key.
    offer: Text,
    /// An offer of a token of one byte, 00.
    token: Text,
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    let base = Base {
        cancel: Text::new("cancel", CAR_KEY, r#"{"reason":"r"}"#),
        provisioned: Text::new("provisioned", CAR_KEY, "{}"),
        offer: Text::new(
            "provisioningInformation",
            CAR_KEY,
            r#"{"keyCreationRequest":"AQID"}"#,
        ),
        token: Text::new(
            "provisioningInformation",
            AUTHORIZATION_TOKEN,
            r#"{"authorizationToken":"AA=="}"#,
        ),
    };
    types(b);
    json_forms(b, &base);
    unknown_keys(b, &base);
    depth(b, &base);
    sizes(b, &base);
    dates(b, &base);
    refuse_padding(b, &base);
    refuse_encodings(b, &base);
    refuse_json(b, &base);
    refuse_names_that_stand_twice(b, &base);
    refuse_fields(b, &base);
    refuse_content(b, &base);
    refuse_base64(b, &base);
    refuse_dates(b, &base);
    encode(b);
    creation_request(b);
    signing_request(b);
    import_request(b);
}

fn accept(b: &mut Builder, about: About<'_>, text: impl AsRef<[u8]>, fields: Fields) {
    b.old_valid::<Decode>(about, plaintext(padded(text)), fields);
}

fn refuse(b: &mut Builder, about: About<'_>, text: impl AsRef<[u8]>) {
    b.old_invalid::<Decode>(about, InvalidPayload, plaintext(padded(text)));
}

/// Each type, with the content that it requires.
fn types(b: &mut Builder) {
    let request = seed::vec("payload/request", 96);
    let base64 = BASE64.encode(&request);
    for (comment, ids, message_type, format, content, fields) in [
        (
            "an offer of a car key",
            &["PAY-01", "PAY-02", "PAY-06", "PAY-08", "PAY-10", "PAY-11"][..],
            "provisioningInformation",
            CAR_KEY,
            format!(r#"{{"keyCreationRequest":"{base64}"}}"#),
            Fields {
                key_creation_request: Some(Hex(request.clone())),
                ..said(MessageType::ProvisioningInformation, CAR_KEY)
            },
        ),
        (
            "an offer of a token",
            &["PAY-02", "PAY-06", "PAY-08", "PAY-10"],
            "provisioningInformation",
            AUTHORIZATION_TOKEN,
            format!(r#"{{"authorizationToken":"{base64}"}}"#),
            token(&request),
        ),
        (
            "a key signing request",
            &["PAY-06", "PAY-08"],
            "keySigningRequest",
            CAR_KEY,
            format!(r#"{{"keySigningRequest":"{base64}"}}"#),
            Fields {
                key_signing_request: Some(Hex(request.clone())),
                ..said(MessageType::KeySigningRequest, CAR_KEY)
            },
        ),
        (
            "a key import request",
            &["PAY-06", "PAY-08"],
            "keyImportRequest",
            CAR_KEY,
            format!(r#"{{"keyImportRequest":"{base64}"}}"#),
            Fields {
                key_import_request: Some(Hex(request.clone())),
                ..said(MessageType::KeyImportRequest, CAR_KEY)
            },
        ),
        (
            "`provisioned` of a car key: its content is empty, but there",
            &["PAY-02", "PAY-06", "PAY-08"],
            "provisioned",
            CAR_KEY,
            "{}".to_owned(),
            said(MessageType::Provisioned, CAR_KEY),
        ),
        (
            "`provisioned` of a token",
            &["PAY-06", "PAY-08"],
            "provisioned",
            AUTHORIZATION_TOKEN,
            "{}".to_owned(),
            said(MessageType::Provisioned, AUTHORIZATION_TOKEN),
        ),
        (
            "a decline of a token",
            &["PAY-06", "PAY-08"],
            "decline",
            AUTHORIZATION_TOKEN,
            r#"{"reason":"not now"}"#.to_owned(),
            Fields {
                reason: Some("not now".to_owned()),
                ..said(MessageType::Decline, AUTHORIZATION_TOKEN)
            },
        ),
        (
            "a cancellation",
            &["PAY-06", "PAY-08"],
            "cancel",
            CAR_KEY,
            r#"{"reason":"already-claimed"}"#.to_owned(),
            cancelled("already-claimed"),
        ),
        (
            "a cancellation whose reason is empty: an empty string is a string",
            &["PAY-08"],
            "cancel",
            CAR_KEY,
            r#"{"reason":""}"#.to_owned(),
            cancelled(""),
        ),
        (
            "an offer of a format that nobody supports: it is read, so that it can be declined, and its content is kept",
            &["PAY-03", "PAY-07", "PAY-08"],
            "provisioningInformation",
            OTHER_FORMAT,
            r#"{"lock":"blue","gears":[1,2]}"#.to_owned(),
            Fields {
                unknown_content: object(json!({ "gears": [1, 2], "lock": "blue" })),
                ..said(MessageType::ProvisioningInformation, OTHER_FORMAT)
            },
        ),
        (
            "an offer of a format whose name is a car key's in capitals: another format",
            &["PAY-07"],
            "provisioningInformation",
            "DIGITALWALLET.CARKEY.CCC",
            r#"{"keyCreationRequest":"not base64"}"#.to_owned(),
            Fields {
                unknown_content: object(json!({ "keyCreationRequest": "not base64" })),
                ..said(
                    MessageType::ProvisioningInformation,
                    "DIGITALWALLET.CARKEY.CCC",
                )
            },
        ),
        (
            "an offer of the empty format: a string, and no format that is supported",
            &["PAY-02", "PAY-07"],
            "provisioningInformation",
            "",
            "{}".to_owned(),
            said(MessageType::ProvisioningInformation, ""),
        ),
        (
            "a decline under the format that is declined",
            &["PAY-07", "PAY-08"],
            "decline",
            OTHER_FORMAT,
            r#"{"reason":"unsupported-format"}"#.to_owned(),
            Fields {
                reason: Some("unsupported-format".to_owned()),
                ..said(MessageType::Decline, OTHER_FORMAT)
            },
        ),
    ] {
        let text = Text::new(message_type, format, &content).json();
        accept(b, (comment, &["Normal"], ids), text, fields);
    }
    for (comment, base64, bytes) in [
        (
            "a token of no byte: base64 of nothing is the empty string",
            "",
            &[][..],
        ),
        ("a token of one byte", "AA==", &[0]),
        ("a token of two bytes", "AAA=", &[0, 0]),
        (
            "a token with the digits + and /",
            "+/+/",
            &[0xfb, 0xff, 0xbf],
        ),
        (
            "a token whose slash is written as \\/, as some writers do",
            "AA\\/\\/",
            &[0, 0x0f, 0xff],
        ),
    ] {
        let content = format!(r#"{{"authorizationToken":"{base64}"}}"#);
        let text = Text::new("provisioningInformation", AUTHORIZATION_TOKEN, &content).json();
        accept(b, (comment, &["Base64"], &["PAY-09"]), text, token(bytes));
    }
    for (comment, written, read) in [
        ("a reason of 256 bytes", "r".repeat(256), "r".repeat(256)),
        (
            "a reason of 256 bytes in 64 characters",
            "\u{1f511}".repeat(64),
            "\u{1f511}".repeat(64),
        ),
        (
            "a reason of 256 bytes, each written as an escape of six: what counts is what is read",
            "\\u0072".repeat(256),
            "r".repeat(256),
        ),
    ] {
        let text = Text::new("cancel", CAR_KEY, &format!(r#"{{"reason":"{written}"}}"#)).json();
        accept(
            b,
            (comment, &["Reason"], &["PAY-08"]),
            text,
            cancelled(&read),
        );
    }
}

/// The freedom that JSON leaves.
fn json_forms(b: &mut Builder, base: &Base) {
    let cancel = &base.cancel;
    let transfer = transfer_id();
    let tigress = &cancel.tigress;
    for (comment, text, reason) in [
        (
            "white space of every kind around everything",
            format!(
                " \t\r\n{{ \"format\" :\n\"{CAR_KEY}\" ,\r\n\t\"content\": {{ \"reason\" : \"r\" }} , \"tigress\" : {tigress} }}\n \t\r"
            ),
            "r",
        ),
        (
            "the names in another order",
            format!(
                r#"{{"tigress":{{"type":"cancel","transfer":"{transfer}","version":1}},"content":{{"reason":"r"}},"format":"{CAR_KEY}"}}"#
            ),
            "r",
        ),
        (
            "names and values written with escapes",
            format!(
                r#"{{"\u0066ormat":"{}","content":{{"r\u0065ason":"\u0072"}},"tigress":{}}}"#,
                CAR_KEY.replace('.', "\\u002e"),
                tigress
                    .replace("type", "\\u0074ype")
                    .replace("cancel", "c\\u0061ncel"),
            ),
            "r",
        ),
        (
            "every short escape, and an escaped zero byte, in a reason",
            cancel
                .content(r#"{"reason":"\"\\\/\b\f\n\r\t\u0000\u001f"}"#)
                .json(),
            "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}",
        ),
        (
            "a surrogate pair, in capitals and in small letters",
            cancel
                .content(r#"{"reason":"\uD83D\uDD11\ud83d\udd11"}"#)
                .json(),
            "\u{1f511}\u{1f511}",
        ),
        (
            "characters of two, three and four bytes, U+2028 and a noncharacter",
            cancel
                .content("{\"reason\":\"\u{e9}\u{20ac}\u{1f511}\u{2028}\u{ffff}\u{7f}\"}")
                .json(),
            "\u{e9}\u{20ac}\u{1f511}\u{2028}\u{ffff}\u{7f}",
        ),
        (
            "a combining accent: strings are not normalised",
            cancel.content("{\"reason\":\"e\u{301}\"}").json(),
            "e\u{301}",
        ),
        (
            "`reason` and `type` in two objects each: each object has its own names",
            Text {
                tigress: tigress.replace('}', r#","reason":"other"}"#),
                ..cancel.content(r#"{"reason":"r"}"#)
            }
            .json(),
            "r",
        ),
    ] {
        accept(
            b,
            (comment, &["Json"], &["PAY-01"]),
            text,
            cancelled(reason),
        );
    }
}

/// What must be kept, and what must be ignored.
fn unknown_keys(b: &mut Builder, base: &Base) {
    let values = r#"{"b":[null,true,"x",{}],"a":7}"#;
    let kept = json!({ "b": [null, true, "x", {}], "a": 7 });
    accept(
        b,
        (
            "an unknown key at the top level is kept",
            &["Unknown"],
            &["PAY-03"],
        ),
        base.cancel.with(&format!(r#","new":{values}"#)),
        Fields {
            unknown_top: object(json!({ "new": kept })),
            ..cancelled("r")
        },
    );
    accept(
        b,
        (
            "an unknown key in `content` is kept",
            &["Unknown"],
            &["PAY-03"],
        ),
        base.cancel
            .content(&format!(r#"{{"new":{values},"reason":"r"}}"#))
            .json(),
        Fields {
            unknown_content: object(json!({ "new": kept })),
            ..cancelled("r")
        },
    );
    accept(
        b,
        (
            "unknown keys in `tigress` are ignored",
            &["Unknown"],
            &["PAY-03"],
        ),
        base.cancel
            .tigress("}", &format!(r#","new":{values},"versions":[2]}}"#))
            .json(),
        cancelled("r"),
    );
    accept(
        b,
        (
            "`expires` in a type that does not have it is an unknown key, whatever it says",
            &["Unknown"],
            &["PAY-03", "PAY-10"],
        ),
        base.cancel.tigress("}", r#","expires":"tomorrow"}"#).json(),
        cancelled("r"),
    );
    accept(
        b,
        (
            "the content of another type is an unknown key in this one, whatever it says",
            &["Unknown"],
            &["PAY-03", "PAY-08"],
        ),
        base.cancel
            .content(r#"{"reason":"r","keySigningRequest":"%"}"#)
            .json(),
        Fields {
            unknown_content: object(json!({ "keySigningRequest": "%" })),
            ..cancelled("r")
        },
    );
    accept(
        b,
        (
            "keys that mean something to JavaScript objects: whoever reads into one loses or obeys them",
            &["Unknown"],
            &["PAY-03"],
        ),
        base.cancel
            .with(r#","__proto__":{"format":"x"},"constructor":1,"toString":2"#),
        Fields {
            unknown_top: object(json!({
                "__proto__": { "format": "x" }, "constructor": 1, "toString": 2,
            })),
            ..cancelled("r")
        },
    );
    accept(
        b,
        (
            "names that differ in case or in normalisation alone, and the empty one: four names",
            &["DuplicateName"],
            &["PAY-03", "PAY-04"],
        ),
        base.cancel
            .with(",\"Format\":1,\"\u{e9}\":2,\"e\u{301}\":3,\"\":4"),
        Fields {
            unknown_top: object(json!({ "Format": 1, "\u{e9}": 2, "e\u{301}": 3, "": 4 })),
            ..cancelled("r")
        },
    );
    accept(
        b,
        (
            "numbers of unknown keys are kept: negative, with a fraction, very large and very small ones",
            &["Unknown"],
            &["PAY-03"],
        ),
        base.cancel
            .with(r#","new":[-1,1.5,-0.25,1e300,-2.5e-300,4503599627370497.5]"#),
        Fields {
            unknown_top: object(
                json!({ "new": [-1, 1.5, -0.25, 1e300, -2.5e-300, 4_503_599_627_370_497.5] }),
            ),
            ..cancelled("r")
        },
    );
}

/// `inside` in so many arrays.
fn arrays(depth: usize, inside: &str) -> String {
    format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth))
}

/// `inside` in so many objects.
fn objects(depth: usize, inside: &str) -> String {
    format!("{}{inside}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

fn depth(b: &mut Builder, base: &Base) {
    let nested = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    for (comment, value) in [
        (
            "arrays down to depth 16, an empty one the innermost",
            arrays(15, ""),
        ),
        ("objects down to depth 16", objects(15, "0")),
    ] {
        accept(
            b,
            (comment, &["Depth"], &["PAY-03", "PAY-05"]),
            base.cancel.with(&format!(r#","new":{value}"#)),
            Fields {
                unknown_top: object(json!({ "new": nested(&value) })),
                ..cancelled("r")
            },
        );
    }
    accept(
        b,
        ("depth 16 below `tigress`", &["Depth"], &["PAY-05"]),
        base.cancel
            .tigress(
                "}",
                &format!(r#","new":{}}}"#, arrays(14, "{}").replacen("[{}]", "{}", 1)),
            )
            .json(),
        cancelled("r"),
    );
    for (comment, text) in [
        (
            "an empty array at depth 17",
            base.cancel.with(&format!(r#","new":{}"#, arrays(16, ""))),
        ),
        (
            "an empty object at depth 17",
            base.cancel.with(&format!(r#","new":{}"#, arrays(15, "{}"))),
        ),
        (
            "objects down to depth 17",
            base.cancel.with(&format!(r#","new":{}"#, objects(16, "0"))),
        ),
        (
            "depth 17 in `content`",
            base.provisioned
                .content(&format!(r#"{{"new":{}}}"#, arrays(15, "")))
                .json(),
        ),
        (
            "depth 17 in a key of `tigress` that is ignored",
            base.cancel
                .tigress("}", &format!(r#","new":{}}}"#, arrays(15, "")))
                .json(),
        ),
        (
            "20,000 arrays: whoever recurses without a bound overflows the stack",
            base.cancel
                .with(&format!(r#","new":{}"#, arrays(20_000, ""))),
        ),
        ("60,000 brackets that are never closed", "[".repeat(60_000)),
    ] {
        refuse(b, (comment, &["Depth"], &["PAY-05"]), text);
    }
}

/// `text` with spaces behind it up to `length` bytes.
fn stretched(mut text: String, length: usize) -> String {
    assert!(text.len() <= length);
    text.extend(std::iter::repeat_n(' ', length - text.len()));
    text
}

fn sizes(b: &mut Builder, base: &Base) {
    for (comment, length) in [
        ("JSON of 511 bytes: the padding is 0x80 alone", 511),
        (
            "JSON of 512 bytes: the padding is a whole block of 256",
            512,
        ),
        ("JSON of 510 bytes: the padding is 0x80 and one zero", 510),
    ] {
        accept(
            b,
            (comment, &["Padding"], &["PAY-11"]),
            stretched(base.cancel.json(), length),
            cancelled("r"),
        );
    }
    accept(
        b,
        (
            "JSON of 65,279 bytes, the most there may be",
            &["Size"],
            &["PAY-01", "PAY-11"],
        ),
        stretched(base.cancel.json(), 65_279),
        cancelled("r"),
    );
    refuse(
        b,
        ("JSON of 65,280 bytes: one too many", &["Size"], &["PAY-01"]),
        stretched(base.cancel.json(), 65_280),
    );
}

fn dates(b: &mut Builder, base: &Base) {
    for (comment, text, seconds) in [
        ("the first second of 1970", "1970-01-01T00:00:00Z", 0),
        (
            "the last second of 9999",
            "9999-12-31T23:59:59Z",
            253_402_300_799,
        ),
        (
            "2^31 seconds after 1970: below 0 where seconds are signed 32-bit integers",
            "2038-01-19T03:14:08Z",
            1 << 31,
        ),
        (
            "2^32 seconds after 1970: 0 where seconds have 32 bits",
            "2106-02-07T06:28:16Z",
            1 << 32,
        ),
        ("29 February 2028", "2028-02-29T00:00:00Z", 1_835_395_200),
        (
            "29 February 2000: a leap year, though divisible by 100",
            "2000-02-29T23:59:59Z",
            951_868_799,
        ),
        (
            "1 March 2100, after no 29 February",
            "2100-03-01T00:00:00Z",
            4_107_542_400,
        ),
    ] {
        accept(
            b,
            (comment, &["Date"], &["PAY-10"]),
            base.token.tigress("2026-11-25T12:00:00Z", text).json(),
            Fields {
                expires: Some(Timestamp(seconds)),
                ..token(&[0])
            },
        );
    }
}

fn refuse_padding(b: &mut Builder, base: &Base) {
    let text = base.cancel.json();
    let good = padded(&text);
    let block = stretched(text.clone(), 512).into_bytes();
    let mark = text.len();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let pkcs7 = {
        let missing = good.len() - text.len();
        let mut bytes = text.clone().into_bytes();
        bytes.resize(good.len(), u8::try_from(missing).expect("below 256"));
        bytes
    };
    for (comment, bytes) in [
        ("no byte at all", vec![]),
        (
            "JSON of 512 bytes without padding: spaces are no padding",
            block.clone(),
        ),
        ("JSON without padding", text.clone().into_bytes()),
        (
            "0x80 without zeros: the length is no multiple of 256",
            good[..=mark].to_vec(),
        ),
        ("the last zero is missing", good[..good.len() - 1].to_vec()),
        ("a zero too many", [&good[..], &[0]].concat()),
        ("zeros up to a multiple of 16 alone", padded_to(&text, 16)),
        (
            "a block of zeros too many: a second plaintext for the same JSON",
            [&good[..], &[0; 256]].concat(),
        ),
        ("zeros alone", vec![0; 512]),
        ("zeros without 0x80", with(mark, 0)),
        ("0x01 in place of 0x80", with(mark, 0x01)),
        ("0x81 in place of 0x80", with(mark, 0x81)),
        ("0x01 as the last byte", with(good.len() - 1, 0x01)),
        ("a space among the zeros", with(mark + 1, b' ')),
        ("the padding of PKCS #7", pkcs7),
    ] {
        b.old_invalid::<Decode>(
            (comment, &["Padding"], &["PAY-11"]),
            InvalidPayload,
            plaintext(bytes),
        );
    }
    for (comment, bytes) in [
        (
            "padding alone: right as padding, but before it stands no JSON",
            padded([]),
        ),
        (
            "0x80 at both ends of the zeros: the last one counts, and the first stands in the JSON",
            with(good.len() - 1, 0x80),
        ),
        (
            "padded twice: 0x80 and zeros stand behind the JSON",
            padded(&good),
        ),
        (
            "a zero byte between the JSON and its padding",
            padded([text.as_bytes(), &[0]].concat()),
        ),
    ] {
        b.old_invalid::<Decode>(
            (comment, &["Padding"], &["PAY-01", "PAY-11"]),
            InvalidPayload,
            plaintext(bytes),
        );
    }
}

/// `text` with 0x80 and zeros up to a multiple of `block`, which must be none of 256.
fn padded_to(text: &str, block: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0x80);
    bytes.resize(bytes.len().div_ceil(block) * block, 0);
    assert!(!bytes.len().is_multiple_of(256));
    bytes
}

fn refuse_encodings(b: &mut Builder, base: &Base) {
    let reason = |bytes: &[u8]| {
        let text = base.cancel.content(r#"{"reason":"@"}"#).json();
        let at = text.find('@').expect("its reason");
        [&text.as_bytes()[..at], bytes, &text.as_bytes()[at + 1..]].concat()
    };
    let in_unknown = {
        let text = base.cancel.with(r#","new":"@""#);
        let at = text.find('@').expect("its value");
        [&text.as_bytes()[..at], &[0xff], &text.as_bytes()[at + 1..]].concat()
    };
    let utf_16: Vec<u8> = base
        .cancel
        .json()
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    for (comment, text) in [
        ("a lone continuation byte", reason(&[0x80])),
        (
            "a slash in two bytes, C0 AF: a second encoding of one character",
            reason(&[0xc0, 0xaf]),
        ),
        (
            "a euro sign in four bytes",
            reason(&[0xf0, 0x82, 0x82, 0xac]),
        ),
        ("a surrogate, ED A0 80", reason(&[0xed, 0xa0, 0x80])),
        (
            "a surrogate pair in six bytes, as CESU-8 writes it",
            reason(&[0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91]),
        ),
        (
            "a character above U+10FFFF, F4 90 80 80",
            reason(&[0xf4, 0x90, 0x80, 0x80]),
        ),
        (
            "a character cut short by the end of its string",
            reason(&[0xe2, 0x82]),
        ),
        ("an e with an acute accent in Latin-1", reason(&[0xe9])),
        (
            "0xff in a key that is ignored: whoever puts U+FFFD in its place reads what was not written",
            in_unknown,
        ),
        (
            "a byte order mark",
            [&[0xef, 0xbb, 0xbf], base.cancel.json().as_bytes()].concat(),
        ),
        ("the JSON in UTF-16", utf_16),
    ] {
        refuse(b, (comment, &["Utf8"], &["PAY-01"]), text);
    }
}

fn refuse_json(b: &mut Builder, base: &Base) {
    let cancel = &base.cancel;
    let json = cancel.json();
    for (comment, text) in [
        ("an array at the top", format!("[{json}]")),
        ("a string at the top", "\"tigress\"".to_owned()),
        ("a number at the top", "7".to_owned()),
        ("`null` at the top", "null".to_owned()),
        ("white space alone", " \n".to_owned()),
    ] {
        refuse(b, (comment, &["TopLevel"], &["PAY-01"]), text);
    }
    for (comment, text) in [
        (
            "the same object twice: which one counts?",
            format!("{json}{json}"),
        ),
        ("a brace too many", format!("{json}}}")),
        ("a comma after the object", format!("{json},")),
        ("a comment after the object", format!("{json}// done")),
        (
            "the last brace is missing",
            json[..json.len() - 1].to_owned(),
        ),
        (
            "the text ends in a string",
            json[..json.len() - 5].to_owned(),
        ),
        ("a comma before the last brace", cancel.with(",")),
        (
            "a comma at the end of an array",
            cancel.with(r#","new":[1,]"#),
        ),
        ("two commas", cancel.with(r#",,"new":1"#)),
        ("no comma between two names", cancel.with(r#""new":1"#)),
        ("no colon after a name", cancel.with(r#","new" 1"#)),
        ("a name without quotes", cancel.with(",new:1")),
        ("a name in single quotes", cancel.with(",'new':1")),
        ("a number as a name", cancel.with(",1:1")),
        ("a comment", cancel.with(" /* cancelled */")),
        ("`NaN`", cancel.with(r#","new":NaN"#)),
        ("`Infinity`", cancel.with(r#","new":Infinity"#)),
        ("`True`", cancel.with(r#","new":True"#)),
        ("`undefined`", cancel.with(r#","new":undefined"#)),
        ("a number with a leading zero", cancel.with(r#","new":01"#)),
        ("a number with a plus sign", cancel.with(r#","new":+1"#)),
        (
            "a number that begins with a point",
            cancel.with(r#","new":.5"#),
        ),
        (
            "a number that ends with a point",
            cancel.with(r#","new":1."#),
        ),
        ("a number in hexadecimal", cancel.with(r#","new":0x1"#)),
        ("a minus sign alone", cancel.with(r#","new":-"#)),
        (
            "1e400, beyond every double: whoever reads infinity cannot write it again",
            cancel.with(r#","new":1e400"#),
        ),
        (
            "a line feed in a string",
            cancel.content("{\"reason\":\"a\nb\"}").json(),
        ),
        (
            "a tab in a string",
            cancel.content("{\"reason\":\"a\tb\"}").json(),
        ),
        (
            "a zero byte in a string",
            cancel.content("{\"reason\":\"a\0b\"}").json(),
        ),
        (
            "an escape that JSON does not have, \\x41",
            cancel.content(r#"{"reason":"\x41"}"#).json(),
        ),
        (
            "an escaped single quote",
            cancel.content(r#"{"reason":"\'"}"#).json(),
        ),
        (
            "\\u with three digits",
            cancel.content(r#"{"reason":"\u041"}"#).json(),
        ),
        (
            "\\u with a sign",
            cancel.content(r#"{"reason":"\u+041"}"#).json(),
        ),
        ("a form feed as white space", format!("\u{c}{json}")),
        ("a no-break space as white space", format!("\u{a0}{json}")),
    ] {
        refuse(b, (comment, &["Json"], &["PAY-01"]), text);
    }
    for (comment, escape) in [
        ("the first half of a surrogate pair alone", r"\ud83d"),
        ("the second half of a surrogate pair alone", r"\udd11"),
        ("a surrogate pair in the wrong order", r"\udd11\ud83d"),
        ("two first halves", r"\ud83d\ud83d"),
        (
            "a first half, then an escape of a character",
            r"\ud83d\u0041",
        ),
    ] {
        let text = cancel
            .content(&format!(r#"{{"reason":"{escape}"}}"#))
            .json();
        refuse(b, (comment, &["Surrogate"], &["PAY-01"]), text);
    }
    refuse(
        b,
        (
            "half a surrogate pair in a name that is ignored",
            &["Surrogate"],
            &["PAY-01"],
        ),
        cancel.tigress("}", r#","\ud83d":1}"#).json(),
    );
}

fn refuse_names_that_stand_twice(b: &mut Builder, base: &Base) {
    let cancel = &base.cancel;
    for (comment, text) in [
        (
            "`tigress` twice: one reader takes the first, another the last",
            cancel.with(&format!(r#","tigress":{}"#, base.provisioned.tigress)),
        ),
        (
            "`format` twice with the same value",
            cancel.with(&format!(r#","format":"{CAR_KEY}""#)),
        ),
        (
            "`type` twice in `tigress`",
            cancel.tigress("}", r#","type":"provisioned"}"#).json(),
        ),
        (
            "`version` twice in `tigress`, 2 first",
            cancel.tigress("{", r#"{"version":2,"#).json(),
        ),
        (
            "`reason` twice in `content`",
            cancel.content(r#"{"reason":"r","reason":"s"}"#).json(),
        ),
        (
            "`type` and `\\u0074ype`: once they are read they are one name",
            cancel.tigress("}", r#","\u0074ype":"provisioned"}"#).json(),
        ),
        ("an unknown name twice", cancel.with(r#","new":1,"new":2"#)),
        (
            "a name twice deep in a value that is kept",
            cancel.with(r#","new":[[{"a":{"b":1,"b":1}}]]"#),
        ),
        (
            "a name twice in a value of `tigress` that is ignored",
            cancel.tigress("}", r#","new":{"a":1,"a":1}}"#).json(),
        ),
        ("the empty name twice", cancel.with(r#","":1,"":1"#)),
    ] {
        refuse(b, (comment, &["DuplicateName"], &["PAY-04"]), text);
    }
}

fn refuse_fields(b: &mut Builder, base: &Base) {
    let cancel = &base.cancel;
    let Text {
        format,
        content,
        tigress,
    } = cancel;
    let transfer = transfer_id().to_string();
    for (comment, text) in [
        ("an empty object", "{}".to_owned()),
        (
            "no `format`",
            format!(r#"{{"content":{content},"tigress":{tigress}}}"#),
        ),
        (
            "no `content`",
            format!(r#"{{"format":{format},"tigress":{tigress}}}"#),
        ),
        (
            "no `content` where nothing is required in it",
            format!(
                r#"{{"format":{format},"tigress":{}}}"#,
                base.provisioned.tigress
            ),
        ),
        (
            "no `tigress`",
            format!(r#"{{"format":{format},"content":{content}}}"#),
        ),
        (
            "`Tigress` in place of `tigress`",
            cancel.json().replace("\"tigress\"", "\"Tigress\""),
        ),
        (
            "the keys of `tigress` at the top level",
            format!(
                r#"{{"format":{format},"content":{content},{}"#,
                &tigress[1..]
            ),
        ),
        (
            "`format` is null",
            Text {
                format: "null".to_owned(),
                ..cancel.clone()
            }
            .json(),
        ),
        (
            "`format` is a number",
            Text {
                format: "7".to_owned(),
                ..cancel.clone()
            }
            .json(),
        ),
        (
            "`format` is an array of one string",
            Text {
                format: format!("[{format}]"),
                ..cancel.clone()
            }
            .json(),
        ),
        ("`content` is null", base.provisioned.content("null").json()),
        (
            "`content` is an array",
            base.provisioned.content("[]").json(),
        ),
        (
            "`content` is JSON in a string",
            base.provisioned.content(r#""{}""#).json(),
        ),
        (
            "`tigress` is null",
            Text {
                tigress: "null".to_owned(),
                ..cancel.clone()
            }
            .json(),
        ),
        (
            "`tigress` is an array of its object",
            Text {
                tigress: format!("[{tigress}]"),
                ..cancel.clone()
            }
            .json(),
        ),
        (
            "no `transfer`",
            cancel
                .tigress(&format!(r#""transfer":"{transfer}","#), "")
                .json(),
        ),
        (
            "`transfer` is null",
            cancel.tigress(&format!("\"{transfer}\""), "null").json(),
        ),
    ] {
        refuse(b, (comment, &["Missing"], &["PAY-02"]), text);
    }
    for (comment, other) in [
        (
            "a transfer id in capitals: a second form of one id",
            transfer.to_uppercase(),
        ),
        ("a transfer id without hyphens", transfer.replace('-', "")),
        ("a transfer id as a URN", format!("urn:uuid:{transfer}")),
        (
            "a transfer id with a space behind it",
            format!("{transfer} "),
        ),
        (
            "a transfer id of version 1: it tells a time and a machine",
            "c232ab00-9414-11ec-b3c8-9f6bdeced846".to_owned(),
        ),
        (
            "the nil UUID",
            "00000000-0000-0000-0000-000000000000".to_owned(),
        ),
        ("an empty transfer id", String::new()),
    ] {
        refuse(
            b,
            (comment, &["TransferId"], &["PAY-02", "XFER-02"]),
            cancel.tigress(&transfer, &other).json(),
        );
    }
    for (comment, version) in [
        ("no version", ""),
        ("version 0", r#""version":0,"#),
        ("version 2", r#""version":2,"#),
        ("version -1", r#""version":-1,"#),
        ("version \"1\", a string", r#""version":"1","#),
        ("version 1.0: not the integer 1", r#""version":1.0,"#),
        ("version 1e0: not the integer 1", r#""version":1e0,"#),
        ("version 10e-1: not the integer 1", r#""version":10e-1,"#),
        (
            "a version that a double rounds to 1",
            r#""version":1.00000000000000000001,"#,
        ),
        (
            "version 2^32 + 1: cut to 32 bits it is 1",
            r#""version":4294967297,"#,
        ),
        (
            "version 2^64 + 1: cut to 64 bits it is 1",
            r#""version":18446744073709551617,"#,
        ),
        (
            "version `true`, which some readers take for 1",
            r#""version":true,"#,
        ),
        ("version null", r#""version":null,"#),
        ("version [1]", r#""version":[1],"#),
    ] {
        let text = cancel.tigress(r#""version":1,"#, version).json();
        refuse(b, (comment, &["Version"], &["PAY-06"]), text);
    }
    for (comment, message_type) in [
        ("no type", String::new()),
        (
            "an unknown type",
            r#","type":"keyTrackingReceipt""#.to_owned(),
        ),
        ("a type in capitals", r#","type":"CANCEL""#.to_owned()),
        (
            "a type with a space behind it",
            r#","type":"cancel ""#.to_owned(),
        ),
        ("an empty type", r#","type":"""#.to_owned()),
        ("type null", r#","type":null"#.to_owned()),
        ("a number as the type", r#","type":5"#.to_owned()),
        (
            "an object in place of the type, as some readers of enumerations take it",
            r#","type":{"cancel":null}"#.to_owned(),
        ),
        (
            "an array in place of the type",
            r#","type":["cancel"]"#.to_owned(),
        ),
    ] {
        let text = cancel.tigress(r#","type":"cancel""#, &message_type).json();
        refuse(b, (comment, &["Type"], &["PAY-06"]), text);
    }
}

fn refuse_content(b: &mut Builder, base: &Base) {
    let text =
        |message_type, format, content: &str| Text::new(message_type, format, content).json();
    let offer = "provisioningInformation";
    for (comment, text) in [
        (
            "an offer of a car key without its request",
            text(offer, CAR_KEY, "{}"),
        ),
        (
            "an offer of a car key with a token in place of its request",
            text(offer, CAR_KEY, r#"{"authorizationToken":"AA=="}"#),
        ),
        (
            "an offer of a token without it",
            text(offer, AUTHORIZATION_TOKEN, "{}"),
        ),
        (
            "an offer of a token with a car key's request in its place",
            text(
                offer,
                AUTHORIZATION_TOKEN,
                r#"{"keyCreationRequest":"AA=="}"#,
            ),
        ),
        (
            "a key signing request without its bytes",
            text("keySigningRequest", CAR_KEY, "{}"),
        ),
        (
            "a key signing request whose bytes are those of a key import request",
            text(
                "keySigningRequest",
                CAR_KEY,
                r#"{"keyImportRequest":"AA=="}"#,
            ),
        ),
        (
            "a key import request without its bytes",
            text("keyImportRequest", CAR_KEY, "{}"),
        ),
        ("a decline without a reason", text("decline", CAR_KEY, "{}")),
        (
            "a cancellation without a reason",
            text("cancel", CAR_KEY, "{}"),
        ),
        (
            "a reason at the top level, not in `content`",
            Text::new("cancel", CAR_KEY, "{}").with(r#","reason":"r""#),
        ),
        (
            "a reason in `tigress`, not in `content`",
            base.cancel
                .content("{}")
                .tigress("}", r#","reason":"r"}"#)
                .json(),
        ),
        (
            "a name in another case: `Reason`",
            text("cancel", CAR_KEY, r#"{"Reason":"r"}"#),
        ),
        (
            "a token that is null",
            text(offer, AUTHORIZATION_TOKEN, r#"{"authorizationToken":null}"#),
        ),
        (
            "a token that is a number",
            text(offer, AUTHORIZATION_TOKEN, r#"{"authorizationToken":1234}"#),
        ),
        (
            "a token that is an array of bytes",
            text(offer, AUTHORIZATION_TOKEN, r#"{"authorizationToken":[0]}"#),
        ),
        (
            "a reason that is null",
            text("decline", CAR_KEY, r#"{"reason":null}"#),
        ),
        (
            "a reason that is a number",
            text("decline", CAR_KEY, r#"{"reason":404}"#),
        ),
    ] {
        refuse(b, (comment, &["Content"], &["PAY-08"]), text);
    }
    for (comment, text) in [
        ("a reason of 257 bytes", "r".repeat(257)),
        (
            "a reason of 257 bytes in 129 characters: bytes count",
            format!("r{}", "\u{e9}".repeat(128)),
        ),
        (
            "a reason of 257 bytes in 65 characters",
            format!("r{}", "\u{1f511}".repeat(64)),
        ),
    ] {
        refuse(
            b,
            (comment, &["Reason"], &["PAY-08"]),
            base.cancel
                .content(&format!(r#"{{"reason":"{text}"}}"#))
                .json(),
        );
    }
    for (comment, message_type, format) in [
        (
            "a key signing request for a token, which needs none",
            "keySigningRequest",
            AUTHORIZATION_TOKEN,
        ),
        (
            "a key import request for a token, which needs none",
            "keyImportRequest",
            AUTHORIZATION_TOKEN,
        ),
        (
            "a key signing request under a format that nobody supports",
            "keySigningRequest",
            OTHER_FORMAT,
        ),
        (
            "a key import request under a format that nobody supports",
            "keyImportRequest",
            OTHER_FORMAT,
        ),
    ] {
        let content = format!(r#"{{"{message_type}":"AA=="}}"#);
        refuse(
            b,
            (comment, &["Format"], &["PAY-08"]),
            text(message_type, format, &content),
        );
    }
}

fn refuse_base64(b: &mut Builder, base: &Base) {
    for (comment, text) in [
        ("one byte without padding", "AA"),
        ("one byte with half its padding", "AA="),
        ("two bytes without padding", "AAA"),
        ("a single digit", "A"),
        ("padding alone", "===="),
        ("padding after a whole group", "AAAA===="),
        ("one padding character after a whole group", "AAAA="),
        (
            "padding in the middle: two texts after one another",
            "AA==AA==",
        ),
        (
            "four bits left over that are not zero: a second text for the byte 00",
            "AB==",
        ),
        (
            "two bits left over that are not zero: a second text for 00 00",
            "AAB=",
        ),
        ("the digits - and _ of the URL alphabet", "-_-_"),
        ("a space", "AAAA AAAA"),
        ("a line feed, as in MIME", "AAAA\\nAAAA"),
        ("a line feed at the end", "AAAA\\n"),
        ("a space before it", " AAAA"),
        ("a character of no alphabet", "AA*A"),
        ("letters outside ASCII", "\u{ff21}\u{ff21}\u{ff21}\u{ff21}"),
        ("a zero byte", "AAA\\u0000"),
    ] {
        refuse(
            b,
            (comment, &["Base64"], &["PAY-09"]),
            base.token
                .content(&format!(r#"{{"authorizationToken":"{text}"}}"#))
                .json(),
        );
    }
    for (comment, message_type, name) in [
        (
            "a key creation request without padding",
            "provisioningInformation",
            "keyCreationRequest",
        ),
        (
            "a key signing request without padding",
            "keySigningRequest",
            "keySigningRequest",
        ),
        (
            "a key import request without padding",
            "keyImportRequest",
            "keyImportRequest",
        ),
    ] {
        let content = format!(r#"{{"{name}":"AA"}}"#);
        refuse(
            b,
            (comment, &["Base64"], &["PAY-09"]),
            Text::new(message_type, CAR_KEY, &content).json(),
        );
    }
}

fn refuse_dates(b: &mut Builder, base: &Base) {
    for (comment, expires) in [
        (
            "no `expires`: whoever takes that for never keeps an offer open for ever",
            "",
        ),
        ("`expires` is null", r#","expires":null"#),
        (
            "`expires` in seconds since 1970",
            r#","expires":1795608000"#,
        ),
        (
            "an array of a date",
            r#","expires":["2026-11-25T12:00:00Z"]"#,
        ),
    ] {
        refuse(
            b,
            (comment, &["Date"], &["PAY-10"]),
            base.offer
                .tigress(r#","expires":"2026-11-25T12:00:00Z""#, expires)
                .json(),
        );
    }
    for (comment, text) in [
        ("an empty date", ""),
        ("a date without a time", "2026-11-25"),
        ("no seconds", "2026-11-25T12:00Z"),
        ("no Z: whose time?", "2026-11-25T12:00:00"),
        (
            "an offset of zero in place of Z",
            "2026-11-25T12:00:00+00:00",
        ),
        ("an offset that is not zero", "2026-11-25T14:00:00+02:00"),
        ("the offset -00:00", "2026-11-25T12:00:00-00:00"),
        ("a fraction of a second", "2026-11-25T12:00:00.0Z"),
        ("a comma and a fraction", "2026-11-25T12:00:00,5Z"),
        ("a small z", "2026-11-25T12:00:00z"),
        ("a small t", "2026-11-25t12:00:00Z"),
        ("a space in place of T", "2026-11-25 12:00:00Z"),
        ("no hyphens and colons", "20261125T120000Z"),
        ("a month of one digit", "2026-1-25T12:00:00Z"),
        ("a year of two digits", "26-11-25T12:00:00Z"),
        ("a year with a sign", "+2026-11-25T12:00:00Z"),
        ("a date by week", "2026-W48-3T12:00:00Z"),
        ("the date of HTTP", "Wed, 25 Nov 2026 12:00:00 GMT"),
        ("a space before the date", " 2026-11-25T12:00:00Z"),
        ("a line feed behind the date", "2026-11-25T12:00:00Z\\n"),
        (
            "digits outside ASCII",
            "\u{ff12}\u{ff10}\u{ff12}\u{ff16}-11-25T12:00:00Z",
        ),
        (
            "29 February 2027, which there is not",
            "2027-02-29T12:00:00Z",
        ),
        (
            "29 February 2100: no leap year, though divisible by 4",
            "2100-02-29T12:00:00Z",
        ),
        ("30 February 2028", "2028-02-30T12:00:00Z"),
        ("31 November", "2026-11-31T12:00:00Z"),
        ("month 00", "2026-00-25T12:00:00Z"),
        ("month 13", "2026-13-25T12:00:00Z"),
        ("day 00", "2026-11-00T12:00:00Z"),
        ("day 32", "2026-12-32T12:00:00Z"),
        ("hour 24", "2026-11-25T24:00:00Z"),
        ("minute 60", "2026-11-25T12:60:00Z"),
        ("a leap second that there was", "2016-12-31T23:59:60Z"),
        ("second 60 at noon", "2026-11-25T12:00:60Z"),
        ("the last second of 1969: below 0", "1969-12-31T23:59:59Z"),
        ("the year 10000", "10000-01-01T00:00:00Z"),
    ] {
        refuse(
            b,
            (comment, &["Date"], &["PAY-10"]),
            base.offer.tigress("2026-11-25T12:00:00Z", text).json(),
        );
    }
}

/// What PAY-13 says of a writer.
fn encode(b: &mut Builder) {
    let request = seed::vec("payload/request", 96);
    let base64 = BASE64.encode(&request);
    let mut valid = |comment: &str, ids: &[&str], fields: Fields, text: String| {
        b.old_valid::<Encode>((comment, &["Writer"], ids), fields, plaintext(padded(text)));
    };
    valid(
        "an offer of a car key",
        &["PAY-09", "PAY-10", "PAY-11", "PAY-13"],
        Fields {
            key_creation_request: Some(Hex(request.clone())),
            ..said(MessageType::ProvisioningInformation, CAR_KEY)
        },
        Text::new(
            "provisioningInformation",
            CAR_KEY,
            &format!(r#"{{"keyCreationRequest":"{base64}"}}"#),
        )
        .json(),
    );
    valid(
        "an offer of a token of two bytes until the last second of 9999",
        &["PAY-09", "PAY-10", "PAY-13"],
        Fields {
            expires: Some(Timestamp(253_402_300_799)),
            ..token(&[0xff, 0xfe])
        },
        Text::new(
            "provisioningInformation",
            AUTHORIZATION_TOKEN,
            r#"{"authorizationToken":"//4="}"#,
        )
        .tigress("2026-11-25T12:00:00Z", "9999-12-31T23:59:59Z")
        .json(),
    );
    valid(
        "an offer of a token of no byte, on 29 February",
        &["PAY-09", "PAY-10", "PAY-13"],
        Fields {
            expires: Some(Timestamp(1_835_395_200)),
            ..token(&[])
        },
        Text::new(
            "provisioningInformation",
            AUTHORIZATION_TOKEN,
            r#"{"authorizationToken":""}"#,
        )
        .tigress("2026-11-25T12:00:00Z", "2028-02-29T00:00:00Z")
        .json(),
    );
    valid(
        "a key signing request",
        &["PAY-13"],
        Fields {
            key_signing_request: Some(Hex(request.clone())),
            ..said(MessageType::KeySigningRequest, CAR_KEY)
        },
        Text::new(
            "keySigningRequest",
            CAR_KEY,
            &format!(r#"{{"keySigningRequest":"{base64}"}}"#),
        )
        .json(),
    );
    valid(
        "a key import request",
        &["PAY-13"],
        Fields {
            key_import_request: Some(Hex(request.clone())),
            ..said(MessageType::KeyImportRequest, CAR_KEY)
        },
        Text::new(
            "keyImportRequest",
            CAR_KEY,
            &format!(r#"{{"keyImportRequest":"{base64}"}}"#),
        )
        .json(),
    );
    valid(
        "`provisioned`: an empty `content` is written all the same",
        &["PAY-02", "PAY-13"],
        said(MessageType::Provisioned, AUTHORIZATION_TOKEN),
        Text::new("provisioned", AUTHORIZATION_TOKEN, "{}").json(),
    );
    valid(
        "a decline under a format that is not supported",
        &["PAY-07", "PAY-13"],
        Fields {
            reason: Some("unsupported-format".to_owned()),
            ..said(MessageType::Decline, OTHER_FORMAT)
        },
        Text::new(
            "decline",
            OTHER_FORMAT,
            r#"{"reason":"unsupported-format"}"#,
        )
        .json(),
    );
    valid(
        "a reason with every character that is escaped, and some that are not",
        &["PAY-13"],
        cancelled("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{e9}\u{2028}\u{1f511}<&>"),
        Text::new(
            "cancel",
            CAR_KEY,
            "{\"reason\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{e9}\u{2028}\u{1f511}<&>\"}",
        )
        .json(),
    );
    valid(
        "unknown keys, behind the known ones and sorted at every level",
        &["PAY-03", "PAY-13"],
        Fields {
            unknown_content: object(json!({ "new": { "b": [{ "d": 1, "c": 2 }], "a": null } })),
            unknown_top: object(json!({ "\u{e9}": 1, "z": 2, "Z": 3, "a": 4, "": 5 })),
            ..cancelled("r")
        },
        Text::new(
            "cancel",
            CAR_KEY,
            r#"{"reason":"r","new":{"a":null,"b":[{"c":2,"d":1}]}}"#,
        )
        .with(",\"\":5,\"Z\":3,\"a\":4,\"z\":2,\"\u{e9}\":1"),
    );
    valid(
        "numbers of unknown keys: negative, and with a fraction",
        &["PAY-03", "PAY-13"],
        Fields {
            unknown_content: object(json!({ "new": [-1, 1.5] })),
            ..cancelled("r")
        },
        Text::new("cancel", CAR_KEY, r#"{"reason":"r","new":[-1,1.5]}"#).json(),
    );
    valid(
        "an offer of a format that is not supported, written again as it was read",
        &["PAY-03", "PAY-07", "PAY-13"],
        Fields {
            unknown_content: object(json!({ "gears": [1, 2], "lock": "blue" })),
            ..said(MessageType::ProvisioningInformation, OTHER_FORMAT)
        },
        Text::new(
            "provisioningInformation",
            OTHER_FORMAT,
            r#"{"gears":[1,2],"lock":"blue"}"#,
        )
        .json(),
    );
    // What a cancellation's JSON is long without a reason.
    let bare = Text::new("cancel", CAR_KEY, r#"{"reason":""}"#)
        .json()
        .len();
    for (comment, length) in [
        ("JSON of 255 bytes: the padding is 0x80 alone", 255),
        ("JSON of 256 bytes: the padding is a whole block", 256),
    ] {
        let reason = "r".repeat(length - bare);
        valid(
            comment,
            &["PAY-11", "PAY-13"],
            cancelled(&reason),
            Text::new("cancel", CAR_KEY, &format!(r#"{{"reason":"{reason}"}}"#)).json(),
        );
    }

    let mut invalid = |comment: &str, ids: &[&str], fields: Fields| {
        b.old_invalid::<Encode>((comment, &["Writer"], ids), InvalidPayload, fields);
    };
    invalid(
        "a reason of 257 bytes: the peer would refuse it",
        &["PAY-08"],
        cancelled(&"r".repeat(257)),
    );
    invalid(
        "a cancellation without a reason",
        &["PAY-08"],
        said(MessageType::Cancel, CAR_KEY),
    );
    invalid(
        "a key signing request for a token",
        &["PAY-08"],
        Fields {
            key_signing_request: Some(Hex(vec![0])),
            ..said(MessageType::KeySigningRequest, AUTHORIZATION_TOKEN)
        },
    );
    invalid(
        "a token under the format of a car key",
        &["PAY-08"],
        Fields {
            format: CAR_KEY.to_owned(),
            ..token(&[0])
        },
    );
    invalid(
        "an offer without `expires`",
        &["PAY-10"],
        Fields {
            expires: None,
            ..token(&[0])
        },
    );
    invalid(
        "an offer until the first second of the year 10000, which has no form",
        &["PAY-10"],
        Fields {
            expires: Some(Timestamp(253_402_300_800)),
            ..token(&[0])
        },
    );
    invalid(
        "a transfer id in capitals",
        &["PAY-02"],
        Fields {
            transfer: transfer_id().to_string().to_uppercase(),
            ..cancelled("r")
        },
    );
    invalid(
        "an unknown key called `format`: the name would stand twice",
        &["PAY-03", "PAY-04"],
        Fields {
            unknown_top: object(json!({ "format": "x" })),
            ..cancelled("r")
        },
    );
    invalid(
        "an unknown key called `reason` in the content of a cancellation",
        &["PAY-03", "PAY-04"],
        Fields {
            unknown_content: object(json!({ "reason": "s" })),
            ..cancelled("r")
        },
    );
    invalid(
        "an unknown value down to depth 17",
        &["PAY-05"],
        Fields {
            unknown_top: object(json!({
                "new": serde_json::from_str::<Value>(&arrays(16, "")).expect("JSON"),
            })),
            ..cancelled("r")
        },
    );
    invalid(
        "a token of 49,000 bytes, whose base64 is longer than a payload",
        &["PAY-01"],
        token(&seed::vec("payload/long token", 49_000)),
    );
}

fn signing_key(label: &str) -> SigningKey {
    SigningKey::from(seed::bytes(&format!("car key/{label}")))
}

/// A request of the stand-in, put together by hand: a key, and a signature over those parts.
fn request(key: &[u8], signer: &SigningKey, covered: &[&[u8]]) -> Vec<u8> {
    [key, signer.sign(&covered.concat()).as_bytes()].concat()
}

/// The second half of a request's signature plus the order of the group: the same signature to a verifier
/// that does not look.
fn malleated(request: &[u8]) -> Vec<u8> {
    [&request[..64], &plus_order(&request[64..], 1)[..]].concat()
}

/// The neutral point.
const NEUTRAL: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

/// A key and signature that a verifier which takes points of small order accepts for every message.
fn signed_by_nobody() -> Vec<u8> {
    [NEUTRAL, NEUTRAL, [0; 32]].concat()
}

fn creation_request(b: &mut Builder) {
    b.old_computed::<CreationRequest>(
        ("an owner's key", &["CarKey"], &["PAY-12", "RND-01"]),
        CreationRequestInput {
            randomness: seed::bytes::<32>("car key/owner").into(),
        },
    );
    let key = signing_key("owner").verifying_key().encode();
    let about = |comment| (comment, &["CarKey"][..], &["PAY-12"][..]);
    b.old_valid::<CheckCreationRequest>(
        about("an owner's key, as it comes"),
        Request {
            request: key.into(),
        },
        Key {
            public_key: key.into(),
        },
    );
    // y = 2 is on no point of the curve.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    for (comment, request) in [
        ("no byte", vec![]),
        ("31 bytes", key[..31].to_vec()),
        ("33 bytes", [&key[..], &[0]].concat()),
        ("32 bytes that are no point", no_point.to_vec()),
    ] {
        b.old_invalid::<CheckCreationRequest>(
            about(comment),
            InvalidKey,
            Request {
                request: request.into(),
            },
        );
    }
}

fn signing_request(b: &mut Builder) {
    let transfer = transfer_id();
    b.old_computed::<SigningRequest>(
        (
            "a receiver's key and its signature",
            &["CarKey"],
            &["PAY-12", "RND-01"],
        ),
        SigningRequestInput {
            transfer: transfer.to_string(),
            randomness: seed::bytes::<32>("car key/receiver").into(),
        },
    );
    let receiver = signing_key("receiver");
    let key = receiver.verifying_key().encode();
    let other = TransferId::random(&mut Recorder::new("payload/another transfer"))
        .expect("a recorder never ends");
    let id: &[u8] = transfer.as_bytes();
    let good = request(&key, &receiver, &[b"tigress ksr", id, &key]);
    let input = |request: Vec<u8>| CheckSigningRequestInput {
        transfer: transfer.to_string(),
        request: request.into(),
    };
    b.old_valid::<CheckSigningRequest>(
        ("a right request", &["CarKey"], &["PAY-12"]),
        input(good.clone()),
        Key {
            public_key: key.into(),
        },
    );
    let thief = signing_key("thief");
    for (comment, flag, request) in [
        ("no byte", "CarKey", vec![]),
        ("95 bytes", "CarKey", good[..95].to_vec()),
        ("97 bytes", "CarKey", [&good[..], &[0]].concat()),
        (
            "the signature before the key",
            "CarKey",
            [&good[32..], &good[..32]].concat(),
        ),
        (
            "a request of another transfer, sent again",
            "Attestation",
            request(&key, &receiver, &[b"tigress ksr", other.as_bytes(), &key]),
        ),
        (
            "signed by another key than the one it brings",
            "Attestation",
            request(&key, &thief, &[b"tigress ksr", id, &key]),
        ),
        (
            "a signature over another key",
            "Attestation",
            request(
                &key,
                &receiver,
                &[b"tigress ksr", id, &thief.verifying_key().encode()],
            ),
        ),
        (
            "a signature made for a key import request",
            "Attestation",
            request(&key, &receiver, &[b"tigress kir", id, &key]),
        ),
        (
            "a signature without `tigress ksr`",
            "Attestation",
            request(&key, &receiver, &[id, &key]),
        ),
        (
            "a signature over the transfer id as text",
            "Attestation",
            request(
                &key,
                &receiver,
                &[b"tigress ksr", transfer.to_string().as_bytes(), &key],
            ),
        ),
        (
            "s not reduced: a second signature",
            "Malleable",
            malleated(&good),
        ),
        (
            "the neutral point as key, and a signature that it verifies for every message",
            "SmallOrder",
            signed_by_nobody(),
        ),
    ] {
        b.old_invalid::<CheckSigningRequest>(
            (comment, &[flag], &["PAY-12"]),
            AttestationInvalid,
            input(request),
        );
    }
}

fn import_request(b: &mut Builder) {
    let transfer = transfer_id();
    let (owner, receiver, thief) = (
        signing_key("owner"),
        signing_key("receiver"),
        signing_key("thief"),
    );
    let [owner_key, key, thief_key] =
        [&owner, &receiver, &thief].map(|key| key.verifying_key().encode());
    b.old_computed::<ImportRequest>(
        ("an owner's attestation", &["CarKey"], &["PAY-12"]),
        ImportRequestInput {
            transfer: transfer.to_string(),
            owner_private_key: seed::bytes::<32>("car key/owner").into(),
            receiver_key: key.into(),
        },
    );
    let other = TransferId::random(&mut Recorder::new("payload/another transfer"))
        .expect("a recorder never ends");
    let id: &[u8] = transfer.as_bytes();
    let good = request(&owner_key, &owner, &[b"tigress kir", id, &key]);
    let input = |request: Vec<u8>| CheckImportRequestInput {
        transfer: transfer.to_string(),
        owner_key: owner_key.into(),
        receiver_key: key.into(),
        request: request.into(),
    };
    b.old_valid::<CheckImportRequest>(
        ("a right request", &["CarKey"], &["PAY-12", "XFER-13"]),
        input(good.clone()),
        Done {},
    );
    for (comment, flag, request) in [
        ("no byte", "CarKey", vec![]),
        ("95 bytes", "CarKey", good[..95].to_vec()),
        ("97 bytes", "CarKey", [&good[..], &[0]].concat()),
        (
            "another owner's key and its signature: right in itself, but not of the owner who offered",
            "Attestation",
            request(&thief_key, &thief, &[b"tigress kir", id, &key]),
        ),
        (
            "the owner's key with another key's signature",
            "Attestation",
            request(&owner_key, &thief, &[b"tigress kir", id, &key]),
        ),
        (
            "an attestation of the receiver by itself",
            "Attestation",
            request(&key, &receiver, &[b"tigress kir", id, &key]),
        ),
        (
            "an attestation of another key than this receiver asked for",
            "Attestation",
            request(&owner_key, &owner, &[b"tigress kir", id, &thief_key]),
        ),
        (
            "an attestation of the owner's own key",
            "Attestation",
            request(&owner_key, &owner, &[b"tigress kir", id, &owner_key]),
        ),
        (
            "an attestation for another transfer",
            "Attestation",
            request(
                &owner_key,
                &owner,
                &[b"tigress kir", other.as_bytes(), &key],
            ),
        ),
        (
            "a signature made as for a key signing request",
            "Attestation",
            request(&owner_key, &owner, &[b"tigress ksr", id, &key]),
        ),
        (
            "s not reduced: a second signature",
            "Malleable",
            malleated(&good),
        ),
    ] {
        b.old_invalid::<CheckImportRequest>(
            (comment, &[flag], &["PAY-12", "XFER-13"]),
            AttestationInvalid,
            input(request),
        );
    }
    b.old_invalid::<CheckImportRequest>(
        (
            "an owner's key of small order, for which everybody can sign",
            &["SmallOrder"],
            &["PAY-12", "XFER-13"],
        ),
        AttestationInvalid,
        CheckImportRequestInput {
            owner_key: NEUTRAL.into(),
            ..input(signed_by_nobody())
        },
    );
}

fn notes(b: &mut Builder) {
    for (flag, bug_type, description, links) in [
        (
            "Normal",
            "BASIC",
            "A payload as honest wallets write it.",
            &[][..],
        ),
        (
            "Writer",
            "INTEROPERABILITY",
            "What a wallet writes: one form for each payload, and nothing that its peer must refuse.",
            &[],
        ),
        (
            "Padding",
            "MALLEABILITY",
            "The padding is wrong, or at its edges. Whoever is lenient reads one payload from many plaintexts, or takes text for padding.",
            &["https://en.wikipedia.org/wiki/Padding_(cryptography)#ISO/IEC_7816-4"],
        ),
        (
            "Size",
            "DENIAL_OF_SERVICE",
            "At or over the greatest size.",
            &[],
        ),
        (
            "Utf8",
            "PARSER_BUG",
            "The text is not UTF-8. Whoever mends it reads what was not written, and two readers mend it to two texts.",
            &["https://www.rfc-editor.org/rfc/rfc3629#section-3"],
        ),
        (
            "Json",
            "PARSER_BUG",
            "At the edges of JSON's grammar. Readers differ there: what one refuses another reads.",
            &[
                "https://www.rfc-editor.org/rfc/rfc8259",
                "https://seriot.ch/projects/parsing_json.html",
            ],
        ),
        ("TopLevel", "PARSER_BUG", "JSON, but no object.", &[]),
        (
            "Surrogate",
            "PARSER_BUG",
            "An escape of half a surrogate pair: no character, and nothing that UTF-8 can write again.",
            &["https://www.rfc-editor.org/rfc/rfc8259#section-8.2"],
        ),
        (
            "DuplicateName",
            "PARSER_BUG",
            "A name that stands twice. One reader takes the first value, another the last: a check sees one, what acts on it the other.",
            &["https://www.rfc-editor.org/rfc/rfc8259#section-4"],
        ),
        (
            "Depth",
            "DENIAL_OF_SERVICE",
            "At or over the greatest depth. Whoever recurses without a bound is brought down by a small message.",
            &["https://cwe.mitre.org/data/definitions/674.html"],
        ),
        (
            "Unknown",
            "INTEROPERABILITY",
            "Keys of a later version. Whoever refuses them cannot talk to it; whoever drops them loses what others need.",
            &[],
        ),
        (
            "Missing",
            "MISSING_STEP",
            "A required key is missing or of another type. Whoever puts a default in its place acts on what nobody said.",
            &[],
        ),
        (
            "TransferId",
            "MALLEABILITY",
            "A transfer id that is not in its one form. Ids are looked up as text or bytes: a second form is a second transfer.",
            &["https://www.rfc-editor.org/rfc/rfc9562#section-4"],
        ),
        (
            "Version",
            "MISSING_STEP",
            "A version other than 1, or what a careless reader takes for it.",
            &[],
        ),
        ("Type", "MISSING_STEP", "A type that does not exist.", &[]),
        (
            "Content",
            "MISSING_STEP",
            "What the type requires is missing, of another type or in another place.",
            &[],
        ),
        (
            "Format",
            "MISSING_STEP",
            "A type that the format does not have.",
            &[],
        ),
        (
            "Reason",
            "DENIAL_OF_SERVICE",
            "A reason at or over its greatest length, which counts bytes of UTF-8 and not characters.",
            &[],
        ),
        (
            "Base64",
            "MALLEABILITY",
            "Base64 at its edges or in another form. Whoever is lenient reads the same bytes from many texts.",
            &["https://www.rfc-editor.org/rfc/rfc4648#section-3.5"],
        ),
        (
            "Date",
            "PARSER_BUG",
            "A date at its edges, in another form, or that no calendar has. Whoever mends it lets an offer live longer than its sender said.",
            &["https://www.rfc-editor.org/rfc/rfc3339#section-5.6"],
        ),
        (
            "CarKey",
            "BASIC",
            "The requests of the car-key stand-in, of their length and of another.",
            &[],
        ),
        (
            "Attestation",
            "AUTH_BYPASS",
            "A signature by another key, over another key, for another transfer or for another purpose. Whoever accepts it shares the car with a stranger.",
            &[],
        ),
        (
            "Malleable",
            "MALLEABILITY",
            "A second signature made from the first by whoever sees it.",
            &["https://www.rfc-editor.org/rfc/rfc8032#section-8.4"],
        ),
        (
            "SmallOrder",
            "AUTH_BYPASS",
            "A key of small order, for which a signature holds whatever it covers.",
            &["https://eprint.iacr.org/2020/1244"],
        ),
    ] {
        b.old_note(flag, bug_type, description, links);
    }
}
