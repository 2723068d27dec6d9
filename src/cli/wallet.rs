//! `tigress wallet`.

use super::{CliError, Ended};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use tigress_signal::conformance::printable::Printable;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::SystemRandomness;
use tigress_signal::serve::Client;
use tigress_signal::transfer::Vertical;
use tigress_signal::wallet_file::{
    Around, Clock, MadeUp, Notice, ServerUrl, SystemClock, Talk, WalletFile, WalletFileError, Wish,
    demo,
};

/// The longest line of standard input that is read for a link, in bytes.
const LONGEST_LINK: u64 = 4_096;
/// The longest wait, in seconds: a week.
const LONGEST_WAIT: u64 = 7 * 24 * 60 * 60;

/// A wallet for people: one reference wallet in a file, which talks to a server.
///
/// Every command first repeats the requests that have no answer yet, and reads new messages. Whatever it sends is saved in the file
/// first, so a command may end at any point: the next one goes on.
///
/// Exit status: 0 where the command was carried out; 1 where it came to nothing, or the wait was over first;
/// 2 where it cannot be carried out.
#[derive(Subcommand)]
pub(super) enum Wallet {
    Init(Init),
    Invite(Invite),
    Take(Take),
    Offer(Offer),
    Accept(Accept),
    Decline(Decline),
    Cancel(Cancel),
    Status(Status),
    Demo(Demo),
}

/// Make a wallet, for a new user with one device, and join the server.
#[derive(Args)]
pub(super) struct Init {
    /// The file to make. Whoever has it has the wallet.
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

#[derive(Args)]
struct At {
    /// The server, such as `http://127.0.0.1:8440`.
    #[arg(long, value_name = "URL")]
    server: String,
    #[command(flatten)]
    trust: Trust,
}

#[derive(Args)]
struct Trust {
    /// Accept any certificate, and plain HTTP to other machines. Only for tests: whoever listens gets the wallet's token.
    #[arg(long)]
    insecure: bool,
}

/// Make a link for one other person, and print it alone on a line of standard output.
#[derive(Args)]
pub(super) struct Invite {
    /// The wallet.
    file: PathBuf,
    /// What the link is for: a word for the two people.
    #[arg(long, value_enum, default_value_t = What::Access)]
    vertical: What,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Car,
    Home,
    Access,
}

/// Take a link: from now on that person is the link's device, and no other.
#[derive(Args)]
pub(super) struct Take {
    /// The wallet.
    file: PathBuf,
    /// The link; `-` reads it from standard input, where no list of processes shows it.
    link: String,
}

/// Offer a credential to the person whose link was taken. It is made up, and opens nothing.
#[derive(Args)]
pub(super) struct Offer {
    /// The wallet.
    file: PathBuf,
    #[command(flatten)]
    what: OfferedWhat,
    /// The device, by the beginning of its address, where links of several devices were taken.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct OfferedWhat {
    /// A car key: the receiver makes a key, and this wallet signs it.
    #[arg(long)]
    car_key: bool,
    /// A hotel key: a token.
    #[arg(long)]
    hotel_key: bool,
}

#[derive(Args)]
struct Wait {
    /// Wait so many seconds at most until the transfer has ended.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=LONGEST_WAIT))]
    wait: Option<u64>,
}

/// Which transfer, of which wallet.
#[derive(Args)]
struct Which {
    /// The wallet.
    file: PathBuf,
    /// The transfer, by the beginning of its id, where there are several.
    transfer: Option<String>,
}

/// Accept an offer; with `--wait`, also one that comes later.
#[derive(Args)]
pub(super) struct Accept {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wait: Wait,
}

/// Decline an offer.
#[derive(Args)]
pub(super) struct Decline {
    #[command(flatten)]
    which: Which,
}

/// Cancel a transfer that is under way.
#[derive(Args)]
pub(super) struct Cancel {
    #[command(flatten)]
    which: Which,
}

/// Read new messages, and show what is in the wallet.
#[derive(Args)]
pub(super) struct Status {
    /// The wallet.
    file: PathBuf,
    /// Wait so many seconds at most until there is something new.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=LONGEST_WAIT))]
    wait: Option<u64>,
}

/// Pass a hotel key and a car key between two fresh wallets, and tell line by line what happens.
///
/// Exit status: 0 where both have come.
#[derive(Args)]
pub(super) struct Demo {
    /// The server.
    url: String,
    #[command(flatten)]
    trust: Trust,
}

impl From<WalletFileError> for CliError {
    fn from(error: WalletFileError) -> Self {
        match error {
            WalletFileError::File(error) => CliError::Files(vec![error]),
            WalletFileError::Untold(error) => CliError::Io(error),
            error => CliError::Usage(error.to_string()),
        }
    }
}

impl Wallet {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self {
            Self::Init(it) => it.run(out),
            Self::Invite(it) => {
                let vertical = match it.vertical {
                    What::Car => Vertical::Car,
                    What::Home => Vertical::Home,
                    What::Access => Vertical::GeneralAccess,
                };
                command(&it.file, &Wish::Invite(vertical), None, out)
            }
            Self::Take(it) => {
                let link = match it.link.as_str() {
                    "-" => read_link(io::stdin().lock())?,
                    _ => it.link,
                };
                command(&it.file, &Wish::Take(link), None, out)
            }
            Self::Offer(it) => {
                let what = if it.what.car_key {
                    MadeUp::CarKey
                } else {
                    MadeUp::HotelKey
                };
                command(&it.file, &Wish::Offer(what, it.to), it.wait.wait, out)
            }
            Self::Accept(Accept { which, wait }) => {
                command(&which.file, &Wish::Accept(which.transfer), wait.wait, out)
            }
            Self::Decline(Decline { which }) => {
                command(&which.file, &Wish::Decline(which.transfer), None, out)
            }
            Self::Cancel(Cancel { which }) => {
                command(&which.file, &Wish::Cancel(which.transfer), None, out)
            }
            Self::Status(it) => it.run(out),
            Self::Demo(it) => it.run(out),
        }
    }
}

