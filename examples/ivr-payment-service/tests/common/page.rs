//! Somebody who reads the console's pages, without a browser.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ivr_payment_service::operators::Hasher;
use ivr_payment_service::store::{NewOperator, OperatorRole};
use paytone_dialog::Language;
use paytone_redact::SafeText;

use super::Fixture;

const PASSWORD: &str = "a password of theirs";

/// A supervisor who has signed in.
pub(crate) struct Reader {
    console: String,
    cookie: String,
}

impl Reader {
    /// Makes one, and signs in.
    pub(crate) async fn sign_in(fixture: &Fixture) -> Self {
        let services = fixture.service.services();
        let (login, name) = (SafeText::new("reader"), SafeText::new("Reader"));
        let password = Hasher::new().hash(PASSWORD.into()).await;
        let new = NewOperator {
            login: &login,
            name: &name,
            role: OperatorRole::Supervisor,
            language: Language::En,
            refund_limit: None,
            password: &password,
        };
        let (store, merchant, now) =
            (&services.store, services.shop.merchant_id, ivr_payment_service::clock::now());
        let id = store.create_operator(merchant, new, now).await.unwrap();
        store.set_password(merchant, id, &password, false).await.unwrap();
        let console = format!("http://{}/console", fixture.service.http());
        let form = format!("login=reader&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::post(format!("{console}/sign-in"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), 303, "signed in");
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { console, cookie }
    }

    /// From now on this service is asked, with the same cookie.
    pub(crate) fn goes_to(&mut self, fixture: &Fixture) {
        self.console = format!("http://{}/console", fixture.service.http());
    }

    /// What the page is told as it happens.
    pub(crate) async fn listen(&self, path: &str) -> Stream {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let response = client.request(self.request(path)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        Stream { body: response.into_body(), told: String::new() }
    }

    /// A page: its status and text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let response = client.request(self.request(path)).await.unwrap();
        let status = response.status().as_u16();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    fn request(&self, path: &str) -> Request<Full<Bytes>> {
        let request = Request::get(format!("{}{path}", self.console)).header("cookie", &self.cookie);
        request.body(Full::default()).unwrap()
    }
}

/// Server-sent events, as they come.
pub(crate) struct Stream {
    body: Incoming,
    told: String,
}

impl Stream {
    /// Waits for an event with this in it, and returns it.
    pub(crate) async fn wait_for(&mut self, text: &str, patience: Duration) -> String {
        let waited = tokio::time::timeout(patience, async {
            loop {
                while let Some((event, rest)) = self.told.split_once("\n\n") {
                    let (event, rest) = (event.to_owned(), rest.to_owned());
                    self.told = rest;
                    if event.contains(text) {
                        return event;
                    }
                }
                let frame = self.body.frame().await.expect("the stream goes on").unwrap();
                let data = frame.into_data().unwrap_or_default();
                self.told.push_str(core::str::from_utf8(&data).unwrap());
            }
        });
        waited.await.unwrap_or_else(|_| panic!("no {text}"))
    }
}
