//! Drives dialogs through every step in every state they can be brought to, and records what came of it.
//!
//! A dialog cannot be copied, so each step is tried on a new one that is led down the shortest known path first.

use std::collections::{BTreeMap, HashSet, VecDeque};

use paytone_dialog::{Entry, OrderRefusal};

use crate::caller::{AUTHORIZATIONS, Caller, Keyed, Node, Seen, Step, WAITS, Wait, order};

/// An arrow of the drawing and everything that leads along it.
pub(crate) struct Edge {
    pub(crate) from: Node,
    pub(crate) to: Node,
    pub(crate) labels: Vec<String>,
}

/// What happened in a state: its place in the drawing, its name, and what a decline asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct What {
    place: usize,
    name: String,
    recovery: Option<String>,
}

/// What decides, besides the state, where a step leads; nothing for most.
type Tags = Vec<String>;

/// Where a step led.
#[derive(Debug, PartialEq, Eq)]
struct Led {
    to: Node,
    /// Where it led when repeated until the state was left, and after how often.
    in_the_end: Option<(u8, Node)>,
}

/// More than any number of tries; what can be repeated this often can be repeated for ever.
const FOR_EVER: u8 = 12;

#[derive(Default)]
struct Recording {
    led: BTreeMap<(Node, What, Tags), Led>,
    /// Steps about which the dialog did something.
    acted: Vec<(Node, What)>,
}

/// Every arrow, in the order of the states.
pub(crate) fn record() -> Vec<Edge> {
    let mut recording = Recording::default();
    // Waits that begin again with every key decide nothing later: they are only tried, in passing.
    for lasting in WAITS.iter().filter(|wait| wait.lasts) {
        recording.explore(&Entry::AskOrderCode, lasting, usize::MAX);
    }
    // How else a dialog begins shows in its first steps.
    for entry in [Entry::Order(order()), Entry::Refused(OrderRefusal::AlreadyPaid)] {
        recording.explore(&entry, &WAITS[0], 2);
    }
    recording.edges()
}

impl Recording {
    /// Breadth first, so that every state is met on a shortest path, of `most` steps at most.
    fn explore(&mut self, entry: &Entry, wait: &'static Wait, most: usize) {
        let start = Caller::new(entry.clone(), wait).seen();
        let (mut known, mut ahead) = (HashSet::from([start]), VecDeque::from([Vec::new()]));
        while let Some(path) = ahead.pop_front() {
            if !path.contains(&Step::Wait) {
                for passing in WAITS.iter().filter(|passing| !passing.lasts) {
                    self.attempt(&mut led_down(entry, passing, &path), Step::Wait, entry, passing);
                }
            }
            let mut caller = led_down(entry, wait, &path);
            for step in Step::all() {
                let Some(reached) = self.attempt(&mut caller, step, entry, wait) else { continue };
                caller = led_down(entry, wait, &path);
                if path.len() < most && known.insert(reached) {
                    ahead.push_back([path.as_slice(), &[step]].concat());
                }
            }
        }
    }

    /// Lets a step happen and notes what came of it; `None` when nothing did.
    fn attempt(&mut self, caller: &mut Caller, step: Step, entry: &Entry, wait: &Wait) -> Option<Seen> {
        let seen = caller.seen();
        let acted = caller.step(step)?;
        let (reached, tags) = (caller.seen(), tags(&seen, wait));
        let repeat = acted && tags.is_empty() && seen.keyed == Keyed::Nothing;
        let in_the_end = if repeat { in_the_end(caller, seen.node, step) } else { None };
        self.note(&seen, what(step, entry, wait), tags, Led { to: reached.node, in_the_end }, acted);
        (acted || reached != seen).then_some(reached)
    }

    /// The same step in the same state with the same tags has to lead to the same state: else the drawing would
    /// leave out something that decides.
    fn note(&mut self, seen: &Seen, what: What, tags: Tags, led: Led, acted: bool) {
        if acted || led.to != seen.node {
            self.acted.push((seen.node, what.clone()));
        }
        let name = what.name.clone();
        let known = self.led.entry((seen.node, what, tags)).or_insert_with(|| Led { ..led });
        assert_eq!(known.to, led.to, "{} does not decide alone in {}", name, seen.node);
        known.in_the_end = known.in_the_end.max(led.in_the_end);
    }

