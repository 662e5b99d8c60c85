//! What the callers say: sipp does the calls' SIP, this their RTP.
//!
//! A socket for each call, at the port sipp names in it. Whoever is heard there is answered with the caller's packets, in their
//! time, until nothing more is heard: then that call is over, and the next one on the port begins anew. sipp could play the
//! packets itself, but it does so over a raw socket for each call, and the kernel shows every packet of the machine to all of
//! those at its sender's expense: with 500 calls that is most of what is measured.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::audio::Timed;

/// The callers' side of the audio. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Voices {
    stop: Arc<AtomicBool>,
    speaking: Option<JoinHandle<()>>,
}

impl Voices {
    /// Opens the ports of so many calls; `packets` are what each of the callers sends.
    pub(crate) fn start(packets: Vec<Timed>, calls: u32) -> Self {
        let mut voices: Vec<Voice> = (0..calls.min(MOST_PORTS)).map(Voice::open).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let speaking = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let now = Instant::now();
                for voice in voices.iter_mut().filter(|voice| voice.due <= now) {
                    voice.speak(&packets, now);
                }
                std::thread::sleep(LOOK);
            }
        });
        Self { stop, speaking: Some(speaking) }
    }
}

impl Drop for Voices {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.speaking.take().map(JoinHandle::join));
    }
}

/// One port.
#[derive(Debug)]
struct Voice {
    socket: UdpSocket,
    /// When there is something to do here.
    due: Instant,
    call: Option<Talk>,
}

/// A call that is up.
#[derive(Debug)]
struct Talk {
    with: SocketAddr,
    began: Instant,
    heard: Instant,
    next: usize,
}

impl Voice {
    fn open(call: u32) -> Self {
        let port = FIRST_PORT + 4 * u16::try_from(call).expect("no more than there are ports");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
            .expect("a port outside the system's own range is free");
        socket.set_nonblocking(true).expect("a socket need not block");
        Self { socket, due: Instant::now(), call: None }
    }

    /// Hears what has come, and sends what is due.
    fn speak(&mut self, packets: &[Timed], now: Instant) {
        let heard = self.hear();
        let talk = match (self.call.take(), heard) {
            (Some(talk), None) if now - talk.heard > OVER => None,
            (Some(talk), None) => Some(talk),
            (Some(talk), Some(_)) => Some(Talk { heard: now, ..talk }),
            (None, heard) => heard.map(|with| Talk { with, began: now, heard: now, next: 0 }),
        };
        self.due = now + IDLE;
        self.call = talk.map(|mut talk| {
            let due = |next: usize| packets.get(next).map(|(at, packet)| (talk.began + *at, packet));
            while let Some((_, packet)) = due(talk.next).filter(|(at, _)| *at <= now) {
                // A datagram that cannot be sent is lost, as datagrams are.
                drop(self.socket.send_to(packet, talk.with));
                talk.next += 1;
            }
            self.due = due(talk.next).map_or(self.due, |(at, _)| at);
            talk
        });
    }

    /// Empties the socket; who was heard last.
    fn hear(&self) -> Option<SocketAddr> {
        let mut from = None;
        while let Ok((_, sender)) = self.socket.recv_from(&mut [0; 2048]) {
            from = Some(sender);
        }
        from
    }
}

/// Where the first call's audio goes; below the ports a system hands out by itself. sipp gives every call the fourth port after
/// that of the one before, ten thousand ports round.
pub(crate) const FIRST_PORT: u16 = 22_000;
/// One after the last port.
pub(crate) const LAST_PORT: u16 = FIRST_PORT + 4 * MOST_PORTS as u16;
const MOST_PORTS: u32 = 2500;
/// Between two looks at what is due.
const LOOK: Duration = Duration::from_millis(1);
/// Between two looks at a port without a call.
const IDLE: Duration = Duration::from_millis(50);
/// Silence after which a call is over.
const OVER: Duration = Duration::from_secs(1);
