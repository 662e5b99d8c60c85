//! Answers: writing ours, reading the peer's.

use core::net::IpAddr;

use sdp_types::{Media, MediaType, TransportProto};

use super::description::{Description, Line, Stream};
use super::offer::{audio_line, text};
use super::{Agreement, LocalMedia, Offer, SdpError};

/// An answer and what it settles, whichever end wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    agreement: Agreement,
    body: String,
}

impl Answer {
    /// Reads the peer's answer to our offer.
    ///
    /// # Errors
    ///
    /// [`SdpError`] as for [`Offer::parse`]; [`SdpError::NoAudio`] when the peer refused the stream.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let description = Description::parse(bytes)?;
        let body = core::str::from_utf8(bytes).map_err(|_| SdpError::Malformed)?;
        Ok(Self { agreement: agreement(&description.stream), body: body.to_owned() })
    }

    /// The session description, `application/sdp`.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What both ends have settled on, seen from ours.
    #[must_use]
    pub const fn agreement(&self) -> &Agreement {
        &self.agreement
    }
}

/// Answers the first usable audio stream of `offer` with the first codec in the peer's order, its payload
/// types, and its direction reversed; every other stream gets port 0.
///
/// # Errors
///
/// [`SdpError::AddressFamily`] when `local` is not in the family [`Offer::is_ipv6`] asks for.
pub fn answer(offer: &Offer, local: &LocalMedia) -> Result<Answer, SdpError> {
    let stream = offer.stream();
    if matches!(local.address, IpAddr::V6(_)) != offer.is_ipv6() {
        return Err(SdpError::AddressFamily);
    }
    let agreement = agreement(stream);
    let medias = offer.description.lines.iter().enumerate().map(|(index, line)| {
        if index == stream.line { accepted(&agreement, local.port) } else { refused(line) }
    });
    Ok(Answer { agreement, body: text(local, medias) })
}

/// What a description by the peer means for us.
const fn agreement(stream: &Stream) -> Agreement {
    Agreement {
        remote: stream.remote,
        codec: stream.codec,
        payload_types: stream.payload_types,
        direction: stream.direction.reversed(),
        ptime: stream.ptime,
    }
}

fn accepted(agreement: &Agreement, port: u16) -> Media {
    let types = agreement.payload_types;
    audio_line(port, &[(agreement.codec, types.audio())], types.event(), agreement.direction)
}

/// Port 0 with the offer's own words (RFC 3264, 6).
fn refused(line: &Line) -> Media {
    let mut media = Media::new(MediaType::Audio, 0, TransportProto::RtpAvp, &line.fmt);
    media.media.clone_from(&line.media);
    media.proto.clone_from(&line.proto);
    media
}
