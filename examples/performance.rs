//! Makes docs/performance.md and its plots from the figures that `cargo bench -p tigress-benches` has left under target/criterion.
//!
//! `cargo run --example performance [FIGURES DOCS]`

#![allow(
    clippy::cast_precision_loss,
    reason = "sizes and counts far below 2^53"
)]

#[path = "performance/load.rs"]
mod load;
#[path = "performance/peers.rs"]
mod peers;

use plotters::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, process};

const FIGURES: &str = "target/criterion";
const DOCS: &str = "docs";

const ENGINE: &str = "engine";
/// The engine with feature `aws-lc`.
const ENGINE_ON_AWS_LC: &str = "engine on AWS-LC";
const FLOOR: &str = "floor";
const PEER: &str = "vodozemac";
/// The floor over the best primitives known.
const LIMIT: &str = "limit";
const CHAIN_STEPS: &str = "chain steps";
const GROWTH: &str = "growth";

/// A row of a group: nanoseconds by parameter; those without one stand under 0.
type Row = BTreeMap<u64, f64>;

/// What was measured.
#[derive(Default)]
struct Figures {
    /// Nanoseconds an iteration, by group and row: criterion's, and for rows that took turns those of the turns, so
    /// that the times of a group can be compared.
    rows: BTreeMap<String, BTreeMap<String, Row>>,
    /// How many things an iteration of a group does, where criterion was told.
    elements: BTreeMap<String, f64>,
    /// When the last of them was written.
    day: String,
}

/// A time of a row that took turns with others.
#[derive(serde::Deserialize)]
struct InTurns {
    group: String,
    row: String,
    parameter: Option<u64>,
    nanoseconds: f64,
}

impl Figures {
    fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut figures = Figures::default();
        let mut newest = std::time::UNIX_EPOCH;
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if !path.is_dir() || path.file_name().is_some_and(|name| name == "turns") {
                    continue;
                }
                if path.file_name().is_some_and(|name| name == "new") {
                    newest = newest.max(figures.take(&path)?);
                } else {
                    folders.push(path);
                }
            }
        }
        for entry in fs::read_dir(folder.join("turns"))? {
            let path = entry?.path();
            newest = newest.max(fs::metadata(&path)?.modified()?);
            let times: Vec<InTurns> = serde_json::from_str(&fs::read_to_string(path)?)?;
            for time in times {
                figures.put(&time.group, &time.row, time.parameter, time.nanoseconds);
            }
        }
        figures.day = time::OffsetDateTime::from(newest).date().to_string();
        Ok(figures)
    }

    fn take(&mut self, folder: &Path) -> Result<std::time::SystemTime, Box<dyn Error>> {
        let read = |name| -> Result<Value, Box<dyn Error>> {
            Ok(serde_json::from_str(&fs::read_to_string(
                folder.join(name),
            )?)?)
        };
        let (benchmark, estimates) = (read("benchmark.json")?, read("estimates.json")?);
        let text = |name: &str| benchmark[name].as_str().unwrap_or_default().to_owned();
        if let Some(elements) = benchmark["throughput"]["Elements"].as_f64() {
            self.elements.insert(text("group_id"), elements);
        }
        let median = estimates["median"]["point_estimate"].as_f64();
        self.put(
            &text("group_id"),
            &text("function_id"),
            text("value_str").parse().ok(),
            median.ok_or("an estimate without a median")?,
        );
        Ok(fs::metadata(folder.join("estimates.json"))?.modified()?)
    }

    fn put(&mut self, group: &str, row: &str, parameter: Option<u64>, nanoseconds: f64) {
        let rows = self.rows.entry(group.to_owned()).or_default();
        let row = rows.entry(row.to_owned()).or_default();
        row.insert(parameter.unwrap_or(0), nanoseconds);
    }

    fn row(&self, group: &str, row: &str) -> Row {
        let rows = self.rows.get(group);
        rows.and_then(|rows| rows.get(row))
            .cloned()
            .unwrap_or_default()
    }
}

/// A time, in the unit that suits it.
fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

