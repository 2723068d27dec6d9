//! What devices that write letters can be seen to do: a model says which of it is possible.

/// What was seen, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deeds(pub u64);

impl Deeds {
    pub(super) fn add(&mut self, deed: Deed) {
        self.0 |= 1 << deed as u32;
    }

    pub(super) fn add_if(&mut self, is_so: bool, deed: Deed) {
        if is_so {
            self.add(deed);
        }
    }
}

macro_rules! deeds {
    ($($name:ident = $words:literal [$($id:literal),+];)+) => {
        /// What a device did.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words beside it say it")]
        pub enum Deed {
            $($name,)+
        }

        impl Deed {
            /// All of them.
            pub const ALL: &[Deed] = &[$(Deed::$name,)+];

            /// What was done, in plain words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Deed::$name => $words,)+
                }
            }

            /// The requirements whose good case it is.
            #[must_use]
            pub fn requirements(self) -> &'static [&'static str] {
                match self {
                    $(Deed::$name => &[$($id),+],)+
                }
            }
        }
    };
}

deeds! {
    OpensWithOneTime = "A session is opened with a one-time prekey." ["X3DH-03", "X3DH-10"];
    OpensWithout = "A session is opened without a one-time prekey." ["X3DH-12"];
    Answered = "The first answer ends the prekey messages." ["X3DH-07"];
    Replayed = "An opening that comes again is refused." ["X3DH-14"];
    TooManyOpenings = "One opening too many is refused." ["X3DH-14"];
    OneTimeGone = "An opening with a one-time prekey that is used up is refused." ["X3DH-09"];
    SignedGone = "An opening with a signed prekey that is erased is refused." ["X3DH-08", "KEY-08"];
    Replaced = "A signed prekey is replaced." ["KEY-08"];
    ReplacedServes = "An opening with a replaced signed prekey is read." ["KEY-08"];
    OldStatement = "A bundle whose statement is not of this time is refused." ["KEY-10"];
    Untrusted = "Another identity key than the pinned one is refused." ["X3DH-15"];
    InOrder = "A letter is read after the one before it." ["DR-04"];
    Turns = "A letter of a new chain is read." ["DR-09"];
    Skips = "A letter is read before another of its chain." ["DR-10"];
    Late = "A letter is read late." ["DR-10"];
    LateOfFormer = "A letter of a former chain is read late." ["DR-09"];
    Duplicate = "A letter that comes again is refused." ["DR-14"];
    TooManySkipped = "A letter that skips too many others is refused." ["DR-11"];
    KeysDropped = "The oldest skipped keys are dropped." ["DR-12"];
    ChainForgotten = "A former chain is forgotten." ["DR-16"];
    AtOnce = "Both open sessions at once, and read each other's." ["SES-08"];
    Promoted = "An inactive session becomes the active one." ["SES-06"];
    TailDropped = "The tail of the inactive sessions is dropped." ["SES-04"];
    NoSession = "A letter from whom nothing is known is refused." ["SES-07"];
    NotSent = "A session that nobody answers is given up for another." ["SES-13"];
    Erased = "An old session is erased." ["SES-13"];
    Missing = "A device that was not known gets a letter." ["SES-09"];
    GoneDevice = "A device that is gone becomes stale." ["SES-09", "SES-11"];
    StaleErased = "What is known of a device that is gone is erased." ["SES-11"];
    Back = "A device that was gone is there again." ["SES-11"];
    Outdated = "A registration id that is out of date is put right by a statement." ["SES-10"];
    Changed = "A device comes with another identity key, and the user is told." ["SES-12"];
    GivenUp = "A send is given up after its last round." ["SES-14"];
    Nobody = "A send that reaches nobody is given up." ["SES-09"];
    OwnSession = "Provisioning information goes into the own session while another is active." ["SES-19"];
    Beside = "A session beside the own one is told of." ["SES-19"];
}