impl Init {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let url = ServerUrl::new(&self.at.server, self.at.trust.insecure);
        let url = url.map_err(WalletFileError::from)?;
        // What cannot be asked at all makes no file.
        let mut client = connect(&url)?;
        let now = SystemClock::default().now();
        let mut file = WalletFile::create(&self.file, url, now, &mut SystemRandomness)?;
        let (address, name) = (file.wallet().device().address(), self.file.display());
        writeln!(out, "wallet {address} is in {}", Printable(name))?;
        talk(&mut file, &mut client, &Wish::Join, None, out)
    }
}

impl Status {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let mut file = WalletFile::open(&self.file)?;
        let mut client = connect(file.server())?;
        let looked = talk(&mut file, &mut client, &Wish::Look, self.wait, out);
        // What is in the file is shown whether the server answers or not.
        for line in file.status(SystemClock::default().now()) {
            writeln!(out, "{}", Printable(line))?;
        }
        looked
    }
}

impl Demo {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let url = ServerUrl::new(&self.url, self.trust.insecure).map_err(WalletFileError::from)?;
        let mut client = connect(&url)?;
        let mut say = |line: &str| writeln!(out, "{}", Printable(line));
        let (clock, randomness) = (&mut SystemClock::default(), &mut SystemRandomness);
        let came = demo::play(&url, &mut client, clock, randomness, &mut say)?;
        Ok(if came { Ended::Well } else { Ended::Badly })
    }
}

fn connect(url: &ServerUrl) -> Result<Client, CliError> {
    let client = Client::new(&url.to_string(), None, url.is_insecure());
    client.map_err(|error| CliError::Usage(error.to_string()))
}

/// A command of a wallet that is there.
fn command(
    file: &Path,
    wish: &Wish,
    wait: Option<u64>,
    out: &mut dyn Write,
) -> Result<Ended, CliError> {
    let mut file = WalletFile::open(file)?;
    let mut client = connect(file.server())?;
    talk(&mut file, &mut client, wish, wait, out)
}

/// What the user is told goes to `out`; where a link was asked for, the link alone, and the rest to standard error.
fn talk(
    file: &mut WalletFile,
    client: &mut Client,
    wish: &Wish,
    wait: Option<u64>,
    out: &mut dyn Write,
) -> Result<Ended, CliError> {
    let is_for_a_link = matches!(wish, Wish::Invite(_));
    let mut tell = |notice: &Notice| {
        let words = Printable(notice.words(&Address::to_string));
        if is_for_a_link || notice.link().is_some() {
            writeln!(anstream::stderr(), "{words}")?;
        } else {
            writeln!(out, "{words}")?;
        }
        if let Some(link) = notice.link() {
            writeln!(out, "{link}")?;
        }
        out.flush()
    };
    let around = Around {
        server: client,
        clock: &mut SystemClock::default(),
        randomness: &mut SystemRandomness,
        tell: &mut tell,
    };
    let came_about = Talk::new(file, around).carry_out(wish, wait)?;
    Ok(if came_about {
        Ended::Well
    } else {
        Ended::Badly
    })
}

/// The first line. It is not mended: only the end of the line is none of it.
fn read_link(input: impl BufRead) -> Result<String, CliError> {
    let mut line = String::new();
    input.take(LONGEST_LINK).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
