//! Answers: writing ours, reading the peer's.

use core::net::IpAddr;

use sdp_types::{Media, MediaType, TransportProto};
use zeroize::Zeroize;

use super::description::{Description, Line, Stream};
use super::offer::{audio_line, encrypt, text};
use super::{Agreement, Crypto, LocalMedia, Offer, SdpError};

/// An answer and what it settles, whichever end wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    agreement: Agreement,
    body: String,
    crypto: Option<(Crypto, Crypto)>,
}

/// The body may hold a key.
impl Drop for Answer {
    fn drop(&mut self) {
        self.body.zeroize();
    }
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
        if description.stream.is_secure {
            return Err(SdpError::Transport);
        }
        Ok(Self { agreement: agreement(&description.stream), body: body.to_owned(), crypto: None })
    }

    /// Reads the peer's answer to an offer that insisted on SRTP with `ours`.
    ///
    /// # Errors
    ///
    /// As [`Answer::parse`]; [`SdpError::NoCrypto`] when the peer took none of our keys.
    pub fn parse_secure(bytes: &[u8], ours: &[Crypto]) -> Result<Self, SdpError> {
        let description = Description::parse(bytes)?;
        let body = core::str::from_utf8(bytes).map_err(|_| SdpError::Malformed)?;
        let theirs = description.crypto.first().filter(|_| description.stream.is_secure);
        let theirs = theirs.ok_or(SdpError::NoCrypto)?;
        let ours = ours.iter().find(|ours| ours.suite() == theirs.suite()).ok_or(SdpError::NoCrypto)?;
        let crypto = Some((ours.clone(), theirs.clone()));
        Ok(Self { agreement: agreement(&description.stream), body: body.to_owned(), crypto })
    }

    /// The keys of an encrypted stream: ours, and the peer's. `None` where it is not encrypted.
    #[must_use]
    pub const fn crypto(&self) -> Option<&(Crypto, Crypto)> {
        self.crypto.as_ref()
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
/// [`SdpError::Transport`] when the peer insists on SRTP; [`SdpError::AddressFamily`] when `local` is not in the family [`Offer::is_ipv6`] asks for.
pub fn answer(offer: &Offer, local: &LocalMedia) -> Result<Answer, SdpError> {
    if offer.is_secure() {
        return Err(SdpError::Transport);
    }
    respond(offer, local, None)
}

/// Answers an offer of SRTP with the first of its keys and `ours`, whose suite becomes the peer's.
///
/// # Errors
///
/// [`SdpError::NoCrypto`] when the peer offers none; otherwise as [`answer`].
pub fn answer_secure(offer: &Offer, local: &LocalMedia, ours: &Crypto) -> Result<Answer, SdpError> {
    let theirs = offer.crypto().first().filter(|_| offer.is_secure()).ok_or(SdpError::NoCrypto)?;
    respond(offer, local, Some((ours.answering(theirs), theirs.clone())))
}

fn respond(offer: &Offer, local: &LocalMedia, crypto: Option<(Crypto, Crypto)>) -> Result<Answer, SdpError> {
    let stream = offer.stream();
    if matches!(local.address, IpAddr::V6(_)) != offer.is_ipv6() {
        return Err(SdpError::AddressFamily);
    }
    let agreement = agreement(stream);
    let medias = offer.description.lines.iter().enumerate().map(|(index, line)| {
        if index != stream.line {
            return refused(line);
        }
        let mut media = accepted(&agreement, local.port);
        if let Some((ours, _)) = &crypto {
            encrypt(&mut media, ours);
        }
        media
    });
    let body = text(local, medias);
    Ok(Answer { agreement, body, crypto })
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
