use paytone_card::Pan;

fn same(a: &Pan, b: &Pan) -> bool {
    a == b
}

fn main() {
    let _ = same;
}
