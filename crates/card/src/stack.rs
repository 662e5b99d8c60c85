//! What a call leaves below on the stack, written over.

/// Calls `secret`, which handles digits by value, and writes over `DEPTH` bytes of the stack it had.
#[inline(always)]
pub(crate) fn swept<const DEPTH: usize, T>(secret: impl FnOnce() -> T) -> T {
    let result = below(secret);
    sweep::<DEPTH>();
    result
}

#[inline(never)]
fn below<T>(secret: impl FnOnce() -> T) -> T {
    secret()
}

/// Writes over the frames that were left just now.
#[inline(never)]
pub(crate) fn sweep<const DEPTH: usize>() {
    core::hint::black_box([0u8; DEPTH]);
}
