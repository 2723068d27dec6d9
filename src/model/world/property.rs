//! What must hold in the world of wallets, and what must be possible.
//!
//! What a step must hold is looked at when it is computed (`judge`, `keeper`); what a state must hold,
//! here; what must come of it, in `fair`.

use super::actor::{DealFacts, HELD, NEVER, state_of};
use super::adversary::Adversary;
use super::bounds::{DEALS, DEVICES, What, Who};
use super::journal::Told;
use super::world::{Scratch, State, World};
use crate::model::Property;
use crate::transfer::StateName;

macro_rules! promises {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, [$($id:literal),*];)+) => {
        /// A property, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Promise {
            $($(#[$doc])* $variant,)+
        }

        /// Every property, in the order of [`Promise`].
        pub const PROPERTIES: &[Property] = &[$(Property { name: $name, requirements: &[$($id),*] }),+];

        const PROMISES: &[Promise] = &[$(Promise::$variant),+];
    };
}

promises! {
    /// The saved state is the whole state.
    Restart: "A restart changes nothing.", ["WAL-01", "XFER-15", "MBX-18"];
    /// All or nothing.
    Refusal: "What is refused changes nothing and draws nothing.", ["RND-02"];
    /// A wish that fits is carried out.
    Wish: "What a user may want is not refused.", ["XFER-01", "INV-03", "X3DH-16"];
    /// The table of section 9.
    Table: "Transfers begin with an offer, and go from state to state as the table has it.", ["XFER-01", "XFER-03", "XFER-11"];
    /// A user said yes.
    Consent: "Nothing is requested or provisioned without its user's consent.", ["XFER-09"];
    /// Time has not run out.
    Expiry: "Nothing goes on once it has expired, and nothing expires earlier.", ["XFER-01", "XFER-10"];
    /// Keys are used once.
    MessageKey: "A message key encrypts one message.", ["DR-19", "XFER-15"];
    /// Ratchets turn.
    RatchetKey: "Whoever has read a new ratchet key writes with a new one of its own.", ["DR-20"];
    /// The handshake ends.
    Handshake: "Once it is answered no message opens a session again.", ["X3DH-07"];
    /// Messages are opened once.
    OpenedOnce: "A message that comes a second time is refused.", ["DR-14", "X3DH-13", "X3DH-14"];
    /// Prekeys are used once.
    UsedOnce: "A one-time prekey is gone once a session was opened with it.", ["X3DH-10"];
    /// What is over stays here.
    EndedLeaves: "An ended transfer sends only its end, and nothing at all if nobody has heard of it.", ["XFER-14", "XFER-17"];
    /// What is over is erased.
    EndedRemains: "Nothing of an ended transfer remains.", ["XFER-14", "XFER-19"];
    /// A transfer is with a key.
    AnotherKey: "When a device's key changes, its transfers end.", ["WAL-06", "XFER-06"];
    /// A signature is an answer to one key.
    Signed: "Whoever has signed a key is in S:Signed.", ["XFER-07", "XFER-08"];
    /// Users know where their credentials may be.
    Told: "Whoever offered is told where a transfer ends and its credential may be out.", ["XFER-17", "WAL-01"];
    /// They are told nothing else.
    ToldInVain: "Nobody is told that a credential may be out that never left.", ["XFER-17"];
    /// They hear of the others.
    ToldAfterEnd: "Whoever offered is told what was provisioned after the end.", ["XFER-12"];
    /// They hear once.
    ToldTwice: "Nobody is told twice that a message waits.", ["WAL-03"];
    /// Nobody is suspected.
    Suspicion: "Among honest devices no message is refused unless wishes cross, none is given up, and no identity changes.", ["XFER-01", "DR-02", "DR-10", "X3DH-12", "KEY-08", "INV-05", "SES-12", "SES-19", "WAL-05"];
    /// Whoever is offered something can answer.
    Answerable: "Whoever is written to by a link can answer.", ["INV-09", "WAL-03"];
    /// Nobody waits for another.
    OwnQueue: "A message waits for those to the same device, and for no other.", ["WAL-03"];
    /// Sizes say nothing.
    Size: "A message is as long as one of four, and no shorter than the offer of its transfer.", ["PAY-11", "PRIV-03"];
    /// Messages wait long enough.
    Lifetime: "A message waits as long as it is needed, and provisioning information hardly longer.", ["XFER-16"];
    /// The intermediary sees none.
    Plaintext: "No plaintext leaves a device.", ["PRIV-01", "MBX-14"];
    /// What others make a wallet keep.
    Bounds: "Sessions, transfers, links and requests stay within their bounds.", ["SES-04", "XFER-20", "INV-05"];
    /// Keys are replaced and erased.
    KeysAge: "Prekeys are replaced, kept and erased in their time.", ["KEY-08", "KEY-12"];
    /// Statements are fresh.
    Statement: "No session is opened with a statement that is too old, or of a time to come.", ["KEY-10"];
    /// Old sessions.
    SessionAge: "A session that nobody answers is not sent in after 30 days, nor kept after 90.", ["SES-13"];
    /// A session of one's own.
    OwnSession: "Provisioning information goes into a session that its sender has opened.", ["SES-19"];
    /// Links have an end.
    Link: "A link lives 7 days unless something else is said, and serves as long and as often as it may.", ["INV-05"];
    /// Keys have names.
    Named: "Nothing is offered to a device whose key no link and no user names.", ["SES-18"];
    /// Tokens are remembered.
    TokenKnown: "A token is not offered again within 60 days, unless its user insists.", ["XFER-18"];
    /// Ended transfers are forgotten.
    Forgotten: "An ended transfer is forgotten after 60 days, and not before.", ["XFER-19"];
    /// One device holds it.
    OneHolder: "A transfer and a token have one holder.", ["XFER-08", "XFER-18"];
    /// Both sides see the same.
    Agreement: "At rest both sides see the same of a transfer, and what is accepted in time is provisioned.", ["XFER-16", "MBX-16"];
    /// Everything ends.
    Ends: "On a fair network every transfer ends, and nothing waits for ever.", ["XFER-16", "WAL-03"];
    /// A one-time prekey is one.
    OneTimePreKey: "A one-time prekey is handed out once, to whoever is admitted, so often for each access key, and for 60 days.", ["MBX-03", "MBX-17", "MBX-20"];
    /// Repetition is harmless.
    Repetition: "A repeated request changes nothing, and is answered as before.", ["MBX-13"];
    /// What is accepted is kept.
    Kept: "A message that is accepted is kept as it was sent, under a number of its own, for as long as its sender wants.", ["MBX-07", "MBX-10", "MBX-16", "MBX-19"];
    /// What is acknowledged is not.
    Erased: "What is acknowledged, withdrawn or removed is gone.", ["MBX-09", "MBX-15", "MBX-21"];
    /// Admission.
    Admitted: "Whoever has an access key may write, until it expires, and nobody else.", ["MBX-20", "MBX-21", "MBX-22"];
    /// Mailboxes.
    Mailbox: "A mailbox has its bounds, and room for a first message of each access key.", ["MBX-11", "MBX-23"];
    /// What it says of itself.
    Counted: "As many one-time prekeys are left as the intermediary says.", ["MBX-04"];
    /// Fresh statements.
    Registered: "No statement is taken that is older than 9 days, or more than a day ahead.", ["MBX-24"];
    /// No two are the same.
    Distinct: "No two devices have a key in common, nor two prekeys of one.", ["KEY-06", "PRIV-02", "ID-06"];
}

