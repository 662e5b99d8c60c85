//! The parts, and what they share: a shop with everything but a telephone.

mod audit;
mod events;
mod guard;
mod isolation;
mod life;
mod money;
mod person;
mod webhooks;

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use ivr_payment_service::api::{Backend, Dialling, RateLimit, Refusals, router};
use ivr_payment_service::bus::Bus;
use ivr_payment_service::config::Config;
use ivr_payment_service::payments::{Accounts, Payments, Tools};
use ivr_payment_service::store::{CallUlid, Order, Store};
use ivr_payment_service::waiting::WaitingRoom;
use paytone_dialog::Verdict;
use paytone_psp::simulator::Simulator;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::fixtures::postgres::Server;
use crate::fixtures::{TTL, TestClock, call, card, claim};

pub(crate) const KEY: &str = "a-key-for-tests";

/// The web and money side of a service, with a clock that stands still.
pub(crate) struct Shop {
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) payments: Payments,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) bus: Bus,
}

/// A shop on each database. The PostgreSQL server goes with the last.
pub(crate) async fn shops() -> (Vec<Shop>, Option<Server>) {
    let server = Server::start().await;
    let mut shops = vec![Shop::new().await];
    if let Some(server) = &server {
        shops.push(Shop::on(server.store().await, RateLimit::new(10_000, 10_000)).await);
    }
    (shops, server)
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) json: Value,
}

impl Shop {
    pub(crate) async fn new() -> Self {
        Self::with_rate(RateLimit::new(10_000, 10_000)).await
    }

    pub(crate) async fn with_rate(rate: RateLimit) -> Self {
        Self::on(Store::in_memory().await.unwrap(), rate).await
    }

    pub(crate) async fn on(store: Store, rate: RateLimit) -> Self {
        let merchant = store.first_merchant().await.unwrap().id;
        let (clock, bus) = (TestClock::new(), Bus::new());
        let tools = Tools {
            store: store.clone(),
            accounts: Accounts::shared(Arc::new(Simulator::new()), Duration::from_secs(60)),
            bus: bus.clone(),
            clock: clock.clone(),
        };
        let payments = Payments::with(tools);
        let backend = Backend {
            store: store.clone(),
            payments: payments.clone(),
            bus: bus.clone(),
            rate,
            refusals: Refusals::default(),
            waiting: WaitingRoom::default(),
            clock: clock.clone(),
            key: KEY.into(),
            merchant,
            ttl: TTL,
            own_ttl: HashMap::new(),
            dialling: Dialling::new(&Config::default(), "127.0.0.1:5060".parse().unwrap(), |_| merchant),
        };
        Self { router: router(backend), store, payments, clock, bus }
    }

    /// One request. `once` is its Idempotency-Key.
    pub(crate) async fn ask(
        &self,
        key: &str,
        method: &Method,
        path: &str,
        once: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(KEY, &Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(KEY, &Method::POST, path, None, Some(body)).await
    }

    /// A request that moves money.
    pub(crate) async fn pay(&self, path: &str, once: &str, body: Value) -> Answer {
        self.ask(KEY, &Method::POST, path, Some(once), Some(body)).await
    }

    /// Makes an order by request and returns it as it is stored.
    pub(crate) async fn order(&self, body: Value) -> Order {
        let made = self.post("/v1/orders", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.json);
        let merchant = self.store.first_merchant().await.unwrap().id;
        self.store.order(merchant, made.json["id"].as_str().unwrap()).await.unwrap().unwrap()
    }

    /// A caller who pays it with this card.
    pub(crate) async fn caller_pays(&self, order: &Order, number: &str) -> (CallUlid, Verdict) {
        let caller = call(&self.store).await;
        let order = claim(&self.store, order, caller).await;
        let verdict = self.payments.authorize(caller, &order, card(number)).await;
        (caller, verdict)
    }

    /// The order's state as a merchant reads it.
    pub(crate) async fn state(&self, order: &Order) -> String {
        self.get(&format!("/v1/orders/{}", order.id)).await.json["state"].as_str().unwrap().to_owned()
    }
}
