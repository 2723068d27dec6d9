//! A hotel key and a car key between two fresh wallets, told line by line.
//!
//! What is told is what happens: the wallets are files, each step is the command that a person gives, and what the server sees is
//! taken from the requests that it gets.

use super::{
    Around, Clock, MadeUp, NoAnswer, Notice, Server, ServerUrl, Talk, WalletFile, WalletFileError,
    Wish,
};
use crate::conformance::FileError;
use crate::error_code::ErrorCode;
use crate::hex;
use crate::identifier::Address;
use crate::intermediary::view::learned;
use crate::intermediary::{Answer, Body, Digest, Learned, Request};
use crate::primitives::{Randomness, Secret};
use crate::system;
use crate::transfer::{Credential, StateName, Vertical};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// So often each of the two looks for messages until a transfer has ended: a car key takes two such rounds.
const MOST_ROUNDS: usize = 5;

/// Says one line.
pub type Say<'a> = dyn FnMut(&str) -> io::Result<()> + 'a;

/// A folder that is gone once the demo is over, with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn make(randomness: &mut dyn Randomness) -> Result<Self, WalletFileError> {
        let number = Secret::<16>::random(randomness)?;
        let name = format!("tigress-wallets-{}", hex::encode(number.expose()));
        let path = std::env::temp_dir().join(name);
        let mut folder = fs::DirBuilder::new();
        system::keep_folder_private(&mut folder)
            .create(&path)
            .map_err(|error| {
                FileError::of(
                    path.display().to_string(),
                    format!("cannot be made: {error}"),
                )
            })?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The server, and what it is asked.
struct Watched<'a> {
    server: &'a mut dyn Server,
    /// Who asks.
    by: Address,
    names: BTreeMap<Address, &'static str>,
    requests: usize,
    /// All that the requests said, as they stand on the wire.
    texts: Zeroizing<String>,
    /// What it saw since it was last told, but for readings.
    seen: Vec<String>,
    learned: BTreeMap<Learned, BTreeSet<String>>,
}

impl Server for Watched<'_> {
    fn ask(
        &mut self,
        request: &Request,
        wait: Option<u64>,
    ) -> Result<Result<Answer, ErrorCode>, NoAnswer> {
        self.requests += 1;
        self.texts.push_str(&crate::saved::to_json(request));
        for row in learned(self.by, request, crate::timestamp::Timestamp(0)) {
            self.learned.entry(row.kind).or_default().insert(row.value);
        }
        self.seen.extend(self.sees(&request.body));
        self.server.ask(request, wait)
    }
}

impl Watched<'_> {
    fn name(&self, device: &Address) -> String {
        let name = self.names.get(device);
        name.map_or_else(|| device.to_string(), |name| (*name).to_owned())
    }

    /// What a request shows, beside who makes it.
    fn sees(&self, body: &Body) -> Option<String> {
        Some(match body {
            Body::Register(device) => format!(
                "an address, an identity key, a signed prekey, {} one-time prekeys and the hash of a token",
                device.one_time_pre_keys.len()
            ),
            Body::PublishAccessKey { .. } => {
                "the hash of an access key, and when it expires".to_owned()
            }
            Body::FetchBundle { address, .. } => {
                format!("who asks for the keys of {}", self.name(address))
            }
            Body::Submit(message) => format!(
                "a message of {} bytes for {}, of which it can read the header",
                message.message.0.len(),
                self.name(&message.recipient)
            ),
            // Of these only the number says anything.
            Body::Read { .. } | Body::Acknowledge { .. } => return None,
            other => format!("`{}`", other.name()),
        })
    }
}

/// The demo's stage: what both wallets have around them.
struct Stage<'a> {
    server: Watched<'a>,
    clock: &'a mut dyn Clock,
    randomness: &'a mut dyn Randomness,
    say: &'a mut Say<'a>,
}

