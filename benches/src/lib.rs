//! The benchmarks are in `benches/*.rs`: `cargo bench -p benches`.
