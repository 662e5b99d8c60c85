//! What the compiler says to somebody who tries to print or copy a card number.
//!
//! The expected messages are beside the programs in `tests/ui`; `TRYBUILD=overwrite cargo test -p paytone-card
//! --test ui` writes them anew for another compiler version.

#[test]
fn a_card_number_cannot_be_printed_copied_or_compared() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/print_pan.rs");
    cases.compile_fail("tests/ui/clone_pan.rs");
    cases.compile_fail("tests/ui/compare_pan.rs");
}
