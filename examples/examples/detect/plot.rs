//! The spectrogram of a signal with its keys marked, as SVG.

use std::f64::consts::TAU;
use std::fmt::Write;

use super::Found;

/// Row tones and column tones.
const TONES: [f64; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// What is shown, in Hz.
const LOWEST: f64 = 500.0;
const STEP: f64 = 20.0;
const ROWS: usize = 66;
/// A longer file gets coarser columns.
const MOST_COLUMNS: usize = 1500;
/// Pixels.
const CELL: (usize, usize) = (2, 4);
const MARGIN: (usize, usize) = (56, 40);
/// From the faintest shown to the loudest, 6 dB each.
const SHADES: [&str; 7] = ["#1b1036", "#3a1461", "#6b1d81", "#a3307e", "#d8456c", "#f8765c", "#fed799"];

/// Draws `samples` of `hz` samples a second.
pub(crate) fn svg(samples: &[i16], hz: u32, keys: &[Found]) -> String {
    let hop = (hz as usize / 200).max(samples.len().div_ceil(MOST_COLUMNS)).max(1);
    let columns = samples.len().div_ceil(hop);
    let ms_a_pixel = 1000.0 * hop as f64 / f64::from(hz) / CELL.0 as f64;
    let (width, height) = (columns * CELL.0, ROWS * CELL.1);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="11">
<title>Spectrogram with keys</title>
<rect width="100%" height="100%" fill="white"/>
<g transform="translate({} {})">
<rect width="{width}" height="{height}" fill="black"/>
"#,
        width + MARGIN.0 + 16,
        height + 2 * MARGIN.1,
        MARGIN.0,
        MARGIN.1
    );
    for (shade, path) in SHADES.iter().zip(cells(samples, hz, hop)) {
        let _ = writeln!(svg, r#"<path fill="{shade}" d="{path}"/>"#);
    }
    axes(&mut svg, width, height, ms_a_pixel);
    keys.iter().for_each(|key| mark(&mut svg, key, height, ms_a_pixel));
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// One path for each shade: a small rectangle for every run of it along the time axis.
fn cells(samples: &[i16], hz: u32, hop: usize) -> [String; SHADES.len()] {
    let window = hz as usize / 40;
    let columns: Vec<[usize; ROWS]> = (0..samples.len().div_ceil(hop))
        .map(|n| {
            // Around the middle of the column.
            let from = (n * hop + hop / 2).saturating_sub(window / 2);
            shades(&samples[from..samples.len().min(from + window)], hz)
        })
        .collect();
    let mut paths = [const { String::new() }; SHADES.len()];
    for row in 0..ROWS {
        let y = (ROWS - 1 - row) * CELL.1;
        let mut from = 0;
        for run in columns.chunk_by(|a, b| a[row] == b[row]) {
            // Shade 0 is black and not drawn.
            if let Some(shade) = run[0][row].checked_sub(1) {
                let (x, length) = (from * CELL.0, run.len() * CELL.0);
                let _ = write!(paths[shade], "M{x} {y}h{length}v{}h-{length}z", CELL.1);
            }
            from += run.len();
        }
    }
    paths
}

/// The shade of every row: 0 for nothing, then one more for every 6 dB.
fn shades(window: &[i16], hz: u32) -> [usize; ROWS] {
    let mut shades = [0; ROWS];
    if window.iter().all(|&sample| sample == 0) {
        return shades;
    }
    for (row, shade) in shades.iter_mut().enumerate() {
        let turn = TAU * (LOWEST + STEP * row as f64) / f64::from(hz);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in window.iter().enumerate() {
            let hann = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / window.len() as f64).cos();
            let (sin, cos) = (turn * n as f64).sin_cos();
            re += hann * f64::from(sample) * cos;
            im += hann * f64::from(sample) * sin;
        }
        // A full-scale tone is 0 dB.
        let amplitude = 4.0 * (re * re + im * im).sqrt() / window.len() as f64 / 32_768.0;
        let steps = (20.0 * amplitude.max(1e-9).log10() + 6.0 * (SHADES.len() as f64 + 1.5)) / 6.0;
        *shade = steps.clamp(0.0, SHADES.len() as f64) as usize;
    }
    shades
}

fn axes(svg: &mut String, width: usize, height: usize, ms_a_pixel: f64) {
    for hz in TONES {
        let y = height as f64 - (hz - LOWEST + STEP / 2.0) / STEP * CELL.1 as f64;
        let _ = writeln!(
            svg,
            r##"<path d="M0 {y:.1}H{width}" stroke="#fff" stroke-opacity=".25"/><text x="-6" y="{:.1}" text-anchor="end">{hz}</text>"##,
            y + 4.0
        );
    }
    let _ = writeln!(svg, r#"<text x="-6" y="-10" text-anchor="end">Hz</text>"#);
    // A label every 60 pixels or more, at a round time.
    let ms = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000]
        .into_iter()
        .find(|&ms| f64::from(ms) / ms_a_pixel >= 60.0)
        .unwrap_or(600_000);
    for n in 0.. {
        let x = f64::from(ms * n) / ms_a_pixel;
        if x > width as f64 {
            break;
        }
        let seconds = f64::from(ms * n) / 1000.0;
        let _ = writeln!(
            svg,
            r##"<path d="M{x:.1} {height}v5" stroke="#000"/><text x="{x:.1}" y="{}" text-anchor="middle">{seconds} s</text>"##,
            height + 18
        );
    }
}

fn mark(svg: &mut String, key: &Found, height: usize, ms_a_pixel: f64) {
    let (x, end) = (key.start_ms / ms_a_pixel, key.end_ms / ms_a_pixel);
    let _ = writeln!(
        svg,
        r##"<rect class="key" x="{x:.1}" y="0" width="{:.1}" height="{height}" fill="none" stroke="#7fff7f"/><text x="{:.1}" y="-6" text-anchor="middle" font-size="13" font-weight="bold">{}</text>"##,
        (end - x).max(1.0),
        (x + end) / 2.0,
        key.key.reveal()
    );
}
