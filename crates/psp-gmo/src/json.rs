//! JSON written straight into a request's body: card digits pass through no other buffer.

use paytone_psp::exchange::{Body, Sink};

/// A body of one object.
pub(crate) fn object(write: impl Fn(&mut Object<'_, '_>)) -> Body {
    Body::write(|sink| braces(sink, &write))
}

/// An object whose fields are being written.
pub(crate) struct Object<'s, 'b> {
    sink: &'s mut Sink<'b>,
    is_empty: bool,
}

impl Object<'_, '_> {
    /// A string, escaped as RFC 8259, section 7, asks for.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.sink.push(b"\"");
        for byte in value.bytes() {
            match byte {
                b'"' => self.sink.push(b"\\\""),
                b'\\' => self.sink.push(b"\\\\"),
                0..=0x1f => self.control(byte),
                _ => self.sink.push(&[byte]),
            }
        }
        self.sink.push(b"\"");
    }

    /// A string of ASCII digits, copied as they are.
    pub(crate) fn digits(&mut self, name: &'static str, digits: &[u8]) {
        self.name(name);
        self.sink.push(b"\"");
        self.sink.push(digits);
        self.sink.push(b"\"");
    }

    pub(crate) fn flag(&mut self, name: &'static str, value: bool) {
        self.name(name);
        self.sink.push(if value { b"true" } else { b"false" });
    }

    pub(crate) fn object(&mut self, name: &'static str, write: impl FnOnce(&mut Object<'_, '_>)) {
        self.name(name);
        braces(self.sink, write);
    }

    fn name(&mut self, name: &'static str) {
        if !self.is_empty {
            self.sink.push(b",");
        }
        self.is_empty = false;
        self.sink.push(b"\"");
        self.sink.push(name.as_bytes());
        self.sink.push(b"\":");
    }

    fn control(&mut self, byte: u8) {
        let hex = b"0123456789abcdef";
        self.sink.push(b"\\u00");
        self.sink.push(&[hex[usize::from(byte >> 4)], hex[usize::from(byte & 15)]]);
    }
}

fn braces(sink: &mut Sink<'_>, write: impl FnOnce(&mut Object<'_, '_>)) {
    sink.push(b"{");
    write(&mut Object { sink: &mut *sink, is_empty: true });
    sink.push(b"}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let awkward = "a \"b\" \\ c\n\u{1}\u{7f} 注文";
        let body = object(|all| {
            all.text("text", awkward);
            all.object("inner", |inner| {
                inner.flag("yes", true);
                inner.flag("no", false);
            });
            all.object("empty", |_| {});
            all.digits("digits", b"0123");
        });
        let read: serde_json::Value = serde_json::from_slice(body.as_ref()).unwrap();
        let expected = serde_json::json!({
            "text": awkward, "inner": {"yes": true, "no": false}, "empty": {}, "digits": "0123",
        });
        assert_eq!(read, expected);
    }
}
