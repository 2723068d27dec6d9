//! Receiving chains and the keys skipped in them (Double Ratchet 2.6, MKSKIPPED).

use super::{ChainKey, RatchetError};
use crate::primitives::PublicKey;
use crate::requirement::{always_require, flawed, require};
use crate::suite::{FormerChain, Limits, MessageKey, Scope};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

/// A chain whose counter has reached this refuses (DR-18): no message bears it.
pub const MAX_COUNTER: u32 = u32::MAX;

/// Whether a chain can still give keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Progress {
    /// The chain key, at the counter after the last message read or skipped.
    Open(ChainKey),
    /// The peer has started another chain: this one had so many messages (DR-09).
    Closed {
        /// How many.
        length: u32,
    },
}

/// One chain of the peer: its ratchet key, how far it was followed, and the keys of messages that have not
/// arrived.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReceivingChain {
    pub(super) ratchet_key: PublicKey,
    pub(super) progress: Progress,
    /// By counter, so the first is the oldest of the chain.
    pub(super) skipped: BTreeMap<u32, MessageKey>,
}

/// The key of a message, and what reading the message changes in its chain.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// A stored key (DR-10), which the message uses up (DR-13).
    Stored(&'a MessageKey),
    /// A key further down the chain.
    Ahead(Advance),
}

/// A chain followed up to a message: nothing is kept until the message has decrypted.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) message_key: MessageKey,
    chain_key: ChainKey,
    skipped: BTreeMap<u32, MessageKey>,
}

impl Advance {
    /// Follows `chain_key` to `counter`, collecting the keys between (DR-10).
    ///
    /// # Errors
    /// `too-many-skipped` before any key is computed (DR-11); `counter-exhausted` (DR-18).
    pub(super) fn new(
        chain_key: &ChainKey,
        counter: u32,
        limits: &Limits,
    ) -> Result<Self, RatchetError> {
        flawed!("DR-18 first", (), {
            if counter == MAX_COUNTER {
                return Err(RatchetError::CounterExhausted);
            }
        });
        let (chain_key, skipped) = skip(chain_key, counter, limits)?;
        let (message_key, chain_key) = flawed!(
            "DR-18 on receipt",
            chain_key.step()?,
            chain_key.step_anyway()
        );
        Ok(Advance {
            message_key,
            chain_key,
            skipped,
        })
    }
}

/// The same bounds, with ten times as many keys that may be skipped.
#[cfg(feature = "flaws")]
pub(super) fn tenfold(limits: &Limits) -> Limits {
    Limits {
        max_skip: 10 * limits.max_skip,
        ..*limits
    }
}

/// How many keys a chain at `from` stores on its way to `until`.
///
/// # Errors
/// `too-many-skipped` (DR-11).
pub(super) fn check_skip(from: u32, until: u32, limits: &Limits) -> Result<u32, RatchetError> {
    let skipped = until.saturating_sub(from);
    let limit = limits.max_skip;
    // Left out altogether, the check would leave no memory to tell of it.
    let bound = flawed!("DR-11 tenfold", limit, 10 * limit);
    always_require!(
        "DR-11",
        skipped <= bound,
        RatchetError::TooManySkipped { skipped, limit }
    );
    Ok(skipped)
}

/// `SkipMessageKeys`: the chain at `until`, and the keys before it. Of more than may be stored, those that would be dropped at
/// once (DR-12) are passed over.
fn skip<'a>(
    chain_key: &'a ChainKey,
    until: u32,
    limits: &Limits,
) -> Result<(Cow<'a, ChainKey>, BTreeMap<u32, MessageKey>), RatchetError> {
    let count = check_skip(chain_key.counter(), until, limits)?;
    if count == 0 {
        return Ok((Cow::Borrowed(chain_key), BTreeMap::new()));
    }
    let kept = limits.max_stored.min(count as usize);
    let mut chain_key = chain_key.clone();
    for _ in kept..count as usize {
        chain_key.pass()?;
    }
    let mut skipped = Vec::with_capacity(kept);
    for _ in 0..kept {
        let counter = chain_key.counter();
        skipped.push((counter, chain_key.advance()?));
    }
    // All at once: a tree made of what is in order already costs a fraction of as many insertions.
    Ok((Cow::Owned(chain_key), skipped.into_iter().collect()))
}

