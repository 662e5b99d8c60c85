//! A part of what a dialog does, recorded like the whole: what an operator can do, and what the menu of commands does.
//!
//! Every move is tried in every situation that the moves lead to. Where it leads elsewhere in one situation than in
//! another, the arrow says what makes the difference; where nothing known here does, the recording fails.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use paytone_card::{Card, test_numbers};
use paytone_dialog::{
    AfterCall, Command, Dialog, Entry, Event, Field, FieldSet, HangUpPolicy, Language, Mode, Phase, PlayId,
    Script, SecureState, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::DeclineReason;

use crate::caller::{AUTHORIZATIONS, drain, order};

/// What is studied: a script, and what can happen in it.
pub(crate) struct Study {
    script: fn() -> Script,
    moves: &'static [Move],
}

/// Something that can happen. Tells whether the dialog did anything about it.
struct Move {
    name: &'static str,
    make: fn(&mut World) -> bool,
}

/// A box of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    phase: Phase,
    field: Option<Field>,
    menu: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.menu, self.field) {
            (true, _) => f.write_str("menu"),
            (false, Some(field)) => f.write_str(field.as_str()),
            (false, None) => f.write_str(self.phase.as_str()),
        }
    }
}

/// Everything that may decide where a move leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Situation {
    place: Place,
    over: Option<Field>,
    /// What is asked for once the line is secured.
    wanted: Option<Field>,
    secure: SecureState,
    missing: FieldSet,
    mode: Mode,
    asked: u8,
    gone: bool,
}

