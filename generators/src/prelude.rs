//! What every family is written with.

pub(crate) use crate::builder::Builder;
pub(crate) use crate::cases::{Case, acceptable, but, computed, refused, valid};
pub(crate) use crate::links::{cve, cwe, eprint, protobuf, rfc, signal};
pub(crate) use crate::making::{is_strict, suite};
pub(crate) use tigress_signal::conformance::seed;
pub(crate) use tigress_signal::error_code::ErrorCode::{self, *};
pub(crate) use tigress_signal::hex::{self, Hex};
