//! Family `invitation`.

use super::actor::{address, user_id};
use super::prelude::*;
use super::wire::key;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::invitation::{
    Check, CheckInput, Honour, Link, Make, MakeInput, Parse, ParseOutput, Take, TakeInput,
};
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::transfer::Vertical::{self, Car, GeneralAccess, Home};

/// When links are made.
const NOW: u64 = 1_700_000_000;
/// When they expire, where nothing else is said.
const EXPIRES: u64 = NOW + 7 * DAY;
/// The last second that a link can expire in.
const LAST: u64 = 253_402_300_799;

fn identity_key() -> [u8; 33] {
    key("invitation")
}

/// The id and the secret of every link here.
fn drawn() -> [u8; 32] {
    seed::bytes("invitation/id and secret")
}

/// The bytes of a fragment with that fingerprint and expiry.
fn fragment_bytes(fingerprint: &[u8], expires: u64) -> Vec<u8> {
    [fingerprint, &drawn(), &expires.to_be_bytes()].concat()
}

/// The fragment of a link to whoever has that key, which is hashed whatever it is.
fn fragment_of(key: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&fragment_bytes(&Sha256::digest(key), EXPIRES))
}

/// What is derived from the secret under that label.
fn derived(label: &str) -> Hex {
    hkdf_sha256::<32>(None, &[&drawn()[16..]], label.as_bytes())
        .expose()
        .into()
}

/// The link to device 1 at `relay.example`, for a car.
fn link() -> String {
    Parts::CAR.link()
}

/// The link with part of it replaced.
fn with(from: &str, to: &str) -> String {
    replaced(&link(), from, to)
}

fn replaced(link: &str, from: &str, to: &str) -> String {
    assert!(link.contains(from), "{from}");
    link.replacen(from, to, 1)
}

/// What differs between good links.
#[derive(Clone, Copy)]
struct Parts<'a> {
    host: &'a str,
    device_id: u32,
    vertical: Vertical,
    query: &'a str,
    expires: u64,
}

impl Parts<'_> {
    const CAR: Self = Parts {
        host: "relay.example",
        device_id: 1,
        vertical: Car,
        query: "?v=c",
        expires: EXPIRES,
    };

    fn path(&self) -> String {
        let (host, user, device) = (self.host, user_id("ryan"), self.device_id);
        format!("https://{host}/v1/i/{user}/{device}")
    }

    fn link(&self) -> String {
        let fragment = fragment_bytes(&Sha256::digest(identity_key()), self.expires);
        let fragment = BASE64URL_NOPAD.encode(&fragment);
        format!("{}{}#{fragment}", self.path(), self.query)
    }
}

/// The link is read, and says this.
fn reads(parts: Parts<'_>) -> impl Case {
    let output = ParseOutput {
        host: parts.host.to_owned(),
        address: address("ryan", parts.device_id),
        vertical: parts.vertical,
        fingerprint: Sha256::digest(identity_key()).into(),
        id: drawn()[..16].into(),
        secret: drawn()[16..].into(),
        expires: Timestamp(parts.expires),
        access_key: derived("TigressSignal/1 Access"),
        offer_key: derived("TigressSignal/1 Offer"),
        request_url: format!("{}?v={}", parts.path(), parts.vertical.letter()),
    };
    valid::<Parse>(Link { link: parts.link() }, output)
}

/// The link, with part of it replaced, is refused.
fn refuses(from: &str, to: &str) -> impl Case + use<> {
    let link = with(from, to);
    refused::<Parse>(Malformed, Link { link })
}

/// What a link for a device at `relay.example:8443` is made of.
fn made_of(vertical: Vertical, lifetime: Option<u64>) -> MakeInput {
    MakeInput {
        host: "relay.example:8443".to_owned(),
        address: address("ryan", 12),
        vertical,
        identity_key: identity_key().into(),
        now: Timestamp(NOW),
        lifetime,
        randomness: drawn().into(),
    }
}

/// That link is made, and expires so many seconds later.
fn makes(vertical: Vertical, lifetime: Option<u64>, lives: u64) -> impl Case {
    makes_at(NOW, vertical, lifetime, lives)
}