impl Stage<'_> {
    fn says(&mut self, who: &str, what: &str) -> Result<(), WalletFileError> {
        (self.say)(&format!("  {who:7} {what}")).map_err(WalletFileError::Untold)
    }

    fn title(&mut self, what: &str) -> Result<(), WalletFileError> {
        (self.say)("").map_err(WalletFileError::Untold)?;
        (self.say)(what).map_err(WalletFileError::Untold)
    }

    /// One of the two gives a command: what came of it, and what it was told.
    fn command(
        &mut self,
        file: &mut WalletFile,
        wish: &Wish,
    ) -> Result<Vec<Notice>, WalletFileError> {
        let own = file.wallet().device().address();
        self.server.by = own;
        let who = self.server.name(&own);
        let names = self.server.names.clone();
        let name = |device: &Address| {
            let name = names.get(device);
            name.map_or_else(|| device.to_string(), |name| (*name).to_owned())
        };
        let say = &mut *self.say;
        let mut tell = |notice: &Notice| match notice.link() {
            // A secret that is of no use once the demo is over, but looks like one that is.
            Some(link) => {
                let shown = link.split('#').next().unwrap_or_default();
                say(&format!(
                    "  {who:7} makes the link {shown}#(96 characters that the server never gets)"
                ))
            }
            None => say(&format!("  {who:7} {}", notice.words(&name))),
        };
        let around = Around {
            server: &mut self.server,
            clock: &mut *self.clock,
            randomness: &mut *self.randomness,
            tell: &mut tell,
        };
        let mut talk = Talk::new(file, around);
        talk.carry_out(wish, None)?;
        let told = talk.told().to_vec();
        for seen in std::mem::take(&mut self.server.seen) {
            self.says("server", &format!("sees {seen}"))?;
        }
        Ok(told)
    }
}

impl Stage<'_> {
    /// Ben offers something, Ryan accepts, and both look until the transfer has ended: whether what was offered is what came.
    fn pass(
        &mut self,
        what: MadeUp,
        ben: &mut WalletFile,
        ryan: &mut WalletFile,
    ) -> Result<bool, WalletFileError> {
        let mut told = self.command(ben, &Wish::Offer(what, None))?;
        match self.command(ryan, &Wish::Accept(None)) {
            // What was offered has not come.
            Err(WalletFileError::NoTransfer(_)) => return Ok(false),
            accepted => told.extend(accepted?),
        }
        for _ in 0..MOST_ROUNDS {
            if has_come_to(&told, StateName::Completed) {
                break;
            }
            told.extend(self.command(ben, &Wish::Look)?);
            told.extend(self.command(ryan, &Wish::Look)?);
        }
        let offered = number_in(&told, StateName::Offered);
        let is_same = offered.is_some() && offered == number_in(&told, StateName::Provisioned);
        Ok(is_same && has_come_to(&told, StateName::Completed))
    }

    /// What the server knows by now; whether one of these secrets is among it.
    fn tells_what_was_learned(
        &mut self,
        secrets: &[Zeroizing<String>],
    ) -> Result<bool, WalletFileError> {
        self.title("What the server has learned: nothing but these, and when")?;
        for (kind, values) in std::mem::take(&mut self.server.learned) {
            self.says(&format!("{:>7}", values.len()), called(kind))?;
        }
        let mut secrets = secrets.iter();
        let shown = secrets.any(|secret| self.server.texts.contains(secret.as_str()));
        let requests = self.server.requests;
        let unread = if shown {
            format!("A SECRET STANDS IN ITS {requests} REQUESTS")
        } else {
            format!(
                "the link's secret, the token and what was signed stand in none of its {requests} requests"
            )
        };
        self.says("", &unread)?;
        Ok(shown)
    }
}

/// Whether a transfer has come to that state.
fn has_come_to(told: &[Notice], wanted: StateName) -> bool {
    let is_it =
        |notice: &Notice| matches!(notice, Notice::Transfer { state, .. } if *state == wanted);
    told.iter().any(is_it)
}

/// The number of the credential that a notice of that state names.
fn number_in(told: &[Notice], wanted: StateName) -> Option<Digest> {
    told.iter().find_map(|notice| match notice {
        Notice::Transfer { state, number, .. } if *state == wanted => *number,
        _ => None,
    })
}

/// What several of a kind are called.
fn called(kind: Learned) -> &'static str {
    match kind {
        Learned::Asked => "kinds of requests",
        Learned::RequestId => "request ids",
        Learned::Address => "addresses",
        Learned::IdentityKey => "identity keys",
        Learned::RegistrationId => "registration ids",
        Learned::SignedPreKey => "signed prekeys",
        Learned::Statement => "statements about them",
        Learned::OneTimePreKey => "one-time prekeys",
        Learned::AccessKey => "hashes of access keys",
        Learned::AccessExpires => "times at which those end",
        Learned::AskedBundleOf => "devices whose keys were asked for",
        Learned::WroteTo => "mailboxes that were written to",
        Learned::EnvelopeKind => "kinds of messages",
        Learned::PaddedSize => "sizes of messages",
        Learned::Lifetime => "lifetimes of messages",
        Learned::Mailbox => "numbers of messages in mailboxes",
    }
}

