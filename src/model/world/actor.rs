//! A wallet with all that its next step depends on, and what is remembered of its past.

use super::bounds::{Bounds, DEALS, DEVICES, Who};
use super::journal::Journal;
use crate::agreement::PreKeyStore;
use crate::identifier::{Address, DeviceId, UserId};
use crate::primitives::{Randomness, RandomnessError};
use crate::sesame::Device;
use crate::suite;
use crate::timestamp::Timestamp;
use crate::transfer::StateName;
use crate::wallet::{Effect, SavedWallet, Wallet, WalletError, WalletEvent};
use sha2::{Digest, Sha256};

/// The machine state of a device: two are the same where nothing that can happen tells them apart.
///
/// Its randomness is a part of it: what it draws depends on its name and on how much it has drawn before, and on nothing that others do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Which device it is.
    pub who: Who,
    /// The wallet.
    pub wallet: Wallet,
    /// So many bytes were drawn.
    pub drawn: u64,
    /// What the wallet itself does not keep.
    pub journal: Journal,
}

/// A device's randomness from some place on: block `n` is SHA-256 of its name, what it is drawn for, and `n`.
#[derive(Clone, Debug)]
pub struct Draws<'a> {
    name: &'a str,
    purpose: u8,
    /// So many bytes were drawn.
    pub drawn: u64,
}

impl<'a> Draws<'a> {
    /// The randomness of the device of that name, of which so many bytes were drawn.
    #[must_use]
    pub fn new(name: &'a str, drawn: u64) -> Self {
        Draws {
            name,
            purpose: 0,
            drawn,
        }
    }

    /// The same for that purpose, which has other bytes: two deals have two ids, whichever is offered first.
    #[must_use]
    pub fn of(self, purpose: u8) -> Self {
        Draws { purpose, ..self }
    }
}

impl Randomness for Draws<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let mut filled = 0;
        while filled < out.len() {
            let mut hash = Sha256::new();
            hash.update(self.name);
            hash.update([self.purpose]);
            hash.update((self.drawn / 32).to_be_bytes());
            let block = hash.finalize();
            let rest = &block[usize::try_from(self.drawn % 32).unwrap_or_default()..];
            let count = rest.len().min(out.len() - filled);
            out[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.drawn += count as u64;
        }
        Ok(())
    }
}

impl Actor {
    /// A device that was just made and knows nobody.
    ///
    /// # Errors
    /// None: its randomness never ends.
    pub fn new(bounds: &Bounds, who: Who) -> Result<Self, RandomnessError> {
        let name = bounds.devices[usize::from(who)];
        let mut draws = Draws::new(name, 0);
        let suite = suite::ALL[0];
        let address = Address {
            user_id: UserId::random(&mut draws)?,
            device_id: DeviceId::try_from(1).unwrap_or(DeviceId::FIRST),
        };
        let now = bounds.clock_of(who, 0);
        let keys = PreKeyStore::random(&[suite], &address, now, &mut draws)?;
        let device = Device::new(suite, address, keys);
        Ok(Actor {
            who,
            wallet: Wallet::new(device).with_limits(bounds.limits),
            drawn: draws.drawn,
            journal: Journal::default(),
        })
    }

    /// Carries an event out: the actor afterwards, with a journal that does not know of it yet, and what the wallet wants done.
    ///
    /// # Errors
    /// The wallet's, with the actor as it is then: it should be as it was.
    pub fn step(
        &self,
        bounds: &Bounds,
        event: WalletEvent,
        now: Timestamp,
    ) -> (Actor, Result<Vec<Effect>, WalletError>) {
        self.step_of(bounds, 0, event, now)
    }

    /// The same, with what is drawn for that purpose: [`Draws::of`].
    pub fn step_of(
        &self,
        bounds: &Bounds,
        purpose: u8,
        event: WalletEvent,
        now: Timestamp,
    ) -> (Actor, Result<Vec<Effect>, WalletError>) {
        let mut after = self.clone();
        let name = bounds.devices[usize::from(self.who)];
        let mut draws = Draws::new(name, self.drawn).of(purpose);
        let effects = after.wallet.step(event, now, &mut draws);
        after.drawn = draws.drawn;
        (after, effects)
    }

    /// The wallet saved and restored; nothing where that does not succeed.
    #[must_use]
    pub fn restarted(&self, bounds: &Bounds) -> Option<Wallet> {
        let text = self.wallet.save().to_json();
        let saved = SavedWallet::from_json(&text).ok()?;
        let wallet = Wallet::try_from(saved).ok()?;
        Some(wallet.with_limits(bounds.limits))
    }
}

/// A state of a transfer as a byte: 0 where it is not known.
#[must_use]
pub fn code(state: Option<StateName>) -> u8 {
    let place = |state| StateName::ALL.iter().position(|known| *known == state);
    let place = state.and_then(place).map_or(0, |place| place + 1);
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// The state of that byte.
#[must_use]
pub fn state_of(code: u8) -> Option<StateName> {
    let place = usize::from(code).checked_sub(1)?;
    StateName::ALL.get(place).copied()
}

/// What is looked up of an actor again and again: computed once, and copied.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its waiting requests by number, the oldest first.
    pub waiting: [u32; Facts::WAITING],
    /// So many they are.
    pub waiting_count: u8,
    /// Of each deal.
    pub deals: [DealFacts; DEALS],
    /// The last link that it has given away, by number.
    pub link: u32,
    /// The last link of each other device that its user has taken, by number.
    pub taken: [u32; DEVICES],
    /// So many links its user has taken.
    pub links_taken: u8,
    /// So many links its user has asked for.
    pub links_wanted: u8,
    /// The number that it shows for each other device, by number.
    pub numbers: [u32; DEVICES],
    /// Whether something that was to be sent is still here.
    pub is_sending: bool,
    /// Whether the intermediary knows it, as far as it knows.
    pub has_joined: bool,
    /// What does not hold of it; 0 where everything does.
    pub broken: u8,
}

impl Facts {
    /// A wallet never has more requests waiting, in these models.
    pub const WAITING: usize = 12;

    /// Its waiting requests, by number.
    #[must_use]
    pub fn waiting(&self) -> &[u32] {
        &self.waiting[..usize::from(self.waiting_count)]
    }
}

/// What an actor knows of a deal, and what was seen of it there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DealFacts {
    /// The state of its transfer: [`state_of`].
    pub state: u8,
    /// What its user was told about it: [`Told`](super::journal::Told).
    pub told: u8,
    /// Whether a message of it was given up.
    pub given_up: bool,
    /// Whether it was offered here.
    pub is_offered: bool,
    /// The place of the moment from which on it is over; the sender knows, [`NEVER`] with others.
    pub over: u8,
    /// The place of the last moment at which the receiver accepted or was provisioned with it, or the sender went on with it; [`NEVER`]
    /// where it did not.
    pub acted: u8,
    /// The place of the moment at which the device last looked at the clock while it was open.
    pub looked: u8,
    /// The place of the moment at which the receiver heard of it; [`NEVER`] where it has not.
    pub heard: u8,
    /// How long the shortest message of it was that left, in bytes of ciphertext.
    pub size: u32,
}

/// No moment.
pub const NEVER: u8 = u8::MAX;

/// R:Provisioned, as [`DealFacts::state`] has it.
pub const HELD: u8 = 9;
