//! The links that a wallet has given away and taken, and the access keys that come with them (INV-05, INV-06).

use crate::agreement::Fingerprint;
use crate::identifier::Address;
use crate::intermediary::AccessKey;
use crate::primitives::Secret;
use crate::requirement::flawed;
use crate::timestamp::Timestamp;
use crate::transfer::invitation::access_key;
use crate::transfer::{Invitation, InvitationId, Limits};
use imbl::OrdMap;
use std::sync::Arc;

/// A link that this wallet has made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Made {
    pub(super) invitation: Invitation,
    /// Whose it is: the first sender whose MAC held (INV-08).
    pub(super) owner: Option<Owner>,
    /// How many transfers it has served.
    pub(super) transfers: u32,
}

impl Made {
    /// What opens the mailbox to whoever has the link.
    pub(super) fn access_key(&self) -> AccessKey {
        self.invitation.access_key().into()
    }

    /// Until then an offer by it is taken, and its access key opens the mailbox.
    pub(super) fn honoured_until(&self, limits: &Limits) -> Timestamp {
        self.invitation.expires.after(limits.invitation_grace)
    }
}

/// A sender that an invitation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) address: Address,
    pub(super) fingerprint: Fingerprint,
}

/// A link that this wallet has taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Taken {
    pub(super) id: InvitationId,
    pub(super) secret: Secret<16>,
    pub(super) expires: Timestamp,
    /// What opens this wallet's mailbox to the other device, for its answers.
    pub(super) answers: AccessKey,
    /// How many offers were made by it.
    pub(super) transfers: u32,
}

/// Both kinds, and what opens the mailbox of whoever has made an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Invitations {
    pub(super) made: OrdMap<InvitationId, Arc<Made>>,
    pub(super) taken: OrdMap<Address, Arc<Taken>>,
    /// The access keys that offers brought.
    pub(super) senders: OrdMap<Address, AccessKey>,
}

impl Invitations {
    /// What opens the mailbox of that device to this wallet: its link's access key, or the one that its offer brought.
    pub(super) fn access_key(&self, device: &Address) -> Option<AccessKey> {
        let brought = self.senders.get(device).cloned();
        flawed!("WAL-03 offer's key first", (), {
            if brought.is_some() {
                return brought;
            }
        });
        match self.taken.get(device) {
            Some(taken) => Some(access_key(&taken.secret).into()),
            None => brought,
        }
    }

    /// Erases what nobody can use any more (INV-05).
    pub(super) fn expire(&mut self, now: Timestamp, limits: &Limits) {
        let over = |(id, made): (&InvitationId, &Arc<Made>)| {
            let honoured = made.invitation.is_honoured(now, limits);
            let honoured = flawed!("INV-05 kept", honoured, true);
            (!honoured).then_some(*id)
        };
        for id in self.made.iter().filter_map(over).collect::<Vec<_>>() {
            self.made.remove(&id);
        }
        let grace = limits.invitation_grace;
        let over = |(address, taken): (&Address, &Arc<Taken>)| {
            (now.seconds_since(taken.expires) >= grace).then_some(*address)
        };
        for address in self.taken.iter().filter_map(over).collect::<Vec<_>>() {
            self.taken.remove(&address);
        }
    }
}
