//! Redaction of everyday and of hostile texts, beside what most people would write: a regular expression for
//! digits with single spaces and dashes, and the check digit.
//!
//! `cargo bench -p benches --bench redact`, beside Hyperscan with `--features peers`. All write the whole text,
//! masked, to a buffer. The regular expression finds plain and grouped numbers only, so that it does much less; in
//! the text of full-width digits, in which it would look at nothing, it knows those too.

#[path = "redact/corpora.rs"]
mod corpora;
#[cfg(feature = "peers")]
#[path = "redact/hyperscan.rs"]
mod hyperscan;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use paytone_card::luhn;
use paytone_redact::Redactor;
use regex::bytes::Regex;

type Group<'a> = BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn everyday(c: &mut Criterion) {
    for (name, text) in corpora::everyday() {
        let mut group = group(c, name, text.len());
        compare(&mut group, text.as_bytes(), PATTERN);
        #[cfg(feature = "peers")]
        {
            let peer = hyperscan::Hyperscan::new(PATTERN.trim_start_matches("(?-u)"));
            let mut out = Vec::with_capacity(2 * text.len());
            group.bench_function("hyperscan", |b| {
                b.iter(|| peer.redact(black_box(text.as_bytes()), &mut out));
            });
        }
    }
}

fn hostile(c: &mut Criterion) {
    for (name, text) in corpora::hostile(1 << 20) {
        let pattern = if name == "redact_hostile_fullwidth" { FULL_WIDTH_PATTERN } else { PATTERN };
        compare(&mut group(c, name, text.len()), text.as_bytes(), pattern);
    }
}

/// Four times the text in four times the time: the throughput of both sizes must be the same.
fn linear(c: &mut Criterion) {
    for size in [2 << 20, 8 << 20] {
        for (name, text) in corpora::hostile(size) {
            let mut group = group(c, &format!("{name}_linear"), text.len());
            group.bench_function(format!("{}_mb", size >> 20), |b| {
                let mut out = Vec::new();
                b.iter(|| paytone(text.as_bytes(), &mut out));
            });
        }
    }
}

fn group<'a>(c: &'a mut Criterion, name: &str, len: usize) -> Group<'a> {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(len as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn compare(group: &mut Group<'_>, text: &[u8], pattern: &str) {
    let mut out = Vec::with_capacity(2 * text.len());
    group.bench_function("paytone", |b| b.iter(|| paytone(black_box(text), &mut out)));
    let regex = Regex::new(pattern).expect("the pattern is valid");
    group.bench_function("regex_luhn", |b| b.iter(|| regex_luhn(&regex, black_box(text), &mut out)));
}

fn paytone(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut redactor = Redactor::new();
    redactor.process(text, out);
    redactor.finish(out);
    black_box(out);
}

/// 13 to 19 digits with single spaces or dashes between them, ASCII for speed.
const PATTERN: &str = r"(?-u)\b[0-9](?:[ -]?[0-9]){12,18}\b";

/// The same with full-width digits; without word boundaries, which in UTF-8 would slow the expression down.
const FULL_WIDTH_PATTERN: &str =
    concat!(r"(?-u)(?:[0-9]|\xEF\xBC[\x90-\x99])", r"(?:[ -]?(?:[0-9]|\xEF\xBC[\x90-\x99])){12,18}");

fn regex_luhn(regex: &Regex, text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut at = 0;
    for found in regex.find_iter(text) {
        let mut digits = [0; 19];
        let mut count = 0;
        for &byte in found.as_bytes() {
            digits[count] = match byte {
                b'0'..=b'9' => byte,
                // The last byte of a full-width digit.
                0x90..=0x99 => byte - 0x90 + b'0',
                _ => continue,
            };
            count += 1;
        }
        if luhn::is_valid(&digits[..count]) {
            out.extend_from_slice(&text[at..found.start()]);
            out.extend_from_slice(b"[card:****");
            out.extend_from_slice(&digits[count - 4..count]);
            out.push(b']');
            at = found.end();
        }
    }
    out.extend_from_slice(&text[at..]);
    black_box(out);
}

criterion_group!(benches, everyday, hostile, linear);
criterion_main!(benches);
