//! SpanDSP's DTMF receiver (Debian's libspandsp-dev), for comparison.
#![allow(unsafe_code, reason = "SpanDSP is a C library")]

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};

/// One SpanDSP receiver as it comes: no dial tone filter, 8 dB and 4 dB of twist, -42 dBm0.
///
/// ```
/// let mut receiver = benches::spandsp::DtmfReceiver::new();
/// receiver.process(&[0; 160]);
/// assert_eq!(receiver.digits(|_| panic!("there was nothing but silence")), 0);
/// ```
#[derive(Debug)]
pub struct DtmfReceiver {
    state: NonNull<c_void>,
}

impl DtmfReceiver {
    /// A receiver for 8 kHz.
    ///
    /// # Panics
    /// When memory is exhausted.
    #[must_use]
    pub fn new() -> Self {
        // SAFETY: without a state of ours the library allocates one; without a callback it collects digits.
        let state = unsafe { dtmf_rx_init(null_mut(), None, null_mut()) };
        Self { state: NonNull::new(state).expect("memory for a receiver") }
    }

    /// Turns the notches at 350 and 440 Hz on.
    #[must_use]
    pub fn with_dial_tone_filter(self) -> Self {
        // SAFETY: the state is ours; -1 and -99 leave the other settings alone.
        unsafe { dtmf_rx_parms(self.state.as_ptr(), 1, -1, -1, -99) };
        self
    }

    /// Listens to the next samples. A digit is seen when the 102-sample block that confirms it ends,
    /// so short pieces tell to the sample when that was.
    ///
    /// # Panics
    /// When there are more than `i32::MAX` samples.
    pub fn process(&mut self, samples: &[i16]) {
        let len = c_int::try_from(samples.len()).expect("a frame of a sensible length");
        // SAFETY: the state is ours, and `len` samples are there to be read.
        unsafe { dtmf_rx(self.state.as_ptr(), samples.as_ptr(), len) };
    }

    /// Says that the next `samples` samples never arrived.
    ///
    /// # Panics
    /// When there are more than `i32::MAX` samples.
    pub fn frame_lost(&mut self, samples: usize) {
        let len = c_int::try_from(samples).expect("a loss of a sensible length");
        // SAFETY: the state is ours.
        unsafe { dtmf_rx_fillin(self.state.as_ptr(), len) };
    }

    /// Hands over the digits confirmed since the last call (`'0'`, `'*'`, `'A'`), at most 128; how many.
    pub fn digits(&mut self, mut take: impl FnMut(char)) -> usize {
        let mut buffer = [0u8; 129];
        // SAFETY: the buffer has room for 128 digits and the zero after them.
        let len = unsafe { dtmf_rx_get(self.state.as_ptr(), buffer.as_mut_ptr().cast::<c_char>(), 128) };
        buffer[..len].iter().for_each(|&digit| take(digit.into()));
        len
    }
}

impl Default for DtmfReceiver {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for DtmfReceiver {
    fn drop(&mut self) {
        // SAFETY: the state was allocated by the library and is not used again.
        unsafe { dtmf_rx_free(self.state.as_ptr()) };
    }
}

// SAFETY: a state is plain memory that belongs to one receiver; the library keeps nothing per thread.
unsafe impl Send for DtmfReceiver {}

type DigitsCallback = Option<unsafe extern "C" fn(*mut c_void, *const c_char, c_int)>;

#[link(name = "spandsp")]
unsafe extern "C" {
    fn dtmf_rx_init(state: *mut c_void, callback: DigitsCallback, user_data: *mut c_void) -> *mut c_void;
    fn dtmf_rx_parms(state: *mut c_void, filter: c_int, twist: c_int, reverse_twist: c_int, level: c_int);
    fn dtmf_rx(state: *mut c_void, samples: *const i16, len: c_int) -> c_int;
    fn dtmf_rx_fillin(state: *mut c_void, len: c_int) -> c_int;
    fn dtmf_rx_get(state: *mut c_void, digits: *mut c_char, max: c_int) -> usize;
    fn dtmf_rx_free(state: *mut c_void) -> c_int;
}
