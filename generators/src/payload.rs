//! Family `payload`.
//!
//! The JSON is put together as text, so that it can be put together wrongly.

use super::actor::address;
use super::prelude::*;
use super::public_key::first_byte;
use super::uuids::FORMS;
use super::wire::key;
use super::xeddsa::{hash, plus_order};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::car_key::{
    CheckCreationRequest, CheckImportRequest, CheckImportRequestInput, CheckSigningRequest,
    CheckSigningRequestInput, CreationRequest, CreationRequestInput, ImportRequest,
    ImportRequestInput, Key, Request, SigningRequest, SigningRequestInput,
};
use tigress_signal::conformance::operation::fingerprint::PartyFields;
use tigress_signal::conformance::operation::payload::{
    CheckOffer, CheckOfferInput, Decode, Encode, EncodeInput, EncodeOffer, EncodeOfferInput,
    Fields, OfferedBy, Plaintext,
};
use tigress_signal::conformance::seed::Recorder;
use tigress_signal::identifier::TransferId;
use tigress_signal::primitives::ed25519::SigningKey;
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::MessageType::{
    self, Cancel, Decline, KeyImportRequest as Import, KeySigningRequest as Signing, Provisioned,
    ProvisioningInformation as Offer,
};
use tigress_signal::transfer::payload::{AUTHORIZATION_TOKEN as TOKEN, CAR_KEY};

/// When the offers end.
const EXPIRES: &str = "2026-11-25T12:00:00Z";
const EXPIRES_SECONDS: Timestamp = Timestamp(1_795_608_000);

/// A format that no wallet supports.
const OTHER_FORMAT: &str = "org.example.bicycle";

fn transfer_id(label: &str) -> TransferId {
    let mut randomness = Recorder::new(&format!("payload/{label}"));
    TransferId::random(&mut randomness).expect("a recorder never ends")
}

/// The transfer that the payloads are about.
fn transfer() -> TransferId {
    transfer_id("transfer")
}

/// The bytes of a wallet's request.
fn request() -> Vec<u8> {
    seed::vec("payload/request", 96)
}

/// A payload's parts as JSON text.
#[derive(Clone)]
struct Text {
    format: String,
    content: String,
    tigress: String,
    /// What stands before the last brace.
    more: String,
}

