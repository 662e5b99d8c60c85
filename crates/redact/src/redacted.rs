use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::Redactor;

/// Displays what it holds, redacted; with the feature `serde` it also serialises as that text.
///
/// `Display` and `Debug` of the inner value are passed through a [`Redactor`] piece by piece as they are written,
/// so that no unmasked copy of the whole comes to be.
///
/// ```
/// use paytone_redact::Redacted;
///
/// let fields = ["4111111111111111", "ok"];
/// assert_eq!(format!("{:?}", Redacted(fields)), r#"["[card:****1111]", "ok"]"#);
/// assert_eq!(Redacted("cvv: 123").to_string(), "cvv: [code:removed]");
/// ```
#[derive(Clone, Copy)]
pub struct Redacted<T>(pub T);

impl<T: fmt::Display> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Through::run(f, |through| write!(through, "{}", self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pretty = f.alternate();
        Through::run(f, |through| {
            if pretty { write!(through, "{:#?}", self.0) } else { write!(through, "{:?}", self.0) }
        })
    }
}

#[cfg(feature = "serde")]
impl<T: fmt::Display> serde::Serialize for Redacted<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A redactor in front of a formatter.
struct Through<'a, 'b> {
    redactor: Redactor,
    decided: Vec<u8>,
    to: &'a mut fmt::Formatter<'b>,
}

impl<'a, 'b> Through<'a, 'b> {
    fn run(to: &'a mut fmt::Formatter<'b>, write: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        let mut through = Self { redactor: Redactor::new(), decided: Vec::new(), to };
        write(&mut through)?;
        through.redactor.finish(&mut through.decided);
        through.pass_on()
    }

    fn pass_on(&mut self) -> fmt::Result {
        // Pieces come in as whole characters and are held back from the start of one.
        self.to.write_str(core::str::from_utf8(&self.decided).map_err(|_| fmt::Error)?)?;
        self.decided.clear();
        Ok(())
    }
}

impl Write for Through<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.redactor.process(text.as_bytes(), &mut self.decided);
        self.pass_on()
    }
}