impl Promise {
    /// Its place in [`PROPERTIES`].
    #[must_use]
    pub fn place(self) -> usize {
        self as usize
    }

    /// The property at that place.
    #[must_use]
    pub fn at(place: usize) -> Option<Promise> {
        PROMISES.get(place).copied()
    }

    /// As a state has it: its place and one.
    #[must_use]
    pub fn mark(self) -> u8 {
        u8::try_from(self as usize + 1).unwrap_or(u8::MAX)
    }
}

macro_rules! goals {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, [$($id:literal),*];)+) => {
        /// A goal, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Goal {
            $($(#[$doc])* $variant,)+
        }

        impl Goal {
            /// The goal, in plain words.
            #[must_use]
            pub const fn property(self) -> Property {
                match self {
                    $(Goal::$variant => Property { name: $name, requirements: &[$($id),*] },)+
                }
            }
        }
    };
}

goals! {
    /// Row 1.
    Offered: "A credential is offered.", ["XFER-01"];
    /// Row 3.
    Signed: "A sender signs its receiver's key.", ["XFER-07"];
    /// Row 6.
    Completed: "A transfer is completed, and its sender knows.", ["XFER-01"];
    /// Row 7.
    SenderCancels: "A sender cancels what has not left.", ["XFER-11", "XFER-14"];
    /// Row 7, too late.
    MayBeOut: "A sender cancels what may be out, and is told.", ["XFER-17"];
    /// Row 8.
    HearsDecline: "A sender hears that its receiver declined.", ["XFER-01"];
    /// Row 8.
    HearsCancel: "A sender hears that its receiver cancelled.", ["XFER-01"];
    /// Row 9.
    SenderExpires: "An offer expires for its sender.", ["XFER-10"];
    /// Row 10.
    AfterCancel: "What its sender cancelled was provisioned, and the sender is told.", ["XFER-12"];
    /// Row 11.
    AfterExpiry: "What has expired for its sender was provisioned, and the sender is told.", ["XFER-12"];
    /// Row 12.
    Invited: "A receiver is invited.", ["XFER-01"];
    /// Row 14.
    TokenProvisioned: "A receiver accepts a token and holds it.", ["XFER-09"];
    /// Row 15.
    Requested: "A receiver asks for its key to be signed.", ["XFER-09"];
    /// Row 16.
    CarKeyProvisioned: "A receiver holds a car key.", ["XFER-13"];
    /// Row 18.
    Declines: "A receiver declines.", ["XFER-01"];
    /// Row 19.
    ReceiverCancels: "A receiver cancels.", ["XFER-11"];
    /// Row 20.
    ReceiverHearsCancel: "A receiver hears that its sender cancelled.", ["XFER-01"];
    /// Row 21.
    ReceiverExpires: "An offer expires for its receiver.", ["XFER-10"];
    /// No row.
    Crossed: "A message crosses a wish, and is refused.", ["XFER-01"];
    /// Once more, too late for the intermediary's memory.
    Twice: "A message comes a second time, and is refused.", ["DR-14", "MBX-13"];
    /// Full, or not admitted.
    Waits: "A message waits, and its sender is told once.", ["WAL-03"];
    /// Nobody took it.
    GivenUp: "A message is given up in its time, and its sender is told.", ["XFER-16"];
    /// A link of its own.
    LinkMade: "A link is made and given away.", ["INV-01"];
    /// Taken.
    LinkTaken: "A link is taken.", ["INV-03"];
    /// Withdrawn.
    LinkWithdrawn: "A link is withdrawn.", ["MBX-21"];
    /// No longer.
    LinkOver: "A link that is over is refused.", ["INV-05"];
    /// Two links.
    Compared: "Two users compare their numbers.", ["X3DH-16"];
    /// No longer held to its key.
    PinDropped: "A pin is dropped.", ["WAL-06"];
    /// Again.
    OfferedAgain: "A token is offered again by a user who insists.", ["XFER-18"];
    /// Not again.
    NotAgain: "A token that was offered is not offered again.", ["XFER-18"];
    /// Keys are renewed.
    KeyReplaced: "A signed prekey is replaced.", ["KEY-08"];
    /// More keys.
    MorePreKeys: "A wallet learns that few one-time prekeys are left.", ["MBX-04"];
    /// Gone.
    Left: "A device leaves the intermediary.", ["MBX-15"];
    /// Forgotten.
    Forgotten: "An ended transfer is forgotten.", ["XFER-19"];
}

