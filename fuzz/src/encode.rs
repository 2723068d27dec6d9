//! The bytes that `arbitrary` makes a given input of: the inverse of what it derives, for seeds and mutations.

use crate::{
    differential_ratchet as differential, differential_signal_v3 as v3, session_decrypt,
    session_script, store, wallet_script, x3dh_respond,
};

/// Something that can be written as the bytes it is made of.
pub trait Encode {
    /// Appends the bytes.
    fn put(&self, out: &mut Vec<u8>);

    /// The bytes.
    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Encode for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        }
    )*};
}
integers!(u8 u16 u32);

impl Encode for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl<T: Encode> Encode for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        for item in self {
            true.put(out);
            item.put(out);
        }
        false.put(out);
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
}

/// A variant is the first of its part of all 32-bit integers.
fn variant(out: &mut Vec<u8>, index: u64, of: u64) {
    let first = (index << 32).div_ceil(of);
    u32::try_from(first)
        .expect("an index below the number of variants")
        .put(out);
}

/// The variants in the order of their declaration, each with its fields.
macro_rules! variants {
    ($type:ty: $of:literal { $($index:literal $name:ident $(($($field:ident),*))?)* }) => {
        impl Encode for $type {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name $(($($field),*))? => {
                        variant(out, $index, $of);
                        $($($field.put(out);)*)?
                    })*
                }
            }
        }
    };
}

variants!(differential::Side: 2 { 0 Alice 1 Bob });
variants!(differential::Jump: 3 { 0 By(a) 1 Most 2 TooFar });
variants!(differential::Previous: 5 { 0 True 1 More(a) 2 None 3 Most 4 All });
variants!(differential::Step: 6 {
    0 Send(a, b) 1 Lie(a, b, c) 2 Deliver(a, b) 3 DeliverNext(a) 4 Damage(a, b, c, d) 5 Restart(a)
});
variants!(v3::Side: 2 { 0 Alice 1 Bob });
variants!(v3::Jump: 5 { 0 By(a) 1 Theirs 2 BeyondTheirs 3 BeyondOurs 4 Last });
variants!(v3::Previous: 4 { 0 True 1 None 2 More(a) 3 All });
variants!(v3::Version: 3 { 0 Usual 1 CarriedOver 2 Other(a) });
variants!(v3::Form: 7 { 0 Usual 1 Reversed 2 Unknown 3 LeftOut 4 Long 5 High 6 Twice });
variants!(v3::Content: 3 { 0 Text(a) 1 Blocks(a) 2 Ragged(a) });
variants!(v3::Point: 3 { 0 Own(a) 1 HighBit(a) 2 Small(a) });
variants!(v3::Edit: 4 { 0 Turn(a, b) 1 Insert(a, b) 2 Remove(a) 3 Cut(a) });
variants!(v3::Step: 9 {
    0 Open(a, b) 1 Send(a, b) 2 Tell(a, b) 3 Make(a) 4 Deliver(a, b) 5 DeliverNext(a) 6 Damage(a, b, c) 7 Restart(a) 8 Forget(a)
});
variants!(session_script::Side: 2 { 0 Alice 1 Bob });
variants!(session_script::Step: 7 {
    0 Send(a, b) 1 Deliver(a) 2 Reorder(a, b) 3 Drop(a) 4 Repeat(a, b) 5 Damage(a, b, c) 6 Restore(a)
});
variants!(session_decrypt::Edit: 8 {
    0 Turn(a, b) 1 Insert(a, b) 2 Remove(a) 3 Cut(a) 4 Counter(a) 5 Previous(a) 6 Key(a) 7 Ciphertext(a, b)
});
variants!(store::Step: 17 {
    0 Register(a, b) 1 PublishAccessKey(a, b, c) 2 WithdrawAccessKey(a, b) 3 PublishOneTimePreKeys(a, b, c)
    4 PublishSignedPreKey(a) 5 Count(a) 6 Fetch(a, b, c) 7 Submit(a, b, c, d) 8 Read(a, b) 9 Acknowledge(a, b) 10 Remove(a, b)
    11 Repeat(a) 12 Wait(a) 13 Tick 14 Begin 15 End 16 Abort
});
variants!(x3dh_respond::Message: 4 { 0 Bytes(a) 1 Made(a) 2 Again(a) 3 Restart });
variants!(wallet_script::Device: 4 { 0 BensPhone 1 BensWatch 2 RyansPhone 3 RyansWatch });
variants!(wallet_script::Request: 4 { 0 Bundle 1 Submission 2 Reading 3 Acknowledgement });
variants!(wallet_script::Fate: 4 { 0 Lost 1 Twice 2 HeldBack 3 AnswerLost });
variants!(wallet_script::Name: 3 { 0 TheCar 1 TheVan 2 TheRoom });
variants!(wallet_script::Step: 18 {
    0 Network(a, b, c) 1 Damaged(a) 2 Offline(a) 3 Online(a) 4 Restart(a) 5 Withheld(a) 6 Replayed(a) 7 AllRestart
    8 WithholdsNothing 9 Reverses 10 Arrives 11 Minute 12 Hours 13 Day 14 Offers(a, b, c) 15 Accepts(a, b)
    16 Declines(a, b) 17 Cancels(a, b)
});

/// Structures are their fields, one after the other.
macro_rules! fields {
    ($($type:ty: $($field:ident)*;)*) => {$(
        impl Encode for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
        }
    )*};
}
fields! {
    differential::Script: steps;
    v3::Script: steps;
    v3::Told: jump previous version form content;
    v3::Made: one_time signed identity ephemeral ratchet registration_id form told;
    session_script::Script: steps;
    store::Script: steps;
    wallet_script::Script: steps;
    session_decrypt::Damage: message other_kind edits;
    x3dh_respond::Messages: messages;
    x3dh_respond::Made: one_time signed ephemeral identity registration_id damage;
}

#[cfg(test)]
mod tests {
    use super::Encode;
    use crate::TARGETS;
    use arbitrary::{Arbitrary, Unstructured};
    use std::fmt::Debug;

    /// What bytes are made into is made of the bytes it is encoded as.
    fn holds<'a, T: Arbitrary<'a> + Encode + Debug>(bytes: &'a [u8]) {
        let read = |bytes| T::arbitrary_take_rest(Unstructured::new(bytes)).ok();
        let Some(one) = read(bytes) else { return };
        let encoded: &'static [u8] = Vec::leak(one.encoded());
        let again = T::arbitrary_take_rest(Unstructured::new(encoded)).expect("as many bytes");
        assert_eq!(format!("{again:?}"), format!("{one:?}"));
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        assert!(!TARGETS.is_empty());
        let mut state = 1_u64;
        for length in 0..600 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    (state >> 56).to_le_bytes()[0] | 1
                })
                .collect();
            let bytes: &'static [u8] = Vec::leak(bytes);
            holds::<crate::differential_ratchet::Script>(bytes);
            holds::<crate::differential_signal_v3::Script>(bytes);
            holds::<crate::session_script::Script>(bytes);
            holds::<crate::store::Script>(bytes);
            holds::<crate::wallet_script::Script>(bytes);
            holds::<crate::session_decrypt::Damage>(bytes);
            holds::<crate::x3dh_respond::Messages>(bytes);
        }
    }
}
