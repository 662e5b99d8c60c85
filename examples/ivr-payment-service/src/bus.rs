//! What is going on, for whoever wants to watch, and what operators want done, for the calls.
//!
//! An event never carries more of a card than its brand and last four digits. Watching is best effort: a slow watcher
//! loses the oldest events and is told so; the store stays the truth. Events are numbered, and the latest are kept, so
//! that a watcher who was away can go on where it was.
//!
//! The bus is a handle to a [`Transport`]: this process's own, or one that spans processes.

mod in_process;

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use paytone_call::Input;
use paytone_dialog::{Command, CommandRefused, Field, Language, Mode, OrderChange, Outcome, Progress};
use paytone_psp::Reference;
use paytone_psp::attempt::State;
use serde::{Serialize, Serializer};
use tokio::sync::{broadcast, mpsc, oneshot};

use self::in_process::InProcess;
use crate::store::{CallUlid, MerchantUlid, OrderUlid};

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ServiceEvent {
    /// Counted from 1 since the bus was made.
    pub number: u64,
    /// Whose business it is.
    pub merchant: MerchantUlid,
    /// The call it happened in, where it did in one.
    pub call: Option<CallUlid>,
    /// When, since the Unix epoch; serialised as RFC 3339 text.
    #[serde(serialize_with = "crate::clock::serialize_time")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A call arrived and was matched to the named line.
    CallStarted {
        /// The line's configured name.
        line: String,
    },
    /// The language that is spoken from now on; the first comes before the first prompt.
    Language(Language),
    /// Prompts began to play; their names in speaking order.
    Prompt(Vec<String>),
    /// The caller got further; digits are counted, never shown.
    Progress(Progress),
    /// The media side acknowledged that the caller's keys reach nobody else.
    Secured,
    /// That protection ended.
    Released,
    /// The recorder of the switchboard: `paused` or `recording` as it says itself, `unanswered` where it does not say so, and
    /// `unverified` where secure mode begins and the line names no recorder.
    Recorder {
        /// Which of them.
        state: &'static str,
    },
    /// An operator has called in and waits for a caller, or waits no longer: has one, or is gone.
    OperatorWaits {
        /// The line's configured name.
        line: String,
        /// The user part of the operator's SIP URI.
        operator: String,
        /// Whether they wait now.
        waits: bool,
    },
    /// A call that tried a line out is over: how its keys came. Never which they were.
    LineChecked {
        /// The line's configured name.
        line: String,
        /// Keys pressed.
        keys: u32,
        /// Reported as telephone-events.
        events: u32,
        /// Reported by SIP INFO.
        infos: u32,
        /// Heard as tones.
        tones: u32,
        /// Reports too many.
        doubled: u32,
    },
    /// A payment attempt moved in the journal.
    AttemptState {
        /// The attempt.
        reference: Reference,
        /// The state just committed.
        state: State,
    },
    /// An operator gave the call a command.
    Command {
        /// Which.
        command: CallCommand,
        /// The call's version now.
        version: u32,
    },
    /// A call did not do what an operator wanted: nothing has changed but its version.
    CommandRefused {
        /// Which.
        command: CallCommand,
        /// Why, in a word.
        reason: &'static str,
        /// The call's version now; `null` where it was found out later.
        version: Option<u32>,
    },
    /// The caller was asked whether the card may be stored.
    Consent {
        /// Whether the caller agreed.
        given: bool,
    },
    /// Somebody other than the caller pressed a key, which does not count.
    KeyDropped {
        /// Who.
        by: &'static str,
    },
    /// A payment that was just approved is being taken back: the caller had hung up.
    TakingBack,
    /// The dialog is over and the caller is to go back to the operator.
    BackToOperator,
    /// A payment came to its end on a call that goes on: operator and caller talk.
    #[serde(serialize_with = "serialize_outcome")]
    PaymentEnded(Outcome),
    /// Somebody has to look: a rule was broken or a limit reached.
    Alarm {
        /// Which, in a word.
        alarm: &'static str,
    },
    /// The call is over.
    #[serde(serialize_with = "serialize_outcome")]
    CallEnded(Outcome),
}

/// What an operator can have a call do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "name", content = "of")]
#[non_exhaustive]
pub enum CallCommand {
    /// The operator drives, field by field, or the script does again.
    Directed(bool),
    /// Ask for this field; what it had is wiped first.
    Capture(Field),
    /// Wipe what this field has.
    Clear(Field),
    /// Go on without this field.
    Skip(Field),
    /// Say again what is asked for.
    Repeat,
    /// Wait longer for keys, and hear doubled tones as one.
    SlowMode(bool),
    /// Ask the provider.
    Submit,
    /// Leave secure mode so that the two can talk; the next card field enters it again.
    Talk,
    /// The operator confirms a hand-over that needs both.
    HandOver,
    /// End it: the caller is told, and no card is asked for any more.
    Cancel,
    /// End it without a word: the operator goes on with the caller.
    TakeBack,
    /// Take a payment while the operator stays on the line: of this order, or of the call's own.
    TakePayment(Option<OrderUlid>),
    /// The order was cancelled: the caller is told.
    OrderCancelled,
    /// The order was changed: the caller is told.
    OrderChanged,
}

