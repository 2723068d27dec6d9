//! What can happen in the world of wallets.

use super::bounds::Who;

/// One step of the world. `D` is what an adversary does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<D = ()> {
    /// A user wants something: the place of a wish in [`Bounds::wishes`](super::Bounds::wishes).
    Wish(u8),
    /// A waiting request of a device, by its place, reaches the intermediary, and its answer the device.
    Exchange(Who, u8),
    /// A waiting request is carried out, and its answer is lost.
    LoseAnswer(Who, u8),
    /// A copy of a waiting request is held back.
    HoldCopy(Who, u8),
    /// The copy arrives, and its answer, too.
    ReleaseCopy,
    /// A waiting request is carried out, and its answer is held back.
    HoldAnswer(Who, u8),
    /// The answer arrives.
    ReleaseAnswer,
    /// A device looks for messages and reads them: the request and its answer in one step.
    Read(Who),
    /// A device looks for messages, and its request waits as any other.
    Collect(Who),
    /// A device looks at the clock.
    Tick(Who),
    /// The clock moves on to its next moment.
    Clock,
    /// An adversary does something.
    Deed(D),
}

/// What happens to one wallet: with the wallet and the time, the key under which the step is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The device joins the intermediary.
    Join,
    /// Its user wants a link to give away.
    Invite,
    /// Its user takes a link: its number.
    Take(u32),
    /// Its user withdraws a link: its number.
    Withdraw(u32),
    /// Its user no longer holds that device to its key.
    DropPin(Who),
    /// Its user was shown a number by that device: the number's number.
    Compare(Who, u32),
    /// It leaves the intermediary.
    Leave,
    /// Its user offers that deal.
    Offer(u8),
    /// Its user accepts it.
    Accept(u8),
    /// Its user declines it.
    Decline(u8),
    /// Its user cancels it.
    Cancel(u8),
    /// The device looks at the clock.
    Tick,
    /// It looks for messages.
    Collect,
    /// It looks for messages, and this is the answer.
    Read(u32),
    /// An answer to one of its requests, both by number.
    Answer(u32, u32),
}
