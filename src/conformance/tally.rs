//! What the cases of a result come to: counts, requirements, sections, suspects, the verdict.

use super::catalogue::Catalogue;
use super::result::{
    CaseOutcome, CaseResult, Counts, Kind, RequirementOutcome, RequirementResult, SectionResult,
    TestResult, Verdict,
};
use super::run::Cause;
use super::subject::Party;
use super::suspects::{Asked, suspects};
use super::symptoms::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Vectors and scenarios, counted apart.
#[derive(Clone, Copy, Default)]
struct Tally {
    vectors: Counts,
    scenarios: Counts,
}

impl Tally {
    fn add(&mut self, case: &CaseResult) {
        match case.kind() {
            Kind::Vector => self.vectors.add(case.outcome),
            Kind::Scenario => self.scenarios.add(case.outcome),
        }
    }
}

impl TestResult {
    /// Works out, from the cases and failures, everything that they come to. Families and themes stay as they are.
    pub(super) fn sum_up(&mut self) {
        let mut total = Tally::default();
        self.cases.iter().for_each(|case| total.add(case));
        (self.vectors, self.scenarios) = (total.vectors, total.scenarios);
        self.requirements = requirements(&self.cases);
        self.sections = sections(&self.cases, &self.requirements);
        let broken = self.failures.iter().filter(|it| it.is_breakdown());
        let broken: BTreeSet<&str> = broken.map(|it| it.name.as_str()).collect();
        let asked = self.cases.iter().filter(|case| case.skip.is_none());
        // An adapter that breaks down says nothing of what it was asked about.
        let asked = asked.filter(|case| !broken.contains(case.name.as_str()));
        let failures = self.failures.iter();
        let causes = failures.map(|it| (it.name.as_str(), it.cause));
        let causes: BTreeMap<&str, Cause> = causes.collect();
        let is_wallet = self.subject.claims(Party::Wallet);
        let asked: Vec<Asked> = asked
            .map(|case| {
                let requirements = case.requirements.iter().map(String::as_str);
                let failed = case.outcome == CaseOutcome::Failed;
                let cause = causes.get(case.name.as_str()).copied();
                let key = Key::of(&case.name, &case.group, &case.comment);
                Asked::new(key, requirements, failed, cause, &case.group, is_wallet)
            })
            .collect();
        self.suspects = suspects(&asked, None);
        for failure in &mut self.failures {
            failure.begin_with(&self.suspects);
        }
        self.judge();
    }

    /// The subject did that beside what it was asked: it does not conform where there is anything.
    pub fn charge(&mut self, faults: Vec<String>) {
        self.faults.extend(faults);
        self.judge();
    }

    fn judge(&mut self) {
        self.verdict = verdict(self);
        self.reasons = reasons(self);
    }
}

fn requirements(cases: &[CaseResult]) -> Vec<RequirementResult> {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for case in cases {
        for id in &case.requirements {
            tallies.entry(id).or_default().add(case);
        }
    }
    let requirements = Catalogue::get().requirements.iter();
    requirements
        .map(|requirement| {
            let tally = tallies.get(requirement.id).copied();
            let Tally { vectors, scenarios } = tally.unwrap_or_default();
            RequirementResult {
                id: requirement.id.to_owned(),
                section: requirement.section,
                text: requirement.text.to_owned(),
                outcome: RequirementOutcome::of(vectors + scenarios),
                vectors,
                scenarios,
            }
        })
        .collect()
}

fn sections(cases: &[CaseResult], requirements: &[RequirementResult]) -> Vec<SectionResult> {
    let of_requirement: BTreeMap<&str, u32> = requirements
        .iter()
        .map(|requirement| (requirement.id.as_str(), requirement.section))
        .collect();
    let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
    for case in cases {
        let ids = case.requirements.iter();
        let sections: BTreeSet<u32> = ids
            .filter_map(|id| of_requirement.get(id.as_str()).copied())
            .collect();
        for section in sections {
            tallies.entry(section).or_default().add(case);
        }
    }
    let sections = Catalogue::get().sections.iter();
    sections
        .map(|section| {
            let of_section = requirements.iter().filter(|r| r.section == section.number);
            let mut outcomes = BTreeMap::new();
            for requirement in of_section.clone() {
                *outcomes.entry(requirement.outcome).or_default() += 1;
            }
            let tally = tallies.get(&section.number).copied();
            let Tally { vectors, scenarios } = tally.unwrap_or_default();
            SectionResult {
                section: section.number,
                title: section.title.to_owned(),
                requirements: u32::try_from(of_section.count()).unwrap_or(u32::MAX),
                outcomes,
                vectors,
                scenarios,
            }
        })
        .collect()
}

fn verdict(result: &TestResult) -> Verdict {
    let counts = result.counts();
    let is_whole = result.errors.is_empty() && result.ended.is_none();
    let is_lacking = result.lacking().next().is_some() || counts.not_claimed > 0;
    match counts {
        Counts { failed: 1.., .. } => Verdict::DoesNotConform,
        _ if !result.faults.is_empty() => Verdict::DoesNotConform,
        _ if !is_whole => Verdict::None,
        Counts { passed: 0, .. } if is_lacking => Verdict::NothingImplemented,
        // Nothing at all could be asked.
        Counts { passed: 0, .. } => Verdict::None,
        _ if result.lacking().next().is_some() => Verdict::ConformsInPart,
        _ => Verdict::Conforms,
    }
}

/// Why the verdict is no better: what failed, what could not be run, what the subject lacks.
fn reasons(result: &TestResult) -> Vec<String> {
    let counts = result.counts();
    let known = result.failures.iter().filter(|it| it.known.is_some());
    let known = match known.count() {
        0 => String::new(),
        known => format!(", {known} of them known"),
    };
    let mut reasons = Vec::new();
    if counts.failed > 0 {
        reasons.push(format!(
            "{} of {} failed{known}",
            counts.failed,
            counts.total()
        ));
    }
    reasons.extend(result.faults.iter().cloned());
    reasons.extend(result.ended.map(|ending| ending.words().to_owned()));
    reasons.extend(result.errors.iter().map(ToString::to_string));
    if counts.passed == 0 && counts.failed == 0 {
        reasons.push("nothing passed".to_owned());
    }
    for ((why, reason), cases) in result.skips() {
        if why.lowers() {
            reasons.push(format!("{} skipped: {reason}", cases.len()));
        }
    }
    reasons
}
