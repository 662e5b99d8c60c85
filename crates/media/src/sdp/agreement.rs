//! What both ends have settled on.

use core::net::SocketAddr;
use core::time::Duration;

use crate::g711::Codec;
use crate::rtp::PayloadTypes;

/// Which way audio flows, seen from the end that says so (RFC 8866, 6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways: the normal state.
    #[default]
    SendRecv,
    /// This end sends only.
    SendOnly,
    /// This end receives only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// Whether this end sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether this end receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flow seen from the other end (RFC 3264, 6.1).
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::from_flags(self.receives(), self.sends())
    }

    /// The attribute's name: `sendrecv`, `sendonly`, `recvonly` or `inactive`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(super) const fn from_flags(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];
        all.into_iter().find(|direction| direction.name().eq_ignore_ascii_case(name))
    }
}

/// The stream both ends settled on, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub(super) remote: Option<SocketAddr>,
    pub(super) codec: Codec,
    pub(super) payload_types: PayloadTypes,
    pub(super) direction: Direction,
    pub(super) ptime: Option<Duration>,
}

impl Agreement {
    /// Where the peer wants our packets; `None` while it is on hold by the address `0.0.0.0` or `::`.
    #[must_use]
    pub const fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// The codec both ends send.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// The payload types of audio and key presses.
    #[must_use]
    pub const fn payload_types(&self) -> PayloadTypes {
        self.payload_types
    }

    /// Our own direction: what we may send and shall receive.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Whether the call rests: at least one way is off, so the two ends cannot converse.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        !matches!(self.direction, Direction::SendRecv)
    }

    /// The packet time the peer would like, when it says so; 1 to 200 ms.
    #[must_use]
    pub const fn ptime(&self) -> Option<Duration> {
        self.ptime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reversing_swaps_the_two_ways() {
        assert_eq!(Direction::SendOnly.reversed(), Direction::RecvOnly);
        assert_eq!(Direction::RecvOnly.reversed(), Direction::SendOnly);
        assert_eq!(Direction::SendRecv.reversed(), Direction::SendRecv);
        assert_eq!(Direction::Inactive.reversed(), Direction::Inactive);
    }
}
