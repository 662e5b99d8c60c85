//! Voices of one pitch, and how loud a pitch is in a recording.

/// A pitch of this amplitude is heard: an eighth of what [`voice`] sends, as a busy machine leaves holes in it. Without a bridge
/// there is nothing of it at all.
pub(crate) const HEARD: f64 = 1000.0;

/// Two minutes of a sine.
pub(crate) fn voice(hz: f64) -> Vec<i16> {
    let sample = |at: i32| ((f64::from(at) * hz / 8000.0 * core::f64::consts::TAU).sin() * 8000.0) as i16;
    (0..120 * 8000).map(sample).collect()
}

/// The amplitude of this pitch in the audio.
pub(crate) fn loudness(audio: &[i16], hz: f64) -> f64 {
    let turn = hz / 8000.0 * core::f64::consts::TAU;
    let (mut cos, mut sin) = (0.0, 0.0);
    for (at, sample) in audio.iter().enumerate() {
        cos += f64::from(*sample) * (turn * at as f64).cos();
        sin += f64::from(*sample) * (turn * at as f64).sin();
    }
    2.0 * cos.hypot(sin) / audio.len() as f64
}

/// The loudest half second of a pitch in the last four seconds.
pub(crate) fn loudest_at_the_end(audio: &[i16], hz: f64) -> f64 {
    let end = &audio[audio.len().saturating_sub(4 * 8000)..];
    end.chunks_exact(4000).map(|part| loudness(part, hz)).fold(0.0, f64::max)
}

/// The loudest tenth of a second of it there: the loudness itself, between the holes of a busy machine.
pub(crate) fn loudest_tenth_at_the_end(audio: &[i16], hz: f64) -> f64 {
    let end = &audio[audio.len().saturating_sub(4 * 8000)..];
    end.chunks_exact(800).map(|part| loudness(part, hz)).fold(0.0, f64::max)
}