/// What of a model must be possible: the goals, and the same in words.
#[derive(Clone, Copy, Debug)]
pub struct Goals {
    /// By name, in the order of their bits.
    pub list: &'static [Goal],
    /// In words, in the same order.
    pub words: &'static [Property],
}

/// Goals by name, with their words.
macro_rules! goals_of {
    ($($goal:ident),+ $(,)?) => {
        $crate::model::world::property::Goals {
            list: &[$($crate::model::world::property::Goal::$goal),+],
            words: &[$($crate::model::world::property::Goal::$goal.property()),+],
        }
    };
}
pub(crate) use goals_of;

impl Goal {
    /// As a bit of all goals.
    #[must_use]
    pub fn bit(self) -> u64 {
        1 << self as u64
    }

    /// The goal that a transfer's going from one state to another reaches.
    #[must_use]
    pub fn of(before: Option<StateName>, after: StateName, by_message: bool) -> Option<Goal> {
        use StateName as S;
        Some(match (after, by_message) {
            (S::Offered, _) => Goal::Offered,
            (S::Signed, _) => Goal::Signed,
            (S::Completed, _) => Goal::Completed,
            (S::OfferDeclined, _) => Goal::HearsDecline,
            (S::OfferCancelled, true) => Goal::HearsCancel,
            (S::OfferCancelled, false) => Goal::SenderCancels,
            (S::OfferExpired, _) => Goal::SenderExpires,
            (S::Invited, _) => Goal::Invited,
            (S::Requested, _) => Goal::Requested,
            (S::Provisioned, _) if before == Some(S::Requested) => Goal::CarKeyProvisioned,
            (S::Provisioned, _) => Goal::TokenProvisioned,
            (S::Declined, _) => Goal::Declines,
            (S::Cancelled, true) => Goal::ReceiverHearsCancel,
            (S::Cancelled, false) => Goal::ReceiverCancels,
            (S::Expired, _) => Goal::ReceiverExpires,
            (S::Failed, _) => return None,
        })
    }
}

