//! How many lines of each class are treated as they should be.

use paytone_redact::{Redactor, find};

use super::lines::{Class, Line, Random, Tier, classes};

/// What became of the lines of one class.
pub(crate) struct Score {
    /// The class.
    pub(crate) class: Class,
    /// Lines made.
    pub(crate) lines: usize,
    /// Lines whose card data was found whole; all lines where there is none.
    pub(crate) found: usize,
    /// Lines of which something else was changed.
    pub(crate) changed: usize,
}

/// Scores `lines` lines of each class.
pub(crate) fn scores(seed: u64, lines: usize) -> Vec<Score> {
    let mut random = Random(seed);
    classes().into_iter().map(|class| score(class, lines, &mut random)).collect()
}

fn score(class: Class, lines: usize, random: &mut Random) -> Score {
    let (mut found, mut changed) = (0, 0);
    for _ in 0..lines {
        let line = class.line(random);
        let findings = find(line.text.as_bytes());
        let covers = |at: usize| findings.iter().any(|finding| finding.range.contains(&at));
        let survives = line.secret.clone().any(|at| !covers(at));
        found += usize::from(!survives && (line.secret.is_empty() || in_pieces_too(&line)));
        let elsewhere = findings.iter().filter(|finding| {
            finding.range.end <= line.secret.start || finding.range.start >= line.secret.end
        });
        // The first of two numbers is card data too.
        changed += usize::from(elsewhere.count() > usize::from(class.name == "the second of two"));
    }
    Score { class, lines, found, changed }
}

/// Whether nothing of the card data gets through a stream that is cut every few bytes.
fn in_pieces_too(line: &Line) -> bool {
    let mut redactor = Redactor::new();
    let mut out = Vec::new();
    for piece in line.text.as_bytes().chunks(3) {
        redactor.process(piece, &mut out);
    }
    redactor.finish(&mut out);
    let secret = &line.text.as_bytes()[line.secret.clone()];
    secret.len() < 8 || !out.windows(8).any(|window| secret.windows(8).any(|part| part == window))
}

/// The share of card data found, and of findings that are card data, of all classes of a tier.
pub(crate) fn of_tier(scores: &[Score], tier: Tier) -> (f64, f64) {
    let of = scores.iter().filter(|score| score.class.tier == tier);
    let sum = |value: fn(&Score) -> usize| of.clone().map(value).sum::<usize>() as f64;
    let (lines, found, changed) =
        (sum(|score| score.lines), sum(|score| score.found), sum(|score| score.changed));
    (found / lines, changed / lines)
}

/// A table of the classes, in Markdown.
pub(crate) fn table(scores: &[Score]) -> String {
    let mut text =
        String::from("| class | tier | lines | recall | precision | changed |\n|---|---|---|---|---|---|\n");
    for Score { class, lines, found, changed } in scores {
        let percent = |part: usize, whole: usize| format!("{:.1} %", 100.0 * part as f64 / whole as f64);
        let (recall, precision) = match class.tier {
            Tier::Clean | Tier::HardClean => ("".into(), "".into()),
            _ => (percent(*found, *lines), percent(*found, (found + changed).max(1))),
        };
        let changed = percent(*changed, *lines);
        text += &format!(
            "| {} | {:?} | {lines} | {recall} | {precision} | {changed} |\n",
            class.name, class.tier
        );
    }
    text
}
