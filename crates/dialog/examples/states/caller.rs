//! One real dialog and everything that can happen to it, in virtual time.

use std::fmt;
use std::time::Duration;

use paytone_card::{Card, test_numbers};
use paytone_dialog::{
    Action, Dialog, Entry, Event, Field, MerchantName, OrderChange, OrderCode, OrderRefusal, OrderSummary,
    Phase, PlayId, Script, Timeouts, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, DeclineReason, Money, Recovery};

/// A state of the drawing: the phase, in it the open field, and whether the caller has gone meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Node {
    pub(crate) phase: Phase,
    pub(crate) field: Option<Field>,
    pub(crate) alone: bool,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.map_or(self.phase.as_str(), Field::as_str))?;
        f.write_str(if self.alone { "_alone" } else { "" })
    }
}

/// Something that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Answered,
    Secured,
    SecureRefused,
    OrderFound,
    OrderRefused,
    /// One digit of an entry.
    Digit,
    /// What the open field asks for, and the terminator.
    RightEntry,
    /// A card number of a brand whose cards may have no security code.
    RightEntryOfMaestro,
    /// A card number that is complete and may go on, without the terminator.
    PossibleEntry,
    WrongEntry,
    Terminator,
    Clear,
    PromptDone,
    Approved,
    Declined(DeclineReason),
    NotATestCard,
    Unavailable,
    Unknown,
    /// No card can be paid any more, though none has been sent.
    PaymentsDown,
    OrderWithdrawn,
    Failed,
    Held,
    Resumed,
    /// The wait that is under study is over.
    Wait,
    HungUp,
}

impl Step {
    /// Every step, with one decline for each [`Recovery`].
    pub(crate) fn all() -> Vec<Self> {
        let mut steps = vec![
            Self::Answered,
            Self::Secured,
            Self::SecureRefused,
            Self::OrderFound,
            Self::OrderRefused,
            Self::Digit,
            Self::RightEntry,
            Self::RightEntryOfMaestro,
            Self::PossibleEntry,
            Self::WrongEntry,
            Self::Terminator,
            Self::Clear,
            Self::PromptDone,
            Self::Approved,
        ];
        let mut seen: Vec<Recovery> = Vec::new();
        for reason in DeclineReason::ALL {
            if !seen.contains(&reason.recovery()) {
                seen.push(reason.recovery());
                steps.push(Self::Declined(*reason));
            }
        }
        steps.extend([Self::NotATestCard, Self::Unavailable, Self::Unknown]);
        steps.extend([Self::PaymentsDown, Self::OrderWithdrawn, Self::Failed]);
        steps.extend([Self::Held, Self::Resumed, Self::Wait, Self::HungUp]);
        steps
    }
}

/// What the caller has keyed into the open field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Keyed {
    Nothing,
    /// Too little.
    Part,
    /// A card number that is possible as it is and could be longer.
    Possible,
}

/// Everything about a dialog that may decide what a step leads to, as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) node: Node,
    pub(crate) authorizations: u8,
    pub(crate) held: bool,
    pub(crate) playing: bool,
    pub(crate) keyed: Keyed,
    pub(crate) maestro: bool,
    pub(crate) waited: bool,
    pub(crate) unmasked: bool,
    /// A decline has handed a card back of which only the number was wrong.
    pub(crate) number_alone: bool,
}

/// A dialog with a caller, a media side and a provider that do as they are told.
pub(crate) struct Caller {
    dialog: Dialog,
    now: Duration,
    playing: Option<PlayId>,
    card: Option<Card>,
    keyed: Keyed,
    maestro: bool,
    waited: bool,
    unmasked: bool,
    number_alone: bool,
    gone: bool,
    wait: &'static Wait,
}

/// 21 September 2026.
const START: Duration = Duration::from_secs(1_790_000_000);
/// The wait under study; all others last a day.
const WAIT: Duration = Duration::from_secs(1);

