//! What a dishonest intermediary answers in place of the truth.

use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::intermediary::{Answer, Body};

/// Answers that are none of the codes.
const DONE: &str = "done";
const NOTHING_WAITS: &str = "no messages";
const OTHER_KIND: &str = "another kind of answer";
const OWN_KEYS: &str = "keys of its own";

/// What a script calls the lies that are no codes.
pub(crate) const LIES: [&str; 4] = [DONE, NOTHING_WAITS, OTHER_KIND, OWN_KEYS];

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// A refusal.
    Refused(ErrorCode),
    /// That it was carried out.
    Done,
    /// That no message waits.
    NothingWaits,
    /// An answer to something that was not asked.
    OtherKind,
    /// A bundle of the device that was asked for, with keys that the intermediary has drawn.
    OwnKeys,
}

impl Lie {
    /// What a script calls by that name.
    pub(crate) fn called(name: &str) -> Option<Self> {
        Some(match name {
            DONE => Lie::Done,
            NOTHING_WAITS => Lie::NothingWaits,
            OTHER_KIND => Lie::OtherKind,
            OWN_KEYS => Lie::OwnKeys,
            code => {
                let mut codes = ErrorCode::ALL.iter();
                Lie::Refused(*codes.find(|known| known.as_str() == code)?)
            }
        })
    }

    /// What a script calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lie::Refused(code) => code.as_str(),
            Lie::Done => DONE,
            Lie::NothingWaits => NOTHING_WAITS,
            Lie::OtherKind => OTHER_KIND,
            Lie::OwnKeys => OWN_KEYS,
        }
    }

    /// What is answered to that; nothing where keys must be drawn first.
    pub(crate) fn answer(self, asked: &Body) -> Option<Result<Answer, ErrorCode>> {
        Some(match (self, asked) {
            (Lie::Refused(code), _) => Err(code),
            (Lie::Done, _) | (Lie::OtherKind, Body::CountOneTimePreKeys { .. }) => Ok(Answer::Done),
            (Lie::NothingWaits, _) => Ok(Answer::Envelopes {
                envelopes: Vec::new(),
            }),
            (Lie::OtherKind, _) => Ok(Answer::OneTimePreKeys { left: 0 }),
            (Lie::OwnKeys, _) => return None,
        })
    }
}

/// Which requests are answered with a lie.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    /// Those of that device; of any where it is none.
    pub(super) asker: Option<String>,
    /// What scripts call them.
    pub(super) request: &'static str,
    /// Submissions to that device and requests for its bundle; to any where it is none.
    pub(super) to: Option<Address>,
    pub(super) lie: Lie,
    /// Whether each of them, and not the next alone.
    pub(super) always: bool,
    /// Whether the request is carried out all the same.
    pub(super) carried_out: bool,
}
