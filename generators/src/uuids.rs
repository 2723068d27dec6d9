//! What is nearly a UUID: forms that somebody's parser, regular expression or comparison lets through. For every place where one stands.

/// A form: its name, what it is, and how it is made of a UUID of ID-01.
pub(super) type Form = (&'static str, &'static str, fn(&str) -> String);

/// All of them; each must be refused.
pub(super) const FORMS: &[Form] = &[
    (
        "line_feed_behind",
        "a line feed behind it: the $ of a regular expression lets it through",
        |id| format!("{id}\n"),
    ),
    ("blank_before", "a blank before it", |id| format!(" {id}")),
    (
        "nul_behind",
        "a zero byte behind it: C takes it for the end",
        |id| format!("{id}\0"),
    ),
    ("one_capital", "one of its letters in capitals", |id| {
        let letter = |c: &char| c.is_ascii_lowercase();
        let at = id.chars().position(|c| letter(&c)).unwrap_or_default();
        format!(
            "{}{}{}",
            &id[..at],
            id[at..=at].to_uppercase(),
            &id[at + 1..]
        )
    }),
    ("as_urn", "a URN", |id| format!("urn:uuid:{id}")),
    ("hyphen_moved", "a hyphen one place further on", |id| {
        format!("{}{}-{}", &id[..8], &id[9..10], &id[10..])
    }),
    (
        "digit_outside_ascii",
        "a digit outside ASCII: whoever asks for \\d lets it through",
        |id| format!("{}\u{ff14}{}", &id[..14], &id[15..]),
    ),
    ("one_character_less", "a character too few", |id| {
        id[..35].to_owned()
    }),
    ("one_character_more", "a character too many", |id| {
        format!("{id}0")
    }),
    (
        "not_hexadecimal",
        "a letter that is no hexadecimal digit",
        |id| format!("{}g", &id[..35]),
    ),
    ("version_7", "a UUID of version 7: it tells a time", |id| {
        format!("{}7{}", &id[..14], &id[15..])
    }),
    ("variant_0", "a UUID of the variant 0", |id| {
        format!("{}0{}", &id[..19], &id[20..])
    }),
    ("variant_e", "a UUID of the variant e", |id| {
        format!("{}e{}", &id[..19], &id[20..])
    }),
    ("nil_uuid", "the nil UUID", |_| {
        "00000000-0000-0000-0000-000000000000".to_owned()
    }),
    ("max_uuid", "the UUID of ones alone", |_| {
        "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned()
    }),
];