/// An operation that has a floor or a peer.
struct Operation {
    group: &'static str,
    what: &'static str,
    /// What the peer does otherwise.
    differs: &'static str,
}

const OPERATIONS: &[Operation] = &[
    Operation {
        group: "encrypt",
        what: "encrypt, {} bytes",
        differs: "AES-256-CBC, then HMAC-SHA-256 cut to 8 bytes; no associated data; two buffers",
    },
    Operation {
        group: "decrypt",
        what: "decrypt in order, {} bytes",
        differs: "as above",
    },
    Operation {
        group: "dh_step",
        what: "decrypt with a DH ratchet step, 0 bytes; the floor is the step alone",
        differs: "",
    },
    Operation {
        group: "exchange",
        what: "encrypt, then decrypt with a DH ratchet step, 0 bytes",
        differs: "as above; the second half of the step comes with the next message sent",
    },
    Operation {
        group: "gap",
        what: "decrypt after a gap of {}; the floor is the chain's steps alone",
        differs: "keeps 40 keys at most",
    },
    Operation {
        group: "reverse",
        what: "1,000 messages, the last one first",
        differs: "",
    },
    Operation {
        group: "x3dh_initiate",
        what: "X3DH, initiator: key generation and four DHs",
        differs: "",
    },
    Operation {
        group: "x3dh_respond",
        what: "X3DH, responder: four DHs",
        differs: "",
    },
    Operation {
        group: "session_open",
        what: "from a bundle to the first message: signature, four DHs, first ratchet step",
        differs: "no signature; three DHs; no associated data",
    },
    Operation {
        group: "session_accept",
        what: "from the first message to its plaintext: four DHs, DH ratchet step",
        differs: "three DHs; half the DH ratchet step is left to the next message sent",
    },
    Operation {
        group: "xeddsa_sign",
        what: "XEdDSA, sign 33 bytes",
        differs: "",
    },
    Operation {
        group: "xeddsa_verify",
        what: "XEdDSA, verify 33 bytes",
        differs: "",
    },
    Operation {
        group: "v3_encrypt",
        what: "`signal-v3`: encrypt, {} bytes",
        differs: "",
    },
    Operation {
        group: "v3_decrypt",
        what: "`signal-v3`: decrypt in order, {} bytes",
        differs: "",
    },
    Operation {
        group: "v3_dh_step",
        what: "`signal-v3`: decrypt with a DH ratchet step, 0 bytes; the floor is the step alone",
        differs: "",
    },
    Operation {
        group: "v3_forged",
        what: "`signal-v3`: refuse a forged message that claims to be {} ahead; the floor is the chain's steps and one message key",
        differs: "",
    },
];

