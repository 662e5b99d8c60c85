//! Which instructions this processor has.

use super::{Kernel as _, Portable, WithKernel};
#[cfg(target_arch = "x86_64")]
use super::{avx512, x86};

/// The instructions that the sums are made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::detector) enum Path {
    /// What every processor can do.
    #[cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "x86-64 always has SSE2"))]
    Portable,
    /// 128 bits at a time.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// 256 bits at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2),
    /// 512 bits at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
}

impl Path {
    /// The fastest of this processor.
    pub(in crate::detector) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        return (avx512::Avx512::detect().map(Self::Avx512))
            .or_else(|| x86::Avx2::detect().map(Self::Avx2))
            .unwrap_or(Self::Sse2);
        #[cfg(not(target_arch = "x86_64"))]
        return Self::Portable;
    }

    /// All of this processor, for tests that hold them against each other.
    #[cfg(test)]
    pub(in crate::detector) fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        return [Self::Portable, Self::Sse2]
            .into_iter()
            .chain(x86::Avx2::detect().map(Self::Avx2))
            .chain(avx512::Avx512::detect().map(Self::Avx512))
            .collect();
        #[cfg(not(target_arch = "x86_64"))]
        return vec![Self::Portable];
    }

    /// Whether many channels at once take less than one after the other.
    pub(in crate::detector) const fn is_faster_abreast(self) -> bool {
        match self {
            Self::Portable => Portable::IS_FASTER_ABREAST,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => x86::Sse2::IS_FASTER_ABREAST,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => x86::Avx2::IS_FASTER_ABREAST,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => avx512::Avx512::IS_FASTER_ABREAST,
        }
    }

    #[inline(always)]
    pub(in crate::detector) fn with<T: WithKernel>(self, task: T) -> T::Output {
        match self {
            Self::Portable => Portable.with(task),
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => x86::Sse2.with(task),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.with(task),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(avx512) => avx512.with(task),
        }
    }
}
