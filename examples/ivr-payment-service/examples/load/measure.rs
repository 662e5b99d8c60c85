//! One subject under load: ramp, window, end.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{Process, Subject, callers_busy_s};
use crate::sipp::{Ended, Load, Sipp};
use crate::trace::{Lateness, Trace};

/// What a subject took.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) is_floor: bool,
    pub(crate) call_length: Duration,
    /// Calls that were up in the window, on average.
    pub(crate) calls: f64,
    pub(crate) ended: Ended,
    /// Calls whose payment was approved; the floor takes none.
    pub(crate) paid: Option<u64>,
    /// How the others ended.
    pub(crate) unpaid: String,
    /// Cores used in the window.
    pub(crate) cores: f64,
    /// How much of the other core the callers used.
    pub(crate) callers: f64,
    pub(crate) memory: Memory,
    pub(crate) lateness: Option<Lateness>,
    pub(crate) left: Left,
}

/// Kilobytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// After a few calls, so that what is made once is there.
    pub(crate) before: u64,
    pub(crate) during: u64,
    /// Once all calls are over.
    pub(crate) after: u64,
}

/// What calls have left behind that should be gone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    /// Sockets and files.
    pub(crate) files: usize,
    /// Legs of calls, as the service counts them.
    pub(crate) legs: u64,
}

/// Calls of the rehearsal.
const FEW: u32 = 10;
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(500);
/// How long SIP remembers the last request of a call (RFC 3261, 17.1.2.2: 64 times half a second).
const TRANSACTION: Duration = Duration::from_secs(32);
/// How long what calls have used may take to be given back.
const PATIENCE: Duration = Duration::from_secs(30);

/// Puts `calls` calls on a fresh process of the subject and looks at it for `window` once all are up.
pub(crate) fn measure(subject: &Subject, calls: u32, window: Duration, length: Option<Duration>) -> Measured {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(subject, folder.path());
    let hangs_up = length.filter(|_| matches!(subject, Subject::Floor(_)));
    let (at, keying) = (process.sip, subject.keying());
    let load = Load { at, keying, calls: FEW, per_second: 10.0, total: FEW, hangs_up };
    let call_length = rehearse(folder.path(), &load);
    let before = settled(&process, 0);
    let per_second = f64::from(calls) / call_length.as_secs_f64() * 1.1;
    // Enough for the ramp and the window, and some that start until the last of these is over.
    let total = (per_second * (call_length + window + MARGIN).as_secs_f64()).ceil() as u32;
    let run = Run { process: &process, before, window, call_length };
    let measured = run.load(subject, folder.path(), &Load { calls, per_second, total, ..load });
    Measured {
        paid: process
            .metric("paytone_calls_ended_total{outcome=\"approved\"}")
            .map(|paid| paid - u64::from(FEW)),
        ..measured
    }
}

/// A few calls; how long one is.
fn rehearse(folder: &Path, load: &Load) -> Duration {
    let began = Instant::now();
    let ended = Sipp::start(folder, load).wait();
    assert_eq!((ended.succeeded, ended.failed), (u64::from(FEW), 0), "the rehearsal's calls: {ended:?}");
    began.elapsed().saturating_sub(Duration::from_secs(1))
}

/// Waits until the files of calls are closed, and the memory no longer falls; what is left then.
fn settled(process: &Process, files: usize) -> (usize, u64) {
    let began = Instant::now();
    let mut last = (process.files(), process.memory_kb());
    loop {
        std::thread::sleep(LOOK * 10);
        let now = (process.files(), process.memory_kb());
        let is_still = now.0 <= files.max(1) || files == 0;
        if (is_still && now.1 >= last.1) || began.elapsed() > PATIENCE {
            return now;
        }
        last = now;
    }
}

struct Run<'a> {
    process: &'a Process,
    before: (usize, u64),
    window: Duration,
    call_length: Duration,
}

impl Run<'_> {
    fn load(&self, subject: &Subject, folder: &Path, load: &Load) -> Measured {
        let sipp = Sipp::start(folder, load);
        std::thread::sleep(self.call_length + MARGIN / 2);
        let trace = Trace::start(folder);
        let (cpu, busy, began) = (self.process.cpu_s(), callers_busy_s(), Instant::now());
        let (mut during, mut up) = (0, Vec::new());
        while began.elapsed() < self.window {
            std::thread::sleep(LOOK);
            during = during.max(self.process.memory_kb());
            up.push(sipp.calls_up());
        }
        let length = began.elapsed().as_secs_f64();
        let cores = (self.process.cpu_s() - cpu) / length;
        let callers = (callers_busy_s() - busy) / length;
        let lateness = trace.and_then(Trace::finish);
        let ended = sipp.wait();
        std::thread::sleep(TRANSACTION);
        let (files, after) = settled(self.process, self.before.0);
        Measured {
            name: subject.name(),
            is_floor: matches!(subject, Subject::Floor(_)),
            call_length: self.call_length,
            calls: up.iter().sum::<u64>() as f64 / up.len() as f64,
            ended,
            paid: None,
            unpaid: self.process.unpaid(),
            cores,
            callers,
            memory: Memory { before: self.before.1, during, after },
            lateness,
            left: Left {
                files: files.saturating_sub(self.before.0),
                legs: self.process.metric("paytone_legs").unwrap_or(0),
            },
        }
    }
}

/// From the last call of the ramp to the window, and from the window to the last call that begins.
const MARGIN: Duration = Duration::from_secs(4);
