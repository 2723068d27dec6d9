//! Tigress over the Signal Protocol: a reference engine and its conformance harness.
//!
//! The rooms, lowest first; a lower one never imports a higher one.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`error_code`], [`identifier`], [`hex`], [`short_bytes`], [`timestamp`] | what everything else names things with |
//! | [`system`] | what the operating system does for everything else |
//! | [`primitives`] | X25519, XEdDSA, Ed25519, HKDF, HMAC, AES-256-GCM, randomness |
//! | [`suite`] | what differs between suites |
//! | [`wire`] | the two messages and their encoding |
//! | [`agreement`] | bundles, X3DH, fingerprints |
//! | [`ratchet`] | the Double Ratchet session |
//! | [`sesame`] | a device, its sessions with other devices, its sends to them |
//! | [`transfer`] | what wallets say to each other about a transfer, and the invitation before it |
//! | [`intermediary`] | prekeys and mailboxes: the server between devices |
//! | [`wallet`] | the device as a user has it: sessions, transfers, the talk with the intermediary |
//! | [`serve`] | the intermediary behind HTTP |
//! | [`conformance`] | requirements, vectors, subjects, verdicts |
//! | [`report`] | results as text and JSON |
//! | [`wallet_file`] | a wallet for people: in a file, and in talk with a server |
//! | [`model`] | everything that can happen between wallets and the intermediary within bounds, explored |
//!
//! `docs/profile.md` is the normative text; every check here names the requirement that it carries out.
// What is there for a flaw's sake looks idle without flaws. With them all of it is linted.
#![cfg_attr(
    not(feature = "flaws"),
    allow(
        clippy::identity_op,
        clippy::match_like_matches_macro,
        clippy::match_same_arms,
        clippy::nonminimal_bool,
        clippy::overly_complex_bool_expr,
    )
)]

pub mod agreement;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error_code;
#[cfg(feature = "flaws")]
mod flaw;
pub mod hex;
pub mod identifier;
pub mod intermediary;
#[cfg(feature = "conformance")]
pub mod model;
pub mod primitives;
pub mod ratchet;
#[cfg(feature = "conformance")]
pub mod report;
mod requirement;
mod saved;
#[cfg(feature = "serve")]
pub mod serve;
pub mod sesame;
pub mod short_bytes;
pub mod suite;
#[cfg(any(feature = "conformance", feature = "serve"))]
pub mod system;
pub mod timestamp;
pub mod transfer;
pub mod wallet;
#[cfg(all(feature = "conformance", feature = "serve"))]
pub mod wallet_file;
pub mod wire;
