//! The requests of three clients: Ben's phone and watch, and Ryan's phone.

use super::BEGINNING;
use super::ledger::Rule;
use crate::agreement::{BundleFields, PreKeyStore};
use crate::conformance::seed::{Recorder, bytes};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, PreKeyId, UserId};
use crate::intermediary::{
    AccessKey, Body, EnvelopeId, Limits, MessageBytes, PublishedOneTimePreKey, Registration,
    Request, Submission, Token,
};
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::{DAY, Timestamp};
use crate::wire::MessageKind;

/// What the intermediary is held to where these clients ask it: few of everything.
pub const LIMITS: Limits = Limits {
    message_length: 8,
    mailbox: 2,
    always_taken: 1,
    mailbox_of_access_key: 2,
    one_time_pre_keys: 3,
    read: 2,
    acknowledged: 2,
    access_keys: 3,
    one_time_pre_keys_of_access_key: 1,
    ..Limits::PROFILE
};

/// So many devices there are.
pub const CLIENTS: usize = 3;
/// What scenarios call them.
pub const NAMES: [&str; CLIENTS] = ["Ben's phone", "Ben's watch", "Ryan's phone"];
const PHONE: usize = 0;
const WATCH: usize = 1;
const RYAN: usize = 2;

const HOUR: u64 = 60 * 60;

/// One request, which is always the same.
#[derive(Clone, Debug)]
pub struct Errand {
    /// What scenarios call it.
    pub words: &'static str,
    /// The request.
    pub request: Request,
    /// Who makes it: the place of a device.
    pub by: usize,
    /// The device that it is about; none where nobody has that address.
    pub about: Option<usize>,
    /// The place of the registration that gave it its token; none where it bears none.
    pub authority: Option<usize>,
    /// What forbids it, whenever it comes.
    pub never: Option<Rule>,
}

macro_rules! errands {
    ($($name:ident $words:literal)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "places in a list")]
        #[derive(Clone, Copy)]
        enum Place { $($name),+ }

        /// What scenarios call the requests, in order.
        pub const ERRANDS: &[&str] = &[$($words),+];

        const PLACES: &[Place] = &[$(Place::$name),+];
    };
}

errands! {
    PhoneRegisters "Ben's phone registers"
    RyanRegisters "Ryan's phone registers"
    WatchRegisters "Ben's watch registers"
    PhoneRegistersAnew "Ben's phone registers anew"
    Publishes "Ben's phone publishes a link"
    PublishesFurther "Ben's phone publishes a further link"
    PublishesThird "Ben's phone publishes a third link"
    PublishesFourth "Ben's phone publishes a fourth link"
    Withdraws "Ben's phone withdraws the link"
    MoreKeys "Ben's phone publishes a further one-time prekey"
    SignedPreKey "Ben's phone publishes a signed prekey"
    Fetches "Ryan's phone fetches a bundle by the link"
    FetchesAgain "Ryan's phone fetches another bundle by the link"
    FetchesByFurther "Ryan's phone fetches a bundle by the further link"
    FetchesWithout "Ryan's phone fetches a bundle without a link"
    FetchesByMadeUp "Ryan's phone fetches a bundle by a link that it made up"
    Submits "Ryan's phone submits a message by the link"
    SubmitsAgain "Ryan's phone submits another message by the link"
    SubmitsThird "Ryan's phone submits a third message by the link"
    SubmitsByFurther "Ryan's phone submits a message by the further link"
    SubmitsAgainByFurther "Ryan's phone submits another message by the further link"
    SubmitsByThird "Ryan's phone submits a message by the third link"
    Reads "Ben's phone reads"
    AcknowledgesFirst "Ben's phone acknowledges the first message"
    AcknowledgesSecond "Ben's phone acknowledges the second message"
    Counts "Ben's phone counts its one-time prekeys"
    Leaves "Ben's phone leaves"
    WatchRemoves "Ben's watch removes Ben's phone"
    SameId "Ryan's phone submits other words under the id of the message"
    NoToken "Ryan's phone fetches a bundle without a token"
    UnknownToken "Ryan's phone fetches a bundle with a token that it made up"
    FirstWithUnknownToken "Ben's phone registers with a token that nobody has"
    ReadsForeign "Ryan's phone reads what waits for Ben's phone"
    RemovesForeign "Ryan's phone removes Ben's phone"
    RegistersForeign "Ryan's phone registers a watch for Ben"
    HashOfAnother "Ben's watch registers under the token of Ben's phone"
    MadeUpLink "Ryan's phone submits a message by a link that it made up"
    FormerRegistration "Ryan's phone submits a message to Ben's phone as it was before"
    TooLong "Ryan's phone submits a message that is too long"
    NoLifetime "Ryan's phone submits a message that lives for no time"
    TooLongLifetime "Ryan's phone submits a message that lives for 31 days"
    ToNobody "Ryan's phone submits a message to nobody"
    FetchesNobody "Ryan's phone fetches a bundle of nobody"
    ReadsTooMany "Ben's phone reads more than it may"
    AcknowledgesTooMany "Ben's phone acknowledges more than it may"
    LinkTooFar "Ben's phone publishes a link for 200 days"
    FormerKey "Ben's phone publishes a one-time prekey under a former id"
    NotRising "Ben's phone publishes one-time prekeys out of order"
    TooManyKeys "Ben's phone publishes more one-time prekeys than there is room for"
    InvalidKey "Ryan's phone registers with a key that is none"
    WrongSignature "Ryan's phone registers with a signed prekey that another has signed"
    OtherTime "Ryan's phone registers with a statement of another time"
    OtherSuites "Ryan's phone registers with a statement of other suites"
    OtherId "Ryan's phone registers with a statement of another registration id"
    OtherAddress "Ryan's phone registers with a statement of another device"
}

