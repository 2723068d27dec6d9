//! What stands in a wallet's file: a line that says what it is, and a line with the wallet and what belongs to it.

use super::locked_file::LockedFile;
use super::{Notice, ServerUrl, WalletFileError};
use crate::agreement::PreKeyStore;
use crate::conformance::FileError;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::Digest;
use crate::primitives::Randomness;
use crate::saved::{Versioned, to_json};
use crate::sesame::Device;
use crate::suite::{SuiteRef, Tigress1};
use crate::timestamp::Timestamp;
use crate::wallet::{SAVED_WALLET_VERSION, SavedWallet, Wallet};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// The version of the form that this build writes and reads.
pub const WALLET_FILE_VERSION: u32 = 1;

/// What the wallets of people speak.
const SUITE: SuiteRef = &Tigress1;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Title {
    /// The version of the file.
    tigress_wallet: u32,
    /// SHA-256 of all that follows this line. It keeps nobody from changing it: it shows what chance has done.
    sha256: Digest,
}

/// The second line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    server: String,
    /// Whether the server may be one that nothing authenticates.
    insecure: bool,
    /// What the user may not have been told yet.
    news: Vec<Notice>,
    wallet: SavedWallet,
}

/// As little of it as tells which version of a wallet is in it.
#[derive(Deserialize)]
struct Glance {
    wallet: Versioned,
}

/// A wallet's file, opened: nobody else has it meanwhile.
#[derive(Debug)]
pub struct WalletFile {
    file: LockedFile,
    server: ServerUrl,
    wallet: Wallet,
    /// What its user is still to be told.
    pub(super) news: Vec<Notice>,
    /// Whether the file still holds news that were told.
    holds_old_news: bool,
}

impl WalletFile {
    /// Opens a file that is there.
    ///
    /// # Errors
    /// Where it cannot be read, another command has it open, or it is not what this build has written. It is left as it is.
    pub fn open(path: &Path) -> Result<Self, WalletFileError> {
        let file = LockedFile::open(path)?;
        let text = file.read()?;
        let refused = |why: String| FileError::of(path.display().to_string(), why);
        let content = read(&text).map_err(refused)?;
        let server = ServerUrl::new(&content.server, content.insecure);
        let server = server.map_err(|error| refused(error.to_string()))?;
        let wallet = Wallet::try_from(content.wallet);
        let wallet = wallet.map_err(|error| refused(damaged(&error)))?;
        Ok(WalletFile {
            file,
            server,
            wallet,
            holds_old_news: !content.news.is_empty(),
            news: content.news,
        })
    }

    /// Makes a wallet with a new device, for a new user, that the server does not know yet (RND-01).
    ///
    /// # Errors
    /// Where there is something of that name, or it cannot be written.
    pub fn create(
        path: &Path,
        server: ServerUrl,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, WalletFileError> {
        let file = LockedFile::create(path)?;
        let address = Address {
            user_id: UserId::random(randomness)?,
            device_id: DeviceId::try_from(1)
                .unwrap_or_else(|_| unreachable!("ID-03 begins with it")),
        };
        let keys = PreKeyStore::random(&[SUITE], &address, now, randomness)?;
        let mut made = WalletFile {
            file,
            server,
            wallet: Wallet::new(Device::new(SUITE, address, keys)),
            news: Vec::new(),
            holds_old_news: false,
        };
        made.put(made.wallet.clone(), Vec::new())?;
        Ok(made)
    }

    /// Whom it talks to.
    #[must_use]
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The wallet.
    #[must_use]
    pub fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// From now on the wallet is that one, and its user is told that as well. Where it cannot be saved, it is the one that
    /// it was.
    pub(super) fn put(&mut self, wallet: Wallet, news: Vec<Notice>) -> Result<(), WalletFileError> {
        let news: Vec<Notice> = self.news.iter().cloned().chain(news).collect();
        let content = Content {
            server: self.server.to_string(),
            insecure: self.server.is_insecure(),
            news,
            wallet: wallet.save(),
        };
        let written = self.file.write(&text(&content));
        written.map_err(|error| WalletFileError::Unsaved {
            file: self.file.name(),
            error,
        })?;
        self.wallet = wallet;
        self.news = content.news;
        self.holds_old_news = !self.news.is_empty();
        Ok(())
    }

    /// The user was told everything. What was told already need not be told after a crash: the file forgets it at once where
    /// nothing else is going to be saved.
    pub(super) fn forget_news(&mut self) -> Result<(), WalletFileError> {
        if self.news.is_empty() && self.holds_old_news {
            self.put(self.wallet.clone(), Vec::new())?;
        }
        Ok(())
    }
}

/// The text of a file.
fn text(content: &Content) -> Zeroizing<String> {
    let content = to_json(content);
    let title = to_json(&Title {
        tigress_wallet: WALLET_FILE_VERSION,
        sha256: Digest::of(content.as_bytes()),
    });
    let mut text = Zeroizing::new(String::with_capacity(title.len() + 1 + content.len()));
    text.push_str(&title);
    text.push('\n');
    text.push_str(&content);
    text
}

/// What stands in a file, or what is wrong with it.
fn read(text: &str) -> Result<Content, String> {
    let no_wallet = "is no wallet: it does not begin as one that `tigress wallet init` makes";
    let (title, content) = text.split_once('\n').ok_or(no_wallet)?;
    let title: Title = serde_json::from_str(title).map_err(|_| no_wallet)?;
    if title.tigress_wallet != WALLET_FILE_VERSION {
        let version = title.tigress_wallet;
        return Err(format!(
            "is a wallet's file of version {version}; this build reads version {WALLET_FILE_VERSION}"
        ));
    }
    if title.sha256 != Digest::of(content.as_bytes()) {
        return Err(damaged(&"it is not what was written (SHA-256)"));
    }
    serde_json::from_str(content).map_err(|error| match serde_json::from_str(content) {
        Ok(Glance { wallet }) if wallet.version != SAVED_WALLET_VERSION => format!(
            "holds a wallet of version {}; this build reads version {SAVED_WALLET_VERSION}",
            wallet.version
        ),
        _ => damaged(&error),
    })
}

/// What to do about a file that cannot be used. An older copy would send with keys that were used before (SES-17).
fn damaged(why: &dyn std::fmt::Display) -> String {
    format!(
        "is damaged: {why}. It is left as it is. Do not put an older copy in its place, which would use keys a second \
         time: make a new wallet with `tigress wallet init`"
    )
}
