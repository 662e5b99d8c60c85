//! Charts drawn here: bars, as SVG, with their numbers beside them.

use maud::{Markup, html};

const BAR: u64 = 260;
const ROW: usize = 26;
const LABEL: u64 = 300;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) count: u64,
    /// `good`, `open` or `stop`.
    pub(super) tone: &'static str,
}

/// Bars under each other, the longest as wide as the chart; `none` where there are none.
pub(super) fn bars(title: &str, none: &str, bars: &[Bar]) -> Markup {
    let longest = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let all: u64 = bars.iter().map(|bar| bar.count).sum();
    let height = bars.len().max(1) * ROW + 4;
    html! {
        figure.chart {
            figcaption { (title) }
            @if bars.is_empty() { p.hint { (none) } }
            @else { svg viewBox={ "0 0 640 " (height) } role="img" aria-label=(title) {
                @for (index, bar) in bars.iter().enumerate() {
                    @let y = index * ROW;
                    text.label x="0" y=(y + 18) { (bar.label) }
                    rect.bar.(bar.tone) x=(LABEL) y=(y + 5) width=(bar.count * BAR / longest) height="16" rx="2" {}
                    text.count x=(LABEL + 6 + bar.count * BAR / longest) y=(y + 18) { (bar.count) " · " (percent(bar.count, all)) }
                }
            } }
        }
    }
}

fn percent(part: u64, whole: u64) -> String {
    format!("{} %", (part * 100 + whole / 2).checked_div(whole).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_as_wide_as_the_chart() {
        let of = |label: &str, count| Bar { label: label.to_owned(), count, tone: "good" };
        let drawn = bars("Outcomes", "none yet", &[of("paid", 30), of("<b>", 10)]).into_string();
        assert!(drawn.contains(r#"width="260""#) && drawn.contains(r#"width="86""#), "{drawn}");
        assert!(drawn.contains("75 %") && drawn.contains("25 %"), "{drawn}");
        assert!(!drawn.contains("<b>"));
        let nothing = bars("none", "none yet", &[]).into_string();
        assert!(!nothing.contains("svg") && nothing.contains("none yet"), "nothing to draw: {nothing}");
    }
}
