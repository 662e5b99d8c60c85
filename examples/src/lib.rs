//! The programs are in `examples/*.rs`: `cargo run -p examples --example NAME`. What several of them need is here.

pub mod wav;
