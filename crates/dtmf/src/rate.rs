use thiserror::Error;

/// A sample rate the crate works at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleRate {
    /// 8 kHz: G.711 telephony.
    Hz8000,
    /// 16 kHz: wideband.
    Hz16000,
    /// 48 kHz: WebRTC and sound cards.
    Hz48000,
}

/// The sample rate is none of those the crate works at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("sample rate is not 8000, 16000 or 48000 Hz")]
pub struct UnsupportedRate;

impl SampleRate {
    /// The rate of `hz` samples a second.
    ///
    /// # Errors
    /// [`UnsupportedRate`] unless `hz` is 8000, 16000 or 48000.
    pub const fn from_hz(hz: u32) -> Result<Self, UnsupportedRate> {
        match hz {
            8_000 => Ok(Self::Hz8000),
            16_000 => Ok(Self::Hz16000),
            48_000 => Ok(Self::Hz48000),
            _ => Err(UnsupportedRate),
        }
    }

    /// Samples a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// How many samples at this rate stand for one at 8 kHz.
    pub(crate) const fn factor(self) -> usize {
        (self.hz() / 8_000) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_lead_back_to_themselves_and_others_are_refused() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            assert_eq!(SampleRate::from_hz(rate.hz()), Ok(rate));
        }
        for hz in [0, 11_025, 44_100, u32::MAX] {
            assert_eq!(SampleRate::from_hz(hz), Err(UnsupportedRate));
        }
    }
}
