//! A command: what its user wants is carried out, what is to be sent is sent, and what came is read.

use super::made_up::{self, MadeUp};
use super::{Notice, Server, WalletFile, WalletFileError};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Body, Digest, Request, RequestId};
use crate::primitives::Randomness;
use crate::serve;
use crate::timestamp::Timestamp;
use crate::transfer::{Invitation, Offer, Offered, StateName, Vertical};
use crate::wallet::{Effect, Wallet, WalletError, WalletEvent};
use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

/// A reading waits at most so many seconds at the server.
const LONGEST_READING: u64 = 30;
/// Between readings that do not wait, as of a server that cannot.
const PAUSE: Duration = Duration::from_secs(1);
/// So many batches are read at once: more than a mailbox holds (MBX-11), so that a server that always has one more does not
/// keep a command for ever.
const MOST_BATCHES: usize = 60;
/// After so many requests without an answer, one after the other, nothing more is asked.
const MOST_SILENCES: usize = 3;

/// So many requests are asked in a row: more than a wallet comes to, whatever it is answered.
const MOST_REQUESTS: usize = 10_000;

const CAN_BE_ACCEPTED: &[StateName] = &[StateName::Invited];
const CAN_BE_CANCELLED: &[StateName] = &[
    StateName::Offered,
    StateName::Signed,
    StateName::Invited,
    StateName::Requested,
];

/// What a user wants.
#[derive(Clone, Debug)]
pub enum Wish {
    /// To be known to the server: every command sees to that.
    Join,
    /// A link to give away.
    Invite(Vertical),
    /// To take a link of somebody.
    Take(String),
    /// To offer a credential by a link that was taken, that of the device whose address begins so; or by the one that there
    /// is.
    Offer(MadeUp, Option<String>),
    /// To accept an offer, by the beginning of its id; or the one that there is.
    Accept(Option<String>),
    /// To decline one.
    Decline(Option<String>),
    /// To cancel a transfer.
    Cancel(Option<String>),
    /// To read what has come.
    Look,
}

impl Wish {
    /// The states in which a transfer has ended as it was wished.
    fn ends_in(&self) -> &'static [StateName] {
        match self {
            Self::Join | Self::Invite(_) | Self::Take(_) | Self::Look => &[],
            Self::Offer(..) => &[StateName::Completed],
            Self::Accept(_) => &[StateName::Provisioned],
            Self::Decline(_) => &[StateName::Declined],
            Self::Cancel(_) => &[StateName::Cancelled, StateName::OfferCancelled],
        }
    }
}

/// Time, as a command meets it.
pub trait Clock {
    /// The time of day.
    fn now(&self) -> Timestamp;
    /// How long it is since some moment before the command.
    fn elapsed(&self) -> Duration;
    /// Waits for so long.
    fn pause(&mut self, time: Duration);
}

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        serve::Clock::system().now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// What a wallet has around it.
pub struct Around<'a> {
    /// Whom it asks.
    pub server: &'a mut dyn Server,
    /// Its clock.
    pub clock: &'a mut dyn Clock,
    /// What it draws from.
    pub randomness: &'a mut dyn Randomness,
    /// Tells the user something.
    pub tell: &'a mut dyn FnMut(&Notice) -> io::Result<()>,
}

/// A wallet in its file, in talk with its server.
pub struct Talk<'a> {
    file: &'a mut WalletFile,
    around: Around<'a>,
    /// What was asked since the last tick: a tick asks again what has no answer.
    asked: HashSet<RequestId>,
    /// Whether the last reading had messages.
    has_read: bool,
    /// What the user was told, in this command.
    told: Vec<Notice>,
    /// The number of the token that is being offered.
    token: Option<Digest>,
}

impl<'a> Talk<'a> {
    /// With that file.
    pub fn new(file: &'a mut WalletFile, around: Around<'a>) -> Self {
        Talk {
            file,
            around,
            asked: HashSet::new(),
            has_read: false,
            told: Vec::new(),
            token: None,
        }
    }