/// In the words of the drawing, and whether it is so.
type Difference = (&'static str, fn(&Situation) -> bool);

/// What can make a difference; of several that do, the first is said.
const DIFFERENCES: &[Difference] = &[
    ("", |_| true),
    ("opened over pan", |now| now.over == Some(Field::Pan)),
    ("opened over expiry", |now| now.over == Some(Field::Expiry)),
    ("opened over security_code", |now| now.over == Some(Field::SecurityCode)),
    ("pan wanted", |now| now.wanted == Some(Field::Pan)),
    ("expiry wanted", |now| now.wanted == Some(Field::Expiry)),
    ("security_code wanted", |now| now.wanted == Some(Field::SecurityCode)),
    ("line secured", secured),
    ("line clear", |now| !secured(now)),
    ("nothing missing", |now| now.missing.is_empty()),
    ("number there", number),
    ("line secured, number there", |now| secured(now) && number(now)),
    ("line clear, number there", |now| !secured(now) && number(now)),
    ("caller gone", |now| now.gone),
    ("caller there", |now| !now.gone),
    ("last authorization", last),
    ("not the last authorization", |now| !last(now)),
];

fn secured(now: &Situation) -> bool {
    now.secure == SecureState::Secured
}

fn number(now: &Situation) -> bool {
    !now.missing.contains(Field::Pan)
}

fn last(now: &Situation) -> bool {
    now.asked == AUTHORIZATIONS
}

/// What an operator can do, and what that leads to.
pub(crate) static DIRECTED: Study = Study {
    script: || {
        let script =
            Script::builder(Entry::Order(order())).mode(Mode::Directed).authorizations(AUTHORIZATIONS);
        script.build().expect("the usual settings")
    },
    moves: &[
        Move { name: "answered", make: |world| world.event(Event::Answered) },
        Move { name: "secured", make: |world| world.event(Event::Secured) },
        Move {
            name: "secure refused",
            make: |world| {
                world.dialog.progress().phase() == Phase::Securing && world.event(Event::SecureRefused)
            },
        },
        Move { name: "right entry", make: World::right_entry },
        Move { name: "capture pan", make: |world| world.command(Command::Capture(Field::Pan)) },
        Move { name: "capture expiry", make: |world| world.command(Command::Capture(Field::Expiry)) },
        Move {
            name: "capture security_code",
            make: |world| world.command(Command::Capture(Field::SecurityCode)),
        },
        Move {
            name: "clear the open field",
            make: |world| {
                let open = world.dialog.progress().field();
                open.is_some_and(|field| world.command(Command::Clear(field)))
            },
        },
        Move { name: "repeat", make: |world| world.command(Command::Repeat) },
        Move { name: "talk", make: |world| world.command(Command::Talk) && world.event(Event::Released) },
        Move { name: "submit", make: |world| world.command(Command::Submit) },
        Move { name: "cancel", make: |world| world.command(Command::Cancel) },
        Move { name: "take back", make: |world| world.command(Command::TakeBack) },
        Move { name: "approved", make: |world| world.verdict(Verdict::Approved) },
        Move { name: "declined ReenterCode", make: |world| world.declined(DeclineReason::CodeMismatch) },
        Move { name: "prompt done", make: World::heard_out },
        Move { name: "hung up", make: |world| world.event(Event::HungUp) },
    ],
};

/// The commands of a caller.
pub(crate) static MENU: Study = Study {
    script: || {
        let script = Script::builder(Entry::Order(order())).languages(Language::ALL);
        script.after(AfterCall::OperatorIfNeeded).build().expect("the usual settings")
    },
    moves: &[
        Move { name: "answered", make: |world| world.event(Event::Answered) },
        Move { name: "secured", make: |world| world.event(Event::Secured) },
        Move { name: "right entry", make: |world| !world.is_in_menu() && world.right_entry() },
        Move { name: "star twice", make: |world| !world.is_in_menu() && world.keys("**") },
        Move { name: "0, the operator", make: |world| world.is_in_menu() && world.keys("0") },
        Move { name: "1, again", make: |world| world.is_in_menu() && world.keys("1") },
        Move { name: "2, another language", make: |world| world.is_in_menu() && world.keys("2") },
        Move { name: "3, help", make: |world| world.is_in_menu() && world.keys("3") },
        Move { name: "9, cancel", make: |world| world.is_in_menu() && world.keys("9") },
        Move { name: "star, back", make: |world| world.is_in_menu() && world.keys("*") },
        Move { name: "any other key", make: |world| world.is_in_menu() && world.keys("7") },
        Move { name: "a pause", make: World::pause },
    ],
};

/// What becomes of a payment whose caller hangs up, where it is taken back.
pub(crate) static HANG_UP: Study = Study {
    script: || {
        let script = Script::builder(Entry::Order(order())).authorizations(1);
        script.hang_up(HangUpPolicy::VoidIfApproved).build().expect("the usual settings")
    },
    moves: &[
        Move { name: "answered", make: |world| world.event(Event::Answered) },
        Move { name: "secured", make: |world| world.event(Event::Secured) },
        Move { name: "right entry", make: World::right_entry },
        Move { name: "approved", make: |world| world.event(Event::Verdict(Verdict::Approved)) },
        Move { name: "voided", make: |world| world.event(Event::Verdict(Verdict::Voided)) },
        Move { name: "declined", make: |world| world.declined(DeclineReason::IssuerRefused) },
        Move { name: "unavailable", make: |world| world.event(Event::Verdict(Verdict::Unavailable)) },
        Move { name: "unknown", make: |world| world.event(Event::Verdict(Verdict::Unknown)) },
        Move { name: "no answer in time", make: World::no_answer },
        Move { name: "prompt done", make: World::heard_out },
        Move { name: "hung up", make: World::hang_up },
    ],
};

/// A dialog with a media side and a provider that do as they are told.
struct World {
    dialog: Dialog,
    now: Duration,
    playing: Option<PlayId>,
    card: Option<Card>,
    wanted: Option<Field>,
    gone: bool,
}

impl World {
    fn new(script: Script) -> Self {
        Self { dialog: Dialog::new(script), now: START, playing: None, card: None, wanted: None, gone: false }
    }

    fn situation(&self) -> Situation {
        let now = self.dialog.progress();
        let menu = now.is_in_menu();
        Situation {
            place: Place { phase: now.phase(), field: now.field().filter(|_| !menu), menu },
            over: now.field().filter(|_| menu),
            wanted: self.wanted.filter(|_| now.phase() == Phase::Securing),
            secure: now.secure(),
            missing: now.missing(),
            mode: now.mode(),
            asked: now.authorizations(),
            gone: self.gone,
        }
    }

    fn is_in_menu(&self) -> bool {
        self.dialog.progress().is_in_menu()
    }

    fn event(&mut self, event: Event) -> bool {
        self.dialog.handle(event, self.now);
        self.drain()
    }

    fn command(&mut self, command: Command) -> bool {
        let followed = self.dialog.command(command, self.now).is_ok();
        if let (true, Command::Capture(field)) = (followed, command) {
            self.wanted = Some(field);
        }
        followed & self.drain()
    }

    fn verdict(&mut self, verdict: Verdict) -> bool {
        self.dialog.progress().phase() == Phase::Authorizing && self.event(Event::Verdict(verdict))
    }

    fn declined(&mut self, reason: DeclineReason) -> bool {
        let mut card = self.card.take();
        card.iter_mut().for_each(Card::drop_code);
        self.verdict(Verdict::Declined { reason, card })
    }

    fn heard_out(&mut self) -> bool {
        self.playing.take().is_some_and(|id| self.event(Event::PromptDone(id)))
    }

    fn hang_up(&mut self) -> bool {
        if self.dialog.is_finished() || self.gone {
            return false;
        }
        self.gone = true;
        self.event(Event::HungUp)
    }

    /// The provider says nothing for as long as it is waited for.
    fn no_answer(&mut self) -> bool {
        let waits = |phase| matches!(phase, Phase::Authorizing | Phase::Voiding);
        let before = self.dialog.progress().phase();
        while waits(before) && self.dialog.progress().phase() == before {
            let Some(at) = self.dialog.poll_timeout() else { break };
            self.now = at;
            self.dialog.handle_timeout(at);
            self.drain();
        }
        self.dialog.progress().phase() != before
    }

    fn right_entry(&mut self) -> bool {
        match self.dialog.progress().field() {
            Some(Field::Pan) => self.keys(test_numbers::MASTERCARD),
            Some(Field::Expiry) => self.keys("1230"),
            Some(Field::SecurityCode) => self.keys("123"),
            _ => false,
        }
    }

    fn keys(&mut self, keys: &str) -> bool {
        let press = |acted: bool, key| self.event(Event::Key(key)) || acted;
        keys.chars().filter_map(Key::from_char).fold(false, press)
    }

    /// Nothing is pressed until the menu is left.
    fn pause(&mut self) -> bool {
        let mut acted = false;
        while self.is_in_menu() {
            acted |= self.heard_out();
            let Some(at) = self.dialog.poll_timeout() else { break };
            self.now = at;
            self.dialog.handle_timeout(at);
            acted |= self.drain();
        }
        acted
    }

    fn drain(&mut self) -> bool {
        drain(&mut self.dialog, &mut self.playing, &mut self.card)
    }
}

/// 21 September 2026.
const START: Duration = Duration::from_secs(1_790_000_000);

/// Every arrow and what leads along it, in the order of the places.
pub(crate) fn record(study: &Study) -> Vec<(Place, Place, Vec<String>)> {
    let led = explore(study);
    let mut arrows: BTreeMap<(Place, Place), Vec<String>> = BTreeMap::new();
    for ((from, number), ways) in led {
        let name = study.moves[number].name;
        let places: HashSet<Place> = ways.iter().filter_map(|(_, to)| *to).collect();
        for to in places {
            let label = match difference(&ways, to) {
                "" => name.to_owned(),
                words => format!("{name} ({words})"),
            };
            arrows.entry((from, to)).or_default().push(label);
        }
    }
    arrows.into_iter().map(|((from, to), labels)| (from, to, labels)).collect()
}

/// Where each move led in each situation; nowhere where it did nothing.
type Led = BTreeMap<(Place, usize), Vec<(Situation, Option<Place>)>>;

fn explore(study: &Study) -> Led {
    let mut led = Led::new();
    let mut ahead: VecDeque<Vec<usize>> = VecDeque::from([Vec::new()]);
    let mut known = HashSet::from([led_down(study, &[]).situation()]);
    while let Some(path) = ahead.pop_front() {
        let before = led_down(study, &path).situation();
        for (number, step) in study.moves.iter().enumerate() {
            let mut world = led_down(study, &path);
            let acted = (step.make)(&mut world);
            let after = world.situation();
            let to = (acted || after != before).then_some(after.place);
            led.entry((before.place, number)).or_default().push((before, to));
            if to.is_some() && known.insert(after) {
                ahead.push_back([path.as_slice(), &[number]].concat());
            }
        }
    }
    led
}

fn led_down(study: &Study, path: &[usize]) -> World {
    let mut world = World::new((study.script)());
    for number in path {
        (study.moves[*number].make)(&mut world);
    }
    world
}

/// What has to be so for a move to lead there.
fn difference(ways: &[(Situation, Option<Place>)], to: Place) -> &'static str {
    let leads = |way: &(Situation, Option<Place>)| way.1 == Some(to);
    let found = DIFFERENCES.iter().find(|(_, holds)| ways.iter().all(|way| holds(&way.0) == leads(way)));
    let Some((words, _)) = found else { panic!("nothing known makes the difference: {to} out of {ways:#?}") };
    words
}
