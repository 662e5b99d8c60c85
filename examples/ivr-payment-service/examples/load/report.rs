//! The table, and what must hold.

use crate::measure::Measured;

/// At most so much of the floor's CPU per call, and so many kilobytes a call.
const MOST_CPU: f64 = 2.0;
const MOST_MEMORY: f64 = 60.0;
/// Of that, what may be left once the calls are over.
const MOST_KEPT: f64 = 6.0;

/// Prints what was measured; whether everything that must hold does.
pub(crate) fn print(measured: &[Measured]) -> bool {
    let floor = measured.iter().find(|one| one.is_floor).map_or(f64::NAN, cpu_per_call);
    println!(
        "{:26} {:>6} {:>12} {:>10} {:>8} {:>8} {:>10} {:>10} {:>24} {:>5}",
        "",
        "calls",
        "failed",
        "CPU/100",
        "floors",
        "callers",
        "kB a call",
        "left after",
        "jitter p50/p99/worst ms",
        "leaks"
    );
    for one in measured {
        let lateness = one.lateness.map_or_else(
            || "-".to_owned(),
            |late| format!("{:.2} / {:.2} / {:.1}", late.median, late.p99, late.worst),
        );
        println!(
            "{:26} {:>6.0} {:>12} {:>8.2} % {:>8.2} {:>6.0} % {:>10.1} {:>7.1} kB {:>24} {:>5}",
            one.name,
            one.calls,
            format!("{} of {}", failed(one), one.ended.succeeded + one.ended.failed),
            cpu_per_call(one) * 10_000.0,
            cpu_per_call(one) / floor,
            one.callers * 100.0,
            memory_per_call(one, one.memory.during),
            memory_per_call(one, one.memory.after),
            lateness,
            one.left.files as u64 + one.left.legs,
        );
    }
    println!(
        "\ncalls: on average up in the window, {:.0} s long. CPU/100: of one core for 100 calls; floors: how many times the \
         floor's; callers: of the other core, for sipp and what the callers say.\nkB a call: resident memory over that of an idle process that has had ten calls; left after: what of it \
         is not given back.\njitter: of one call in sixteen, kernel times ({} packets). leaks: sockets, files and legs that \
         are left.",
        measured[0].call_length.as_secs_f64(),
        measured.iter().filter_map(|one| Some(one.lateness?.packets)).sum::<usize>(),
    );
    let misses: Vec<String> = measured.iter().flat_map(|one| misses(one, floor)).collect();
    misses.iter().for_each(|miss| println!("MISSED: {miss}"));
    misses.is_empty()
}

fn misses(one: &Measured, floor: f64) -> Vec<String> {
    let times = cpu_per_call(one) / floor;
    let memory = memory_per_call(one, one.memory.during);
    let kept = memory_per_call(one, one.memory.after);
    let left = one.left.files as u64 + one.left.legs;
    // What the floor keeps is the SIP library's and the system's own: a measure, not a fault.
    let is_measure = one.is_floor;
    let checks = [
        (failed(one) == 0, format!("{} calls failed ({})", failed(one), one.unpaid)),
        (times <= MOST_CPU, format!("{times:.2} times the floor's CPU, {MOST_CPU} at most")),
        (memory <= MOST_MEMORY, format!("{memory:.1} kB a call, {MOST_MEMORY} at most")),
        (
            is_measure || kept <= MOST_KEPT,
            format!("{kept:.1} kB a call are not given back, {MOST_KEPT} at most"),
        ),
        (is_measure || left == 0, format!("{left} sockets, files and legs are left")),
    ];
    let missed = checks.into_iter().filter(|(holds, _)| !holds);
    missed.map(|(_, what)| format!("{}: {what}", one.name)).collect()
}

/// Cores a call takes.
fn cpu_per_call(one: &Measured) -> f64 {
    one.cores / one.calls
}

fn memory_per_call(one: &Measured, memory: u64) -> f64 {
    memory.saturating_sub(one.memory.before) as f64 / one.calls
}

/// Calls that did not come to their end, or were not paid.
fn failed(one: &Measured) -> u64 {
    let unpaid = one.paid.map_or(0, |paid| one.ended.succeeded.saturating_sub(paid));
    one.ended.failed + unpaid
}
