//! A payment provider that outlives the process that uses it: JSON lines over a socket. Some of its answers are lost, where
//! it is told to lose some.
#![allow(dead_code, reason = "each half is used by its own process")]

pub(crate) mod process;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use paytone_psp::simulator::Simulator;
use paytone_psp::{
    Approval, AskError, Authorization, Authorize, BoxFuture, CallContext, Capture, CaptureRequest,
    ChargeStored, CheckpointBlob, DoubtCause, Found, Gateway as _, GatewayError, GatewayInfo, InDoubt, Money,
    Operation, ProviderState, Reference, RefundRequest, Refusal, Register, Registration, Retry, Snapshot,
    StoredCardId, Verification, Verify, VoidRequest,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The provider's side.
pub(crate) struct Provider {
    address: SocketAddr,
    books: Arc<Mutex<Books>>,
}

struct Books {
    accounts: HashMap<String, Account>,
    /// How often money was reserved or taken at once.
    taken: u32,
    silent: u32,
    /// Of how many answers to those that move money one is lost.
    loses: Option<u32>,
    rng: StdRng,
}

/// What is known of one reference, in minor units.
#[derive(Clone, Copy, Default)]
struct Account {
    reserved: u64,
    charged: u64,
    back: u64,
    voided: bool,
}

impl Provider {
    /// One that loses one answer in four.
    pub(crate) async fn start(seed: u64) -> Self {
        Self::losing(Some(4), seed).await
    }

    /// One that answers always.
    pub(crate) async fn reliable() -> Self {
        Self::losing(None, 0).await
    }

    async fn losing(loses: Option<u32>, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rng = StdRng::seed_from_u64(seed);
        let books = Arc::new(Mutex::new(Books { accounts: HashMap::new(), taken: 0, silent: 0, loses, rng }));
        let shared = books.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, books }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn charges(&self) -> u32 {
        self.books.lock().unwrap().taken
    }

    pub(crate) fn silent(&self) -> u32 {
        self.books.lock().unwrap().silent
    }

    /// What has been taken and not given back.
    pub(crate) fn held(&self) -> u64 {
        self.books.lock().unwrap().accounts.values().map(|one| one.charged - one.back).sum()
    }

    /// What is reserved and not taken.
    pub(crate) fn reserved(&self) -> u64 {
        self.books.lock().unwrap().accounts.values().map(|one| one.reserved).sum()
    }
}

async fn serve(stream: TcpStream, books: Arc<Mutex<Books>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.is_err() || line.is_empty() {
        return;
    }
    let request: Value = serde_json::from_str(&line).unwrap();
    let answer = books.lock().unwrap().answer(&request);
    if let Some(answer) = answer {
        drop(stream.get_mut().write_all(format!("{answer}\n").as_bytes()).await);
    }
}

impl Books {
    /// Carries a request out.
    fn answer(&mut self, request: &Value) -> Option<Value> {
        let reference = request["reference"].as_str().unwrap().to_owned();
        let amount = request["amount"].as_u64().unwrap_or_default();
        let what = request["what"].as_str().unwrap();
        if what == "look" {
            return Some(self.shown(&reference));
        }
        let account = self.accounts.entry(reference.clone()).or_default();
        match what {
            "charge" => account.charged += amount,
            "reserve" => account.reserved += amount,
            "capture" => *account = Account { reserved: 0, charged: account.charged + amount, ..*account },
            "void" => *account = Account { reserved: 0, voided: true, ..*account },
            "refund" => account.back += amount,
            other => panic!("asked for {other}"),
        }
        self.taken += u32::from(matches!(what, "charge" | "reserve"));
        if self.loses.is_some_and(|many| self.rng.random_range(0..many) == 0) {
            self.silent += 1;
            return None;
        }
        Some(self.shown(&reference))
    }

    fn shown(&self, reference: &str) -> Value {
        match self.accounts.get(reference) {
            Some(Account { reserved, charged, back, voided }) => {
                json!({ "reserved": reserved, "charged": charged, "back": back, "voided": voided })
            }
            None => json!({}),
        }
    }
}

/// The service's side.
pub(crate) struct Gateway {
    info: GatewayInfo,
    address: SocketAddr,
}

impl Gateway {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { info: Simulator::new().info().clone(), address }
    }

    async fn ask(&self, what: &str, reference: &Reference, money: Option<Money>) -> Option<Value> {
        let request =
            json!({ "what": what, "reference": reference.to_string(), "amount": money.map(Money::minor) });
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.ok()?);
        stream.get_mut().write_all(format!("{request}\n").as_bytes()).await.ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        serde_json::from_str(&line).ok()
    }
}

