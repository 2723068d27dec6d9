//! Messages put together by hand, so that they can be put together wrongly.

use super::cases::but;

/// The encoded fields of a message, in the order in which they will stand.
#[derive(Clone, Debug)]
pub(super) struct Proto {
    pub(super) version: u8,
    pub(super) fields: Vec<Vec<u8>>,
}

/// A varint in its shortest form.
pub(super) fn varint(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value;
    loop {
        let low = u8::try_from(rest & 0x7f).expect("seven bits");
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// A varint of `length` bytes: longer than it need be.
pub(super) fn long_varint(value: u64, length: usize) -> Vec<u8> {
    let mut out = varint(value);
    if out.len() < length {
        *out.last_mut().expect("a varint has a byte") |= 0x80;
        out.resize(length - 1, 0x80);
        out.push(0);
    }
    out
}

/// A field's tag.
pub(super) fn tag(number: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(number) << 3 | u64::from(wire_type))
}

/// A field of wire type 0.
pub(super) fn uint(number: u32, value: u64) -> Vec<u8> {
    [tag(number, 0), varint(value)].concat()
}

/// A field of wire type 2.
pub(super) fn bytes(number: u32, content: &[u8]) -> Vec<u8> {
    let length = varint(content.len() as u64);
    [&tag(number, 2), &length, content].concat()
}

/// A field of wire type 5.
pub(super) fn fixed32(number: u32, value: u32) -> Vec<u8> {
    [&tag(number, 5)[..], &value.to_le_bytes()].concat()
}

/// A field of wire type 1.
pub(super) fn fixed64(number: u32, value: u64) -> Vec<u8> {
    [&tag(number, 1)[..], &value.to_le_bytes()].concat()
}

/// An empty group.
pub(super) fn group(number: u32) -> Vec<u8> {
    [tag(number, 3), tag(number, 4)].concat()
}

impl Proto {
    /// The message's bytes.
    pub(super) fn build(&self) -> Vec<u8> {
        let mut out = vec![self.version];
        out.extend(self.fields.iter().flatten());
        out
    }

    /// The bytes of the message once it was changed.
    fn but(&self, change: impl FnOnce(&mut Proto)) -> Vec<u8> {
        but(self.clone(), change).build()
    }

    /// With field `index` (from 0) replaced by `field`.
    pub(super) fn with(&self, index: usize, field: Vec<u8>) -> Vec<u8> {
        self.but(|proto| proto.fields[index] = field)
    }

    /// With `field` put in before position `index`.
    pub(super) fn insert(&self, index: usize, field: Vec<u8>) -> Vec<u8> {
        self.but(|proto| proto.fields.insert(index, field))
    }

    /// Without field `index`.
    pub(super) fn without(&self, index: usize) -> Vec<u8> {
        self.but(|proto| drop(proto.fields.remove(index)))
    }

    /// With the fields in another order.
    pub(super) fn order(&self, order: &[usize]) -> Vec<u8> {
        self.but(|proto| proto.fields = order.iter().map(|at| self.fields[*at].clone()).collect())
    }

    /// With another version byte.
    pub(super) fn version(&self, version: u8) -> Vec<u8> {
        self.but(|proto| proto.version = version)
    }
}
