//! Just enough CBOR (RFC 8949) to read what authenticators send: a value after the other, of known length,
//! without tags. Nothing is copied, and nothing recurs: what is read takes no more than it has bytes.

/// A value, or the head of one whose parts follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// So many values follow.
    List(u64),
    /// So many pairs of values follow.
    Map(u64),
    /// True, false, null, or a number with a point.
    Other,
}

/// Values that are still to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cbor<'a>(&'a [u8]);

impl<'a> Cbor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value. None at the end, where a length cannot be, and for what is not read here.
    pub(super) fn next(&mut self) -> Option<Value<'a>> {
        let (&first, rest) = self.0.split_first()?;
        let (digits, rest) = match first & 0x1f {
            0..24 => (&[][..], rest),
            24 => rest.split_at_checked(1)?,
            25 => rest.split_at_checked(2)?,
            26 => rest.split_at_checked(4)?,
            27 => rest.split_at_checked(8)?,
            // Indefinite lengths, which authenticators must not use (CTAP 2 section 8).
            _ => return None,
        };
        let number = match digits {
            [] => u64::from(first & 0x1f),
            _ => digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)),
        };
        self.0 = rest;
        Some(match first >> 5 {
            0 => Value::Int(i64::try_from(number).ok()?),
            1 => Value::Int(-1 - i64::try_from(number).ok()?),
            2 => Value::Bytes(self.take(number)?),
            3 => Value::Text(std::str::from_utf8(self.take(number)?).ok()?),
            4 => Value::List(number),
            5 => Value::Map(number),
            7 => Value::Other,
            _ => return None,
        })
    }

    /// How many pairs the map has that is next.
    pub(super) fn map(&mut self) -> Option<u64> {
        match self.next()? {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Passes over the next value with all its parts.
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut left: u64 = 1;
        while left > 0 {
            let parts = match self.next()? {
                Value::List(items) => items,
                Value::Map(pairs) => pairs.checked_mul(2)?,
                _ => 0,
            };
            left = (left - 1).checked_add(parts)?;
        }
        Some(())
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::tests::hex;
    use proptest::prelude::*;

    /// RFC 8949 appendix A.
    #[test]
    fn the_standards_examples_are_read() {
        for (text, value) in [
            ("00", Value::Int(0)),
            ("17", Value::Int(23)),
            ("1818", Value::Int(24)),
            ("1903e8", Value::Int(1000)),
            ("1a000f4240", Value::Int(1_000_000)),
            ("1b000000e8d4a51000", Value::Int(1_000_000_000_000)),
            ("20", Value::Int(-1)),
            ("3903e7", Value::Int(-1000)),
            ("4401020304", Value::Bytes(&[1, 2, 3, 4])),
            ("6449455446", Value::Text("IETF")),
            ("62c3bc", Value::Text("ü")),
            ("80", Value::List(0)),
            ("a0", Value::Map(0)),
            ("f4", Value::Other),
            ("fb3ff199999999999a", Value::Other),
        ] {
            let bytes = hex(text);
            let mut cbor = Cbor::new(&bytes);
            assert_eq!((cbor.next(), cbor.is_empty()), (Some(value), true), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_not_read() {
        for text in
            ["", "18", "1b00", "1bffffffffffffffff", "43 0102", "61 ff", "5f", "9f", "c000", "ff", "1c"]
        {
            assert_eq!(Cbor::new(&hex(text)).next(), None, "{text}");
        }
    }

    #[test]
    fn a_value_is_passed_over_whole() {
        for (text, rest) in [("a26161016162820203 05", 1), ("8301820203820405", 0), ("01", 0), ("a0 0000", 2)]
        {
            let bytes = hex(text);
            let mut cbor = Cbor::new(&bytes);
            assert_eq!((cbor.skip(), cbor.0.len()), (Some(()), rest), "{text}");
        }
        for text in ["82 01", "bbffffffffffffffff", "9bffffffffffffffff 01", "a1 01"] {
            assert_eq!(Cbor::new(&hex(text)).skip(), None, "{text}");
        }
        // A thousand lists one in the other take no room.
        let deep = [vec![0x81; 1000], vec![0]].concat();
        assert_eq!(Cbor::new(&deep).skip(), Some(()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let mut values = Cbor::new(&bytes);
            while values.next().is_some() {}
            let _ = Cbor::new(&bytes).skip();
        }
    }
}
