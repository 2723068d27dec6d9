//! A wallet for people: one reference wallet in a file, and its talk with a server.
//!
//! A command opens the file, does what its user wants, and is over; all that outlasts it is in the file. The wallet itself
//! is [`crate::wallet`]: here it only gets a place to be saved, a clock, randomness, and somebody who answers.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `locked_file` | the file on the disk: whole or not there, and one command's at a time |
//! | `envelope` | what stands in it around the saved wallet |
//! | `server` | whom the wallet asks, and under which name links call it |
//! | `talk` | a command: events, saves, requests and answers until nothing is left to send |
//! | `news` | what the user is told, in words |
//! | `status` | what is in the file, in words |
//! | [`made_up`] | credentials that open nothing |
//! | [`demo`] | a hotel key and a car key between two fresh wallets, told line by line |

pub mod demo;
mod envelope;
mod locked_file;
pub mod made_up;
mod news;
mod server;
mod status;
mod talk;

pub use envelope::{WALLET_FILE_VERSION, WalletFile};
pub use made_up::MadeUp;
pub use news::Notice;
pub use server::{NoAnswer, Server, ServerUrl, ServerUrlError};
pub use talk::{Around, Clock, SystemClock, Talk, Wish};

use crate::conformance::FileError;
use crate::identifier::{Address, TransferId};
use crate::primitives::RandomnessError;
use crate::transfer::{Host, StateName};
use crate::wallet::WalletError;
use std::io;

/// Why a command could not be carried out. Where it does not say otherwise, nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum WalletFileError {
    /// The file cannot be read, is none of a wallet, or is damaged.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another command has the file open.
    #[error("{0}: another command has it open; wait for its end")]
    InUse(String),
    /// A new wallet takes no other's place.
    #[error("{0}: there is a file already, which is left as it is; name another one")]
    Exists(String),
    /// The state could not be saved. Nothing left the wallet that the file does not hold (WAL-01).
    #[error("{file}: cannot be written: {error}; nothing was sent that it does not hold")]
    Unsaved {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The address of the server.
    #[error(transparent)]
    Server(#[from] ServerUrlError),
    /// The wallet refuses its user's wish.
    #[error("{code}{0}", code = code(.0))]
    Refused(Box<WalletError>),
    /// The link is of a device of another intermediary than the wallet's own.
    #[error(
        "the link is of a device at {theirs}, and this wallet talks to {own} alone; make one there with `tigress wallet init`"
    )]
    OtherServer {
        /// The link's.
        theirs: Host,
        /// The wallet's.
        own: Host,
    },
    /// No link was taken that an offer could be made by.
    #[error(
        "there is nobody to offer it to: take a link of the other wallet first (`tigress wallet take`)"
    )]
    NobodyToOfferTo,
    /// Links of several devices were taken.
    #[error("to whom? Name one of these with `--to`: {all}", all = list(.0))]
    Several(Vec<Address>),
    /// No transfer that this can be done with.
    #[error("{0}; `tigress wallet status` shows what is there")]
    NoTransfer(&'static str),
    /// Several such transfers, or none of that name.
    #[error("which transfer? Name one of these by its beginning: {all}", all = list_transfers(.0))]
    SeveralTransfers(Vec<(TransferId, StateName)>),
    /// The server was silent before the wish was carried out.
    #[error("no answer: {0}; nothing was done but to ask")]
    NoAnswer(NoAnswer),
    /// The server was silent afterwards.
    #[error(
        "no answer: {0}; what was to be sent is in the file, and the next command (`tigress wallet status`) sends it"
    )]
    NoAnswerYet(NoAnswer),
    /// The server did not take the wallet in.
    #[error(
        "the server has not taken this wallet in yet; try again later. Nothing was done but to ask"
    )]
    NotJoined,
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// What the user is told could not be shown. It is told again by the next command.
    #[error("cannot be shown: {0}")]
    Untold(io::Error),
}

impl From<WalletError> for WalletFileError {
    fn from(error: WalletError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl WalletFileError {
    /// The same, where the wish was carried out before.
    fn after_the_wish(self) -> Self {
        match self {
            Self::NoAnswer(error) => Self::NoAnswerYet(error),
            other => other,
        }
    }
}

/// The profile's code before the words of a refusal.
fn code(error: &WalletError) -> String {
    error
        .code()
        .map_or_else(String::new, |code| format!("{code}: "))
}

fn list(of: &[Address]) -> String {
    let all: Vec<String> = of.iter().map(ToString::to_string).collect();
    all.join(", ")
}

fn list_transfers(of: &[(TransferId, StateName)]) -> String {
    let all: Vec<String> = of
        .iter()
        .map(|(id, state)| format!("{id} ({state})"))
        .collect();
    all.join(", ")
}
