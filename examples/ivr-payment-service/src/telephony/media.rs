//! One call's RTP: its socket, who it hears, and the 20 ms clock's work.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use paytone_call::{Call, FRAME_SAMPLES, Input, LineCheck, Role};
use paytone_media::g711::Codec;
use paytone_media::latch::SourceLatch;
use paytone_media::rtp::{Arrival, Frame, Receiver, Sender};
use paytone_media::sdp::{self, Agreement, Answer, Crypto, LocalMedia, Offer, SdpError};

use super::ports::{Ports, RtpSocket};
use super::srtp::{self, Srtp};
use crate::config::Encryption;

/// The audio side of one call.
pub(super) struct MediaSession {
    socket: RtpSocket,
    local: LocalMedia,
    agreement: Agreement,
    latch: SourceLatch,
    receiver: Receiver,
    sender: Sender,
    packet: Vec<u8>,
    last_heard: Duration,
    role: Role,
    srtp: Option<Box<Srtp>>,
}

/// Who hears what comes in.
pub(super) trait Listener {
    fn handle(&mut self, input: Input<'_>, now: Duration);
}

impl Listener for Call {
    fn handle(&mut self, input: Input<'_>, now: Duration) {
        Self::handle(self, input, now);
    }
}

impl Listener for LineCheck {
    fn handle(&mut self, input: Input<'_>, now: Duration) {
        Self::handle(self, input, now);
    }
}

/// How media is opened.
pub(super) struct MediaPolicy {
    pub(super) listening: IpAddr,
    pub(super) ports: Arc<Ports>,
    pub(super) encryption: Encryption,
    /// How packets are marked.
    pub(super) dscp: u8,
}

/// Audio that has been offered to a peer who has not answered yet.
pub(super) struct OfferedMedia {
    socket: RtpSocket,
    local: LocalMedia,
    role: Role,
    keys: Vec<Crypto>,
}

/// Why there is no audio for a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum MediaError {
    /// The peer's description cannot be used.
    #[error(transparent)]
    Sdp(#[from] SdpError),
    /// No RTP socket could be opened.
    #[error("no rtp socket")]
    Socket(#[from] std::io::Error),
}

impl MediaSession {
    /// Opens a socket towards whoever wrote `offer` and answers it. Returns the session and the answer's SDP.
    pub(super) fn answer(
        offer: &[u8],
        policy: &MediaPolicy,
        now: Duration,
    ) -> Result<(Self, Answer), MediaError> {
        let offer = Offer::parse(offer)?;
        let is_wanted = match policy.encryption {
            Encryption::Off => !offer.is_secure(),
            Encryption::Offered => true,
            Encryption::Required => offer.is_secure(),
        };
        if !is_wanted {
            return Err(SdpError::Transport.into());
        }
        let address = local_address(offer.remote(), offer.is_ipv6(), policy.listening)?;
        let media = OfferedMedia::open(address, policy, Role::Caller)?;
        let answer = match offer.crypto().first().filter(|_| offer.is_secure()) {
            Some(theirs) => sdp::answer_secure(&offer, &media.local, &srtp::make_key(theirs.suite()))?,
            None => sdp::answer(&offer, &media.local)?,
        };
        Ok((Self::new(media, &answer, now)?, answer))
    }

    fn new(media: OfferedMedia, answer: &Answer, now: Duration) -> Result<Self, SdpError> {
        let OfferedMedia { socket, local, role, .. } = media;
        let agreement = *answer.agreement();
        let srtp = answer.crypto().map(|(ours, theirs)| Srtp::new(ours, theirs)).transpose()?;
        Ok(Self {
            socket,
            local,
            agreement,
            srtp: srtp.map(Box::new),
            latch: SourceLatch::new(agreement.remote()),
            receiver: Receiver::new(agreement.payload_types()),
            sender: Sender::new(rand::random(), rand::random(), rand::random()),
            packet: Vec::with_capacity(12 + FRAME_SAMPLES),
            last_heard: now,
            role,
        })
    }

    /// The same of an operator: what comes in is the operator's.
    pub(super) fn of_operator(self) -> Self {
        Self { role: Role::Operator, ..self }
    }

    /// Whether the stream is encrypted, or stays on this machine.
    pub(super) fn is_private(&self) -> bool {
        self.srtp.is_some() || self.latch.destination().is_none_or(|peer| peer.ip().is_loopback())
    }

    /// Answers a further offer in the same call. On an error everything stays as it was.
    pub(super) fn reoffer(&mut self, offer: &[u8], now: Duration) -> Result<Answer, SdpError> {
        let offer = Offer::parse(offer)?;
        let local = self.local.next_version();
        let answer = match &mut self.srtp {
            Some(srtp) => {
                let answer = sdp::answer_secure(&offer, &local, srtp.ours())?;
                srtp.rekey(&answer)?;
                answer
            }
            None => sdp::answer(&offer, &local)?,
        };
        self.local = local;
        self.agreement = *answer.agreement();
        self.latch.reopen(self.agreement.remote());
        self.receiver.renegotiate(self.agreement.payload_types());
        self.last_heard = now;
        Ok(answer)
    }

    /// Our side of the stream as an offer, for a re-INVITE that brings none.
    pub(super) fn offer(&mut self) -> String {
        self.local = self.local.next_version();
        let types = self.agreement.payload_types();
        let codecs = [self.agreement.codec()];
        let offering =
            sdp::Offering { codecs: &codecs, telephone_event: types.event(), ..sdp::Offering::default() };
        match &self.srtp {
            Some(srtp) => {
                sdp::offer_secure(&self.local, &offering, core::slice::from_ref(srtp.ours())).to_string()
            }
            None => sdp::offer(&self.local, &offering),
        }
    }

    pub(super) const fn is_held(&self) -> bool {
        self.agreement.is_held()
    }

    pub(super) const fn delivers_events(&self) -> bool {
        self.agreement.payload_types().event().is_some()
    }

    /// Whether nothing has been heard from the peer for so long, although it is not on hold.
    pub(super) fn is_silent(&self, limit: Duration, now: Duration) -> bool {
        !self.is_held() && now.saturating_sub(self.last_heard) >= limit
    }

    /// Counts as a sign of life although it is not audio.
    pub(super) const fn heard(&mut self, now: Duration) {
        self.last_heard = now;
    }

    /// Takes what has come since this was last asked, every 20 ms: keys go to the call at once, audio waits for
    /// [`Self::play_out`]. Nothing wakes the call when a packet comes, so a packet costs two reads and no more; of a flood the
    /// kernel drops what does not fit its buffer.
    pub(super) fn receive(&mut self, call: &mut impl Listener, now: Duration) {
        let mut datagram = [0; MAX_DATAGRAM];
        for _ in 0..MOST_AT_ONCE {
            match self.socket.recv_from(&mut datagram) {
                Ok((length, from)) => self.handle_datagram(&datagram[..length], from, call, now),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                // An ICMP report about a datagram of ours; the stream goes on.
                Err(_) => {}
            }
        }
    }

    fn handle_datagram(&mut self, bytes: &[u8], from: SocketAddr, call: &mut impl Listener, now: Duration) {
        let opened;
        let bytes = match &mut self.srtp {
            None => bytes,
            Some(srtp) => match srtp.open(bytes) {
                Some(packet) => {
                    opened = packet;
                    &opened[..]
                }
                // Not the peer's: nothing that is not authentic is looked at.
                None => return,
            },
        };
        if !self.latch.accept(from, bytes, self.agreement.payload_types()) {
            return;
        }
        match self.receiver.push(bytes, now) {
            Ok(Arrival::Event(event)) => {
                self.last_heard = now;
                let (ssrc, timestamp, marker) = (event.ssrc(), event.timestamp(), event.marker());
                let payload = event.payload();
                call.handle(
                    match self.role {
                        Role::Caller => Input::TelephoneEvent { ssrc, timestamp, marker, payload },
                        _ => Input::OperatorEvent { ssrc, timestamp, marker, payload },
                    },
                    now,
                );
            }
            Ok(Arrival::Audio) => self.last_heard = now,
            Ok(Arrival::Dropped(_)) | Err(_) => {}
        }
    }

    /// Hands the call all audio that is in order by now. A listener for keys need not wait for a play-out clock.
    pub(super) fn play_out(&mut self, call: &mut impl Listener, now: Duration) {
        let mut samples = [0; FRAME_SAMPLES];
        let codec = self.agreement.codec();
        while let Some(frame) = self.receiver.pop(now) {
            let count = match frame {
                Frame::Audio { payload, .. } => codec.decode(payload, &mut samples),
                Frame::Lost { samples } => {
                    call.handle(lost(self.role, samples), now);
                    continue;
                }
                Frame::Silence { samples: count } => {
                    samples[..count].fill(0);
                    count
                }
            };
            call.handle(heard(self.role, &samples[..count]), now);
        }
    }

    /// Sends the call's next 20 ms. A datagram that cannot be sent is lost, as datagrams are.
    pub(super) fn send_frame(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        let mut payload = [Codec::Pcmu.silence(); FRAME_SAMPLES];
        self.agreement.codec().encode(frame, &mut payload);
        self.sender.audio(self.agreement.payload_types().audio(), &payload, &mut self.packet);
        if let Some(srtp) = &mut self.srtp
            && srtp.seal(&mut self.packet).is_none()
        {
            return;
        }
        if let Some(destination) = self.latch.destination() {
            drop(self.socket.send_to(&self.packet, destination));
        }
    }

    /// Lets 20 ms pass without sending: the peer holds the call.
    pub(super) const fn rest(&mut self) {
        self.sender.advance(FRAME_SAMPLES as u32);
    }
}

impl OfferedMedia {
    /// Opens a socket towards `peer`, where its address is known.
    pub(super) fn towards(peer: Option<SocketAddr>, policy: &MediaPolicy) -> std::io::Result<Self> {
        let is_ipv6 = peer.map_or(policy.listening.is_ipv6(), |peer| peer.is_ipv6());
        let address = local_address(peer, is_ipv6, policy.listening)?;
        let mut media = Self::open(address, policy, Role::Operator)?;
        if policy.encryption == Encryption::Required {
            media.keys = srtp::SUITES.into_iter().map(srtp::make_key).collect();
        }
        Ok(media)
    }

    fn open(address: IpAddr, policy: &MediaPolicy, role: Role) -> std::io::Result<Self> {
        let socket = policy.ports.open(address)?;
        mark(&socket, policy.dscp);
        let port = socket.local_addr()?.port();
        let local = LocalMedia { address, port, session_id: u64::from(rand::random::<u32>()), version: 1 };
        Ok(Self { socket, local, role, keys: Vec::new() })
    }

    /// What the peer is offered.
    pub(super) fn offer(&self) -> String {
        let offering = sdp::Offering::default();
        if self.keys.is_empty() {
            return sdp::offer(&self.local, &offering);
        }
        sdp::offer_secure(&self.local, &offering, &self.keys).to_string()
    }

    /// What the peer answered.
    pub(super) fn answered(self, answer: &[u8], now: Duration) -> Result<MediaSession, SdpError> {
        let answer = match self.keys.as_slice() {
            [] => Answer::parse(answer)?,
            keys => Answer::parse_secure(answer, keys)?,
        };
        MediaSession::new(self, &answer, now)
    }
}

/// Marks what is sent (RFC 2474). A system that does not let us sends it as it is.
fn mark(socket: &UdpSocket, dscp: u8) {
    let marked = match socket.local_addr() {
        Ok(SocketAddr::V4(_)) => rustix::net::sockopt::set_ip_tos(socket, dscp << 2),
        Ok(SocketAddr::V6(_)) => rustix::net::sockopt::set_ipv6_tclass(socket, u32::from(dscp << 2)),
        Err(_) => Ok(()),
    };
    if marked.is_err() {
        tracing::debug!("rtp is not marked");
    }
}

const fn heard(role: Role, samples: &[i16]) -> Input<'_> {
    match role {
        Role::Caller => Input::Audio(samples),
        _ => Input::OperatorAudio(samples),
    }
}

const fn lost(role: Role, samples: usize) -> Input<'static> {
    match role {
        Role::Caller => Input::AudioLost(samples),
        _ => Input::OperatorAudioLost(samples),
    }
}

/// The address of ours that the peer can reach: where SIP listens if that is of the peer's family and not a
/// wildcard, otherwise whatever the system would send from.
fn local_address(peer: Option<SocketAddr>, wanted_v6: bool, listening: IpAddr) -> std::io::Result<IpAddr> {
    if listening.is_ipv6() == wanted_v6 && !listening.is_unspecified() {
        return Ok(listening);
    }
    let wildcard = if wanted_v6 { "[::]:0" } else { "0.0.0.0:0" };
    let Some(peer) = peer else { return loopback(wanted_v6) };
    let probe = UdpSocket::bind(wildcard)?;
    probe.connect(peer)?;
    Ok(probe.local_addr()?.ip())
}

fn loopback(v6: bool) -> std::io::Result<IpAddr> {
    let text = if v6 { "::1" } else { "127.0.0.1" };
    text.parse().map_err(std::io::Error::other)
}

/// An RTP packet of 200 ms fits; more than a network packet carries anyway.
const MAX_DATAGRAM: usize = 2048;
/// Datagrams of one leg in 20 ms; a peer sends one or two, and ten when the network has held them up.
const MOST_AT_ONCE: usize = 250;
