//! The JSON text of a saved state: the same bytes for the same state, erased when dropped.

use serde::{Deserialize, Serialize};
use std::io;
use zeroize::Zeroizing;

/// Text that grows into new memory and erases the old.
#[derive(Default)]
struct Growing(Zeroizing<Vec<u8>>);

impl io::Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * length.max(2_048)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The JSON text of `state`.
pub(crate) fn to_json(state: &impl Serialize) -> Zeroizing<String> {
    let mut text = Growing::default();
    let written = serde_json::to_writer(&mut text, state);
    match written.map(|()| String::from_utf8(std::mem::take(&mut *text.0))) {
        Ok(Ok(json)) => Zeroizing::new(json),
        _ => unreachable!("a saved state is JSON: its maps have keys that JSON can write"),
    }
}

/// What any saved state says of itself, whatever else it holds.
#[derive(Deserialize)]
pub(crate) struct Versioned {
    /// The version of its form.
    pub(crate) version: u32,
}

/// Gives a saved state its text: `to_json`, and `from_json` with an error that takes that of `serde_json`, or says of
/// which other version the text is.
macro_rules! json_text {
    ($saved:ty, $error:ty, $version:expr) => {
        impl $saved {
            /// The JSON text: the same bytes for the same state. It may hold secrets, and is erased when dropped.
            #[must_use]
            pub fn to_json(&self) -> zeroize::Zeroizing<String> {
                $crate::saved::to_json(self)
            }

            /// Reads the JSON text.
            ///
            /// # Errors
            /// Where it is not the JSON of this saved state.
            pub fn from_json(json: &str) -> Result<Self, $error> {
                serde_json::from_str(json).map_err(|error| {
                    match serde_json::from_str::<$crate::saved::Versioned>(json) {
                        // Another version has other fields: that it is one says more than which are missing.
                        Ok(found) if found.version != $version => <$error>::Version(found.version),
                        _ => error.into(),
                    }
                })
            }
        }
    };
}
pub(crate) use json_text;
