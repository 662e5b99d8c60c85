//! The switchboard's own recorder: paused before a card is asked for, and never left so.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// How a recorder behaves when it is told to pause.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manners {
    Pauses,
    /// It says no.
    Refuses,
    /// It answers, and goes on recording.
    GoesOn,
    /// It pauses and does not say so.
    SaysNothing,
}

/// A recorder with a hook at an address.
#[derive(Clone)]
struct Pbx {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Value>>>,
    is_paused: Arc<Mutex<bool>>,
}

impl Pbx {
    async fn start(manners: Manners) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pbx =
            Self { address: listener.local_addr().unwrap(), told: Arc::default(), is_paused: Arc::default() };
        let recorder = pbx.clone();
        let hook = post(move |Json(asked): Json<Value>| recorder.clone().answer(manners, asked));
        tokio::spawn(async { axum::serve(listener, Router::new().route("/hook", hook)).await });
        pbx
    }

    async fn answer(self, manners: Manners, asked: Value) -> (StatusCode, Json<Value>) {
        let is_pause = asked["order"] == "pause";
        self.told.lock().unwrap().push(asked);
        if is_pause && manners == Manners::Refuses {
            return (StatusCode::CONFLICT, Json(json!({ "state": "recording" })));
        }
        let is_paused = is_pause && manners != Manners::GoesOn;
        *self.is_paused.lock().unwrap() = is_paused;
        if is_pause && manners == Manners::SaysNothing {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        (StatusCode::OK, Json(json!({ "state": if is_paused { "paused" } else { "recording" } })))
    }

    fn settings(&self) -> String {
        format!("{LINE}[lines.recorder]\nurl = 'http://{}/hook'\npatience_s = 1\n", self.address)
    }

    fn orders(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|asked| asked["order"].as_str().unwrap().to_owned()).collect()
    }

    async fn records_again(&self, orders: usize) {
        for _ in 0..400 {
            if self.orders().len() >= orders && !*self.is_paused.lock().unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a recorder is left paused: {:?}", self.orders());
    }
}

const LINE: &str = "[call]\nrtp_timeout_s = 2\n[[lines]]\nname = 'desk'\nkind = 'pay_fixed'\namount = 1000\n\
                    currency = 'JPY'\nusers = ['pay']\n";

fn card() -> String {
    format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)
}

async fn dial(fixture: &Fixture) -> Call {
    let target: Target = fixture.uri("pay").parse().unwrap();
    Call::dial(&target, &Options::new()).await.unwrap()
}

fn names(seen: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["event"].as_str().unwrap() {
        "recorder" => event["data"]["state"].as_str().unwrap().to_owned(),
        name => name.to_owned(),
    };
    seen.iter().map(name).filter(|name| WATCHED.contains(&name.as_str())).collect()
}

