//! Sockets for RTP. A port rests after its call: the peer may go on speaking for a moment, and the next call is not to hear it.

use core::ops::Deref;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::PortRange;

/// Where sockets are opened.
#[derive(Debug, Default)]
pub(super) struct Ports {
    range: Option<PortRange>,
    /// When which port was closed, the latest last.
    resting: Mutex<VecDeque<(Instant, u16)>>,
}

/// A socket whose port rests once it is dropped. Reading never makes anybody wait.
#[derive(Debug)]
pub(super) struct RtpSocket {
    socket: UdpSocket,
    ports: Arc<Ports>,
}

impl Ports {
    /// Ports of the range, or any that are free.
    pub(super) fn new(range: Option<PortRange>) -> Self {
        Self { range, ..Self::default() }
    }

    /// A free port that does not rest, tried from a random one on; one that rests where there is no other.
    pub(super) fn open(self: &Arc<Self>, address: IpAddr) -> Result<RtpSocket> {
        let resting = self.still_resting();
        let socket = match self.range {
            None => any(address, &resting),
            Some(range) => {
                let (first, count) = (*range.ports().start(), range.ports().len() as u32);
                let start = rand::random::<u32>() % count;
                let ports = (0..count).map(|step| first + ((start + step) % count) as u16);
                let rested = ports.clone().filter(|port| !resting.contains(port));
                first_free(address, rested.chain(ports.filter(|port| resting.contains(port))))
            }
        }?;
        socket.set_nonblocking(true)?;
        Ok(RtpSocket { socket, ports: self.clone() })
    }

    fn still_resting(&self) -> Vec<u16> {
        let mut resting = self.resting();
        while resting.front().is_some_and(|(closed, _)| closed.elapsed() > REST) {
            resting.pop_front();
        }
        resting.iter().map(|(_, port)| *port).collect()
    }

    /// The list, whatever another thread's panic did to the lock: it is written in one step.
    fn resting(&self) -> MutexGuard<'_, VecDeque<(Instant, u16)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for RtpSocket {
    type Target = UdpSocket;

    fn deref(&self) -> &UdpSocket {
        &self.socket
    }
}

impl Drop for RtpSocket {
    fn drop(&mut self) {
        if let Ok(address) = self.socket.local_addr() {
            self.ports.resting().push_back((Instant::now(), address.port()));
        }
    }
}

/// A port the system hands out. Those that rest are held on to until one comes that does not.
fn any(address: IpAddr, resting: &[u16]) -> Result<UdpSocket> {
    let mut refused = Vec::new();
    loop {
        let socket = UdpSocket::bind((address, 0))?;
        if refused.len() == MOST_TRIES || !resting.contains(&socket.local_addr()?.port()) {
            return Ok(socket);
        }
        refused.push(socket);
    }
}

fn first_free(address: IpAddr, ports: impl Iterator<Item = u16>) -> Result<UdpSocket> {
    for port in ports {
        match UdpSocket::bind(SocketAddr::from((address, port))) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound,
        }
    }
    Err(Error::from(ErrorKind::AddrInUse))
}

/// How long a port rests: as long as a BYE is repeated a few times (RFC 3261, 17.1.2.2), and its peer speaks on meanwhile.
const REST: Duration = Duration::from_secs(4);
/// Ports that are asked for before one that rests is taken.
const MOST_TRIES: usize = 8;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// Two neighbouring ports nobody has.
    fn two_free() -> PortRange {
        let mut ports = (20_000..21_900).step_by(2);
        let is_free = |port: u16| UdpSocket::bind((HERE, port)).is_ok();
        let first = ports.find(|&port| is_free(port) && is_free(port + 1)).expect("two free ports");
        PortRange::try_from((first, first + 1)).expect("a range")
    }

    fn port(socket: &RtpSocket) -> u16 {
        socket.local_addr().expect("it is bound").port()
    }

    #[test]
    fn a_port_rests_after_its_call_unless_there_is_no_other() {
        let ports = Arc::new(Ports::new(Some(two_free())));
        for _ in 0..20 {
            ports.resting().clear();
            let first = port(&ports.open(HERE).expect("both are free"));
            let second = ports.open(HERE).expect("one is free");
            assert_ne!(port(&second), first, "it rests");
            let third = ports.open(HERE).expect("one rests");
            assert_eq!(port(&third), first, "there is no other");
            assert_eq!(ports.open(HERE).map(|socket| port(&socket)).ok(), None, "both are taken");
        }
    }

    #[test]
    fn a_port_of_the_systems_choice_rests_too() {
        let ports = Arc::new(Ports::new(None));
        let socket = ports.open(HERE).expect("there are free ones");
        let (closed, resting) = (port(&socket), ports.still_resting());
        drop(socket);
        assert_eq!((resting, ports.still_resting()), (vec![], vec![closed]));
        let all: Vec<u16> = (1..=u16::MAX).collect();
        assert!(any(HERE, &all).is_ok(), "one that rests where there is no other");
    }
}