    /// Carries a wish out, and then waits up to so many seconds until the transfer that it is about has ended, or where it
    /// is about none, until there is something to tell. Whether it came about; where nobody has waited, whether it still
    /// may.
    ///
    /// # Errors
    /// Where the wish cannot be carried out, the file cannot be written, or the server is silent.
    pub fn carry_out(&mut self, wish: &Wish, wait: Option<u64>) -> Result<bool, WalletFileError> {
        let done = self.carry_out_and_tell(wish, wait);
        // What was told is not told again, though the wish was refused.
        if !matches!(
            done,
            Err(WalletFileError::Untold(_) | WalletFileError::Unsaved { .. })
        ) {
            self.file.forget_news()?;
        }
        done
    }

    fn carry_out_and_tell(
        &mut self,
        wish: &Wish,
        wait: Option<u64>,
    ) -> Result<bool, WalletFileError> {
        let wait_for = Duration::from_secs(wait.unwrap_or_default());
        let until = self.around.clock.elapsed().saturating_add(wait_for);
        self.tell()?;
        self.step(WalletEvent::Tick)?;
        if self.file.wallet().token().is_none() && !self.is_joining() {
            self.step(WalletEvent::Register { sponsor: None })?;
        }
        self.settle(None)?;
        if self.file.wallet().token().is_none() {
            return Err(WalletFileError::NotJoined);
        }
        self.collect(None)?;
        if matches!(wish, Wish::Accept(_)) {
            self.wait(until, |talk| talk.has(StateName::Invited))?;
        }
        let about = self.wish(wish)?;
        self.sees_through(about, wait.map(|_| until))
            .map_err(WalletFileError::after_the_wish)?;
        let state = about.and_then(|id| self.file.wallet().transfers().state(&id));
        let came_about = state.is_none_or(|state| {
            wish.ends_in().contains(&state) || (wait.is_none() && !state.is_final())
        });
        Ok(came_about && !self.told.iter().any(Notice::is_bad))
    }

    /// What the user was told in this command.
    #[must_use]
    pub fn told(&self) -> &[Notice] {
        &self.told
    }

    /// Sends what a wish has brought about, and waits for what comes of it.
    fn sees_through(
        &mut self,
        about: Option<TransferId>,
        until: Option<Duration>,
    ) -> Result<(), WalletFileError> {
        self.settle(None)?;
        self.collect(None)?;
        let Some(until) = until else {
            return Ok(());
        };
        self.wait(until, |talk| match about {
            Some(id) => {
                let state = talk.file.wallet().transfers().state(&id);
                state.is_none_or(StateName::is_final)
            }
            None => !talk.told.is_empty(),
        })
    }

    /// Looks for messages again and again until that is so, or the time is over. A server that is silent meanwhile may be
    /// there again before that.
    fn wait(
        &mut self,
        until: Duration,
        is_over: impl Fn(&Self) -> bool,
    ) -> Result<(), WalletFileError> {
        let mut silence = Ok(());
        while !is_over(self) {
            let began = self.around.clock.elapsed();
            let left = until.saturating_sub(began);
            if left.is_zero() {
                break;
            }
            silence = match self.look(left.as_secs().clamp(1, LONGEST_READING)) {
                Err(WalletFileError::NoAnswer(error)) => Err(WalletFileError::NoAnswer(error)),
                looked => Ok(looked?),
            };
            let took = self.around.clock.elapsed().saturating_sub(began);
            if took < PAUSE && !is_over(self) {
                self.around.clock.pause(PAUSE.min(left));
            }
        }
        silence
    }

    fn look(&mut self, wait: u64) -> Result<(), WalletFileError> {
        self.step(WalletEvent::Tick)?;
        self.settle(None)?;
        self.collect(Some(wait))
    }

