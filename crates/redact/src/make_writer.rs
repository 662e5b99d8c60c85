use std::fmt;
use std::io::{self, Write};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::Redactor;

/// Redacts every event that tracing-subscriber's formatting layer writes.
///
/// Each event is a text of its own: it is redacted whole, however its formatter cuts it, and written at once, so
/// that logs never lag and lines of several threads do not mix. A layer could not do this: it cannot change what
/// other layers see.
///
/// ```
/// use paytone_redact::RedactingMakeWriter;
///
/// let subscriber = tracing_subscriber::fmt()
///     .json()
///     .with_writer(RedactingMakeWriter::new(std::io::stderr))
///     .finish();
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info!("the caller keyed 4111 1111 1111 1111"); // ... keyed [card:****1111]
/// });
/// ```
#[derive(Clone, Debug)]
pub struct RedactingMakeWriter<M> {
    inner: M,
}

impl<M> RedactingMakeWriter<M> {
    /// Redacts in front of `inner`.
    pub const fn new(inner: M) -> Self {
        Self { inner }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for RedactingMakeWriter<M> {
    type Writer = EventWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EventWriter::new(self.inner.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        EventWriter::new(self.inner.make_writer_for(meta))
    }
}

/// Gathers one event, redacted, and writes it when it is flushed or dropped.
pub struct EventWriter<W: Write> {
    redactor: Redactor,
    line: Vec<u8>,
    inner: W,
}

impl<W: Write> EventWriter<W> {
    fn new(inner: W) -> Self {
        Self { redactor: Redactor::new(), line: Vec::new(), inner }
    }
}

impl<W: Write> Write for EventWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.redactor.process(bytes, &mut self.line);
        Ok(bytes.len())
    }

    /// Ends the event.
    fn flush(&mut self) -> io::Result<()> {
        self.redactor.finish(&mut self.line);
        let written = if self.line.is_empty() { Ok(()) } else { self.inner.write_all(&self.line) };
        self.line.clear();
        written?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for EventWriter<W> {
    fn drop(&mut self) {
        // Nobody is left to hear of an error.
        let _ = self.flush();
    }
}

impl<W: Write> fmt::Debug for EventWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter").finish_non_exhaustive()
    }
}
