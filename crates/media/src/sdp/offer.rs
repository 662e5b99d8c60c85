//! Offers: reading the peer's, writing ours.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use sdp_types::{Connection, MediaType, Origin, Session, Time, TransportProto};
use zeroize::Zeroizing;

use super::description::{Description, Stream};
use super::{Crypto, Direction, LocalMedia, SdpError};
use crate::g711::Codec;

/// A peer's offer that has an audio stream we can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub(super) description: Description,
}

impl Offer {
    /// Reads the body of an INVITE or re-INVITE, `application/sdp`.
    ///
    /// # Errors
    ///
    /// [`SdpError`] when it is not a session description, or has no audio stream with a codec, a transport
    /// and an address we can use. Attributes that make no sense are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        Description::parse(bytes).map(|description| Self { description })
    }

    /// Where the peer wants to receive; `None` on hold by address (`0.0.0.0`, `::`).
    #[must_use]
    pub const fn remote(&self) -> Option<SocketAddr> {
        self.description.stream.remote
    }

    /// Whether our end must be an IPv6 address; otherwise IPv4.
    #[must_use]
    pub const fn is_ipv6(&self) -> bool {
        matches!(self.description.stream.family, IpAddr::V6(_))
    }

    /// The direction the peer asks for, seen from its end.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.description.stream.direction
    }

    /// Whether the peer insists on SRTP (`RTP/SAVP`): then [`answer_secure`](super::answer_secure) answers it.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.description.stream.is_secure
    }

    /// The keys the peer offers to encrypt with, in its order of preference; more than one suite usually.
    #[must_use]
    pub fn crypto(&self) -> &[Crypto] {
        &self.description.crypto
    }

    pub(super) const fn stream(&self) -> &Stream {
        &self.description.stream
    }
}

/// What our own offer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offering<'a> {
    /// Codecs in order of preference, at their static payload types.
    pub codecs: &'a [Codec],
    /// The payload type offered for key presses, 96 to 127; `None` offers none.
    pub telephone_event: Option<u8>,
    /// Which way audio shall flow, seen from our end: [`Direction::SendOnly`] puts the peer on hold.
    pub direction: Direction,
}

impl Default for Offering<'_> {
    fn default() -> Self {
        Self {
            codecs: &[Codec::Pcmu, Codec::Pcma],
            telephone_event: Some(101),
            direction: Direction::SendRecv,
        }
    }
}

/// Writes an offer of one audio stream in 20 ms packets.
#[must_use]
pub fn offer(local: &LocalMedia, offering: &Offering<'_>) -> String {
    let codecs = offering.codecs.iter().map(|codec| (*codec, codec.static_payload_type()));
    let formats: Vec<_> = codecs.collect();
    let media = audio_line(local.port, &formats, offering.telephone_event, offering.direction);
    text(local, [media])
}

/// Writes an offer that insists on SRTP, with one line for each key.
#[must_use]
pub fn offer_secure(local: &LocalMedia, offering: &Offering<'_>, crypto: &[Crypto]) -> Zeroizing<String> {
    let codecs = offering.codecs.iter().map(|codec| (*codec, codec.static_payload_type()));
    let formats: Vec<_> = codecs.collect();
    let mut media = audio_line(local.port, &formats, offering.telephone_event, offering.direction);
    crypto.iter().for_each(|crypto| encrypt(&mut media, crypto));
    Zeroizing::new(text(local, [media]))
}

/// Makes an `m=` line one of SRTP.
pub(super) fn encrypt(media: &mut sdp_types::Media, crypto: &Crypto) {
    "RTP/SAVP".clone_into(&mut media.proto);
    media.add_attribute_with_value("crypto", crypto.value().as_str());
}

/// The `m=audio` section of an offer or an answer.
pub(super) fn audio_line(
    port: u16,
    codecs: &[(Codec, u8)],
    event: Option<u8>,
    direction: Direction,
) -> sdp_types::Media {
    let numbers = codecs.iter().map(|(_, number)| *number).chain(event);
    let fmt = numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let mut media = sdp_types::Media::new(MediaType::Audio, port, TransportProto::RtpAvp, fmt);
    for (codec, number) in codecs {
        media.add_attribute_with_value("rtpmap", format!("{number} {}/8000", codec.name()));
    }
    if let Some(number) = event {
        media.add_attribute_with_value("rtpmap", format!("{number} telephone-event/8000"));
        media.add_attribute_with_value("fmtp", format!("{number} 0-15"));
    }
    media.add_attribute_with_value("ptime", PTIME.as_millis());
    media.add_attribute_from_str(direction.name());
    media
}

/// A whole session description around `medias`.
pub(super) fn text(local: &LocalMedia, medias: impl IntoIterator<Item = sdp_types::Media>) -> String {
    let origin = Origin::with_ip_addr(local.session_id, local.version, local.address);
    let mut session = Session::new(origin, "-");
    session.connection = Some(Connection::from_ip_addr(local.address));
    session.times.push(Time::new(0, 0));
    session.medias.extend(medias);
    session.to_string()
}

/// The packet time of both codecs unless the peer wishes otherwise (RFC 3551, 4.2).
const PTIME: Duration = Duration::from_millis(20);
