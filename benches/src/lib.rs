//! The benchmarks are in `benches/*.rs`: `cargo bench -p benches`. What they share is here.

#[cfg(feature = "peers")]
pub mod spandsp;
