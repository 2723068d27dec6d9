//! What is in a wallet's file, in words.

use super::WalletFile;
use super::news::called;
use crate::conformance::printable::Printable;
use crate::timestamp::{DAY, Timestamp};
use crate::transfer::StateName;

impl WalletFile {
    /// The wallet as its user may want to see it, a line each. Nothing of it is secret.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Vec<String> {
        let wallet = self.wallet();
        let joined = match wallet.token() {
            Some(_) => "",
            None => ", which does not know it yet",
        };
        let mut lines = vec![
            format!("wallet   {}", wallet.device().address()),
            format!("server   {}{joined}", Printable(self.server())),
        ];
        let given = wallet.links_given().filter(|end| now < *end).count();
        if given > 0 {
            lines.push(format!(
                "links    {given} given away that can still be taken"
            ));
        }
        for (address, end) in wallet.links_taken() {
            let end = match left(end, now) {
                Some(left) => format!("offers can be made by it for {left}"),
                None => "no offer can be made by it any more".to_owned(),
            };
            lines.push(format!("link of  {address}; {end}"));
        }
        let transfers = wallet.transfers();
        for (id, _) in transfers.states() {
            let Some(summary) = transfers.summary(id) else {
                continue;
            };
            let what = called(summary.flow);
            let end = summary.expires.and_then(|end| left(end, now));
            let end = end.map_or_else(String::new, |left| format!("; {left} left"));
            let (way, state) = (way(summary.state), stands(summary.state));
            lines.push(format!(
                "transfer {id}: {what} {way} {}: {state}{end}",
                summary.peer
            ));
        }
        if wallet.is_sending() {
            lines.push("to send  something waits for the server or for the other side".to_owned());
        }
        lines
    }
}

fn way(state: StateName) -> &'static str {
    if state.as_str().starts_with("S:") {
        "to"
    } else {
        "of"
    }
}

/// How a transfer stands.
fn stands(state: StateName) -> &'static str {
    match state {
        StateName::Offered => "offered, not accepted yet",
        StateName::Signed => "accepted and signed, not confirmed yet",
        StateName::Completed => "the other side has it",
        StateName::Invited => "offered, waits for `accept` or `decline`",
        StateName::Requested => "accepted, not signed yet",
        StateName::Provisioned => "it is here",
        StateName::OfferDeclined | StateName::Declined => "declined",
        StateName::OfferCancelled | StateName::Cancelled => "cancelled",
        StateName::OfferExpired | StateName::Expired => "its time ran out",
        StateName::Failed => "what the owner signed did not hold",
    }
}

/// How long it is until then.
fn left(end: Timestamp, now: Timestamp) -> Option<String> {
    const HOUR: u64 = 60 * 60;
    match end.seconds_since(now) {
        0 => None,
        seconds if seconds >= 2 * DAY => Some(format!("{} days", seconds.div_ceil(DAY))),
        seconds if seconds >= 2 * HOUR => Some(format!("{} hours", seconds.div_ceil(HOUR))),
        seconds => Some(format!("{} minutes", seconds.div_ceil(60))),
    }
}