/// Keys of a device, as it publishes them.
struct Keys {
    address: Address,
    fields: BundleFields,
    one_time: Vec<PublishedOneTimePreKey>,
    /// Its next signed prekey, made a week later.
    next: BundleFields,
}

impl Keys {
    fn new(suite: SuiteRef, address: Address, label: &str, one_time: usize) -> Option<Self> {
        let mut randomness = Recorder::new(label);
        let keys = PreKeyStore::random(&[suite], &address, BEGINNING, &mut randomness).ok()?;
        let mut device = Device::new(suite, address, keys);
        let fields = BundleFields::from(&device.bundle(None)?);
        let published = device
            .add_one_time_pre_keys(one_time, &mut randomness)
            .ok()?;
        let published = published
            .into_iter()
            .map(|one_time| PublishedOneTimePreKey {
                id: one_time.id,
                key: one_time.key.encode().into(),
            });
        let one_time = published.collect();
        device
            .tick(BEGINNING.after(8 * DAY), &mut randomness)
            .ok()?;
        Some(Keys {
            address,
            fields,
            one_time,
            next: BundleFields::from(&device.bundle(None)?),
        })
    }

    fn registration(&self, token: &Token, one_time: usize) -> Option<Registration> {
        let fields = &self.fields;
        Some(Registration {
            address: self.address,
            token_hash: token.digest(),
            registration_id: fields.registration_id.try_into().ok()?,
            identity_key: fields.identity_key.clone(),
            signed_pre_key_id: fields.signed_pre_key_id.try_into().ok()?,
            signed_pre_key: fields.signed_pre_key.clone(),
            signed_pre_key_signature: fields.signed_pre_key_signature.clone(),
            created: fields.created,
            suites: fields.named_suites().ok(),
            statement_signature: fields.statement_signature.clone(),
            one_time_pre_keys: self.one_time[..one_time].to_vec(),
        })
    }
}

/// What all requests are made of.
struct Makings {
    addresses: [Address; CLIENTS],
    nobody: Address,
    phone: Keys,
    phone_anew: Keys,
    watch: Keys,
    ryan: Keys,
}

/// The token that a registration gives, by its place.
fn token(registration: usize) -> Token {
    Token::from(bytes(&format!("clients/token {registration}")))
}

fn access_key(name: &str) -> AccessKey {
    AccessKey::from(bytes::<32>(&format!("clients/access key {name}")))
}

