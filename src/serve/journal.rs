//! What a served intermediary was asked and answered, as JSON Lines, for those who test a wallet with it.
//!
//! Each line is an event as `docs/transcript.md` has them: `request` and `answer`, with their `fate`. A device is named by its address. No
//! token and no access key stands there, but their hashes.

use super::clock::Clock;
use super::faults::Struck;
use crate::intermediary::Request;
use crate::timestamp::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The longest journal, in bytes: as long as a transcript may be. What comes after is not written, and a last line says so.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// What the network did with something on its way: by the names of `docs/transcript.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It never arrived.
    Lost,
    /// It waits.
    HeldBack,
    /// It arrived twice.
    Repeated,
    /// It arrived with a bit changed.
    Damaged,
    /// Somebody put something else in its place.
    Replaced,
    /// It comes later.
    Late,
}

/// A file to which lines are added.
#[derive(Debug)]
pub struct Journal {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    written: usize,
    time: Option<Timestamp>,
}

impl Journal {
    /// An empty file.
    ///
    /// # Errors
    /// Where there can be none.
    pub fn create(path: &Path, clock: Clock) -> io::Result<Self> {
        Ok(Journal {
            clock,
            state: Mutex::new(State {
                file: File::create(path)?,
                written: 0,
                time: None,
            }),
        })
    }

    /// A request has come.
    pub fn request(&self, request: &Request, fate: Option<Fate>) {
        self.write(
            json!({ "event": "request", "request": without_secrets(request), "fate": fate }),
        );
    }

    /// A request was answered.
    pub fn answer(&self, request: &Request, struck: &Struck, fate: Option<Fate>) {
        let (answer, code) = match struck {
            Struck::Answer(answer) => (serde_json::from_str::<Value>(answer).ok(), None),
            Struck::Refused(problem) => (None, problem.code()),
            Struck::Silence => return,
        };
        self.write(json!({ "event": "answer", "id": request.id, "answer": answer, "code": code, "fate": fate }));
    }

    fn write(&self, mut event: Value) {
        if let Some(fields) = event.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.written > LONGEST {
            return;
        }
        let mut lines = String::new();
        if state.time != Some(now) {
            state.time = Some(now);
            lines = format!("{}\n", json!({ "event": "time", "now": now }));
        }
        let _ = writeln!(lines, "{event}");
        state.written += lines.len();
        if state.written > LONGEST {
            lines = format!("{}\n", json!({ "event": "full" }));
        }
        if let Err(error) = state.file.write_all(lines.as_bytes()) {
            tracing::warn!(%error, "the journal is not written on");
            state.written = LONGEST + 1;
        }
    }
}

/// The request with hashes where its secrets stand.
fn without_secrets(request: &Request) -> Value {
    let mut written = json!(request);
    let hash = |secret: Option<Value>| -> Option<Value> {
        let secret = secret?;
        let digest = |it: crate::intermediary::Token| json!(it.digest());
        serde_json::from_value(secret).ok().map(digest)
    };
    if let Some(fields) = written.as_object_mut() {
        let token = hash(fields.shift_remove("token"));
        fields.extend(token.map(|it| ("tokenHash".to_owned(), it)));
    }
    if let Some(fields) = written["body"].as_object_mut() {
        let access_key = hash(fields.shift_remove("accessKey"));
        fields.extend(access_key.map(|it| ("accessKeyHash".to_owned(), it)));
    }
    written
}
