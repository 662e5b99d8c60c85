//! The two telephone codecs of ITU-T G.711: one byte for each sample, 8000 samples per second.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

/// Samples per second of both codecs, and the RTP clock rate of their streams (RFC 3551, 4.5.14).
pub const SAMPLE_RATE: u32 = 8_000;

/// Samples, and bytes, of one 20 ms packet.
pub const FRAME_SAMPLES: usize = 160;

/// A G.711 companding law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Mu-law, used in North America and Japan.
    Pcmu,
    /// A-law, used in Europe and most of the world.
    Pcma,
}

impl Codec {
    /// The encoding name of the codec's `a=rtpmap` (RFC 3551, table 4).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The payload type that needs no `a=rtpmap`: 0 or 8 (RFC 3551, table 4).
    #[must_use]
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The byte that stands for silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xff,
            Self::Pcma => 0xd5,
        }
    }

    /// Encodes as many samples as both slices hold and returns how many those are.
    pub fn encode(self, samples: &[i16], payload: &mut [u8]) -> usize {
        let law = match self {
            Self::Pcmu => encode_ulaw,
            Self::Pcma => encode_alaw,
        };
        let pairs = samples.iter().zip(payload.iter_mut());
        pairs.map(|(sample, byte)| *byte = law(*sample)).count()
    }

    /// Decodes as many bytes as both slices hold and returns how many those are.
    pub fn decode(self, payload: &[u8], samples: &mut [i16]) -> usize {
        let law = match self {
            Self::Pcmu => decode_ulaw,
            Self::Pcma => decode_alaw,
        };
        let pairs = payload.iter().zip(samples.iter_mut());
        pairs.map(|(byte, sample)| *sample = law(*byte)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    #[test]
    fn decoding_then_encoding_keeps_the_level_of_every_byte() {
        for codec in BOTH {
            for byte in 0..=u8::MAX {
                let (mut sample, mut again, mut twice) = ([0], [0], [0]);
                codec.decode(&[byte], &mut sample);
                codec.encode(&sample, &mut again);
                codec.decode(&again, &mut twice);
                // Mu-law has two bytes for zero, so levels are compared rather than bytes.
                assert_eq!(sample, twice, "{codec:?} byte {byte:#04x}");
            }
        }
    }

    #[test]
    fn the_silence_byte_is_as_quiet_as_the_law_can_be() {
        for codec in BOTH {
            let mut sample = [i16::MAX];
            codec.decode(&[codec.silence()], &mut sample);
            assert!(sample[0].abs() <= 8, "{codec:?}: {}", sample[0]);
        }
    }

    #[test]
    fn known_levels() {
        // ITU-T G.711, tables 1a and 2a: the largest positive level of each law.
        let mut byte = [0];
        Codec::Pcmu.encode(&[i16::MAX], &mut byte);
        assert_eq!(byte, [0x80]);
        Codec::Pcma.encode(&[i16::MAX], &mut byte);
        assert_eq!(byte, [0xaa]);
    }

    #[test]
    fn the_shorter_slice_decides() {
        for codec in BOTH {
            assert_eq!(codec.encode(&[0; 3], &mut [0; 2]), 2);
            assert_eq!(codec.decode(&[0; 2], &mut [0; 3]), 2);
        }
    }
}
