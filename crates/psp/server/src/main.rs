//! The simulated payment provider as a program, on this machine alone.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use paytone_psp::BoxFuture;
use paytone_psp::simulator::{Delay, Odds, Pause, Simulator};
use tokio::net::TcpListener;

/// A payment provider that moves no money. Published test card numbers only; nothing is kept.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on at 127.0.0.1; 0 picks one.
    #[arg(long, default_value_t = 18_600)]
    port: u16,
    /// The same seed makes the same outcomes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many charges of a thousand are declined by chance.
    #[arg(long, default_value_t = 0)]
    declined: u16,
    /// How many of a thousand are approved while their answer is lost.
    #[arg(long, default_value_t = 0)]
    answer_lost: u16,
    /// How many requests of a thousand are lost on their way.
    #[arg(long, default_value_t = 0)]
    request_lost: u16,
    /// How many of a thousand are not even sent.
    #[arg(long, default_value_t = 0)]
    not_sent: u16,
    /// Every answer takes at least this many milliseconds,
    #[arg(long, default_value_t = 0)]
    least_ms: u64,
    /// and at most this many.
    #[arg(long, default_value_t = 0)]
    most_ms: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { port, seed, declined, answer_lost, request_lost, not_sent, least_ms, most_ms } =
        Arguments::parse();
    let odds = Odds { declined, answer_lost, request_lost, not_sent, ..Odds::default() };
    let delay =
        Delay { least: Duration::from_millis(least_ms), most: Duration::from_millis(most_ms.max(least_ms)) };
    let simulator = Simulator::with_pause(RealTime).with_odds(seed, odds, Some(delay));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, simulator_server::router(Arc::new(simulator))).await?;
    Ok(())
}

/// Lets slow answers take their time.
struct RealTime;

impl Pause for RealTime {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