/// The same at that time.
fn makes_at(now: u64, vertical: Vertical, lifetime: Option<u64>, lives: u64) -> impl Case {
    let (user, letter) = (user_id("ryan"), vertical.letter());
    let fragment = fragment_bytes(&Sha256::digest(identity_key()), now + lives);
    let fragment = BASE64URL_NOPAD.encode(&fragment);
    let link = format!("https://relay.example:8443/v1/i/{user}/12?v={letter}#{fragment}");
    let input = but(made_of(vertical, lifetime), |f| f.now = Timestamp(now));
    valid::<Make>(input, Link { link })
}

/// No link is made of this, once it was changed.
fn makes_not(error: ErrorCode, change: impl FnOnce(&mut MakeInput)) -> impl Case {
    refused::<Make>(error, but(made_of(Car, None), change))
}

fn check(link: String, key: &[u8]) -> CheckInput {
    let identity_key = key.into();
    CheckInput { link, identity_key }
}

pub(super) fn generate(b: &mut Builder) {
    b.header("The link that invites a person's device (profile section 7): reading one, making one, holding the key");
    b.header("that a server gives against the fingerprint in it, and when it may be taken and is honoured. A link has");
    b.header("one form: what else a browser would mend or follow must be refused before anything is asked of anybody.");
    b.header(
        "Its fragment is 72 bytes: fingerprint (32), id (16), secret (16), expiry (8, big-endian).",
    );
    notes! { b;
        Normal BASIC [rfc("3986")] "A link as honest wallets make it." => "Whoever refuses it cannot be invited.";
        Scheme MISSING_STEP [rfc("9110#section-4.2.2"), cwe(319)]
            "The link is no https link; a bug follows it all the same."
            => "The wallet asks over a channel that others read or change.";
        Host PARSER_BUG ["https://url.spec.whatwg.org/#host-parsing"]
            "A HOST that is written otherwise than it is meant, or that two URL parsers read as two; a bug mends it."
            => "The wallet asks another host than the person read.";
        Path PARSER_BUG [rfc("3986#section-5.2.4")]
            "Another path; URL parsers mend some of these before anybody can look at them."
            => "One invitation has many links, or what is asked for is something else.";
        Identifier PARSER_BUG [rfc("9562#section-4"), cwe(197)]
            "A UserID or DeviceID that no device has, or in another than its one form; a bug cuts or mends it."
            => "The wallet sends to another mailbox.";
        Query PARSER_BUG [rfc("3986#section-3.4"), cwe(235)]
            "A query that is not one `v` with one of three letters; a bug guesses."
            => "The link is taken for another credential than its reader takes it for.";
        Fragment AUTH_BYPASS [rfc("4648#section-3.5")]
            "The fragment ties a person to a key, and its holder to an offer; a bug accepts another number of bytes."
            => "Less than the whole key is compared, or a part is taken for another.";
        Secret CONFIDENTIALITY [rfc("5869#section-3.2")]
            "What the secret of a link yields: two keys under two labels; a bug derives another or uses one for both."
            => "The server that is told an access key can make offers, or nobody can.";
        Expiry EDGE_CASE [cwe(613), cwe(190)]
            "An expiry at its bounds; a bug takes a link that is over or never ends, or drops one that is still good."
            => "An old link, found in a chat, is worth as much as a new one; or an honest one is worth nothing.";
        WrongKey AUTH_BYPASS [signal("x3dh/#authentication")]
            "A key that is not the one that the link names; a bug takes it."
            => "The wallet talks to the intermediary, or to anybody.";
    }
    parse(b);
    refuse_places(b);
    refuse_fragments(b);
    refuse_in_another_link(b);
    make_and_check(b);
    times(b);
}

/// A name of 253 characters.
fn longest_name() -> String {
    format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61))
}

