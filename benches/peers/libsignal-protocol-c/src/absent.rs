//! The same where the library is not installed: no device can be made.

use crate::{Address, Bundle, Error, Keys, Kind, Parsed};
use std::convert::Infallible;

/// A device, of which there is none.
#[derive(Clone, Debug)]
pub struct Device(Infallible);

/// See the crate's other form.
///
/// # Errors
/// The library is not installed.
pub fn parse(_kind: Kind, _message: &[u8]) -> Result<Parsed, Error> {
    Err(Error::NOT_INSTALLED)
}

#[allow(
    clippy::missing_errors_doc,
    clippy::needless_pass_by_value,
    missing_docs,
    reason = "as the other form has them"
)]
impl Device {
    pub fn new(_keys: &Keys) -> Result<Self, Error> {
        Err(Error::NOT_INSTALLED)
    }

    pub fn draw_from(&mut self, _source: impl FnMut(&mut [u8]) + 'static) {
        match self.0 {}
    }

    pub fn process_bundle(&mut self, _peer: &Address, _bundle: &Bundle) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn encrypt(
        &mut self,
        _peer: &Address,
        _plaintext: &[u8],
    ) -> Result<(Kind, Vec<u8>), Error> {
        match self.0 {}
    }

    pub fn decrypt(
        &mut self,
        _peer: &Address,
        _kind: Kind,
        _message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        match self.0 {}
    }

    pub fn drop_session(&mut self, _peer: &Address) {
        match self.0 {}
    }
}
