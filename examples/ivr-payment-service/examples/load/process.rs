//! A program under load: started, pinned to a core, and looked at from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::audio::Keying;

/// What is put under load.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// The service, called by somebody who keys like this.
    Service(PathBuf, Keying),
    /// The least a service can do.
    Floor(PathBuf),
}

impl Subject {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Service(_, Keying::Events) => "service, telephone-events",
            Self::Service(_, Keying::Tones) => "service, tones",
            Self::Floor(_) => "floor",
        }
    }

    pub(crate) const fn keying(&self) -> Keying {
        match self {
            Self::Service(_, keying) => *keying,
            Self::Floor(_) => Keying::Events,
        }
    }
}

/// A running subject. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Where it takes SIP.
    pub(crate) sip: SocketAddr,
    http: Option<SocketAddr>,
}

/// The core the subject has to itself.
const CORE: &str = "0";
/// The core of everything else.
const OTHER_CORE: usize = 1;
const KEY: &str = "load-test-key";
/// What the kernel counts in towards programs, on every architecture (proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    /// Starts it with its files in `folder`, and waits until it takes calls.
    pub(crate) fn start(subject: &Subject, folder: &Path) -> Self {
        match subject {
            Subject::Floor(program) => Self::start_floor(program),
            Subject::Service(program, _) => Self::start_service(program, folder),
        }
    }

    fn start_floor(program: &Path) -> Self {
        let mut child = pinned(program).stdout(Stdio::piped()).spawn().expect("the floor starts");
        let mut line = String::new();
        let words = child.stdout.take().expect("piped");
        BufReader::new(words).read_line(&mut line).expect("the floor says where it listens");
        let sip = line.trim().trim_start_matches("sip:floor@").parse().expect("an address");
        Self { child, sip, http: None }
    }

    fn start_service(program: &Path, folder: &Path) -> Self {
        let (sip, http) = (free_port(), free_port());
        let config = folder.join("load.toml");
        std::fs::write(&config, settings(folder, sip, http)).expect("the folder takes a file");
        let log = std::fs::File::create(folder.join("log")).expect("the folder takes a file");
        let child = pinned(program)
            .arg("--config")
            .arg(&config)
            .env("PAYTONE_API_KEY", KEY)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the service starts");
        let [sip, http] = [sip, http].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let process = Self { child, sip, http: Some(http) };
        let began = Instant::now();
        while !process.get("/readyz").is_some_and(|text| text.contains("\"ready\"")) {
            assert!(began.elapsed() < Duration::from_secs(60), "the service does not get ready");
            std::thread::sleep(Duration::from_millis(100));
        }
        process
    }

    /// Seconds of a core it has used, in itself and in the kernel.
    pub(crate) fn cpu_s(&self) -> f64 {
        let stat = self.proc("stat");
        let after_name = stat.rsplit_once(')').expect("a process has a name").1;
        let ticks: u64 =
            after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0)).sum();
        ticks as f64 / TICKS_PER_SECOND
    }

    /// Memory it has, in kilobytes.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a process has memory")
    }

    /// Files and sockets it has open.
    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// A figure of the service's `/metrics`, all its labels summed up.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        let text = self.get("/metrics")?;
        let values = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        Some(values.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum())
    }

    /// How calls have ended that paid nothing, and how many of each.
    pub(crate) fn unpaid(&self) -> String {
        let text = self.get("/metrics").unwrap_or_default();
        let ended = text.lines().filter_map(|line| line.strip_prefix("paytone_calls_ended_total{outcome="));
        let unpaid = ended.filter(|line| !line.contains("\"approved\"") && !line.ends_with(" 0"));
        unpaid.map(|line| line.replace('}', "")).collect::<Vec<_>>().join(", ")
    }

    /// An answer of the service's, or nothing.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.http?).ok()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
        );
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("the program is running")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Keeps this program, and what it starts, to the callers' core; only what [`pinned`] starts is elsewhere.
pub(crate) fn stay_with_callers() {
    let mut core = rustix::thread::CpuSet::new();
    core.set(OTHER_CORE);
    rustix::thread::sched_setaffinity(None, &core).expect("this machine has two cores");
}

/// Seconds for which the callers' core has been busy.
pub(crate) fn callers_busy_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").expect("the kernel counts");
    let name = format!("cpu{OTHER_CORE} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).expect("this machine has two cores");
    let ticks: Vec<u64> = line.split_whitespace().map(|ticks| ticks.parse().unwrap_or(0)).collect();
    // User, nice, system; idle and waiting; interrupts of both kinds (proc(5)).
    let busy = ticks.iter().take(3).chain(ticks.iter().skip(5).take(2)).sum::<u64>();
    busy as f64 / TICKS_PER_SECOND
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", CORE]).arg(program).stdin(Stdio::null());
    command
}

/// As production has them, but for limits on how much one caller may pay: all of these calls come from one address.
fn settings(folder: &Path, sip: u16, http: u16) -> String {
    let path = folder.join("load.sqlite");
    format!(
        "[sip]\nudp = '127.0.0.1:{sip}'\ntcp = '127.0.0.1:{sip}'\nrtp_ports = [20000, 21989]\n\
         [http]\naddress = '127.0.0.1:{http}'\n[database]\npath = {path:?}\n[call]\nmax_calls = 2000\n\
         [guard]\nper_caller = 1000000\nper_operator = 1000000\nper_card = 1000000\ndeclines_per_line = 1000000\n"
    )
}

/// A port nobody has, of UDP and of TCP.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|bound| bound.local_addr());
        let port = port.expect("a port is free").port();
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
