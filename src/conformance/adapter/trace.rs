//! What the harness and adapters say to each other, written down as it is said.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A file of lines: `-> ` and a request, `<- ` and what an adapter wrote, `== ` and what became of its process. They stand
/// there as they passed, whatever bytes an adapter wrote. All clones write to one file.
#[derive(Clone, Debug)]
pub struct Trace {
    sheet: Arc<Mutex<Sheet>>,
    /// What each line begins with: whose it is, where several adapters are asked.
    whose: String,
}

#[derive(Debug)]
struct Sheet {
    file: File,
    /// Why the rest is missing.
    failure: Option<io::Error>,
}

impl Trace {
    /// Begins a new file, in place of one that is there.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        let sheet = Sheet {
            file: File::create(path)?,
            failure: None,
        };
        Ok(Trace {
            sheet: Arc::new(Mutex::new(sheet)),
            whose: String::new(),
        })
    }

    /// The same file for the adapter of that number: each of its lines begins with the number.
    #[must_use]
    pub fn of_adapter(&self, number: usize) -> Self {
        Trace {
            sheet: Arc::clone(&self.sheet),
            whose: format!("{number} "),
        }
    }

    /// Why lines are missing, if any are.
    #[must_use]
    pub fn failure(&self) -> Option<io::Error> {
        let mut sheet = self.sheet.lock().unwrap_or_else(PoisonError::into_inner);
        sheet.failure.take()
    }

    pub(super) fn asked(&self, line: &str) {
        self.write("-> ", line.as_bytes());
    }

    pub(super) fn answered(&self, line: &[u8]) {
        self.write("<- ", line);
    }

    pub(super) fn noted(&self, what: &str) {
        self.write("== ", what.as_bytes());
    }

    /// Writes one line at once, so that what is there after a crash is whole.
    fn write(&self, mark: &str, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let whole = [self.whose.as_bytes(), mark.as_bytes(), line, b"\n"].concat();
        let mut sheet = self.sheet.lock().unwrap_or_else(PoisonError::into_inner);
        if sheet.failure.is_none() {
            sheet.failure = sheet.file.write_all(&whole).err();
        }
    }
}
