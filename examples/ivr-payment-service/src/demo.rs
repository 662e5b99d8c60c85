//! One whole payment, shown as it happens: the service on free loopback ports, an order over HTTP, a real call.

use core::error::Error;
use core::time::Duration;
use std::process::ExitCode;

use clap::ValueEnum;
use paytone_card::test_numbers;
use paytone_dialog::Language;
use phone::{Call, CallReport, Keying, Keys, Pace, Target};
use serde_json::{Value, json};

use crate::config::Config;
use crate::{Service, api, logging};

mod client;
mod timeline;

use client::Client;
use timeline::Timeline;

/// What the demonstration can vary.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// How the caller's keys travel.
    #[arg(long, value_enum, default_value_t = KeysBy::Event)]
    keys: KeysBy,
    /// A published test card number; see the README for what each leads to.
    #[arg(long, default_value = test_numbers::VISA, value_parser = test_card)]
    card: &'static str,
    /// What is paid, in minor units.
    #[arg(long, default_value_t = 1200)]
    amount: u64,
    /// The currency, as ISO 4217 has it.
    #[arg(long, default_value = "JPY")]
    currency: String,
    /// The language that is spoken: en or ja.
    #[arg(long, default_value_t)]
    language: Language,
    /// White noise on the caller's line, this many dB below the tones.
    #[arg(long)]
    noise_db: Option<f64>,
    /// The part of the caller's RTP packets that is lost, 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Show the service's log at this level as well, in `RUST_LOG` syntax.
    #[arg(long, default_value = "warn")]
    log: String,
}

/// How keys travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeysBy {
    /// RFC 4733 telephone-events.
    Event,
    /// SIP INFO.
    Info,
    /// Tones in the audio, without telephone-events in the offer.
    Tone,
}

/// Runs the demonstration. Success is a paid order.
///
/// # Errors
/// Whatever keeps the service from starting or the call from being placed.
pub async fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::isolated(folder.path(), "")?;
    config.log.filter.clone_from(&options.log);
    for line in &mut config.lines {
        line.languages.sort_by_key(|language| *language != options.language);
    }
    logging::init(&config.log)?;
    let service = Service::start(config, api::make_key()).await?;
    let client = Client::new(service.http(), service.api_key().clone());
    let timeline = Timeline::start(service.services().bus.watch());
    timeline.note(&format!("service up: sip {}, http {}", service.sip_udp(), service.http()));

    let order = create_order(&client, options).await?;
    timeline.note(&format!("order {} created, code {}", text(&order, "order_id"), text(&order, "code")));
    let called = call(&service, &order, options, &timeline).await;
    timeline.finish().await;

    let order = client.get(&format!("/v1/orders/{}", text(&order, "id"))).await?;
    service.shut_down().await;
    println!("{}", serde_json::to_string_pretty(&order)?);
    called?;
    Ok(if text(&order, "state") == "paid" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn create_order(client: &Client, options: &Options) -> Result<Value, Box<dyn Error>> {
    let order = json!({
        "order_id": "DEMO-1",
        "amount": options.amount,
        "currency": options.currency,
        "customer_number": "C-77",
    });
    client.post("/v1/orders", &order).await
}

/// Calls the order's own URI and keys like a person: listens, keys, waits.
async fn call(
    service: &Service,
    order: &Value,
    options: &Options,
    timeline: &Timeline,
) -> Result<CallReport, Box<dyn Error>> {
    let target: Target = format!("sip:pay-{}@{}", text(order, "code"), service.sip_udp()).parse()?;
    timeline.note("the caller dials");
    let mut call = Call::dial(&target, &line(options)).await?;
    let code = if options.card.len() == 15 { "1234" } else { "123" };
    for keys in [options.card, "1230", code] {
        call.listen(LISTEN).await?;
        if call.press(&Keys::parse(keys)?).await.is_err() {
            break;
        }
    }
    let report = call.wait_for_hang_up(LISTEN * 2).await;
    timeline.note(&format!(
        "{:.1} s on the line, {:.1} s of speech heard",
        report.duration().as_secs_f64(),
        report.heard().loud().as_secs_f64()
    ));
    Ok(report)
}

fn line(options: &Options) -> phone::Options {
    let keying = match options.keys {
        KeysBy::Event => Keying::Event { payload_type: 101 },
        KeysBy::Info => Keying::Info,
        KeysBy::Tone => Keying::Tone,
    };
    let line = phone::Options::new()
        .keying(keying)
        .pace(Pace::person())
        .loss(options.loss)
        .offer_events(options.keys != KeysBy::Tone);
    match options.noise_db {
        Some(snr) => line.line_noise_db(snr),
        None => line,
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Only published numbers, so that nobody's own card ends up in a shell history.
fn test_card(digits: &str) -> Result<&'static str, &'static str> {
    let known = test_numbers::ALL.iter().find(|number| number.digits() == digits);
    known.map(|number| number.digits()).ok_or("not a published test card number")
}

/// A prompt is over long before this.
const LISTEN: Duration = Duration::from_secs(20);
