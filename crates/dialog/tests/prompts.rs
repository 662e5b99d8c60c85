//! The tables of what is spoken are what the crate says today.

#[path = "../examples/catalog/table.rs"]
mod table;

#[test]
fn the_tables_are_current() {
    assert_eq!(table::markdown(), include_str!("../PROMPTS.md"), "print PROMPTS.md again");
}
