//! The form in which a family's vectors are written down.

use crate::builder::{About, Builder};
use crate::making::suite;
use tigress_signal::conformance::operation::{Operation, Reference};
use tigress_signal::conformance::vector::Expectation;
use tigress_signal::error_code::ErrorCode;

/// What a vector asks, and what must come of it: adds it to the file under what it says of itself.
pub(crate) trait Case: FnOnce(&mut Builder, About<'_>) {}

impl<F: FnOnce(&mut Builder, About<'_>)> Case for F {}

/// Adds vectors to a [`Builder`]: each with its comment, its name, the flags of the bugs that it hunts, the
/// requirements that it tests, and what it asks: a [`Case`], such as [`valid`], [`computed`] and [`refused`] make.
///
/// Flags and requirements that many cases share stand once, at the head. A case may have its own; of what it leaves
/// out, on either side of the colon, the head's hold.
///
/// ```ignore
/// cases! { b, [Bound: DR-11];
///     /// a gap of 1,000 keys: as many as one message may skip
///     gap_of_1000 => talk(|t| ...);
///     /// the same, and a stored key more
///     gap_of_1001 [Bound Kept: DR-11 DR-12] => talk(|t| ...);
///     gap_in_former_chain [: DR-11 DR-09]: "a short comment stands behind the name" => talk(|t| ...);
/// }
/// ```
///
/// A name in quotes is made as `format!` makes it, and its comment with it:
///
/// ```ignore
/// for field in ["counter", "ciphertext"] {
///     cases! { b, [Missing: WIRE-02];
///         "without_{field}": "without {field}" => malformed(p.without(field));
///     }
/// }
/// ```
macro_rules! cases {
    ($b:expr; $($cases:tt)*) => {
        $crate::cases::cases! { $b, [:]; $($cases)* }
    };
    ($b:expr, $shared:tt; $(
        $(#[doc = $doc:literal])*
        $($name:ident)? $($made:literal)? $([$($own:tt)*])? $(: $comment:literal)? => $case:expr;
    )*) => {$({
        let (name, comment) = $crate::cases::named!($($name)? $($made)? $($doc)* $($comment)?);
        ($case)(&mut *$b, $crate::cases::about!(name, comment.trim(), $shared $([$($own)*])?));
    })*};
}
pub(crate) use cases;

/// Name and comment of a case, which are made where they stand in quotes.
macro_rules! named {
    ($name:literal $comment:literal) => {
        (format!($name), format!($comment))
    };
    ($name:ident $($comment:literal)*) => {
        (stringify!($name), concat!($($comment),*))
    };
}
pub(crate) use named;

/// [`About`] as [`cases!`] writes it: flags, a colon, requirements.
macro_rules! about {
    ($name:expr, $comment:expr, [$($flag:ident)* : $($room:ident - $number:literal)*]) => {
        $crate::builder::About {
            name: $name.into(),
            comment: $comment,
            flags: &[$(stringify!($flag)),*],
            requirements: &[$(concat!(stringify!($room), "-", stringify!($number))),*],
        }
    };
    ($name:expr, $comment:expr, [$($flag:ident)* : $($shared:tt)*] [: $($own:tt)+]) => {
        $crate::cases::about!($name, $comment, [$($flag)* : $($own)+])
    };
    ($name:expr, $comment:expr, [$($flag:ident)* : $($shared:tt)*] [$($own:ident)+ :]) => {
        $crate::cases::about!($name, $comment, [$($own)+ : $($shared)*])
    };
    ($name:expr, $comment:expr, $shared:tt $own:tt) => {
        $crate::cases::about!($name, $comment, $own)
    };
}
pub(crate) use about;

/// A call that is answered as stated.
pub(crate) fn valid<O: Operation>(input: O::Input, output: O::Output) -> impl Case {
    |b, about| b.call::<O>(about, input, Expectation::Valid, Ok(output))
}

/// A call that may be refused, and is answered as stated where it is not: where real implementations may differ.
pub(crate) fn acceptable<O: Operation>(input: O::Input, output: O::Output) -> impl Case {
    |b, about| b.call::<O>(about, input, Expectation::Acceptable, Ok(output))
}

/// A call whose answer the engine computes.
pub(crate) fn computed<O: Operation>(input: O::Input) -> impl Case
where
    O::Input: Clone,
{
    |b, about| {
        let output = O::run(&mut Reference::speaking(suite()), input.clone());
        let output = output.unwrap_or_else(|failure| panic!("{}: {failure:?}", about.name));
        valid::<O>(input, output)(b, about);
    }
}

/// A call that is refused with that code.
pub(crate) fn refused<O: Operation>(error: ErrorCode, input: O::Input) -> impl Case {
    move |b, about| b.call::<O>(about, input, Expectation::Invalid, Err(error))
}

/// The same, but for what is changed.
pub(crate) fn but<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

/// Rows of a table whose cases are made of them: name, comment, and what differs.
macro_rules! rows {
    ($($name:ident: $comment:literal => $value:expr;)*) => {
        [$((stringify!($name), $comment, $value)),*]
    };
}

/// Explains flags: the kind of bug, links, what the bug is, and what comes of it.
///
/// ```ignore
/// notes! { b;
///     Bound DENIAL_OF_SERVICE [cwe(770)] "At or over a bound; a bug has none." => "A stranger fills the store.";
/// }
/// ```
macro_rules! notes {
    ($b:expr; $($flag:ident $bug:ident [$($link:expr),+] $description:literal => $effect:literal;)*) => {$(
        $b.note(stringify!($flag), stringify!($bug), [$description, $effect], &[$(&$link),+]);
    )*};
}
