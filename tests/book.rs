//! The book of docs/: its contents, its links, its pictures, and the book itself where mdBook is there (`book/run --ready`).

use crate::browser;
use quick_xml::events::Event;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder that end so.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect()
}

/// The pages: those of docs/ and those beside it.
fn pages() -> Vec<PathBuf> {
    let beside = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name));
    [files(&root().join("docs"), "md"), beside.into()].concat()
}

/// A page without its blocks of code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).expect("a page");
    let parts = text.split("\n```").step_by(2);
    parts.collect::<Vec<_>>().join("\n")
}

/// What the headings of a page are called in links, as forges and mdBook have it.
fn anchors(page: &Path) -> BTreeSet<String> {
    let mut seen = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    let text = prose(page);
    for heading in text.lines().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let is_kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
        let name: String = heading.chars().filter(is_kept).collect();
        let name = name.replace(' ', "-");
        let times = seen.entry(name.clone()).or_insert(0);
        anchors.insert(match times {
            0 => name,
            _ => format!("{name}-{times}"),
        });
        *times += 1;
    }
    anchors
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("an expression");
    let mut links = 0;
    for page in pages() {
        for link in link.captures_iter(&prose(&page)) {
            let target = &link[1];
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            let what = format!("{}: {target}", page.display());
            assert!(file.exists(), "{what}");
            let has_anchor = || anchors(&file).contains(anchor);
            assert!(anchor.is_empty() || has_anchor(), "{what}: no such heading");
            links += 1;
        }
    }
    assert!(links > 200, "{links} links");
}

/// A word in angle brackets is a tag of HTML to a forge and to mdBook, and vanishes: it stands in code, or behind a backslash.
#[test]
fn no_word_vanishes_as_html() {
    let code = Regex::new("(?s)(`+).*?[^`](`+)").expect("an expression");
    let tag = Regex::new(r"(?:^|[^\\])</?[A-Za-z][^>]*>").expect("an expression");
    let mut seen = 0;
    for page in pages() {
        let text = prose(&page);
        let text = code.replace_all(&text, "");
        let tags: Vec<&str> = tag.find_iter(&text).map(|found| found.as_str()).collect();
        assert!(tags.is_empty(), "{}: {tags:?}", page.display());
        seen += text.matches("\\<").count();
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn every_page_stands_once_in_the_contents() {
    let contents = fs::read_to_string(root().join("docs/SUMMARY.md")).expect("contents");
    for page in pages() {
        let name = page
            .strip_prefix(root())
            .expect("in it")
            .display()
            .to_string();
        let link = match name.strip_prefix("docs/") {
            Some("SUMMARY.md") => continue,
            Some(name) => format!("]({name})"),
            None => format!("](../{name})"),
        };
        assert_eq!(
            contents.matches(&link).count(),
            1,
            "{link} in docs/SUMMARY.md"
        );
    }
}

#[test]
fn every_picture_is_whole_has_a_title_both_schemes_and_a_page() {
    let pages: String = pages()
        .iter()
        .map(|page| fs::read_to_string(page).expect("a page"))
        .collect();
    let pictures = files(&root().join("docs/pictures"), "svg");
    assert!(pictures.len() >= 5);
    for picture in pictures {
        let name = picture.file_name().expect("a name").to_string_lossy();
        let text = fs::read_to_string(&picture).expect("a picture");
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        while reader.read_event().expect("XML") != Event::Eof {}
        assert!(text.contains("<title>"), "{name}");
        assert!(text.contains("prefers-color-scheme: dark"), "{name}");
        for word in ["<script", "href", "@import", "url(h", "<foreignObject"] {
            assert!(!text.contains(word), "{word} in {name}");
        }
        assert!(
            pages.contains(&format!("pictures/{name})")),
            "{name} is on no page"
        );
    }
}

/// The folder of the book, which is made once; none, with a line that says why, where mdBook is not there.
static BOOK: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let made = Command::new(root().join("book/run"))
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&made.stderr);
    if made.status.code() == Some(3) {
        eprintln!("{said}");
        return None;
    }
    assert!(made.status.success(), "{said}");
    Some(root().join("target/book/html"))
});

#[test]
fn every_page_of_the_book_has_a_title_and_fits_a_telephone_and_a_screen() {
    let Some(html) = &*BOOK else {
        return;
    };
    let folder = html.to_str().expect("UTF-8");
    let Some(seen) = browser::look("pages.mjs", folder, &["390,1600"]) else {
        return;
    };
    let seen = seen.as_object().expect("pages");
    assert_eq!(seen.len(), files(html, "html").len());
    for (page, seen) in seen {
        // The one is read from any address, the other is a frame for pages without a script.
        if ["404.html", "toc.html"].contains(&page.as_str()) {
            continue;
        }
        assert_ne!(seen["title"], "", "{page}");
        assert_eq!(seen["overflows"], serde_json::json!([]), "{page}");
        assert_eq!(seen["faults"], serde_json::json!([]), "{page}");
    }
}

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let Some(html) = &*BOOK else {
        return;
    };
    let reference = Regex::new(r#"(?:href|src)="([^"]+)""#).expect("an expression");
    let id = Regex::new(r#"id="([^"]+)""#).expect("an expression");
    let read = |page: &Path| fs::read_to_string(page).expect("a page");
    let mut ids: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    let mut links = 0;
    for page in files(html, "html") {
        // It is read from any address.
        if page.ends_with("404.html") {
            continue;
        }
        let text = read(&page);
        let body = text.split_once("<main>").map_or(&*text, |it| it.1);
        for link in reference.captures_iter(body) {
            let target = &link[1];
            let what = format!("{}: {target}", page.display());
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => page.clone(),
                file => html.join(file),
            };
            assert!(file.exists(), "{what}");
            if !anchor.is_empty() {
                let of_file = ids.entry(file.clone()).or_insert_with(|| {
                    let text = read(&file);
                    id.captures_iter(&text).map(|id| id[1].to_owned()).collect()
                });
                assert!(of_file.contains(anchor), "{what}: no such heading");
            }
            links += 1;
        }
    }
    assert!(links > 500, "{links} links");
}
