//! What the library says where it refuses.

use std::fmt;

/// A status of the library, which is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub i32);

impl Error {
    /// The library is not installed: no status of its own.
    pub const NOT_INSTALLED: Error = Error(i32::MIN);
    /// `SG_ERR_NOMEM`.
    pub const NO_MEMORY: Error = Error(-12);
    /// `SG_ERR_INVAL`.
    pub const INVALID_ARGUMENT: Error = Error(-22);
    /// `SG_ERR_UNKNOWN`.
    pub const UNKNOWN: Error = Error(-1000);
    /// `SG_ERR_DUPLICATE_MESSAGE`.
    pub const DUPLICATE_MESSAGE: Error = Error(-1001);
    /// `SG_ERR_INVALID_KEY_ID`.
    pub const INVALID_KEY_ID: Error = Error(-1003);
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            i32::MIN => "libsignal-protocol-c is not installed",
            -12 => "SG_ERR_NOMEM",
            -22 => "SG_ERR_INVAL",
            -1000 => "SG_ERR_UNKNOWN",
            -1001 => "SG_ERR_DUPLICATE_MESSAGE",
            -1002 => "SG_ERR_INVALID_KEY",
            -1003 => "SG_ERR_INVALID_KEY_ID",
            -1004 => "SG_ERR_INVALID_MAC",
            -1005 => "SG_ERR_INVALID_MESSAGE",
            -1006 => "SG_ERR_INVALID_VERSION",
            -1007 => "SG_ERR_LEGACY_MESSAGE",
            -1008 => "SG_ERR_NO_SESSION",
            -1009 => "SG_ERR_STALE_KEY_EXCHANGE",
            -1010 => "SG_ERR_UNTRUSTED_IDENTITY",
            -1100 => "SG_ERR_INVALID_PROTO_BUF",
            other => return write!(f, "status {other}"),
        })
    }
}

impl std::error::Error for Error {}