fn parse(b: &mut Builder) {
    let (car, longest) = (Parts::CAR, longest_name());
    let host = |host| reads(Parts { host, ..car });
    let device = |device_id| reads(Parts { device_id, ..car });
    let vertical = |vertical, query| reads(but(car, |f| (f.vertical, f.query) = (vertical, query)));
    cases! { b, [Normal: INV-01 INV-02];
        general_access [: INV-01 INV-02 ID-03]: "for general access" => vertical(GeneralAccess, "?v=a");
        /// for general access, which is meant where nothing is said
        general_access_unsaid => vertical(GeneralAccess, "");
        general_access_unsaid_at_a_port: "the same at a port" => reads(Parts {
            host: "relay.example:8443", vertical: GeneralAccess, query: "", ..car
        });
        home: "for a home" => vertical(Home, "?v=h");
        car: "for a car" => reads(car);
        device_id_127 [: ID-03 INV-01 INV-02]: "DeviceID 127, the highest" => device(127);
        device_id_126 [: ID-03 INV-01 INV-02]: "DeviceID 126" => device(126);
        device_id_10 [: ID-03 INV-01 INV-02]: "DeviceID 10: a trailing zero is part of it" => device(10);
        port_8443 [: INV-04 INV-01 INV-02]: "a port, which is part of HOST" => host("relay.example:8443");
        port_80 [: INV-04 INV-01 INV-02]: "port 80: nothing special under https" => host("relay.example:80");
        port_65535: "port 65535, the highest" => host("relay.example:65535");
        one_label: "a name of one label" => host("localhost");
        digits_and_hyphens: "labels that begin with a digit and hold hyphens" => host("2--relay-4.7.example");
        internationalised_name: "an internationalised name in its ASCII form" => host("xn--bcher-kva.example");
        longest_name: "a name of 253 characters with labels of 63, the longest that there are" => host(&longest);
        longest_name_and_port: "a name of 253 characters and a port, which is no part of the name"
            => host(&format!("{longest}:65535"));
    }
    let expires = |expires| reads(Parts { expires, ..car });
    let expires_not = |expires| {
        let link = Parts { expires, ..car }.link();
        refused::<Parse>(Malformed, Link { link })
    };
    cases! { b, [Expiry: INV-01 INV-04];
        /// an expiry in the first second of 1970: long over, but a link
        expires_at_0 => expires(0);
        /// an expiry 2^32 seconds after 1970: 0 where seconds have 32 bits
        expires_at_2_32 => expires(1 << 32);
        /// an expiry in the last second of the year 9999
        expires_in_9999 => expires(LAST);
        /// an expiry in the first second of the year 10000
        expires_in_10000 => expires_not(LAST + 1);
        /// an expiry of 2^63: below 0 where seconds are signed
        expires_at_2_63 => expires_not(1 << 63);
        /// an expiry of 2^64 - 1: a sum with it overflows
        expires_at_2_64_minus_1 => expires_not(u64::MAX);
    }
    cases! { b, [Secret: INV-06];
        /// the access key and the key of the MAC of offers, each under its label
        keys_of_secret => reads(Parts { expires: EXPIRES + 1, ..car });
    }
    let scheme = |to: &str| refuses("https://", to);
    cases! { b, [Scheme: INV-04];
        scheme_http: "http: whoever is on the path reads the request" => scheme("http://");
        scheme_in_capitals: "an upper-case scheme" => scheme("HTTPS://");
        no_scheme: "no scheme" => scheme("");
        /// a scheme without a host: a browser would read on in the path
        scheme_without_host [Scheme Host:] => scheme("https:///");
        one_slash: "one slash after the scheme" => scheme("https:/");
        backslashes: "backslashes after the scheme, which browsers take for slashes" => scheme(r"https:\\");
        scheme_of_another_application: "a scheme of another application" => scheme("tigress://");
        /// a line before the link: the ^ of a regular expression that looks at lines lets it through
        line_before => scheme("Ryan's key:\nhttps://");
        space_before: "a space before the link" => scheme(" https://");
    }
}

