//! One call, step by step.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use paytone_dtmf::Key;
use paytone_media::sdp::{self, Answer, Direction, LocalMedia, Offering};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep};

use crate::audio::Audio;
use crate::keys::KeyStep;
use crate::sip::{DOMAIN, Invitation, Phase, Route, Sip};
use crate::{CallReport, Ending, Heard, Keying, Keys, Options, PhoneError, Target, Transport};

/// A call that rings, or is about to.
pub struct Dialing {
    invitation: Invitation,
    socket: UdpSocket,
    local: LocalMedia,
    options: Options,
    call_id: String,
}

/// An answered call. Dropping it without [`Call::hang_up`] is pulling the plug: the other side is not told.
pub struct Call {
    sip: Sip,
    audio: Audio,
    local: LocalMedia,
    options: Options,
    call_id: String,
    takes_events: bool,
    answered: Instant,
    random: StdRng,
}

impl Dialing {
    /// Sends the INVITE.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Host`] or [`PhoneError::Bind`] when the target or this machine has no usable address.
    pub async fn start(target: &Target, options: &Options) -> Result<Self, PhoneError> {
        let peer = target.resolve(options.bind.map(|address| address.is_ipv6())).await?;
        let bind = options.bind.unwrap_or_else(|| local_address(peer.ip()));
        let socket = UdpSocket::bind((bind, 0)).await.map_err(|error| PhoneError::Bind(error.kind()))?;
        let port = socket.local_addr().map_err(|error| PhoneError::Bind(error.kind()))?.port();
        let session_id = u64::from(rand::rng().random::<u32>());
        let local = LocalMedia { address: bind, port, session_id, version: 1 };
        let call_id = call_id();
        let route = Route {
            target,
            peer,
            transport: options.transport.or_else(|| target.transport()).unwrap_or(Transport::Udp),
            bind,
            call_id: &call_id,
            caller: &options.caller,
            headers: &options.headers,
        };
        let invitation = Invitation::send(&route, offer(&local, options, Direction::SendRecv)).await?;
        Ok(Self { invitation, socket, local, options: options.clone(), call_id })
    }

    /// The SIP Call-ID; contains no digits.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Waits until the other side rings or more.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Limit`] when it did not within `limit`.
    pub async fn ringing(&self, limit: Duration) -> Result<(), PhoneError> {
        let rings = |phase| !matches!(phase, Phase::Calling | Phase::Trying);
        self.invitation.sip.wait_for(limit, rings).await.map(drop)
    }

    /// Waits until the call is answered.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Refused`] with the status; [`PhoneError::NoAnswer`] after the time the options give, or after
    /// 8 s when nobody is there;
    /// [`PhoneError::Answer`] or [`PhoneError::NoEvents`] when the answer is of no use (the call is ended then).
    pub async fn answered(mut self) -> Result<Call, PhoneError> {
        let response = match self.invitation.outcome(self.options.answer_within).await {
            Ok(response) => response,
            Err(PhoneError::Limit) => {
                self.invitation.cancel().await;
                return Err(PhoneError::NoAnswer);
            }
            Err(error) => {
                self.invitation.sip.close().await;
                return Err(error);
            }
        };
        let sip = self.invitation.sip;
        if !(200..300).contains(&response.status) {
            sip.close().await;
            return Err(PhoneError::Refused { status: response.status });
        }
        let agreement = match usable(&response.body, &self.options) {
            Ok(answer) => *answer.agreement(),
            Err(error) => {
                sip.hang_up().await;
                return Err(error);
            }
        };
        Ok(Call {
            sip,
            audio: Audio::start(self.socket, agreement, &self.options),
            local: self.local,
            takes_events: agreement.payload_types().event().is_some(),
            random: StdRng::seed_from_u64(self.options.seed),
            options: self.options,
            call_id: self.call_id,
            answered: Instant::now(),
        })
    }

