//! Family `invitation`.

use super::actor::user_id;
use super::wire::key;
use super::{Builder, seed};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use sha2::{Digest, Sha256};
use tigress_signal::conformance::operation::invitation::{
    Check, CheckInput, Link, Make, MakeInput, Parse, ParseOutput,
};
use tigress_signal::conformance::operation::{AddressFields, Done};
use tigress_signal::error_code::ErrorCode::{InvalidKey, Malformed, UntrustedIdentity};
use tigress_signal::transfer::Vertical;

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    let user = user_id("ryan");
    let identity = key("invitation");
    let digest = Sha256::digest(identity);
    let fingerprint = BASE64URL_NOPAD.encode(&digest);
    let address = |device_id| AddressFields {
        user_id: user.clone(),
        device_id,
    };

    let longest_name = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
    for (comment, host, device_id, vertical, query) in [
        (
            "for general access",
            "relay.example",
            1,
            Vertical::GeneralAccess,
            "?v=a",
        ),
        (
            "for general access, which is meant where nothing is said",
            "relay.example",
            1,
            Vertical::GeneralAccess,
            "",
        ),
        ("for a home", "relay.example", 1, Vertical::Home, "?v=h"),
        ("for a car", "relay.example", 1, Vertical::Car, "?v=c"),
        (
            "DeviceID 127, the highest",
            "relay.example",
            127,
            Vertical::Car,
            "?v=c",
        ),
        (
            "DeviceID 10: a trailing zero is part of it",
            "relay.example",
            10,
            Vertical::Car,
            "?v=c",
        ),
        (
            "a port, which is part of HOST",
            "relay.example:8443",
            1,
            Vertical::Car,
            "?v=c",
        ),
        (
            "port 80: nothing special under https",
            "relay.example:80",
            1,
            Vertical::Car,
            "?v=c",
        ),
        (
            "port 65535, the highest",
            "relay.example:65535",
            1,
            Vertical::Car,
            "?v=c",
        ),
        ("a name of one label", "localhost", 1, Vertical::Car, "?v=c"),
        (
            "labels that begin with a digit and hold hyphens",
            "2--relay-4.7.example",
            1,
            Vertical::Car,
            "?v=c",
        ),
        (
            "an internationalised name in its ASCII form",
            "xn--bcher-kva.example",
            1,
            Vertical::Car,
            "?v=c",
        ),
        (
            "a name of 253 characters with labels of 63, the longest that there are",
            &longest_name,
            1,
            Vertical::Car,
            "?v=c",
        ),
    ] {
        let path = format!("{host}/v1/i/{user}/{device_id}");
        b.old_valid::<Parse>(
            (comment, &["Normal"], &["INV-01", "INV-02"]),
            Link {
                link: format!("https://{path}{query}#{fingerprint}"),
            },
            ParseOutput {
                host: host.to_owned(),
                address: address(device_id),
                vertical,
                fingerprint: digest.into(),
                request_url: format!("https://{path}?v={}", vertical.letter()),
            },
        );
    }

    let mut refuse = |comment: &str, flag: &str, ids: &[&str], link: String| {
        b.old_invalid::<Parse>((comment, &[flag], ids), Malformed, Link { link });
    };
    let good = format!("https://relay.example/v1/i/{user}/1?v=c#{fingerprint}");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };

    for (comment, from, to) in [
        (
            "http: whoever is on the path reads the request",
            "https://",
            "http://",
        ),
        ("an upper-case scheme", "https://", "HTTPS://"),
        ("no scheme", "https://", ""),
        (
            "a scheme without a host: a browser would read on in the path",
            "https://",
            "https:///",
        ),
        ("one slash after the scheme", "https://", "https:/"),
        (
            "backslashes after the scheme, which browsers take for slashes",
            "https://",
            "https:\\\\",
        ),
        ("a scheme of another application", "https://", "tigress://"),
        ("a space before the link", "https://", " https://"),
    ] {
        refuse(comment, "Scheme", &["INV-04"], with(from, to));
    }
    for (comment, host) in [
        ("no host", ""),
        ("a user name before the host", "relay.example@"),
        ("an empty user name", "@relay.example"),
        (
            "a user name that reads like the host: the request goes to evil.example",
            "relay.example@evil.example",
        ),
        ("a user name and a password", "user:password@relay.example"),
        ("an upper-case letter in HOST", "Relay.example"),
        ("a letter outside ASCII in HOST", "b\u{fc}cher.example"),
        ("a percent-encoded letter in HOST", "%72elay.example"),
        ("a dot at the end of HOST", "relay.example."),
        ("an empty label", "relay..example"),
        ("a label that begins with a hyphen", "-relay.example"),
        ("a label that ends with a hyphen", "relay-.example"),
        ("a label with an underscore", "my_relay.example"),
        (
            "a backslash, which browsers take for the end of HOST",
            "relay.example\\evil.example",
        ),
        (
            "an IPv4 address: certificates and readers differ over it",
            "192.0.2.1",
        ),
        ("an IPv4 address written as one number", "3221225985"),
        ("an IPv4 address in hexadecimal", "0xc0.0.2.0x1"),
        ("an IPv6 address", "[2001:db8::1]"),
        ("the port 443, which is not written", "relay.example:443"),
        ("a colon without a port", "relay.example:"),
        ("the port 0", "relay.example:0"),
        (
            "the port 65536: cut to 16 bits it is 0",
            "relay.example:65536",
        ),
        ("a port with a leading zero", "relay.example:08443"),
        ("a port with a sign", "relay.example:+8443"),
        ("two ports", "relay.example:8443:8443"),
    ] {
        refuse(
            comment,
            "Host",
            &["INV-01", "INV-04"],
            with("relay.example", host),
        );
    }
    let long_label = format!("{}.example", "a".repeat(64));
    refuse(
        "a label of 64 characters",
        "Host",
        &["INV-01", "INV-04"],
        with("relay.example", &long_label),
    );
    refuse(
        "a name of 254 characters",
        "Host",
        &["INV-01", "INV-04"],
        with("relay.example", &format!("{longest_name}b")),
    );
    for (comment, from, to) in [
        ("version v2", "/v1/", "/v2/"),
        ("an upper-case V1", "/v1/", "/V1/"),
        ("no version", "/v1/", "/"),
        ("another path", "/i/", "/invite/"),
        ("a path before it", "/v1/", "/x/v1/"),
        ("two slashes", "/v1/", "//v1/"),
        (
            "a dot segment, which URL parsers take away",
            "/v1/",
            "/./v1/",
        ),
        ("two dots, which URL parsers take away", "/v1/", "/x/../v1/"),
        ("a percent-encoded letter", "/i/", "/%69/"),
        ("no DeviceID", "/1?", "?"),
        ("a slash at the end", "/1?", "/1/?"),
        ("a further segment", "/1?", "/1/2?"),
        ("path parameters", "/1?", "/1;x=y?"),
    ] {
        refuse(comment, "Path", &["INV-04"], with(from, to));
    }
    for (comment, id, from, to) in [
        (
            "an upper-case UserID",
            "ID-01",
            user.clone(),
            user.to_uppercase(),
        ),
        (
            "a UserID without hyphens",
            "ID-01",
            user.clone(),
            user.replace('-', ""),
        ),
        (
            "a UserID in braces",
            "ID-01",
            user.clone(),
            format!("{{{user}}}"),
        ),
        (
            "a UserID of version 1: it tells a time and a machine",
            "ID-01",
            user.clone(),
            "c232ab00-9414-11ec-b3c8-9f6bdeced846".to_owned(),
        ),
        ("no UserID", "ID-01", user.clone(), String::new()),
        (
            "a percent-encoded letter in the UserID",
            "ID-01",
            user.clone(),
            format!("%{:x}{}", user.as_bytes()[0], &user[1..]),
        ),
        ("DeviceID 0", "ID-03", "/1?".to_owned(), "/0?".to_owned()),
        (
            "DeviceID 128",
            "ID-03",
            "/1?".to_owned(),
            "/128?".to_owned(),
        ),
        (
            "DeviceID 257: cut to a byte it is 1",
            "ID-03",
            "/1?".to_owned(),
            "/257?".to_owned(),
        ),
        (
            "DeviceID 4294967297: cut to 32 bits it is 1",
            "ID-03",
            "/1?".to_owned(),
            "/4294967297?".to_owned(),
        ),
        (
            "a DeviceID with a leading zero",
            "ID-03",
            "/1?".to_owned(),
            "/01?".to_owned(),
        ),
        (
            "a DeviceID with a sign",
            "ID-03",
            "/1?".to_owned(),
            "/+1?".to_owned(),
        ),
        (
            "a negative DeviceID",
            "ID-03",
            "/1?".to_owned(),
            "/-1?".to_owned(),
        ),
        (
            "a DeviceID in hexadecimal",
            "ID-03",
            "/1?".to_owned(),
            "/0x1?".to_owned(),
        ),
        (
            "a DeviceID in digits outside ASCII",
            "ID-03",
            "/1?".to_owned(),
            "/\u{ff11}?".to_owned(),
        ),
        (
            "an empty DeviceID",
            "ID-03",
            "/1?".to_owned(),
            "/?".to_owned(),
        ),
    ] {
        refuse(comment, "Identifier", &["INV-04", id], with(&from, &to));
    }
    for (comment, query) in [
        ("a vertical that does not exist", "?v=b"),
        ("an upper-case vertical", "?v=C"),
        ("a vertical of two letters", "?v=ca"),
        ("no vertical after `v=`", "?v="),
        ("`v` without a value", "?v"),
        ("a question mark with nothing after it", "?"),
        (
            "`v` twice: readers differ over which one counts",
            "?v=c&v=h",
        ),
        ("the same vertical twice", "?v=c&v=c"),
        ("a key that the link does not have", "?v=c&utm=mail"),
        (
            "a key that the link does not have, before `v`",
            "?utm=mail&v=c",
        ),
        ("an ampersand at the end", "?v=c&"),
        ("an upper-case V", "?V=c"),
        ("a percent-encoded vertical", "?v=%63"),
        ("a second question mark", "??v=c"),
    ] {
        refuse(comment, "Query", &["INV-01", "INV-04"], with("?v=c", query));
    }

    // The last digit of 32 bytes in base64url carries four bits and two zeros.
    let last = fingerprint.as_bytes()[42];
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = digits
        .iter()
        .position(|&digit| digit == last)
        .expect("a digit");
    let loose = format!("{}{}", &fingerprint[..42], char::from(digits[value + 1]));
    let other_alphabet = (0..1000)
        .map(|n| BASE64_NOPAD.encode(&seed::bytes::<32>(&format!("invitation/{n}"))))
        .find(|text| text.contains('+') && text.contains('/'))
        .expect("one in a few");
    let fragment = format!("#{fingerprint}");
    for (comment, to) in [
        ("no fragment: nothing ties the link to a key", String::new()),
        ("an empty fragment", "#".to_owned()),
        ("a second fragment", format!("{fragment}{fragment}")),
        (
            "31 bytes",
            format!("#{}", BASE64URL_NOPAD.encode(&digest[..31])),
        ),
        (
            "33 bytes: the identity key itself",
            format!("#{}", BASE64URL_NOPAD.encode(&identity)),
        ),
        ("the fingerprint with padding", format!("{fragment}=")),
        (
            "the fingerprint without its last character",
            fragment[..43].to_owned(),
        ),
        ("a character more", format!("{fragment}A")),
        (
            "the fingerprint in hex",
            format!("#{}", tigress_signal::hex::encode(&digest)),
        ),
        (
            "bits left over that are not zero: a second link for the same key",
            format!("#{loose}"),
        ),
        ("the alphabet of plain base64", format!("#{other_alphabet}")),
        ("a line feed at the end", format!("{fragment}\n")),
        ("a name before the fingerprint", format!("#f={fingerprint}")),
    ] {
        refuse(
            comment,
            "Fingerprint",
            &["INV-01", "INV-04"],
            with(&fragment, &to),
        );
    }
    refuse("an empty link", "Scheme", &["INV-04"], String::new());

    for (comment, vertical) in [
        ("for a car", Vertical::Car),
        ("for a home", Vertical::Home),
        (
            "for general access: the letter is written all the same",
            Vertical::GeneralAccess,
        ),
    ] {
        let v = vertical.letter();
        b.old_valid::<Make>(
            (comment, &["Normal"], &["INV-01"]),
            MakeInput {
                host: "relay.example:8443".to_owned(),
                address: address(12),
                vertical,
                identity_key: identity.into(),
            },
            Link {
                link: format!("https://relay.example:8443/v1/i/{user}/12?v={v}#{fingerprint}"),
            },
        );
    }
    for (comment, flag, id, error, host, device_id, identity_key) in [
        (
            "for a HOST with a path: nobody could read the link",
            "Host",
            "INV-04",
            Malformed,
            "relay.example/x",
            1,
            identity.to_vec(),
        ),
        (
            "for an upper-case HOST",
            "Host",
            "INV-04",
            Malformed,
            "Relay.example",
            1,
            identity.to_vec(),
        ),
        (
            "for DeviceID 128",
            "Identifier",
            "ID-03",
            Malformed,
            "relay.example",
            128,
            identity.to_vec(),
        ),
        (
            "for a key without its type byte: SHA-256 takes any bytes, the fingerprint would match no key",
            "WrongKey",
            "KEY-02",
            InvalidKey,
            "relay.example",
            1,
            identity[1..].to_vec(),
        ),
    ] {
        b.old_invalid::<Make>(
            (comment, &[flag], &["INV-01", id]),
            error,
            MakeInput {
                host: host.to_owned(),
                address: address(device_id),
                vertical: Vertical::Car,
                identity_key: identity_key.into(),
            },
        );
    }

    let check = |link: &str, identity_key: &[u8]| CheckInput {
        link: link.to_owned(),
        identity_key: identity_key.into(),
    };
    b.old_valid::<Check>(
        ("the key that the link names", &["Normal"], &["INV-03"]),
        check(&good, &identity),
        Done {},
    );
    let fingerprint_of = |bytes: &[u8]| BASE64URL_NOPAD.encode(&Sha256::digest(bytes));
    let mut nearly = digest;
    nearly[31] ^= 1;
    for (comment, link, identity_key) in [
        (
            "another key: the intermediary put its own in place",
            good.clone(),
            key("intermediary"),
        ),
        (
            "a fingerprint of the 32 bytes without the type byte",
            with(&fingerprint, &fingerprint_of(&identity[1..])),
            identity,
        ),
        (
            "a fingerprint that differs in its last bit: all 32 bytes count",
            with(&fingerprint, &BASE64URL_NOPAD.encode(&nearly)),
            identity,
        ),
        (
            "a fingerprint of the key in hex",
            with(
                &fingerprint,
                &fingerprint_of(tigress_signal::hex::encode(&identity).as_bytes()),
            ),
            identity,
        ),
    ] {
        b.old_invalid::<Check>(
            (comment, &["WrongKey"], &["INV-03"]),
            UntrustedIdentity,
            check(&link, &identity_key),
        );
    }
    b.old_invalid::<Check>(
        (
            "a key of small order whose fingerprint matches",
            &["WrongKey"],
            &["INV-03", "KEY-04"],
        ),
        InvalidKey,
        check(
            &with(
                &fingerprint,
                &fingerprint_of(&[&[5][..], &[0; 32]].concat()),
            ),
            &[&[5][..], &[0; 32]].concat(),
        ),
    );
    b.old_invalid::<Check>(
        (
            "no fragment: whoever takes that for nothing to check trusts any key",
            &["Fingerprint"],
            &["INV-03", "INV-04"],
        ),
        Malformed,
        check(&with(&fragment, ""), &identity),
    );
}

