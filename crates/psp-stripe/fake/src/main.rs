//! The fake as a program, on this machine alone.

use std::sync::{Arc, Mutex};

use clap::Parser;
use stripe_fake::{Fake, serve};
use tokio::net::TcpListener;

/// A provider for tests that behaves as Stripe does. Published test card numbers only; nothing is kept.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on at 127.0.0.1; 0 picks one.
    #[arg(long, default_value_t = 18_500)]
    port: u16,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, Arc::new(Mutex::new(Fake::new()))).await
}
