//! Steps of single devices: each is computed once, with the real engine, and remembered.

use super::action::Target;
use super::state::{DEVICES, Token};
use crate::agreement::BundleFields;
use crate::conformance::correspondence::{Breach, Correspondent, Deeds, Fault, Letter, Waits};
use crate::identifier::{Address, DeviceId, Recipient, UserId};
use crate::model::interned::Interned;
use crate::model::remembered::{Local, Remembered};
use crate::sesame::{Purpose, SendEvent};
use crate::timestamp::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a device is put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// It starts a letter.
    Start(Target, bool),
    /// A bundle comes, by its number.
    Bundle(u32),
    /// A device is not there.
    NoBundle(u8),
    /// What it submitted is accepted.
    Accepted,
    /// Devices are missing, and devices are gone: a bit each.
    Mismatch(u8, u8),
    /// Registrations are outdated: a bit each.
    Outdated(u8),
    /// A letter comes, by its number.
    Read(u32),
    /// The same, with another registration id in it.
    Misread(u32),
    /// It opens a session with a bundle, by its number.
    Open(u32),
    /// Time comes to so many seconds after the beginning.
    Tick(u64),
    /// Its user names the key of a device in that state.
    Name(u32),
    /// Its user forgets a device.
    Forget(u8),
    /// Its user gives the session with a device up for provisioning information.
    Renew(u8),
}

/// What comes of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct After {
    /// The device's state.
    pub(super) device: u32,
    /// Letters that leave.
    pub(super) letters: [Token; 2],
    /// What is broken, counted from 1.
    pub(super) broken: u8,
}

/// What a device waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Nothing,
    Bundle(u8),
    Statement(u8),
    /// To which user, or to which device; of each device that gets a message the registration id, else 0.
    Submission(Target, [u32; DEVICES]),
}

/// What the network and the intermediary can see of a device's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) waits: Wait,
    pub(super) written: u8,
    pub(super) registration_id: u32,
    /// Its time, in seconds after the beginning.
    pub(super) now: u64,
}

/// What a thread remembers by itself.
#[derive(Default)]
pub(super) struct Memory {
    steps: Local<(u32, Step), After>,
    facts: Local<u32, Facts>,
    bundles: Local<(u32, u8), u32>,
}

/// When everything begins.
pub(super) const BEGINNING: Timestamp = Timestamp(1_767_225_600);

/// Device states, letters and bundles by number, and the steps between them.
pub(super) struct Steps {
    addresses: [Address; DEVICES],
    pub(super) devices: Interned<Correspondent>,
    pub(super) letters: Interned<Letter>,
    bundles: Interned<BundleFields>,
    taken: Remembered<(u32, Step), After>,
    facts: Remembered<u32, Facts>,
    bundles_of: Remembered<(u32, u8), u32>,
    deeds: AtomicU64,
}

/// What says that something is broken.
pub(super) fn broken(breach: Breach) -> u8 {
    let place = Breach::ALL.iter().position(|other| *other == breach);
    place.map_or(u8::MAX, |place| place as u8 + 1)
}

/// The users' identifiers: any two.
const USER_IDS: [&str; 2] = [
    "3b241101-e2bb-4255-8caf-4136c566a962",
    "9f0c7f5e-6a1d-4f7a-9a33-5d8c1b2e4f60",
];

impl Default for Steps {
    fn default() -> Self {
        let address = |place: usize| {
            let user: Result<UserId, _> = USER_IDS[place % 2].parse();
            let device = DeviceId::try_from(place as u32 / 2 + 1);
            match (user, device) {
                (Ok(user_id), Ok(device_id)) => Address { user_id, device_id },
                _ => unreachable!("they are written here"),
            }
        };
        Steps {
            addresses: std::array::from_fn(address),
            devices: Interned::default(),
            letters: Interned::default(),
            bundles: Interned::default(),
            taken: Remembered::default(),
            facts: Remembered::default(),
            bundles_of: Remembered::default(),
            deeds: AtomicU64::new(0),
        }
    }
}

impl Steps {
    pub(super) fn address(&self, place: usize) -> Address {
        self.addresses[place]
    }

    fn place(&self, address: &Address) -> usize {
        let place = self.addresses.iter().position(|other| other == address);
        place.unwrap_or(0)
    }

    fn user(&self, user: u8) -> UserId {
        self.addresses[usize::from(user)].user_id
    }

    /// What was seen to be possible so far, a bit for each deed.
    pub(super) fn deeds(&self) -> u64 {
        self.deeds.load(Ordering::Relaxed)
    }

