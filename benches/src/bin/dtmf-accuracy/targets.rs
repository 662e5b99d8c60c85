//! What the detector has to reach, and what it should.

use crate::support::Score;
use crate::table::{Cell, Measured};

/// A limit on what was measured.
struct Target {
    name: &'static str,
    /// `None` where there is only a goal.
    must: Option<f64>,
    goal: f64,
    /// Whether more is better.
    more: bool,
    measured: Option<f64>,
}

/// Prints what was reached; whether every must was.
pub(crate) fn print(groups: &[Measured]) -> bool {
    println!("## Targets\n\n| | must | goal | measured | |\n|---|--:|--:|--:|---|");
    let targets = targets(groups);
    for target in &targets {
        let measured = target.measured.map_or_else(|| "n/a".into(), |value| format!("{}", round(value)));
        let must = target.must.map_or_else(|| "-".into(), |must| must.to_string());
        println!("| {} | {must} | {} | {measured} | {} |", target.name, round(target.goal), target.verdict());
    }
    println!();
    let missed: Vec<&str> =
        targets.iter().filter(|target| !target.holds()).map(|target| target.name).collect();
    if missed.is_empty() {
        println!("Every must is met.");
    } else {
        println!("**Missed: {}.**", missed.join("; "));
    }
    missed.is_empty()
}

impl Target {
    const fn at_least(name: &'static str, must: f64, goal: f64, measured: Option<f64>) -> Self {
        Self { name, must: Some(must), goal, more: true, measured }
    }

    const fn at_most(name: &'static str, must: f64, goal: f64, measured: Option<f64>) -> Self {
        Self { name, must: Some(must), goal, more: false, measured }
    }

    /// Whether the must is met; what was not measured fails only where `PAYTONE_REQUIRE_PEERS=1` says it can be.
    fn holds(&self) -> bool {
        let unmeasured =
            self.measured.is_none() && std::env::var_os("PAYTONE_REQUIRE_PEERS").is_some_and(|v| v == "1");
        self.must.is_none_or(|must| self.reaches(must) && !unmeasured)
    }

    /// What could not be measured is not held against anyone here.
    fn reaches(&self, limit: f64) -> bool {
        self.measured.is_none_or(|value| if self.more { value >= limit } else { value <= limit })
    }

    fn verdict(&self) -> &'static str {
        if self.measured.is_none() {
            "not measured here"
        } else if !self.holds() {
            "**missed**"
        } else if self.reaches(self.goal) {
            "goal met"
        } else if self.must.is_some() {
            "must met, goal not"
        } else {
            "goal not met"
        }
    }
}

fn targets(groups: &[Measured]) -> Vec<Target> {
    let group = |title: &str| groups.iter().find(|group| group.title == title);
    let row = |title: &str, name: &str| group(title)?.cells(name, 0).next().cloned();
    let boxes = |name: &str| row("Must accept", name).as_ref().and_then(percent);
    let prompt = |db: &str| row("Keys over a prompt", &format!("prompt {db} dB")).as_ref().and_then(percent);
    let total = |title: &str| group(title).map(|group| group.total(0));
    let worst = |name: &str| group("Masking").and_then(|group| worst_recovered(group, name));
    vec![
        Target::at_least("AT&T box, %", 99.5, 99.95, boxes("AT&T box")),
        Target::at_least("NTT box, %", 99.5, 99.95, boxes("NTT box")),
        Target::at_least("ETSI box, %", 99.5, 99.95, boxes("ETSI box")),
        Target::at_least("impaired lines, %", 97.0, 99.5, total("Impaired lines").as_ref().and_then(percent)),
        Target::at_least("keys under a prompt at -8 dB, %", 98.0, 99.5, prompt("-8")),
        Target::at_least("keys under a prompt at -2 dB, %", 93.0, 98.0, prompt("-2")),
        Target::at_most(
            "100 % of 50/50 ms keys down to an SNR of, dB",
            8.0,
            5.0,
            group("Mitel 7: white noise").and_then(lowest_snr),
        ),
        Target::at_most(
            "doubles at interruptions of 10 ms",
            0.0,
            0.0,
            row("Must accept", "interrupted for 10 ms").as_ref().and_then(extra),
        ),
        Target::at_most(
            "doubles in the packet-loss group",
            8.0,
            2.0,
            total("Packet loss").as_ref().and_then(extra),
        ),
        Target::at_most(
            "must-reject set, false keys",
            15.0,
            3.0,
            total("Must reject").as_ref().and_then(count),
        ),
        Target::at_most(
            "talk-off, speech, false keys",
            0.0,
            0.0,
            total("Talk-off: speech").as_ref().and_then(count),
        ),
        Target::at_most(
            "talk-off, made-up sounds, part of SpanDSP's count",
            0.25,
            1.0 / 12.0,
            group("Talk-off: made-up sounds").and_then(against_peer),
        ),
        Target::at_most("keys read out of masked audio, 25 ms delay, %", 12.0, 7.0, worst("25 ms delay")),
        Target {
            must: None,
            ..Target::at_most("keys read out of masked audio, no delay, %", 0.0, 25.0, worst("no delay"))
        },
    ]
}

fn percent(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Found(Score { sent, found, .. }) => Some(100.0 * *found as f64 / (*sent).max(1) as f64),
        _ => None,
    }
}

fn extra(cell: &Cell) -> Option<f64> {
    if let Cell::Found(score) = cell { Some(score.extra as f64) } else { None }
}

fn count(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(count) | Cell::False { count, .. } => Some(*count as f64),
        _ => None,
    }
}

/// The lowest SNR at and above which every key was found; the rows go down.
fn lowest_snr(group: &Measured) -> Option<f64> {
    let all_found = |cells: &Vec<Cell>| matches!(cells.first(), Some(Cell::Found(s)) if s.found == s.sent);
    let (name, _) = group.rows.iter().take_while(|(_, cells)| all_found(cells)).last()?;
    name.split(' ').nth(1)?.parse().ok()
}

/// Our false keys against SpanDSP's; too few of its say nothing.
fn against_peer(group: &Measured) -> Option<f64> {
    let peer = count(&group.total(1)).filter(|&count| count >= 10.0)?;
    Some(count(&group.total(0))? / peer)
}

fn worst_recovered(group: &Measured, name: &str) -> Option<f64> {
    group
        .cells(name, 0)
        .filter_map(|cell| if let Cell::Recovered(part) = cell { Some(100.0 * part) } else { None })
        .max_by(f64::total_cmp)
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
