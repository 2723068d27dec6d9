//! A subject in the part of the intermediary, beside the reference engine's.

use crate::conformance::operation::intermediary::{
    Create, Request as Asked, RequestInput, RequestOutput, Restore, Save,
};
use crate::conformance::operation::{Done, On, Operation, answer};
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::subject::{Failure, Lack, Subject};
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Request};
use crate::timestamp::Timestamp;

/// The handle of the subject's intermediary.
const HANDLE: &str = "subject";

/// The subject, where there is one.
#[derive(Default)]
pub(super) struct Played<'a> {
    subject: Option<&'a mut dyn Subject>,
    is_made: bool,
}

/// A copy has no subject: there is no second one.
impl Clone for Played<'_> {
    fn clone(&self) -> Self {
        Played::default()
    }
}

impl<'a> Played<'a> {
    pub(super) fn new(subject: Option<&'a mut dyn Subject>) -> Self {
        Played {
            subject,
            is_made: false,
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.subject.is_some()
    }

    /// The subject answers what the reference engine answers: an intermediary draws nothing.
    pub(super) fn answers(
        &mut self,
        request: &Request,
        now: Timestamp,
        owed: &Result<Answer, ErrorCode>,
    ) -> Result<(), StepFailure> {
        let Some(subject) = self.made()? else {
            return Ok(());
        };
        let request = serde_json::to_value(request).map_err(StepFailure::script)?;
        let said = match answer::ask::<Asked>(subject, on(RequestInput { request, now })) {
            Ok(RequestOutput { answer }) => Ok(answer),
            Err(Failure::Rejected { error, .. }) => Err(error),
            Err(failure) => return Err(no_answer(Asked::METHOD, failure, subject)),
        };
        let owed = owed.clone().map_err(|code| code.to_string());
        if said == owed {
            return Ok(());
        }
        Err(StepFailure::differs(shown(&owed), shown(&said)))
    }

    /// It is stopped and started again.
    pub(super) fn restart(&mut self) -> Result<(), StepFailure> {
        let Some(subject) = self.made()? else {
            return Ok(());
        };
        match subject.restart() {
            Some(Ok(())) => Ok(()),
            Some(Err(failure)) => Err(no_answer("restart", failure, subject)),
            None => {
                let saved = must::<Save>(subject, on(Done {}))?;
                must::<Restore>(subject, on(saved)).map(drop)
            }
        }
    }

    /// The subject, which has an intermediary.
    fn made(&mut self) -> Result<Option<&mut dyn Subject>, StepFailure> {
        let Some(subject) = &mut self.subject else {
            return Ok(None);
        };
        if !self.is_made {
            must::<Create>(&mut **subject, on(Done {}))?;
            self.is_made = true;
        }
        Ok(Some(&mut **subject))
    }
}

fn on<I>(input: I) -> On<I> {
    On {
        handle: HANDLE.to_owned(),
        input,
    }
}

/// Asks for what may not be refused.
fn must<O: Operation>(
    subject: &mut dyn Subject,
    input: O::Input,
) -> Result<O::Output, StepFailure> {
    answer::ask::<O>(subject, input).map_err(|failure| no_answer(O::METHOD, failure, subject))
}

fn shown(said: &Result<Answer, String>) -> String {
    match said {
        Ok(answer) => serde_json::to_string(answer).unwrap_or_default(),
        Err(code) => format!("a refusal with `{code}`"),
    }
}

/// Why there is no answer: it was not asked, or gives none.
fn no_answer(method: &'static str, failure: Failure, subject: &dyn Subject) -> StepFailure {
    match (failure, subject.lack()) {
        (Failure::NotImplemented, Some(Lack::Sight(reason))) => {
            StepFailure::NotObservable(reason.clone())
        }
        (Failure::NotImplemented, Some(Lack::Means(reason))) => {
            StepFailure::NotImplemented(reason.clone())
        }
        (Failure::NotImplemented, None) => {
            StepFailure::NotImplemented(format!("`{method}` is not implemented"))
        }
        (failure, _) => StepFailure::NoAnswer { method, failure },
    }
}
