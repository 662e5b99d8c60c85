//! Card numbers: the check digit alone, and check digit, brand and length together, beside three other crates.
//!
//! `cargo bench -p benches --bench card`. Every iteration takes one published test number of 16 digits; what is
//! measured is one call, not a batch.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use paytone_card::{Pan, PanPolicy, luhn as paytone_luhn, test_numbers};

const NUMBER: &str = test_numbers::MASTERCARD;

/// Luhn, and that every byte is a digit.
fn luhn_16(c: &mut Criterion) {
    let mut group = c.benchmark_group("luhn_16");
    group.bench_function("paytone", |b| b.iter(|| paytone_luhn::is_valid(black_box(NUMBER.as_bytes()))));
    group.bench_function("luhn3_decimal", |b| b.iter(|| luhn3::decimal::valid(black_box(NUMBER.as_bytes()))));
    group.bench_function("luhn", |b| b.iter(|| luhn::valid(black_box(NUMBER))));
    group.finish();
}

/// The same for the other lengths card numbers have.
fn luhn_lengths(c: &mut Criterion) {
    let digits = test_numbers::UNIONPAY_19.as_bytes();
    for length in [12, 13, 14, 15, 17, 18, 19] {
        let mut group = c.benchmark_group(format!("luhn_{length}"));
        group.bench_function("paytone", |b| b.iter(|| paytone_luhn::is_valid(black_box(&digits[..length]))));
        group.bench_function("luhn3_decimal", |b| {
            b.iter(|| luhn3::decimal::valid(black_box(&digits[..length])));
        });
        group.finish();
    }
}

/// Luhn, brand and length; with `paytone_parse` also the number itself, wiped again.
fn classify_16(c: &mut Criterion) {
    let policy = PanPolicy::default();
    let mut group = c.benchmark_group("classify_16");
    group.bench_with_input(BenchmarkId::from_parameter("paytone"), &policy, |b, policy| {
        b.iter(|| policy.check(black_box(NUMBER.as_bytes())));
    });
    group.bench_with_input(BenchmarkId::from_parameter("paytone_parse"), &policy, |b, policy| {
        b.iter(|| Pan::parse(black_box(NUMBER.as_bytes()), policy));
    });
    group.bench_function("card_validate", |b| b.iter(|| card_validate::Validate::from(black_box(NUMBER))));
    group.finish();
}

criterion_group!(benches, luhn_16, luhn_lengths, classify_16);
criterion_main!(benches);