/// What a state breaks by itself.
pub(super) fn broken<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    let bounds = &world.setting.bounds;
    let mut all = [[DealFacts::default(); DEALS]; DEVICES];
    for who in bounds.everybody() {
        let place = usize::from(who);
        let facts = world.facts(scratch, state.actors[place]);
        if facts.broken != 0 {
            return Promise::at(usize::from(facts.broken) - 1);
        }
        all[place] = facts.deals;
    }
    let of = |who: Who, deal: usize| all[usize::from(who)][deal];
    for (place, deal) in bounds.deals.iter().enumerate() {
        let (sender, receiver) = (of(deal.from, place), of(deal.to, place));
        if receiver.state == 0 {
            continue;
        }
        // Its time is that of whoever offered it, by one clock.
        let one_clock = world.has_one_clock();
        if one_clock && receiver.acted != NEVER && receiver.acted >= sender.over {
            return Some(Promise::Expiry);
        }
        let late = receiver.looked >= sender.over && receiver.heard < sender.over;
        let open = matches!(
            state_of(receiver.state),
            Some(StateName::Invited | StateName::Requested)
        );
        if late && open && one_clock {
            return Some(Promise::Expiry);
        }
        if receiver.size != 0 && sender.size != 0 && receiver.size < sender.size {
            return Some(Promise::Size);
        }
        if receiver.state != HELD {
            continue;
        }
        let ended = matches!(
            state_of(sender.state),
            Some(StateName::OfferCancelled | StateName::OfferDeclined | StateName::OfferExpired)
        );
        if ended && sender.told & (Told::MAY_BE_OUT | Told::AFTER_END) == 0 {
            return Some(Promise::Told);
        }
        for who in bounds.everybody().filter(|who| *who != deal.to) {
            if of(who, place).state == HELD {
                return Some(Promise::OneHolder);
            }
        }
        // A token that is offered once more, by a user who does not insist.
        if let What::TokenOf {
            deal: first,
            insists: false,
        } = deal.what
        {
            let other = &bounds.deals[usize::from(first)];
            let held = of(other.to, usize::from(first)).state == HELD;
            if held && bounds.is_short(state.clock) {
                return Some(Promise::OneHolder);
            }
        }
    }
    None
}

/// What does not hold of a state in which everything has arrived that was sent.
pub(super) fn broken_at_rest<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    use StateName as S;
    let bounds = &world.setting.bounds;
    for (place, deal) in bounds.deals.iter().enumerate() {
        let mut of = |who: Who| world.facts(scratch, state.actors[usize::from(who)]).deals[place];
        let (sender, receiver) = (of(deal.from), of(deal.to));
        let given_up = sender.given_up || receiver.given_up;
        if !sender.is_offered || given_up || world.adversary.may_fail(state.extra, deal) {
            continue;
        }
        let (sends, receives) = (state_of(sender.state), state_of(receiver.state));
        let holds = receives == Some(S::Provisioned);
        if sends == Some(S::Completed) && receives.is_some() && !holds {
            return Some(Promise::Agreement);
        }
        let ended = matches!(sends, Some(S::OfferCancelled | S::OfferExpired));
        let heard = sender.told & Told::AFTER_END != 0;
        if holds && ended && !heard && bounds.is_short(state.clock) && bounds.is_calm() {
            return Some(Promise::ToldAfterEnd);
        }
        // From the expiry on, messages may have waited too long, and one side may not have looked at the clock.
        if state.clock >= sender.over || !bounds.is_calm() {
            continue;
        }
        let agree = match (sends, receives) {
            (Some(S::Offered), Some(S::Invited))
            | (Some(S::Completed), Some(S::Provisioned))
            | (Some(S::OfferDeclined), Some(S::Declined))
            | (Some(S::OfferCancelled), None | Some(S::Cancelled | S::Declined | S::Provisioned)) => {
                true
            }
            // The offer comes after its end.
            (Some(S::OfferCancelled), Some(S::Invited | S::Requested)) => bounds.copies > 0,
            // One too many is not taken.
            (Some(S::Offered), None) => bounds.is_crowded(),
            // Nobody expects an answer to what has been forgotten.
            (None, _) | (_, None) => !bounds.is_short(state.clock),
            _ => false,
        };
        if !agree {
            return Some(Promise::Agreement);
        }
    }
    None
}

/// What does not hold once everything is over.
pub(super) fn broken_in_the_end<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    for who in world.setting.bounds.everybody() {
        let facts = world.facts(scratch, state.actors[usize::from(who)]);
        let waits = facts.waiting_count > 0 || facts.is_sending;
        if waits && !world.adversary.excuses(world, scratch, state, who) {
            return Some(Promise::Ends);
        }
        let open = |deal: &DealFacts| state_of(deal.state).is_some_and(|state| !state.is_final());
        if facts.deals.iter().any(open) {
            return Some(Promise::Ends);
        }
    }
    None
}
