//! Just enough DER (X.690) to read keys: a value after the other, each with its tag.

/// `INTEGER`.
pub(crate) const INTEGER: u8 = 0x02;
/// `SEQUENCE`.
pub(crate) const SEQUENCE: u8 = 0x30;

/// Values that are still to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next value: its tag and what it holds. None at the end, or where a length cannot be.
    pub(crate) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // No indefinite length, and none beyond 16 MiB.
            let known = (1..=3).contains(&digits.len());
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            (known.then_some(length)?, rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }

    /// What the next value holds, if it has this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    /// The values in the next sequence.
    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }

    /// The next integer, which is not negative, without the zero that keeps it so.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.take(INTEGER)?;
        Some(bytes.strip_prefix(&[0]).unwrap_or(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::tests::hex;
    use proptest::prelude::*;

    #[test]
    fn values_come_one_after_the_other() {
        let bytes = hex("3007 0202 0080 0201 05");
        let mut inner = Der::new(&bytes).sequence().unwrap_or(Der::new(&[]));
        assert_eq!(inner.unsigned(), Some([0x80].as_slice()));
        assert_eq!(inner.unsigned(), Some([5].as_slice()));
        assert_eq!(inner.next(), None);
        assert_eq!(Der::new(&hex("0281 01 07")).unsigned(), Some([7].as_slice()));
        for wrong in ["", "02", "0202 01", "0280 0000", "0284 00000001 07", "02ff"] {
            assert_eq!(Der::new(&hex(wrong)).next(), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut values = Der::new(&bytes);
            while values.next().is_some() {}
        }
    }
}