    fn edges(&self) -> Vec<Edge> {
        let mut arrows: BTreeMap<(Node, Node), BTreeMap<What, Tags>> = BTreeMap::new();
        for ((from, what, tags), led) in &self.led {
            let plain = self.led.get(&(*from, what.clone(), Tags::new()));
            let differs = plain.is_some_and(|plain| plain.to != led.to);
            if !self.acted.contains(&(*from, what.clone())) || tags.len() > 1 {
                continue;
            }
            if tags.is_empty() || plain.is_none() || differs {
                let shown = arrows.entry((*from, led.to)).or_default().entry(what.clone()).or_default();
                shown.extend(tags.iter().filter(|_| differs).cloned());
            }
            if let Some((times, to)) = led.in_the_end {
                let what = What { name: format!("{times} x {}", what.name), ..what.clone() };
                arrows.entry((*from, to)).or_default().entry(what).or_default();
            }
        }
        arrows.into_iter().map(|((from, to), whats)| Edge { from, to, labels: labels(whats) }).collect()
    }
}

fn led_down(entry: &Entry, wait: &'static Wait, path: &[Step]) -> Caller {
    let mut caller = Caller::new(entry.clone(), wait);
    for step in path {
        caller.step(*step).expect("what was possible once is possible again");
    }
    caller
}

/// Repeats a step that did not leave the state, listening to every prompt, until it does.
fn in_the_end(caller: &mut Caller, from: Node, step: Step) -> Option<(u8, Node)> {
    for times in 2..=FOR_EVER {
        caller.step(Step::PromptDone);
        if caller.seen().node != from {
            return None;
        }
        caller.step(step)?;
        let to = caller.seen().node;
        if to != from {
            return Some((times, to));
        }
    }
    None
}

fn tags(seen: &Seen, wait: &Wait) -> Tags {
    let last = seen.authorizations == AUTHORIZATIONS;
    [
        last.then(|| "last authorization".into()),
        seen.waited.then(|| format!("after {}", wait.name)),
        (seen.keyed == Keyed::Possible).then(|| "possible number".into()),
        seen.maestro.then(|| "Maestro".into()),
        seen.number_alone.then(|| "number alone asked again".into()),
        seen.unmasked.then(|| "keys no longer hidden".into()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn what(step: Step, entry: &Entry, wait: &Wait) -> What {
    let place = Step::all().iter().position(|known| *known == step).unwrap_or_default();
    let name = match step {
        Step::Wait => return What { place, name: format!("time {}", wait.name), recovery: None },
        Step::Declined(reason) => {
            let recovery = Some(format!("{:?}", reason.recovery()));
            return What { place, name: "declined".into(), recovery };
        }
        Step::Secured => match entry {
            Entry::AskOrderCode => "secured, code to be asked",
            Entry::Order(_) => "secured, order known",
            _ => "secured, order refused",
        },
        step => name(step),
    };
    What { place, name: name.into(), recovery: None }
}

const fn name(step: Step) -> &'static str {
    match step {
        Step::Answered => "answered",
        Step::SecureRefused => "secure refused",
        Step::OrderFound => "order found",
        Step::OrderRefused => "order refused",
        Step::Digit => "digit",
        Step::RightEntry => "right entry",
        Step::RightEntryOfMaestro => "right entry, Maestro",
        Step::PossibleEntry => "possible entry",
        Step::WrongEntry => "wrong entry",
        Step::Terminator => "terminator alone",
        Step::Clear => "clear",
        Step::PromptDone => "prompt done",
        Step::Approved => "approved",
        Step::NotATestCard => "not a test card",
        Step::Unavailable => "unavailable",
        Step::Unknown => "unknown",
        Step::PaymentsDown => "no card can be paid",
        Step::OrderWithdrawn => "order withdrawn",
        Step::Failed => "failed",
        Step::Held => "held",
        Step::Resumed => "resumed",
        Step::HungUp => "hung up",
        Step::Secured | Step::Declined(_) | Step::Wait => "",
    }
}

/// One line for each name and set of tags; declines are gathered, and all of them together are just that.
fn labels(whats: BTreeMap<What, Tags>) -> Vec<String> {
    let all = Step::all().iter().filter(|step| matches!(step, Step::Declined(_))).count();
    let mut lines: Vec<(String, Vec<String>, Tags)> = Vec::new();
    for (what, mut tags) in whats {
        tags.sort();
        tags.dedup();
        match lines.iter_mut().find(|(name, _, shared)| *name == what.name && *shared == tags) {
            Some((_, recoveries, _)) => recoveries.extend(what.recovery),
            None => lines.push((what.name, what.recovery.into_iter().collect(), tags)),
        }
    }
    let line = |(name, recoveries, tags): (String, Vec<String>, Tags)| {
        let recoveries = if recoveries.len() == all { Vec::new() } else { recoveries };
        let colon = if recoveries.is_empty() { "" } else { " " };
        let tags = if tags.is_empty() { String::new() } else { format!(" ({})", tags.join(" or ")) };
        format!("{name}{colon}{}{tags}", recoveries.join(", "))
    };
    lines.into_iter().map(line).collect()
}