    /// Reads what is in the mailbox; where nothing is, so many seconds may be waited for it.
    fn collect(&mut self, wait: Option<u64>) -> Result<(), WalletFileError> {
        for batch in 0..MOST_BATCHES {
            self.has_read = false;
            self.step(WalletEvent::Collect)?;
            self.settle(wait.filter(|_| batch == 0))?;
            if !self.has_read {
                break;
            }
        }
        Ok(())
    }

    /// Asks whatever waits for an answer and was not asked since the last tick. What nobody waits for any more, since its
    /// transfer has ended meanwhile, is not asked (XFER-14).
    fn settle(&mut self, wait: Option<u64>) -> Result<(), WalletFileError> {
        let mut silences = Vec::new();
        for _ in 0..MOST_REQUESTS {
            let Some(request) = self.next_request() else {
                break;
            };
            self.asked.insert(request.id.clone());
            let is_reading = matches!(request.body, Body::Read { .. });
            match self
                .around
                .server
                .ask(&request, wait.filter(|_| is_reading))
            {
                Ok(answer) => self.answered(request.id, answer)?,
                Err(silence) => silences.push(silence),
            }
            if silences.len() >= MOST_SILENCES {
                break;
            }
        }
        match silences.into_iter().next() {
            Some(silence) => Err(WalletFileError::NoAnswer(silence)),
            None => Ok(()),
        }
    }

    fn next_request(&self) -> Option<Request> {
        let mut waiting = self.file.wallet().waiting();
        waiting.find(|request| !self.asked.contains(&request.id))
    }

    fn answered(
        &mut self,
        request: RequestId,
        answer: Result<Answer, ErrorCode>,
    ) -> Result<(), WalletFileError> {
        if let Ok(Answer::Envelopes { envelopes }) = &answer {
            self.has_read |= !envelopes.is_empty();
        }
        self.step(WalletEvent::Answer { request, answer })
    }

    /// An event: the state is saved with what is to be told, and only then the rest of the world hears of it (WAL-01).
    fn step(&mut self, event: WalletEvent) -> Result<(), WalletFileError> {
        if event == WalletEvent::Tick {
            self.asked.clear();
        }
        let mut wallet = self.file.wallet().clone();
        let now = self.around.clock.now();
        let effects = wallet.step(event, now, self.around.randomness)?;
        let news = effects
            .into_iter()
            .filter_map(|effect| self.notice(&wallet, effect))
            .collect();
        self.file.put(wallet, news)?;
        self.tell()
    }

    /// What of an effect the user is told. Requests wait in the wallet.
    fn notice(&self, wallet: &Wallet, effect: Effect) -> Option<Notice> {
        match effect {
            Effect::Request(_) => None,
            Effect::Invitation { link } => Some(Notice::Link {
                link: link.into_bytes().into(),
            }),
            Effect::Changed {
                transfer, after, ..
            } => {
                let transfers = wallet.transfers();
                let summary = transfers.summary(&transfer)?;
                let here = transfers.credential(&transfer).map(made_up::number_of);
                let offered = match after {
                    StateName::Offered => self.token,
                    _ => None,
                };
                let owner = transfers.owner_key(&transfer);
                let owner = owner.map(|key| Digest::of(&key.encode()));
                Some(Notice::Transfer {
                    transfer,
                    state: after,
                    peer: summary.peer,
                    flow: summary.flow,
                    number: here.or(offered).or(owner),
                })
            }
            Effect::Report(report) => Some(Notice::Report(report)),
        }
    }

    fn tell(&mut self) -> Result<(), WalletFileError> {
        for notice in std::mem::take(&mut self.file.news) {
            (self.around.tell)(&notice).map_err(WalletFileError::Untold)?;
            self.told.push(notice);
        }
        Ok(())
    }