    /// Gives up before the answer.
    pub async fn cancel(self) -> CallReport {
        self.invitation.cancel().await;
        unanswered(self.call_id, Some(REQUEST_TERMINATED), Ending::Cancelled)
    }
}

impl Call {
    /// Calls `target` and waits for the answer.
    ///
    /// # Errors
    ///
    /// As [`Dialing::start`] and [`Dialing::answered`].
    pub async fn dial(target: &Target, options: &Options) -> Result<Self, PhoneError> {
        Dialing::start(target, options).await?.answered().await
    }

    /// The SIP Call-ID; contains no digits.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Whether neither side has hung up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        !matches!(self.sip.phase(), Phase::Over(_))
    }

    /// What was heard up to now.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.audio.heard()
    }

    /// Presses `keys` one after the other, with their pauses, and returns when the last is over.
    ///
    /// # Errors
    ///
    /// [`PhoneError::HungUp`] when the other side hung up before the end; [`PhoneError::NoEvents`] when it did not
    /// agree to the events the options want; [`PhoneError::RequestRefused`] when it refused an INFO.
    pub async fn press(&mut self, keys: &Keys) -> Result<(), PhoneError> {
        for step in keys.steps() {
            match step {
                KeyStep::Press(key) => self.press_key(*key).await?,
                KeyStep::Pause(length) => self.pause(*length).await?,
                KeyStep::Listen(limit) => self.listen(*limit).await?,
            }
        }
        Ok(())
    }

    /// Says this (16-bit samples at 8 kHz) and returns when it is over.
    ///
    /// # Errors
    ///
    /// [`PhoneError::HungUp`] when the other side had hung up before; [`PhoneError::Limit`] when it takes far too long.
    pub async fn say(&mut self, samples: &[i16]) -> Result<(), PhoneError> {
        if !self.is_up() {
            return Err(PhoneError::HungUp);
        }
        self.audio.say(samples).await
    }

    /// Waits.
    ///
    /// # Errors
    ///
    /// [`PhoneError::HungUp`], at once, when the other side hangs up.
    pub async fn pause(&self, length: Duration) -> Result<(), PhoneError> {
        match self.sip.wait_for(length, |phase| matches!(phase, Phase::Over(_))).await {
            Ok(_) | Err(PhoneError::Sip) => Err(PhoneError::HungUp),
            Err(_) => Ok(()),
        }
    }

    /// Waits until the other side has said something and then been silent for 700 ms, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`PhoneError::HungUp`] when it hung up meanwhile.
    pub async fn listen(&self, limit: Duration) -> Result<(), PhoneError> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            let spoke = self.audio.loud_at().filter(|at| *at >= begun);
            if spoke.is_some_and(|at| at.elapsed() >= QUIET) {
                break;
            }
            self.pause(LISTEN_STEP).await?;
        }
        Ok(())
    }

    /// Puts the other side on hold and sends no more audio.
    ///
    /// # Errors
    ///
    /// [`PhoneError::RequestRefused`] when the other side refused, [`PhoneError::HungUp`] when it is gone.
    pub async fn hold(&mut self) -> Result<(), PhoneError> {
        self.redirect(Direction::SendOnly).await
    }

    /// Goes on after [`Call::hold`].
    ///
    /// # Errors
    ///
    /// As [`Call::hold`].
    pub async fn resume(&mut self) -> Result<(), PhoneError> {
        self.redirect(Direction::SendRecv).await
    }

    /// Hangs up, if the other side has not.
    pub async fn hang_up(self) -> CallReport {
        let over = self.sip.phase();
        let duration = self.answered.elapsed();
        let heard = self.audio.heard();
        self.sip.hang_up().await;
        let ending = if over == Phase::Over(true) { Ending::Callee } else { Ending::Caller };
        CallReport { call_id: self.call_id, status: Some(OK), ending, duration, heard }
    }

    /// Waits for the other side to hang up; after `limit` the phone does.
    pub async fn wait_for_hang_up(self, limit: Duration) -> CallReport {
        // Both outcomes are told by the report's ending.
        let _ = self.pause(limit).await;
        self.hang_up().await
    }

    async fn press_key(&mut self, key: Key) -> Result<(), PhoneError> {
        if !self.is_up() {
            return Err(PhoneError::HungUp);
        }
        let random = &mut self.random;
        let (length, gap) = self.options.pace.next(|| random.random());
        match self.options.keying {
            Keying::Info => self.press_by_info(key, length, gap).await,
            Keying::Event { .. } if !self.takes_events => Err(PhoneError::NoEvents),
            Keying::Event { .. } | Keying::Tone => self.audio.press(key, length, gap).await,
        }
    }

    async fn press_by_info(&self, key: Key, length: Duration, gap: Duration) -> Result<(), PhoneError> {
        let over = Instant::now() + length + gap;
        let body = format!("Signal={}\r\nDuration={}\r\n", key.reveal(), length.as_millis());
        let response = self.sip.info(body).await?;
        if response.status >= 300 {
            return Err(PhoneError::RequestRefused { status: response.status });
        }
        sleep(over.saturating_duration_since(Instant::now())).await;
        Ok(())
    }

    async fn redirect(&mut self, direction: Direction) -> Result<(), PhoneError> {
        self.local = self.local.next_version();
        let response = self.sip.reinvite(offer(&self.local, &self.options, direction)).await?;
        if response.status >= 300 {
            return Err(PhoneError::RequestRefused { status: response.status });
        }
        let answer = Answer::parse(&response.body)?;
        self.audio.agree(*answer.agreement()).await
    }
}