fn refuse_places(b: &mut Builder) {
    let host = |host: &str| refuses("relay.example", host);
    cases! { b, [Host: INV-01 INV-04];
        no_host: "no host" => host("");
        user_name: "a user name before the host" => host("relay.example@");
        empty_user_name: "an empty user name" => host("@relay.example");
        /// a user name that reads like the host: the request goes to evil.example
        user_name_like_host => host("relay.example@evil.example");
        user_name_and_password: "a user name and a password" => host("user:password@relay.example");
        host_with_capital: "an upper-case letter in HOST" => host("Relay.example");
        host_outside_ascii: "a letter outside ASCII in HOST" => host("b\u{fc}cher.example");
        host_percent_encoded: "a percent-encoded letter in HOST" => host("%72elay.example");
        host_ends_with_dot: "a dot at the end of HOST" => host("relay.example.");
        empty_label: "an empty label" => host("relay..example");
        label_begins_with_hyphen: "a label that begins with a hyphen" => host("-relay.example");
        label_ends_with_hyphen: "a label that ends with a hyphen" => host("relay-.example");
        label_with_underscore: "a label with an underscore" => host("my_relay.example");
        /// a backslash, which browsers take for the end of HOST
        host_with_backslash [Host Path:] => host(r"relay.example\evil.example");
        ipv4: "an IPv4 address: certificates and readers differ over it" => host("192.0.2.1");
        ipv4_as_number: "an IPv4 address written as one number" => host("3221225985");
        ipv4_hexadecimal: "an IPv4 address in hexadecimal" => host("0xc0.0.2.0x1");
        ipv6: "an IPv6 address" => host("[2001:db8::1]");
        port_443: "the port 443, which is not written" => host("relay.example:443");
        colon_without_port: "a colon without a port" => host("relay.example:");
        port_0: "the port 0" => host("relay.example:0");
        port_65536: "the port 65536: cut to 16 bits it is 0" => host("relay.example:65536");
        port_leading_zero: "a port with a leading zero" => host("relay.example:08443");
        port_with_sign: "a port with a sign" => host("relay.example:+8443");
        two_ports: "two ports" => host("relay.example:8443:8443");
        label_of_64_characters: "a label of 64 characters" => host(&format!("{}.example", "a".repeat(64)));
        name_of_254_characters: "a name of 254 characters" => host(&format!("{}b", longest_name()));
        name_of_254_characters_and_port: "a name of 254 characters and a port"
            => host(&format!("{}b:8443", longest_name()));
    }
    let version = |to: &str| refuses("/v1/", to);
    let step = |to: &str| refuses("/i/", to);
    let device = |to: &str| refuses("/1?", &format!("/{to}?"));
    cases! { b, [Path: INV-04];
        version_v2: "version v2" => version("/v2/");
        version_in_capitals: "an upper-case V1" => version("/V1/");
        no_version: "no version" => version("/");
        another_path: "another path" => step("/invite/");
        path_before: "a path before it" => version("/x/v1/");
        two_slashes: "two slashes" => version("//v1/");
        dot_segment: "a dot segment, which URL parsers take away" => version("/./v1/");
        two_dots: "two dots, which URL parsers take away" => version("/x/../v1/");
        path_percent_encoded: "a percent-encoded letter" => step("/%69/");
        no_device_id [Path Identifier:]: "no DeviceID" => refuses("/1?", "?");
        slash_at_end: "a slash at the end" => device("1/");
        further_segment: "a further segment" => device("1/2");
        path_parameters: "path parameters" => device("1;x=y");
    }
    let ryan = user_id("ryan");
    let user = |to: &str| refuses(&ryan, to);
    let (first, rest) = (ryan.as_bytes()[0], &ryan[1..]);
    cases! { b, [Identifier: INV-04 ID-01];
        user_id_in_capitals: "an upper-case UserID" => user(&ryan.to_uppercase());
        user_id_without_hyphens: "a UserID without hyphens" => user(&ryan.replace('-', ""));
        user_id_in_braces: "a UserID in braces" => user(&format!("{{{ryan}}}"));
        /// a UserID of version 1: it tells a time and a machine
        user_id_of_version_1 => user("c232ab00-9414-11ec-b3c8-9f6bdeced846");
        no_user_id: "no UserID" => user("");
        user_id_percent_encoded: "a percent-encoded letter in the UserID" => user(&format!("%{first:x}{rest}"));
    }
    cases! { b, [Identifier: INV-04 ID-03];
        device_id_0: "DeviceID 0" => device("0");
        device_id_128: "DeviceID 128" => device("128");
        device_id_257: "DeviceID 257: cut to a byte it is 1" => device("257");
        device_id_2_32_plus_1: "DeviceID 4294967297: cut to 32 bits it is 1" => device("4294967297");
        device_id_leading_zero: "a DeviceID with a leading zero" => device("01");
        device_id_with_sign: "a DeviceID with a sign" => device("+1");
        device_id_negative: "a negative DeviceID" => device("-1");
        device_id_hexadecimal: "a DeviceID in hexadecimal" => device("0x1");
        device_id_outside_ascii: "a DeviceID in digits outside ASCII" => device("\u{ff11}");
        device_id_empty [Identifier Path:]: "an empty DeviceID" => device("");
    }
    let query = |query: &str| refuses("?v=c", query);
    cases! { b, [Query: INV-01 INV-04];
        vertical_unknown: "a vertical that does not exist" => query("?v=b");
        vertical_in_capitals: "an upper-case vertical" => query("?v=C");
        vertical_of_two_letters: "a vertical of two letters" => query("?v=ca");
        vertical_missing: "no vertical after `v=`" => query("?v=");
        v_without_value: "`v` without a value" => query("?v");
        query_empty: "a question mark with nothing after it" => query("?");
        v_twice: "`v` twice: readers differ over which one counts" => query("?v=c&v=h");
        same_v_twice: "the same vertical twice" => query("?v=c&v=c");
        unknown_key: "a key that the link does not have" => query("?v=c&utm=mail");
        unknown_key_first: "a key that the link does not have, before `v`" => query("?utm=mail&v=c");
        ampersand_at_end: "an ampersand at the end" => query("?v=c&");
        v_in_capitals: "an upper-case V" => query("?V=c");
        vertical_percent_encoded: "a percent-encoded vertical" => query("?v=%63");
        second_question_mark: "a second question mark" => query("??v=c");
    }
}

