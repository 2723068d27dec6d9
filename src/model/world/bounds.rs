//! What a model holds and how far it goes: data, so that a model is a small file.

use super::property::Goals;
use crate::timestamp::{DAY, Timestamp};
use crate::{intermediary, wallet};

/// At most so many devices take part.
pub const DEVICES: usize = 3;
/// At most so many transfers are offered.
pub const DEALS: usize = 4;

/// When every scenario begins: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp(1_767_225_600);

/// The place of a device in [`Bounds::devices`].
pub type Who = u8;

/// A credential that one device may offer another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal {
    /// What a scenario calls it: `the room`.
    pub name: &'static str,
    /// Who offers it.
    pub from: Who,
    /// To whom.
    pub to: Who,
    /// What it is.
    pub what: What,
    /// How long the offer lives, in seconds; the default of XFER-10 where there is none.
    pub lifetime: Option<u64>,
}

impl Deal {
    /// How a scenario speaks of it: by its name, or where it has a lifetime, and so no name, as what it is.
    #[must_use]
    pub fn called(&self) -> String {
        match (self.lifetime, self.what) {
            (None, _) => format!("\"{}\"", self.name),
            (_, What::CarKey) => "the car key".to_owned(),
            _ => "the hotel key".to_owned(),
        }
    }
}

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A token of its own.
    HotelKey,
    /// The token of a former deal once more, by its place; where its user insists, although it may be out.
    TokenOf {
        /// The place of the other deal.
        deal: u8,
        /// Whether its user insists.
        insists: bool,
    },
    /// A car key.
    CarKey,
}

/// What a user may want, whenever it is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To offer that deal. Once.
    Offer(u8),
    /// Its receiver accepts.
    Accept(u8),
    /// Its receiver declines.
    Decline(u8),
    /// That device's user cancels it.
    Cancel(Who, u8),
    /// To make a link; each time another, so often at most.
    MakeLink(Who, u8),
    /// To take the last link that the second has given away; so often at most.
    TakeLink(Who, Who, u8),
    /// To withdraw the last link that it has given away.
    WithdrawLink(Who),
    /// No longer to hold the second to its key.
    DropPin(Who, Who),
    /// To hold the number of the second next to the own one.
    Compare(Who, Who),
    /// To leave the intermediary.
    Leave(Who),
}

/// One rung of a model's ladder.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The rung in words.
    pub words: &'static str,
    /// The devices, as scenarios call them.
    pub devices: &'static [&'static str],
    /// Who has taken whose link before anything else: taker, maker.
    pub links: &'static [(Who, Who)],
    /// What may be offered.
    pub deals: &'static [Deal],
    /// What users may want.
    pub wishes: &'static [Wish],
    /// The moments that the clock goes through, in seconds from the beginning, rising; the first is 0.
    pub moments: &'static [u64],
    /// When all is over, in seconds from the beginning: with it a fair ending ends. Later than every moment, and 31 days at least.
    pub end: u64,
    /// By so many seconds each device's clock is ahead of the true time.
    pub skew: [i64; DEVICES],
    /// So many answers are lost.
    pub losses: u8,
    /// So many requests are repeated: a copy is held back, and arrives whenever it does.
    pub copies: u8,
    /// So many answers are held back, and arrive whenever they do.
    pub late_answers: u8,
    /// Whether a device's looking for messages and the answer to it are two steps.
    pub slow_reading: bool,
    /// What wallets are held to.
    pub limits: wallet::Limits,
    /// What the intermediary is held to.
    pub post_limits: intermediary::Limits,
    /// What must be possible.
    pub goals: Goals,
}

impl Bounds {
    /// The true time at that place of [`Bounds::moments`].
    #[must_use]
    pub fn now(&self, clock: u8) -> Timestamp {
        let moment = self.moments.get(usize::from(clock));
        BEGINNING.after(moment.copied().unwrap_or(self.end))
    }

    /// What a device takes it to be.
    #[must_use]
    pub fn clock_of(&self, who: Who, clock: u8) -> Timestamp {
        let now = self.now(clock).0;
        Timestamp(now.saturating_add_signed(self.skew[usize::from(who)]))
    }

    /// Whether the clock can move on from there.
    #[must_use]
    pub fn has_next(&self, clock: u8) -> bool {
        usize::from(clock) + 1 < self.moments.len()
    }

    /// The place of the end, beyond all moments.
    #[must_use]
    pub fn last(&self) -> u8 {
        u8::try_from(self.moments.len()).unwrap_or(u8::MAX)
    }

    /// Whether no link, key or device goes away: then every message finds its way.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let breaks = |wish: &Wish| {
            matches!(
                wish,
                Wish::WithdrawLink(_) | Wish::DropPin(..) | Wish::Leave(_)
            )
        };
        !self.wishes.iter().any(breaks)
    }

    /// Whether offers go in one direction, by one link: then two devices have one session.
    #[must_use]
    pub fn has_one_session(&self) -> bool {
        let back = |deal: &Deal| {
            let mut deals = self.deals.iter();
            deals.any(|other| other.from == deal.to && other.to == deal.from)
        };
        let links = |wish: &Wish| matches!(wish, Wish::TakeLink(..));
        self.is_calm() && !self.deals.iter().any(back) && !self.wishes.iter().any(links)
    }

    /// Whether an end can arrive whose offer has not: a submission that waits when its sender cancels counts as out, and is erased.
    #[must_use]
    pub fn is_overtaken(&self) -> bool {
        let cancels = |wish: &Wish| {
            let from = |deal: &u8| self.deals[usize::from(*deal)].from;
            matches!(wish, Wish::Cancel(who, deal) if *who == from(deal))
        };
        self.copies > 0 || self.wishes.iter().any(cancels)
    }

    /// Whether one device may be offered more by another than it takes at once (XFER-20).
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.deals.iter().any(|deal| {
            let same = |other: &&Deal| other.from == deal.from && other.to == deal.to;
            self.deals.iter().filter(same).count() > self.limits.transfers.under_way
        })
    }

    /// Whether until then nothing is so old that a message of it could have waited too long, or been forgotten.
    #[must_use]
    pub fn is_short(&self, clock: u8) -> bool {
        self.now(clock).seconds_since(BEGINNING) < 30 * DAY
    }

    /// Whether a request can be repeated when nobody remembers it any more (MBX-13).
    #[must_use]
    pub fn can_repeat_late(&self) -> bool {
        let late = self.moments.iter().any(|moment| *moment >= DAY);
        late && self.losses + self.copies + self.late_answers > 0
    }

    /// The place of the first moment at which that device takes it to be `time` or later.
    #[must_use]
    pub fn place_of(&self, who: Who, time: Timestamp) -> u8 {
        let mut places = (0..=self.last()).filter(|place| self.clock_of(who, *place) >= time);
        places.next().unwrap_or(u8::MAX)
    }

    /// The devices, by their places.
    pub fn everybody(&self) -> impl Iterator<Item = Who> + use<> {
        0..u8::try_from(self.devices.len()).unwrap_or(u8::MAX)
    }
}
