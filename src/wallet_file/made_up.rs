//! Credentials that open nothing: what a person offers where no car and no hotel has a part.

use crate::hex;
use crate::intermediary::Digest;
use crate::primitives::{Randomness, RandomnessError, Secret};
use crate::transfer::{Credential, Offered};
use zeroize::Zeroizing;

/// What the token of a made-up hotel key begins with.
const HOTEL_KEY: &str = "made-up hotel key ";
/// Bytes of the public key that a key import request begins with (PAY-12).
const PUBLIC_KEY: usize = 32;

/// What is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeUp {
    /// A car key: the stand-in of PAY-12, with keys and signatures that hold, and no car.
    CarKey,
    /// A hotel key: a token that says what it is, and no hotel.
    HotelKey,
}

impl MadeUp {
    /// As it is offered. A hotel key is drawn, 16 bytes; the owner's key of a car key the transfer draws.
    pub(super) fn offered(
        self,
        randomness: &mut dyn Randomness,
    ) -> Result<Offered, RandomnessError> {
        Ok(match self {
            Self::CarKey => Offered::CarKey,
            Self::HotelKey => {
                let number = Secret::<16>::random(randomness)?;
                let digits = Zeroizing::new(hex::encode(number.expose()));
                Offered::AuthorizationToken([HOTEL_KEY, &digits].concat().into_bytes().into())
            }
        })
    }
}

/// What two people can compare to see that they speak of the same credential: the SHA-256 of its token, or of its owner's
/// public key.
pub(super) fn number_of(credential: &Credential) -> Digest {
    match credential {
        Credential::AuthorizationToken { token } => Digest::of(token.expose()),
        Credential::CarKey { import, .. } => {
            Digest::of(import.expose().get(..PUBLIC_KEY).unwrap_or_default())
        }
    }
}
