//! The recorder of a switchboard: told to pause before a card is asked for, and to go on afterwards.
//!
//! A program is called with its own arguments and then `pause` or `resume`, the call's `Call-ID` and the line; it writes the
//! recorder's new state, `paused` or `recording`, to its standard output and ends well. An address is asked by `POST` with
//! `{"order":"pause","sip_call_id":"..","call":"..","line":".."}` and answers 200 with `{"state":"paused"}`. `gone`, in answer
//! to `resume`, says that the switchboard has no such call any more.

use core::time::Duration;
use std::process::Stdio;
use std::sync::Arc;

use paytone_psp::exchange::{Body, Request, Transport};
use paytone_psp_http::{Http, Trust};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, EventKind};
use crate::config::{RecorderConfig, RecorderHook};
use crate::store::{MerchantUlid, PausedRecorder, Store};
use crate::webhook;

/// One call's recorder, paused and resumed by whoever has this; resumed when the last of them is dropped.
#[derive(Debug, Clone)]
pub struct Recorder {
    orders: mpsc::UnboundedSender<Order>,
}

/// What a recorder's task works with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Where it is noted that the recorder may be paused.
    pub store: Store,
    /// Who is told.
    pub bus: Bus,
    /// Whose call it is.
    pub merchant: MerchantUlid,
    /// Ends the tries to have it go on; the next start tries again.
    pub stop: CancellationToken,
}

#[derive(Debug)]
enum Order {
    /// Answered with whether the recorder has said that it is paused.
    Pause(oneshot::Sender<bool>),
    Resume,
}

impl Recorder {
    /// The recorder of this call, and what has to run until it has ended.
    pub fn new(
        config: RecorderConfig,
        of: PausedRecorder,
        tools: Tools,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (orders, waiting) = mpsc::unbounded_channel();
        let task = Task { config: Arc::new(config), of, tools, may_be_paused: false };
        (Self { orders }, task.run(waiting))
    }

    /// Has it pause. Whether it has said that it is paused; an error is a no.
    #[must_use]
    pub fn pause(&self) -> oneshot::Receiver<bool> {
        let (sender, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Pause(sender));
        answer
    }

    /// Has it go on, half a second from now: a key that is still down is over then.
    pub fn resume(&self) {
        let _ = self.orders.send(Order::Resume);
    }
}

/// Has a recorder go on that was left paused, and ends when it does.
pub async fn release(config: RecorderConfig, of: PausedRecorder, tools: Tools) {
    let (_, waiting) = mpsc::unbounded_channel();
    Task { config: Arc::new(config), of, tools, may_be_paused: true }.run(waiting).await;
}

struct Task {
    config: Arc<RecorderConfig>,
    of: PausedRecorder,
    tools: Tools,
    may_be_paused: bool,
}

impl Task {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut next = orders.recv().await;
        loop {
            let is_over = next.is_none();
            next = match next {
                Some(Order::Pause(answer)) => {
                    let is_paused = self.pause().await;
                    // Nobody waits for it any more, or it is not sure: on it goes.
                    if answer.send(is_paused).is_err() || !is_paused {
                        self.resume(&mut orders).await
                    } else {
                        orders.recv().await
                    }
                }
                Some(Order::Resume) | None => self.resume(&mut orders).await,
            };
            if is_over && next.is_none() {
                return;
            }
        }
    }

    async fn pause(&mut self) -> bool {
        self.may_be_paused = true;
        let noted = self.tools.store.recorder_pausing(self.of.call, crate::clock::now()).await;
        let is_paused = noted.is_ok() && self.tell("pause").await.as_deref() == Some("paused");
        self.publish(if is_paused { "paused" } else { "unanswered" });
        if !is_paused {
            tracing::warn!(call = %self.of.call, "the recorder did not confirm that it is paused");
        }
        is_paused
    }

    /// Has it go on, as often as it takes; the next order, which ends that.
    async fn resume(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<Order> {
        if !self.may_be_paused {
            return orders.recv().await;
        }
        let mut is_open = true;
        for delay in core::iter::once(REST).chain(RETRIES) {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                // It is sooner needed paused than going.
                order = orders.recv(), if is_open => match order {
                    Some(Order::Pause(answer)) => return Some(Order::Pause(answer)),
                    Some(Order::Resume) => {}
                    None => is_open = false,
                },
                () = self.tools.stop.cancelled() => {}
            }
            if self.tell("resume").await.is_some_and(|state| state == "recording" || state == "gone") {
                self.may_be_paused = false;
                self.publish("recording");
                if self.tools.store.recorder_resumed(self.of.call).await.is_err() {
                    tracing::error!(call = %self.of.call, "that a recorder goes on could not be noted");
                }
                return if is_open { orders.recv().await } else { None };
            }
            if delay == REST {
                tracing::error!(call = %self.of.call, "a recorder does not go on");
                self.publish_kind(EventKind::Alarm { alarm: "recorder_paused" });
            }
            if self.tools.stop.is_cancelled() {
                return None;
            }
        }
        None
    }

    /// The state it answers with.
    async fn tell(&self, order: &'static str) -> Option<String> {
        let told = async {
            match &self.config.hook {
                RecorderHook::Command(command) => run(command, order, &self.of).await,
                RecorderHook::Url(url) => post(url, order, &self.of, self.config.patience).await,
            }
        };
        tokio::time::timeout(self.config.patience, told).await.ok().flatten()
    }

    fn publish(&self, state: &'static str) {
        self.publish_kind(EventKind::Recorder { state });
    }

    fn publish_kind(&self, kind: EventKind) {
        self.tools.bus.publish(self.tools.merchant, Some(self.of.call), crate::clock::now(), kind);
    }
}

async fn run(command: &[String], order: &str, of: &PausedRecorder) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .args([order, &of.sip_call_id, &of.line])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| answer.trim().to_owned())
}

async fn post(url: &str, order: &str, of: &PausedRecorder, patience: Duration) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        state: String,
    }
    let (endpoint, path) = webhook::split(url).ok()?;
    let http = Http::new(endpoint, &Trust::PublicAuthorities).ok()?;
    let call = of.call.to_string();
    let asked = json!({ "order": order, "sip_call_id": of.sip_call_id, "call": call, "line": of.line });
    let body = Body::write(|sink| sink.push(asked.to_string().as_bytes()));
    let request = Request::post(&path, "application/json", body).patience(patience);
    let response = http.session(patience).send(request).await.ok()?;
    let answer: Answer = serde_json::from_slice(response.body()).ok()?;
    (response.status() == 200).then_some(answer.state)
}

/// From the end of secure mode until a recorder is told to go on.
const REST: Duration = Duration::from_millis(500);
/// How long after each failed try the next is made. After the last, the next start of the service tries again.
const RETRIES: [Duration; 8] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];
