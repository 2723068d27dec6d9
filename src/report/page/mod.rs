//! Pages: each is one HTML file that needs nothing from elsewhere. All have one layout and one style.
//!
//! A page is a template of its own that extends `layout.html`: its blocks are `title`, `style` (what this page alone has),
//! `body` and `script`. What it shows is escaped; `{{ text | code }}` is text in which Markdown's backticks make code.

use minijinja::{AutoEscape, Environment, HtmlEscape, Value};
use std::fmt::Write;

/// The page that a template makes of what it is given.
pub(super) fn render(template: &str, content: Value) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    let shared = [
        ("layout.html", include_str!("layout.html")),
        ("style.css", include_str!("style.css")),
    ];
    let rendered = shared
        .into_iter()
        .try_for_each(|(name, text)| environment.add_template(name, text))
        .and_then(|()| environment.render_str(template, content));
    match rendered {
        Ok(page) => page,
        // Templates are fixed, and so is what they are given: tests render all.
        Err(error) => format!("<!doctype html><title>tigress</title><p>{error:#}"),
    }
}

/// HTML in which what stands between two backticks is code. A backtick alone stays what it is.
fn code(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    // A `String` takes whatever is written to it.
    while let Some((before, (inner, after))) = rest
        .split_once('`')
        .and_then(|(before, after)| Some((before, after.split_once('`')?)))
    {
        let (before, inner) = (HtmlEscape(before), HtmlEscape(inner));
        let _ = write!(html, "{before}<code>{inner}</code>");
        rest = after;
    }
    let _ = write!(html, "{}", HtmlEscape(rest));
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;
    use proptest::prelude::*;

    #[test]
    fn a_page_extends_the_layout() {
        let page = render(
            r#"{% extends "layout.html" %}{% block title %}{{ text }}{% endblock %}{% block body %}<p>{{ text | code }}{% endblock %}"#,
            context! { text => "a `<b>` & `c" },
        );
        for words in [
            "<title>a `&lt;b&gt;` &amp; `c</title>",
            "--passed:",
            "<p>a <code>&lt;b&gt;</code> &amp; `c",
        ] {
            assert!(page.contains(words), "no {words} in {page}");
        }
    }

    proptest! {
        /// No text makes another element than code, and none is lost.
        #[test]
        fn code_is_all_that_a_text_makes(text in "[a`<>&\"']{0,24}") {
            let html = code(&text);
            let plain = html.replace("<code>", "`").replace("</code>", "`");
            prop_assert!(!plain.contains(['<', '>', '"', '\'']));
            let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'");
            prop_assert_eq!(plain.replace("&amp;", "&"), text);
        }
    }
}