/// Times beside the engine's, and how many times one is the other.
fn comparisons(figures: &Figures, page: &mut String) {
    let limits = figures.rows.values().any(|rows| rows.contains_key(LIMIT));
    let limit = if limits {
        (
            " engine on AWS-LC | limit | that / limit |",
            " ---: | ---: | ---: |",
        )
    } else {
        ("", "")
    };
    let _ = writeln!(
        page,
        "| operation | engine | floor | engine / floor |{} vodozemac | vodozemac / engine | what vodozemac does otherwise |\n\
         | --- | ---: | ---: | ---: |{} ---: | ---: | --- |",
        limit.0, limit.1
    );
    for operation in OPERATIONS {
        let [floor, fast, limit, peer] =
            [FLOOR, ENGINE_ON_AWS_LC, LIMIT, PEER].map(|row| figures.row(operation.group, row));
        for (parameter, engine) in figures.row(operation.group, ENGINE) {
            let mut cells = vec![
                operation.what.replace("{}", &parameter.to_string()),
                duration(engine),
            ];
            cells.extend(times_and_ratio(floor.get(&parameter), |floor| {
                engine / floor
            }));
            if limits {
                let fast = fast.get(&parameter).copied();
                cells.push(fast.map_or_else(String::new, duration));
                cells.extend(times_and_ratio(limit.get(&parameter), |limit| {
                    fast.unwrap_or(f64::NAN) / limit
                }));
            }
            let peer = peer.get(&parameter);
            cells.extend(times_and_ratio(peer, |peer| peer / engine));
            cells.push(peer.map_or("", |_| operation.differs).to_owned());
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
    }
}

/// A time and its ratio; two empty cells where nothing was measured.
fn times_and_ratio(time: Option<&f64>, ratio: impl Fn(f64) -> f64) -> [String; 2] {
    time.map_or_else(Default::default, |time| {
        [duration(*time), format!("{:.2}", ratio(*time))]
    })
}

fn gap_in_steps(figures: &Figures, page: &mut String) {
    page.push_str("| gap | message | as many chain steps | message / steps |\n| ---: | ---: | ---: | ---: |\n");
    let steps = figures.row("gap", CHAIN_STEPS);
    for (gap, engine) in figures.row("gap", ENGINE) {
        if let Some(steps) = steps.get(&gap) {
            let ratio = format!("{:.2}", engine / steps);
            let cells = [duration(engine), duration(*steps), ratio];
            let _ = writeln!(page, "| {gap} | {} |", cells.join(" | "));
        }
    }
}

fn stored(figures: &Figures, page: &mut String) {
    page.push_str("| operation | 10 keys | 2,000 keys | ratio |\n| --- | ---: | ---: | ---: |\n");
    for (group, what) in [
        ("stored_in_order", "a message in order"),
        ("stored_find", "a message whose key is stored"),
        (
            "stored_drop_oldest",
            "a message that skips one; at 2,000 the oldest key is dropped",
        ),
        (
            "stored_expire",
            "a DH ratchet step with which the chain of all keys falls off, and each is erased",
        ),
    ] {
        let row = figures.row(group, ENGINE);
        if let (Some(few), Some(many)) = (row.get(&10), row.get(&2000)) {
            let cells = [
                duration(*few),
                duration(*many),
                format!("{:.2}", many / few),
            ];
            let _ = writeln!(page, "| {what} | {} |", cells.join(" | "));
        }
    }
}

/// What an item costs among others.
fn growth(figures: &Figures, page: &mut String) {
    page.push_str(
        "| one | 10 | 100 | 1,000 | 10,000 | 10,000 / 100 |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (what, row) in figures.rows.get(GROWTH).into_iter().flatten() {
        let time = |size: u64| row.get(&size).copied();
        let mut cells: Vec<_> = [10, 100, 1_000, 10_000]
            .map(|size| time(size).map_or_else(String::new, duration))
            .into();
        let ratio = time(10_000).zip(time(100));
        cells.push(ratio.map_or_else(String::new, |(many, few)| format!("{:.2}", many / few)));
        let _ = writeln!(page, "| {what} | {} |", cells.join(" | "));
    }
}

/// Rows that stand for themselves.
fn alone(figures: &Figures, page: &mut String) {
    page.push_str("| operation | time | a second |\n| --- | ---: | ---: |\n");
    let mut line = |what: String, nanoseconds: f64, count: f64| {
        let rate = thousands((count * 1e9 / nanoseconds).round());
        let _ = writeln!(page, "| {what} | {} | {rate} |", duration(nanoseconds));
    };
    for (group, what) in [
        ("wire", "wire, 1,024 bytes:"),
        ("saved_session", "session with {} stored keys:"),
    ] {
        for (row, by_parameter) in figures.rows.get(group).into_iter().flatten() {
            for (parameter, &nanoseconds) in by_parameter {
                let what = what.replace("{}", &thousands(*parameter as f64));
                let row = row.strip_prefix("engine ").unwrap_or(row);
                line(format!("{what} {row}"), nanoseconds, 1.0);
            }
        }
    }
    for (group, row, what) in [
        (
            "transfer",
            "stateless",
            "wallet transfer from end to end, stateless",
        ),
        (
            "transfer",
            "stateful",
            "wallet transfer from end to end, stateful",
        ),
        (
            "vectors",
            "all",
            "vectors, all {}, with restarts, on one core",
        ),
        (
            "scenarios",
            "all",
            "scenarios, all {}, with restarts, on one core",
        ),
        ("adapter", "call over a pipe", "adapter call over a pipe"),
        ("adapter", "call in process", "adapter call in process"),
    ] {
        if let Some(&nanoseconds) = figures.row(group, row).get(&0) {
            let count = figures.elements.get(group).copied().unwrap_or(1.0);
            line(what.replace("{}", &thousands(count)), nanoseconds, count);
        }
    }
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A plot of several rows of one group, both axes logarithmic, as SVG.
fn plot(
    figures: &Figures,
    file: &str,
    caption: &str,
    across: &str,
    rows: &[(&str, &str)],
    legend: SeriesLabelPosition,
) -> Result<(), Box<dyn Error>> {
    // 0 has no logarithm: a message of no bytes stands in the table.
    let series: Vec<(String, Vec<(f64, f64)>)> = rows
        .iter()
        .map(|(group, row)| {
            let points = figures.row(group, row).into_iter();
            let points = points
                .filter(|(x, _)| *x > 0)
                .map(|(x, y)| (x as f64, y / 1e3));
            let name = if rows.iter().all(|(other, _)| other == group) {
                (*row).to_owned()
            } else {
                format!("{group}: {row}")
            };
            (name, points.collect())
        })
        .collect();
    let all = || series.iter().flat_map(|(_, points)| points);
    let range = |values: BTreeSet<u64>| -> Option<std::ops::Range<f64>> {
        Some(f64::from_bits(*values.first()?)..f64::from_bits(*values.last()?))
    };
    // Of positive numbers the bits are in the order of the numbers.
    let x = range(all().map(|(x, _)| x.to_bits()).collect()).ok_or("nothing to plot")?;
    let y = range(all().map(|(_, y)| y.to_bits()).collect()).ok_or("nothing to plot")?;
    let root = SVGBackend::new(file, (820, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(caption, ("sans-serif", 20))
        .margin(12)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(x.log_scale(), (y.start * 0.8..y.end * 30.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc(across)
        .y_desc("µs")
        .x_label_formatter(&|count| thousands(*count))
        .y_label_formatter(&|microseconds| format!("{microseconds}"))
        .light_line_style(WHITE)
        .draw()?;
    let colours = [
        RGBColor(0, 90, 181),
        RGBColor(120, 120, 120),
        RGBColor(220, 50, 32),
        RGBColor(0, 140, 90),
        RGBColor(60, 60, 60),
        RGBColor(170, 90, 0),
        RGBColor(130, 60, 170),
        RGBColor(0, 150, 170),
        RGBColor(200, 80, 140),
        RGBColor(110, 140, 30),
    ];
    for ((name, points), colour) in series.into_iter().zip(colours) {
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| {
                PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
            });
    }
    chart
        .configure_series_labels()
        .position(legend)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    root.present()?;
    Ok(())
}

/// The processor as it calls itself, and the instructions that matter here.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or("", |(_, value)| value.trim())
    };
    let has: Vec<&str> = field("flags")
        .split(' ')
        .filter(|flag| ["aes", "pclmulqdq", "vaes", "sha_ni", "avx2", "avx512ifma"].contains(flag))
        .collect();
    let name = match field("model name") {
        "" => "unknown processor",
        name => name,
    };
    format!("{name} ({})", has.join(", "))
}

fn version_of(package: &str) -> Option<String> {
    let lock = fs::read_to_string("Cargo.lock").ok()?;
    let at = lock.find(&format!("name = \"{package}\"\n"))?;
    lock[at..]
        .lines()
        .nth(1)?
        .split('"')
        .nth(1)
        .map(str::to_owned)
}

fn rustc() -> String {
    let output = process::Command::new("rustc").arg("--version").output();
    output.map_or_else(
        |_| "rustc".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// A message encrypted and decrypted again, since libraries lay the work on different sides.
fn both_ways(figures: &Figures, page: &mut String) {
    const SIZE: u64 = 1024;
    let sum = |row| {
        let one_way = |group| figures.row(group, row).get(&SIZE).copied();
        Some(one_way("encrypt")? + one_way("decrypt")?)
    };
    if let (Some(engine), Some(floor), Some(peer)) = (sum(ENGINE), sum(FLOOR), sum(PEER)) {
        let _ = writeln!(
            page,
            "\nA message of 1,024 bytes, encrypted and decrypted: engine {}, floor {}, vodozemac {}, which is {:.1} times the \
             engine's. vodozemac computes its ratchet's public key for each message that it encrypts.",
            duration(engine),
            duration(floor),
            duration(peer),
            peer / engine,
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = std::env::args().skip(1);
    let from = folders.next().unwrap_or_else(|| FIGURES.to_owned());
    let docs = folders.next().unwrap_or_else(|| DOCS.to_owned());
    let figures = Figures::read(Path::new(&from))
        .map_err(|error| format!("{from}: {error}; run `cargo bench -p tigress-benches` first"))?;
    fs::create_dir_all(format!("{docs}/performance"))?;
    plot(
        &figures,
        &format!("{docs}/performance/message-size.svg"),
        "Cost of a message by its size",
        "plaintext, bytes",
        &[
            ("encrypt", ENGINE),
            ("encrypt", FLOOR),
            ("encrypt", PEER),
            ("decrypt", ENGINE),
            ("decrypt", FLOOR),
            ("decrypt", PEER),
        ],
        SeriesLabelPosition::UpperLeft,
    )?;
    plot(
        &figures,
        &format!("{docs}/performance/gap.svg"),
        "Cost of a message by the gap before it",
        "messages skipped",
        &[("gap", ENGINE), ("gap", FLOOR), ("gap", PEER)],
        SeriesLabelPosition::UpperLeft,
    )?;
    let cases = figures
        .rows
        .get(GROWTH)
        .into_iter()
        .flat_map(BTreeMap::keys);
    let cases: Vec<_> = cases.map(|case| (GROWTH, case.as_str())).collect();
    if !cases.is_empty() {
        plot(
            &figures,
            &format!("{docs}/performance/growth.svg"),
            "Cost of one by how many there are",
            "how many",
            &cases,
            SeriesLabelPosition::UpperRight,
        )?;
    }
    let mut page = format!(
        "# Performance\n\n\
         Made by `cargo run --example performance` from the figures of `cargo bench -p tigress-benches`, then `cargo bench -p tigress-benches --features aws-lc --bench \
         hot_path`. Not to be edited.\n\n\
         {}, {}, on {}. One core; medians. The times of a line were taken in turns, a short burst of \
         each after the other, so that the machine's moods cancel out; each ratio is the quotient of the two times beside it. \
         The peer is vodozemac {}, the Olm sessions of Matrix.\n\n\
         The floor of an operation is its unavoidable primitive calls, and nothing else: no message, no allocation, no check. \
         What can be computed once is left out of it. The limit, where there is one, is the floor over the best primitives \
         known; beside it stands the engine with feature `aws-lc`.\n\n",
        figures.day,
        processor(),
        rustc(),
        version_of(PEER).unwrap_or_default(),
    );
    comparisons(&figures, &mut page);
    both_ways(&figures, &mut page);
    page.push_str(
        "\nBoth write and read the bytes that travel. vodozemac is the one Double Ratchet in Rust on the registry \
         that is kept up and goes from plaintext to message and back by itself: ksi-double-ratchet leaves primitives and messages to its \
         caller, and double-ratchet-2, with its forks, has been left.\n\n\
         ![cost of a message by its size](performance/message-size.svg)\n\n\
         ![cost of a message by the gap before it](performance/gap.svg)\n\n\
         ## A gap, counted in chain steps\n\n",
    );
    gap_in_steps(&figures, &mut page);
    page.push_str("\n## Stored keys\n\n");
    stored(&figures, &mut page);
    page.push_str(
        "\n## Growth\n\n\
         What one event, request or line costs where there are so many of them. It should cost the same.\n\n",
    );
    growth(&figures, &mut page);
    page.push_str(
        "\n![cost of one by how many there are](performance/growth.svg)\n\n## The rest\n\n",
    );
    alone(&figures, &mut page);
    load::section(Path::new(&from), &mut page)?;
    peers::section(Path::new(&from), &mut page)?;
    let file = format!("{docs}/performance.md");
    fs::write(&file, page)?;
    println!("{file}, {docs}/performance/");
    Ok(())
}
