//! Calls for a long time: whether memory, sockets or legs pile up.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::audio::Keying;
use crate::process::{Process, Subject};
use crate::sipp::{Load, Sipp};

/// A line a minute.
const LINE: Duration = Duration::from_secs(60);
/// About how long a call is, to know how many there will be.
const CALL: Duration = Duration::from_secs(30);

/// Holds `calls` calls up for `length` and prints what the service has, minute by minute; whether every call paid and nothing
/// is left behind.
pub(crate) fn soak(service: &Path, calls: u32, length: Duration) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let keying = Keying::Events;
    let subject = Subject::Service(service.to_owned(), keying);
    let process = Process::start(&subject, folder.path());
    let files = process.files();
    let per_second = f64::from(calls) / CALL.as_secs_f64() * 1.2;
    let total = (f64::from(calls) * (length.as_secs_f64() / CALL.as_secs_f64())) as u32;
    let load = Load { at: process.sip, keying, calls, per_second, total, hangs_up: None };
    let mut sipp = Sipp::start(folder.path(), &load);
    let began = Instant::now();
    println!("{:>6} {:>6} {:>8} {:>7} {:>10} {:>6}", "minute", "calls", "ended", "failed", "memory", "files");
    let mut next = Duration::ZERO;
    while !sipp.is_done() {
        std::thread::sleep(Duration::from_secs(1));
        if began.elapsed() >= next {
            line(began, &process, &sipp);
            next += LINE;
        }
    }
    std::thread::sleep(Duration::from_secs(40));
    line(began, &process, &sipp);
    let ended = sipp.wait();
    let (legs, left) = (process.metric("paytone_legs").unwrap_or(0), process.files().saturating_sub(files));
    let paid = process.metric("paytone_attempts_total{state=\"captured\"}").unwrap_or(0);
    println!("{paid} paid, {} failed; {legs} legs and {left} files or sockets are left", ended.failed);
    ended.failed == 0 && paid == ended.succeeded && legs == 0 && left <= FILES_KEPT
}

fn line(began: Instant, process: &Process, sipp: &Sipp) {
    let ended = sipp.so_far();
    println!(
        "{:>6} {:>6} {:>8} {:>7} {:>7} kB {:>6}",
        began.elapsed().as_secs() / 60,
        sipp.calls_up(),
        ended.succeeded,
        ended.failed,
        process.memory_kb(),
        process.files()
    );
}

/// Connections to the database that stay open.
const FILES_KEPT: usize = 8;
