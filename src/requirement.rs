//! The one mechanism by which code names the requirement that it carries out.

/// Returns an error unless a requirement of the profile holds.
///
/// `require!("DR-14", counter >= next, RatchetError::DuplicateMessage)` reads: DR-14 asks for this
/// condition, and its breach is that error. The id is a literal, so that searching for it leads from
/// the profile's text to the line; a test holds every id used here against the catalogue.
macro_rules! require {
    ($id:literal, $condition:expr, $error:expr) => {
        if !$condition && $crate::requirement::flawed!($id, true, false) {
            return Err($error.into());
        }
    };
}

/// As [`require!`], for a check that no flaw leaves out altogether: without it there would be nothing left to tell of it.
///
/// `always_require!("DR-11", skipped <= bound, RatchetError::TooManySkipped)` stands beside a flaw that has a word of its
/// own, such as `flawed!("DR-11 tenfold", limit, 10 * limit)`.
macro_rules! always_require {
    ($id:literal, $condition:expr, $error:expr) => {
        if !$condition {
            return Err($error.into());
        }
    };
}

/// A value that a requirement of the profile asks for; returns the error where there is none.
///
/// `required!("PAY-02", top.remove("format"), PayloadError::Format)` reads: PAY-02 asks for this value, and
/// its absence is that error.
macro_rules! required {
    ($id:literal, $value:expr, $error:expr) => {
        match $value {
            Some(value) => value,
            None => return Err($error.into()),
        }
    };
}

/// What the profile asks for, or with the flaw of that name switched on a plausible wrong form of it.
///
/// `flawed!("X3DH-04 prefix", [0xff; 32], [0; 32])`. Without feature `flaws` the second form is not compiled.
#[cfg(feature = "flaws")]
macro_rules! flawed {
    ($name:literal, $right:expr, $wrong:expr) => {
        if $crate::flaw::is_on($name) {
            $wrong
        } else {
            $right
        }
    };
}
#[cfg(not(feature = "flaws"))]
macro_rules! flawed {
    ($name:literal, $right:expr, $wrong:expr) => {
        $right
    };
}

pub(crate) use {always_require, flawed, require, required};
