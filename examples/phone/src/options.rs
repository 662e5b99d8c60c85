//! How to call: the caller's habits, the line's faults, the protocol's choices.

use core::net::IpAddr;
use core::time::Duration;

use paytone_media::g711::Codec;

/// How keys travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keying {
    /// As telephone-events (RFC 4733), offered at this payload type, 96 to 127.
    Event {
        /// The payload type in our offer.
        payload_type: u8,
    },
    /// As SIP INFO requests with an `application/dtmf-relay` body.
    Info,
    /// As tones in the audio (ITU-T Q.23).
    Tone,
}

/// What carries SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// One connection for the whole call.
    Tcp,
}

/// How fast the caller keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    key: Duration,
    gap: Duration,
    variation: f64,
}

impl Pace {
    /// The same length for every key and every gap, 20 ms to 10 s each.
    #[must_use]
    pub fn steady(key: Duration, gap: Duration) -> Self {
        Self { key: key.clamp(SHORTEST, LONGEST), gap: gap.clamp(SHORTEST, LONGEST), variation: 0.0 }
    }

    /// About four keys in a second, every one a little different.
    #[must_use]
    pub const fn person() -> Self {
        Self { key: Duration::from_millis(110), gap: Duration::from_millis(140), variation: 0.5 }
    }

    /// Makes every key and gap longer or shorter at random by up to this part of it, 0 to 0.9.
    #[must_use]
    pub fn variation(self, part: f64) -> Self {
        Self { variation: part.clamp(0.0, 0.9), ..self }
    }

    /// The length of the next key and of the gap after it; `draw` is uniform in 0 to 1.
    pub(crate) fn next(&self, mut draw: impl FnMut() -> f64) -> (Duration, Duration) {
        let mut vary = |length: Duration| {
            let factor = 1.0 + self.variation * (2.0 * draw() - 1.0);
            length.mul_f64(factor).max(SHORTEST)
        };
        (vary(self.key), vary(self.gap))
    }
}

/// Settings of a call. The defaults: events at payload type 101, keys of 100 ms with gaps of 100 ms, a
/// perfect line, PCMU before PCMA, the transport of the target, 30 s for an answer.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) keying: Keying,
    pub(crate) pace: Pace,
    pub(crate) noise_snr_db: Option<f64>,
    pub(crate) loss: f64,
    pub(crate) reorder: f64,
    pub(crate) seed: u64,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) transport: Option<Transport>,
    pub(crate) bind: Option<IpAddr>,
    pub(crate) offer_events: bool,
    pub(crate) answer_within: Duration,
    pub(crate) caller: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keying: Keying::Event { payload_type: 101 },
            pace: Pace::steady(Duration::from_millis(100), Duration::from_millis(100)),
            noise_snr_db: None,
            loss: 0.0,
            reorder: 0.0,
            seed: 1,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            transport: None,
            bind: None,
            offer_events: true,
            answer_within: Duration::from_secs(30),
            caller: "phone".to_owned(),
            headers: Vec::new(),
        }
    }
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How keys travel.
    #[must_use]
    pub const fn keying(mut self, keying: Keying) -> Self {
        self.keying = keying;
        self
    }

    /// How fast the caller keys.
    #[must_use]
    pub const fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// White noise on all audio sent, this many dB below the keys' tones (signal-to-noise ratio).
    #[must_use]
    pub const fn line_noise_db(mut self, snr: f64) -> Self {
        self.noise_snr_db = Some(snr);
        self
    }

    /// The part of sent RTP packets that never arrives, 0 to 1.
    #[must_use]
    pub const fn loss(mut self, part: f64) -> Self {
        self.loss = part.clamp(0.0, 1.0);
        self
    }

    /// The part of sent RTP packets that the next one overtakes, 0 to 1.
    #[must_use]
    pub const fn reorder(mut self, part: f64) -> Self {
        self.reorder = part.clamp(0.0, 1.0);
        self
    }

    /// Where noise, loss, reordering and variation begin: the same seed gives the same line again.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Offers this codec only.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codecs = vec![codec];
        self
    }

    /// What carries SIP, whatever the target says.
    #[must_use]
    pub const fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The local address for SIP and RTP, IPv4 or IPv6; otherwise the loopback address of the target's family
    /// when the target is on this machine, else any.
    #[must_use]
    pub const fn bind(mut self, address: IpAddr) -> Self {
        self.bind = Some(address);
        self
    }

    /// Whether the offer has telephone-events at all. [`Keying::Event`] needs them.
    #[must_use]
    pub const fn offer_events(mut self, offer: bool) -> Self {
        self.offer_events = offer;
        self
    }

    /// How long the other side may take to answer.
    #[must_use]
    pub const fn answer_within(mut self, limit: Duration) -> Self {
        self.answer_within = limit;
        self
    }

    /// Who calls: the user of the `From` URI, such as a telephone number; otherwise `phone`.
    #[must_use]
    pub fn caller(mut self, user: &str) -> Self {
        user.clone_into(&mut self.caller);
        self
    }

    /// One more header of the INVITE, such as `User-to-User` (RFC 7433).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The payload type offered for events, if any is.
    pub(crate) const fn event_payload_type(&self) -> Option<u8> {
        match (self.offer_events, self.keying) {
            (false, _) => None,
            (true, Keying::Event { payload_type }) => Some(payload_type),
            (true, _) => Some(101),
        }
    }
}

const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_pace_does_not_vary_and_a_person_does_within_bounds() {
        let steady = Pace::steady(Duration::from_millis(80), Duration::ZERO);
        assert_eq!(steady.next(|| 1.0), (Duration::from_millis(80), SHORTEST));
        assert_eq!(steady.next(|| 0.0), (Duration::from_millis(80), SHORTEST));
        let person = Pace::person();
        assert_eq!(person.next(|| 0.0), (Duration::from_millis(55), Duration::from_millis(70)));
        assert_eq!(person.next(|| 1.0), (Duration::from_millis(165), Duration::from_millis(210)));
    }

    #[test]
    fn events_are_offered_unless_told_otherwise() {
        assert_eq!(Options::new().event_payload_type(), Some(101));
        let at_96 = Options::new().keying(Keying::Event { payload_type: 96 });
        assert_eq!(at_96.event_payload_type(), Some(96));
        assert_eq!(Options::new().keying(Keying::Tone).event_payload_type(), Some(101));
        assert_eq!(at_96.offer_events(false).event_payload_type(), None);
    }
}