impl Gateway {
    async fn change(
        &self,
        what: &str,
        operation: Operation,
        reference: Reference,
        money: Option<Money>,
    ) -> Result<Snapshot, GatewayError> {
        let answer = self.ask(what, &reference, money).await;
        answer.and_then(|shown| snapshot(reference, &shown)).ok_or_else(|| doubt(reference, operation))
    }
}

fn snapshot(reference: Reference, shown: &Value) -> Option<Snapshot> {
    let yen = |name: &str| shown[name].as_u64().map(|minor| Money::new(minor, paytone_psp::Currency::JPY));
    let (reserved, charged, back) = (yen("reserved")?, yen("charged")?, yen("back")?);
    let (state, money) = match shown["voided"].as_bool()? {
        true => (ProviderState::Voided, charged),
        false if !reserved.is_zero() => (ProviderState::Authorised, reserved),
        false if back.is_zero() => (ProviderState::Captured, charged),
        false => (ProviderState::Refunded { total: back }, charged),
    };
    Some(Snapshot { reference, state, money, transaction: None, test: true })
}

fn doubt(reference: Reference, operation: Operation) -> GatewayError {
    GatewayError::InDoubt(InDoubt::new(reference, operation, DoubtCause::Restart))
}

fn unsupported<'a, T: Send + 'a>(operation: Operation) -> BoxFuture<'a, Result<T, GatewayError>> {
    Box::pin(core::future::ready(Err(GatewayError::refused(Refusal::Unsupported(operation)))))
}

impl paytone_psp::Gateway for Gateway {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn authorize<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            if context.checkpoint.save(&CheckpointBlob::new(b"k".to_vec()).unwrap()).await.is_err() {
                return Err(GatewayError::NotSent { retry: Retry::Never });
            }
            let what = if request.capture == Capture::Auto { "charge" } else { "reserve" };
            let answer = self.ask(what, &request.reference, Some(request.money)).await;
            match answer.and_then(|shown| snapshot(request.reference, &shown)) {
                Some(snapshot) => Ok(Authorization::Approved(Approval { snapshot, approval_code: None })),
                None => Err(doubt(request.reference, Operation::Authorize)),
            }
        })
    }

    fn refund<'a>(
        &'a self,
        _: CallContext<'a>,
        request: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        let money = Some(request.money);
        Box::pin(self.change("refund", Operation::Refund, request.reference, money))
    }

    fn capture<'a>(
        &'a self,
        _: CallContext<'a>,
        request: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        let money = Some(request.money);
        Box::pin(self.change("capture", Operation::Capture, request.reference, money))
    }

    fn void<'a>(
        &'a self,
        _: CallContext<'a>,
        request: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(self.change("void", Operation::Void, request.reference, None))
    }

    fn lookup<'a>(
        &'a self,
        _: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        Box::pin(async move {
            let shown = self.ask("look", doubt.reference(), None).await.ok_or(AskError::NoAnswer)?;
            Ok(snapshot(*doubt.reference(), &shown).map_or(Found::Absent, Found::Present))
        })
    }

    fn verify<'a>(
        &'a self,
        _: CallContext<'a>,
        _: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>> {
        unsupported(Operation::Verify)
    }

    fn register<'a>(
        &'a self,
        _: CallContext<'a>,
        _: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>> {
        unsupported(Operation::Register)
    }

    fn forget<'a>(&'a self, _: CallContext<'a>, _: &'a StoredCardId) -> BoxFuture<'a, Result<(), AskError>> {
        Box::pin(core::future::ready(Err(AskError::NoAnswer)))
    }

    fn charge_stored<'a>(
        &'a self,
        _: CallContext<'a>,
        _: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        unsupported(Operation::ChargeStored)
    }
}