impl Text {
    fn new(message_type: MessageType, format: &str, content: &str) -> Self {
        let (transfer, name) = (transfer(), message_type.as_str());
        let expires = match message_type {
            Offer => format!(r#","expires":"{EXPIRES}""#),
            _ => String::new(),
        };
        Text {
            format: format!("{format:?}"),
            content: content.to_owned(),
            tigress: format!(r#"{{"version":1,"transfer":"{transfer}","type":"{name}"{expires}}}"#),
            more: String::new(),
        }
    }

    /// With other text in `content`.
    fn content(self, content: &str) -> Self {
        but(self, |text| content.clone_into(&mut text.content))
    }

    /// With other text for the reason.
    fn reason(self, reason: &str) -> Self {
        self.content(&format!(r#"{{"reason":"{reason}"}}"#))
    }

    /// With other text as `format`.
    fn format(self, format: &str) -> Self {
        but(self, |text| format.clone_into(&mut text.format))
    }

    /// With part of the text of `tigress` replaced.
    fn tigress(mut self, from: &str, to: &str) -> Self {
        assert!(self.tigress.contains(from), "{from}");
        self.tigress = self.tigress.replacen(from, to, 1);
        self
    }

    /// With further keys in `tigress`.
    fn in_tigress(self, keys: &str) -> Self {
        self.tigress("}", &format!(",{keys}}}"))
    }

    /// With another date.
    fn expires(self, date: &str) -> Self {
        self.tigress(EXPIRES, date)
    }

    /// With further text before the last brace.
    fn with(self, more: &str) -> Self {
        but(self, |text| more.clone_into(&mut text.more))
    }

    /// With a further key, `new`.
    fn new_key(self, value: &str) -> Self {
        self.with(&format!(r#","new":{value}"#))
    }

    fn json(&self) -> String {
        let (format, content, tigress) = (&self.format, &self.content, &self.tigress);
        let known = format!(r#""format":{format},"content":{content},"tigress":{tigress}"#);
        format!("{{{known}{}}}", self.more)
    }
}

impl From<Text> for Vec<u8> {
    fn from(text: Text) -> Self {
        text.json().into()
    }
}

/// A cancellation with the reason `r`.
fn cancel() -> Text {
    Text::new(Cancel, CAR_KEY, "").reason("r")
}

/// `provisioned`, whose content may be anything.
fn provisioned() -> Text {
    Text::new(Provisioned, CAR_KEY, "{}")
}

/// An offer of a car key.
fn offer() -> Text {
    Text::new(Offer, CAR_KEY, r#"{"keyCreationRequest":"AQID"}"#)
}

/// An offer of a token.
fn token(base64: &str) -> Text {
    let content = format!(r#"{{"authorizationToken":"{base64}"}}"#);
    Text::new(Offer, TOKEN, &content)
}

/// An offer that no wallet supports.
fn bicycle(content: &str) -> Text {
    Text::new(Offer, OTHER_FORMAT, content)
}

/// What a payload without content says.
fn said(message_type: MessageType, format: &str) -> Fields {
    Fields {
        transfer: transfer().to_string(),
        r#type: message_type,
        format: format.to_owned(),
        expires: (message_type == Offer).then_some(EXPIRES_SECONDS),
        invitation: None,
        access_key: None,
        key_creation_request: None,
        authorization_token: None,
        key_signing_request: None,
        key_import_request: None,
        reason: None,
        unknown_content: Map::new(),
        unknown_top: Map::new(),
    }
}

/// A payload with that reason: its text, and what it says.
fn ended(message_type: MessageType, format: &str, reason: &str) -> (Text, Fields) {
    let text = Text::new(message_type, format, "").reason(reason);
    let reason = Some(reason.to_owned());
    (text, but(said(message_type, format), |f| f.reason = reason))
}

fn cancelled(reason: &str) -> Fields {
    ended(Cancel, CAR_KEY, reason).1
}

/// A payload whose content is empty: its text, and what it says.
fn empty(message_type: MessageType, format: &str) -> (Text, Fields) {
    (
        Text::new(message_type, format, "{}"),
        said(message_type, format),
    )
}

fn token_of(bytes: &[u8]) -> Fields {
    let token = Some(bytes.into());
    but(said(Offer, TOKEN), |f| f.authorization_token = token)
}

fn token_until(seconds: u64, bytes: &[u8]) -> Fields {
    let expires = Some(Timestamp(seconds));
    but(token_of(bytes), |f| f.expires = expires)
}

/// With these unknown keys at the top level.
fn top(fields: Fields, keys: Value) -> Fields {
    but(fields, |f| f.unknown_top = object(keys))
}

/// With these unknown keys in `content`.
fn content(fields: Fields, keys: Value) -> Fields {
    but(fields, |f| f.unknown_content = object(keys))
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).expect("an object")
}

/// A payload of a car key with bytes that a wallet asks for or answers with: its text, and what it says.
fn bearing(message_type: MessageType) -> (Text, Fields) {
    let mut fields = said(message_type, CAR_KEY);
    let (name, place) = match message_type {
        Offer => ("keyCreationRequest", &mut fields.key_creation_request),
        Signing => ("keySigningRequest", &mut fields.key_signing_request),
        _ => ("keyImportRequest", &mut fields.key_import_request),
    };
    *place = Some(request().into());
    let base64 = BASE64.encode(&request());
    let content = format!(r#"{{"{name}":"{base64}"}}"#);
    (Text::new(message_type, CAR_KEY, &content), fields)
}

/// The lengths that a plaintext has (PAY-11).
const SIZES: [usize; 4] = [1024, 4096, 16_384, 65_536];

/// `text` with 0x80 and zeros behind it up to `size` bytes; where it is longer, with 0x80 alone.
fn padded_to(size: usize, text: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut bytes = text.into();
    bytes.push(0x80);
    bytes.resize(bytes.len().max(size), 0);
    bytes
}

/// The shortest size that holds `text` and `more` bytes beside it.
fn size_of(text: &[u8], more: usize) -> usize {
    let holds = |size: &usize| text.len() + more < *size;
    SIZES.into_iter().find(holds).unwrap_or(SIZES[3])
}

fn padded(text: impl Into<Vec<u8>>) -> Plaintext {
    let text = text.into();
    plaintext(padded_to(size_of(&text, 0), text))
}

fn plaintext(bytes: Vec<u8>) -> Plaintext {
    let plaintext = Hex(bytes);
    Plaintext { plaintext }
}

/// `text` with spaces behind it up to `length` bytes.
fn stretched(text: &Text, length: usize) -> String {
    let json = text.json();
    let missing = length - json.len();
    json + &" ".repeat(missing)
}

/// The text is read, and says that.
fn reads(text: impl Into<Vec<u8>>, fields: Fields) -> impl Case {
    valid::<Decode>(padded(text), fields)
}

/// The text is read, and says what belongs to it.
fn decodes((text, fields): (Text, Fields)) -> impl Case {
    reads(text, fields)
}

/// The text is read as a cancellation with that reason.
fn cancels<T: Into<Vec<u8>>>(text: T, reason: &str) -> impl Case + use<T> {
    reads(text, cancelled(reason))
}

/// The text is refused.
fn refuses(text: impl Into<Vec<u8>>) -> impl Case {
    refused::<Decode>(InvalidPayload, padded(text))
}

/// What the invitation, the access key and the MAC add to an offer, in bytes.
const INVITED: usize = 152;

/// What says that is written so, at least of that length.
fn writes_at_least(at_least: usize, fields: Fields, text: Text) -> impl Case {
    let offered = fields.r#type == Offer;
    let more = if offered { INVITED } else { 0 };
    let text = Vec::from(text);
    let size = size_of(&text, more).max(at_least);
    let size = SIZES
        .into_iter()
        .find(|one| *one >= size)
        .unwrap_or(SIZES[3]);
    let input = EncodeInput { fields, at_least };
    valid::<Encode>(input, plaintext(padded_to(size, text)))
}

/// What says that is written so.
fn writes(fields: Fields, text: Text) -> impl Case {
    writes_at_least(0, fields, text)
}

/// The text is written of what it says.
fn encodes((text, fields): (Text, Fields)) -> impl Case {
    writes(fields, text)
}

/// What says that is not written.
fn writes_not(fields: Fields) -> impl Case {
    let at_least = 0;
    refused::<Encode>(InvalidPayload, EncodeInput { fields, at_least })
}

pub(super) fn generate(b: &mut Builder) {
    b.header("What stands inside a message: padded JSON (profile section 8), as it is read and written, and the three");
    b.header("requests of the car-key stand-in (PAY-12). `plaintext` is what the ratchet hands out or is given: take");
    b.header("the padding off, read the JSON and say what it says, or refuse it.");
    notes! { b;
        Normal BASIC [rfc("8259")] "A payload as honest wallets write it." => "Whoever refuses it transfers nothing.";
        Writer INTEROPERABILITY [rfc("8785")]
            "What a wallet writes: one form for each payload, and nothing that its peer must refuse; a bug has another."
            => "Peers refuse the payload, and what differs between wallets tells them apart.";
        Padding MALLEABILITY ["https://en.wikipedia.org/wiki/Padding_(cryptography)#ISO/IEC_7816-4"]
            "The padding is wrong, or at its edges; a bug is lenient, or takes text for padding."
            => "One payload is read from many plaintexts, or another one than was written.";
        Size DENIAL_OF_SERVICE [rfc("8259#section-9"), cwe(770)]
            "At or over the greatest size; a bug has another bound or none."
            => "Without a bound a peer says how much memory a payload takes; with a lower one payloads are lost.";
        Utf8 PARSER_BUG [rfc("3629#section-3"), rfc("3629#section-10")]
            "The text is not UTF-8, or of its longer characters; a bug mends it."
            => "What was not written is read, and two readers mend it to two texts.";
        Json PARSER_BUG [rfc("8259"), "https://seriot.ch/projects/parsing_json.html"]
            "At the edges of JSON's grammar; a bug reads what is no JSON, or refuses what is."
            => "Readers differ: what one refuses another reads.";
        TopLevel PARSER_BUG [rfc("8259#section-2")]
            "JSON, but no object, or no JSON at all; a bug takes it for an empty object, or falls over it."
            => "A payload is read that nobody wrote, or a peer brings the wallet down.";
        Surrogate PARSER_BUG [rfc("8259#section-8.2")]
            "Half a surrogate pair: no character, and nothing that UTF-8 can write again; a bug keeps or mends it."
            => "What was read cannot be written again, and two readers mend it to two texts.";
        DuplicateName PARSER_BUG [rfc("8259#section-4"), cve("2017-12635")]
            "A name that stands twice; one reader takes the first value, another the last."
            => "A check sees one value, and what acts on it the other.";
        Depth DENIAL_OF_SERVICE [cwe(674), cve("2020-36518")]
            "At or over the greatest depth; a bug recurses without a bound, or has another one."
            => "A small message brings the wallet down.";
        Unknown INTEROPERABILITY [rfc("7493#section-4.2")]
            "Keys of a later version; a bug refuses or drops them, or reads them without care."
            => "Whoever refuses them cannot talk to that version; whoever drops them loses what others need.";
        Missing MISSING_STEP [cwe(1287)]
            "A required key is missing or of another type; a bug puts a default in its place."
            => "The wallet acts on what nobody said.";
        TransferId MALLEABILITY [rfc("9562#section-4")]
            "A transfer id that is not in its one form; a bug reads it all the same."
            => "Ids are looked up as text or bytes: a second form is a second transfer.";
        Version MISSING_STEP [cwe(681)] "A version other than 1, or what a careless reader takes for it."
            => "A payload is read by the rules of another version.";
        Type MISSING_STEP [cwe(1287)] "A type that does not exist, or is no string; a bug guesses."
            => "A message is acted on as one that it is not.";
        Content MISSING_STEP [cwe(1287)]
            "What the type requires is missing, of another type or in another place; a bug goes on without it."
            => "The wallet acts on what nobody said, or on nothing.";
        Format MISSING_STEP [cwe(20)]
            "A type, or a content, that the format does not have; a bug reads it as another format's."
            => "A step of one flow is taken in the other.";
        Reason DENIAL_OF_SERVICE [cwe(135)]
            "A reason at or over its greatest length; a bug counts characters, not bytes of UTF-8, or nothing."
            => "One wallet writes what the other refuses, or a peer says how much is stored and shown.";
        Base64 MALLEABILITY [rfc("4648#section-3.5"), eprint("2022/361")]
            "Base64 at its edges or in another form; a bug is lenient."
            => "The same bytes are read from many texts, and two readers read two things.";
        Invited MISSING_STEP [cwe(1287)]
            "What an offer says of its invitation and of the way back, wrong or by halves; a bug goes on without it."
            => "An offer that nobody vouches for is taken for one that somebody does.";
        Mac AUTH_BYPASS [rfc("2104"), cwe(353)]
            "The MAC of an offer by an invitation, or what it does not cover; a bug accepts it."
            => "Whoever saw the offer, or made the link, or runs the server, offers in somebody else's name.";
        Date PARSER_BUG [rfc("3339#section-5.6")]
            "A date at its edges, in another form, or that no calendar has; a bug mends it."
            => "An offer lives longer than its sender said.";
        CarKey BASIC [rfc("8032#section-5.1")] "The requests of the car-key stand-in, of their length and of another."
            => "Whoever computes another request shares no key; whoever reads another length reads beyond it.";
        Attestation AUTH_BYPASS [cwe(347)]
            "A signature by another key, over another key, for another transfer or another purpose; a bug accepts it."
            => "The car is shared with a stranger.";
        Malleable MALLEABILITY [rfc("8032#section-8.4"), cve("2024-45193")]
            "A second signature made from the first by whoever sees it; a bug accepts it."
            => "One request has two forms, and whoever tells requests apart by their bytes takes it for another.";
        SmallOrder AUTH_BYPASS [eprint("2020/1244")] "A key of small order; a bug accepts it."
            => "A signature holds whatever it covers, and everybody can make it.";
    }
    readable(b);
    bounds(b);
    refuse_bytes(b);
    refuse_keys(b);
    refuse_values(b);
    encode(b);
    invited(b);
    offers(b);
    car_key_creation_request(b);
    car_key_signing_request(b);
    car_key_import_request(b);
}

/// Each type, with the content that it requires.
fn readable(b: &mut Builder) {
    let bytes = request();
    let base64 = BASE64.encode(&bytes);
    cases! { b, [Normal: PAY-06 PAY-08];
        car_key_offer [: PAY-01 PAY-02 PAY-06 PAY-08 PAY-10 PAY-11]: "an offer of a car key" => decodes(bearing(Offer));
        token_offer [: PAY-02 PAY-06 PAY-08 PAY-10]: "an offer of a token" => reads(token(&base64), token_of(&bytes));
        key_signing_request: "a key signing request" => decodes(bearing(Signing));
        key_import_request: "a key import request" => decodes(bearing(Import));
        /// `provisioned` of a car key: its content is empty, but there
        provisioned_car_key [: PAY-02 PAY-06 PAY-08] => decodes(empty(Provisioned, CAR_KEY));
        provisioned_token: "`provisioned` of a token" => decodes(empty(Provisioned, TOKEN));
        decline_token: "a decline of a token" => decodes(ended(Decline, TOKEN, "not now"));
        cancellation: "a cancellation" => decodes(ended(Cancel, CAR_KEY, "user"));
        /// a cancellation whose reason is empty: an empty string is a string
        cancellation_empty_reason [: PAY-08] => decodes(ended(Cancel, CAR_KEY, ""));
        /// an offer of a format that nobody supports: it is read, so that it can be declined, and its content is kept
        unsupported_format [Normal Unknown: PAY-03 PAY-07 PAY-08] => reads(
            bicycle(r#"{"lock":"blue","gears":[1,2]}"#),
            content(said(Offer, OTHER_FORMAT), json!({ "gears": [1, 2], "lock": "blue" })));
        /// an offer of a format whose name is a car key's in capitals: another format
        format_in_capitals [: PAY-07] => reads(
            Text::new(Offer, "DIGITALWALLET.CARKEY.CCC", r#"{"keyCreationRequest":"not base64"}"#),
            content(said(Offer, "DIGITALWALLET.CARKEY.CCC"), json!({ "keyCreationRequest": "not base64" })));
        /// an offer of the empty format: a string, and no format that is supported
        empty_format [: PAY-02 PAY-07] => decodes(empty(Offer, ""));
        /// a decline under the format that is declined
        decline_unsupported_format [: PAY-07 PAY-08] => decodes(ended(Decline, OTHER_FORMAT, "unsupported-format"));
    }
    let tokens = |base64: &str, bytes: &[u8]| reads(token(base64), token_of(bytes));
    cases! { b, [Base64: PAY-09];
        token_of_no_byte: "a token of no byte: base64 of nothing is the empty string" => tokens("", &[]);
        token_of_one_byte: "a token of one byte" => tokens("AA==", &[0]);
        token_of_two_bytes: "a token of two bytes" => tokens("AAA=", &[0, 0]);
        token_with_plus_and_slash: "a token with the digits + and /" => tokens("+/+/", &[0xfb, 0xff, 0xbf]);
        /// a token whose slash is written as \/, as some writers do
        token_with_escaped_slash [Base64 Json:] => tokens(r"AA\/\/", &[0, 0x0f, 0xff]);
    }
    let keys = "\u{1f511}".repeat(64);
    let reason = |text: &str, read: &str| cancels(cancel().reason(text), read);
    cases! { b, [Reason: PAY-08];
        reason_of_256_bytes: "a reason of 256 bytes" => reason(&"r".repeat(256), &"r".repeat(256));
        reason_of_256_bytes_in_64_characters: "a reason of 256 bytes in 64 characters" => reason(&keys, &keys);
        /// a reason of 256 bytes, each written as an escape of six: what counts is what is read
        reason_of_256_escapes [Reason Json:] => reason(&r"\u0072".repeat(256), &"r".repeat(256));
    }
    // The freedom that JSON leaves.
    let (transfer, tigress) = (transfer(), cancel().tigress);
    let escaped = tigress.replace("type", r"\u0074ype");
    let escaped = escaped.replace("cancel", r"c\u0061ncel");
    let dots = CAR_KEY.replace('.', r"\u002e");
    let characters = "\u{e9}\u{20ac}\u{1f511}\u{2028}\u{ffff}\u{7f}";
    cases! { b, [Json: PAY-01];
        /// white space of every kind around everything
        white_space => cancels(format!(" \t\r\n{{ \"format\" :\n\"{CAR_KEY}\" ,\r\n\t\"content\":")
            + &format!(" {{ \"reason\" : \"r\" }} , \"tigress\" : {tigress} }}\n \t\r"), "r");
        /// the names in another order
        names_in_another_order => cancels(
            format!(r#"{{"tigress":{{"type":"cancel","transfer":"{transfer}","version":1}},"content":{{"reason":"r"}}"#)
                + &format!(r#","format":"{CAR_KEY}"}}"#), "r");
        /// names and values written with escapes
        names_and_values_escaped => cancels(
            format!(r#"{{"\u0066ormat":"{dots}","content":{{"r\u0065ason":"\u0072"}},"tigress":{escaped}}}"#), "r");
        /// every short escape, and an escaped zero byte, in a reason
        short_escapes => reason(r#"\"\\\/\b\f\n\r\t\u0000\u001f"#, "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}");
        /// a surrogate pair, in capitals and in small letters
        surrogate_pair [Json Surrogate:] => reason(r"\uD83D\uDD11\ud83d\udd11", "\u{1f511}\u{1f511}");
        /// characters of two, three and four bytes, U+2028 and a noncharacter
        characters_of_many_bytes [Json Utf8:] => reason(characters, characters);
        combining_accent: "a combining accent: strings are not normalised" => reason("e\u{301}", "e\u{301}");
        /// `reason` and `type` in two objects each: each object has its own names
        same_name_in_two_objects [Json DuplicateName:] => cancels(cancel().in_tigress(r#""reason":"other""#), "r");
    }
    // What must be kept, and what must be ignored.
    let values = r#"{"b":[null,true,"x",{}],"a":7}"#;
    let kept = json!({ "new": { "b": [null, true, "x", {}], "a": 7 } });
    let kept_content = content(cancelled("r"), kept.clone());
    cases! { b, [Unknown: PAY-03];
        unknown_key_at_top: "an unknown key at the top level is kept"
            => reads(cancel().new_key(values), top(cancelled("r"), kept));
        /// an unknown key in `content` is kept
        unknown_key_in_content => reads(cancel().content(&format!(r#"{{"new":{values},"reason":"r"}}"#)), kept_content);
        /// unknown keys in `tigress` are ignored
        unknown_key_in_tigress => cancels(cancel().in_tigress(&format!(r#""new":{values},"versions":[2]"#)), "r");
        /// `expires` in a type that does not have it is an unknown key, whatever it says
        expires_of_cancellation [Unknown Date: PAY-03 PAY-10] =>
            cancels(cancel().in_tigress(r#""expires":"tomorrow""#), "r");
        /// the content of another type is an unknown key in this one, whatever it says
        content_of_another_type [Unknown Content: PAY-03 PAY-08] => reads(
            cancel().content(r#"{"reason":"r","keySigningRequest":"%"}"#),
            content(cancelled("r"), json!({ "keySigningRequest": "%" })));
        /// keys that mean something to JavaScript objects: whoever reads into one loses or obeys them
        javascript_keys => reads(
            cancel().with(r#","__proto__":{"format":"x"},"constructor":1,"toString":2"#),
            top(cancelled("r"), json!({ "__proto__": { "format": "x" }, "constructor": 1, "toString": 2 })));
        /// the same in `content`
        javascript_keys_in_content => reads(
            cancel().content(r#"{"reason":"r","__proto__":{"reason":"s"},"hasOwnProperty":1}"#),
            content(cancelled("r"), json!({ "__proto__": { "reason": "s" }, "hasOwnProperty": 1 })));
        /// the same in a value that is kept
        javascript_keys_in_kept_value => reads(
            cancel().new_key(r#"{"valueOf":[{"__proto__":null}]}"#),
            top(cancelled("r"), json!({ "new": { "valueOf": [{ "__proto__": null }] } })));
        /// names that differ in case or in normalisation alone, and the empty one: four names
        names_alike_but_different [DuplicateName Unknown: PAY-03 PAY-04] => reads(
            cancel().with(",\"Format\":1,\"\u{e9}\":2,\"e\u{301}\":3,\"\":4"),
            top(cancelled("r"), json!({ "Format": 1, "\u{e9}": 2, "e\u{301}": 3, "": 4 })));
        /// names in a value that differ in normalisation alone
        nested_names_alike_but_different [DuplicateName Unknown: PAY-03 PAY-04] => reads(
            cancel().content("{\"reason\":\"r\",\"new\":{\"\u{e9}\":1,\"e\u{301}\":2}}"),
            content(cancelled("r"), json!({ "new": { "\u{e9}": 1, "e\u{301}": 2 } })));
        /// numbers of unknown keys are kept: negative, with a fraction, very large and very small ones
        numbers_of_unknown_keys => reads(
            cancel().new_key("[-1,1.5,-0.25,1e300,-2.5e-300,4503599627370497.5]"),
            top(cancelled("r"), json!({ "new": [-1, 1.5, -0.25, 1e300, -2.5e-300, 4_503_599_627_370_497.5] })));
    }
}

/// `inside` in so many arrays.
fn arrays(depth: usize, inside: &str) -> String {
    format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth))
}

/// `inside` in so many objects.
fn objects(depth: usize, inside: &str) -> String {
    format!("{}{inside}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn bounds(b: &mut Builder) {
    let kept = |value: &str| {
        let said = top(cancelled("r"), json!({ "new": parsed(value) }));
        reads(cancel().new_key(value), said)
    };
    let in_tigress = |value: &str| cancel().in_tigress(&format!(r#""new":{value}"#));
    cases! { b, [Depth: PAY-05];
        /// arrays down to depth 16, an empty one the innermost
        arrays_to_depth_16 [Depth Unknown: PAY-03 PAY-05] => kept(&arrays(15, ""));
        objects_to_depth_16 [Depth Unknown: PAY-03 PAY-05]: "objects down to depth 16" => kept(&objects(15, "0"));
        depth_16_in_tigress: "depth 16 below `tigress`" => cancels(in_tigress(&arrays(13, "{}")), "r");
        empty_array_at_depth_17: "an empty array at depth 17" => refuses(cancel().new_key(&arrays(16, "")));
        empty_object_at_depth_17: "an empty object at depth 17" => refuses(cancel().new_key(&arrays(15, "{}")));
        objects_to_depth_17: "objects down to depth 17" => refuses(cancel().new_key(&objects(16, "0")));
        /// depth 17 in `content`
        depth_17_in_content => refuses(provisioned().content(&format!(r#"{{"new":{}}}"#, arrays(15, ""))));
        depth_17_in_tigress: "depth 17 in a key of `tigress` that is ignored" => refuses(in_tigress(&arrays(15, "")));
        /// 20,000 arrays: whoever recurses without a bound overflows the stack
        arrays_20000 => refuses(cancel().new_key(&arrays(20_000, "")));
        open_brackets_60000: "60,000 brackets that are never closed" => refuses("[".repeat(60_000));
    }
    let json_of = |length| cancels(stretched(&cancel(), length), "r");
    let in_size = |size, length| {
        let bytes = padded_to(size, stretched(&cancel(), length));
        valid::<Decode>(plaintext(bytes), cancelled("r"))
    };
    cases! { b, [Padding: PAY-11];
        json_of_1023_bytes: "JSON of 1,023 bytes: the padding is 0x80 alone" => json_of(1023);
        json_of_1022_bytes: "JSON of 1,022 bytes: the padding is 0x80 and one zero" => json_of(1022);
        json_of_1024_bytes: "JSON of 1,024 bytes: it is padded to 4,096" => json_of(1024);
        json_of_4095_bytes: "JSON of 4,095 bytes, padded by 0x80 alone" => json_of(4095);
        json_of_4096_bytes: "JSON of 4,096 bytes, padded to 16,384" => json_of(4096);
        json_of_16383_bytes: "JSON of 16,383 bytes, padded by 0x80 alone" => json_of(16_383);
        json_of_16384_bytes: "JSON of 16,384 bytes, padded to 65,536" => json_of(16_384);
        /// padded to 4,096 bytes, where 1,024 would do: as long as the offer that it answers
        padded_longer_than_needed => in_size(4096, 300);
        padded_to_the_longest: "padded to 65,536 bytes, where 1,024 would do" => in_size(65_536, 300);
        json_of_65535_bytes [Size: PAY-01 PAY-11]: "JSON of 65,535 bytes, the most there may be" => json_of(65_535);
        /// JSON of 65,536 bytes: one too many
        json_of_65536_bytes [Size: PAY-01 PAY-11] => refuses(stretched(&cancel(), 65_536));
    }
    let date = |text: &str, seconds| reads(token("AA==").expires(text), token_until(seconds, &[0]));
    cases! { b, [Date: PAY-10];
        first_second_of_1970: "the first second of 1970" => date("1970-01-01T00:00:00Z", 0);
        last_second_of_9999: "the last second of 9999" => date("9999-12-31T23:59:59Z", 253_402_300_799);
        /// 2^31 seconds after 1970: below 0 where seconds are signed 32-bit integers
        seconds_2_31 => date("2038-01-19T03:14:08Z", 1 << 31);
        seconds_2_32: "2^32 seconds after 1970: 0 where seconds have 32 bits" => date("2106-02-07T06:28:16Z", 1 << 32);
        february_29_2028: "29 February 2028" => date("2028-02-29T00:00:00Z", 1_835_395_200);
        /// 29 February 2000: a leap year, though divisible by 100
        february_29_2000 => date("2000-02-29T23:59:59Z", 951_868_799);
        march_1_2100: "1 March 2100, after no 29 February" => date("2100-03-01T00:00:00Z", 4_107_542_400);
    }
}

/// The text with those bytes in place of its `@`.
fn at_sign(text: &Text, bytes: &[u8]) -> Vec<u8> {
    let text = text.json();
    let (before, behind) = text.split_once('@').expect("an @");
    [before.as_bytes(), bytes, behind.as_bytes()].concat()
}

fn refuse_bytes(b: &mut Builder) {
    let text = cancel().json();
    let good = padded_to(1024, text.clone());
    let (mark, last) = (text.len(), good.len() - 1);
    let with = |at: usize, byte: u8| but(good.clone(), |bytes| bytes[at] = byte);
    let pkcs7 = [text.as_bytes(), &vec![0x10; good.len() - mark]].concat();
    let raw = |bytes: Vec<u8>| refused::<Decode>(InvalidPayload, plaintext(bytes));
    cases! { b, [Padding: PAY-11];
        padding_no_byte: "no byte at all" => raw(vec![]);
        /// JSON of 1,024 bytes without padding: spaces are no padding
        padding_of_spaces => raw(stretched(&cancel(), 1024).into());
        padding_missing: "JSON without padding" => raw(text.clone().into());
        /// 0x80 without zeros: no length that a payload has
        padding_mark_without_zeros => raw(good[..=mark].to_vec());
        padding_zero_missing: "the last zero is missing" => raw(good[..last].to_vec());
        padding_zero_too_many: "a zero too many" => raw([&good[..], &[0]].concat());
        padding_to_16: "zeros up to a multiple of 16 alone" => raw(padded_to(text.len().div_ceil(16) * 16, text.clone()));
        padding_to_256: "256 bytes, as version 1 padded" => raw(padded_to(256, text.clone()));
        padding_to_512: "512 bytes" => raw(padded_to(512, text.clone()));
        /// a block of 256 zeros too many
        padding_block_too_many => raw([&good[..], &[0; 256]].concat());
        /// 2,048 bytes: a power of 2, but between two lengths
        padding_to_2048 => raw(padded_to(2048, text.clone()));
        padding_to_8192: "8,192 bytes" => raw(padded_to(8192, text.clone()));
        padding_to_32768: "32,768 bytes" => raw(padded_to(32_768, text.clone()));
        padding_to_65792: "65,792 bytes: longer than the longest" => raw(padded_to(65_792, text.clone()));
        padding_zeros_alone: "zeros alone" => raw(vec![0; 1024]);
        padding_without_mark: "zeros without 0x80" => raw(with(mark, 0));
        padding_mark_01: "0x01 in place of 0x80" => raw(with(mark, 0x01));
        padding_mark_81: "0x81 in place of 0x80" => raw(with(mark, 0x81));
        padding_last_byte_01: "0x01 as the last byte" => raw(with(last, 0x01));
        padding_with_space: "a space among the zeros" => raw(with(mark + 1, b' '));
        padding_pkcs7: "the padding of PKCS #7" => raw(pkcs7);
        /// padding alone: right as padding, but before it stands no JSON
        padding_alone [Padding TopLevel: PAY-01 PAY-11] => refuses("");
        /// 0x80 at both ends of the zeros: the last one counts, and the first stands in the JSON
        padding_two_marks [Padding Utf8: PAY-01 PAY-11] => raw(with(last, 0x80));
        /// padded twice: 0x80 and zeros stand behind the JSON
        padding_twice [Padding Utf8: PAY-01 PAY-11] => refuses(good.clone());
        /// a zero byte between the JSON and its padding
        padding_after_zero [Padding Json: PAY-01 PAY-11] => refuses([text.as_bytes(), &[0]].concat());
    }
    let reason = |bytes: &[u8]| refuses(at_sign(&cancel().reason("@"), bytes));
    let json = cancel().json();
    let utf_16: Vec<u8> = json.encode_utf16().flat_map(u16::to_be_bytes).collect();
    cases! { b, [Utf8: PAY-01];
        utf8_lone_continuation: "a lone continuation byte" => reason(&[0x80]);
        /// a slash in two bytes, C0 AF: a second encoding of one character
        utf8_slash_in_two_bytes => reason(&[0xc0, 0xaf]);
        utf8_euro_in_four_bytes: "a euro sign in four bytes" => reason(&[0xf0, 0x82, 0x82, 0xac]);
        utf8_surrogate [Utf8 Surrogate:]: "a surrogate, ED A0 80" => reason(&[0xed, 0xa0, 0x80]);
        /// a surrogate pair in six bytes, as CESU-8 writes it
        utf8_surrogate_pair [Utf8 Surrogate:] => reason(&[0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91]);
        utf8_above_10ffff: "a character above U+10FFFF, F4 90 80 80" => reason(&[0xf4, 0x90, 0x80, 0x80]);
        utf8_cut_short: "a character cut short by the end of its string" => reason(&[0xe2, 0x82]);
        latin_1: "an e with an acute accent in Latin-1" => reason(&[0xe9]);
        /// 0xff in a key that is ignored: whoever puts U+FFFD in its place reads what was not written
        utf8_ff_in_ignored_key [Utf8 Unknown:] => refuses(at_sign(&cancel().new_key(r#""@""#), &[0xff]));
        byte_order_mark: "a byte order mark" => refuses([&[0xef, 0xbb, 0xbf], cancel().json().as_bytes()].concat());
        utf_16: "the JSON in UTF-16" => refuses(utf_16);
    }
    let new = |value: &str| refuses(cancel().new_key(value));
    let with = |more: &str| refuses(cancel().with(more));
    let reason = |text: &str| refuses(cancel().reason(text));
    cases! { b, [TopLevel: PAY-01];
        top_is_array: "an array at the top" => refuses(format!("[{json}]"));
        top_is_string: "a string at the top" => refuses("\"tigress\"");
        top_is_number: "a number at the top" => refuses("7");
        top_is_null: "`null` at the top" => refuses("null");
        white_space_alone: "white space alone" => refuses(" \n");
    }
    cases! { b, [Json: PAY-01];
        object_twice [Json TopLevel:]: "the same object twice: which one counts?" => refuses(format!("{json}{json}"));
        brace_too_many: "a brace too many" => refuses(format!("{json}}}"));
        comma_after_object: "a comma after the object" => refuses(format!("{json},"));
        comment_after_object: "a comment after the object" => refuses(format!("{json}// done"));
        last_brace_missing: "the last brace is missing" => refuses(&json[..json.len() - 1]);
        text_ends_in_string: "the text ends in a string" => refuses(&json[..json.len() - 5]);
        comma_before_last_brace: "a comma before the last brace" => with(",");
        comma_at_end_of_array: "a comma at the end of an array" => new("[1,]");
        two_commas: "two commas" => with(r#",,"new":1"#);
        no_comma: "no comma between two names" => with(r#""new":1"#);
        no_colon: "no colon after a name" => with(r#","new" 1"#);
        name_without_quotes: "a name without quotes" => with(",new:1");
        name_in_single_quotes: "a name in single quotes" => with(",'new':1");
        number_as_name: "a number as a name" => with(",1:1");
        comment: "a comment" => with(" /* cancelled */");
        nan: "`NaN`" => new("NaN");
        infinity: "`Infinity`" => new("Infinity");
        capital_true: "`True`" => new("True");
        undefined: "`undefined`" => new("undefined");
        number_leading_zero: "a number with a leading zero" => new("01");
        number_of_two_zeros: "a number of two zeros" => new("00");
        number_negative_leading_zero: "a negative number with a leading zero" => new("-01");
        /// a number with a leading zero, in a key that is ignored
        ignored_number_leading_zero [Json Unknown:] => refuses(cancel().in_tigress(r#""new":01"#));
        number_plus_sign: "a number with a plus sign" => new("+1");
        number_begins_with_point: "a number that begins with a point" => new(".5");
        number_ends_with_point: "a number that ends with a point" => new("1.");
        number_hexadecimal: "a number in hexadecimal" => new("0x1");
        minus_alone: "a minus sign alone" => new("-");
        /// 1e400, beyond every double: whoever reads infinity cannot write it again
        number_1e400 [Json Unknown:] => new("1e400");
        /// an integer of 400 digits, beyond every double too, though it has no exponent
        number_of_400_digits [Json Unknown:] => new(&"9".repeat(400));
        /// a negative one in a key that is ignored
        ignored_number_of_400_digits [Json Unknown:] => refuses(cancel().in_tigress(&format!(r#""new":-{}"#, "9".repeat(400))));
        line_feed_in_string: "a line feed in a string" => reason("a\nb");
        tab_in_string: "a tab in a string" => reason("a\tb");
        zero_byte_in_string: "a zero byte in a string" => reason("a\0b");
        escape_x41: r"an escape that JSON does not have, \x41" => reason(r"\x41");
        escaped_single_quote: "an escaped single quote" => reason(r"\'");
        escape_three_digits: r"\u with three digits" => reason(r"\u041");
        escape_with_sign: r"\u with a sign" => reason(r"\u+041");
        form_feed_as_space: "a form feed as white space" => refuses(format!("\u{c}{json}"));
        /// a vertical tab as white space, between two tokens: a regex's `\s` has it too
        vertical_tab_as_space => refuses(json.replacen(':', ":\u{b}", 1));
        no_break_space: "a no-break space as white space" => refuses(format!("\u{a0}{json}"));
    }
    cases! { b, [Surrogate: PAY-01];
        first_surrogate_alone: "the first half of a surrogate pair alone" => reason(r"\ud83d");
        second_surrogate_alone: "the second half of a surrogate pair alone" => reason(r"\udd11");
        surrogates_in_wrong_order: "a surrogate pair in the wrong order" => reason(r"\udd11\ud83d");
        two_first_surrogates: "two first halves" => reason(r"\ud83d\ud83d");
        first_surrogate_then_character: "a first half, then an escape of a character" => reason(r"\ud83d\u0041");
        /// a first half, then an escape of a character behind the second halves: a test for the lower bound alone takes it
        first_surrogate_then_later_character => reason(r"\ud83d\ue000");
        first_surrogate_then_last_character: "a first half, then the last escape" => reason(r"\ud83d\uffff");
        first_surrogate_then_text: "a first half, then a letter" => reason(r"\ud83dA");
        second_surrogate_then_text: "a second half, then a letter" => reason(r"\udfffA");
        /// half a surrogate pair in a name that is ignored
        surrogate_in_ignored_name [Surrogate Unknown:] => refuses(cancel().in_tigress(r#""\ud83d":1"#));
    }
}

fn refuse_keys(b: &mut Builder) {
    let with = |more: &str| refuses(cancel().with(more));
    let in_tigress = |keys: &str| refuses(cancel().in_tigress(keys));
    cases! { b, [DuplicateName: PAY-04];
        /// `tigress` twice: one reader takes the first, another the last
        tigress_twice => with(&format!(r#","tigress":{}"#, provisioned().tigress));
        format_twice: "`format` twice with the same value" => with(&format!(r#","format":"{CAR_KEY}""#));
        type_twice [DuplicateName Type:]: "`type` twice in `tigress`" => in_tigress(r#""type":"provisioned""#);
        /// `version` twice in `tigress`, 2 first
        version_twice [DuplicateName Version:] => refuses(cancel().tigress("{", r#"{"version":2,"#));
        /// `reason` twice in `content`
        reason_twice [DuplicateName Content:] => refuses(cancel().content(r#"{"reason":"r","reason":"s"}"#));
        /// `type` and `\u0074ype`: once they are read they are one name
        type_twice_escaped [DuplicateName Type Json:] => in_tigress(r#""\u0074ype":"provisioned""#);
        unknown_name_twice [DuplicateName Unknown:]: "an unknown name twice" => with(r#","new":1,"new":2"#);
        /// a name twice deep in a value that is kept
        name_twice_in_kept_value [DuplicateName Unknown:] => with(r#","new":[[{"a":{"b":1,"b":1}}]]"#);
        /// a name twice in a value of `tigress` that is ignored
        name_twice_in_ignored_value [DuplicateName Unknown:] => in_tigress(r#""new":{"a":1,"a":1}"#);
        /// a name twice deep in a value of `tigress` that is ignored
        name_twice_deep_in_ignored_value [DuplicateName Unknown:] => in_tigress(r#""new":[[{"a":[{"b":1,"b":2}]}]]"#);
        empty_name_twice [DuplicateName Unknown:]: "the empty name twice" => with(r#","":1,"":1"#);
    }
    let Text {
        format,
        content,
        tigress,
        ..
    } = cancel();
    let (transfer, provisioned_tigress) = (transfer().to_string(), provisioned().tigress);
    let instead = |text: &str| refuses(but(cancel(), |f| text.clone_into(&mut f.tigress)));
    cases! { b, [Missing: PAY-02];
        empty_object: "an empty object" => refuses("{}");
        no_format: "no `format`" => refuses(format!(r#"{{"content":{content},"tigress":{tigress}}}"#));
        no_content: "no `content`" => refuses(format!(r#"{{"format":{format},"tigress":{tigress}}}"#));
        /// no `content` where nothing is required in it
        no_content_of_provisioned => refuses(format!(r#"{{"format":{format},"tigress":{provisioned_tigress}}}"#));
        no_tigress: "no `tigress`" => refuses(format!(r#"{{"format":{format},"content":{content}}}"#));
        /// `Tigress` in place of `tigress`
        tigress_in_capitals => refuses(cancel().json().replace("\"tigress\"", "\"Tigress\""));
        /// the keys of `tigress` at the top level
        tigress_at_top => refuses(format!(r#"{{"format":{format},"content":{content},{}"#, &tigress[1..]));
        format_is_null: "`format` is null" => refuses(cancel().format("null"));
        format_is_number: "`format` is a number" => refuses(cancel().format("7"));
        format_is_array: "`format` is an array of one string" => refuses(cancel().format(&format!("[{format}]")));
        content_is_null: "`content` is null" => refuses(provisioned().content("null"));
        content_is_array: "`content` is an array" => refuses(provisioned().content("[]"));
        content_is_string: "`content` is JSON in a string" => refuses(provisioned().content(r#""{}""#));
        tigress_is_null: "`tigress` is null" => instead("null");
        tigress_is_array: "`tigress` is an array of its object" => instead(&format!("[{tigress}]"));
        /// no `transfer`
        no_transfer [Missing TransferId:] => refuses(cancel().tigress(&format!(r#""transfer":"{transfer}","#), ""));
        /// `transfer` is null
        transfer_is_null [Missing TransferId:] => refuses(cancel().tigress(&format!("\"{transfer}\""), "null"));
    }
    let id = |other: &str| refuses(cancel().tigress(&transfer, other));
    cases! { b, [TransferId: PAY-02 XFER-02];
        transfer_id_in_capitals: "a transfer id in capitals: a second form of one id" => id(&transfer.to_uppercase());
        transfer_id_without_hyphens: "a transfer id without hyphens" => id(&transfer.replace('-', ""));
        transfer_id_as_urn: "a transfer id as a URN" => id(&format!("urn:uuid:{transfer}"));
        transfer_id_with_space: "a transfer id with a space behind it" => id(&format!("{transfer} "));
        /// a transfer id of version 1: it tells a time and a machine
        transfer_id_of_version_1 => id("c232ab00-9414-11ec-b3c8-9f6bdeced846");
        transfer_id_nil: "the nil UUID" => id("00000000-0000-0000-0000-000000000000");
        transfer_id_empty: "an empty transfer id" => id("");
        /// a line feed behind the transfer id of an offer
        transfer_id_of_offer_line_feed_behind => refuses(offer().tigress(&transfer, &format!(r"{transfer}\n")));
    }
    let given = ["as_urn", "nil_uuid"];
    for (name, comment, form) in FORMS.iter().filter(|(name, ..)| !given.contains(name)) {
        let text = serde_json::Value::from(form(&transfer)).to_string();
        cases! { b, [TransferId: PAY-02 XFER-02];
            "transfer_id_{name}": "a transfer id: {comment}" => id(text.trim_matches('"'));
        }
    }
    let version =
        |value: &str| refuses(cancel().tigress(r#""version":1"#, &format!(r#""version":{value}"#)));
    cases! { b, [Version: PAY-06];
        no_version [Version Missing:]: "no version" => refuses(cancel().tigress(r#""version":1,"#, ""));
        version_0: "version 0" => version("0");
        version_2: "version 2" => version("2");
        version_minus_1: "version -1" => version("-1");
        /// version "1", a string
        version_as_string => version("\"1\"");
        version_of_offer_as_string: "an offer of version \"1\", a string"
            => refuses(offer().tigress(r#""version":1"#, r#""version":"1""#));
        version_1_0: "version 1.0: not the integer 1" => version("1.0");
        version_1e0: "version 1e0: not the integer 1" => version("1e0");
        version_10e_minus_1: "version 10e-1: not the integer 1" => version("10e-1");
        version_that_rounds_to_1: "a version that a double rounds to 1" => version("1.00000000000000000001");
        version_2_32_plus_1: "version 2^32 + 1: cut to 32 bits it is 1" => version("4294967297");
        version_2_64_plus_1: "version 2^64 + 1: cut to 64 bits it is 1" => version("18446744073709551617");
        version_true: "version `true`, which some readers take for 1" => version("true");
        version_null: "version null" => version("null");
        version_in_array: "version [1]" => version("[1]");
    }
    let message_type = |value: &str| refuses(cancel().tigress(r#""cancel""#, value));
    cases! { b, [Type: PAY-06];
        no_type [Type Missing:]: "no type" => refuses(cancel().tigress(r#","type":"cancel""#, ""));
        type_unknown: "an unknown type" => message_type("\"keyTrackingReceipt\"");
        type_in_capitals: "a type in capitals" => message_type("\"CANCEL\"");
        type_with_space: "a type with a space behind it" => message_type("\"cancel \"");
        type_empty: "an empty type" => message_type("\"\"");
        type_null: "type null" => message_type("null");
        type_number: "a number as the type" => message_type("5");
        /// an object in place of the type, as some readers of enumerations take it
        type_object => message_type(r#"{"cancel":null}"#);
        type_array: "an array in place of the type" => message_type(r#"["cancel"]"#);
    }
    let text = |message_type, content: &str| refuses(Text::new(message_type, CAR_KEY, content));
    let token = |content: &str| refuses(Text::new(Offer, TOKEN, content));
    cases! { b, [Content: PAY-08];
        car_key_without_request: "an offer of a car key without its request" => text(Offer, "{}");
        /// an offer of a car key with a token in place of its request
        car_key_with_token [Content Format:] => text(Offer, r#"{"authorizationToken":"AA=="}"#);
        offer_without_token: "an offer of a token without it" => token("{}");
        /// an offer of a token with a car key's request in its place
        token_with_car_key [Content Format:] => token(r#"{"keyCreationRequest":"AA=="}"#);
        signing_request_without_bytes: "a key signing request without its bytes" => text(Signing, "{}");
        /// a key signing request whose bytes are those of a key import request
        signing_request_with_import_request => text(Signing, r#"{"keyImportRequest":"AA=="}"#);
        import_request_without_bytes: "a key import request without its bytes" => text(Import, "{}");
        decline_without_reason: "a decline without a reason" => text(Decline, "{}");
        cancellation_without_reason: "a cancellation without a reason" => text(Cancel, "{}");
        /// a reason at the top level, not in `content`
        reason_at_top => refuses(cancel().content("{}").with(r#","reason":"r""#));
        /// a reason in `tigress`, not in `content`
        reason_in_tigress => refuses(cancel().content("{}").in_tigress(r#""reason":"r""#));
        reason_with_capital: "a name in another case: `Reason`" => text(Cancel, r#"{"Reason":"r"}"#);
        token_null: "a token that is null" => token(r#"{"authorizationToken":null}"#);
        token_number: "a token that is a number" => token(r#"{"authorizationToken":1234}"#);
        token_array: "a token that is an array of bytes" => token(r#"{"authorizationToken":[0]}"#);
        reason_null: "a reason that is null" => text(Decline, r#"{"reason":null}"#);
        reason_number: "a reason that is a number" => text(Decline, r#"{"reason":404}"#);
    }
    let reason = |text: &str| refuses(cancel().reason(text));
    cases! { b, [Reason: PAY-08];
        reason_of_257_bytes: "a reason of 257 bytes" => reason(&"r".repeat(257));
        /// a reason of 257 bytes in 129 characters: bytes count
        reason_of_257_bytes_in_129_characters => reason(&format!("r{}", "\u{e9}".repeat(128)));
        /// a reason of 257 bytes in 65 characters
        reason_of_257_bytes_in_65_characters => reason(&format!("r{}", "\u{1f511}".repeat(64)));
    }
    let content = |name| format!(r#"{{"{name}":"AA=="}}"#);
    let (signing, import) = (content("keySigningRequest"), content("keyImportRequest"));
    let signing = |format| refuses(Text::new(Signing, format, &signing));
    let import = |format| refuses(Text::new(Import, format, &import));
    cases! { b, [Format: PAY-08];
        signing_request_for_token: "a key signing request for a token, which needs none" => signing(TOKEN);
        import_request_for_token: "a key import request for a token, which needs none" => import(TOKEN);
        /// a key signing request under a format that nobody supports
        signing_request_for_unsupported_format => signing(OTHER_FORMAT);
        /// a key import request under a format that nobody supports
        import_request_for_unsupported_format => import(OTHER_FORMAT);
    }
}

fn refuse_values(b: &mut Builder) {
    let base64 = |text: &str| refuses(token(text));
    let creation = |text: &str| {
        let content = format!(r#"{{"keyCreationRequest":"{text}"}}"#);
        refuses(Text::new(Offer, CAR_KEY, &content))
    };
    let unpadded = |message_type, name| {
        let content = format!(r#"{{"{name}":"AA"}}"#);
        refuses(Text::new(message_type, CAR_KEY, &content))
    };
    cases! { b, [Base64: PAY-09];
        base64_one_byte_unpadded: "one byte without padding" => base64("AA");
        base64_one_byte_half_padded: "one byte with half its padding" => base64("AA=");
        base64_two_bytes_unpadded: "two bytes without padding" => base64("AAA");
        base64_single_digit: "a single digit" => base64("A");
        base64_padding_alone: "padding alone" => base64("====");
        base64_padding_after_group: "padding after a whole group" => base64("AAAA====");
        base64_one_padding_after_group: "one padding character after a whole group" => base64("AAAA=");
        base64_padding_in_middle: "padding in the middle: two texts after one another" => base64("AA==AA==");
        base64_four_bits_left: "four bits left over that are not zero: a second text for the byte 00" => base64("AB==");
        base64_two_bits_left: "two bits left over that are not zero: a second text for 00 00" => base64("AAB=");
        base64_url_alphabet: "the digits - and _ of the URL alphabet" => base64("-_-_");
        base64_space: "a space" => base64("AAAA AAAA");
        base64_line_feed: "a line feed, as in MIME" => base64(r"AAAA\nAAAA");
        base64_line_feed_at_end: "a line feed at the end" => base64(r"AAAA\n");
        base64_space_before: "a space before it" => base64(" AAAA");
        base64_no_digit: "a character of no alphabet" => base64("AA*A");
        base64_letters_outside_ascii: "letters outside ASCII" => base64("\u{ff21}\u{ff21}\u{ff21}\u{ff21}");
        base64_zero_byte: "a zero byte" => base64(r"AAA\u0000");
        creation_request_unpadded: "a key creation request without padding" => unpadded(Offer, "keyCreationRequest");
        creation_request_single_digit: "a key creation request of a single digit" => creation("A");
        creation_request_padding_alone: "a key creation request of padding alone" => creation("====");
        creation_request_padding_in_middle: "a key creation request with padding in the middle" => creation("AA==AA==");
        creation_request_padding_after_group: "a key creation request with padding after a whole group" => creation("AAAA====");
        creation_request_two_bits_left: "a key creation request with two bits left over" => creation("AAB=");
        creation_request_four_bits_left: "a key creation request with four bits left over" => creation("AB==");
        creation_request_url_alphabet: "a key creation request in the URL alphabet" => creation("-_-_");
        creation_request_with_space: "a key creation request with a space" => creation("AAAA AAAA");
        creation_request_line_feed_at_end: "a key creation request with a line feed at the end" => creation(r"AAAA\n");
        creation_request_no_digit: "a key creation request with a character of no alphabet" => creation("AA*A");
        creation_request_zero_byte: "a key creation request with a zero byte" => creation(r"AAA\u0000");
        creation_request_outside_ascii: "a key creation request of letters outside ASCII" => creation("\u{ff21}\u{ff21}\u{ff21}\u{ff21}");
        signing_request_unpadded: "a key signing request without padding" => unpadded(Signing, "keySigningRequest");
        import_request_unpadded: "a key import request without padding" => unpadded(Import, "keyImportRequest");
    }
    let value = |value: &str| refuses(offer().tigress(&format!("\"{EXPIRES}\""), value));
    let date = |text: &str| refuses(offer().expires(text));
    let of_token = |text: &str| refuses(token("AA==").expires(text));
    cases! { b, [Date: PAY-10];
        /// no `expires`: whoever takes that for never keeps an offer open for ever
        no_expires [Date Missing:] => refuses(offer().tigress(&format!(r#","expires":"{EXPIRES}""#), ""));
        expires_null: "`expires` is null" => value("null");
        expires_in_seconds: "`expires` in seconds since 1970" => value("1795608000");
        expires_array: "an array of a date" => value(&format!(r#"["{EXPIRES}"]"#));
        date_empty: "an empty date" => date("");
        date_without_time: "a date without a time" => date("2026-11-25");
        date_without_seconds: "no seconds" => date("2026-11-25T12:00Z");
        date_without_z: "no Z: whose time?" => date("2026-11-25T12:00:00");
        date_offset_zero: "an offset of zero in place of Z" => date("2026-11-25T12:00:00+00:00");
        date_offset_two_hours: "an offset that is not zero" => date("2026-11-25T14:00:00+02:00");
        date_offset_minus_zero: "the offset -00:00" => date("2026-11-25T12:00:00-00:00");
        date_fraction: "a fraction of a second" => date("2026-11-25T12:00:00.0Z");
        date_comma_fraction: "a comma and a fraction" => date("2026-11-25T12:00:00,5Z");
        date_small_z: "a small z" => date("2026-11-25T12:00:00z");
        date_small_t: "a small t" => date("2026-11-25t12:00:00Z");
        date_space_for_t: "a space in place of T" => date("2026-11-25 12:00:00Z");
        date_without_hyphens_and_colons: "no hyphens and colons" => date("20261125T120000Z");
        date_month_of_one_digit: "a month of one digit" => date("2026-1-25T12:00:00Z");
        date_year_of_two_digits: "a year of two digits" => date("26-11-25T12:00:00Z");
        date_year_with_sign: "a year with a sign" => date("+2026-11-25T12:00:00Z");
        date_by_week: "a date by week" => date("2026-W48-3T12:00:00Z");
        date_of_http: "the date of HTTP" => date("Wed, 25 Nov 2026 12:00:00 GMT");
        date_space_before: "a space before the date" => date(" 2026-11-25T12:00:00Z");
        date_line_feed_behind: "a line feed behind the date" => date(r"2026-11-25T12:00:00Z\n");
        /// a line before the date: the ^ of a regular expression that looks at lines lets it through
        date_line_before => date(r"until\n2026-11-25T12:00:00Z");
        date_of_token_line_feed_behind: "a line feed behind the date of a token" => refuses(token("AA==").expires(&format!(r"{EXPIRES}\n")));
        date_of_token_offset_zero: "an offset of zero in a token's offer" => refuses(token("AA==").expires(&EXPIRES.replace('Z', "+00:00")));
        date_of_token_month_13: "month 13 in a token's offer" => of_token("2026-13-01T12:00:00Z");
        date_of_token_day_32: "day 32 in a token's offer" => of_token("2026-10-32T12:00:00Z");
        date_of_token_february_29: "29 February 2026 in a token's offer" => of_token("2026-02-29T12:00:00Z");
        date_of_token_september_31: "31 September in a token's offer" => of_token("2026-09-31T12:00:00Z");
        date_of_token_minute_60: "minute 60 in a token's offer" => of_token("2026-11-25T23:60:00Z");
        date_of_token_second_60: "second 60 in a token's offer" => of_token("2026-11-25T23:59:60Z");
        date_of_token_fraction: "a fraction of a second in a token's offer" => of_token("2026-11-25T12:00:00.123Z");
        date_of_token_small_z: "a small z in a token's offer" => of_token("2026-11-25T12:00:00z");
        date_of_token_space_for_t: "a space in place of T in a token's offer" => of_token("2026-11-25 12:00:00Z");
        date_of_token_without_seconds: "no seconds in a token's offer" => of_token("2026-11-25T12:00Z");
        date_of_token_without_z: "no Z in a token's offer" => of_token("2026-11-25T12:00:00");
        date_of_token_of_day_alone: "a day alone in a token's offer" => of_token("2026-11-25");
        date_of_token_year_10000: "the year 10000 in a token's offer" => of_token("10000-01-01T00:00:00Z");
        date_of_token_1969: "a date of 1969 in a token's offer" => of_token("1969-06-01T00:00:00Z");
        date_of_token_outside_ascii: "digits outside ASCII in a token's offer" => of_token("2026-11-25T12:00:0\u{ff10}Z");
        date_digits_outside_ascii: "digits outside ASCII" => date("\u{ff12}\u{ff10}\u{ff12}\u{ff16}-11-25T12:00:00Z");
        date_february_29_2027: "29 February 2027, which there is not" => date("2027-02-29T12:00:00Z");
        date_february_29_2100: "29 February 2100: no leap year, though divisible by 4" => date("2100-02-29T12:00:00Z");
        date_february_30: "30 February 2028" => date("2028-02-30T12:00:00Z");
        date_november_31: "31 November" => date("2026-11-31T12:00:00Z");
        date_month_00: "month 00" => date("2026-00-25T12:00:00Z");
        date_month_13: "month 13" => date("2026-13-25T12:00:00Z");
        date_day_00: "day 00" => date("2026-11-00T12:00:00Z");
        date_day_32: "day 32" => date("2026-12-32T12:00:00Z");
        date_hour_24: "hour 24" => date("2026-11-25T24:00:00Z");
        date_hour_24_at_years_end: "hour 24 of the last day of a year" => date("2026-12-31T24:00:00Z");
        date_minute_60: "minute 60" => date("2026-11-25T12:60:00Z");
        date_leap_second: "a leap second that there was" => date("2016-12-31T23:59:60Z");
        date_second_60: "second 60 at noon" => date("2026-11-25T12:00:60Z");
        date_1969: "the last second of 1969: below 0" => date("1969-12-31T23:59:59Z");
        date_year_10000: "the year 10000" => date("10000-01-01T00:00:00Z");
    }
}

/// What PAY-13 says of a writer.
fn encode(b: &mut Builder) {
    // What a cancellation's JSON is long without a reason.
    let bare = cancel().reason("").json().len();
    let json_of = |length| {
        let (text, fields) = ended(Cancel, CAR_KEY, "r");
        let filled = "r".repeat(length - bare - 1 - r#","new":"""#.len());
        writes(
            top(fields, json!({ "new": filled })),
            text.new_key(&format!("{filled:?}")),
        )
    };
    let cancels = |at_least| writes_at_least(at_least, cancelled("r"), cancel());
    // An offer of a token whose JSON is that long.
    let offer_of = |length: usize| {
        let bare = token("AA==").new_key(r#""""#).json().len();
        let new = "n".repeat(length - bare);
        let text = token("AA==").new_key(&format!("{new:?}"));
        writes(top(token_of(&[0]), json!({ "new": new })), text)
    };
    cases! { b, [Writer: PAY-13];
        write_car_key_offer [: PAY-09 PAY-10 PAY-11 PAY-13]: "an offer of a car key" => encodes(bearing(Offer));
        /// an offer of a token of two bytes until the last second of 9999
        write_offer_until_9999 [Writer Base64 Date: PAY-09 PAY-10 PAY-13] => writes(
            token_until(253_402_300_799, &[0xff, 0xfe]), token("//4=").expires("9999-12-31T23:59:59Z"));
        /// an offer of a token of no byte, on 29 February
        write_offer_on_february_29 [Writer Base64 Date: PAY-09 PAY-10 PAY-13] => writes(
            token_until(1_835_395_200, &[]), token("").expires("2028-02-29T00:00:00Z"));
        write_signing_request: "a key signing request" => encodes(bearing(Signing));
        write_import_request: "a key import request" => encodes(bearing(Import));
        /// `provisioned`: an empty `content` is written all the same
        write_provisioned [: PAY-02 PAY-13] => encodes(empty(Provisioned, TOKEN));
        /// a decline under a format that is not supported
        write_decline [: PAY-07 PAY-13] => encodes(ended(Decline, OTHER_FORMAT, "unsupported-format"));
        /// a reason with every character that is escaped, and some that are not
        write_escapes [Writer Json:] => writes(
            cancelled("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{e9}\u{2028}\u{1f511}<&>"),
            cancel().reason("\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{e9}\u{2028}\u{1f511}<&>"));
        /// U+007F in an unknown key and its value is written as it is
        write_delete_in_unknown_key [Writer Json Unknown: PAY-13] => writes(
            top(cancelled("r"), json!({ "\u{7f}": "\u{7f}" })), cancel().with(",\"\u{7f}\":\"\u{7f}\""));
        /// unknown keys, behind the known ones and sorted at every level
        write_unknown_keys [Writer Unknown: PAY-03 PAY-13] => writes(
            top(content(cancelled("r"), json!({ "new": { "b": [{ "d": 1, "c": 2 }], "a": null } })),
                json!({ "\u{e9}": 1, "z": 2, "Z": 3, "a": 4, "": 5 })),
            cancel().content(r#"{"reason":"r","new":{"a":null,"b":[{"c":2,"d":1}]}}"#)
                .with(",\"\":5,\"Z\":3,\"a\":4,\"z\":2,\"\u{e9}\":1"));
        /// unknown keys on either side of U+FFFF: in the order of UTF-16, which some languages compare by, they change places
        write_keys_beyond_ffff [Writer Unknown: PAY-03 PAY-13] => writes(
            top(cancelled("r"), json!({ "\u{1f600}": 1, "\u{fffd}": 2 })),
            cancel().with(",\"\u{fffd}\":2,\"\u{1f600}\":1"));
        /// the same among the unknown keys of a content
        write_content_keys_beyond_ffff [Writer Unknown: PAY-03 PAY-13] => writes(
            content(cancelled("r"), json!({ "\u{1f600}": 1, "\u{e000}": 2, "\u{10000}": 3 })),
            cancel().content("{\"reason\":\"r\",\"\u{e000}\":2,\"\u{10000}\":3,\"\u{1f600}\":1}"));
        /// names that begin alike and differ in a character on each side of U+FFFF
        write_alike_keys_beyond_ffff [Writer Unknown: PAY-03 PAY-13] => writes(
            top(cancelled("r"), json!({ "key \u{1f511}": 1, "key \u{ff4b}": 2 })),
            cancel().with(",\"key \u{ff4b}\":2,\"key \u{1f511}\":1"));
        /// the same in the value of an unknown key
        write_nested_keys_beyond_ffff [Writer Unknown: PAY-03 PAY-13] => writes(
            content(cancelled("r"), json!({ "new": [{ "\u{1f600}": 1, "\u{fffd}": 2 }] })),
            cancel().content("{\"reason\":\"r\",\"new\":[{\"\u{fffd}\":2,\"\u{1f600}\":1}]}"));
        /// names that are numbers: objects of JavaScript put those first, and by their value
        write_keys_that_are_numbers [Writer Unknown: PAY-03 PAY-13] => writes(
            top(cancelled("r"), json!({ "9": 1, "10": 2, "!": 3 })), cancel().with(",\"!\":3,\"10\":2,\"9\":1"));
        /// names that are numbers in the value of an unknown key
        write_nested_keys_that_are_numbers [Writer Unknown: PAY-03 PAY-13] => writes(
            content(cancelled("r"), json!({ "new": [{ "9": 1, "10": 2, "!": 3 }] })),
            cancel().content(r#"{"reason":"r","new":[{"!":3,"10":2,"9":1}]}"#));
        /// the same at the top level
        write_top_nested_keys_that_are_numbers [Writer Unknown: PAY-03 PAY-13] => writes(
            top(cancelled("r"), json!({ "new": { "2": { "30": 1, "4": 2 }, "1": 3 } })),
            cancel().new_key(r#"{"1":3,"2":{"30":1,"4":2}}"#));
        /// names of JavaScript's objects in the value of an unknown key: a writer that holds it as such an object loses the first
        write_nested_javascript_keys [Writer Unknown: PAY-03 PAY-13] => writes(
            content(cancelled("r"), json!({ "new": { "__proto__": { "a": 1 }, "constructor": 2 } })),
            cancel().content(r#"{"reason":"r","new":{"__proto__":{"a":1},"constructor":2}}"#));
        /// numbers of unknown keys: negative, and with a fraction
        write_unknown_numbers [Writer Unknown: PAY-03 PAY-13] => writes(
            content(cancelled("r"), json!({ "new": [-1, 1.5] })), cancel().content(r#"{"reason":"r","new":[-1,1.5]}"#));
        /// an offer of a format that is not supported, written again as it was read
        write_unsupported_offer [Writer Unknown: PAY-03 PAY-07 PAY-13] => writes(
            content(said(Offer, OTHER_FORMAT), json!({ "gears": [1, 2], "lock": "blue" })),
            bicycle(r#"{"gears":[1,2],"lock":"blue"}"#));
        /// JSON of 1,023 bytes: the padding is 0x80 alone
        write_json_of_1023_bytes [Writer Padding: PAY-11 PAY-13] => json_of(1023);
        /// JSON of 1,024 bytes: it is padded to 4,096
        write_json_of_1024_bytes [Writer Padding: PAY-11 PAY-13] => json_of(1024);
        /// JSON of 65,535 bytes, the most there may be
        write_json_of_65535_bytes [Writer Padding Size: PAY-01 PAY-11] => json_of(65_535);
        /// an answer to an offer of 1,024 bytes
        write_at_least_1024 [Writer Padding: PAY-11] => cancels(1024);
        /// an answer to an offer of 4,096 bytes: as long, though 1,024 would do
        write_at_least_4096 [Writer Padding: PAY-11] => cancels(4096);
        write_at_least_16384 [Writer Padding: PAY-11]: "an answer to an offer of 16,384 bytes" => cancels(16_384);
        write_at_least_65536 [Writer Padding: PAY-11]: "an answer to an offer of 65,536 bytes" => cancels(65_536);
        /// an offer of 871 bytes of JSON: with what an invitation adds to it 1,024 are enough
        write_offer_of_871_bytes [Writer Padding: PAY-11] => offer_of(871);
        /// an offer of 872 bytes of JSON: an invitation would make it longer, so it is
        write_offer_of_872_bytes [Writer Padding: PAY-11] => offer_of(872);
        /// an offer of 3,943 bytes of JSON: with what an invitation adds to it 4,096 are enough
        write_offer_of_3943_bytes [Writer Padding: PAY-11] => offer_of(3943);
        /// an offer of 3,944 bytes of JSON: an invitation would make it longer than 4,096
        write_offer_of_3944_bytes [Writer Padding: PAY-11] => offer_of(3944);
        /// an offer of 65,384 bytes of JSON: an invitation would make it a byte too long for any size
        write_offer_of_65384_bytes [Writer Padding Size: PAY-01 PAY-11] => offer_of(65_384);
        /// an offer of 65,535 bytes of JSON: no invitation can be added, and it is written all the same
        write_offer_of_65535_bytes [Writer Padding Size: PAY-01 PAY-11] => offer_of(65_535);
        /// an offer with an access key alone
        write_access_key_alone [Writer Invited: PAY-15] => writes_not(
            but(token_of(&[0]), |f| f.access_key = Some(Hex(vec![7; 32]))));
        /// an offer by an invitation without its MAC
        write_invitation_without_mac [Writer Invited: PAY-15] => writes_not(
            but(token_of(&[0]), |f| f.invitation = Some(Hex(vec![7; 16]))));
        /// a cancellation with an invitation: nobody would read it
        write_invitation_of_cancellation [Writer Invited: PAY-13] => writes_not(
            but(cancelled("r"), |f| f.invitation = Some(Hex(vec![7; 16]))));
        write_access_key_of_cancellation [Writer Invited: PAY-13]: "a cancellation with an access key" => writes_not(
            but(cancelled("r"), |f| f.access_key = Some(Hex(vec![7; 32]))));
        /// a reason of 257 bytes: the peer would refuse it
        write_long_reason [Writer Reason: PAY-08] => writes_not(cancelled(&"r".repeat(257)));
        /// a cancellation without a reason
        write_no_reason [Writer Content: PAY-08] => writes_not(said(Cancel, CAR_KEY));
        /// a key signing request for a token
        write_signing_request_for_token [Writer Format: PAY-08] => writes_not(
            but(said(Signing, TOKEN), |f| f.key_signing_request = Some(Hex(vec![0]))));
        /// a token under the format of a car key
        write_token_as_car_key [Writer Format: PAY-08] => writes_not(
            but(token_of(&[0]), |f| CAR_KEY.clone_into(&mut f.format)));
        /// an offer without `expires`
        write_no_expires [Writer Date: PAY-10] => writes_not(but(token_of(&[0]), |f| f.expires = None));
        /// an offer until the first second of the year 10000, which has no form
        write_year_10000 [Writer Date: PAY-10] => writes_not(token_until(253_402_300_800, &[0]));
        /// a transfer id in capitals
        write_transfer_id_in_capitals [Writer TransferId: PAY-02] => writes_not(
            but(cancelled("r"), |f| f.transfer = f.transfer.to_uppercase()));
        /// an unknown key called `format`: the name would stand twice
        write_unknown_format [Writer DuplicateName: PAY-03 PAY-04] => writes_not(
            top(cancelled("r"), json!({ "format": "x" })));
        /// an unknown key called `reason` in the content of a cancellation
        write_unknown_reason [Writer DuplicateName: PAY-03 PAY-04] => writes_not(
            content(cancelled("r"), json!({ "reason": "s" })));
        /// an unknown value down to depth 17
        write_depth_17 [Writer Depth: PAY-05] => writes_not(
            top(cancelled("r"), json!({ "new": parsed(&arrays(16, "")) })));
        /// a token of 49,000 bytes, whose base64 is longer than a payload
        write_long_token [Writer Size: PAY-01] => writes_not(token_of(&seed::vec("payload/long token", 49_000)));
    }
}

/// What an offer says of its invitation (PAY-15). Its MAC, which holds for nothing, is not looked at.
fn invited(b: &mut Builder) {
    let (id, key) = (
        seed::vec("payload/invitation", 16),
        seed::vec("payload/access key", 32),
    );
    let base64 = |bytes: &[u8]| BASE64.encode(bytes);
    let (invitation, access_key) = (
        format!(r#""invitation":"{}""#, base64(&id)),
        format!(r#""accessKey":"{}""#, base64(&key)),
    );
    let mac = format!(r#""mac":"{}""#, base64(&[9; 32]));
    let says = |keys: &[&String]| {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        token("AA==").in_tigress(&keys.join(","))
    };
    let reads_as = |text: Text, with_id: bool, with_key: bool| {
        let fields = but(token_of(&[0]), |f| {
            f.invitation = with_id.then(|| Hex(id.clone()));
            f.access_key = with_key.then(|| Hex(key.clone()));
        });
        reads(text, fields)
    };
    cases! { b, [Invited: PAY-15];
        /// an offer by an invitation, with the way back
        offer_by_invitation [Normal:] => reads_as(says(&[&invitation, &access_key, &mac]), true, true);
        /// the MAC before the invitation: no order is asked for
        mac_first => reads_as(says(&[&mac, &invitation, &access_key]), true, true);
        /// an offer by an invitation, without a way back
        offer_without_access_key => refuses(says(&[&invitation, &mac]));
        access_key_alone: "an access key alone" => refuses(says(&[&access_key]));
        invitation_alone: "an invitation alone" => refuses(says(&[&invitation]));
        mac_alone: "a MAC alone" => refuses(says(&[&mac]));
        invitation_without_mac: "an invitation without a MAC" => refuses(says(&[&invitation, &access_key]));
        mac_without_invitation: "a MAC without an invitation" => refuses(says(&[&access_key, &mac]));
        /// keys that mean something in an offer are unknown in a cancellation, and ignored, whatever they say
        invitation_of_cancellation [Invited Unknown: PAY-03 PAY-15] =>
            cancels(cancel().in_tigress(r#""invitation":7,"mac":null"#), "r");
        access_key_of_cancellation [Invited Unknown: PAY-03 PAY-15]: "the same of an access key" =>
            cancels(cancel().in_tigress(r#""accessKey":"""#), "r");
        /// the same keys at the top level are unknown, and kept
        invitation_at_top [Invited Unknown: PAY-03 PAY-15] => reads(
            token("AA==").with(r#","invitation":1,"mac":2"#),
            top(token_of(&[0]), json!({ "invitation": 1, "mac": 2 })));
    }
    let with_mac = |invitation: &str| refuses(says(&[&invitation.to_owned(), &access_key, &mac]));
    let key_is = |value: &str| {
        let access_key = format!(r#""accessKey":{value}"#);
        refuses(says(&[&invitation, &access_key, &mac]))
    };
    let mac_is = |value: &str| {
        let mac = format!(r#""mac":{value}"#);
        refuses(says(&[&invitation, &access_key, &mac]))
    };
    let text = |bytes: &[u8]| format!("{:?}", base64(bytes));
    cases! { b, [Invited: PAY-15];
        invitation_of_15_bytes: "an invitation of 15 bytes" => with_mac(&format!(r#""invitation":{}"#, text(&id[1..])));
        invitation_of_17_bytes: "an invitation of 17 bytes"
            => with_mac(&format!(r#""invitation":{}"#, text(&[&id[..], &[0]].concat())));
        invitation_empty: "an empty invitation" => with_mac(r#""invitation":"""#);
        /// an invitation that is null: there, but no string
        invitation_null => with_mac(r#""invitation":null"#);
        invitation_number: "an invitation that is a number" => with_mac(r#""invitation":7"#);
        invitation_in_hex: "an invitation in hex" => with_mac(&format!(r#""invitation":"{}""#, hex::encode(&id)));
        access_key_of_31_bytes: "an access key of 31 bytes" => key_is(&text(&key[1..]));
        access_key_of_33_bytes: "an access key of 33 bytes" => key_is(&text(&[&key[..], &[0]].concat()));
        access_key_empty: "an empty access key" => key_is(r#""""#);
        /// an access key that is null: there, but no string
        access_key_null => key_is("null");
        /// all three are null: that is not the same as none
        invitation_of_car_key_all_null => refuses(offer().in_tigress(r#""invitation":null,"accessKey":null,"mac":null"#));
        /// the same in the offer of a token
        invitation_all_null => refuses(says(&[
            &r#""invitation":null"#.to_owned(), &r#""accessKey":null"#.to_owned(), &r#""mac":null"#.to_owned(),
        ]));
        access_key_in_list: "an access key in a list" => key_is(&format!("[{}]", text(&key)));
        mac_of_31_bytes: "a MAC of 31 bytes" => mac_is(&text(&[9; 31]));
        mac_of_33_bytes: "a MAC of 33 bytes" => mac_is(&text(&[9; 33]));
        mac_null: "a MAC that is null" => mac_is("null");
        mac_empty: "an empty MAC" => mac_is(r#""""#);
        /// base64 without its padding
        mac_unpadded [Invited Base64: PAY-09 PAY-15] => mac_is(&text(&[9; 32]).replace('=', ""));
        /// base64 with bits left over that are not zero: a second text for the same bytes
        mac_with_bits_left [Invited Base64: PAY-09] => mac_is(&text(&[9; 32]).replace("k=", "l="));
        invitation_twice [Invited DuplicateName: PAY-04]: "an invitation that stands twice"
            => with_mac(&format!("{invitation},{invitation}"));
    }
}

fn party(user: &str, device_id: u32) -> PartyFields {
    PartyFields {
        address: address(user, device_id),
        identity_key: key(&format!("payload/{user} {device_id}")).into(),
    }
}

/// Ben offers to Ryan, who made the invitation.
fn offered_by() -> OfferedBy {
    OfferedBy {
        offer_key: seed::bytes::<32>("payload/offer key").into(),
        sender: party("ben", 1),
        receiver: party("ryan", 1),
    }
}

/// The same between two devices of which none is the first, nor as the other.
fn between_other_devices(by: &OfferedBy) -> OfferedBy {
    but(by.clone(), |by| {
        (by.sender, by.receiver) = (party("ben", 7), party("ryan", 3));
    })
}

/// What the MAC of an offer covers of who makes it to whom: the addresses by hand, a UUID's bytes and a DeviceID.
fn parties(by: &OfferedBy) -> Vec<u8> {
    let encoded = |party: &PartyFields| {
        let user_id = hex::decode(&party.address.user_id.replace('-', "")).expect("a UUID");
        let device_id = u8::try_from(party.address.device_id).expect("a DeviceID");
        [&user_id[..], &[device_id]].concat()
    };
    let fingerprint = Sha256::digest(&by.receiver.identity_key[..]);
    let (sender, receiver) = (encoded(&by.sender), encoded(&by.receiver));
    [
        &sender[..],
        &by.sender.identity_key,
        &receiver,
        &fingerprint,
    ]
    .concat()
}

/// The base64 of the MAC over those parts.
fn mac_over(by: &OfferedBy, parts: &[&[u8]]) -> String {
    BASE64.encode(hmac_sha256(&by.offer_key, &parts.concat()).expose())
}

/// The text with its MAC, which stands in it as `@`.
fn with_mac(by: &OfferedBy, text: &str) -> String {
    let covered = text.replacen('@', "", 1);
    let mac = mac_over(
        by,
        &[b"TigressSignal/1 Offer", &parties(by), covered.as_bytes()],
    );
    text.replacen('@', &mac, 1)
}

/// Whether an offer's MAC holds, and how it is written (PAY-14).
fn offers(b: &mut Builder) {
    let (id, key) = (
        seed::vec("payload/invitation", 16),
        seed::vec("payload/access key", 32),
    );
    let (id_text, key_text) = (BASE64.encode(&id), BASE64.encode(&key));
    let keys = format!(r#""invitation":"{id_text}","accessKey":"{key_text}","mac":"@""#);
    let by = offered_by();
    let unsigned = token("AQID").in_tigress(&keys).json();
    let good = with_mac(&by, &unsigned);
    let fields = but(token_of(&[1, 2, 3]), |f| {
        (f.invitation, f.access_key) = (Some(Hex(id.clone())), Some(Hex(key.clone())));
    });
    let input = |text: String, by: &OfferedBy| CheckOfferInput {
        plaintext: padded(text).plaintext,
        by: by.clone(),
    };
    let holds = |text: String| valid::<CheckOffer>(input(text, &by), Done {});
    let fails = |text: String| refused::<CheckOffer>(InvalidInvitation, input(text, &by));
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        fails(good.replacen(from, to, 1))
    };
    let between = |change: &dyn Fn(&mut OfferedBy)| {
        let by = but(by.clone(), change);
        refused::<CheckOffer>(InvalidInvitation, input(good.clone(), &by))
    };
    let covers = |parts: &[&[u8]]| fails(unsigned.replacen('@', &mac_over(&by, parts), 1));
    let (covered, label) = (unsigned.replacen('@', "", 1), &b"TigressSignal/1 Offer"[..]);
    // An offer whose MAC has that character, which is written in another way.
    let escaped = |character: char, as_escape: &str| {
        (0..1000)
            .find_map(|n| {
                let unsigned = token("AQID")
                    .in_tigress(&keys)
                    .new_key(&n.to_string())
                    .json();
                let signed = with_mac(&by, &unsigned);
                let at = unsigned.find('@').expect("a place");
                let mac = &signed[at..at + 44];
                let changed = mac.replacen(character, as_escape, 1);
                (changed != mac).then(|| signed.replacen(mac, &changed, 1))
            })
            .expect("one in a few")
    };
    let who = parties(&by);
    let made_for = |sender, receiver| {
        let between = but(by.clone(), |by| {
            (by.sender.address.device_id, by.receiver.address.device_id) = (sender, receiver);
        });
        let read = but(between.clone(), |by| {
            (by.sender.address.device_id, by.receiver.address.device_id) = (7, 3);
        });
        refused::<CheckOffer>(
            InvalidInvitation,
            input(with_mac(&between, &unsigned), &read),
        )
    };
    cases! { b, [Mac: PAY-14];
        offer_right [Normal Mac:]: "an offer by an invitation, as its holder makes it" => holds(good.clone());
        /// the same, padded to 4,096 bytes: the padding is not covered
        offer_padded_longer [Mac Padding: PAY-11 PAY-14] => valid::<CheckOffer>(CheckOfferInput {
            plaintext: Hex(padded_to(4096, good.clone())), by: by.clone() }, Done {});
        /// keys in another order, the MAC among the first, and white space: what was written is covered, as it was
        offer_written_otherwise [Mac Json:] => holds(with_mac(&by, &format!(" {}\n", token("AQID")
            .tigress("{", &format!(r#"{{ "mac" : "@", "accessKey":"{key_text}","invitation":"{id_text}","#)).json())));
        /// an unknown key, which is covered as well
        offer_with_unknown_key [Mac Unknown:] => holds(with_mac(&by, &token("AQID").in_tigress(&keys).new_key("1").json()));
        /// an offer until the first second of 1970, which is over, but a date
        offer_until_1970 [Mac Date: PAY-10 PAY-14] => holds(with_mac(&by,
            &token("AQID").expires("1970-01-01T00:00:00Z").in_tigress(&keys).json()));
        /// from the seventh device of the one to the third of the other
        offer_between_other_devices [Mac:] => {
            let by = between_other_devices(&by);
            valid::<CheckOffer>(input(with_mac(&by, &unsigned), &by), Done {})
        };
        /// made for the receiver's device with the sender's number: whoever takes one number for both accepts it
        offer_made_for_senders_number => made_for(7, 7);
        /// made by the sender's device with the receiver's number
        offer_made_by_receivers_number => made_for(3, 3);
        another_secret: "made by the secret of another invitation"
            => between(&|by| by.offer_key = seed::bytes::<32>("payload/another offer key").into());
        another_sender: "sent from another address" => between(&|by| by.sender.address = address("thief", 1));
        another_device_of_sender: "sent from the sender's other device" => between(&|by| by.sender.address.device_id = 2);
        /// sent under another identity key: whoever runs the server puts their own in place
        another_key_of_sender => between(&|by| by.sender.identity_key = party("thief", 1).identity_key);
        another_receiver: "sent to another address" => between(&|by| by.receiver.address = address("thief", 1));
        /// sent to another device of the receiver: no other case tells its DeviceID from the sender's
        another_device_of_receiver => between(&|by| by.receiver.address.device_id = 2);
        another_key_of_receiver: "sent to another identity key"
            => between(&|by| by.receiver.identity_key = party("thief", 1).identity_key);
        /// sent back to whoever made it
        offer_turned_round => between(&|by| std::mem::swap(&mut by.sender, &mut by.receiver));
        another_token: "another token in its place" => changed("AQID", "AQIE");
        another_expiry: "a later expiry" => changed(EXPIRES, "2027-11-25T12:00:00Z");
        another_invitation: "another invitation" => changed(&id_text, &BASE64.encode(&[7; 16]));
        another_access_key: "another access key: the answers go elsewhere" => changed(&key_text, &BASE64.encode(&[7; 32]));
        another_transfer_id: "another transfer" => changed(&transfer().to_string(), &transfer_id("another transfer").to_string());
        space_added: "a space more: the same payload in another text" => changed("{", "{ ");
        key_added: "a key more" => changed(r#""tigress""#, r#""new":1,"tigress""#);
        mac_last_bit: "a MAC that differs in its last bit" => {
            let mac = &good[good.len() - 47..good.len() - 3];
            let bytes = BASE64.decode(mac.as_bytes()).expect("base64");
            changed(mac, &BASE64.encode(&but(bytes, |bytes| bytes[31] ^= 1)))
        };
        mac_of_zeros: "a MAC of zeros" => fails(unsigned.replacen('@', &BASE64.encode(&[0; 32]), 1));
        mac_without_label: "a MAC without its label" => covers(&[&who, covered.as_bytes()]);
        mac_without_parties: "a MAC over the text alone" => covers(&[label, covered.as_bytes()]);
        mac_over_keys_alone: "a MAC that leaves the addresses out"
            => covers(&[label, &who[17..50], &who[67..], covered.as_bytes()]);
        /// a MAC over the receiver's whole identity key, which a sender need not know yet
        mac_over_receivers_key => covers(&[label, &who[..67], &by.receiver.identity_key, covered.as_bytes()]);
        /// a MAC that leaves the text out
        mac_over_parties_alone => covers(&[label, &who]);
        /// a MAC over a text with 44 zeros in its own place
        mac_over_zeros => covers(&[label, &who, unsigned.replacen('@', &"0".repeat(44), 1).as_bytes()]);
        /// a MAC over a text without the key `mac`
        mac_over_text_without_it => covers(&[label, &who, unsigned.replacen(r#","mac":"@""#, "", 1).as_bytes()]);
        /// the characters of the MAC stand in the text twice: which of them it does not cover is anybody's guess
        mac_stands_twice => {
            let bare = token("AQID").in_tigress(&keys);
            let covered = bare.clone().new_key(r#""""#).json().replacen('@', "", 1);
            let mac = mac_over(&by, &[label, &who, covered.as_bytes()]);
            fails(bare.new_key(&format!("{mac:?}")).json().replacen('@', &mac, 1))
        };
        /// a character of the MAC is written as an escape: its characters stand nowhere
        mac_with_escape [Mac Json:] => {
            let mac = &good[good.len() - 47..good.len() - 3];
            let escaped = format!(r"\u{:04x}{}", mac.as_bytes()[0], &mac[1..]);
            changed(mac, &escaped)
        };
        /// a slash of the MAC is written as `\/`, as some writers do
        mac_with_escaped_slash [Mac Json:] => fails(escaped('/', r"\/"));
        /// a plus of the MAC is written as `\u002b`
        mac_with_escaped_plus [Mac Json:] => fails(escaped('+', r"\u002b"));
        /// the MAC also stands in `content`, in a text that it covers as it covers the rest
        mac_stands_in_content => {
            let with = |also: &str, mac: &str| {
                let content = format!(r#"{{"authorizationToken":"AQID","also":"{also}"}}"#);
                token("AQID").content(&content).in_tigress(&keys).json().replacen('@', mac, 1)
            };
            let mac = mac_over(&by, &[label, &who, with("", "").as_bytes()]);
            fails(with(&mac, &mac))
        };
        offer_without_invitation: "an offer without an invitation" => fails(token("AQID").json());
        /// a cancellation, whose keys are unknown ones
        cancellation_with_mac => fails(with_mac(&by, &cancel().in_tigress(&keys).json()));
        /// no JSON: that is told first
        offer_cut_short [Mac Json: PAY-01] => refused::<CheckOffer>(InvalidPayload, input(good[1..].to_owned(), &by));
        /// a byte order mark before the offer, which the MAC covers
        offer_after_byte_order_mark [Mac Utf8: PAY-01] => refused::<CheckOffer>(InvalidPayload,
            input(with_mac(&by, &format!("\u{feff}{unsigned}")), &by));
    }
    let written = |fields: Fields, by: &OfferedBy| EncodeOfferInput {
        fields,
        by: by.clone(),
    };
    let long = |n: usize| {
        let new = "n".repeat(n);
        let text = token("AQID").in_tigress(&keys).new_key(&format!("{new:?}"));
        let fields = top(fields.clone(), json!({ "new": new }));
        let text = with_mac(&by, &text.json());
        let size = size_of(text.as_bytes(), 0);
        valid::<EncodeOffer>(written(fields, &by), plaintext(padded_to(size, text)))
    };
    let more = 1023
        - with_mac(
            &by,
            &token("AQID").in_tigress(&keys).new_key(r#""""#).json(),
        )
        .len();
    let without_key = but(fields.clone(), |f| f.access_key = None);
    cases! { b, [Writer Mac: PAY-13 PAY-14];
        write_offer_by_invitation [Normal:]: "an offer by an invitation" => valid::<EncodeOffer>(
            written(fields.clone(), &by), padded(good.clone()));
        /// one from the seventh device of the one to the third of the other
        write_offer_between_other_devices [Writer Mac:] => {
            let by = between_other_devices(&by);
            valid::<EncodeOffer>(written(fields.clone(), &by), padded(with_mac(&by, &unsigned)))
        };
        write_offer_without_access_key [Writer Invited: PAY-15]: "one without a way back" => refused::<EncodeOffer>(
            InvalidPayload, written(without_key, &by));
        write_offer_by_invitation_of_900_bytes [Writer Padding: PAY-11]: "one of 900 bytes of JSON" => long(more - 123);
        write_offer_by_invitation_of_1023_bytes [Writer Padding: PAY-11]: "one of 1,023 bytes of JSON" => long(more);
        write_offer_by_invitation_of_1024_bytes [Writer Padding: PAY-11]: "one of 1,024 bytes of JSON" => long(more + 1);
        write_mac_without_invitation [Writer Invited: PAY-15]: "one that names no invitation" => refused::<EncodeOffer>(
            InvalidPayload, written(token_of(&[0]), &by));
    }
}

fn signing_key(label: &str) -> SigningKey {
    SigningKey::from(seed::bytes(&format!("car key/{label}")))
}

/// A request of the stand-in, put together by hand: a key, and a signature over those parts.
fn signed(key: &[u8], signer: &SigningKey, covered: &[&[u8]]) -> Vec<u8> {
    [key, signer.sign(&covered.concat()).as_bytes()].concat()
}

/// The second half of a request's signature plus the order of the group: the same signature to a verifier
/// that does not look.
fn malleated(request: &[u8]) -> Vec<u8> {
    [&request[..64], &plus_order(&request[64..], 1)[..]].concat()
}

/// The neutral point.
const NEUTRAL: [u8; 32] = first_byte(1);

/// y = 2 is on no point of the curve.
const NO_POINT: [u8; 32] = first_byte(2);

/// y = 3, which is on a point that is of no small order.
const POINT_3: [u8; 32] = first_byte(3);

/// The same y with the field's prime added, 2^255 - 16.
const POINT_3_NOT_REDUCED: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf0;
    bytes[31] = 0x7f;
    bytes
};

/// y = 1, for which x is zero, with a sign.
const SIGNED_ZERO: [u8; 32] = {
    let mut bytes = NEUTRAL;
    bytes[31] = 0x80;
    bytes
};

/// A key and signature that a verifier which takes points of small order accepts for every message.
fn signed_by_nobody() -> Vec<u8> {
    [NEUTRAL, NEUTRAL, [0; 32]].concat()
}

/// The same with an R that is not of small order: the key alone gives it away.
fn signed_by_anybody() -> Vec<u8> {
    let s = Scalar::from(5_u64);
    let big_r = EdwardsPoint::mul_base(&s).compress().0;
    [NEUTRAL, big_r, s.to_bytes()].concat()
}

/// A request whose R has a component of order 8: its signature holds where the equation is multiplied by the
/// cofactor, and not where it is not (RFC 8032 5.1.7 leaves that to the verifier). Only the signer can make it.
fn signed_with_torsion(label: &str, covered: &[&[u8]]) -> Vec<u8> {
    let private: [u8; 32] = seed::bytes(&format!("car key/{label}"));
    let expanded = Sha512::digest(private);
    let half = expanded[..32].try_into().expect("32 bytes");
    let a = Scalar::from_bytes_mod_order(clamp_integer(half));
    let key = EdwardsPoint::mul_base(&a).compress().0;
    let covered = covered.concat();
    let r = hash(&[b"car key/torsion", &covered]);
    let big_r = (EdwardsPoint::mul_base(&r) + EIGHT_TORSION[1]).compress().0;
    let s = r + hash(&[&big_r, &key, &covered]) * a;
    [key, big_r, s.to_bytes()].concat()
}

/// A request by a nonce of 0, whose R is the neutral point: its signature holds where points of small order are taken.
fn signed_with_neutral_r(label: &str, covered: &[&[u8]]) -> Vec<u8> {
    let private: [u8; 32] = seed::bytes(&format!("car key/{label}"));
    let expanded = Sha512::digest(private);
    let half = expanded[..32].try_into().expect("32 bytes");
    let a = Scalar::from_bytes_mod_order(clamp_integer(half));
    let key = EdwardsPoint::mul_base(&a).compress().0;
    let s = hash(&[&NEUTRAL, &key, &covered.concat()]) * a;
    [key, NEUTRAL, s.to_bytes()].concat()
}

fn car_key_creation_request(b: &mut Builder) {
    let key = signing_key("owner").verifying_key().encode();
    let input = |request: &[u8]| {
        let request = request.into();
        Request { request }
    };
    let refuses = |request: &[u8]| refused::<CheckCreationRequest>(InvalidKey, input(request));
    cases! { b, [CarKey: PAY-12];
        /// an owner's key
        owners_key [: PAY-12 RND-01] => computed::<CreationRequest>(
            CreationRequestInput { randomness: seed::bytes::<32>("car key/owner").into() });
        /// an owner's key, as it comes
        owners_key_checked => valid::<CheckCreationRequest>(input(&key), Key { public_key: key.into() });
        owners_key_no_byte: "no byte" => refuses(&[]);
        owners_key_31_bytes: "31 bytes" => refuses(&key[..31]);
        owners_key_33_bytes: "33 bytes" => refuses(&[&key[..], &[0]].concat());
        owners_key_64_bytes: "64 bytes: the key twice" => refuses(&[&key[..], &key[..]].concat());
        owners_key_no_point: "32 bytes that are no point" => refuses(&NO_POINT);
        owners_key_y_of_3: "a point with y = 3" => valid::<CheckCreationRequest>(
            input(&POINT_3), Key { public_key: POINT_3.into() });
        owners_key_y_not_reduced: "the same point, y not reduced" => refuses(&POINT_3_NOT_REDUCED);
        owners_key_signed_zero: "an x of zero with a sign" => refuses(&SIGNED_ZERO);
    }
}

fn car_key_signing_request(b: &mut Builder) {
    let (transfer, other) = (transfer(), transfer_id("another transfer"));
    let id = transfer.as_bytes();
    let (receiver, thief) = (signing_key("receiver"), signing_key("thief"));
    let key = receiver.verifying_key().encode();
    let good = signed(&key, &receiver, &[b"tigress ksr", id, &key]);
    let input = |request: Vec<u8>| CheckSigningRequestInput {
        transfer: transfer.to_string(),
        request: request.into(),
    };
    let refuses =
        |request: Vec<u8>| refused::<CheckSigningRequest>(AttestationInvalid, input(request));
    let over = |parts: &[&[u8]]| refuses(signed(&key, &receiver, parts));
    cases! { b, [CarKey: PAY-12];
        /// a receiver's key and its signature
        signing_request_made [: PAY-12 RND-01] => computed::<SigningRequest>(SigningRequestInput {
            transfer: transfer.to_string(), randomness: seed::bytes::<32>("car key/receiver").into() });
        /// a right request
        signing_request_right => valid::<CheckSigningRequest>(input(good.clone()), Key { public_key: key.into() });
        signing_request_no_byte: "no byte" => refuses(vec![]);
        signing_request_95_bytes: "95 bytes" => refuses(good[..95].to_vec());
        signing_request_97_bytes: "97 bytes" => refuses([&good[..], &[0]].concat());
        signing_request_signature_first: "the signature before the key" => refuses([&good[32..], &good[..32]].concat());
        /// 32 bytes that are no point where the key should be
        signing_request_no_point => refuses([&NO_POINT[..], &good[32..]].concat());
    }
    cases! { b, [Attestation: PAY-12];
        /// a request of another transfer, sent again
        signing_request_of_another_transfer => over(&[b"tigress ksr", other.as_bytes(), &key]);
        /// signed by another key than the one it brings
        signing_request_by_another_key => refuses(signed(&key, &thief, &[b"tigress ksr", id, &key]));
        /// a signature over another key
        signing_request_over_another_key => over(&[b"tigress ksr", id, &thief.verifying_key().encode()]);
        /// a signature made for a key import request
        signing_request_signed_as_import_request => over(&[b"tigress kir", id, &key]);
        signing_request_without_label: "a signature without `tigress ksr`" => over(&[id, &key]);
        /// a signature over the transfer id as text
        signing_request_over_id_as_text => over(&[b"tigress ksr", transfer.to_string().as_bytes(), &key]);
        signing_request_s_not_reduced [Malleable:]: "s not reduced: a second signature" => refuses(malleated(&good));
        /// R with a component of order 8, as the receiver alone can make it: RFC 8032 lets a verifier multiply by the cofactor or not
        signing_request_r_with_torsion [Malleable:] => acceptable::<CheckSigningRequest>(
            input(signed_with_torsion("receiver", &[b"tigress ksr", id, &key])), Key { public_key: key.into() });
        /// R is the neutral point: of small order, though the equation holds
        signing_request_neutral_r [SmallOrder Attestation:] => refuses(signed_with_neutral_r("receiver", &[b"tigress ksr", id, &key]));
        /// the neutral point as key, and a signature that it verifies for every message
        signing_request_neutral_key [SmallOrder Attestation:] => refuses(signed_by_nobody());
        /// the neutral point as key, and an R that is not of small order: who looks at R alone takes it
        signing_request_neutral_key_alone [SmallOrder Attestation:] => refuses(signed_by_anybody());
    }
}

fn car_key_import_request(b: &mut Builder) {
    let (transfer, other) = (transfer(), transfer_id("another transfer"));
    let id = transfer.as_bytes();
    let keys = ["owner", "receiver", "thief"].map(signing_key);
    let [owner_key, key, thief_key] = keys.each_ref().map(|key| key.verifying_key().encode());
    let [owner, receiver, thief] = &keys;
    let good = signed(&owner_key, owner, &[b"tigress kir", id, &key]);
    let input = |request: Vec<u8>| CheckImportRequestInput {
        transfer: transfer.to_string(),
        owner_key: owner_key.into(),
        receiver_key: key.into(),
        request: request.into(),
    };
    let refuses =
        |request: Vec<u8>| refused::<CheckImportRequest>(AttestationInvalid, input(request));
    let over = |parts: &[&[u8]]| refuses(signed(&owner_key, owner, parts));
    cases! { b, [CarKey: PAY-12 XFER-13];
        /// an owner's attestation
        import_request_made [: PAY-12] => computed::<ImportRequest>(ImportRequestInput {
            transfer: transfer.to_string(), receiver_key: key.into(),
            owner_private_key: seed::bytes::<32>("car key/owner").into() });
        import_request_right: "a right request" => valid::<CheckImportRequest>(input(good.clone()), Done {});
        import_request_no_byte: "no byte" => refuses(vec![]);
        import_request_95_bytes: "95 bytes" => refuses(good[..95].to_vec());
        /// 32 bytes that are no point where the owner's key should be
        import_request_no_point => refuses([&NO_POINT[..], &good[32..]].concat());
        import_request_97_bytes: "97 bytes" => refuses([&good[..], &[0]].concat());
    }
    cases! { b, [Attestation: PAY-12 XFER-13];
        /// another owner's key before the owner's signature
        import_request_under_another_key => refuses([&thief_key[..], &good[32..]].concat());
        /// the receiver's own key before the owner's signature
        import_request_under_receivers_key => refuses([&key[..], &good[32..]].concat());
        /// another owner's key and its signature: right in itself, but not of the owner who offered
        import_request_of_another_owner => refuses(signed(&thief_key, thief, &[b"tigress kir", id, &key]));
        /// the owner's key with another key's signature
        import_request_by_another_key => refuses(signed(&owner_key, thief, &[b"tigress kir", id, &key]));
        /// an attestation of the receiver by itself
        import_request_by_receiver => refuses(signed(&key, receiver, &[b"tigress kir", id, &key]));
        /// an attestation of another key than this receiver asked for
        import_request_for_another_key => over(&[b"tigress kir", id, &thief_key]);
        /// an attestation of the owner's own key
        import_request_for_owners_key => over(&[b"tigress kir", id, &owner_key]);
        /// an attestation for another transfer
        import_request_for_another_transfer => over(&[b"tigress kir", other.as_bytes(), &key]);
        /// a signature made as for a key signing request
        import_request_signed_as_signing_request => over(&[b"tigress ksr", id, &key]);
        import_request_s_not_reduced [Malleable:]: "s not reduced: a second signature" => refuses(malleated(&good));
        /// R is the neutral point: of small order, though the equation holds
        import_request_neutral_r [SmallOrder Attestation:] => refuses(signed_with_neutral_r("owner", &[b"tigress kir", id, &key]));
        /// an owner's key of small order, for which everybody can sign
        import_request_neutral_key [SmallOrder Attestation:] => refused::<CheckImportRequest>(AttestationInvalid,
            CheckImportRequestInput { owner_key: NEUTRAL.into(), ..input(signed_by_nobody()) });
        /// the same with an R that is not of small order: who looks at R alone takes it
        import_request_neutral_key_alone [SmallOrder Attestation:] => refused::<CheckImportRequest>(AttestationInvalid,
            CheckImportRequestInput { owner_key: NEUTRAL.into(), ..input(signed_by_anybody()) });
    }
}
