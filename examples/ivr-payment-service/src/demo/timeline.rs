//! What happens, a line each, as it happens.

use std::time::Instant;

use paytone_dialog::{Field, Phase, Progress};
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinHandle;

use crate::bus::{EventKind, ServiceEvent};

/// Prints events until the call has ended.
pub(super) struct Timeline {
    start: Instant,
    printing: JoinHandle<()>,
}

impl Timeline {
    pub(super) fn start(mut events: Receiver<ServiceEvent>) -> Self {
        let start = Instant::now();
        let printing = tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                if let Some((who, what)) = line(&event.kind) {
                    print(start, who, &what);
                }
                if matches!(event.kind, EventKind::CallEnded(_)) {
                    return;
                }
            }
        });
        Self { start, printing }
    }

    pub(super) fn note(&self, what: &str) {
        print(self.start, "", what);
    }

    /// Waits for the end of the call, a moment at most: it has hung up already.
    pub(super) async fn finish(self) {
        drop(tokio::time::timeout(core::time::Duration::from_secs(3), self.printing).await);
    }
}

fn print(start: Instant, who: &str, what: &str) {
    println!("{:7.2} s  {who:<9} {what}", start.elapsed().as_secs_f64());
}

fn line(kind: &EventKind) -> Option<(&'static str, String)> {
    Some(match kind {
        EventKind::CallStarted { line } => ("call", format!("on line {line}")),
        EventKind::Language(language) => ("speaks", language.to_string()),
        EventKind::Prompt(names) => ("says", names.join(", ")),
        EventKind::Progress(progress) => ("keys", keyed(progress)?),
        EventKind::Secured => ("secure", "nobody else hears the keys".to_owned()),
        EventKind::Released => ("secure", "over".to_owned()),
        EventKind::AttemptState { reference, state } => {
            ("attempt", format!("{reference} {}", state.as_str()))
        }
        EventKind::PaymentEnded(outcome) => ("payment", format!("ended: {outcome}")),
        EventKind::Consent { given } => {
            ("stores", if *given { "agreed to" } else { "not agreed to" }.to_owned())
        }
        EventKind::KeyDropped { by } => ("keys", format!("one of the {by}'s, dropped")),
        EventKind::TakingBack => ("attempt", "taking it back".to_owned()),
        EventKind::BackToOperator => ("call", "back to the operator".to_owned()),
        EventKind::Command { .. }
        | EventKind::CommandRefused { .. }
        | EventKind::Recorder { .. }
        | EventKind::LineChecked { .. }
        | EventKind::OperatorWaits { .. }
        | EventKind::Alarm { .. } => {
            return None;
        }
        EventKind::CallEnded(outcome) => ("call", format!("ended: {outcome}")),
    })
}

/// The open field with a dot for every digit, and nothing of the security code.
fn keyed(progress: &Progress) -> Option<String> {
    if progress.phase() != Phase::Collecting {
        return Some(format!("-- {}", progress.phase()));
    }
    let field = progress.field()?;
    let dots = "\u{2022}".repeat(usize::from(progress.digits()));
    let brand = progress.brand().filter(|_| field == Field::Pan).map_or("", |brand| brand.label());
    let last_four =
        progress.last_four().filter(|_| field != Field::Pan).map(ToString::to_string).unwrap_or_default();
    Some(format!("{field:<14} {dots} {brand}{last_four}").trim_end().to_owned())
}
