use core::time::Duration;

/// What a sound must be like to count as a key.
///
/// The default accepts what AT&T, NTT and the Danish administration (ITU-T Q.24), TIA-464 and ETSI
/// ES 201 235-3 ask a receiver to accept, and rejects what they ask it to reject in frequency and
/// duration. What contradicts the others is in the presets of that name only: NTT's silence below -29 dBm,
/// the 9 dB of the Brazilian and the 10 dB of the Australian administration in favour of the high tone.
///
/// ```
/// use core::time::Duration;
/// use paytone_dtmf::Criteria;
///
/// let noisy_phone = Criteria::default().with_min_pause(Duration::from_millis(60));
/// assert_eq!(Criteria::slow(), noisy_phone.with_min_duration(Duration::from_millis(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criteria {
    min_level_dbm0: f32,
    max_low_over_high_db: f32,
    max_high_over_low_db: f32,
    max_frequency_error: f32,
    max_doubt: f32,
    min_duration: Duration,
    min_pause: Duration,
}

impl Criteria {
    /// The default: -42 dBm0, 10.5 dB low over high, 7.5 dB high over low, 2.5 % off frequency,
    /// 30 ms of tone, 24 ms of pause.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            min_level_dbm0: -42.0,
            max_low_over_high_db: 10.5,
            max_high_over_low_db: 7.5,
            max_frequency_error: 0.025,
            max_doubt: 1.0,
            min_duration: Duration::from_millis(30),
            min_pause: Duration::from_millis(24),
        }
    }

    /// For phones whose keys bounce or break up: 60 ms of tone, and 60 ms of pause before the same
    /// key can count again.
    #[must_use]
    pub const fn slow() -> Self {
        Self { min_duration: Duration::from_millis(60), min_pause: Duration::from_millis(60), ..Self::new() }
    }

    /// ITU-T Q.24 as AT&T has it, the same as TIA-464: accepts 0 to -25 dBm, 1.5 %, a low tone up to 8 dB
    /// stronger and a high tone up to 4 dB stronger; rejects 3.5 % and less than 23 ms.
    #[must_use]
    pub const fn q24_att() -> Self {
        Self { max_low_over_high_db: 9.5, max_high_over_low_db: 5.5, ..Self::new() }
    }

    /// TIA-464, whose receiver is that of [`q24_att`](Self::q24_att).
    #[must_use]
    pub const fn tia_464() -> Self {
        Self::q24_att()
    }

    /// ITU-T Q.24 as NTT has it: accepts -3 to -24 dBm, 1.8 %, 5 dB either way, pauses from 30 ms; rejects
    /// -29 dBm and 3.0 %.
    #[must_use]
    pub const fn q24_ntt() -> Self {
        Self {
            min_level_dbm0: -26.5,
            max_low_over_high_db: 6.5,
            max_high_over_low_db: 6.5,
            max_frequency_error: 0.024,
            ..Self::new()
        }
    }

    /// ITU-T Q.24 as the Danish administration has it: accepts down to -27 dBm, 1.5 % and 2 Hz, 6 dB either
    /// way; rejects 9 dB less; rides over interruptions of 20 ms.
    #[must_use]
    pub const fn q24_danish() -> Self {
        Self {
            min_level_dbm0: -31.5,
            max_low_over_high_db: 7.5,
            max_high_over_low_db: 7.5,
            min_pause: Duration::from_millis(30),
            ..Self::new()
        }
    }

    /// ITU-T Q.24 as the Australian administration has it: accepts -5 to -27 dBm, 1.5 % and 4 Hz, 10 dB
    /// either way; rejects -30 dBm; a pause has 70 ms.
    #[must_use]
    pub const fn q24_australian() -> Self {
        Self {
            min_level_dbm0: -28.5,
            max_low_over_high_db: 12.0,
            max_high_over_low_db: 12.0,
            max_doubt: 1.2,
            min_pause: Duration::from_millis(40),
            ..Self::new()
        }
    }

    /// ITU-T Q.24 as the Brazilian administration has it: accepts -3 to -25 dBm, 1.8 %, 9 dB either way;
    /// rejects -50 dBm and 3 %.
    #[must_use]
    pub const fn q24_brazilian() -> Self {
        Self {
            max_low_over_high_db: 11.0,
            max_high_over_low_db: 11.0,
            max_frequency_error: 0.024,
            max_doubt: 1.2,
            ..Self::new()
        }
    }

    /// ETSI ES 201 235-3: accepts 1.5 % and 2 Hz, 6 dB either way, 40 ms of tone and of pause; rides over
    /// 20 ms. Its reference receiver answers down to -30 dBm.
    #[must_use]
    pub const fn etsi_es_201_235() -> Self {
        Self {
            min_level_dbm0: -32.0,
            max_low_over_high_db: 7.5,
            max_high_over_low_db: 7.5,
            min_pause: Duration::from_millis(28),
            ..Self::new()
        }
    }

    /// Sets the level below which neither tone may be, in dBm0.
    #[must_use]
    pub const fn with_min_level_dbm0(mut self, level: f32) -> Self {
        self.min_level_dbm0 = level;
        self
    }

    /// Sets how far the low tone may be above the high one, in dB (forward twist).
    #[must_use]
    pub const fn with_max_low_over_high_db(mut self, twist: f32) -> Self {
        self.max_low_over_high_db = twist;
        self
    }

    /// Sets how far the high tone may be above the low one, in dB (reverse twist).
    #[must_use]
    pub const fn with_max_high_over_low_db(mut self, twist: f32) -> Self {
        self.max_high_over_low_db = twist;
        self
    }

    /// Sets how far each tone may be off its frequency: 0.025 is 2.5 %. The standards ask for 1.8 %
    /// to be accepted and 3.0 or 3.5 % to be rejected.
    #[must_use]
    pub const fn with_max_frequency_error(mut self, fraction: f32) -> Self {
        self.max_frequency_error = fraction;
        self
    }

    /// Sets how much may speak against a key: 1.0 by default, more finds keys in worse conditions
    /// and mistakes more voices for keys.
    ///
    /// Impurity, frequency errors, twist, unsteadiness and a slow start each add to the doubt, so
    /// that a key may be off in one of them, or a little in some, but not in all at once.
    #[must_use]
    pub const fn with_max_doubt(mut self, doubt: f32) -> Self {
        self.max_doubt = doubt;
        self
    }

    /// Sets how long a tone must last. Less than 30 ms has no effect.
    #[must_use]
    pub const fn with_min_duration(mut self, duration: Duration) -> Self {
        self.min_duration = duration;
        self
    }

    /// Sets how long a tone must be absent before the key is over; shorter interruptions are ridden
    /// over.
    #[must_use]
    pub const fn with_min_pause(mut self, pause: Duration) -> Self {
        self.min_pause = pause;
        self
    }

    pub(crate) const fn min_level_dbm0(&self) -> f32 {
        self.min_level_dbm0
    }

    /// The twist as a part of what is allowed in its direction, 1.0 at the limit.
    pub(crate) fn relative_twist(&self, low_over_high_db: f32) -> f32 {
        if low_over_high_db > 0.0 {
            low_over_high_db / self.max_low_over_high_db
        } else {
            -low_over_high_db / self.max_high_over_low_db
        }
    }

    pub(crate) const fn max_low_over_high_db(&self) -> f32 {
        self.max_low_over_high_db
    }

    pub(crate) const fn max_high_over_low_db(&self) -> f32 {
        self.max_high_over_low_db
    }

    pub(crate) const fn max_frequency_error(&self) -> f32 {
        self.max_frequency_error
    }

    pub(crate) const fn max_doubt(&self) -> f32 {
        self.max_doubt
    }

    /// In samples at 8 kHz.
    pub(crate) fn min_duration_samples(&self) -> f32 {
        self.min_duration.as_secs_f32() * 8_000.0
    }

    /// In samples at 8 kHz.
    pub(crate) fn min_pause_samples(&self) -> f32 {
        self.min_pause.as_secs_f32() * 8_000.0
    }
}

impl Default for Criteria {
    fn default() -> Self {
        Self::new()
    }
}
