//! A call as it stands, put together from what has happened in it.

use core::time::Duration;
use std::collections::BTreeMap;

use paytone_dialog::{Field, Phase, Progress, SecureState};
use paytone_psp::attempt::State;

use crate::bus::{Bus, CallCommand, EventKind, ServiceEvent};
use crate::store::CallUlid;

/// A call as it stands: counts and states, never digits.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveCall {
    pub(super) line: Option<String>,
    pub(super) progress: Option<Progress>,
    pub(super) attempt: Option<State>,
    pub(super) prompt: Option<String>,
    pub(super) alarms: Vec<&'static str>,
    pub(super) outcome: Option<(&'static str, Option<&'static str>)>,
    /// How a payment ended on a call that goes on.
    pub(super) settled: Option<(&'static str, Option<&'static str>)>,
    /// What the switchboard's recorder has said last.
    pub(super) recorder: Option<&'static str>,
    /// The caller was sent back to the operator.
    pub(super) returning: bool,
    /// The last command could not be carried out.
    pub(super) refused: bool,
    pub(super) started_at: Option<Duration>,
    /// How far each field of the card is.
    fields: BTreeMap<Field, Keyed>,
}

/// How far one field is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keyed {
    /// How many digits there are.
    pub(super) digits: u8,
    /// How often it was begun.
    pub(super) tries: u32,
    /// Where it stands.
    pub(super) state: FieldState,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FieldState {
    /// Not asked for yet.
    #[default]
    Waiting,
    /// Being keyed.
    Open,
    /// There.
    Done,
}

/// The fields of a card, in the order they are asked for.
pub(super) const CARD: [Field; 3] = [Field::Pan, Field::Expiry, Field::SecurityCode];

impl LiveCall {
    /// What the bus still knows of a call.
    pub(super) fn so_far(bus: &Bus, call: CallUlid) -> Self {
        let mut live = Self::default();
        for event in bus.replay(0).missed.iter().filter(|event| event.call == Some(call)) {
            live.apply(event);
        }
        live
    }

    /// Something happened in it.
    pub(super) fn apply(&mut self, event: &ServiceEvent) {
        match &event.kind {
            EventKind::CallStarted { line } => {
                self.line = Some(line.clone());
                self.started_at = Some(event.at);
            }
            EventKind::Prompt(names) => self.prompt = names.last().cloned(),
            EventKind::Progress(progress) => self.go_on(progress),
            EventKind::AttemptState { state, .. } => self.attempt = Some(*state),
            EventKind::Alarm { alarm } => self.alarms.push(alarm),
            EventKind::PaymentEnded(outcome) => self.settled = Some((outcome.as_str(), outcome.detail())),
            EventKind::Command { command, .. } => {
                self.refused = false;
                if matches!(command, CallCommand::TakePayment(_)) {
                    *self = Self { line: self.line.take(), started_at: self.started_at, ..Self::default() };
                }
            }
            EventKind::CommandRefused { .. } => self.refused = true,
            EventKind::BackToOperator => self.returning = true,
            EventKind::Recorder { state } => self.recorder = Some(state),
            EventKind::CallEnded(outcome) => self.outcome = Some((outcome.as_str(), outcome.detail())),
            _ => {}
        }
    }

    pub(super) fn field(&self, field: Field) -> Keyed {
        self.fields.get(&field).copied().unwrap_or_default()
    }

    pub(super) fn phase(&self) -> Phase {
        self.progress.as_ref().map_or(Phase::Ringing, Progress::phase)
    }

    pub(super) fn is_secured(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.secure() == SecureState::Secured)
    }

    fn go_on(&mut self, progress: &Progress) {
        let open = progress.field().filter(|_| progress.phase() == Phase::Collecting);
        let asked = self.progress.is_some() && progress.phase() >= Phase::Collecting;
        for field in CARD {
            let keyed = self.fields.entry(field).or_default();
            let was = keyed.state;
            keyed.state = match (open == Some(field), progress.missing().contains(field)) {
                (true, _) => FieldState::Open,
                (false, true) => FieldState::Waiting,
                (false, false) if was != FieldState::Waiting || (asked && has(progress, field)) => {
                    FieldState::Done
                }
                (false, false) => FieldState::Waiting,
            };
            if keyed.state == FieldState::Open {
                let again = was == FieldState::Open && keyed.digits > 0 && progress.digits() == 0;
                keyed.tries += u32::from(was != FieldState::Open || again);
                keyed.digits = progress.digits();
            }
        }
        self.progress = Some(*progress);
    }
}

/// Whether the card has this field, as far as a screen may know.
fn has(progress: &Progress, field: Field) -> bool {
    field == Field::Pan && progress.last_four().is_some()
}