const WATCHED: [&str; 7] =
    ["paused", "recording", "unanswered", "unverified", "secured", "released", "call_ended"];

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_asked_for_once_the_recorder_has_said_that_it_is_paused() {
    let pbx = Pbx::start(Manners::Pauses).await;
    let fixture = Fixture::start_with(&pbx.settings()).await;
    let mut events = fixture.watch();
    let mut call = dial(&fixture).await;
    call.press(&Keys::parse(&card()).unwrap()).await.unwrap();
    let call_id = call.call_id().to_owned();
    call.wait_for_hang_up(PATIENCE).await;
    assert_eq!(fixture.ended_call(&call_id).await["outcome"], "approved");
    pbx.records_again(2).await;
    assert_eq!(pbx.orders(), ["pause", "resume"]);
    let told = pbx.told.lock().unwrap()[0].clone();
    assert_eq!((&told["sip_call_id"], &told["line"]), (&json!(call_id), &json!("desk")));
    let mut seen = events.wait_for_all("secured").await;
    assert_eq!(names(&seen), ["paused", "secured"]);
    seen = events.wait_for_all("call_ended").await;
    assert_eq!(names(&seen)[0], "released");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_does_not_say_it_is_paused_takes_no_card() {
    for manners in [Manners::Refuses, Manners::GoesOn, Manners::SaysNothing] {
        let pbx = Pbx::start(manners).await;
        let fixture = Fixture::start_with(&pbx.settings()).await;
        let mut events = fixture.watch();
        let call = dial(&fixture).await.wait_for_hang_up(PATIENCE).await;
        assert_eq!(fixture.ended_call(call.call_id()).await["outcome"], "masking_unavailable", "{manners:?}");
        let seen = names(&events.wait_for_all("call_ended").await);
        assert!(seen.contains(&"unanswered".to_owned()), "{manners:?}: {seen:?}");
        assert!(!seen.contains(&"secured".to_owned()), "{manners:?}: {seen:?}");
        // Whatever it did: it is told to go on.
        pbx.records_again(2).await;
        assert_eq!(pbx.orders(), ["pause", "resume"], "{manners:?}");
        fixture.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_a_recorder_says_that_nobody_knows() {
    let fixture = Fixture::start_with(LINE).await;
    let mut events = fixture.watch();
    let call = dial(&fixture).await;
    assert_eq!(names(&events.wait_for_all("secured").await), ["unverified", "secured"]);
    call.hang_up().await;
    fixture.stop().await;
}

/// When a call ends, and who ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    CallerWhenSecured,
    CallerInTheNumber,
    CallerAfterTheLastKey,
    NetworkInTheNumber,
    StopInTheNumber,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_end_of_a_call_leaves_a_recorder_paused() {
    let ends = [
        End::CallerWhenSecured,
        End::CallerInTheNumber,
        End::CallerAfterTheLastKey,
        End::NetworkInTheNumber,
        End::StopInTheNumber,
    ];
    for end in ends {
        let pbx = Pbx::start(Manners::Pauses).await;
        let fixture = Fixture::start_with(&pbx.settings()).await;
        let mut events = fixture.watch();
        let mut call = dial(&fixture).await;
        events.wait_for("secured").await;
        let card = card();
        let keys = match end {
            End::CallerWhenSecured => "",
            End::CallerAfterTheLastKey => &card,
            _ => &card[..6],
        };
        if !keys.is_empty() {
            call.press(&Keys::parse(keys).unwrap()).await.unwrap();
        }
        match end {
            End::NetworkInTheNumber => drop(call),
            End::StopInTheNumber => {}
            _ => drop(call.hang_up().await),
        }
        if end != End::StopInTheNumber {
            events.wait_for("call_ended").await;
            pbx.records_again(2).await;
        }
        // A stop waits for it.
        fixture.stop().await;
        assert!(!*pbx.is_paused.lock().unwrap(), "{end:?}: {:?}", pbx.orders());
        assert_eq!(pbx.orders(), ["pause", "resume"], "{end:?}");
    }
}

/// A service of its own process.
struct Process {
    child: Child,
    sip: String,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ivr-payment-service"))
            .arg("--config")
            .arg(folder.join("paytone.toml"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says where it listens").unwrap();
        let sip = first.strip_prefix("sip on ").unwrap().split(' ').next().unwrap().to_owned();
        Self { child, sip }
    }

    /// Ends it as a crash does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_a_recorder_paused_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (hook, told) = (folder.path().join("hook"), folder.path().join("told"));
    std::fs::write(&hook, RECORDER).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o700)).unwrap();
    let settings = format!(
        "sip.udp = '127.0.0.1:0'\nsip.tcp = '127.0.0.1:0'\nhttp.address = '127.0.0.1:0'\ndatabase.path = 'state'\n\
         {LINE}[lines.recorder]\ncommand = [{hook:?}, {told:?}]\n"
    );
    std::fs::write(folder.path().join("paytone.toml"), settings).unwrap();
    let service = Process::start(folder.path());
    let target: Target = format!("sip:pay@{}", service.sip).parse().unwrap();
    let call = Call::dial(&target, &Options::new()).await.unwrap();
    let id = call.call_id().to_owned();
    says(&told, &format!("pause {id} desk\n")).await;
    service.kill();
    drop(call);
    let service = Process::start(folder.path());
    says(&told, &format!("pause {id} desk\nresume {id} desk\n")).await;
    service.kill();
}

/// Notes what it is told in the file that its first argument names.
const RECORDER: &str = "#!/bin/sh\necho \"$2 $3 $4\" >> \"$1\"\n\
                        if [ \"$2\" = pause ]; then echo paused; else echo recording; fi\n";

async fn says(file: &Path, wanted: &str) {
    let mut text = String::new();
    for _ in 0..400 {
        text = std::fs::read_to_string(file).unwrap_or_default();
        if text == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{text:?} is not {wanted:?}");
}
