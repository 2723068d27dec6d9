//! Conversations with a device: its prekeys and its sessions.

use super::{Machine, conversation};
use crate::conformance::operation::{Done, Operation, device, sesame};

/// A device.
pub const DEVICE: Machine = Machine {
    load: device::Load::METHOD,
    save: device::Save::METHOD,
    restore: device::Restore::METHOD,
};

conversation! {
    "Conversation", DEVICE;
    /// The device under test.
    device: device::LoadInput;
    /// The device publishes its bundle.
    Bundle = device::Bundle: device::BundleInput => device::BundleOutput,
    /// The device says which prekeys it holds.
    Keys = device::Keys: Done => device::KeysOutput,
    /// An identity key is pinned.
    Pin = device::Pin: device::PinInput => Done,
    /// What is pinned is forgotten, with record and sessions.
    Unpin = device::Unpin: device::UnpinInput => Done,
    /// The next provisioning information for a peer is to open a new session.
    OpenAnew = device::OpenAnew: device::OpenAnewInput => Done,
    /// A session is opened with a bundle.
    ProcessBundle = device::ProcessBundle: device::ProcessBundleInput => device::ProcessBundleOutput,
    /// The device encrypts.
    Encrypt = device::Encrypt: device::EncryptInput => device::EncryptOutput,
    /// The device decrypts.
    Decrypt = device::Decrypt: device::DecryptInput => device::DecryptOutput,
    /// The device reads a message that would open a session, and nothing changes.
    ReadOpening = device::ReadOpening: device::ReadOpeningInput => device::ReadOpeningOutput,
    /// The sessions with a peer are dropped.
    DropSessions = device::DropSessions: device::DropSessionsInput => Done,
    /// Time passes.
    Tick = device::Tick: device::TickInput => Done,
    /// Counters are set far ahead.
    SetCounters = device::SetCounters: device::SetCountersInput => Done,
    /// The device says what it knows of others.
    Records = sesame::Records: Done => sesame::RecordsOutput,
    /// A send is started.
    Send = sesame::Send: sesame::SendInput => sesame::SendOutput,
    /// The intermediary answers what the send asked for.
    ContinueSend = sesame::ContinueSend: sesame::ContinueSendInput => sesame::ContinueSendOutput,
}
