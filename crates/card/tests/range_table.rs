//! `src/range_table.rs` is what `data/issuer_ranges.txt` says.
//!
//! `PAYTONE_WRITE_RANGE_TABLE=1 cargo test -p paytone-card --test range_table` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use paytone_card::{Brand, RANGE_TABLE_DATE, RANGE_TABLE_VERSION};

const DATA: &str = include_str!("../data/issuer_ranges.txt");

/// Digits that decide a range.
const PREFIX_DIGITS: u32 = 8;
/// The row of a segment no range covers.
const NO_ROW: usize = 255;

/// A line of the data file.
struct Row {
    first: u32,
    last: u32,
    brand: Brand,
    lengths: Vec<u8>,
    rare: Vec<u8>,
    co_brand: Option<Brand>,
}

impl Row {
    fn parse(line: &str) -> Self {
        let mut fields = line.split_whitespace();
        let mut field = || fields.next().unwrap_or_else(|| panic!("a field is missing: {line}"));
        let (first, last) = bounds(field());
        let row = Self {
            first,
            last,
            brand: brand(field()),
            lengths: lengths(field()),
            rare: lengths(field()),
            co_brand: Some(field()).filter(|&name| name != "-").map(brand),
        };
        assert!(fields.next().is_none(), "a field too many: {line}");
        assert!(row.first <= row.last && row.first.ilog10() == row.last.ilog10(), "{line}");
        assert!(row.lengths.iter().chain(&row.rare).all(|length| (8..=19).contains(length)), "{line}");
        row
    }

    const fn digits(&self) -> u32 {
        self.first.ilog10() + 1
    }

    /// The first 8-digit prefix.
    const fn start(&self) -> u32 {
        self.first * 10u32.pow(PREFIX_DIGITS - self.digits())
    }

    /// The first 8-digit prefix after the range.
    const fn end(&self) -> u32 {
        (self.last + 1) * 10u32.pow(PREFIX_DIGITS - self.digits())
    }
}

fn bounds(prefixes: &str) -> (u32, u32) {
    let (first, last) = prefixes.split_once('-').unwrap_or((prefixes, prefixes));
    (first.parse().expect("a prefix"), last.parse().expect("a prefix"))
}

fn brand(name: &str) -> Brand {
    Brand::from_name(name).unwrap_or_else(|| panic!("no brand is called {name}"))
}

fn lengths(list: &str) -> Vec<u8> {
    let parts = list.split(',').filter(|&part| part != "-");
    parts
        .flat_map(|part| {
            let (first, last) = bounds(part);
            first as u8..=last as u8
        })
        .collect()
}

/// The setting `name` of the data file.
fn setting(name: &str) -> &str {
    let line = DATA.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("the data file has no {name}"))
}

/// Every range, in order of its first number; of two that start together the wider one first.
fn rows() -> Vec<Row> {
    let lines = DATA.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let mut rows: Vec<Row> = lines.map(Row::parse).collect();
    rows.sort_by_key(|row| (row.start(), row.digits()));
    assert!(rows.len() < NO_ROW);
    rows
}

/// The ranges laid side by side: where each starts, and the row with the longest prefix that covers it.
fn segments(rows: &[Row]) -> Vec<(u32, usize)> {
    let mut starts: Vec<u32> =
        [0].into_iter().chain(rows.iter().flat_map(|r| [r.start(), r.end()])).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut segments: Vec<_> = starts.into_iter().map(|start| (start, longest_match(rows, start))).collect();
    segments.dedup_by_key(|&mut (_, row)| row);
    assert!(segments.len() <= 256);
    segments
}

fn longest_match(rows: &[Row], prefix: u32) -> usize {
    let covering = rows.iter().enumerate().filter(|(_, row)| (row.start()..row.end()).contains(&prefix));
    covering.max_by_key(|(_, row)| row.digits()).map_or(NO_ROW, |(index, _)| index)
}

