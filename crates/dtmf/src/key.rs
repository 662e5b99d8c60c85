use core::fmt;

/// One key of a telephone keypad (ITU-T Q.23).
///
/// A key may be a digit of a card number, so it never prints itself: `Debug` says `Key(..)`, there
/// is no `Display`, and the only ways to learn which key it is are [`reveal`](Self::reveal),
/// [`digit`](Self::digit) and a `match`.
///
/// ```
/// use paytone_dtmf::Key;
///
/// let key = Key::from_char('7').expect("on the keypad");
/// assert_eq!(key.digit(), Some(7));
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the keys' own names")]
pub enum Key {
    D0,
    D1,
    D2,
    D3,
    D4,
    D5,
    D6,
    D7,
    D8,
    D9,
    Star,
    Pound,
    A,
    B,
    C,
    D,
}

impl Key {
    /// Every key, in the order of the RFC 4733 event codes: 0-9, `*`, `#`, A-D.
    pub const ALL: [Self; 16] = [
        Self::D0,
        Self::D1,
        Self::D2,
        Self::D3,
        Self::D4,
        Self::D5,
        Self::D6,
        Self::D7,
        Self::D8,
        Self::D9,
        Self::Star,
        Self::Pound,
        Self::A,
        Self::B,
        Self::C,
        Self::D,
    ];

    /// The key printed as `c`: `0`-`9`, `*`, `#`, `A`-`D` in either case.
    #[must_use]
    pub const fn from_char(c: char) -> Option<Self> {
        match c {
            '0'..='9' => Self::from_event_code(c as u8 - b'0'),
            '*' => Some(Self::Star),
            '#' => Some(Self::Pound),
            'A'..='D' => Self::from_event_code(c as u8 - b'A' + 12),
            'a'..='d' => Self::from_event_code(c as u8 - b'a' + 12),
            _ => None,
        }
    }

    /// The key of a decimal digit, 0 to 9 (the value, not its ASCII code).
    #[must_use]
    pub const fn from_digit(digit: u8) -> Option<Self> {
        if digit < 10 { Self::from_event_code(digit) } else { None }
    }

    /// The key of an RFC 4733 event code, 0 to 15 (section 3.2, table 7).
    #[must_use]
    pub const fn from_event_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self::ALL[code as usize]) } else { None }
    }

    /// What is printed on the key. It may be a digit of a card number: never log or store it.
    #[must_use]
    pub const fn reveal(self) -> char {
        CHARS[self as usize] as char
    }

    /// The decimal digit, 0 to 9, or `None` for `*`, `#` and the letters.
    #[must_use]
    pub const fn digit(self) -> Option<u8> {
        if (self as u8) < 10 { Some(self as u8) } else { None }
    }

    /// The RFC 4733 event code, 0 to 15.
    #[must_use]
    pub const fn event_code(self) -> u8 {
        self as u8
    }

    /// The keypad row, 0 (top, 697 Hz) to 3 (941 Hz).
    #[must_use]
    pub const fn row(self) -> usize {
        ROW_COLUMN[self as usize].0 as usize
    }

    /// The keypad column, 0 (left, 1209 Hz) to 3 (1633 Hz).
    #[must_use]
    pub const fn column(self) -> usize {
        ROW_COLUMN[self as usize].1 as usize
    }

    /// The key at a row and a column, each 0 to 3.
    #[must_use]
    pub const fn at(row: usize, column: usize) -> Option<Self> {
        if row < 4 && column < 4 { Some(KEYPAD[row][column]) } else { None }
    }

    /// The low-group frequency in Hz.
    #[must_use]
    pub const fn low_hz(self) -> u16 {
        LOW_HZ[self.row()]
    }

    /// The high-group frequency in Hz.
    #[must_use]
    pub const fn high_hz(self) -> u16 {
        HIGH_HZ[self.column()]
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Low-group frequencies in Hz, top row first (ITU-T Q.23).
pub(crate) const LOW_HZ: [u16; 4] = [697, 770, 852, 941];
/// High-group frequencies in Hz, left column first (ITU-T Q.23).
pub(crate) const HIGH_HZ: [u16; 4] = [1209, 1336, 1477, 1633];

const CHARS: &[u8; 16] = b"0123456789*#ABCD";

const KEYPAD: [[Key; 4]; 4] = [
    [Key::D1, Key::D2, Key::D3, Key::A],
    [Key::D4, Key::D5, Key::D6, Key::B],
    [Key::D7, Key::D8, Key::D9, Key::C],
    [Key::Star, Key::D0, Key::Pound, Key::D],
];

/// Where each key of [`Key::ALL`] sits on [`KEYPAD`].
const ROW_COLUMN: [(u8, u8); 16] = [
    (3, 1),
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (2, 0),
    (2, 1),
    (2, 2),
    (3, 0),
    (3, 2),
    (0, 3),
    (1, 3),
    (2, 3),
    (3, 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_key_leads_back_to_it() {
        for (code, key) in Key::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(key.event_code()), code);
            assert_eq!(Key::from_event_code(key.event_code()), Some(key));
            assert_eq!(Key::from_char(key.reveal()), Some(key));
            assert_eq!(Key::from_char(key.reveal().to_ascii_lowercase()), Some(key));
            assert_eq!(Key::at(key.row(), key.column()), Some(key));
        }
    }

    #[test]
    fn only_decimal_keys_have_a_digit() {
        for digit in 0..10 {
            assert_eq!(Key::from_digit(digit).and_then(Key::digit), Some(digit));
        }
        assert_eq!(Key::from_digit(10), None);
        assert_eq!(Key::Star.digit(), None);
        assert_eq!(Key::D.digit(), None);
    }

    #[test]
    fn frequencies_are_those_of_the_keypad() {
        assert_eq!((Key::D1.low_hz(), Key::D1.high_hz()), (697, 1209));
        assert_eq!((Key::D0.low_hz(), Key::D0.high_hz()), (941, 1336));
        assert_eq!((Key::Pound.low_hz(), Key::Pound.high_hz()), (941, 1477));
        assert_eq!((Key::D.low_hz(), Key::D.high_hz()), (941, 1633));
    }

    #[test]
    fn foreign_characters_are_not_keys() {
        for c in ['e', '!', ' ', '\u{ff11}'] {
            assert_eq!(Key::from_char(c), None);
        }
        assert_eq!(Key::from_event_code(16), None);
        assert_eq!(Key::at(4, 0), None);
    }
}
