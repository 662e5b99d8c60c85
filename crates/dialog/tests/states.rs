//! The drawings of the states are what a dialog does today.

#[path = "../examples/states/caller.rs"]
mod caller;
#[path = "../examples/states/drawing.rs"]
mod drawing;
#[path = "../examples/states/recording.rs"]
mod recording;
#[path = "../examples/states/study.rs"]
mod study;

#[test]
fn the_drawings_are_current() {
    let edges = recording::record();
    assert_eq!(drawing::mermaid(&edges), include_str!("../STATES.md"), "print STATES.md again");
    assert_eq!(drawing::dot(&edges), include_str!("../states.dot"), "print states.dot again");
}
