//! What may happen, and how a script says it.

/// To whom a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To one device, by its place.
    Device(u8),
    /// To all devices of a user, by the user's place.
    User(u8),
}

/// What an intermediary answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The truth.
    Honest,
    /// A bundle with the one-time prekey that was handed out last.
    Again,
    /// A bundle without a one-time prekey, though some are left.
    Without,
    /// No such device.
    NotThere,
    /// The registration ids are out of date.
    Outdated,
    /// The user has a further device.
    Further,
}

impl Answer {
    /// Those that are not true.
    pub(super) const LIES: &[Answer] = &[
        Answer::Again,
        Answer::Without,
        Answer::NotThere,
        Answer::Outdated,
        Answer::Further,
    ];
}

/// What may happen. Devices stand by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A device writes a letter, and all that it asks the intermediary for is answered at once, or with races nothing of it.
    Write {
        /// Who writes.
        from: u8,
        /// To whom.
        to: Target,
        /// Whether it is provisioning information.
        confided: bool,
    },
    /// The intermediary answers what a device asks for.
    Answers {
        /// The device.
        of: u8,
        /// What it answers.
        answer: Answer,
    },
    /// A device opens a further session with another one.
    Open {
        /// Who opens it.
        from: u8,
        /// With whom.
        to: u8,
    },
    /// A letter comes.
    Reaches {
        /// Its place among those under way.
        place: u8,
        /// Whether it is a copy: the letter comes later.
        copy: bool,
    },
    /// A letter comes with another registration id in it.
    Misleads {
        /// Its place among those under way.
        place: u8,
    },
    /// A letter is lost.
    IsLost {
        /// Its place among those under way.
        place: u8,
    },
    /// Time moves on to the next moment; nobody looks.
    Clock,
    /// A device looks at the clock.
    Looks(u8),
    /// A device leaves the intermediary, and what waits for it is gone.
    Leaves(u8),
    /// A device is known to the intermediary again.
    Returns(u8),
    /// A device is made anew at its address, and what waits for it is gone.
    IsReset(u8),
    /// A device's user names the key of another device.
    Names {
        /// Whose user.
        from: u8,
        /// The other device.
        to: u8,
    },
    /// A device's user gives the session with another device up: the next provisioning information opens one.
    Renews {
        /// Whose user.
        from: u8,
        /// The other device.
        to: u8,
    },
    /// A device's user forgets another device.
    Forgets {
        /// Whose user.
        from: u8,
        /// The other device.
        to: u8,
    },
}

/// The users.
const USERS: [&str; 2] = ["Ben", "Ryan"];
/// The devices, by place.
pub(super) const NAMES: [&str; 4] = ["Ben's phone", "Ryan's phone", "Ben's watch", "Ryan's watch"];

/// What a script calls a letter.
pub(super) fn letter(from: usize, number: u8) -> String {
    format!("\"{} {number}\"", NAMES[from].replace('\'', ""))
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Device(device) => NAMES[usize::from(device)],
            Target::User(user) => USERS[usize::from(user)],
        }
    }
}

/// What a script has to be told beside an action.
pub(super) struct Seen {
    /// The letter that is written or comes.
    pub(super) letter: String,
    /// The device that it comes to.
    pub(super) to: usize,
    /// Seconds to the next moment.
    pub(super) seconds: u64,
}

impl Action {
    /// The step of a script. With `races`, a letter is begun and not written.
    pub(super) fn sentence(self, seen: &Seen, races: bool) -> String {
        let name = |device: u8| NAMES[usize::from(device)];
        let Seen {
            letter,
            to: receiver,
            seconds,
        } = seen;
        let receiver = NAMES[*receiver];
        match self {
            Action::Write { from, to, confided } => {
                let writes = match (races, confided) {
                    (false, false) => "writes",
                    (false, true) => "confides",
                    (true, false) => "begins to write",
                    (true, true) => "begins to confide",
                };
                format!("{} {writes} {letter} to {}", name(from), to.name())
            }
            Action::Answers { of, answer } => {
                let device = name(of);
                match answer {
                    Answer::Honest => format!("{device} is answered"),
                    Answer::Again => {
                        format!("{device} is answered with the one-time prekey of the last answer")
                    }
                    Answer::Without => format!("{device} is answered without a one-time prekey"),
                    Answer::NotThere => format!("{device} is answered that nobody is there"),
                    Answer::Outdated => {
                        format!("{device} is answered that the registrations are outdated")
                    }
                    Answer::Further => format!("{device} is answered that a device is missing"),
                }
            }
            Action::Open { from, to } => {
                format!("{} opens a session with {}", name(from), name(to))
            }
            Action::Reaches { copy: false, .. } => format!("{letter} reaches {receiver}"),
            Action::Reaches { copy: true, .. } => format!("a copy of {letter} reaches {receiver}"),
            Action::Misleads { .. } => {
                format!("{letter} reaches {receiver} with another registration id")
            }
            Action::Names { from, to } => {
                format!("{} has named the key of {}", name(from), name(to))
            }
            Action::IsLost { .. } => format!("{letter} to {receiver} is lost"),
            Action::Clock => {
                let s = if *seconds == 1 { "" } else { "s" };
                format!("the clock moves on by {seconds} second{s}")
            }
            Action::Looks(device) => format!("{} looks at the clock", name(device)),
            Action::Leaves(device) => format!("{} leaves the directory", name(device)),
            Action::Returns(device) => format!("{} comes back to the directory", name(device)),
            Action::IsReset(device) => format!("{} is made anew at its address", name(device)),
            Action::Renews { from, to } => {
                format!(
                    "the user of {} gives the session with {} up",
                    name(from),
                    name(to)
                )
            }
            Action::Forgets { from, to } => {
                format!("the user of {} forgets {}", name(from), name(to))
            }
        }
    }
}
