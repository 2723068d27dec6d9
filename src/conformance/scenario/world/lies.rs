//! What a dishonest intermediary answers in place of the truth.

use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::{Answer, Body, Envelope, EnvelopeId, MessageBytes};
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;

/// Answers that are none of the codes.
const DONE: &str = "done";
const NOTHING_WAITS: &str = "no messages";
const OTHER_KIND: &str = "another kind of answer";
const OWN_KEYS: &str = "keys of its own";
const FULL_BATCH: &str = "as many messages as it asked for";
const MORE: &str = "more messages than it asked for";
const OF_ANOTHER_DEVICE: &str = "messages of another device of its user";
const OF_ANOTHER_USER: &str = "messages of another user";

/// What a script calls the lies that are no codes.
pub(crate) const LIES: [&str; 8] = [
    DONE,
    NOTHING_WAITS,
    OTHER_KIND,
    OWN_KEYS,
    FULL_BATCH,
    MORE,
    OF_ANOTHER_DEVICE,
    OF_ANOTHER_USER,
];

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// A refusal.
    Refused(ErrorCode),
    /// That it was carried out.
    Done,
    /// That no message waits.
    NothingWaits,
    /// An answer to something that was not asked.
    OtherKind,
    /// A bundle of the device that was asked for, with keys that the intermediary has drawn.
    OwnKeys,
    /// So many messages as a reading asks for, of somebody whom nobody knows.
    FullBatch,
    /// One more.
    More,
    /// Two messages, the second of which is for another device of the user who reads.
    OfAnotherDevice,
    /// Two messages, the second of which is for the device of that number of another user.
    OfAnotherUser,
}

impl Lie {
    /// What a script calls by that name.
    pub(crate) fn called(name: &str) -> Option<Self> {
        Some(match name {
            DONE => Lie::Done,
            NOTHING_WAITS => Lie::NothingWaits,
            OTHER_KIND => Lie::OtherKind,
            OWN_KEYS => Lie::OwnKeys,
            FULL_BATCH => Lie::FullBatch,
            MORE => Lie::More,
            OF_ANOTHER_DEVICE => Lie::OfAnotherDevice,
            OF_ANOTHER_USER => Lie::OfAnotherUser,
            code => {
                let mut codes = ErrorCode::ALL.iter();
                Lie::Refused(*codes.find(|known| known.as_str() == code)?)
            }
        })
    }

    /// What a script calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lie::Refused(code) => code.as_str(),
            Lie::Done => DONE,
            Lie::NothingWaits => NOTHING_WAITS,
            Lie::OtherKind => OTHER_KIND,
            Lie::OwnKeys => OWN_KEYS,
            Lie::FullBatch => FULL_BATCH,
            Lie::More => MORE,
            Lie::OfAnotherDevice => OF_ANOTHER_DEVICE,
            Lie::OfAnotherUser => OF_ANOTHER_USER,
        }
    }

    /// What is answered to that; nothing where keys must be drawn first, or where that cannot be answered so.
    pub(crate) fn answer(self, asked: &Body) -> Option<Result<Answer, ErrorCode>> {
        let batch = |recipients: Vec<Address>| {
            let numbered = (1..).zip(recipients);
            let envelopes = numbered.map(|(number, to)| nonsense(number, to)).collect();
            Ok(Answer::Envelopes { envelopes })
        };
        Some(match (self, asked) {
            (Lie::Refused(code), _) => Err(code),
            (Lie::Done, _) | (Lie::OtherKind, Body::CountOneTimePreKeys { .. }) => Ok(Answer::Done),
            (Lie::NothingWaits, _) => Ok(Answer::Envelopes {
                envelopes: Vec::new(),
            }),
            (Lie::OtherKind, _) => Ok(Answer::OneTimePreKeys { left: 0 }),
            (Lie::FullBatch, Body::Read { address, limit }) => {
                batch(vec![*address; usize::try_from(*limit).ok()?])
            }
            (Lie::More, Body::Read { address, limit }) => {
                batch(vec![*address; usize::try_from(*limit).ok()? + 1])
            }
            (Lie::OfAnotherDevice, Body::Read { address, .. }) => {
                let other = u32::from(address.device_id) % 127 + 1;
                let device_id = DeviceId::try_from(other).ok()?;
                let user_id = address.user_id;
                batch(vec![*address, Address { user_id, device_id }])
            }
            (Lie::OfAnotherUser, Body::Read { address, .. }) => {
                let user_id = nobody()?;
                batch(vec![
                    *address,
                    Address {
                        user_id,
                        ..*address
                    },
                ])
            }
            (
                Lie::OwnKeys
                | Lie::FullBatch
                | Lie::More
                | Lie::OfAnotherDevice
                | Lie::OfAnotherUser,
                _,
            ) => return None,
        })
    }
}

/// Somebody whom nobody knows.
fn nobody() -> Option<UserId> {
    "11111111-1111-4111-8111-111111111111".parse().ok()
}

/// A message of a stranger that no session reads.
fn nonsense(number: u64, recipient: Address) -> Envelope {
    let user_id = nobody().unwrap_or(recipient.user_id);
    Envelope {
        id: EnvelopeId(FIRST + number),
        sender: Address {
            user_id,
            ..recipient
        },
        recipient,
        kind: MessageKind::Ratchet,
        message: MessageBytes(vec![0x11; 64].into()),
        expires: Timestamp(u64::from(u32::MAX)),
    }
}

/// No honest intermediary comes to such a number.
const FIRST: u64 = 1 << 41;

/// Which requests are answered with a lie.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    /// Those of that device; of any where it is none.
    pub(super) asker: Option<String>,
    /// What scripts call them.
    pub(super) request: &'static str,
    /// Submissions to that device and requests for its bundle; to any where it is none.
    pub(super) to: Option<Address>,
    pub(super) lie: Lie,
    /// Whether each of them, and not the next alone.
    pub(super) always: bool,
    /// Whether the request is carried out all the same.
    pub(super) carried_out: bool,
}