impl Caller {
    /// A dialog that begins as `entry` says, in which only `wait` is short enough to be seen.
    pub(crate) fn new(entry: Entry, wait: &'static Wait) -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        let mut timeouts = Timeouts {
            first_digit: day,
            inter_digit: day,
            may_go_on: day,
            field: day,
            group: Duration::from_millis(1),
            hand_over: day,
            run_on: Duration::ZERO,
            card: day,
            securing: day,
            look_up: day,
            authorizing: day,
            still_working: day,
            closing: day,
            session: day,
        };
        (wait.of)(&mut timeouts).clone_from(&WAIT);
        let script = Script::builder(entry)
            .timeouts(timeouts)
            .authorizations(AUTHORIZATIONS)
            .build()
            .expect("waits are in range");
        Self {
            dialog: Dialog::new(script),
            now: START,
            playing: None,
            card: None,
            keyed: Keyed::Nothing,
            maestro: false,
            waited: false,
            unmasked: false,
            number_alone: false,
            gone: false,
            wait,
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        let progress = self.dialog.progress();
        let alone = self.gone && progress.phase() == Phase::Authorizing;
        Seen {
            node: Node { phase: progress.phase(), field: progress.field(), alone },
            authorizations: progress.authorizations(),
            held: progress.is_held(),
            playing: self.playing.is_some(),
            keyed: self.keyed,
            maestro: self.maestro,
            waited: self.waited,
            unmasked: self.unmasked,
            number_alone: self.number_alone,
        }
    }

    /// Lets a step happen. `None` when it cannot here, else whether the dialog did anything about it.
    pub(crate) fn step(&mut self, step: Step) -> Option<bool> {
        let before = self.seen().node;
        let acted = match step {
            Step::Wait => self.wait()?,
            Step::HungUp if self.gone => return None,
            // Before the prompt has been heard, it may still belong to the entry before.
            Step::Terminator if self.playing.is_some() || self.seen().held => return None,
            step => match keys(step, before.field, self.keyed) {
                Some(keys) => self.keys(step, before.field, &keys),
                None => {
                    let event = self.event_of(step)?;
                    self.event(event)
                }
            },
        };
        if before.phase == Phase::Authorizing && self.seen().node.phase == Phase::Collecting {
            let wrong = if let Step::Declined(reason) = step { Some(reason.recovery()) } else { None };
            let kept = !(self.waited && self.wait.name == "card");
            self.number_alone = kept && wrong == Some(Recovery::ReenterNumber);
        }
        self.gone |= step == Step::HungUp;
        self.unmasked |= step == Step::SecureRefused && before.phase == Phase::Authorizing;
        if self.seen().node != before {
            self.keyed = Keyed::Nothing;
        }
        Some(acted)
    }

    /// The event of a step that is one, with the card that a decline hands back.
    fn event_of(&mut self, step: Step) -> Option<Event> {
        Some(match step {
            Step::Answered => Event::Answered,
            Step::Secured => Event::Secured,
            Step::SecureRefused => Event::SecureRefused,
            Step::OrderFound => Event::OrderFound(order()),
            Step::OrderRefused => Event::OrderRefused(OrderRefusal::Expired),
            Step::PromptDone => Event::PromptDone(self.playing.take()?),
            Step::Approved => Event::Verdict(Verdict::Approved),
            Step::Declined(reason) => {
                let mut card = self.card.take();
                card.as_mut().map(Card::drop_code);
                Event::Verdict(Verdict::Declined { reason, card })
            }
            Step::NotATestCard => Event::Verdict(Verdict::NotATestCard),
            Step::Unavailable => Event::Verdict(Verdict::Unavailable),
            Step::Unknown => Event::Verdict(Verdict::Unknown),
            Step::PaymentsDown => Event::Unavailable,
            Step::OrderWithdrawn => Event::OrderWithdrawn(OrderChange::Cancelled),
            Step::Failed => Event::Failed,
            Step::Held => Event::Held,
            Step::Resumed => Event::Resumed,
            Step::HungUp => Event::HungUp,
            _ => return None,
        })
    }

    fn keys(&mut self, step: Step, field: Option<Field>, keys: &str) -> bool {
        if field == Some(Field::Pan) {
            self.maestro = step == Step::RightEntryOfMaestro;
        }
        // The session is over once and for all; every other wait begins again.
        self.waited &= self.wait.name == "session";
        self.keyed = match step {
            Step::Digit => Keyed::Part,
            Step::PossibleEntry => Keyed::Possible,
            _ => Keyed::Nothing,
        };
        let press = |acted: bool, key| self.event(Event::Key(key)) || acted;
        keys.chars().filter_map(Key::from_char).fold(false, press)
    }

