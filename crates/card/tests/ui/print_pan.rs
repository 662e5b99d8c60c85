use paytone_card::Pan;

fn log(pan: &Pan) {
    println!("paying with {pan}");
}

fn main() {
    let _ = log;
}
