//! Where bugs are written about.

use std::fmt::Display;

macro_rules! links {
    ($($(#[$doc:meta])* $name:ident $url:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(place: impl Display) -> String {
            format!($url, place)
        }
    )*};
}

links! {
    /// A section of Signal's specifications, such as `x3dh/#signatures`.
    signal "https://signal.org/docs/specifications/{}";
    /// A section of an RFC, such as `8032#section-8.4`.
    rfc "https://www.rfc-editor.org/rfc/rfc{}";
    /// A section of the guides to Protocol Buffers, such as `encoding/#varints`.
    protobuf "https://protobuf.dev/programming-guides/{}";
    /// A report of the Cryptology ePrint Archive.
    eprint "https://eprint.iacr.org/{}";
    /// An entry of the Common Weakness Enumeration.
    cwe "https://cwe.mitre.org/data/definitions/{}.html";
    /// An entry of Common Vulnerabilities and Exposures.
    cve "https://nvd.nist.gov/vuln/detail/CVE-{}";
}
