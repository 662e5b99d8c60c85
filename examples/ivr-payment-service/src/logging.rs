//! Log lines that cannot give a card away.
//!
//! Three things see to that, and no setting turns any of them off:
//! 1. the SIP library writes whole messages, and with them keys and credentials, into its log events. Those below `WARN`
//!    are dropped before anything formats them; of the others only the level and the place remain;
//! 2. every byte of a line, whoever wrote it, goes through the redactor;
//! 3. a panic is logged by its place, without its words.
//!
//! Crates that use the `log` facade are not listened to at all.

use core::fmt;
use std::env;
use std::io::{self, Write};
use std::sync::Mutex;

use paytone_redact::RedactingMakeWriter;
use thiserror::Error;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{LogConfig, LogFormat};

/// The SIP library, as the targets of its events begin.
const SIP_LIBRARY: &str = "rsipstack";

/// Why there is no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LoggingError {
    /// The filter, from the configuration or `RUST_LOG`, cannot be read.
    #[error("the log filter cannot be read")]
    Filter,
    /// Somebody else set up logging before.
    #[error("logging is set up already")]
    AlreadySet,
}

/// Logs to standard error from here on, for the whole process. `RUST_LOG`, where it is set, replaces the configured
/// filter.
///
/// # Errors
///
/// [`LoggingError`].
pub fn init(config: &LogConfig) -> Result<(), LoggingError> {
    let mut config = config.clone();
    if let Ok(filter) = env::var(EnvFilter::DEFAULT_ENV) {
        config.filter = filter;
    }
    let subscriber = subscriber(&config, io::stderr())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::AlreadySet)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic: this is a bug");
    }));
    Ok(())
}

/// The subscriber [`init`] installs, writing to any sink.
///
/// # Errors
///
/// [`LoggingError::Filter`].
pub fn subscriber(
    config: &LogConfig,
    sink: impl Write + Send + 'static,
) -> Result<impl Subscriber + Send + Sync, LoggingError> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|_| LoggingError::Filter)?;
    let writer = RedactingMakeWriter::new(Mutex::new(sink));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let lines: Box<dyn Layer<_> + Send + Sync> = match config.format {
        LogFormat::Text => lines.event_format(Lines::Text(Format::default().with_ansi(false))).boxed(),
        LogFormat::Json => {
            lines.fmt_fields(JsonFields::new()).event_format(Lines::Json(Format::default().json())).boxed()
        }
    };
    Ok(Registry::default().with(lines.with_filter(filter)).with(HushSipLibrary))
}

/// Switches the SIP library's events below `WARN`, and all its spans, off for every other layer.
struct HushSipLibrary;

impl<S: Subscriber> Layer<S> for HushSipLibrary {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match may_be_heard(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        may_be_heard(metadata)
    }
}

fn may_be_heard(metadata: &Metadata<'_>) -> bool {
    !is_of_sip_library(metadata) || (metadata.is_event() && *metadata.level() <= Level::WARN)
}

fn is_of_sip_library(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(SIP_LIBRARY)
        || metadata.module_path().is_some_and(|module| module.starts_with(SIP_LIBRARY))
}

/// How a line looks: as the format says, except that nothing the SIP library says is repeated.
enum Lines {
    Text(Format<Full>),
    Json(Format<Json>),
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self {
            _ if is_of_sip_library(event.metadata()) => self.hushed(writer, event.metadata()),
            Self::Text(format) => format.format_event(context, writer, event),
            Self::Json(format) => format.format_event(context, writer, event),
        }
    }
}

impl Lines {
    fn hushed(&self, mut writer: Writer<'_>, metadata: &Metadata<'_>) -> fmt::Result {
        const MESSAGE: &str = "the sip library reports a problem";
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let (level, target) = (metadata.level(), metadata.target());
        match self {
            Self::Text(_) => writeln!(writer, "{time} {level:>5} {target}: {MESSAGE}"),
            Self::Json(_) => {
                let line = serde_json::json!({
                    "timestamp": time,
                    "level": level.as_str(),
                    "fields": { "message": MESSAGE },
                    "target": target,
                });
                writeln!(writer, "{line}")
            }
        }
    }
}
