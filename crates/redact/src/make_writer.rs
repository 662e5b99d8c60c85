use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::{Counts, Finding, Kind, Policy, Redactor};

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
    policy: Policy,
    incidents: Incidents,
}

impl<M> RedactingMakeWriter<M> {
    /// Redacts in front of `inner`.
    pub fn new(inner: M) -> Self {
        Self { inner, policy: Policy::default(), incidents: Incidents::default() }
    }

    /// The same with masks that show more or less of a card number.
    #[must_use]
    pub const fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The same with a hook that hears of each finding as it is masked: where in its event it was and what, never
    /// its digits. What the hook logs itself passes through here again.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use paytone_redact::{Kind, RedactingMakeWriter};
    ///
    /// let (incidents, heard) = mpsc::sync_channel(16);
    /// let make = RedactingMakeWriter::new(std::io::sink).with_hook(move |finding| {
    ///     // Never waits: a log must not.
    ///     let _ = incidents.try_send(finding.kind);
    /// });
    /// let subscriber = tracing_subscriber::fmt().with_writer(make).finish();
    /// tracing::subscriber::with_default(subscriber, || tracing::warn!("the body was cvc=123"));
    /// assert_eq!(heard.recv().unwrap(), Kind::SecurityCode);
    /// ```
    #[must_use]
    pub fn with_hook(mut self, hook: impl Fn(&Finding) + Send + Sync + 'static) -> Self {
        self.incidents.hook = Some(Arc::new(hook));
        self
    }

    /// What was found so far, in all events of this writer and its clones.
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// use paytone_redact::RedactingMakeWriter;
    /// use tracing_subscriber::fmt::MakeWriter;
    ///
    /// let make = RedactingMakeWriter::new(std::io::sink);
    /// make.make_writer().write_all(b"cvc=123").unwrap();
    /// assert_eq!(make.counts().security_codes, 1);
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        let [card_numbers, security_codes, tracks, keys] =
            self.incidents.counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        Counts { card_numbers, security_codes, tracks, keys }
    }

    fn event<W: Write>(&self, inner: W) -> EventWriter<W> {
        let incidents = self.incidents.clone();
        let redactor =
            Redactor::new().with_policy(self.policy).with_hook(move |finding| incidents.report(finding));
        EventWriter { redactor, line: Vec::new(), inner }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for RedactingMakeWriter<M> {
    type Writer = EventWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        self.event(self.inner.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        self.event(self.inner.make_writer_for(meta))
    }
}

/// What the events have in common: how many findings there were, and who wants to hear of them.
#[derive(Clone, Default)]
struct Incidents {
    counts: Arc<[AtomicU64; 4]>,
    hook: Option<Arc<Hook>>,
}

type Hook = dyn Fn(&Finding) + Send + Sync;

impl Incidents {
    fn report(&self, finding: &Finding) {
        let index = match finding.kind {
            Kind::CardNumber => 0,
            Kind::SecurityCode => 1,
            Kind::Track => 2,
            Kind::Key => 3,
        };
        self.counts[index].fetch_add(1, Ordering::Relaxed);
        if let Some(hook) = &self.hook {
            hook(finding);
        }
    }
}

impl fmt::Debug for Incidents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incidents").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// Gathers one event, redacted, and writes it when it is flushed or dropped.
pub struct EventWriter<W: Write> {
    redactor: Redactor,
    line: Vec<u8>,
    inner: W,
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