    /// The wish as an event of the wallet, and the transfer that it is about.
    fn wish(&mut self, wish: &Wish) -> Result<Option<TransferId>, WalletFileError> {
        let about = match wish {
            Wish::Join | Wish::Look => None,
            Wish::Invite(vertical) => {
                let host = self.file.server().host().clone();
                self.step(WalletEvent::Invite {
                    host,
                    vertical: *vertical,
                    lifetime: None,
                })?;
                None
            }
            Wish::Take(link) => {
                let Invitation {
                    host: theirs,
                    address: device,
                    ..
                } = link.parse().map_err(WalletError::Invitation)?;
                let own = self.file.server().host().clone();
                if theirs != own {
                    return Err(WalletFileError::OtherServer { theirs, own });
                }
                self.step(WalletEvent::TakeInvitation(link.clone()))?;
                // What its user has just done needs no telling after a crash.
                self.file.news.push(Notice::Taken { device });
                self.tell()?;
                None
            }
            Wish::Offer(what, to) => Some(self.offer(*what, to.as_deref())?),
            Wish::Accept(name) => {
                let id = self.choose(name.as_deref(), CAN_BE_ACCEPTED, "nothing is offered")?;
                self.step(WalletEvent::Accept(id))?;
                Some(id)
            }
            Wish::Decline(name) => {
                let id = self.choose(name.as_deref(), CAN_BE_ACCEPTED, "nothing is offered")?;
                self.step(WalletEvent::Decline(id))?;
                Some(id)
            }
            Wish::Cancel(name) => {
                let none = "no transfer is under way";
                let id = self.choose(name.as_deref(), CAN_BE_CANCELLED, none)?;
                self.step(WalletEvent::Cancel(id))?;
                Some(id)
            }
        };
        Ok(about)
    }

    fn offer(&mut self, what: MadeUp, to: Option<&str>) -> Result<TransferId, WalletFileError> {
        let to = self.link_of(to)?;
        let what = what.offered(self.around.randomness)?;
        self.token = match &what {
            Offered::AuthorizationToken(token) => Some(Digest::of(token.expose())),
            Offered::CarKey => None,
        };
        let told = self.told.len();
        self.step(WalletEvent::Offer(Offer {
            to,
            what,
            lifetime: None,
            again: false,
        }))?;
        let mut new = self.told[told..].iter();
        let offered = new.find_map(|notice| match notice {
            Notice::Transfer {
                transfer,
                state: StateName::Offered,
                ..
            } => Some(*transfer),
            _ => None,
        });
        offered.ok_or(WalletFileError::NoTransfer("no offer was made"))
    }

    /// The device whose link was taken and whose address begins so.
    fn link_of(&self, name: Option<&str>) -> Result<Address, WalletFileError> {
        let now = self.around.clock.now();
        let links = self.file.wallet().links_taken();
        let meant: Vec<Address> = links
            .filter(|(address, end)| now < *end && is_meant(address, name))
            .map(|(address, _)| address)
            .collect();
        match meant.as_slice() {
            [] => Err(WalletFileError::NobodyToOfferTo),
            [only] => Ok(*only),
            _ => Err(WalletFileError::Several(meant)),
        }
    }

    /// The transfer in one of these states whose id begins so.
    fn choose(
        &self,
        name: Option<&str>,
        states: &[StateName],
        none: &'static str,
    ) -> Result<TransferId, WalletFileError> {
        let all = self.file.wallet().transfers().states();
        let meant: Vec<(TransferId, StateName)> = all
            .filter(|(id, state)| states.contains(state) && is_meant(id, name))
            .map(|(id, state)| (*id, state))
            .collect();
        match meant.as_slice() {
            [] => Err(WalletFileError::NoTransfer(none)),
            [(only, _)] => Ok(*only),
            _ => Err(WalletFileError::SeveralTransfers(meant)),
        }
    }

    fn is_joining(&self) -> bool {
        let mut waiting = self.file.wallet().waiting();
        waiting.any(|request| matches!(request.body, Body::Register(_)))
    }

    fn has(&self, state: StateName) -> bool {
        let mut all = self.file.wallet().transfers().states();
        all.any(|(_, its)| its == state)
    }
}

/// Whether a name is the beginning of that one.
fn is_meant(whole: &impl ToString, name: Option<&str>) -> bool {
    name.is_none_or(|name| whole.to_string().starts_with(&name.to_lowercase()))
}
