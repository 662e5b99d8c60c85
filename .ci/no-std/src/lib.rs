//! Builds only if the library crates really do without `std`; it is never run.
#![no_std]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};

pub use {paytone_card, paytone_dtmf, paytone_redact};

struct NoMemory;

unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
