//! A recording as Mermaid and as DOT.

use std::fmt::Write;

use crate::caller::Node;
use crate::recording::Edge;
use crate::study::{DIRECTED, HANG_UP, MENU, Study, record};

/// A page with the drawing in it, which code hosts show as a picture.
pub(crate) fn mermaid(edges: &[Edge]) -> String {
    let mut page = format!("{ABOVE}```mermaid\nstateDiagram-v2\n    [*] --> {}\n", edges[0].from);
    for Edge { from, to, labels } in edges {
        let _ = writeln!(page, "    {from} --> {to}: {}", labels.join("<br/>"));
    }
    page += "    finished --> [*]\n```\n";
    for (above, study) in PARTS {
        let _ = write!(page, "{above}```mermaid\nstateDiagram-v2\n");
        for (from, to, labels) in record(study) {
            let _ = writeln!(page, "    {from} --> {to}: {}", labels.join("<br/>"));
        }
        page += "```\n";
    }
    page
}

/// The same for Graphviz; the fields are drawn together.
pub(crate) fn dot(edges: &[Edge]) -> String {
    let mut text = String::from(
        "// Printed by `cargo run -p paytone-dialog --example states -- dot`; STATES.md explains the labels.\n\
         digraph dialog {\n    node [shape=box, style=rounded];\n    subgraph cluster_collecting {\n        \
         label=\"collecting\";\n",
    );
    for field in fields(edges) {
        let _ = writeln!(text, "        {field};");
    }
    text += "    }\n";
    for Edge { from, to, labels } in edges {
        let _ = writeln!(text, "    {from} -> {to} [label=\"{}\\l\"];", labels.join("\\l"));
    }
    text += "}\n";
    for ((_, study), name) in PARTS.into_iter().zip(["directed", "menu", "hang_up"]) {
        let _ = writeln!(text, "digraph {name} {{\n    node [shape=box, style=rounded];");
        for (from, to, labels) in record(study) {
            let _ = writeln!(text, "    {from} -> {to} [label=\"{}\\l\"];", labels.join("\\l"));
        }
        text += "}\n";
    }
    text
}

fn fields(edges: &[Edge]) -> Vec<Node> {
    let mut fields: Vec<Node> =
        edges.iter().map(|edge| edge.from).filter(|node| node.field.is_some()).collect();
    fields.dedup();
    fields
}

/// What is drawn apart, each with what it is about.
const PARTS: [(&str, &Study); 3] =
    [(ABOVE_DIRECTED, &DIRECTED), (ABOVE_MENU, &MENU), (ABOVE_HANG_UP, &HANG_UP)];

const ABOVE_DIRECTED: &str = "
## What an operator can do

The same in `Mode::Directed`, for an order that is known: every command of an operator in every situation. Those that are refused
are left out, and so is what the drawing above shows of tries and waits. After `talk` the line is clear, and the next card field
secures it again. In brackets: what else has to be so.

";

const ABOVE_MENU: &str = "
## The menu of commands

What the keys of a caller do who has pressed star twice, with two languages and an operator; `menu` is above the field it was
opened over, and none of it costs a try.

";

const ABOVE_HANG_UP: &str = "
## A caller who hangs up while the provider is asked

What becomes of the payment under `HangUpPolicy::VoidIfApproved`, which takes an approval back that the caller did not wait for.

";

const ABOVE: &str = "\
# The states of a dialog

Nobody drew this: it is what a real `Dialog` did when it was driven through everything that can happen in every state it can
be brought to. `cargo run -p paytone-dialog --example states -- mermaid` prints this page, `-- dot` prints `states.dot`; a test
fails when either is not current.

- A box is a `Phase`; `collecting` is drawn as its open `Field`. `authorizing_alone` is `authorizing` after the caller hung up.
- `time first_digit` is the end of that wait of `Timeouts`. `3 x wrong entry` is what the third one in a row leads to.
- `unavailable` is a verdict: the provider was not reached. `no card can be paid` is `Event::Unavailable`, told before a card is
  sent; `failed` is `Event::Failed`.
- `declined ReenterCode` is a decline with that `Recovery`, the card handed back; `declined` is one with any.
- In brackets: what else has to be so for the arrow to be taken; `after session` is after the end of that wait. `Maestro`
  stands for the brands whose cards may have no security code.
- What changes nothing is left out, and so are keys before their field is open: they are kept, and several steps happen
  at once when it opens.

";