/// What is wrong with a link, once more in another one: at a port, for a home, of DeviceID 12.
fn refuse_in_another_link(b: &mut Builder) {
    let home = Parts {
        host: "relay.example:8443",
        device_id: 12,
        vertical: Home,
        query: "?v=h",
        ..Parts::CAR
    };
    let link = home.link();
    let refuses = |from: &str, to: &str| {
        let link = replaced(&link, from, to);
        refused::<Parse>(Malformed, Link { link })
    };
    let host = |host: &str| refuses("relay.example", host);
    cases! { b, [Host: INV-01 INV-04];
        home_host_with_capital: "an upper-case letter in HOST before a port" => host("relay.exAmple");
        home_host_ends_with_dot: "a dot at the end of HOST before a port" => host("relay.example.");
        home_empty_label: "an empty first label" => host(".relay.example");
        home_label_begins_with_hyphen: "a second label that begins with a hyphen" => host("relay.-example");
        home_label_ends_with_hyphen: "a last label that ends with a hyphen" => host("relay.example-");
        home_label_with_underscore: "a last label with an underscore" => host("relay.exam_ple");
        home_host_outside_ascii: "a digit outside ASCII in HOST" => host("relay\u{ff11}.example");
        home_ipv4: "an IPv4 address before a port" => host("127.0.0.1");
        home_ipv6: "an IPv6 address before a port" => host("[::1]");
        home_user_name: "a user name before a host with a port" => host("ryan@relay.example");
        home_port_with_letter: "a port with a letter" => refuses(":8443", ":8443a");
        home_port_99999: "the port 99999" => refuses(":8443", ":99999");
        home_port_443: "the port 443 before a home's link" => refuses(":8443", ":443");
    }
    let device = |to: &str| refuses("/12?", &format!("/{to}?"));
    cases! { b, [Identifier: INV-04 ID-03];
        home_device_id_129: "DeviceID 129" => device("129");
        home_device_id_with_zero: "DeviceID 12 with two leading zeros" => device("0012");
        home_device_id_with_point: "DeviceID 12.0" => device("12.0");
        home_device_id_outside_ascii: "DeviceID 12 with one digit outside ASCII" => device("1\u{0662}");
    }
    let query = |query: &str| refuses("?v=h", query);
    cases! { b, [Query: INV-01 INV-04];
        home_vertical_in_capitals: "an upper-case vertical of a home" => query("?v=H");
        home_vertical_with_space: "a vertical with an encoded space" => query("?v=h%20");
        home_vertical_percent_encoded: "a percent-encoded vertical of a home" => query("?v=%68");
        home_unknown_key: "a key that a home's link does not have" => query("?v=h&x=1");
        home_ampersand_first: "an ampersand first" => query("?&v=h");
    }
    let good = fragment_of(&identity_key());
    let fragment = |to: &str| refuses(&good, to);
    cases! { b, [Fragment: INV-01 INV-04];
        home_fragment_padded: "a home's fragment with one padding character" => fragment(&format!("{good}="));
        home_fragment_cut: "a home's fragment without its first character" => fragment(&good[1..]);
        home_fragment_of_one_more: "a home's fragment with a character more before it" => fragment(&format!("A{good}"));
        home_fragment_line_feed: "a line feed in a home's fragment" => fragment(&format!("{}\n{}", &good[..48], &good[48..]));
        home_fragment_percent: "a percent-encoded digit in a home's fragment"
            => fragment(&format!("%{:x}{}", good.as_bytes()[0], &good[1..]));
    }
}

