//! The issuer ranges, and the sorted table that is made of them at compile time.

use crate::Brand::{self, *};
use crate::{IssuerRange, LengthSet};

/// When the table was last compared with published sources (ISO 8601 date).
pub const RANGE_TABLE_DATE: &str = "2026-08-01";

/// Every range, grouped by brand; where two overlap the one with the longer prefix wins.
///
/// Choices where published tables differ: 622126 to 622925 is UnionPay with Discover as its co-brand; 81 is
/// UnionPay from 8100 to 8171 and RuPay after that; 627 is Maestro but for the parts listed; 60 is RuPay
/// with Maestro as its co-brand but for 6011; 3088 to 3094 is an old JCB range that test numbers still use.
pub(crate) const ROWS: &[IssuerRange] = &[
    // Visa. 13 digits are no longer issued, 18 are in no current programme.
    range(4, 4, Visa, L16_19).rare(L13_18),
    range(4571, 4571, Visa, L16_19).rare(L13_18).co_brand(Dankort),
    range(4903, 4903, Visa, L16_19).rare(L13_18).co_brand(Switch),
    range(4905, 4905, Visa, L16_19).rare(L13_18).co_brand(Switch),
    range(4911, 4911, Visa, L16_19).rare(L13_18).co_brand(Switch),
    range(4936, 4936, Visa, L16_19).rare(L13_18).co_brand(Switch),
    // Mastercard.
    range(51, 55, Mastercard, L16),
    range(2221, 2720, Mastercard, L16),
    // American Express.
    range(34, 34, AmericanExpress, L15),
    range(37, 37, AmericanExpress, L15),
    // JCB. 1800 and 2131 had 15 digits and are retired.
    range(3528, 3529, Jcb, L16_TO_19),
    range(3530, 3539, Jcb, L16_TO_19).co_brand(RuPay),
    range(3540, 3559, Jcb, L16_TO_19),
    range(3560, 3569, Jcb, L16_TO_19).co_brand(RuPay),
    range(3570, 3589, Jcb, L16_TO_19),
    range(3088, 3094, Jcb, L16),
    range(1800, 1800, Jcb, LengthSet::EMPTY).rare(L15),
    range(2131, 2131, Jcb, LengthSet::EMPTY).rare(L15),
    // Diners Club International.
    range(300, 305, DinersClub, L14_16_TO_19),
    range(3095, 3095, DinersClub, L14_16_TO_19),
    range(36, 36, DinersClub, L14_16_TO_19),
    range(38, 39, DinersClub, L14_16_TO_19),
    // Discover.
    range(6011, 6011, Discover, L16_TO_19),
    range(644, 649, Discover, L16_TO_19),
    range(65, 65, Discover, L16_TO_19).co_brand(Troy),
    // UnionPay.
    range(62, 62, UnionPay, L16_TO_19).rare(L14_15),
    range(622126, 622925, UnionPay, L16_TO_19).rare(L14_15).co_brand(Discover),
    range(6270, 6270, UnionPay, L16_TO_19).rare(L14_15).co_brand(Maestro),
    range(6272, 6272, UnionPay, L16_TO_19).rare(L14_15).co_brand(Maestro),
    range(6276, 6277, UnionPay, L16_TO_19).rare(L14_15).co_brand(Maestro),
    range(8100, 8171, UnionPay, L16_TO_19).rare(L14_15),
    // Maestro: the ranges it is issued in, then the broad ones that nothing longer claims.
    range(5018, 5018, Maestro, L12_TO_19),
    range(5020, 5020, Maestro, L12_TO_19),
    range(5038, 5038, Maestro, L12_TO_19),
    range(5893, 5893, Maestro, L12_TO_19),
    range(6304, 6304, Maestro, L12_TO_19).co_brand(Laser),
    range(6706, 6706, Maestro, L12_TO_19).co_brand(Laser),
    range(6709, 6709, Maestro, L12_TO_19).co_brand(Laser),
    range(6771, 6771, Maestro, L12_TO_19).co_brand(Laser),
    range(6759, 6759, Maestro, L12_TO_19).co_brand(Switch),
    range(6761, 6763, Maestro, L12_TO_19),
    range(676770, 676770, Maestro, L12_TO_19).co_brand(Solo),
    range(676774, 676774, Maestro, L12_TO_19).co_brand(Solo),
    range(493698, 493698, Maestro, L12_TO_19).co_brand(Switch),
    range(627, 627, Maestro, L12_TO_19).co_brand(UnionPay),
    range(50, 50, Maestro, L12_TO_19),
    range(56, 59, Maestro, L12_TO_19),
    range(6, 6, Maestro, L12_TO_19),
    // RuPay.
    range(60, 60, RuPay, L16).co_brand(Maestro),
    range(6521, 6522, RuPay, L16).co_brand(Discover),
    range(81, 82, RuPay, L16),
    range(508, 508, RuPay, L16),
    // Mir.
    range(2200, 2204, Mir, L16_TO_19),
    // Troy.
    range(9792, 9792, Troy, L16),
    // Verve.
    range(506099, 506198, Verve, L16_18_19),
    range(507865, 507964, Verve, L16_18_19),
    range(650002, 650027, Verve, L16_18_19),
    // Elo.
    range(401178, 401179, Elo, L16),
    range(431274, 431274, Elo, L16),
    range(438935, 438935, Elo, L16),
    range(451416, 451416, Elo, L16),
    range(457393, 457393, Elo, L16),
    range(457631, 457632, Elo, L16),
    range(504175, 504175, Elo, L16),
    range(506699, 506778, Elo, L16),
    range(509000, 509999, Elo, L16),
    range(627780, 627780, Elo, L16),
    range(636297, 636297, Elo, L16),
    range(636368, 636368, Elo, L16),
    range(650031, 650033, Elo, L16),
    range(650035, 650051, Elo, L16),
    range(650405, 650439, Elo, L16),
    range(650485, 650538, Elo, L16),
    range(650541, 650598, Elo, L16),
    range(650700, 650718, Elo, L16),
    range(650720, 650727, Elo, L16),
    range(650901, 650978, Elo, L16),
    range(651652, 651679, Elo, L16),
    range(655000, 655019, Elo, L16),
    range(655021, 655058, Elo, L16),
    // Hipercard and Hiper.
    range(606282, 606282, Hipercard, L16).rare(L13_19),
    range(637095, 637095, Hiper, L16).rare(L13_19),
    range(637568, 637568, Hiper, L16).rare(L13_19),
    range(637599, 637599, Hiper, L16).rare(L13_19),
    range(637609, 637609, Hiper, L16).rare(L13_19),
    range(637612, 637612, Hiper, L16).rare(L13_19),
    range(63737423, 63737423, Hiper, L16).rare(L13_19),
    range(63743358, 63743358, Hiper, L16).rare(L13_19),
    // UATP.
    range(1, 1, Uatp, L15),
    // Dankort.
    range(5019, 5019, Dankort, L16),
    // InterPayment and InstaPayment.
    range(636, 636, InterPayment, L16_TO_19),
    range(637, 639, InstaPayment, L16),
    // UkrCard.
    range(604001, 604200, UkrCard, L16_TO_19),
    // BORICA.
    range(2205, 2205, Borica, L16),
    // China T-Union.
    range(31, 31, ChinaTUnion, LengthSet::of(&[19])),
    // Domestic brands without a check digit.
    range(357111, 357111, LankaPay, L16),
    range(8600, 8600, UzCard, L16),
    range(5614, 5614, UzCard, L16),
    range(9860, 9860, Humo, L16),
    range(9704, 9704, Napas, L16_19),
    // Retired brands, known so that the caller can be told why.
    range(2014, 2014, EnRoute, L15),
    range(2149, 2149, EnRoute, L15),
    range(6334, 6334, Solo, L16_18_19),
    range(6767, 6767, Solo, L16_18_19),
    range(633110, 633110, Solo, L16_18_19).co_brand(Switch),
    range(6333, 6333, Switch, L16_18_19),
    range(564182, 564182, Switch, L16_18_19),
    range(5610, 5610, Bankcard, L16),
    range(560221, 560225, Bankcard, L16),
];