impl ReceivingChain {
    pub(super) fn open(ratchet_key: PublicKey, chain_key: ChainKey) -> Self {
        ReceivingChain {
            ratchet_key,
            progress: Progress::Open(chain_key),
            skipped: BTreeMap::new(),
        }
    }

    /// The key of the message with that counter.
    ///
    /// # Errors
    /// `duplicate-message` (DR-14), `too-many-skipped` (DR-11), `counter-exhausted` (DR-18),
    /// `decrypt-failed` for a message that a closed chain never had.
    pub(super) fn find(&self, counter: u32, limits: &Limits) -> Result<Found<'_>, RatchetError> {
        if let Some(key) = self.skipped.get(&counter) {
            return Ok(Found::Stored(key));
        }
        require!(
            "DR-14",
            counter >= self.reached(),
            RatchetError::Duplicate { counter }
        );
        flawed!("DR-11 stored ones", (), {
            let stored = u32::try_from(self.skipped.len()).unwrap_or(u32::MAX);
            check_skip(self.reached().saturating_sub(stored), counter, limits)?;
        });
        flawed!("DR-11 open chain", (), {
            if let Progress::Open(chain_key) = &self.progress {
                return Advance::new(chain_key, counter, &tenfold(limits)).map(Found::Ahead);
            }
        });
        match &self.progress {
            Progress::Open(chain_key) => Advance::new(chain_key, counter, limits).map(Found::Ahead),
            Progress::Closed { length } => Err(RatchetError::BeyondChain {
                counter,
                length: *length,
            }),
        }
    }

    /// The counter after the last message read or skipped.
    pub(super) fn reached(&self) -> u32 {
        match &self.progress {
            Progress::Open(chain_key) => chain_key.counter(),
            Progress::Closed { length } => *length,
        }
    }

    /// Adds keys that come after all that are stored.
    fn store(&mut self, mut later: BTreeMap<u32, MessageKey>) {
        // To join two trees takes the time of both; to insert, that of what is inserted.
        if self.skipped.len() <= later.len() {
            self.skipped.append(&mut later);
        } else {
            self.skipped.extend(later);
        }
    }

    /// A message of this chain has decrypted.
    pub(super) fn apply(&mut self, advance: Advance) {
        flawed!("DR-10 not stored", self.store(advance.skipped), ());
        self.progress = Progress::Open(advance.chain_key);
    }
}

/// The end of a chain, worked out but not yet kept.
#[derive(Debug)]
pub(super) struct Closing {
    skipped: BTreeMap<u32, MessageKey>,
    length: u32,
}

/// The peer's chains, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ReceivingChains(pub(super) VecDeque<ReceivingChain>);

impl ReceivingChains {
    /// The ratchet key of the current chain.
    #[cfg(feature = "conformance")]
    pub(super) fn current(&self) -> Option<&PublicKey> {
        Some(&self.0.front()?.ratchet_key)
    }

    pub(super) fn position(&self, ratchet_key: &PublicKey) -> Option<usize> {
        self.0
            .iter()
            .position(|chain| chain.ratchet_key == *ratchet_key)
    }

    /// The chain that a DH ratchet step ends, where the suite ends it.
    fn ending(&self, limits: &Limits) -> Option<&ChainKey> {
        match (&self.0.front()?.progress, limits.former_chain) {
            (Progress::Open(chain_key), FormerChain::Closed) => Some(chain_key),
            _ => None,
        }
    }

    /// Whether the current chain may be followed to `previous_counter`.
    ///
    /// # Errors
    /// `too-many-skipped` (DR-11).
    pub(super) fn check_closing(
        &self,
        previous_counter: u32,
        limits: &Limits,
    ) -> Result<(), RatchetError> {
        match self.ending(limits) {
            Some(_) if flawed!("DR-11 ended chain", false, true) => Ok(()),
            Some(chain_key) => {
                check_skip(chain_key.counter(), previous_counter, limits).map(|_| ())
            }
            None => Ok(()),
        }
    }

