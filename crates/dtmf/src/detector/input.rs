//! Audio as it comes: linear, floating point or G.711.

/// Samples that are still to be heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Linear(&'a [i16]),
    Float(&'a [f32]),
    MuLaw(&'a [u8]),
    ALaw(&'a [u8]),
}

impl<'a> Input<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        match self {
            Self::Linear(samples) => samples.is_empty(),
            Self::Float(samples) => samples.is_empty(),
            Self::MuLaw(bytes) | Self::ALaw(bytes) => bytes.is_empty(),
        }
    }

    /// Drops the first `taken` samples.
    pub(super) fn advance(&mut self, taken: usize) {
        match self {
            Self::Linear(samples) => *samples = &samples[taken..],
            Self::Float(samples) => *samples = &samples[taken..],
            Self::MuLaw(bytes) | Self::ALaw(bytes) => *bytes = &bytes[taken..],
        }
    }

    /// The next samples as 16-bit numbers, as many as there are at hand or fit into `buffer`.
    #[inline]
    pub(super) fn decoded<'b>(&self, buffer: &'b mut [i16; CHUNK]) -> &'b [i16]
    where
        'a: 'b,
    {
        match self {
            Self::Linear(samples) => samples,
            Self::Float(samples) => decode(samples, buffer, from_float),
            Self::MuLaw(bytes) => decode(bytes, buffer, |byte| MU_LAW[usize::from(byte)]),
            Self::ALaw(bytes) => decode(bytes, buffer, |byte| A_LAW[usize::from(byte)]),
        }
    }
}

fn decode<'b, T: Copy>(from: &[T], to: &'b mut [i16; CHUNK], value: impl Fn(T) -> i16) -> &'b [i16] {
    let len = from.len().min(CHUNK);
    for (to, &from) in to.iter_mut().zip(from) {
        *to = value(from);
    }
    &to[..len]
}

/// Full scale is -1.0 to 1.0; what is outside is clipped, what is no number is silence.
fn from_float(sample: f32) -> i16 {
    let scaled = sample * 32_768.0;
    // A conversion from a float clips, and turns NaN into 0.
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i16
}

/// How many samples are decoded at a time: 20 ms at 8 kHz.
pub(super) const CHUNK: usize = 160;

/// ITU-T G.711, table 2a, on a scale of 16 bits.
static MU_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let code = !(byte as u8);
        let magnitude = (((code as i32 & 15) << 3) + 132) << (code >> 4 & 7);
        table[byte] = if code & 0x80 == 0 { magnitude - 132 } else { 132 - magnitude } as i16;
        byte += 1;
    }
    table
};

/// ITU-T G.711, table 1a, on a scale of 16 bits.
static A_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let code = byte as u8 ^ 0x55;
        let (mantissa, exponent) = (((code as i32 & 15) << 4) + 8, code >> 4 & 7);
        let magnitude = if exponent == 0 { mantissa } else { (mantissa + 256) << (exponent - 1) };
        table[byte] = if code & 0x80 == 0 { -magnitude } else { magnitude } as i16;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_has_the_values_of_the_recommendation() {
        assert_eq!([0xff, 0x7f, 0x80, 0x00, 0xf0].map(|n: usize| MU_LAW[n]), [0, 0, 32_124, -32_124, 120]);
        assert_eq!([0xd5, 0x55, 0xaa, 0x2a, 0xc5].map(|n: usize| A_LAW[n]), [8, -8, 32_256, -32_256, 264]);
    }

    #[test]
    fn floats_are_rounded_and_clipped() {
        let floats = [0.0, 0.5, -0.5, 1.0, -1.0, 7.0, -7.0, f32::NAN, 0.6 / 32_768.0, -0.6 / 32_768.0];
        let expected = [0, 16_384, -16_384, 32_767, -32_768, 32_767, -32_768, 0, 1, -1];
        assert_eq!(floats.map(from_float), expected);
    }
}