impl CallCommand {
    /// What the call's dialog is told; nothing where a dialog has yet to begin.
    #[must_use]
    pub const fn input(self) -> Option<Input<'static>> {
        Some(Input::Command(match self {
            Self::OrderCancelled => return Some(Input::OrderWithdrawn(OrderChange::Cancelled)),
            Self::OrderChanged => return Some(Input::OrderWithdrawn(OrderChange::Changed)),
            Self::TakePayment(_) => return None,
            Self::Directed(true) => Command::Mode(Mode::Directed),
            Self::Directed(false) => Command::Mode(Mode::Automatic),
            Self::Capture(field) => Command::Capture(field),
            Self::Clear(field) => Command::Clear(field),
            Self::Skip(field) => Command::Skip(field),
            Self::Repeat => Command::Repeat,
            Self::SlowMode(on) => Command::SlowMode(on),
            Self::Submit => Command::Submit,
            Self::Talk => Command::Talk,
            Self::HandOver => Command::HandOver,
            Self::Cancel => Command::Cancel,
            Self::TakeBack => Command::TakeBack,
        }))
    }
}

/// The call does not take commands on this bus: it is over, or somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call takes no commands here")]
pub struct NotServed;

/// A command that reached its call.
#[derive(Debug)]
pub struct Commanded {
    /// Which.
    pub command: CallCommand,
    answer: oneshot::Sender<Result<(), CommandRefused>>,
}

impl Commanded {
    /// Says what came of it. Nobody need be listening any more.
    pub fn answer(self, done: Result<(), CommandRefused>) {
        let _ = self.answer.send(done);
    }
}

/// What comes of a command: an error of the channel where the call ended first.
pub type CommandAnswer = oneshot::Receiver<Result<(), CommandRefused>>;

/// What a watcher who was away has missed.
#[derive(Debug)]
pub struct Replay {
    /// The events after the one it saw last.
    pub missed: Vec<ServiceEvent>,
    /// Some of what it missed is not kept any more.
    pub gap: bool,
    /// What happens from now on.
    pub live: broadcast::Receiver<ServiceEvent>,
}

/// What carries events and commands.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Numbers an event, keeps it for a while, and tells every watcher; without one the event is gone, which is no error.
    fn publish(&self, event: ServiceEvent);

    /// Everything after the event with this number, then everything that happens.
    fn replay(&self, after: u64) -> Replay;

    /// Which run of the bus the numbers belong to.
    fn run(&self) -> u64;

    /// Takes the commands for this call from now on.
    fn serve(&self, call: CallUlid) -> mpsc::Receiver<Commanded>;

    /// The call is over: nobody takes its commands.
    fn forget(&self, call: CallUlid);

    /// Hands a command to whoever serves the call, and says what comes of it.
    ///
    /// # Errors
    ///
    /// [`NotServed`].
    fn command(&self, call: CallUlid, command: CallCommand) -> Result<CommandAnswer, NotServed>;
}

/// Carries events from the calls to whoever watches, and commands to the calls. Cheap to clone; all clones are one bus.
#[derive(Debug, Clone)]
pub struct Bus(Arc<dyn Transport>);

impl Bus {
    /// A bus within this process.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Arc::new(InProcess::new()))
    }

    /// A bus over this transport.
    #[must_use]
    pub fn over(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }

    /// Tells every watcher.
    pub fn publish(&self, merchant: MerchantUlid, call: Option<CallUlid>, at: Duration, kind: EventKind) {
        self.0.publish(ServiceEvent { number: 0, merchant, call, at, kind });
    }

    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<ServiceEvent> {
        self.0.replay(u64::MAX).live
    }

    /// Watches from after the event with this number.
    #[must_use]
    pub fn replay(&self, after: u64) -> Replay {
        self.0.replay(after)
    }

    /// Which run of the bus the numbers belong to: another one starts from 1 again.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.0.run()
    }

    /// Takes the commands for this call from now on.
    #[must_use]
    pub fn serve(&self, call: CallUlid) -> mpsc::Receiver<Commanded> {
        self.0.serve(call)
    }

    /// The call is over: nobody takes its commands, and nothing of it is kept.
    pub fn forget(&self, call: CallUlid) {
        self.0.forget(call);
    }

    /// Hands a command to whoever serves the call, and says what comes of it.
    ///
    /// # Errors
    ///
    /// [`NotServed`].
    pub fn command(&self, call: CallUlid, command: CallCommand) -> Result<CommandAnswer, NotServed> {
        self.0.command(call, command)
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

fn serialize_outcome<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Named {
        outcome: &'static str,
        detail: Option<&'static str>,
    }
    Named { outcome: outcome.as_str(), detail: outcome.detail() }.serialize(serializer)
}
