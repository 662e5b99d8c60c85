//! Whose packets count.
//!
//! Behind a NAT the address a phone writes into its SDP is not the one its packets come from, so the real
//! one is learned from the first good packet ("symmetric RTP", RFC 4961) and then held on to.

use core::net::SocketAddr;

use crate::rtp::{Packet, PayloadTypes};

/// Decides which source address a stream is taken from, and where ours goes.
///
/// The first source that sends RTP of a negotiated payload type is latched; packets of all others are
/// refused from then on, with one exception: the signalled address, once it speaks, takes over from a
/// source that was not signalled, and then stays.
#[derive(Clone, Debug)]
pub struct SourceLatch {
    signalled: Option<SocketAddr>,
    source: Option<SocketAddr>,
    open: bool,
}

impl SourceLatch {
    /// `signalled` is the address of the peer's SDP, if it names one.
    #[must_use]
    pub fn new(signalled: Option<SocketAddr>) -> Self {
        Self { signalled, source: None, open: true }
    }

    /// Whether the datagram `bytes` received from `from` belongs to the stream; may latch `from`.
    ///
    /// From the latched source any RTP is taken, so that its comfort noise is not mistaken for loss.
    pub fn accept(&mut self, from: SocketAddr, bytes: &[u8], payload_types: PayloadTypes) -> bool {
        let Ok(packet) = Packet::parse(bytes) else { return false };
        if !self.open && same(self.source, from) {
            return true;
        }
        let may_latch = self.open || self.takes_over(from);
        if !may_latch || !payload_types.contains(packet.payload_type()) {
            return false;
        }
        self.source = Some(from);
        self.open = false;
        true
    }

    /// Where our packets go: to the latched source, before that to the signalled address.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.source.or(self.signalled)
    }

    /// The source that was latched, if one was.
    #[must_use]
    pub const fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    /// The peer described its stream anew (a re-INVITE): the next good source is latched again.
    ///
    /// When the signalled address is still the same, ours keep going to the old source until then.
    pub fn reopen(&mut self, signalled: Option<SocketAddr>) {
        if signalled.is_some_and(|address| !same(self.signalled, address)) {
            self.source = None;
        }
        self.signalled = signalled.or(self.signalled);
        self.open = true;
    }

    fn takes_over(&self, from: SocketAddr) -> bool {
        same(self.signalled, from) && !same(self.source, from)
    }
}

/// A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`, and a flow label or scope is no identity.
fn same(known: Option<SocketAddr>, from: SocketAddr) -> bool {
    known.is_some_and(|known| {
        known.port() == from.port() && known.ip().to_canonical() == from.ip().to_canonical()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Sender;

    const TYPES: PayloadTypes = PayloadTypes::new(0, Some(101));

    fn rtp(payload_type: u8) -> Vec<u8> {
        let mut packet = Vec::new();
        Sender::new(1, 1, 1).audio(payload_type, &[0xff; 160], &mut packet);
        packet
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_good_source_is_the_only_one() {
        let mut latch = SourceLatch::new(Some(at("192.168.0.2:4000")));
        assert_eq!(latch.destination(), Some(at("192.168.0.2:4000")));
        assert!(latch.accept(at("203.0.113.9:50000"), &rtp(0), TYPES));
        assert_eq!(latch.destination(), Some(at("203.0.113.9:50000")));
        assert!(latch.accept(at("203.0.113.9:50000"), &rtp(101), TYPES));
        assert!(latch.accept(at("203.0.113.9:50000"), &rtp(13), TYPES));
        assert!(!latch.accept(at("203.0.113.9:50000"), b"stun?", TYPES));
        assert!(!latch.accept(at("203.0.113.9:50001"), &rtp(0), TYPES));
        assert!(!latch.accept(at("203.0.113.10:50000"), &rtp(0), TYPES));
    }

    #[test]
    fn noise_latches_nothing() {
        let mut latch = SourceLatch::new(None);
        assert!(!latch.accept(at("203.0.113.9:50000"), b"not rtp at all", TYPES));
        assert!(!latch.accept(at("203.0.113.9:50000"), &rtp(3), TYPES));
        assert_eq!(latch.source(), None);
        assert!(latch.accept(at("203.0.113.7:4000"), &rtp(101), TYPES));
    }

    #[test]
    fn the_signalled_address_takes_over_once_and_stays() {
        let mut latch = SourceLatch::new(Some(at("192.0.2.7:4000")));
        assert!(latch.accept(at("203.0.113.66:1"), &rtp(0), TYPES), "a stranger is first");
        assert!(!latch.accept(at("192.0.2.7:4000"), b"", TYPES), "only good packets take over");
        assert!(latch.accept(at("192.0.2.7:4000"), &rtp(0), TYPES));
        assert!(!latch.accept(at("203.0.113.66:1"), &rtp(0), TYPES));
        assert_eq!(latch.destination(), Some(at("192.0.2.7:4000")));
    }

    #[test]
    fn a_new_description_opens_the_latch_again() {
        let mut latch = SourceLatch::new(Some(at("192.168.0.2:4000")));
        assert!(latch.accept(at("203.0.113.9:50000"), &rtp(0), TYPES));
        latch.reopen(Some(at("192.168.0.2:4000")));
        assert_eq!(latch.destination(), Some(at("203.0.113.9:50000")), "kept until a source speaks");
        assert!(latch.accept(at("203.0.113.9:50002"), &rtp(0), TYPES), "the NAT chose another port");
        assert!(!latch.accept(at("203.0.113.9:50000"), &rtp(0), TYPES));
        latch.reopen(Some(at("192.0.2.30:6000")));
        assert_eq!(latch.destination(), Some(at("192.0.2.30:6000")));
    }

    #[test]
    fn hold_without_an_address_forgets_nothing() {
        let mut latch = SourceLatch::new(Some(at("192.0.2.7:4000")));
        latch.reopen(None);
        assert_eq!(latch.destination(), Some(at("192.0.2.7:4000")));
    }

    #[test]
    fn mapped_addresses_are_the_same_peer() {
        let mut latch = SourceLatch::new(Some(at("192.0.2.7:4000")));
        assert!(latch.accept(at("[::ffff:192.0.2.7]:4000"), &rtp(0), TYPES));
        assert!(latch.accept(at("192.0.2.7:4000"), &rtp(0), TYPES));
    }
}