/// Every request, in the order of [`ERRANDS`], signed in that suite. None where randomness ends or a key is none: with a flaw alone.
#[must_use]
pub fn errands(suite: SuiteRef) -> Option<Vec<Errand>> {
    let address = |user: &str, number: u32| {
        let user_id = UserId::random(&mut Recorder::new(&format!("clients/{user}"))).ok()?;
        let device_id = DeviceId::try_from(number).ok()?;
        Some(Address { user_id, device_id })
    };
    let addresses = [address("Ben", 1)?, address("Ben", 2)?, address("Ryan", 1)?];
    let keys = |of: usize, label: &str, one_time| {
        Keys::new(suite, addresses[of], &format!("clients/{label}"), one_time)
    };
    let makings = Makings {
        addresses,
        nobody: address("nobody", 1)?,
        phone: keys(PHONE, "phone", 7)?,
        phone_anew: keys(PHONE, "phone anew", 1)?,
        watch: keys(WATCH, "watch", 1)?,
        ryan: keys(RYAN, "ryan", 1)?,
    };
    PLACES.iter().map(|place| makings.errand(*place)).collect()
}

impl Makings {
    #[allow(clippy::too_many_lines, reason = "a list")]
    fn errand(&self, place: Place) -> Option<Errand> {
        use Place as P;
        let [phone, watch, ryan] = self.addresses;
        let link = || access_key("link");
        let further = || access_key("further link");
        let at = |seconds| BEGINNING.after(seconds);
        let publish = |name: &str, expires| Body::PublishAccessKey {
            address: phone,
            hash: access_key(name).digest(),
            expires,
        };
        let fetch = |access_key| Body::FetchBundle {
            address: phone,
            access_key,
        };
        let submission = |access_key: AccessKey, message: &str, lifetime| -> Option<Submission> {
            Some(Submission {
                recipient: phone,
                access_key,
                registration_id: self.phone.fields.registration_id.try_into().ok()?,
                kind: MessageKind::Ratchet,
                message: MessageBytes::from(message.as_bytes()),
                lifetime,
            })
        };
        let submit = |access_key, message, lifetime| -> Option<Body> {
            Some(Body::Submit(submission(access_key, message, lifetime)?))
        };
        let ids = |ids: &[u64]| ids.iter().copied().map(EnvelopeId).collect();
        let acknowledge = |numbers: &[u64]| Body::Acknowledge {
            address: phone,
            ids: ids(numbers),
        };
        let register = |keys: &Keys, place: Place, one_time| -> Option<Registration> {
            keys.registration(&token(place as usize), one_time)
        };
        // Of Ryan's phone, with something in it that its key has not signed.
        let falsified = |change: &dyn Fn(&mut Registration)| -> Option<Body> {
            let mut registration = register(&self.ryan, P::RyanRegisters, 1)?;
            change(&mut registration);
            Some(Body::Register(registration))
        };
        let one_time = |keys: &[usize]| Body::PublishOneTimePreKeys {
            address: phone,
            one_time_pre_keys: keys
                .iter()
                .map(|place| self.phone.one_time[*place].clone())
                .collect(),
        };
        let (by, body, never) = match place {
            P::PhoneRegisters => (
                PHONE,
                Body::Register(register(&self.phone, place, 2)?),
                None,
            ),
            P::RyanRegisters => (RYAN, Body::Register(register(&self.ryan, place, 1)?), None),
            P::WatchRegisters => (
                WATCH,
                Body::Register(register(&self.watch, place, 1)?),
                None,
            ),
            P::PhoneRegistersAnew => {
                let anew = register(&self.phone_anew, place, 1)?;
                (PHONE, Body::Register(anew), None)
            }
            P::Publishes => (PHONE, publish("link", at(36 * HOUR)), None),
            P::PublishesFurther => (PHONE, publish("further link", at(10 * DAY)), None),
            P::PublishesThird => (PHONE, publish("third link", at(10 * DAY)), None),
            P::PublishesFourth => (PHONE, publish("fourth link", at(10 * DAY)), None),
            P::Withdraws => {
                let hash = link().digest();
                (
                    PHONE,
                    Body::WithdrawAccessKey {
                        address: phone,
                        hash,
                    },
                    None,
                )
            }
            P::MoreKeys => (PHONE, one_time(&[2]), None),
            P::SignedPreKey => {
                let next = &self.phone.next;
                let body = Body::PublishSignedPreKey {
                    address: phone,
                    id: next.signed_pre_key_id.try_into().ok()?,
                    key: next.signed_pre_key.clone(),
                    signature: next.signed_pre_key_signature.clone(),
                    created: next.created,
                    suites: next.named_suites().ok(),
                    statement_signature: next.statement_signature.clone(),
                };
                (PHONE, body, None)
            }
            P::Fetches | P::FetchesAgain => (RYAN, fetch(Some(link())), None),
            P::FetchesByFurther => (RYAN, fetch(Some(further())), None),
            P::FetchesWithout => (RYAN, fetch(None), None),
            P::FetchesByMadeUp => (RYAN, fetch(Some(access_key("made up"))), None),
            P::Submits => (RYAN, submit(link(), "one", Some(12 * HOUR))?, None),
            P::SubmitsAgain => (RYAN, submit(link(), "two", None)?, None),
            P::SubmitsThird => (RYAN, submit(link(), "three", Some(5 * DAY))?, None),
            P::SubmitsByFurther => (RYAN, submit(further(), "further", Some(5 * DAY))?, None),
            P::SubmitsAgainByFurther => (RYAN, submit(further(), "more", Some(5 * DAY))?, None),
            P::SubmitsByThird => {
                let body = submit(access_key("third link"), "by third", Some(5 * DAY))?;
                (RYAN, body, None)
            }
            P::Reads => {
                let limit = LIMITS.read;
                (
                    PHONE,
                    Body::Read {
                        address: phone,
                        limit,
                    },
                    None,
                )
            }
            P::AcknowledgesFirst => (PHONE, acknowledge(&[1]), None),
            P::AcknowledgesSecond => (PHONE, acknowledge(&[2]), None),
            P::Counts => (PHONE, Body::CountOneTimePreKeys { address: phone }, None),
            P::Leaves => (PHONE, Body::Remove { address: phone }, None),
            P::WatchRemoves => (WATCH, Body::Remove { address: phone }, None),
            P::SameId => (RYAN, submit(link(), "other", Some(12 * HOUR))?, None),
            P::NoToken | P::UnknownToken => (RYAN, fetch(None), Some(Rule::Token)),
            P::FirstWithUnknownToken => {
                let registration = register(&self.phone, P::PhoneRegisters, 2)?;
                (PHONE, Body::Register(registration), Some(Rule::Token))
            }
            P::ReadsForeign => {
                let limit = 1;
                (
                    RYAN,
                    Body::Read {
                        address: phone,
                        limit,
                    },
                    Some(Rule::Token),
                )
            }
            P::RemovesForeign => (RYAN, Body::Remove { address: phone }, Some(Rule::Token)),
            P::RegistersForeign => {
                let registration = register(&self.watch, P::WatchRegisters, 1)?;
                (RYAN, Body::Register(registration), Some(Rule::Token))
            }
            P::HashOfAnother => {
                let registration = register(&self.watch, P::PhoneRegisters, 1)?;
                (WATCH, Body::Register(registration), Some(Rule::Token))
            }
            P::MadeUpLink => {
                let body = submit(access_key("made up"), "no link", None)?;
                (RYAN, body, Some(Rule::Taken))
            }
            P::FormerRegistration => {
                let former = Submission {
                    registration_id: self.ryan.fields.registration_id.try_into().ok()?,
                    ..submission(link(), "former", None)?
                };
                (RYAN, Body::Submit(former), Some(Rule::Taken))
            }
            P::TooLong => {
                let body = submit(link(), "too long a message", None)?;
                (RYAN, body, Some(Rule::Form))
            }
            P::NoLifetime => (RYAN, submit(link(), "never", Some(0))?, Some(Rule::Form)),
            P::TooLongLifetime => {
                let body = submit(link(), "ever", Some(31 * DAY))?;
                (RYAN, body, Some(Rule::Form))
            }
            P::ToNobody => {
                let lost = Submission {
                    recipient: self.nobody,
                    ..submission(link(), "nobody", None)?
                };
                (RYAN, Body::Submit(lost), Some(Rule::Taken))
            }
            P::FetchesNobody => {
                let body = Body::FetchBundle {
                    address: self.nobody,
                    access_key: None,
                };
                (RYAN, body, Some(Rule::Taken))
            }
            P::ReadsTooMany => {
                let limit = LIMITS.read + 1;
                (
                    PHONE,
                    Body::Read {
                        address: phone,
                        limit,
                    },
                    Some(Rule::Form),
                )
            }
            P::AcknowledgesTooMany => (PHONE, acknowledge(&[7, 8, 9]), Some(Rule::Form)),
            P::LinkTooFar => {
                let body = publish("far link", at(200 * DAY));
                (PHONE, body, Some(Rule::Form))
            }
            P::FormerKey => (PHONE, one_time(&[0]), Some(Rule::Keys)),
            P::NotRising => (PHONE, one_time(&[6, 5]), Some(Rule::Keys)),
            P::TooManyKeys => (PHONE, one_time(&[3, 4, 5, 6]), Some(Rule::Keys)),
            P::InvalidKey => {
                let body = falsified(&|it| it.identity_key = Hex(vec![5; 32]))?;
                (RYAN, body, Some(Rule::Keys))
            }
            P::WrongSignature => {
                let other = self.watch.fields.signed_pre_key_signature.clone();
                let body = falsified(&|it| it.signed_pre_key_signature.clone_from(&other))?;
                (RYAN, body, Some(Rule::Keys))
            }
            P::OtherTime => {
                let body = falsified(&|it| it.created = it.created.map(|at| Timestamp(at.0 - 1)))?;
                (RYAN, body, Some(Rule::Keys))
            }
            P::OtherSuites => {
                let mut suites = self.ryan.fields.suites.clone()?;
                suites.push("another-suite".to_owned());
                let suites: crate::agreement::SuiteNames = suites.try_into().ok()?;
                let body = falsified(&|it| it.suites = Some(suites.clone()))?;
                (RYAN, body, Some(Rule::Keys))
            }
            P::OtherId => {
                let other = self.phone.fields.registration_id.try_into().ok()?;
                let body = falsified(&|it| it.registration_id = other)?;
                (RYAN, body, Some(Rule::Keys))
            }
            P::OtherAddress => {
                let body = falsified(&|it| it.address = watch)?;
                (WATCH, body, Some(Rule::Keys))
            }
        };
        let authority = match place {
            P::PhoneRegisters
            | P::RyanRegisters
            | P::InvalidKey
            | P::WrongSignature
            | P::OtherTime
            | P::OtherSuites
            | P::OtherId
            | P::NoToken
            | P::UnknownToken
            | P::FirstWithUnknownToken => None,
            P::WatchRegisters | P::OtherAddress | P::HashOfAnother => {
                Some(P::PhoneRegisters as usize)
            }
            P::PhoneRegistersAnew => Some(P::WatchRegisters as usize),
            P::RegistersForeign => Some(P::RyanRegisters as usize),
            _ => Some([P::PhoneRegisters, P::WatchRegisters, P::RyanRegisters][by] as usize),
        };
        let token = match place {
            P::UnknownToken | P::FirstWithUnknownToken => Some(token(usize::MAX)),
            _ => authority.map(token),
        };
        let named = match place {
            P::SameId => P::Submits,
            _ => place,
        };
        let id = format!("errand-{}", named as usize);
        let target = *body.target();
        Some(Errand {
            words: ERRANDS[place as usize],
            request: Request {
                id: id.try_into().ok()?,
                token,
                body,
            },
            by,
            about: [phone, watch, ryan].iter().position(|it| *it == target),
            authority,
            never,
        })
    }
}

/// The highest id of one-time prekeys that a list publishes.
pub(super) fn last_id(keys: &[PublishedOneTimePreKey]) -> Option<PreKeyId> {
    keys.iter().map(|key| key.id).max()
}