/// 72 bytes in plain base64, with both digits that the URL alphabet does not have. They expire in time.
fn plain_base64() -> String {
    let bytes = |n| fragment_bytes(&seed::bytes::<32>(&format!("invitation/{n}")), EXPIRES);
    (0..1000)
        .map(|n| BASE64_NOPAD.encode(&bytes(n)))
        .find(|text| text.contains('+') && text.contains('/'))
        .expect("one in a few")
}

fn refuse_fragments(b: &mut Builder) {
    let (key, digest) = (identity_key(), Sha256::digest(identity_key()));
    let good = fragment_of(&key);
    let bytes = fragment_bytes(&digest, EXPIRES);
    let fragment = |to: &str| refuses(&format!("#{good}"), to);
    let base64 = |bytes: &[u8]| fragment(&format!("#{}", BASE64URL_NOPAD.encode(bytes)));
    cases! { b, [Fragment: INV-01 INV-04];
        no_fragment: "no fragment: nothing ties the link to a key" => fragment("");
        empty_fragment: "an empty fragment" => fragment("#");
        second_fragment: "a second fragment" => fragment(&format!("#{good}#{good}"));
        /// the fingerprint alone, as links of version 1 had it: whoever takes it has no secret to prove anything by
        fingerprint_alone => base64(&digest);
        fragment_of_71_bytes: "71 bytes: the last byte of the expiry is missing" => base64(&bytes[..71]);
        fragment_of_73_bytes: "73 bytes: the identity key in place of its fingerprint"
            => base64(&fragment_bytes(&key, EXPIRES));
        fragment_of_a_byte_more: "a zero byte behind the 72" => base64(&[&bytes[..], &[0]].concat());
        fragment_of_80_bytes: "80 bytes: the expiry twice" => base64(&[&bytes[..], &bytes[64..]].concat());
        /// 68 bytes: an expiry of 32 bits
        expiry_of_32_bits => base64(&[&bytes[..64], &bytes[68..]].concat());
        /// 64 bytes: no expiry
        no_expiry [Fragment Expiry:] => base64(&bytes[..64]);
        fragment_padded: "the fragment with padding" => fragment(&format!("#{good}===="));
        fragment_cut: "the fragment without its last character" => fragment(&format!("#{}", &good[..95]));
        fragment_with_character_more: "a character more" => fragment(&format!("#{good}A"));
        fragment_in_hex: "the fragment in hex" => fragment(&format!("#{}", hex::encode(&bytes)));
        fragment_in_plain_base64: "the alphabet of plain base64" => fragment(&format!("#{}", plain_base64()));
        /// a plus sign of plain base64, and else the URL alphabet
        fragment_with_a_plus => fragment(&format!("#{}", plain_base64().replace('/', "_")));
        /// a slash of plain base64, and else the URL alphabet
        fragment_with_a_slash => fragment(&format!("#{}", plain_base64().replace('+', "-")));
        line_feed_at_end: "a line feed at the end" => fragment(&format!("#{good}\n"));
        fragment_with_name: "a name before the fragment" => fragment(&format!("#f={good}"));
        /// a comma between the parts
        fragment_in_parts => fragment(&format!("#{},{}", &good[..48], &good[48..]));
        empty_link [Scheme: INV-04]: "an empty link" => refuses(&link(), "");
    }
}

