//! What devices that write letters to each other must keep, in plain words.

use std::fmt;

macro_rules! breaches {
    ($($(#[$doc:meta])* $name:ident = $words:literal [$($id:literal),+];)+) => {
        /// A promise of the profile that somebody has not kept.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Breach {
            $($(#[$doc])* $name,)+
        }

        impl Breach {
            /// Every promise, in the order of the profile's sections.
            pub const ALL: &[Breach] = &[$(Breach::$name,)+];

            /// The promise in plain words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Breach::$name => $words,)+
                }
            }

            /// The requirements that it stands for.
            #[must_use]
            pub fn requirements(self) -> &'static [&'static str] {
                match self {
                    $(Breach::$name => &[$($id),+],)+
                }
            }
        }
    };
}

breaches! {
    /// Two devices share a key, or a device draws one twice.
    OwnKeys = "Every device has keys of its own, and none of them twice." ["KEY-06", "PRIV-02"];
    /// A prekey is not replaced, or gone too early or too late.
    PreKeys = "Prekeys are replaced, used up and erased in their time." ["KEY-08", "KEY-12", "X3DH-10"];
    /// A bundle that is wrong opens a session, or one that is right does not.
    Bundles = "A session is opened with a bundle that is right, and with no other." ["KEY-07", "KEY-09", "KEY-10", "X3DH-01", "X3DH-02", "X3DH-15", "SES-02"];
    /// A key of the bundle does not matter.
    Agreement = "Every key of a bundle takes part in what is agreed on." ["X3DH-03"];
    /// A prekey message does not say what opened its session, or stands where none belongs.
    Openings = "Letters are prekey messages until the first answer, and say what their session was opened with." ["X3DH-07", "X3DH-12"];
    /// An opening is read as somebody looks at it, or not.
    Looks = "Whoever looks at an opening before accepting it sees what accepting it would read." ["X3DH-13", "INV-08"];
    /// A pin was lost or replaced.
    Pins = "A pinned key stays pinned, and its name with it." ["X3DH-15"];
    /// The number to compare is not one.
    Numbers = "Both users see one number of sixty digits, which tells keys and addresses apart." ["X3DH-16"];
    /// A key and counter came twice.
    OneKeyOneLetter = "One session, ratchet key and counter encrypts one letter." ["DR-08", "DR-19", "DR-20"];
    /// Counters do not count.
    Counters = "Counters count the letters of their chain, and of the one before." ["DR-08"];
    /// A letter was read twice.
    Once = "No letter is read twice." ["DR-13", "DR-14", "X3DH-09", "X3DH-13", "X3DH-14"];
    /// A letter was not read.
    Arrives = "A letter whose keys are there is read." ["DR-01", "DR-02", "DR-09", "DR-10", "KEY-08", "SES-05", "X3DH-12"];
    /// What was read is not what was written.
    Authentic = "What is read was written so, by the one and to the one that it names." ["DR-06", "DR-07", "DR-17", "X3DH-05"];
    /// A letter was read that could no longer be.
    Gone = "What has gone reads nothing any more: keys over their bounds, replaced prekeys, sessions of the past." ["DR-11", "DR-12", "DR-16", "KEY-08", "SES-12", "SES-13", "X3DH-14"];
    /// A refusal has the wrong code.
    Reasons = "A refusal says why." ["DR-14", "DR-21", "SES-07", "X3DH-08", "X3DH-09", "X3DH-14"];
    /// A refused step left something.
    Refusals = "A refusal changes nothing and draws nothing." ["DR-15", "RND-02", "SES-07", "X3DH-10", "X3DH-11"];
    /// More or less was drawn.
    Draws = "Each step draws what it should, in the right order." ["RND-01"];
    /// A plaintext over the bound.
    Length = "A plaintext over the bound is refused." ["DR-22"];
    /// The record differs from what the profile makes of what happened.
    Records = "What a device knows of another follows from what it sent and read." ["KEY-09", "SES-01", "SES-03", "SES-04", "SES-06", "SES-09", "SES-10", "SES-11", "SES-12", "SES-13"];
    /// Too many keys.
    Stored = "Skipped keys keep within their bounds." ["DR-10", "DR-11", "DR-12", "DR-13", "DR-16"];
    /// A letter went into another session.
    InSession = "A letter goes into the active session, provisioning information into the own one." ["SES-02", "SES-11", "SES-13", "SES-19"];
    /// A letter went to somebody else, more than once, or too often.
    Sends = "A send goes to the devices that it is for, once to each, in as many rounds as it may." ["SES-09", "SES-10", "SES-11", "SES-12", "SES-14", "SES-15"];
    /// Provisioning information may go there.
    Named = "Provisioning information goes to one device, whose key its user has named." ["SES-18"];
    /// The user was not told, or was told for nothing.
    Told = "The user is told of another identity key, and of a session beside the own one." ["SES-12", "SES-19"];
    /// Restoring what was saved makes another device.
    Restarts = "A restart changes nothing." ["XFER-15"];
    /// Two devices at rest do not understand each other.
    Converges = "Within one letter each way two devices send in one session, and both letters are read." ["SES-08"];
}

/// A promise that was not kept, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub breach: Breach,
    /// What happened, for people.
    pub what: String,
}

impl Fault {
    pub(super) fn new(breach: Breach, what: impl Into<String>) -> Self {
        Fault {
            breach,
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The promise, unless it is kept.
pub(super) fn hold(is_kept: bool, breach: Breach, what: &str) -> Result<(), Fault> {
    if is_kept {
        Ok(())
    } else {
        Err(Fault::new(breach, what))
    }
}