/// The ranges laid side by side: from `start` (an 8-digit prefix) up to the next segment, row `row` holds.
pub(crate) static SEGMENTS: [Segment; SEGMENT_COUNT] = segments();

#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) start: u32,
    pub(crate) row: u8,
}

/// The row of a segment no range covers.
pub(crate) const NO_ROW: u8 = u8::MAX;

const SEGMENT_COUNT: usize = {
    let bounds = bounds();
    let mut count = 1;
    let mut index = 1;
    while index < bounds.len() {
        count += (bounds[index] != bounds[index - 1]) as usize;
        index += 1;
    }
    count
};

const fn segments() -> [Segment; SEGMENT_COUNT] {
    let bounds = bounds();
    let mut segments = [Segment { start: 0, row: longest_match(0) }; SEGMENT_COUNT];
    let mut count = 1;
    let mut index = 1;
    while index < bounds.len() {
        if bounds[index] != bounds[index - 1] {
            segments[count] = Segment { start: bounds[index], row: longest_match(bounds[index]) };
            count += 1;
        }
        index += 1;
    }
    segments
}

/// Zero and where every row starts and ends, sorted, with repetitions.
const fn bounds() -> [u32; 2 * ROWS.len() + 1] {
    let mut bounds = [0; 2 * ROWS.len() + 1];
    let mut index = 0;
    while index < ROWS.len() {
        bounds[2 * index + 1] = ROWS[index].start();
        bounds[2 * index + 2] = ROWS[index].end();
        index += 1;
    }
    sort(bounds)
}

