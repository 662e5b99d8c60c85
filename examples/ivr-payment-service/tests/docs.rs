//! What the README says of the simulator is what the simulator does.

#[test]
fn the_readme_has_the_simulators_table() {
    let readme = include_str!("../../../README.md");
    let table = paytone_psp::simulator::markdown_table();
    assert!(
        readme.contains(table.trim()),
        "the table in README.md is not the simulator's; it is now:\n{table}"
    );
}
