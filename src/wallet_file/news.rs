//! What a user is told, in words. Whatever the server and other devices say has gone through types: addresses, codes, states. No
//! text of theirs is among it.

use crate::error_code::ErrorCode;
use crate::identifier::{Address, TransferId};
use crate::intermediary::Digest;
use crate::primitives::SecretBytes;
use crate::transfer::{Flow, StateName};
use crate::wallet::Report;
use serde::{Deserialize, Serialize};

/// Something that a user is told once. It is saved with the state that it came with, and told again where nobody knows
/// whether it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// A link that can be given away (INV-01).
    Link {
        /// It holds a secret.
        link: SecretBytes,
    },
    /// A transfer has come to another state.
    Transfer {
        /// The transfer.
        transfer: TransferId,
        /// The state.
        state: StateName,
        /// The device that it is with.
        peer: Address,
        /// Of which flow it is, where that is still known.
        flow: Option<Flow>,
        /// By which two people can see that they speak of the same credential, where it is known.
        number: Option<Digest>,
    },
    /// A link was taken: offers can be made to that device.
    Taken {
        /// The device.
        device: Address,
    },
    /// Something to know.
    Report(Report),
}

/// What a credential of that flow is called.
pub(super) fn called(flow: Option<Flow>) -> &'static str {
    match flow {
        Some(Flow::Stateful) => "a car key",
        Some(Flow::Stateless) => "a token",
        None => "a credential",
    }
}

/// As many characters of a transfer's id, and of a number, as stand for it where it is spoken of.
const SHORT: usize = 8;

/// A transfer's id, short.
pub(super) fn short(transfer: &TransferId) -> String {
    let mut id = transfer.to_string();
    id.truncate(SHORT);
    id
}

impl Notice {
    /// The link, where it is one: it stands alone on its line.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Link { link } => std::str::from_utf8(link.expose()).ok(),
            _ => None,
        }
    }

    /// In words, one line. `name` says what a device is called.
    #[must_use]
    pub fn words(&self, name: &dyn Fn(&Address) -> String) -> String {
        match self {
            Self::Link { .. } => {
                "a link for one other person; whoever has it can offer you something".to_owned()
            }
            Self::Transfer {
                transfer,
                state,
                peer,
                flow,
                number,
            } => {
                let (peer, what) = (name(peer), called(*flow));
                let number = number.map_or_else(String::new, |number| {
                    format!(" (number {:.SHORT$})", number.to_string())
                });
                let id = short(transfer);
                format!("{id}: {}{number}", changed(*state, &peer, what))
            }
            Self::Taken { device } => format!(
                "taken: what is offered goes to {} alone, the device with the key of the link",
                name(device)
            ),
            Self::Report(report) => reported(report, name),
        }
    }

    /// Whether something that this wallet wanted did not come about.
    pub(super) fn is_bad(&self) -> bool {
        matches!(
            self,
            Self::Report(Report::Unsent { .. } | Report::Rejected { .. })
        )
    }
}

/// What it means that a transfer has come to that state.
fn changed(state: StateName, peer: &str, what: &str) -> String {
    match state {
        StateName::Offered => format!("{what} is offered to {peer}"),
        StateName::Signed => {
            format!("{peer} accepts, and has made a key; it is signed and on its way back")
        }
        StateName::Completed => format!("{peer} has the credential: done"),
        StateName::OfferDeclined => format!("{peer} does not want it; the transfer is over"),
        StateName::OfferCancelled | StateName::Cancelled => {
            format!("the transfer with {peer} is cancelled")
        }
        StateName::OfferExpired | StateName::Expired => {
            format!("the time of the transfer with {peer} has run out")
        }
        StateName::Invited => format!(
            "{peer} offers {what}; `tigress wallet accept` takes it, `tigress wallet decline` does not"
        ),
        StateName::Requested => {
            format!("accepted; a key of this wallet's own is made, and {peer} is asked to sign it")
        }
        StateName::Provisioned => format!("{what} of {peer} is here: done"),
        StateName::Declined => format!("what {peer} offered is declined"),
        StateName::Failed => format!(
            "what {peer} signed does not hold, and the transfer is over (attestation-invalid)"
        ),
    }
}

fn reported(report: &Report, name: &dyn Fn(&Address) -> String) -> String {
    match report {
        Report::Refused { from, code } => {
            format!(
                "a message of {} was refused ({code}); it has changed nothing",
                name(from)
            )
        }
        Report::Unsent { to, code } => {
            format!(
                "a message to {} could not be sent, and is given up ({code})",
                name(to)
            )
        }
        Report::Delayed { to, code } => {
            let why = match code {
                ErrorCode::MailboxFull => "its mailbox is full",
                ErrorCode::Forbidden => {
                    "its mailbox is not open to this wallet; another link may help"
                }
                _ => "the server is busy",
            };
            format!(
                "a message to {} waits: {why} ({code}); the next command tries again",
                name(to)
            )
        }
        Report::Rejected { code } => {
            let how = match code {
                ErrorCode::StaleStatement => ": look whether the clock of this machine is right",
                ErrorCode::Unauthorized => ": it does not know this wallet any more",
                _ => "",
            };
            format!("the server refuses what this wallet asked for itself ({code}){how}")
        }
        Report::IdentityChanged { device } => format!(
            "{} has another identity key than before: it was set up anew, or it is another device",
            name(device)
        ),
        Report::FurtherSession { device } => format!(
            "{} has begun a second session beside the one that works: it may be a copy of that device; take a new link to be sure",
            name(device)
        ),
        Report::Transfer { transfer, code } => {
            let what = match code {
                ErrorCode::CredentialMayBeOut => {
                    "it has ended here, and the other device may have the credential all the same: revoke it"
                }
                ErrorCode::ProvisionedAfterEnd => {
                    "the other device took the credential after the end of the transfer: revoke it"
                }
                ErrorCode::AttestationInvalid => "what the owner signed does not hold",
                _ => "something is not as it should be",
            };
            format!("{}: {what} ({code})", short(transfer))
        }
    }
}
