//! Recall and precision over seeded lines of every class: a cut of what the example `quality` prints.

mod lines;
mod score;

use lines::Tier;
use score::{of_tier, scores, table};

const LINES: usize = 200;

#[test]
fn everyday_writing_is_found_and_everyday_text_left_alone() {
    let scores = scores(0x00C0_FFEE, LINES);
    let table = table(&scores);
    for score in &scores {
        let name = score.class.name;
        match score.class.tier {
            Tier::Must | Tier::Label => {
                assert_eq!((score.found, score.changed), (LINES, 0), "{name}\n{table}");
            }
            Tier::Clean => assert_eq!(score.changed, 0, "{name}\n{table}"),
            Tier::Hard | Tier::HardClean => {}
        }
    }
    assert!(of_tier(&scores, Tier::Hard).0 >= 0.98, "{table}");
    assert!(of_tier(&scores, Tier::HardClean).1 <= 0.01, "{table}");
}

#[test]
fn a_class_that_is_missed_would_show() {
    let scores = scores(1, 20);
    let plain = scores.iter().find(|score| score.class.name == "plain").unwrap();
    assert!(
        plain.found == 20 && table(&scores).contains("| plain | Must | 20 | 100.0 % | 100.0 % | 0.0 % |")
    );
    let lines = plain.class.line(&mut lines::Random(1));
    assert!(lines.secret.len() >= 13 && lines.text.is_char_boundary(lines.secret.end));
}
