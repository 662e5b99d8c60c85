//! WAV files as channels of 16-bit samples at a rate the detector works at.

use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use paytone_dtmf::{SampleRate, UnsupportedRate};

/// The audio of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    /// 8, 16 or 48 kHz.
    pub rate: SampleRate,
    /// At least one, all of the same length.
    pub channels: Vec<Vec<i16>>,
}

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// Not a WAV file, or not one of PCM.
    #[error("{0}")]
    File(#[from] hound::Error),
    /// A rate the detector does not work at.
    #[error("{0}: convert the file first, for instance with sox -r 8000")]
    Rate(#[from] UnsupportedRate),
}

/// Reads PCM of 8 to 32 bits, as integers or floating point.
///
/// # Errors
/// [`WavError`] when the file is no such file, or its rate is not 8, 16 or 48 kHz.
pub fn read(path: &Path) -> Result<Wav, WavError> {
    let mut reader = WavReader::open(path)?;
    let spec = reader.spec();
    let rate = SampleRate::from_hz(spec.sample_rate)?;
    let samples: Vec<i16> = match spec.sample_format {
        SampleFormat::Float => {
            reader.samples::<f32>().map(|s| s.map(|s| (s * 32_768.0) as i16)).collect::<Result<_, _>>()?
        }
        SampleFormat::Int => {
            let shift = i32::from(spec.bits_per_sample) - 16;
            let scale = |s: i32| (if shift < 0 { s << -shift } else { s >> shift }) as i16;
            reader.samples::<i32>().map(|s| s.map(scale)).collect::<Result<_, _>>()?
        }
    };
    let count = usize::from(spec.channels);
    let channel = |n| samples.iter().skip(n).step_by(count).copied().collect();
    Ok(Wav { rate, channels: (0..count).map(channel).collect() })
}

/// Writes 16-bit PCM.
///
/// # Errors
/// [`WavError::File`] when the file cannot be written.
pub fn write(path: &Path, wav: &Wav) -> Result<(), WavError> {
    let spec = WavSpec {
        channels: wav.channels.len() as u16,
        sample_rate: wav.rate.hz(),
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut writer = WavWriter::create(path, spec)?;
    for n in 0..wav.channels.iter().map(Vec::len).min().unwrap_or(0) {
        for channel in &wav.channels {
            writer.write_sample(channel[n])?;
        }
    }
    Ok(writer.finalize()?)
}