fn generate() -> String {
    let rows = rows();
    let segments = segments(&rows);
    let mut text = String::from(HEADER);
    let mut line = |arguments: std::fmt::Arguments<'_>| writeln!(text, "{arguments}").expect("a string");
    line(format_args!("\n/// Counts the changes of the table of issuer ranges."));
    line(format_args!("pub const RANGE_TABLE_VERSION: u32 = {};", setting("version")));
    line(format_args!("\n/// When the table of issuer ranges was last changed (ISO 8601 date)."));
    line(format_args!("pub const RANGE_TABLE_DATE: &str = \"{}\";", setting("date")));
    line(format_args!("\n/// Every range, in order of its first number."));
    line(format_args!("#[rustfmt::skip]\npub(crate) static ROWS: [IssuerRange; {}] = [", rows.len()));
    for row in &rows {
        let co_brand = row.co_brand.map_or(String::new(), |brand| format!("{brand:?}"));
        let Row { first, last, brand, lengths, rare, .. } = row;
        line(format_args!(
            "    IssuerRange::new({first}, {last}, {brand:?}, &{lengths:?}, &{rare:?}, &[{co_brand}]),"
        ));
    }
    line(format_args!("];"));
    let starts: Vec<u32> = segments.iter().map(|&(start, _)| start).collect();
    let covered: Vec<usize> = segments.iter().map(|&(_, row)| row).collect();
    line(format_args!("\n/// The ranges laid side by side: the 8-digit prefix each segment starts at."));
    line(format_args!("{}", array("SEGMENT_STARTS", "u32", &starts)));
    line(format_args!("\n/// The row of each segment, [`NO_ROW`] where no range covers it."));
    line(format_args!("{}", array("SEGMENT_ROWS", "u8", &covered)));
    line(format_args!("\n/// First and last segment of the prefixes that begin with these three digits."));
    line(format_args!("{}", array("SEGMENTS_OF_THREE", "[u8; 2]", &segments_of_three(&starts))));
    text
}

fn segments_of_three(starts: &[u32]) -> Vec<String> {
    let segment = |prefix: u32| starts.partition_point(|&start| start <= prefix) - 1;
    let bounds = (0..1000).map(|three| (segment(three * 100_000), segment(three * 100_000 + 99_999)));
    bounds.map(|(first, last)| format!("[{first}, {last}]")).collect()
}

fn array<T: std::fmt::Display>(name: &str, element: &str, values: &[T]) -> String {
    let mut text =
        format!("#[rustfmt::skip]\npub(crate) static {name}: [{element}; {}] = [\n   ", values.len());
    let mut width = 3;
    for value in values.iter().map(ToString::to_string) {
        if width + value.len() + 2 > 110 {
            text.push_str("\n   ");
            width = 3;
        }
        write!(text, " {value},").expect("a string");
        width += value.len() + 2;
    }
    text + "\n];"
}

const HEADER: &str = "\
//! The issuer ranges. Generated from `data/issuer_ranges.txt` by the test `range_table`: change that file.

use crate::Brand::*;
use crate::IssuerRange;

/// The row of a segment no range covers.
pub(crate) const NO_ROW: u8 = u8::MAX;
";

#[test]
fn the_generated_table_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/range_table.rs");
    let expected = generate();
    if std::env::var_os("PAYTONE_WRITE_RANGE_TABLE").is_some() {
        std::fs::write(&path, &expected).expect("the table can be written");
    }
    let found = std::fs::read_to_string(&path).expect("the table");
    assert!(found.replace('\r', "") == expected, "src/range_table.rs is not what the data file says");
}

#[test]
fn version_and_date_are_those_of_the_data_file() {
    assert_eq!(RANGE_TABLE_VERSION.to_string(), setting("version"));
    assert_eq!(RANGE_TABLE_DATE, setting("date"));
}

#[test]
fn ranges_of_one_prefix_length_do_not_overlap() {
    let rows = rows();
    for (index, a) in rows.iter().enumerate() {
        for b in &rows[index + 1..] {
            let overlap = a.start() < b.end() && b.start() < a.end();
            assert!(!overlap || a.digits() != b.digits(), "{} and {}", a.first, b.first);
        }
    }
}
