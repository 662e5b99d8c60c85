use core::fmt;

/// What is left of a card number when its middle is taken out: none, six or eight leading digits, and the last
/// four.
///
/// At least four digits are always missing: of a number too short for that, only the last four are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PanEnds {
    /// ASCII; zero bytes past the length.
    first: [u8; 8],
    first_len: u8,
    last_four: [u8; 4],
}

impl PanEnds {
    /// The ends of a complete number in ASCII digits; zeros stand for what a shorter one lacks.
    pub(crate) fn of(digits: &[u8], leading: usize) -> Self {
        let leading = if leading + MISSING + 4 <= digits.len() { leading } else { 0 };
        Self::new(&digits[..leading], digits.last_chunk().copied().unwrap_or([b'0'; 4]))
    }

    /// Reads what [`write`](Self::write) writes.
    pub(crate) fn parse(text: &str, gap: &str) -> Option<Self> {
        let (first, last) = match text.strip_prefix(gap.trim_start()) {
            Some(last) => ("", last),
            None => text.split_once(gap).filter(|(first, _)| matches!(first.len(), 6 | 8))?,
        };
        let last_four: [u8; 4] = last.as_bytes().try_into().ok()?;
        let digits = first.bytes().chain(last_four).all(|byte| byte.is_ascii_digit());
        digits.then(|| Self::new(first.as_bytes(), last_four))
    }

    pub(crate) fn new(leading: &[u8], last_four: [u8; 4]) -> Self {
        let mut first = [0; 8];
        first[..leading.len()].copy_from_slice(leading);
        Self { first, first_len: leading.len() as u8, last_four }
    }

    pub(crate) fn first(&self) -> &str {
        let first = self.first.get(..usize::from(self.first_len)).unwrap_or_default();
        core::str::from_utf8(first).unwrap_or_default()
    }

    pub(crate) fn last_four(&self) -> &str {
        core::str::from_utf8(&self.last_four).unwrap_or_default()
    }

    /// Writes the ends with `gap` between them, which stands first without its space when nothing is before it.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, gap: &str) -> fmt::Result {
        let gap = if self.first_len == 0 { gap.trim_start() } else { gap };
        write!(f, "{}{gap}{}", self.first(), self.last_four())
    }
}

/// The fewest digits that have to be missing.
const MISSING: usize = 4;
