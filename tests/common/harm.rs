//! What may stand in no output.

/// What terminals, browsers and CI obey, or what XML 1.0 cannot hold.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{e0001}'..='\u{e007f}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The output without the program's own colours. No hostile text of a test has an `m` behind an escape.
pub(crate) fn without_colours(output: &str) -> String {
    let colour = regex::Regex::new("\x1b\\[[0-9;]*m").expect("an expression");
    colour.replace_all(output, "").into_owned()
}
