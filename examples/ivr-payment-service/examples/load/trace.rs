//! When the subject's packets left, as the kernel saw it: tcpdump on the loopback interface.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::voices::{FIRST_PORT, LAST_PORT};

/// A running capture of one call in sixteen.
#[derive(Debug)]
pub(crate) struct Trace {
    child: Child,
    words: BufReader<ChildStderr>,
    file: PathBuf,
}

/// By how many milliseconds a packet left later or earlier after the one before it than its timestamp says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lateness {
    pub(crate) packets: usize,
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) worst: f64,
}

impl Trace {
    /// Begins to capture; nothing, said on standard error, where that is not possible.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let file = folder.join("trace.pcap");
        // To the callers' ports, one in sixteen of them; headers are enough.
        let filter = format!("udp and dst portrange {FIRST_PORT}-{LAST_PORT} and udp[2:2] & 0x3c = 0");
        let spawned = Command::new("tcpdump")
            .args(["-i", "lo", "-n", "-s", "64", "-B", "8192", "-w"])
            .arg(&file)
            .args(["--time-stamp-precision=nano", &filter])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.ok()?;
        let mut words = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            if words.read_line(&mut line).unwrap_or(0) == 0 {
                drop(writeln!(std::io::stderr(), "tcpdump does not capture: no send jitter"));
                return None;
            }
        }
        Some(Self { child, words, file })
    }

    /// Ends the capture and looks at it.
    pub(crate) fn finish(mut self) -> Option<Lateness> {
        // It writes its file out when it is asked to end, not when it is killed.
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).ok()?;
        self.child.wait().ok()?;
        drop(self.words);
        lateness(&std::fs::read(&self.file).ok()?)
    }
}

/// Of every stream in the capture.
fn lateness(capture: &[u8]) -> Option<Lateness> {
    let mut last: HashMap<u32, (i64, u32)> = HashMap::new();
    let mut off = Vec::new();
    for (at, rtp) in packets(capture.get(FILE_HEADER..)?) {
        let word = |place: usize| Some(u32::from_be_bytes(rtp.get(place..place + 4)?.try_into().ok()?));
        let (Some(timestamp), Some(ssrc)) = (word(4), word(8)) else { continue };
        if let Some((before, from)) = last.insert(ssrc, (at, timestamp)) {
            let due = i64::from(timestamp.wrapping_sub(from).cast_signed()) * 125_000;
            off.push((at - before - due).unsigned_abs() as f64 / 1e6);
        }
    }
    off.sort_by(f64::total_cmp);
    let at = |part: f64| off.get(((off.len().saturating_sub(1)) as f64 * part) as usize).copied();
    Some(Lateness { packets: off.len(), median: at(0.5)?, p99: at(0.99)?, worst: at(1.0)? })
}

/// Time in nanoseconds and RTP of each captured packet.
fn packets(mut records: &[u8]) -> impl Iterator<Item = (i64, &[u8])> {
    std::iter::from_fn(move || {
        let header = records.get(..RECORD_HEADER)?;
        let word = |place: usize| header[place..place + 4].try_into().map(u32::from_le_bytes).unwrap_or(0);
        let (at, length) = (i64::from(word(0)) * 1_000_000_000 + i64::from(word(4)), word(8) as usize);
        let packet = records.get(RECORD_HEADER..RECORD_HEADER + length)?;
        records = &records[RECORD_HEADER + length..];
        Some((at, packet.get(BEFORE_RTP..).unwrap_or_default()))
    })
}

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// Ethernet, IPv4 and UDP.
const BEFORE_RTP: usize = 14 + 20 + 8;
