//! What the decisions ask of the past of a signal, wherever it is kept.

use super::block::Pair;
use super::kernel::{BLOCK, Sixteen};

/// The last eight blocks of a signal. `ago` counts back from the newest, 0 to 7.
pub(super) trait Recall {
    /// Whether that block was heard.
    fn is_heard(&self, ago: usize) -> bool;

    /// Whether its samples never arrived.
    fn is_lost(&self, ago: usize) -> bool;

    fn is_lively(&self, ago: usize) -> bool;

    /// What a tone shows in it: real part, imaginary part.
    fn tone(&self, ago: usize, tone: usize) -> (f32, f32);

    /// Power between 600 and 1700 Hz; that of all frequencies.
    fn band(&self, ago: usize) -> f32;
    fn total(&self, ago: usize) -> f32;

    /// [`Spectrum::may_be_suspect`](super::block::Spectrum::may_be_suspect) of the newest.
    fn may_be_suspect(&self) -> bool;

    /// The strongest row and column over that block and the two before, and their power. Only known of lively
    /// blocks after a lively block.
    fn pair(&self, ago: usize) -> Pair;
    fn pair_power(&self, ago: usize) -> f32;

    /// What was heard in a lively block.
    fn samples(&self, ago: usize) -> [i16; BLOCK];

    /// How many blocks in a row, the newest the last, are lively and in phase; those beyond a window need not
    /// count.
    fn lively(&self) -> u32;

    /// What a pair's two tones show in all blocks, the oldest first: real parts, imaginary parts.
    fn pointers<V: Sixteen>(&self, pair: Pair) -> (V, V);
}