    /// How many device states, letters and steps there are.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("device states", self.devices.len() as u64),
            ("letters", self.letters.len() as u64),
            ("device steps", self.taken.len() as u64),
        ]
    }

    /// The step of a device.
    pub(super) fn step(&self, memory: &mut Memory, device: u32, step: Step) -> After {
        self.taken.get_or(&mut memory.steps, (device, step), || {
            self.compute(device, step)
        })
    }

    /// What can be seen of a device.
    pub(super) fn facts(&self, memory: &mut Memory, device: u32) -> Facts {
        self.facts.get_or(&mut memory.facts, device, || {
            let device = self.devices.get(device);
            let waits = match device.waits() {
                None => Wait::Nothing,
                Some(Waits::Bundle(address)) => Wait::Bundle(self.place(&address) as u8),
                Some(Waits::Statement(address)) => Wait::Statement(self.place(&address) as u8),
                Some(Waits::Submission(recipient, messages)) => {
                    let mut registrations = [0; DEVICES];
                    for (address, registration_id) in messages {
                        registrations[self.place(&address)] = registration_id;
                    }
                    let target = match recipient {
                        Recipient::Device(address) => Target::Device(self.place(&address) as u8),
                        Recipient::User(user) if user == self.user(0) => Target::User(0),
                        Recipient::User(_) => Target::User(1),
                    };
                    Wait::Submission(target, registrations)
                }
            };
            Facts {
                waits,
                written: device.written(),
                registration_id: device.registration_id(),
                now: device.now().seconds_since(BEGINNING),
            }
        })
    }

    /// Whether a letter can come with another registration id.
    pub(super) fn misleads(&self, letter: u32) -> bool {
        self.letters.get(letter).misled().is_some()
    }

    /// The bundle of a device in that state, with that one-time prekey; 0 is none. Its number.
    pub(super) fn bundle(&self, memory: &mut Memory, device: u32, one_time: u8) -> u32 {
        self.bundles_of
            .get_or(&mut memory.bundles, (device, one_time), || {
                let device = self.devices.get(device);
                let one_time = (one_time > 0).then_some(u32::from(one_time));
                match device.bundle(one_time) {
                    Some(bundle) => self.bundles.intern(bundle),
                    None => unreachable!("every device has a signed prekey"),
                }
            })
    }

    fn compute(&self, number: u32, step: Step) -> After {
        let mut device = Correspondent::clone(&self.devices.get(number));
        let broken = match self.take(&mut device, step) {
            Ok((deeds, letters)) => {
                self.deeds.fetch_or(deeds.0, Ordering::Relaxed);
                let mut tokens = [Token::NONE; 2];
                for (token, letter) in tokens.iter_mut().zip(letters) {
                    let to = self.place(&letter.to);
                    *token = Token::new(self.letters.intern(letter), to);
                }
                return After {
                    device: self.devices.intern(device),
                    letters: tokens,
                    broken: 0,
                };
            }
            Err(fault) => broken(fault.breach),
        };
        After {
            device: number,
            letters: [Token::NONE; 2],
            broken,
        }
    }

    fn take(&self, device: &mut Correspondent, step: Step) -> Result<(Deeds, Vec<Letter>), Fault> {
        let alone = |deeds| (deeds, Vec::new());
        match step {
            Step::Start(target, confided) => {
                let recipient = match target {
                    Target::Device(place) => Recipient::Device(self.addresses[usize::from(place)]),
                    Target::User(user) => Recipient::User(self.user(user)),
                };
                let purpose = if confided {
                    Purpose::Provisioning
                } else {
                    Purpose::Other
                };
                device.start(recipient, purpose).map(alone)
            }
            Step::Bundle(bundle) => {
                let bundle = BundleFields::clone(&self.bundles.get(bundle));
                device.goes_on(&SendEvent::Bundle(bundle))
            }
            Step::NoBundle(place) => {
                device.goes_on(&SendEvent::NoBundle(self.addresses[usize::from(place)]))
            }
            Step::Accepted => device.goes_on(&SendEvent::Accepted),
            Step::Mismatch(missing, extra) => device.goes_on(&SendEvent::DeviceMismatch {
                missing: self.ids(missing),
                extra: self.ids(extra),
            }),
            Step::Outdated(devices) => {
                device.goes_on(&SendEvent::StaleRegistration(self.ids(devices)))
            }
            Step::Read(letter) => device.read(&self.letters.get(letter)).map(alone),
            Step::Misread(letter) => {
                let letter = self.letters.get(letter);
                device
                    .read(&letter.misled().unwrap_or_else(|| Letter::clone(&letter)))
                    .map(alone)
            }
            Step::Open(bundle) => device.open(&self.bundles.get(bundle)).map(alone),
            Step::Tick(seconds) => device.tick(BEGINNING.after(seconds)).map(alone),
            Step::Name(peer) => device.name(&self.devices.get(peer)).map(alone),
            Step::Forget(place) => device
                .forget(&self.addresses[usize::from(place)])
                .map(alone),
            Step::Renew(place) => device
                .open_anew(&self.addresses[usize::from(place)])
                .map(alone),
        }
    }

    /// The ids of those devices, a bit each.
    fn ids(&self, devices: u8) -> Vec<DeviceId> {
        let places = (0..DEVICES).filter(|place| devices & 1 << place != 0);
        places
            .map(|place| self.addresses[place].device_id)
            .collect()
    }
}