/// What the server must not get: the link's fragment, what came to Ryan, each as it would stand in a request.
fn secrets(link: &str, ryan: &WalletFile) -> Vec<Zeroizing<String>> {
    let fragment = link
        .split_once('#')
        .map(|(_, fragment)| fragment.to_owned());
    let transfers = ryan.wallet().transfers();
    let credentials = transfers
        .states()
        .filter_map(|(id, _)| transfers.credential(id));
    let credentials = credentials.map(|credential| match credential {
        Credential::AuthorizationToken { token } => hex::encode(token.expose()),
        Credential::CarKey { import, .. } => hex::encode(import.expose()),
    });
    fragment
        .into_iter()
        .chain(credentials)
        .map(Zeroizing::new)
        .collect()
}

/// Plays it: whether both credentials came, and nothing of them stood in what the server got.
///
/// # Errors
/// Where a command fails.
pub fn play<'a>(
    url: &ServerUrl,
    server: &'a mut dyn Server,
    clock: &'a mut dyn Clock,
    randomness: &'a mut dyn Randomness,
    say: &'a mut Say<'a>,
) -> Result<bool, WalletFileError> {
    let folder = Folder::make(randomness)?;
    let make = |name: &str, clock: &mut dyn Clock, randomness: &mut dyn Randomness| {
        let path: &Path = &folder.0;
        WalletFile::create(&path.join(name), url.clone(), clock.now(), randomness)
    };
    let mut ben = make("ben.wallet", clock, randomness)?;
    let mut ryan = make("ryan.wallet", clock, randomness)?;
    let [of_ben, of_ryan] = [&ben, &ryan].map(|it| it.wallet().device().address());
    let mut stage = Stage {
        server: Watched {
            server,
            by: of_ben,
            names: BTreeMap::from([(of_ben, "Ben"), (of_ryan, "Ryan")]),
            requests: 0,
            texts: Zeroizing::default(),
            seen: Vec::new(),
            learned: BTreeMap::new(),
        },
        clock,
        randomness,
        say,
    };
    (stage.say)(&format!(
        "Ben passes a hotel key and a car key on to Ryan, by the server at {url}. Both are made up, and open nothing."
    ))
    .map_err(WalletFileError::Untold)?;

    stage.title("Both join the server")?;
    stage.says("Ryan", &format!("makes a wallet: {of_ryan}"))?;
    stage.command(&mut ryan, &Wish::Join)?;
    stage.says("Ben", &format!("makes a wallet: {of_ben}"))?;
    stage.command(&mut ben, &Wish::Join)?;

    stage.title(
        "Ryan gives Ben a link, by a way that both trust: it is what ties a person to a key",
    )?;
    let told = stage.command(&mut ryan, &Wish::Invite(Vertical::GeneralAccess))?;
    let link = told.iter().find_map(Notice::link);
    let link = link.ok_or(WalletFileError::NoTransfer(
        "the server did not take the link",
    ))?;
    let link = Zeroizing::new(link.to_owned());
    stage.command(&mut ben, &Wish::Take((*link).clone()))?;

    stage.title("The hotel key: what is offered opens the door by itself")?;
    let hotel_key = stage.pass(MadeUp::HotelKey, &mut ben, &mut ryan)?;
    stage.title("The car key: Ryan's wallet makes a key of its own, and Ben's signs it")?;
    let car_key = stage.pass(MadeUp::CarKey, &mut ben, &mut ryan)?;

    let shown = stage.tells_what_was_learned(&secrets(&link, &ryan))?;
    let what = match (hotel_key, car_key) {
        (true, true) => "Both keys have come.",
        (true, false) => "THE CAR KEY HAS NOT COME.",
        (false, true) => "THE HOTEL KEY HAS NOT COME.",
        (false, false) => "NEITHER KEY HAS COME.",
    };
    stage.title(what)?;
    Ok(hotel_key && car_key && !shown)
}
