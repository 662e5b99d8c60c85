//! The transcripts of scripted callers are what was reviewed.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;

#[path = "../examples/script/runner.rs"]
mod runner;

#[test]
fn every_caller_hears_what_was_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("callers");
    let mut callers = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "call") {
            continue;
        }
        let transcript = runner::transcript(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let reviewed = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(transcript, reviewed, "{}", path.display());
        callers += 1;
    }
    assert!(callers >= 10, "{callers}");
}

#[test]
fn a_line_that_is_no_step_is_named() {
    assert_eq!(runner::transcript("listen\nsing a song\n"), Err("sing a song".to_owned()));
}