impl core::fmt::Debug for Dialing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Dialing").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Call {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Call").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

/// The report of a call that was never up.
pub(crate) fn unanswered(call_id: String, status: Option<u16>, ending: Ending) -> CallReport {
    CallReport { call_id, status, ending, duration: Duration::ZERO, heard: Heard::default() }
}

fn offer(local: &LocalMedia, options: &Options, direction: Direction) -> String {
    let telephone_event = options.event_payload_type();
    sdp::offer(local, &Offering { codecs: &options.codecs, telephone_event, direction })
}

fn usable(body: &[u8], options: &Options) -> Result<Answer, PhoneError> {
    let answer = Answer::parse(body)?;
    let no_events = answer.agreement().payload_types().event().is_none();
    if no_events && matches!(options.keying, Keying::Event { .. }) {
        return Err(PhoneError::NoEvents);
    }
    Ok(answer)
}

/// The phone speaks to its own machine over loopback, to others over whatever leads there.
fn local_address(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(ip) if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        _ => route_to(peer),
    }
}

/// The address of the interface that leads to `peer`; connecting a UDP socket sends nothing.
fn route_to(peer: IpAddr) -> IpAddr {
    let any: IpAddr =
        if peer.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = std::net::UdpSocket::bind((any, 0));
    let local = socket.and_then(|socket| {
        socket.connect((peer, 9))?;
        socket.local_addr()
    });
    local.map_or(any, |address| address.ip())
}

/// Letters only, so that a Call-ID in a log is never taken for a card number.
fn call_id() -> String {
    let mut random = rand::rng();
    let letters = (0..24).map(|_| char::from(random.random_range(b'a'..=b'z')));
    letters.chain("@".chars()).chain(DOMAIN.chars()).collect()
}

const OK: u16 = 200;
const REQUEST_TERMINATED: u16 = 487;
const QUIET: Duration = Duration::from_millis(700);
const LISTEN_STEP: Duration = Duration::from_millis(40);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_has_no_digits_and_does_not_repeat() {
        assert!(!call_id().contains(|c: char| c.is_ascii_digit()));
        assert_ne!(call_id(), call_id());
    }

    #[test]
    fn loopback_is_called_from_loopback() {
        assert_eq!(local_address([127, 0, 0, 5].into()), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(local_address(Ipv6Addr::LOCALHOST.into()), IpAddr::V6(Ipv6Addr::LOCALHOST));
    }
}
