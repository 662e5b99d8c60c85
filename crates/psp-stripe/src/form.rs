//! Form bodies (`application/x-www-form-urlencoded`, WHATWG URL standard, section 5), written in place.

use paytone_psp::exchange::{Body, Sink};

/// Writes fields one after the other.
pub(crate) struct Form<'s, 'b> {
    sink: &'s mut Sink<'b>,
    is_empty: bool,
}

/// A body of the fields `write` writes. It is run twice and has to write the same both times.
pub(crate) fn form(write: impl Fn(&mut Form<'_, '_>)) -> Body {
    Body::write(|sink| write(&mut Form { sink, is_empty: true }))
}

impl Form<'_, '_> {
    /// A field whose name needs no escaping.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    /// A number in decimal digits.
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        let mut digits = [0; 20];
        let mut place = digits.len();
        let mut rest = value;
        loop {
            place -= 1;
            digits[place] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes(name, &digits[place..]);
    }

    /// Bytes, escaped where they need it. Card digits never do, so they go from their holder to the body.
    pub(crate) fn bytes(&mut self, name: &str, value: &[u8]) {
        if !self.is_empty {
            self.sink.push(b"&");
        }
        self.is_empty = false;
        self.sink.push(name.as_bytes());
        self.sink.push(b"=");
        for part in value.chunk_by(|one, other| is_plain(*one) == is_plain(*other)) {
            if part.first().copied().is_some_and(is_plain) {
                self.sink.push(part);
            } else {
                part.iter().for_each(|byte| self.sink.push(&escaped(*byte)));
            }
        }
    }
}

/// A query value.
pub(crate) fn query_value(value: &str) -> String {
    let bytes = value.bytes().flat_map(|byte| {
        if is_plain(byte) { vec![char::from(byte)] } else { escaped(byte).map(char::from).to_vec() }
    });
    bytes.collect()
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn escaped(byte: u8) -> [u8; 3] {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    [b'%', HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_numbers_are_decimal() {
        let body = form(|form| {
            form.text("currency", "jpy");
            form.number("amount", 0);
            form.number("most", u64::MAX);
            form.text("metadata[order_id]", "a b&c=d/ü");
            form.text("empty", "");
        });
        let expected = "currency=jpy&amount=0&most=18446744073709551615&metadata[order_id]=a%20b%26c%3Dd%2F%C3%BC&empty=";
        assert_eq!(body.as_ref(), expected.as_bytes());
        assert_eq!(query_value("pi_1&x"), "pi_1%26x");
    }
}
