//! Form fields. A value may be card digits, so it is bytes that are wiped.

use core::fmt;

use zeroize::Zeroizing;

/// The fields of a body or a query, in their order.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, Zeroizing<Vec<u8>>)>);

impl Fields {
    /// Reads `name=value&name=value`.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self(pairs.map(pair).collect())
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        core::str::from_utf8(self.bytes(name)?).ok()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The fields `name[x]`, as `x` and value.
    pub(crate) fn map(&self, name: &str) -> Vec<(String, String)> {
        let inner = |known: &str| {
            let rest = known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!rest.contains('[')).then(|| rest.to_owned())
        };
        let value = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.0.iter().filter_map(|(known, text)| Some((inner(known)?, value(text)))).collect()
    }

    /// The first name that is neither one of `known` nor inside one of them.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&str> {
        let is_known = |name: &str| {
            let outer = name.split('[').next().unwrap_or(name);
            known.contains(&outer)
        };
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !is_known(name))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn pair(pair: &[u8]) -> (String, Zeroizing<Vec<u8>>) {
    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let name = String::from_utf8_lossy(&decoded(&pair[..at])).into_owned();
    (name, decoded(pair.get(at + 1..).unwrap_or_default()))
}

fn decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (byte, left) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, left @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, left),
                _ => (b'%', after),
            },
            (byte, _) => (*byte, after),
        };
        bytes.push(byte);
        rest = left;
    }
    bytes
}

fn nibble(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_sorted_by_name() {
        let fields = Fields::parse(b"amount=12&metadata%5Ba%5D=x+y&metadata[b]=%C3%BC&bad=%zz&flag=True");
        assert_eq!(fields.number("amount"), Some(12));
        let metadata = [("a".to_owned(), "x y".to_owned()), ("b".to_owned(), "ü".to_owned())];
        assert_eq!(fields.map("metadata"), metadata);
        assert_eq!(fields.text("bad"), Some("%zz"));
        assert!(fields.is_true("flag"));
        assert_eq!(fields.unknown(&["amount", "metadata", "flag"]), Some("bad"));
        assert!(!format!("{fields:?}").contains("12"));
    }
}
