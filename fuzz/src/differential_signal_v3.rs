//! Our parser and devices of `signal-v3` against libsignal-protocol-c, in one process: messages as bytes, and scripts of two
//! devices, each played by both, which also seal messages whose headers lie, and make first messages of any keys.
//!
//! It needs feature `libsignal-protocol-c`, and the library of the distribution; where either is not there, it says so once and
//! looks at nothing. Where the two may differ, `known` says which clause or finding lets them, one by one.

#[cfg(feature = "libsignal-protocol-c")]
mod forge;
#[cfg(feature = "libsignal-protocol-c")]
mod known;
#[cfg(feature = "libsignal-protocol-c")]
mod parser;
#[cfg(feature = "libsignal-protocol-c")]
mod world;

use arbitrary::Arbitrary;
#[cfg(feature = "libsignal-protocol-c")]
use arbitrary::Unstructured;
use std::sync::Once;

/// What an input begins with that is a ratchet message; the message follows.
pub const RATCHET_MESSAGE: u8 = 0;
/// What an input begins with that is a prekey message.
pub const PRE_KEY_MESSAGE: u8 = 1;
/// What an input begins with that is a script; so does any other byte.
pub const SCRIPT: u8 = 2;

/// Which of the two devices.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opens sessions.
    Alice,
    /// Who answers.
    Bob,
}

/// How far ahead of its chain a message claims to be.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Jump {
    /// Not at all, or a little.
    By(u8),
    /// As far as libsignal-protocol-c follows: 2,000.
    Theirs,
    /// One more.
    BeyondTheirs,
    /// One more than the engine follows: 25,001.
    BeyondOurs,
    /// To the last counter that there is.
    Last,
}

/// What a message says of the chain before.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Previous {
    /// The truth.
    True,
    /// None.
    None,
    /// So many more.
    More(u8),
    /// As many as there can be.
    All,
}

/// A version byte.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Version {
    /// 0x33.
    Usual,
    /// 0x34, as sessions that were carried over have it.
    CarriedOver,
    /// Any other.
    Other(u8),
}

/// How the fields are written.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Form {
    /// As V3-15 has it.
    Usual,
    /// In the reverse order.
    Reversed,
    /// With fields before them that nobody knows.
    Unknown,
    /// Without the previous counter, or the registration id.
    LeftOut,
    /// Each number in ten bytes.
    Long,
    /// Each number with the 33rd bit set, which does not count.
    High,
    /// Each field twice, first another one.
    Twice,
}

/// What is encrypted.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Content {
    /// A text of so many bytes.
    Text(u8),
    /// So many blocks without padding.
    Blocks(u8),
    /// Bytes that are no whole blocks.
    Ragged(u8),
}

/// What a message says, under a MAC that fits.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Told {
    /// Its counter.
    pub jump: Jump,
    /// Its previous counter.
    pub previous: Previous,
    /// Its version byte.
    pub version: Version,
    /// Its form.
    pub form: Form,
    /// What it holds.
    pub content: Content,
}

/// A public key.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Of a private key that its maker holds.
    Own(u8),
    /// The same with bit 255 set.
    HighBit(u8),
    /// One of small order.
    Small(u8),
}

/// A first message for Bob, made of private keys.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Made {
    /// Which one-time prekey it names.
    pub one_time: Option<u8>,
    /// Which signed prekey it names; there is one, of id 1.
    pub signed: u8,
    /// Its sender's identity key; `Own(0)` is Alice's.
    pub identity: Point,
    /// Its base key.
    pub ephemeral: Point,
    /// Its ratchet key.
    pub ratchet: Point,
    /// Its registration id.
    pub registration_id: u32,
    /// The form of the prekey message.
    pub form: Form,
    /// The ratchet message in it.
    pub told: Told,
}

/// A change of bytes on the way.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Edit {
    /// Bits of a byte are turned.
    Turn(u16, u8),
    /// A byte comes in.
    Insert(u16, u8),
    /// A byte goes.
    Remove(u16),
    /// The rest goes.
    Cut(u16),
}

/// A step.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Step {
    /// Alice opens a session with Bob's bundle, with that one-time prekey if Bob has it; of the signature bits of a byte may be turned.
    Open(Option<u8>, Option<(u8, u8)>),
    /// A message of so many bytes.
    Send(Side, u16),
    /// A message sealed by who is that side, whatever it says.
    Tell(Side, Told),
    /// A first message for Bob.
    Make(Made),
    /// The message of that number for that side arrives.
    Deliver(Side, u8),
    /// The next message for that side arrives.
    DeliverNext(Side),
    /// It arrives changed.
    Damage(Side, u8, Edit),
    /// The side is stopped and started again.
    Restart(Side),
    /// The side forgets its sessions.
    Forget(Side),
}

/// A script.
#[derive(Arbitrary, Debug)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Why nothing is looked at; none where all is there.
#[must_use]
pub fn missing() -> Option<String> {
    #[cfg(feature = "libsignal-protocol-c")]
    let missing = match libsignal_protocol_c::VERSION {
        Some(_) => None,
        None => Some(format!(
            "libsignal-protocol-c is not installed ({})",
            libsignal_protocol_c::INSTALL
        )),
    };
    #[cfg(not(feature = "libsignal-protocol-c"))]
    let missing = Some("it needs feature `libsignal-protocol-c`".to_owned());
    missing
}

/// The two say the same of a message, or do the same in a script.
pub fn run(data: &[u8]) {
    static SAID: Once = Once::new();
    if let Some(reason) = missing() {
        SAID.call_once(|| eprintln!("differential_signal_v3: skipped: {reason}"));
        return;
    }
    #[cfg(feature = "libsignal-protocol-c")]
    match data.split_first() {
        Some((&RATCHET_MESSAGE, message)) => parser::ratchet_message(message),
        Some((&PRE_KEY_MESSAGE, message)) => parser::pre_key_message(message),
        Some((_, script)) => {
            if let Ok(script) = Script::arbitrary_take_rest(Unstructured::new(script)) {
                world::run(&script);
            }
        }
        None => {}
    }
    #[cfg(not(feature = "libsignal-protocol-c"))]
    let _ = data;
}

/// The mutator: messages by their fields, and scripts by their bytes.
#[cfg(feature = "libfuzzer")]
pub fn fuzz(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    match data.first() {
        Some(&(RATCHET_MESSAGE | PRE_KEY_MESSAGE)) if size > 1 => {
            1 + crate::mutate::fuzz(&mut data[1..], size - 1, max_size - 1, seed)
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}