    fn wait(&mut self) -> Option<bool> {
        let due = self.dialog.poll_timeout().filter(|at| *at <= self.now + WAIT)?;
        self.now = due.max(self.now);
        self.dialog.handle_timeout(self.now);
        let acted = self.drain();
        if acted {
            self.keyed = Keyed::Nothing;
        }
        self.waited = self.wait.lasts;
        self.number_alone &= self.wait.name != "card";
        Some(acted)
    }

    fn event(&mut self, event: Event) -> bool {
        self.dialog.handle(event, self.now);
        self.drain()
    }

    fn drain(&mut self) -> bool {
        drain(&mut self.dialog, &mut self.playing, &mut self.card)
    }
}

/// Takes out all that is to be done and keeps what later events need; whether there was anything.
pub(crate) fn drain(dialog: &mut Dialog, playing: &mut Option<PlayId>, card: &mut Option<Card>) -> bool {
    let mut acted = false;
    while let Some(action) = dialog.poll_action() {
        acted = true;
        match action {
            Action::Play { id, .. } => *playing = Some(id),
            Action::StopPlaying => *playing = None,
            Action::Authorize(payment) => *card = Some(payment.into_card()),
            _ => {}
        }
    }
    acted
}

/// A wait of [`Timeouts`], by the name it has there.
pub(crate) struct Wait {
    pub(crate) name: &'static str,
    /// Whether it decides something later that it has passed.
    pub(crate) lasts: bool,
    of: fn(&mut Timeouts) -> &mut Duration,
}

/// Every wait that ends in something. `run_on` only tells keys apart.
pub(crate) static WAITS: [Wait; 11] = [
    Wait { name: "first_digit", lasts: false, of: |waits| &mut waits.first_digit },
    Wait { name: "inter_digit", lasts: false, of: |waits| &mut waits.inter_digit },
    Wait { name: "may_go_on", lasts: false, of: |waits| &mut waits.may_go_on },
    Wait { name: "field", lasts: false, of: |waits| &mut waits.field },
    Wait { name: "card", lasts: true, of: |waits| &mut waits.card },
    Wait { name: "securing", lasts: false, of: |waits| &mut waits.securing },
    Wait { name: "look_up", lasts: false, of: |waits| &mut waits.look_up },
    Wait { name: "authorizing", lasts: false, of: |waits| &mut waits.authorizing },
    Wait { name: "still_working", lasts: false, of: |waits| &mut waits.still_working },
    Wait { name: "closing", lasts: false, of: |waits| &mut waits.closing },
    Wait { name: "session", lasts: true, of: |waits| &mut waits.session },
];

/// How often the provider is asked at most: fewer than usual, to have fewer ways to go down.
pub(crate) const AUTHORIZATIONS: u8 = 2;

pub(crate) fn order() -> OrderSummary {
    OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY))
}

/// The keys of a step, where it is about keys and the open field has room for them.
fn keys(step: Step, field: Option<Field>, keyed: Keyed) -> Option<String> {
    if step == Step::Clear {
        return field.map(|_| "*".into());
    }
    let field = field.filter(|_| keyed == Keyed::Nothing)?;
    let keys = match (step, field) {
        (Step::Digit, _) => "4",
        (Step::Terminator, _) => "#",
        (Step::RightEntry, Field::OrderCode) => {
            return OrderCode::generate([1, 2, 3, 4, 5, 6, 7, 8])
                .ok()
                .map(|code| code.as_str().to_owned() + "#");
        }
        (Step::WrongEntry, Field::OrderCode) => "1#",
        (Step::RightEntry, Field::Pan) => return Some(format!("{}#", test_numbers::VISA)),
        (Step::RightEntryOfMaestro, Field::Pan) => return Some(format!("{}#", test_numbers::MAESTRO)),
        (Step::PossibleEntry, Field::Pan) => test_numbers::UNIONPAY,
        (Step::WrongEntry, Field::Pan) => return Some(format!("{}#", test_numbers::VISA_WRONG_CHECK_DIGIT)),
        (Step::RightEntry, Field::Expiry) => "1230#",
        (Step::WrongEntry, Field::Expiry) => "1330#",
        (Step::RightEntry, Field::SecurityCode) => "123#",
        (Step::WrongEntry, Field::SecurityCode) => "1#",
        _ => return None,
    };
    Some(keys.into())
}
