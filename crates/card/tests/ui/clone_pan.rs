use paytone_card::Pan;

fn keep(pan: &Pan) -> Pan {
    Pan::clone(pan)
}

fn main() {
    let _ = keep;
}
