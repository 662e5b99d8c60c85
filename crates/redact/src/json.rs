//! Keeping JSON valid: a mask in the place of a number needs quotes.

/// The quotes around a mask: a double quote behind as many backslashes as the key of the number has, since the
/// object may itself stand in a JSON string.
#[derive(Clone, Copy)]
pub(crate) struct Quote {
    bytes: [u8; MAX_BACKSLASHES + 1],
    len: usize,
}

impl Quote {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[MAX_BACKSLASHES + 1 - self.len..]
    }

    fn new(backslashes: usize) -> Self {
        let mut bytes = [b'\\'; MAX_BACKSLASHES + 1];
        bytes[MAX_BACKSLASHES] = b'"';
        Self { bytes, len: backslashes + 1 }
    }

    /// The quotes that a number between `before` and `after` needs as a string: some when it is the value of a
    /// quoted key of an object.
    pub(crate) fn for_number(before: &[u8], after: Option<u8>) -> Option<Self> {
        if !matches!(after, None | Some(b',' | b'}' | b' ' | b'\r' | b'\n' | b'\t' | b'\\')) {
            return None;
        }
        let (key, backslashes) = closing_quote(trim(trim(before).strip_suffix(b":")?))?;
        let name = key.iter().rev().take_while(|&&byte| is_key(byte)).count();
        let (start, name) = key.split_at(key.len() - name);
        let (object, opening) = closing_quote(start)?;
        // Without the comma or brace the first quote may as well end a string, and the second begin one.
        // A key on a line of its own has neither in sight.
        let is_key =
            matches!(trim(object), [] | [.., b'{' | b','] | [.., b'\\', b'n']) && opening == backslashes;
        (is_key && !name.is_empty()).then(|| Self::new(backslashes))
    }
}

/// Splits a quote and the backslashes before it off the end.
fn closing_quote(text: &[u8]) -> Option<(&[u8], usize)> {
    let text = text.strip_suffix(b"\"")?;
    let backslashes = text.iter().rev().take_while(|&&byte| byte == b'\\').count();
    (backslashes <= MAX_BACKSLASHES).then(|| (&text[..text.len() - backslashes], backslashes))
}

fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii_end()
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@')
}

/// JSON in JSON in JSON.
const MAX_BACKSLASHES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(before: &str, after: Option<u8>) -> Option<String> {
        Quote::for_number(before.as_bytes(), after)
            .map(|quote| String::from_utf8(quote.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn the_value_of_a_key_is_quoted_like_the_key() {
        assert_eq!(quote(r#"{"pan":"#, Some(b'}')).as_deref(), Some("\""));
        assert_eq!(quote(r#"{"a": 1, "pan" : "#, Some(b',')).as_deref(), Some("\""));
        assert_eq!(quote(r#"{\"pan\":"#, Some(b'}')).as_deref(), Some("\\\""));
        assert_eq!(quote("  \"pan\": ", Some(b'\n')).as_deref(), Some("\""));
        assert_eq!(quote(r#"{\\\"pan\\\":"#, Some(b'}')).as_deref(), Some("\\\\\\\""));
    }

    #[test]
    fn text_is_not() {
        for before in
            [r#"{"msg":":"#, r#"{"msg":"card: "#, "pan:", r#"x"pan":"#, r#"{"":"#, r#"{\"pan":"#, ""]
        {
            assert_eq!(quote(before, Some(b',')), None, "{before}");
        }
        assert_eq!(quote(r#"{"pan":"#, Some(b'x')), None);
    }
}
