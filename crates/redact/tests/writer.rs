//! The writer around an `io::Write`.
#![cfg(feature = "std")]

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use paytone_redact::Writer;

/// Shares what is written to it.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("the test writes UTF-8")
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn holds_back_only_what_may_be_a_number() {
    let out = Shared::default();
    let mut writer = Writer::new(out.clone());
    writer.write_all(b"card 4111 1111 ").unwrap();
    writer.flush().unwrap();
    assert_eq!(out.text(), "card ", "a flush does not give half a number out");
    writer.write_all(b"1111 1111").unwrap();
    assert_eq!(out.text(), "card ");
    writer.write_all(b" paid, port 5060\n").unwrap();
    assert_eq!(out.text(), "card [card:****1111] paid, port 5060\n");
}

#[test]
fn dropping_writes_the_rest() {
    let out = Shared::default();
    let mut writer = Writer::new(out.clone());
    writer.write_all(b"4111111111111111").unwrap();
    assert_eq!(out.text(), "");
    drop(writer);
    assert_eq!(out.text(), "[card:****1111]");
}

#[test]
fn errors_of_the_inner_writer_come_through() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut writer = Writer::new(Full);
    assert_eq!(writer.write(b"text\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(writer.write(b"4111111111111111").is_ok(), "held back, nothing written yet");
    assert!(writer.finish().is_err());
}

#[test]
fn counts_what_it_found() {
    let mut writer = Writer::new(Vec::new());
    writer.write_all(b"4111111111111111 cvc=123 Signal=5 ;4111111111111111=3012101000?\n").unwrap();
    let counts = writer.counts();
    assert_eq!((counts.card_numbers, counts.security_codes, counts.keys, counts.tracks), (1, 1, 1, 1));
}

#[test]
fn a_clean_line_is_out_when_its_write_returns() {
    let out = Shared::default();
    let mut writer = Writer::new(out.clone());
    let mut written = String::new();
    for line in [
        "port 5060, call 4111 of 12\n",
        "t=1754043753123 id=20481\n",
        "Signal\n",
        "o=- 4222222222223\n",
        "50%\n",
    ] {
        // However it is cut, nothing of it waits for the next line.
        for piece in line.as_bytes().chunks(4) {
            writer.write_all(piece).unwrap();
        }
        written += line;
        assert_eq!((out.text(), writer.held()), (written.clone(), 0));
    }
}

#[test]
fn releasing_bounds_how_long_an_open_line_waits() {
    let out = Shared::default();
    let mut writer = Writer::new(out.clone());
    writer.write_all(b"Amount: 12").unwrap();
    assert_eq!((out.text().as_str(), writer.held()), ("Amount: ", 2));
    writer.release().unwrap();
    assert_eq!((out.text().as_str(), writer.held()), ("Amount: 12", 0));
    writer.write_all(b"\ncvc=123").unwrap();
    writer.release().unwrap();
    assert_eq!(out.text(), "Amount: 12\ncvc=[code:removed]");
    assert_eq!(writer.counts().total(), 1);
}
