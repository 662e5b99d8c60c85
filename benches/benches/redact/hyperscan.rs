//! Hyperscan 5 through its C interface: the same expression, with the start of each match, and the check digit in
//! the callback. Needs Debian's libhyperscan-dev.
#![allow(unsafe_code, reason = "a C library")]

use std::ffi::{CString, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::ptr;

use paytone_card::luhn;

/// A compiled expression and room to run it in.
pub(crate) struct Hyperscan {
    database: *mut c_void,
    scratch: *mut c_void,
}

impl Hyperscan {
    /// Compiles `pattern`; panics where the library cannot.
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern = CString::new(pattern).expect("no zero byte");
        let (mut database, mut error, mut scratch) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pattern ends in a zero byte, and the results outlive the call.
        let compiled = unsafe {
            hs_compile(
                pattern.as_ptr(),
                SOM_LEFTMOST,
                MODE_BLOCK,
                ptr::null(),
                &raw mut database,
                &raw mut error,
            )
        };
        assert_eq!(compiled, 0, "the pattern is one that Hyperscan knows");
        // SAFETY: the database was just compiled.
        assert_eq!(unsafe { hs_alloc_scratch(database, &raw mut scratch) }, 0);
        Self { database, scratch }
    }

    /// Writes `text` to `out` with masks in place of what is found and has the right check digit.
    pub(crate) fn redact(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut scan = Scan { text, found: Vec::new() };
        let length = c_uint::try_from(text.len()).expect("less than four gigabytes");
        // SAFETY: text and scan outlive the call, and nobody else uses the scratch.
        let scanned = unsafe {
            hs_scan(
                self.database,
                text.as_ptr().cast(),
                length,
                0,
                self.scratch,
                Some(on_match),
                (&raw mut scan).cast(),
            )
        };
        assert_eq!(scanned, 0);
        out.clear();
        let mut at = 0;
        for &(start, end) in &scan.found {
            out.extend_from_slice(&text[at..start]);
            out.extend_from_slice(b"[card:****");
            out.extend(text[start..end].iter().rev().filter(|byte| byte.is_ascii_digit()).take(4));
            let shown = out.len() - 4;
            out[shown..].reverse();
            out.push(b']');
            at = end;
        }
        out.extend_from_slice(&text[at..]);
    }
}

impl Drop for Hyperscan {
    fn drop(&mut self) {
        // SAFETY: both came from the library and are not used again.
        unsafe {
            hs_free_scratch(self.scratch);
            hs_free_database(self.database);
        }
    }
}

/// What the callback works on.
struct Scan<'a> {
    text: &'a [u8],
    /// Start and end of what is to be masked, in order.
    found: Vec<(usize, usize)>,
}

/// Hears of every end of every match, the shorter ones first.
unsafe extern "C" fn on_match(
    _: c_uint,
    from: c_ulonglong,
    to: c_ulonglong,
    _: c_uint,
    scan: *mut c_void,
) -> c_int {
    // SAFETY: the pointer is the one that `redact` handed over, and nothing else uses it during the scan.
    let scan = unsafe { &mut *scan.cast::<Scan<'_>>() };
    let (start, end) = (from as usize, to as usize);
    let mut digits = [0; 19];
    let mut count = 0;
    for &byte in scan.text[start..end].iter().filter(|byte| byte.is_ascii_digit()).take(digits.len()) {
        digits[count] = byte;
        count += 1;
    }
    if !luhn::is_valid(&digits[..count]) {
        return 0;
    }
    match scan.found.last_mut() {
        Some(last) if last.0 == start => last.1 = end,
        Some(last) if start < last.1 => {}
        _ => scan.found.push((start, end)),
    }
    0
}

const SOM_LEFTMOST: c_uint = 256;
const MODE_BLOCK: c_uint = 1;

type OnMatch = unsafe extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;

#[link(name = "hs")]
unsafe extern "C" {
    fn hs_compile(
        expression: *const c_char,
        flags: c_uint,
        mode: c_uint,
        platform: *const c_void,
        database: *mut *mut c_void,
        error: *mut *mut c_void,
    ) -> c_int;
    fn hs_alloc_scratch(database: *const c_void, scratch: *mut *mut c_void) -> c_int;
    fn hs_scan(
        database: *const c_void,
        data: *const c_char,
        length: c_uint,
        flags: c_uint,
        scratch: *mut c_void,
        on_match: Option<OnMatch>,
        context: *mut c_void,
    ) -> c_int;
    fn hs_free_scratch(scratch: *mut c_void) -> c_int;
    fn hs_free_database(database: *mut c_void) -> c_int;
}