    /// The keys up to `previous_counter` of the chain that a DH ratchet step ends (DR-09).
    ///
    /// # Errors
    /// `too-many-skipped` before any key is computed (DR-11).
    pub(super) fn closing(
        &self,
        previous_counter: u32,
        limits: &Limits,
    ) -> Result<Option<Closing>, RatchetError> {
        let Some(chain_key) = self.ending(limits) else {
            return Ok(None);
        };
        let end = flawed!(
            "DR-09 one key less",
            flawed!(
                "DR-09 one key more",
                previous_counter,
                previous_counter.saturating_add(1)
            ),
            previous_counter.saturating_sub(1)
        );
        flawed!("DR-11 ended chain", (), {
            let (end, skipped) = skip(chain_key, end, &tenfold(limits))?;
            let length = end.counter();
            return Ok(Some(Closing { skipped, length }));
        });
        let (end, skipped) = skip(chain_key, end, limits)?;
        Ok(Some(Closing {
            skipped,
            length: end.counter(),
        }))
    }

    /// A DH ratchet step has been authenticated: the former chain ends, the new one stands first, and the
    /// keys of the chain that falls off are erased (DR-16).
    pub(super) fn push(
        &mut self,
        chain: ReceivingChain,
        closing: Option<Closing>,
        limits: &Limits,
    ) {
        if let (Some(former), Some(closing)) = (self.0.front_mut(), closing) {
            flawed!("DR-09 not stored", former.store(closing.skipped), ());
            former.progress = Progress::Closed {
                length: closing.length,
            };
        }
        self.0.push_front(chain);
        let kept = flawed!("DR-16 never erased", limits.receiving_chains, usize::MAX);
        self.0.truncate(flawed!("DR-16 too early", kept, 2));
    }

    /// Drops the oldest keys over the bound (DR-12).
    ///
    /// The order in which keys were stored is the order of chains, then of counters: a former chain gets no
    /// further keys once the next one has any.
    pub(super) fn drop_oldest(&mut self, limits: &Limits) {
        match limits.stored_scope {
            Scope::Chain => {
                for chain in &mut self.0 {
                    while chain.skipped.len() > limits.max_stored {
                        chain.skipped.pop_first();
                    }
                }
            }
            Scope::Session => {
                flawed!("DR-12 newest", (), {
                    while self.stored() > limits.max_stored {
                        let mut chains = self.0.iter_mut();
                        chains.find_map(|chain| chain.skipped.pop_last());
                    }
                });
                flawed!("DR-12 newest chain", (), {
                    while self.stored() > limits.max_stored {
                        let mut chains = self.0.iter_mut();
                        chains.find_map(|chain| chain.skipped.pop_first());
                    }
                });
                let bound = flawed!("DR-12 unbounded", limits.max_stored, usize::MAX);
                let mut over = self.stored().saturating_sub(bound);
                if over == 0 {
                    return;
                }
                for chain in self.0.iter_mut().rev() {
                    while over > 0 && chain.skipped.pop_first().is_some() {
                        over -= 1;
                    }
                }
            }
        }
    }

    /// How many skipped keys are stored.
    pub(super) fn stored(&self) -> usize {
        self.0.iter().map(|chain| chain.skipped.len()).sum()
    }
}

#[cfg(feature = "flaws")]
impl ReceivingChains {
    /// What a session writes down that leaves something out.
    pub(super) fn written_down(mut self) -> Self {
        use crate::flaw::is_on;
        let of_former = is_on("XFER-15 keys of former chains");
        if is_on("XFER-15 skipped keys") || of_former {
            for chain in self.0.iter_mut().skip(usize::from(of_former)) {
                chain.skipped.clear();
            }
        }
        if is_on("XFER-15 former chains") {
            self.0.truncate(1);
        }
        self
    }
}