fn make_and_check(b: &mut Builder) {
    cases! { b, [Normal: INV-01];
        make_for_car [: INV-01 INV-05 RND-01]: "for a car, for 7 days" => makes(Car, None, 7 * DAY);
        make_for_home: "for a home" => makes(Home, None, 7 * DAY);
        make_for_general_access: "for general access: the letter is written all the same"
            => makes(GeneralAccess, None, 7 * DAY);
        make_for_a_second [Expiry: INV-05]: "for a second" => makes(Car, Some(1), 1);
        make_for_30_days [Expiry: INV-05]: "for 30 days, the most" => makes(Car, Some(30 * DAY), 30 * DAY);
        make_for_no_second [Expiry: INV-05]: "for no second" => makes_not(InvalidState, |f| f.lifetime = Some(0));
        /// for a second more than 30 days
        make_for_more_than_30_days [Expiry: INV-05] => makes_not(InvalidState, |f| f.lifetime = Some(30 * DAY + 1));
        /// for 2^64 - 1 seconds: the sum overflows
        make_for_ever [Expiry: INV-05] => makes_not(InvalidState, |f| f.lifetime = Some(u64::MAX));
        /// for a HOST with a path: nobody could read the link
        make_host_with_path [Host: INV-01 INV-04] => makes_not(Malformed, |f| f.host.push_str("/x"));
        /// for an upper-case HOST
        make_host_with_capital [Host: INV-01 INV-04] => makes_not(Malformed, |f| f.host.replace_range(..1, "R"));
        /// for DeviceID 128
        make_device_id_128 [Identifier: INV-01 ID-03] => makes_not(Malformed, |f| f.address.device_id = 128);
        /// for a key without its type byte: SHA-256 takes any bytes, the fingerprint would match no key
        make_key_without_type_byte [WrongKey: INV-01 KEY-02] =>
            makes_not(InvalidKey, |f| f.identity_key = identity_key()[1..].into());
    }
    let (own, zero) = (identity_key(), [&[5][..], &[0; 32]].concat());
    let fingerprinted = |bytes: &[u8]| with(&fragment_of(&own), &fragment_of(bytes));
    let nearly = fragment_bytes(&but(Sha256::digest(own), |digest| digest[31] ^= 1), EXPIRES);
    let nearly = BASE64URL_NOPAD.encode(&nearly);
    let untrusted =
        |link: String, key: &[u8]| refused::<Check>(UntrustedIdentity, check(link, key));
    cases! { b, [WrongKey: INV-03];
        key_of_link [Normal:]: "the key that the link names" => valid::<Check>(check(link(), &own), Done {});
        /// another key: the intermediary put its own in place
        key_of_intermediary => untrusted(link(), &key("intermediary"));
        /// a fingerprint of the 32 bytes without the type byte
        fingerprint_without_type_byte => untrusted(fingerprinted(&own[1..]), &own);
        /// a fingerprint that differs in its last bit: all 32 bytes count
        fingerprint_last_bit [WrongKey Fragment:] => untrusted(with(&fragment_of(&own), &nearly), &own);
        /// a fingerprint of the key in hex
        fingerprint_of_key_in_hex => untrusted(fingerprinted(hex::encode(&own).as_bytes()), &own);
        /// a key of small order whose fingerprint matches
        key_of_small_order [: INV-03 KEY-04] => refused::<Check>(InvalidKey, check(fingerprinted(&zero), &zero));
        /// no fragment: whoever takes that for nothing to check trusts any key
        check_no_fragment [Fragment WrongKey: INV-03 INV-04] => refused::<Check>(Malformed,
            check(with(&format!("#{}", fragment_of(&own)), ""), &own));
    }
    // The key fits, but the link is none.
    let at = |host: &str| with("relay.example", host);
    let whole = fragment_bytes(&Sha256::digest(own), EXPIRES);
    let no_link = |link: String| refused::<Check>(Malformed, check(link, &own));
    cases! { b, [Host: INV-01 INV-04];
        check_port_65536: "the key of a link with the port 65536" => no_link(with("relay.example", "relay.example:65536"));
        /// the key of a link with a line feed behind it
        check_line_feed_at_end [Fragment: INV-04] => no_link(format!("{}\n", link()));
        /// the key of a link that expires in the first second of the year 10000
        check_expires_in_10000 [Expiry: INV-01 INV-04] => no_link(Parts { expires: LAST + 1, ..Parts::CAR }.link());
        /// the key of a link with a zero byte behind the 72 of its fragment
        check_fragment_of_a_byte_more [Fragment: INV-04] => no_link(
            with(&fragment_of(&own), &BASE64URL_NOPAD.encode(&[&whole[..], &[0]].concat())));
        check_scheme_in_capitals: "the key of a link with its scheme in capitals" => no_link(with("https://", "HTTPS://"));
        check_host_with_capital: "the key of a link with a capital in HOST" => no_link(at("Relay.example"));
        check_host_ends_with_dot: "the key of a link with a dot behind HOST" => no_link(at("relay.example."));
        check_label_with_underscore: "the key of a link with an underscore in HOST" => no_link(at("my_relay.example"));
        /// the key of a link with a label of 64 characters
        check_label_of_64_characters => no_link(at(&format!("{}.example", "a".repeat(64))));
        check_port_0: "the key of a link with the port 0" => no_link(at("relay.example:0"));
        check_port_443: "the key of a link with the port 443" => no_link(at("relay.example:443"));
        check_slash_at_end: "the key of a link with a slash behind the DeviceID" => no_link(with("/1?", "/1/?"));
        check_query_empty: "the key of a link with a question mark and nothing after it" => no_link(with("?v=c", "?"));
        check_fragment_padded: "the key of a link with padding behind its fragment" => no_link(format!("{}====", link()));
        make_port_0: "for a HOST with the port 0" => makes_not(Malformed, |f| "relay.example:0".clone_into(&mut f.host));
        make_port_65536: "for a HOST with the port 65536" => makes_not(Malformed, |f| "relay.example:65536".clone_into(&mut f.host));
        /// for a name of 253 characters and a port, which is no part of the name
        make_longest_name_and_port => computed::<Make>(
            but(made_of(Car, None), |f| f.host = format!("{}:65535", longest_name())));
        make_name_of_254_characters: "for a name of 254 characters"
            => makes_not(Malformed, |f| f.host = format!("{}b", longest_name()));
    }
}

