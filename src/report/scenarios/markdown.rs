//! The document as Markdown, with diagrams that forges draw.

use super::undrawn;
use crate::conformance::dossier::{Clause, Dossier, Exhibit, Outcome};
use crate::report::interop::markdown::escaped;
use std::fmt::{Result, Write};

/// The document.
#[must_use]
pub fn page(dossier: &Dossier) -> String {
    let mut page = String::new();
    // A `String` takes whatever is written to it.
    let _ = write(&mut page, dossier);
    page
}

fn write(page: &mut String, dossier: &Dossier) -> Result {
    let Dossier {
        title,
        scenarios,
        failed,
        date,
        program,
        seed,
        command,
        ..
    } = dossier;
    writeln!(page, "# {}\n", escaped(title))?;
    let (s, passed) = (if *scenarios == 1 { "" } else { "s" }, scenarios - failed);
    writeln!(
        page,
        "{scenarios} scenario{s}, played by the reference engine: {} {passed} succeeded, {} {failed} did not.\n",
        sign(Outcome::Passed),
        sign(Outcome::Failed)
    )?;
    writeln!(
        page,
        "Made on {date} by tigress {program}, seed {}, with\n",
        escaped(seed)
    )?;
    writeln!(page, "```sh\n{command} --format markdown\n```")?;
    let (asked_for, beside): (Vec<_>, Vec<_>) =
        dossier.clauses.iter().partition(|it| it.is_asked_for);
    clauses(page, "Requirements", &asked_for)?;
    let heading = if asked_for.is_empty() {
        "What these scenarios carry"
    } else {
        "What else these scenarios carry"
    };
    clauses(page, heading, &beside)?;
    for theme in &dossier.themes {
        writeln!(page, "\n## {}\n", escaped(&theme.name))?;
        writeln!(page, "What is shown: {}", escaped(&theme.paragraph))?;
        for exhibit in &theme.exhibits {
            self::exhibit(page, exhibit)?;
        }
    }
    Ok(())
}

/// Requirements. Their texts, and those of attacks, are Markdown already.
fn clauses(page: &mut String, heading: &str, clauses: &[&Clause]) -> Result {
    if !clauses.is_empty() {
        writeln!(page, "\n## {heading}\n")?;
    }
    for clause in clauses {
        let numbers: Vec<_> = clause.carried_by.iter().map(ToString::to_string).collect();
        writeln!(
            page,
            "* **{}** ({}; section {}, {}): {} Scenarios: {}.",
            clause.id,
            clause.levels.join(", "),
            clause.section,
            clause.title,
            clause.text,
            numbers.join(", ")
        )?;
        for attack in &clause.attacks {
            let (number, what, who) = (attack.number, attack.what, attack.who());
            writeln!(page, "  * It stands against attack {number}, {what}{who}.")?;
        }
    }
    Ok(())
}

fn exhibit(page: &mut String, exhibit: &Exhibit) -> Result {
    let outcome = match exhibit.failure {
        None => Outcome::Passed,
        Some(_) => Outcome::Failed,
    };
    let (number, name) = (exhibit.number, escaped(&exhibit.name));
    writeln!(page, "\n### {number}. {} {name}\n", sign(outcome))?;
    writeln!(
        page,
        "{}, suite {}; carries {}.\n",
        escaped(&exhibit.place),
        exhibit.suite,
        exhibit.requirements.join(", ")
    )?;
    for threat in &exhibit.threats {
        let can = if threat.can { "can" } else { "cannot" };
        writeln!(page, "* {} **{can}** {}.", threat.attacker, threat.what)?;
    }
    if !exhibit.threats.is_empty() {
        writeln!(page)?;
    }
    for (act, number) in exhibit.acts.iter().zip(1..) {
        let sign = sign(act.outcome);
        let [keyword, text] = [act.keyword, &act.text].map(escaped);
        let missed = match act.outcome {
            Outcome::NotReached => " (not reached)",
            Outcome::Passed | Outcome::Failed => "",
        };
        writeln!(page, "{number}. {sign} **{keyword}** {text}{missed}")?;
    }
    if let Some(reason) = &exhibit.failure {
        writeln!(page, "\nIt did not succeed: {}", escaped(reason))?;
    }
    match &exhibit.diagram {
        None => writeln!(
            page,
            "\n{}\n\n```sh\n{}\n```",
            undrawn(exhibit),
            exhibit.draw
        )?,
        Some(diagram) => {
            for part in diagram.parts() {
                writeln!(page, "\n```mermaid\n{}```", part.mermaid())?;
            }
        }
    }
    writeln!(
        page,
        "\nIts transcript of {} events has the SHA-256 `{}`. Write it, and make the run again:\n",
        exhibit.events, exhibit.digest
    )?;
    writeln!(page, "```sh\n{}\n{}\n```", exhibit.alone, exhibit.again)
}

fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✓",
        Outcome::Failed => "✗",
        Outcome::NotReached => "·",
    }
}
