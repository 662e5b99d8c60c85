//! A console with a clock that stands still, and browsers that keep a cookie.

mod forms;
mod matrix;
mod pages;
mod sign_in;

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use ivr_payment_service::api::{Backend, Dialling, RateLimit, Refusals};
use ivr_payment_service::bus::Bus;
use ivr_payment_service::config::{Config, SupportConfig};
use ivr_payment_service::console::{Setup, router};
use ivr_payment_service::health::Health;
use ivr_payment_service::operators::{Operators, SignInRules};
use ivr_payment_service::payments::{Accounts, Payments, Tools};
use ivr_payment_service::store::{MerchantUlid, NewOperator, OperatorRole, OperatorUlid, Order, Store};
use ivr_payment_service::waiting::WaitingRoom;
use paytone_dialog::Language;
use paytone_psp::simulator::Simulator;
use paytone_redact::SafeText;
use tower::ServiceExt as _;

use crate::fixtures::{NOW, TTL, TestClock, call, card, claim, order};

/// The password of every operator of these tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Screen {
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) operators: Operators,
    pub(crate) payments: Payments,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) health: Health,
    /// Every operator has the same password, so it is hashed once.
    hash: Vec<u8>,
}

impl Screen {
    pub(crate) async fn new() -> Self {
        let store = Store::in_memory().await.unwrap();
        let merchant = store.first_merchant().await.unwrap().id;
        let (clock, bus, health) = (TestClock::new(), Bus::new(), Health::new());
        let payments = Payments::with(Tools {
            store: store.clone(),
            accounts: Accounts::shared(Arc::new(Simulator::new()), Duration::from_secs(60)),
            bus: bus.clone(),
            clock: clock.clone(),
        });
        let backend = Backend {
            store: store.clone(),
            payments: payments.clone(),
            bus,
            rate: RateLimit::new(100_000, 100_000),
            refusals: Refusals::default(),
            waiting: WaitingRoom::default(),
            clock: clock.clone(),
            key: "a-key-for-tests".into(),
            merchant,
            ttl: TTL,
            own_ttl: HashMap::new(),
            dialling: Dialling::new(&Config::default(), "127.0.0.1:5060".parse().unwrap(), |_| merchant),
        };
        let operators = Operators::new(store.clone(), clock.clone(), SignInRules::default());
        let setup = Setup {
            backend,
            operators: operators.clone(),
            health: health.clone(),
            time_zone: jiff::tz::TimeZone::get("Asia/Tokyo").unwrap(),
            support: SupportConfig { contact: "03-0000-0000".to_owned(), hours: "9-18".to_owned() },
            secure: false,
            lines: Config::default().lines,
            most_calls: 5,
            stop: tokio_util::sync::CancellationToken::new(),
        };
        let hash = ivr_payment_service::operators::Hasher::new().hash(PASSWORD.into()).await;
        Self { router: router(setup), store, operators, payments, clock, health, hash }
    }

    pub(crate) async fn first_merchant(&self) -> MerchantUlid {
        self.store.first_merchant().await.unwrap().id
    }

    /// An operator whose password is one of their own.
    pub(crate) async fn operator(
        &self,
        merchant: MerchantUlid,
        login: &str,
        role: OperatorRole,
    ) -> OperatorUlid {
        let id = self.operator_with_given_password(merchant, login, role).await;
        self.store.set_password(merchant, id, &self.hash, false).await.unwrap();
        id
    }

    pub(crate) async fn operator_with_given_password(
        &self,
        merchant: MerchantUlid,
        login: &str,
        role: OperatorRole,
    ) -> OperatorUlid {
        let (login, name) = (SafeText::new(login), SafeText::new("Hanako"));
        let new = NewOperator {
            login: &login,
            name: &name,
            role,
            language: Language::En,
            refund_limit: None,
            password: &self.hash,
        };
        self.store.create_operator(merchant, new, NOW).await.unwrap()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None, csrf: String::new() }
    }

    /// A browser in which an operator of this role of the first merchant has signed in.
    pub(crate) async fn signed_in(&self, role: OperatorRole) -> Browser {
        let login = role.as_str();
        self.operator(self.first_merchant().await, login, role).await;
        let mut browser = self.browser();
        assert_eq!(browser.sign_in(login, PASSWORD).await.status, StatusCode::SEE_OTHER);
        browser
    }

    /// An order that a caller has paid.
    pub(crate) async fn paid_order(&self, order_id: &str, amount: u64) -> Order {
        let made = order(&self.store, order_id, amount).await;
        self.pay(&made).await;
        made
    }

    /// A caller pays it.
    pub(crate) async fn pay(&self, made: &Order) {
        let caller = call(&self.store).await;
        let claimed = claim(&self.store, made, caller).await;
        let number = paytone_card::test_numbers::VISA;
        self.payments.authorize(caller, &claimed, card(number)).await;
        let outcome = paytone_dialog::Outcome::Approved;
        self.store.call_ended(caller, &outcome, NOW + Duration::from_secs(75)).await.unwrap();
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

/// What a browser is to the console: a cookie, and the token of the page it has open.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], &[]).await
    }

    /// Sends a form of the page that is open.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let with = [fields, &[("csrf", csrf.as_str())]].concat();
        self.send(Method::POST, path, &with, &[]).await
    }

    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        let answer = self
            .send(Method::POST, "/console/sign-in", &[("login", login), ("password", password)], &[])
            .await;
        if answer.status == StatusCode::SEE_OTHER {
            self.get("/console/profile").await;
        }
        answer
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path).header("host", "console.test");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = if method == Method::POST { Body::from(encoded(fields)) } else { Body::empty() };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes = if streams { Vec::new().into() } else { to_bytes(body, usize::MAX).await.unwrap() };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if let Some(set) = parts.headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        if let Some((_, rest)) = text.split_once("data-csrf=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let one = |text: &str| {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(escape).collect::<String>()
    };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", one(name), one(value))).collect();
    pairs.join("&")
}