/// When a link may be taken, and is honoured.
fn times(b: &mut Builder) {
    let at = |now| TakeInput {
        link: link(),
        now: Timestamp(now),
    };
    let takes = |now| valid::<Take>(at(now), Done {});
    let takes_not = |now| refused::<Take>(InvalidInvitation, at(now));
    cases! { b, [Expiry: INV-05];
        take [Normal:]: "a link is taken when it was made" => takes(NOW);
        take_a_second_before_expiry: "taken a second before it expires" => takes(EXPIRES - 1);
        take_at_expiry: "taken in the second that it expires in" => takes_not(EXPIRES);
        take_a_year_later: "taken a year later" => takes_not(EXPIRES + 365 * DAY);
        /// taken 32 days before it expires: it may live 30, and each of the two clocks may be a day off
        take_32_days_before_expiry => takes(EXPIRES - 32 * DAY);
        /// taken a second more than 32 days before it expires: no honest wallet makes such a link
        take_more_than_32_days_before_expiry => takes_not(EXPIRES - 32 * DAY - 1);
        /// a link that expires in the year 9999
        take_expires_in_9999 => refused::<Take>(InvalidInvitation, TakeInput {
            link: Parts { expires: LAST, ..Parts::CAR }.link(), now: Timestamp(NOW) });
    }
    let week = 7 * DAY;
    cases! { b, [Expiry: INV-01 INV-05];
        /// made a week before the last second of the year 9999, in which it expires
        make_expires_in_9999 => makes_at(LAST - week, Car, None, week);
        /// made a second later: it would expire in the year 10000
        make_expires_in_10000 => makes_not(InvalidState, |f| f.now = Timestamp(LAST - week + 1));
        /// made in the last second of the year 9999, to live for a second
        make_in_the_last_second => makes_not(InvalidState, |f| {
            f.now = Timestamp(LAST); f.lifetime = Some(1);
        });
    }
    let honours = |now| valid::<Honour>(at(now), Done {});
    let honours_not = |now| refused::<Honour>(InvalidInvitation, at(now));
    cases! { b, [Expiry: INV-05];
        honour [Normal:]: "an offer by a link that has not expired" => honours(NOW);
        /// an offer that was on its way when the link expired
        honour_at_expiry => honours(EXPIRES);
        honour_a_second_before_31_days: "a second before 31 days are over" => honours(EXPIRES + 31 * DAY - 1);
        honour_after_31_days: "31 days after it expired" => honours_not(EXPIRES + 31 * DAY);
        /// an offer by a link that expires in the first second of the year 10000: none is made so
        honour_expires_in_10000 [: INV-01 INV-05] => refused::<Honour>(Malformed, TakeInput {
            link: Parts { expires: LAST + 1, ..Parts::CAR }.link(), now: Timestamp(NOW) });
    }
}
