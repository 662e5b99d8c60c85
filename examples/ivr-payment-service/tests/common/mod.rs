//! What the end-to-end tests share: a service of their own, its API, and callers.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

pub(crate) mod alerts;
pub(crate) mod baresip;
pub(crate) mod ear;
pub(crate) mod gmo;
pub(crate) mod linphone;
pub(crate) mod page;
pub(crate) mod peers;
pub(crate) mod sound;
pub(crate) mod wire;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ivr_payment_service::Service;
use ivr_payment_service::bus::ServiceEvent;
use ivr_payment_service::config::Config;
use paytone_dialog::{Language, phrase};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The API key of every test.
pub(crate) const KEY: &str = "test-key";

/// Keys that pay with the usual test card: number, expiry date, code.
pub(crate) const EXPIRY: &str = "1230";
/// A security code of three digits.
pub(crate) const CODE: &str = "123";

/// A service with its own folder, on free loopback ports.
pub(crate) struct Fixture {
    pub(crate) service: Service,
    pub(crate) folder: tempfile::TempDir,
    bodies: Mutex<Vec<String>>,
}

impl Fixture {
    /// With the built-in settings and a brisk voice.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With the built-in settings and the built-in voice.
    pub(crate) async fn start_with_own_voice() -> Self {
        Self::start_with_own_voice_and("").await
    }

    /// With settings that differ from the built-in ones, as TOML, and the built-in voice.
    pub(crate) async fn start_with_own_voice_and(settings: &str) -> Self {
        Self::launch(tempfile::tempdir().unwrap(), settings).await
    }

    /// With settings that differ from the built-in ones, as TOML, and a brisk voice: every clip is a tenth of a second
    /// of sound, so that a test waits for the service and not for its sentences.
    pub(crate) async fn start_with(settings: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    /// The same, with its database in this folder.
    pub(crate) async fn start_in(folder: tempfile::TempDir, settings: &str) -> Self {
        let voice = folder.path().join("voice");
        write_brisk_voice(&voice);
        let settings = format!("prompts.directory = {:?}\n{settings}", voice.to_str().unwrap());
        Self::launch(folder, &settings).await
    }

    async fn launch(folder: tempfile::TempDir, settings: &str) -> Self {
        let config = Config::isolated(folder.path(), settings).unwrap();
        let service = Service::start(config, SecretString::from(KEY)).await.unwrap();
        Self { service, folder, bodies: Mutex::default() }
    }

    pub(crate) fn sip(&self) -> SocketAddr {
        self.service.sip_udp()
    }

    /// A SIP URI of this service.
    pub(crate) fn uri(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.sip())
    }

    /// Makes an order and returns it.
    pub(crate) async fn order(&self, order_id: &str, amount: u64) -> Value {
        let body =
            json!({ "order_id": order_id, "amount": amount, "currency": "JPY", "customer_number": "C-7" });
        let (status, order) = self.request(Method::POST, "/v1/orders", Some(&body)).await;
        assert_eq!(status, 201, "{order}");
        order
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.request(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.request_as(KEY, method, path, body).await
    }

    /// A request with another key.
    pub(crate) async fn request_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.service.http()))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(bytes)))
            .unwrap();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let text =
            String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        self.bodies.lock().unwrap().push(text.clone());
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Waits until the call with this SIP Call-ID has ended and returns it.
    pub(crate) async fn ended_call(&self, sip_call_id: &str) -> Value {
        for _ in 0..200 {
            let (status, call) = self.request(Method::GET, &format!("/v1/calls/{sip_call_id}"), None).await;
            if status == 200 && !call["outcome"].is_null() {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the call has no outcome");
    }

    /// Waits until an order is in this state.
    pub(crate) async fn order_becomes(&self, id: &str, state: &str) -> Value {
        let mut order = Value::Null;
        for _ in 0..200 {
            order = self.get(&format!("/v1/orders/{id}")).await;
            if order["state"] == state {
                return order;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the order is not {state}: {order}");
    }

    /// Watches what happens from now on.
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.service.services().bus.watch())
    }

    /// Commands the one call that is up.
    pub(crate) async fn command(&self, command: Value) -> (u16, Value) {
        let calls = self.get("/v1/calls?state=in_progress").await;
        let [call] = calls["items"].as_array().unwrap().as_slice() else { panic!("not one call: {calls}") };
        let mut body = command;
        body["version"] = call["version"].clone();
        let path = format!("/v1/calls/{}/commands", call["id"].as_str().unwrap());
        self.request(Method::POST, &path, Some(&body)).await
    }

    /// Has a payment taken on the one call that is up. The operator's phone may know that it is connected before the service
    /// does, which then says that it is not ready.
    pub(crate) async fn take_payment(&self) {
        let mut answer = (0, Value::Null);
        for _ in 0..100 {
            answer = self.command(json!({ "command": "take_payment" })).await;
            if answer.0 == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no payment is taken: {answer:?}");
    }

    /// Every HTTP body the API has sent.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }

    /// Ends the service and returns its folder.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.service.shut_down().await;
        self.folder
    }
}

/// What happens, one thing after the other.
pub(crate) struct Watch(tokio::sync::broadcast::Receiver<ServiceEvent>);

impl Watch {
    /// Waits for the next event of this name and returns it as watchers of the API get it.
    pub(crate) async fn wait_for(&mut self, name: &str) -> Value {
        self.wait_for_all(name).await.pop().unwrap()
    }

    /// Waits for the next event of this name and returns everything up to it.
    pub(crate) async fn wait_for_all(&mut self, name: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        let waited = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let event = serde_json::to_value(self.0.recv().await.unwrap()).unwrap();
                let is_it = event["event"] == name;
                seen.push(event);
                if is_it {
                    return;
                }
            }
        });
        if waited.await.is_err() {
            let names: Vec<_> = seen.iter().map(|event| &event["event"]).collect();
            panic!("no {name}; seen {names:?}");
        }
        seen
    }
}

/// One short clip for every name in the catalogue.
fn write_brisk_voice(folder: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(folder).unwrap();
    for recording in Language::ALL.iter().flat_map(|language| phrase::catalog(*language)) {
        let mut wav =
            hound::WavWriter::create(folder.join(format!("{}.wav", recording.name())), spec).unwrap();
        // A square wave of 400 Hz: loud enough to be heard, and no key.
        for sample in 0..800 {
            wav.write_sample(if sample / 10 % 2 == 0 { 4000_i16 } else { -4000 }).unwrap();
        }
        wav.finalize().unwrap();
    }
}

/// A place for log lines that a test can read.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
