use std::fmt;
use std::io::{self, Write};
use std::mem;

use crate::{Counts, Redactor};

/// Redacts what is written through it.
///
/// Only what may be the start of a finding is held back; a line end releases everything, so that a clean line is
/// out when the call that wrote its end returns. Flushing does not release: a number cut by a flush would get
/// through. Where lines stay open for long, a prompt say, [`release`](Self::release) bounds how long: call it
/// when nothing was written for a while. Dropping the writer, or [`finish`](Self::finish), ends the text and
/// writes what is held.
///
/// ```
/// use std::io::Write;
///
/// let mut writer = paytone_redact::Writer::new(Vec::new());
/// writer.write_all(b"pan: 41111111").unwrap();
/// writer.write_all(b"11111111\n").unwrap();
/// assert_eq!(writer.finish().unwrap(), b"pan: [card:****1111]\n");
/// ```
pub struct Writer<W: Write> {
    redactor: Redactor,
    decided: Vec<u8>,
    /// `None` only once the writer has been finished.
    inner: Option<W>,
}

impl<W: Write> Writer<W> {
    /// A writer in front of `inner`.
    pub fn new(inner: W) -> Self {
        Self::with(Redactor::new(), inner)
    }

    /// The same with a redactor of one's own: with another policy, or a hook.
    ///
    /// ```
    /// use paytone_redact::{Policy, Redactor, Writer};
    ///
    /// let redactor = Redactor::new().with_policy(Policy::RemoveAll);
    /// let writer = Writer::with(redactor, std::io::stdout());
    /// ```
    pub const fn with(redactor: Redactor, inner: W) -> Self {
        Self { redactor, decided: Vec::new(), inner: Some(inner) }
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.redactor.held()
    }

    /// Ends the text here: what is held is judged as if nothing followed, and written. A number whose other half
    /// is still to come is then not found.
    ///
    /// # Errors
    ///
    /// The inner writer's.
    pub fn release(&mut self) -> io::Result<()> {
        self.end()
    }

    /// What was found so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.redactor.counts()
    }

    /// Ends the text, writes what is held and hands the inner writer back.
    ///
    /// # Errors
    ///
    /// The inner writer's; the inner writer is then lost.
    pub fn finish(mut self) -> io::Result<W> {
        self.end()?;
        self.inner.take().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    fn end(&mut self) -> io::Result<()> {
        self.redactor.finish(&mut self.decided);
        self.pass_on()?;
        self.flush()
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let decided = mem::take(&mut self.decided);
        match &mut self.inner {
            Some(inner) if !decided.is_empty() => inner.write_all(&decided)?,
            _ => {}
        }
        self.decided = decided;
        self.decided.clear();
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    /// Takes all of `bytes` in. An error of the inner writer loses what was decided by then.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.redactor.process(bytes, &mut self.decided);
        self.pass_on()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> Drop for Writer<W> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            // Nobody is left to hear of an error.
            let _ = self.end();
        }
    }
}

/// Prints the counts.
impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