fn notes(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A link as honest wallets make it.",
        &["https://www.rfc-editor.org/rfc/rfc3986"],
    );
    b.old_note(
        "Scheme",
        "MISSING_STEP",
        "The link is no https link. Whoever follows it asks over a channel that others read or change.",
        &[],
    );
    b.old_note(
        "Host",
        "PARSER_BUG",
        "A HOST that is written otherwise than it is meant, or that two URL parsers read as two hosts. Whoever mends it asks another host than the person read.",
        &["https://url.spec.whatwg.org/#host-parsing"],
    );
    b.old_note(
        "Path",
        "PARSER_BUG",
        "Another path. URL parsers mend some of these before anybody can look at them.",
        &["https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4"],
    );
    b.old_note(
        "Identifier",
        "PARSER_BUG",
        "A UserID or DeviceID that no device has, or in a form that is not its one form. Whoever cuts or mends it sends to another mailbox.",
        &[],
    );
    b.old_note(
        "Query",
        "PARSER_BUG",
        "A query that is not one `v` with one of three letters. Whoever guesses takes the link for another credential than its reader.",
        &[],
    );
    b.old_note(
        "Fingerprint",
        "AUTH_BYPASS",
        "The fragment is what ties a person to a key. Whoever accepts less than 32 bytes in their one form compares less than the whole key, or nothing.",
        &["https://www.rfc-editor.org/rfc/rfc4648#section-3.5"],
    );
    b.old_note(
        "WrongKey",
        "AUTH_BYPASS",
        "A key that is not the one that the link names. Whoever takes it talks to the intermediary, or to anybody.",
        &[],
    );
}
