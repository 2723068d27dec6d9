//! What a conversation passes through. Lists of conversations are chosen so that each two of these come together.

use std::fmt;

macro_rules! places {
    ($($name:ident = $words:literal,)+) => {
        /// Something that a conversation of a device passes through.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the words beside it say it")]
        pub enum Place {
            $($name,)+
        }

        impl Place {
            /// All of them.
            pub const ALL: &[Place] = &[$(Place::$name,)+];
        }

        impl fmt::Display for Place {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Place::$name => $words,)+
                })
            }
        }
    };
}

places! {
    OpensWithOneTime = "the device opens a session with a one-time prekey",
    OpensWithout = "the device opens a session without a one-time prekey",
    OpenedWithOneTime = "a peer opens a session with a one-time prekey",
    OpenedWithout = "a peer opens a session without a one-time prekey",
    AtOnce = "both have opened one",
    Restarted = "it is restarted",
    NewChain = "a new chain begins",
    Gap = "messages are left out",
    WideGap = "a thousand messages are left out, about",
    Late = "a message comes late",
    Replayed = "a message comes twice",
    Damaged = "a message is damaged",
    Misread = "a message comes under another kind or address",
    Lie = "a header says what is not so",
    OneByte = "a counter at the end of one byte",
    TwoBytes = "a counter at the end of two bytes",
    LastCounter = "a counter at its end",
    BlockEnd = "a plaintext about as long as a block",
    Longest = "a plaintext about as long as there may be",
    OtherIdentity = "a peer with new keys",
    Pinned = "a key is pinned",
    Unpinned = "a pin is dropped",
    Dropped = "sessions are dropped",
    Time = "days pass",
    BadBundle = "a bundle is damaged",
    Sends = "a send with its rounds",
}
