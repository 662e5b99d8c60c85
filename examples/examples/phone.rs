//! Calls a SIP address, keys, listens, and says what became of it.
//!
//! ```text
//! cargo run -p examples --example phone -- sip:pay@127.0.0.1:5060 --keys '~4111111111111111#~1230#~123'
//! ```
//!
//! In `--keys`, `,` pauses 500 ms and `~` waits until the other side has spoken. Progress shows how many keys were
//! pressed, never which. Exit code 0 when the other side hung up, as a payment line does when it is done.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use phone::{Call, CallReport, Codec, Ending, Keying, Keys, Options, Pace, PhoneError, Target, Transport};

/// Calls a SIP address and keys, over a good line or a bad one.
#[derive(Parser)]
#[command(name = "phone")]
struct Arguments {
    /// Whom to call, e.g. sip:pay@127.0.0.1:5060 or sip:pay@[::1]:5060;transport=tcp
    target: Target,
    /// What to press: 0-9 * # A-D, `,` pauses 500 ms, `~` waits until the other side has spoken
    #[arg(long, default_value = "")]
    keys: String,
    /// How keys travel
    #[arg(long, value_enum, default_value = "event")]
    keying: How,
    /// Payload type of telephone-events, 96 to 127
    #[arg(long, default_value_t = 101, value_parser = clap::value_parser!(u8).range(96..=127))]
    payload_type: u8,
    /// Leave telephone-events out of the offer
    #[arg(long)]
    no_events: bool,
    /// Length of a key in ms
    #[arg(long, default_value_t = 100)]
    key_ms: u64,
    /// Gap between keys in ms
    #[arg(long, default_value_t = 100)]
    gap_ms: u64,
    /// Key like a person: about four keys in a second, every one different
    #[arg(long, conflicts_with_all = ["key_ms", "gap_ms"])]
    person: bool,
    /// Line noise this many dB below the keys' tones
    #[arg(long, value_name = "SNR")]
    noise_db: Option<f64>,
    /// Part of the RTP packets that is lost, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Part of the RTP packets that the next one overtakes, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    reorder: f64,
    /// The same number gives the same line again
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Offer this codec only
    #[arg(long, value_enum)]
    codec: Option<Law>,
    /// Carry SIP over TCP
    #[arg(long)]
    tcp: bool,
    /// Local address
    #[arg(long)]
    bind: Option<IpAddr>,
    /// Hold and resume for this many ms before keying
    #[arg(long, value_name = "MS")]
    hold_ms: Option<u64>,
    /// Hang up when the other side has not done so this many seconds after the last key
    #[arg(long, default_value_t = 60)]
    limit: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum How {
    Event,
    Info,
    Tone,
}

#[derive(Clone, Copy, ValueEnum)]
enum Law {
    Pcmu,
    Pcma,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(report) => tell(&report),
        Err(error) => {
            eprintln!("phone: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<CallReport, PhoneError> {
    let keys = Keys::parse(&arguments.keys)?;
    println!("calling {}", arguments.target);
    let mut call = Call::dial(&arguments.target, &options(arguments)).await?;
    println!("answered, Call-ID {}", call.call_id());
    match keying(&mut call, &keys, arguments).await {
        Ok(()) => println!("{} keys pressed", keys.presses()),
        Err(PhoneError::HungUp) => println!("the other side hung up while the phone was busy"),
        Err(error) => {
            call.hang_up().await;
            return Err(error);
        }
    }
    Ok(call.wait_for_hang_up(Duration::from_secs(arguments.limit)).await)
}

async fn keying(call: &mut Call, keys: &Keys, arguments: &Arguments) -> Result<(), PhoneError> {
    if let Some(length) = arguments.hold_ms {
        call.hold().await?;
        println!("on hold");
        call.pause(Duration::from_millis(length)).await?;
        call.resume().await?;
        println!("resumed");
    }
    call.press(keys).await
}

fn options(arguments: &Arguments) -> Options {
    let keying = match arguments.keying {
        How::Event => Keying::Event { payload_type: arguments.payload_type },
        How::Info => Keying::Info,
        How::Tone => Keying::Tone,
    };
    let (key, gap) = (Duration::from_millis(arguments.key_ms), Duration::from_millis(arguments.gap_ms));
    let pace = if arguments.person { Pace::person() } else { Pace::steady(key, gap) };
    let mut options = Options::new()
        .keying(keying)
        .pace(pace)
        .loss(arguments.loss)
        .reorder(arguments.reorder)
        .seed(arguments.seed)
        .offer_events(!arguments.no_events);
    if let Some(snr) = arguments.noise_db {
        options = options.line_noise_db(snr);
    }
    if let Some(law) = arguments.codec {
        options = options.codec(match law {
            Law::Pcmu => Codec::Pcmu,
            Law::Pcma => Codec::Pcma,
        });
    }
    if arguments.tcp {
        options = options.transport(Transport::Tcp);
    }
    match arguments.bind {
        Some(address) => options.bind(address),
        None => options,
    }
}

fn tell(report: &CallReport) -> ExitCode {
    let heard = report.heard();
    println!(
        "{} after {:.1} s; heard {} packets, {:.1} s of them loud",
        match report.ending() {
            Ending::Callee => "the other side hung up",
            _ => "hung up",
        },
        report.duration().as_secs_f64(),
        heard.packets(),
        heard.loud().as_secs_f64(),
    );
    if report.ending() == Ending::Callee { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
