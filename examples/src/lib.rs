//! The programs are in `examples/*.rs`: `cargo run -p examples --example NAME`.
