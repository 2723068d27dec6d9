//! Interoperability: implementations that speak with each other, each as initiator and as responder, in scripted conversations.
//! Bundles and letters are handed over by the runner, through the role `device` of the adapter protocol.
//!
//! The modules, lowest first; a lower one never imports a higher one, but that the vocabulary is a table of what a stage does.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`party`] | who speaks in a conversation |
//! | [`transcript`] | a conversation as JSON Lines |
//! | `stage` | a conversation under way |
//! | `steps`, [`vocabulary`] | what a script may say |
//! | [`conversation`] | scripts, held to the vocabulary |
//! | [`play`] | one conversation, or its transcript again |
//! | [`peers`] | who may take part |
//! | [`matrix`] | what comes of it |
//! | [`tournament`] | everybody with everybody |
//! | [`transfers`] | everybody under the wallets of everybody: whole transfers |

pub mod conversation;
pub mod matrix;
pub mod party;
pub mod peers;
pub mod play;
mod stage;
mod steps;
pub mod tournament;
pub mod transcript;
pub mod transfers;
pub mod vocabulary;
