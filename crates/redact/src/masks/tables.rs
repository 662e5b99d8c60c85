//! What a byte is: tables with a bit for each class, so that a look-up in a vector register tells all classes of a
//! byte.

use crate::masks::BLOCK;

/// Classes of the lower seven bits of a byte; each half is loaded at once.
#[repr(align(64))]
pub(super) struct Whole(pub(super) [u8; 2 * BLOCK]);

/// Classes by the lower and the upper half of a byte: it belongs to a class when both of its halves do, and so may
/// more bytes than were asked for.
pub(super) struct Halves {
    pub(super) low: [u8; 16],
    pub(super) high: [u8; 16],
}

/// Some bytes of each class.
type Classes = [&'static [u8]; 8];

const fn whole(classes: Classes) -> Whole {
    let mut table = [0; 2 * BLOCK];
    let mut class = 0;
    while class < classes.len() {
        let mut index = 0;
        while index < classes[class].len() {
            table[(classes[class][index] & 0x7F) as usize] |= 1 << class;
            index += 1;
        }
        class += 1;
    }
    Whole(table)
}

const fn halves(classes: Classes) -> Halves {
    let Whole(whole) = whole(classes);
    let mut halves = Halves { low: [0; 16], high: [0; 16] };
    let mut byte = 0;
    while byte < whole.len() {
        halves.low[byte & 15] |= whole[byte];
        halves.high[byte >> 4] |= whole[byte];
        byte += 1;
    }
    halves
}

const CLASSES: Classes = [b" -+.", b"\t", b" \"'()#", b":=>", b"[]\\", b"", b"", b"0123456789"];
pub(super) static BYTES: Halves = halves(CLASSES);
pub(super) static OF_BYTES: Whole = whole(CLASSES);
/// No byte has another.
pub(super) const CLASSES_OF_BYTES: u8 = 0b1001_1111;
const _: () = assert!(CLASSES[5].is_empty() && CLASSES[6].is_empty());
pub(super) const SEPARATORS: u8 = 1;
pub(super) const GAPS: u8 = 0b0001_1110;
pub(super) const DIGITS: u8 = 1 << 7;

/// The last byte of a label, in classes that go with the byte in front of it; the first class and the last are of the
/// first two bytes of an escape.
const LASTS: Classes =
    [b"uUxX", b"deDE", b"sS", b"noNO", b"cfhCFH", b"lyrtvLYRTV", b"2;", b"0123456789abcdefABCDEF#nN"];
pub(super) static LAST: Halves = halves(LASTS);
pub(super) static OF_LAST: Whole = whole(LASTS);
/// The byte in front of it.
const BEFORE_LASTS: Classes = [
    b"\\",
    b"dvaineuDVAINEU",
    b"tiasTIAS",
    b"oivnOIVN",
    b"vsmgVSMG",
    b"aeinuvAEINUV",
    b"cdnptvxCDNPTVX",
    b"%&",
];
pub(super) static BEFORE_LAST: Halves = halves(BEFORE_LASTS);
pub(super) static OF_BEFORE_LAST: Whole = whole(BEFORE_LASTS);
pub(super) const LABELS: u8 = 0b0111_1110;
pub(super) const ESCAPES: u8 = 0b1000_0001;

/// First bytes of digits and separators outside ASCII, in classes that go with the second.
const FIRSTS: Classes =
    [&[0xC2], &[0xD9, 0xDB, 0xDF], &[0xE0, 0xE1], &[0xE2], &[0xE3], &[0xE4, 0xE5], &[0xEF], &[0xF0]];
pub(super) static FIRST: Halves = halves(FIRSTS);
pub(super) static OF_FIRST: Whole = whole(FIRSTS);
const SECONDS: Classes = [
    &[0xA0, 0xAD, 0xB7],
    CONTINUATIONS,
    CONTINUATIONS,
    &[0x80, 0x81, 0x88],
    &[0x80, 0x83],
    &[0xB8, 0xB9, 0xBA, 0x85, 0x9B],
    &[0xB9, 0xBB, 0xBC],
    CONTINUATIONS,
];
pub(super) static SECOND: Halves = halves(SECONDS);
pub(super) static OF_SECOND: Whole = whole(SECONDS);
const CONTINUATIONS: &[u8] = &{
    let mut bytes = [0; 64];
    let mut index = 0;
    while index < 64 {
        bytes[index] = 0x80 + index as u8;
        index += 1;
    }
    bytes
};