const fn sort<const N: usize>(mut values: [u32; N]) -> [u32; N] {
    let mut sorted = 1;
    while sorted < N {
        let mut at = sorted;
        while at > 0 && values[at - 1] > values[at] {
            (values[at - 1], values[at]) = (values[at], values[at - 1]);
            at -= 1;
        }
        sorted += 1;
    }
    values
}

/// The row with the longest prefix that covers an 8-digit prefix.
const fn longest_match(prefix: u32) -> u8 {
    let mut best = NO_ROW;
    let mut best_digits = 0;
    let mut index = 0;
    while index < ROWS.len() {
        let row = &ROWS[index];
        if row.start() <= prefix && prefix < row.end() && row.prefix_digits() > best_digits {
            best = index as u8;
            best_digits = row.prefix_digits();
        }
        index += 1;
    }
    best
}

const fn range(first: u32, last: u32, brand: Brand, lengths: LengthSet) -> IssuerRange {
    IssuerRange::new(first, last, brand, lengths)
}

const L15: LengthSet = LengthSet::of(&[15]);
const L16: LengthSet = LengthSet::of(&[16]);
const L13_18: LengthSet = LengthSet::of(&[13, 18]);
const L13_19: LengthSet = LengthSet::of(&[13, 19]);
const L14_15: LengthSet = LengthSet::of(&[14, 15]);
const L16_19: LengthSet = LengthSet::of(&[16, 19]);
const L16_18_19: LengthSet = LengthSet::of(&[16, 18, 19]);
const L16_TO_19: LengthSet = LengthSet::of(&[16, 17, 18, 19]);
const L14_16_TO_19: LengthSet = LengthSet::of(&[14, 16, 17, 18, 19]);
const L12_TO_19: LengthSet = LengthSet::of(&[12, 13, 14, 15, 16, 17, 18, 19]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_sorted_and_start_at_zero() {
        assert_eq!(SEGMENTS[0].start, 0);
        assert!(SEGMENTS.windows(2).all(|pair| pair[0].start < pair[1].start));
        assert!(ROWS.len() < usize::from(NO_ROW));
    }

    #[test]
    fn rows_of_one_prefix_length_do_not_overlap() {
        for (index, a) in ROWS.iter().enumerate() {
            for b in &ROWS[index + 1..] {
                let overlap = a.start() < b.end() && b.start() < a.end();
                assert!(!overlap || a.prefix_digits() != b.prefix_digits(), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn the_sorted_table_says_what_a_search_of_the_rows_says() {
        for &Segment { start, row } in &SEGMENTS {
            for prefix in [start.saturating_sub(1), start, start + 1] {
                let ascii = format!("{prefix:08}");
                let expected = ROWS
                    .iter()
                    .filter(|row| (row.start()..row.end()).contains(&prefix))
                    .max_by_key(|row| row.prefix_digits());
                assert_eq!(IssuerRange::of(&ascii.as_bytes()[..8]), expected, "segment with row {row}");
            }
        }
    }
}
