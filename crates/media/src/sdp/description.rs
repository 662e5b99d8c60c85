//! Reads a session description and picks its one usable audio stream.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use sdp_types::{Attribute, Connection, Media, Session};

use super::{Crypto, Direction, SdpError};
use crate::g711::Codec;
use crate::rtp::PayloadTypes;

/// One `m=` line as far as an answer must repeat it (RFC 3264, 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) media: String,
    pub(super) proto: String,
    pub(super) fmt: String,
}

/// The stream that was picked, seen from the end that described it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) line: usize,
    pub(super) family: IpAddr,
    pub(super) remote: Option<SocketAddr>,
    pub(super) codec: Codec,
    pub(super) payload_types: PayloadTypes,
    pub(super) direction: Direction,
    pub(super) ptime: Option<Duration>,
    pub(super) is_secure: bool,
}

/// A peer's description with a usable audio stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) lines: Vec<Line>,
    pub(super) stream: Stream,
    /// The keys its `m=` line offers, in the peer's order.
    pub(super) crypto: Vec<Crypto>,
}

impl Description {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > MAX_BYTES {
            return Err(SdpError::TooLong);
        }
        let session = Session::parse(bytes).map_err(|_| SdpError::Malformed)?;
        if session.medias.len() > MAX_STREAMS {
            return Err(SdpError::TooLong);
        }
        let stream = first_usable(&session)?;
        let crypto = session.medias.get(stream.line).map(crypto).unwrap_or_default();
        let lines = session.medias.into_iter().map(|m| Line { media: m.media, proto: m.proto, fmt: m.fmt });
        Ok(Self { lines: lines.collect(), stream, crypto })
    }
}

/// The first usable audio stream, or what is wrong with the audio stream that came closest.
fn first_usable(session: &Session) -> Result<Stream, SdpError> {
    let mut nearest = SdpError::NoAudio;
    let audio = session.medias.iter().enumerate().filter(|(_, media)| media.media == "audio");
    for (line, media) in audio.filter(|(_, media)| media.port != 0) {
        match stream(session, line, media) {
            Ok(stream) => return Ok(stream),
            Err(error) => nearest = closer(nearest, error),
        }
    }
    Err(nearest)
}

fn stream(session: &Session, line: usize, media: &Media) -> Result<Stream, SdpError> {
    let is_secure = media.proto.eq_ignore_ascii_case("RTP/SAVP");
    if !is_secure && !media.proto.eq_ignore_ascii_case("RTP/AVP") {
        return Err(SdpError::Transport);
    }
    if is_secure && crypto(media).is_empty() {
        return Err(SdpError::NoCrypto);
    }
    let (codec, audio) =
        formats(media).find_map(|format| audio_format(media, format)).ok_or(SdpError::NoCodec)?;
    let event = formats(media).find(|format| is_telephone_event(media, *format));
    let connection = media.connections.first().or(session.connection.as_ref()).ok_or(SdpError::NoAddress)?;
    let address = address(connection)?;
    let remote = (!address.is_unspecified()).then(|| SocketAddr::new(address, media.port));
    Ok(Stream {
        line,
        family: address,
        remote,
        codec,
        payload_types: PayloadTypes::new(audio, event),
        direction: direction(session, media, remote.is_some()),
        ptime: ptime(media),
        is_secure,
    })
}

/// The usable keys of an `m=` line.
fn crypto(media: &Media) -> Vec<Crypto> {
    values(&media.attributes, "crypto").filter_map(Crypto::parse).take(MAX_CRYPTO).collect()
}

/// The payload types of an `m=` line in the peer's order of preference.
fn formats(media: &Media) -> impl Iterator<Item = u8> + '_ {
    let numbers = media.fmt.split_ascii_whitespace().take(MAX_FORMATS);
    numbers.filter_map(|number| number.parse::<u8>().ok()).filter(|number| *number <= 127)
}

fn audio_format(media: &Media, format: u8) -> Option<(Codec, u8)> {
    let codecs = [Codec::Pcmu, Codec::Pcma];
    let codec = match rtpmap(media, format) {
        Some(map) => codecs.into_iter().find(|codec| map.is(codec.name())),
        None => codecs.into_iter().find(|codec| codec.static_payload_type() == format),
    };
    codec.map(|codec| (codec, format))
}

fn is_telephone_event(media: &Media, format: u8) -> bool {
    rtpmap(media, format).is_some_and(|map| map.is("telephone-event"))
}

/// The parts of `a=rtpmap:<payload type> <name>/<clock>[/<channels>]` (RFC 8866, 6.6).
struct RtpMap<'a> {
    name: &'a str,
    clock: &'a str,
    channels: &'a str,
}

impl RtpMap<'_> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) && self.clock == "8000" && self.channels == "1"
    }
}

fn rtpmap(media: &Media, format: u8) -> Option<RtpMap<'_>> {
    values(&media.attributes, "rtpmap").find_map(|value| {
        let (number, encoding) = value.trim().split_once(char::is_whitespace)?;
        if number.parse::<u8>().ok()? != format {
            return None;
        }
        let mut parts = encoding.trim().split('/');
        Some(RtpMap { name: parts.next()?, clock: parts.next()?, channels: parts.next().unwrap_or("1") })
    })
}

/// The address of a `c=` line; unspecified means hold, also by the names RFC 6157 and old phones use.
fn address(connection: &Connection) -> Result<IpAddr, SdpError> {
    if connection.connection_address.to_ascii_lowercase().ends_with(".invalid") {
        return Ok(match connection.addrtype {
            sdp_types::AddrType::Ip6 => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        });
    }
    let parsed = connection.try_address().map_err(|_| SdpError::NoAddress)?;
    let broadcast = parsed.ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    if broadcast || parsed.ip.is_multicast() { Err(SdpError::NoAddress) } else { Ok(parsed.ip) }
}

/// The stream's own direction, else the session's, else both ways; a null address cannot receive (RFC 3264, 8.4).
fn direction(session: &Session, media: &Media, has_address: bool) -> Direction {
    let named = |attributes: &[Attribute]| attributes.iter().find_map(|a| Direction::from_name(&a.attribute));
    let direction = named(&media.attributes).or_else(|| named(&session.attributes)).unwrap_or_default();
    Direction::from_flags(direction.sends(), direction.receives() && has_address)
}

fn ptime(media: &Media) -> Option<Duration> {
    let value = values(&media.attributes, "ptime").next()?;
    let milliseconds = value.trim().parse::<u64>().ok()?;
    (1..=200).contains(&milliseconds).then(|| Duration::from_millis(milliseconds))
}

fn values<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = attributes.iter().filter(move |a| a.attribute.eq_ignore_ascii_case(name));
    named.filter_map(|a| a.value.as_deref())
}

/// Of two reasons the one that is about the stream which came further.
fn closer(a: SdpError, b: SdpError) -> SdpError {
    let rank = |error| match error {
        SdpError::NoAudio => 0,
        SdpError::Transport | SdpError::NoCrypto => 1,
        SdpError::NoCodec => 2,
        _ => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// Longer than any description of a telephone call, shorter than what is worth an attacker's while.
const MAX_BYTES: usize = 16 * 1024;
const MAX_STREAMS: usize = 16;
const MAX_FORMATS: usize = 128;
const MAX_CRYPTO: usize = 8;
