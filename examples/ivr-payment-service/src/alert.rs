//! Tells whoever is on duty that something is wrong: an address is sent a few words as JSON, a command gets the same on
//! standard input. It says which alarm, when and in which call; of a card there is nothing.

use core::time::Duration;
use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;

use paytone_psp::attempt::State;
use paytone_psp::exchange::{Body, Request, Transport};
use paytone_psp_http::{Http, Trust};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, EventKind, ServiceEvent};
use crate::clock::rfc3339;
use crate::config::AlertConfig;
use crate::store::MerchantUlid;
use crate::webhook;

/// How long whoever is told may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same alarm of the same merchant is told once in this time.
const AGAIN: Duration = Duration::from_secs(60);
/// How long after a failed try the next is made; after the last there is none.
const DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Watches for what somebody has to be told.
#[derive(Debug)]
pub struct Alert {
    config: Arc<AlertConfig>,
    node: String,
    told: HashMap<(MerchantUlid, &'static str), Duration>,
}

impl Alert {
    /// One that tells as the settings say. `node` is what this process is called.
    #[must_use]
    pub fn new(config: AlertConfig, node: &str) -> Self {
        Self { config: Arc::new(config), node: node.to_owned(), told: HashMap::new() }
    }

    /// Tells, until `stop`.
    pub fn watch(mut self, bus: &Bus, stop: CancellationToken) {
        if self.config.is_silent() {
            return;
        }
        let mut events = bus.watch();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    event = events.recv() => if let Ok(event) = event { self.heard(&event) },
                }
            }
        });
    }

    fn heard(&mut self, event: &ServiceEvent) {
        let Some(alarm) = alarm(&event.kind) else { return };
        if !self.is_news(event, alarm) {
            return;
        }
        let told = json!({
            "alarm": alarm,
            "text": text(alarm),
            "at": rfc3339(event.at),
            "merchant": event.merchant,
            "call": event.call,
            "node": self.node,
        });
        let (config, told) = (self.config.clone(), told.to_string());
        tokio::spawn(async move { tell(&config, alarm, &told).await });
    }

    fn is_news(&mut self, event: &ServiceEvent, alarm: &'static str) -> bool {
        self.told.retain(|_, at| event.at.saturating_sub(*at) < AGAIN);
        let is_new = !self.told.contains_key(&(event.merchant, alarm));
        if is_new {
            self.told.insert((event.merchant, alarm), event.at);
        }
        is_new
    }
}

const fn alarm(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Alarm { alarm } => Some(alarm),
        EventKind::AttemptState { state: State::NeedsPerson, .. } => Some("needs_person"),
        _ => None,
    }
}

/// The alarm in words.
fn text(alarm: &str) -> &'static str {
    match alarm {
        "database" => "The database does not answer: no call is taken.",
        "database_writes" => "The database takes nothing more, the disk may be full: no call is taken.",
        "gateway_unreachable" => "The payment provider cannot be reached: no card is asked for.",
        "needs_person" => "What became of a payment only a person can find out: see the console.",
        "operator_unreachable" => {
            "An operator's phone could not be reached, and the caller is off the line: somebody should call back."
        }
        "authorization_lapsing" => "A reservation lapses soon: take it or let go of it.",
        "decline_rate" => "A line was closed: nearly every card on it is declined.",
        "card_left_over" => "A stored card is not wanted any more and could not be taken back.",
        _ => "Somebody should look: see the console.",
    }
}

async fn tell(config: &AlertConfig, alarm: &'static str, told: &str) {
    if let Some(url) = &config.url {
        let mut delays = DELAYS.iter();
        while let Err(status) = post(url, told).await {
            let Some(delay) = delays.next() else {
                tracing::error!(alarm, status, "nobody could be told of an alarm");
                break;
            };
            tokio::time::sleep(*delay).await;
        }
    }
    if let [program, arguments @ ..] = config.command.as_slice()
        && let Err(error) = run(program, arguments, told).await
    {
        tracing::error!(alarm, %error, "the alert command failed");
    }
}

/// The HTTP status where that is no success; 0 where there is none.
async fn post(url: &str, told: &str) -> Result<(), u16> {
    let (endpoint, path) = webhook::split(url).map_err(|_| 0_u16)?;
    let http = Http::new(endpoint, &Trust::PublicAuthorities).map_err(|_| 0_u16)?;
    let body = Body::write(|sink| sink.push(told.as_bytes()));
    let request = Request::post(&path, "application/json", body).patience(PATIENCE);
    let status = http.session(PATIENCE).send(request).await.map_or(0, |response| response.status());
    if (200..300).contains(&status) { Ok(()) } else { Err(status) }
}

async fn run(program: &str, arguments: &[String], told: &str) -> std::io::Result<()> {
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let told_and_done = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read is no failure.
            drop(stdin.write_all(told.as_bytes()).await);
        }
        child.wait().await
    };
    let status =
        tokio::time::timeout(PATIENCE, told_and_done).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("it says that it failed")) }
}
