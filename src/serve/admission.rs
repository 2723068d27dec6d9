//! Which strangers may register: the profile leaves that to the operator (section 7).

use crate::intermediary::Digest;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Who may register the first device of a user. Whoever has a token of the user may register further ones (MBX-12).
#[derive(Debug, Default)]
pub struct Admission {
    /// The hash of what a stranger must bring along.
    secret: Option<Digest>,
    /// So many registrations an hour from one address.
    an_hour: Option<u32>,
    seen: Mutex<Seen>,
}

/// The registrations of this hour.
#[derive(Debug, Default)]
struct Seen {
    hour: u64,
    by_network: BTreeMap<IpAddr, u32>,
}

/// Why a stranger is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// No secret, or another one.
    #[error(
        "this intermediary registers those alone who have its operator's secret (header `Registration-Secret`)"
    )]
    Secret,
    /// Too many.
    #[error("too many registrations from this address; try again in an hour")]
    TooMany,
}

/// So many networks are counted apart at most; all others share one count.
const NETWORKS: usize = 10_000;

impl Admission {
    /// Everybody, but for what is named: those alone who bring that secret, and so many an hour from one address.
    #[must_use]
    pub fn new(secret: Option<&str>, an_hour: Option<u32>) -> Self {
        Admission {
            secret: secret.map(|secret| Digest::of(secret.as_bytes())),
            an_hour,
            seen: Mutex::default(),
        }
    }

    /// Whether a stranger from there may register.
    ///
    /// # Errors
    /// Where it may not.
    pub fn admit(
        &self,
        secret: Option<&str>,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<(), TurnedAway> {
        // Hashes are compared: how long that takes tells nothing of the secret.
        let brought = secret.map(|secret| Digest::of(secret.as_bytes()));
        if self.secret.is_some() && brought != self.secret {
            return Err(TurnedAway::Secret);
        }
        let Some(most) = self.an_hour else {
            return Ok(());
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.0 / 3_600;
        if seen.hour != hour {
            *seen = Seen {
                hour,
                ..Seen::default()
            };
        }
        let mut network = network(from);
        if seen.by_network.len() >= NETWORKS && !seen.by_network.contains_key(&network) {
            network = IpAddr::from([0, 0, 0, 0]);
        }
        let count = seen.by_network.entry(network).or_default();
        if *count >= most {
            return Err(TurnedAway::TooMany);
        }
        *count += 1;
        Ok(())
    }
}

/// Whose address it is: of IPv6 a customer has 64 bits to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(12 * 3_600);

    fn from(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_secret_is_asked_for_where_there_is_one() {
        let here = from("127.0.0.1");
        let admission = Admission::new(Some("open sesame"), None);
        assert_eq!(admission.admit(None, here, NOON), Err(TurnedAway::Secret));
        assert_eq!(
            admission.admit(Some("other"), here, NOON),
            Err(TurnedAway::Secret)
        );
        assert_eq!(admission.admit(Some("open sesame"), here, NOON), Ok(()));
        assert_eq!(Admission::default().admit(None, here, NOON), Ok(()));
    }

    #[test]
    fn a_network_has_its_number_an_hour_and_takes_it_from_no_other() {
        let admission = Admission::new(None, Some(2));
        let admit = |address, now| admission.admit(None, from(address), now);
        assert_eq!(admit("2001:db8::1", NOON), Ok(()));
        assert_eq!(admit("2001:db8::2", NOON), Ok(()));
        assert_eq!(admit("2001:db8::3", NOON), Err(TurnedAway::TooMany));
        assert_eq!(admit("2001:db8:0:1::1", NOON), Ok(()));
        assert_eq!(admit("192.0.2.1", NOON), Ok(()));
        assert_eq!(admit("::ffff:192.0.2.1", NOON), Ok(()));
        assert_eq!(admit("192.0.2.1", NOON), Err(TurnedAway::TooMany));
        assert_eq!(admit("192.0.2.1", Timestamp(NOON.0 + 3_600)), Ok(()));
    }
}
