//! Somebody who reads the console's pages, without a browser.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
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

    /// A page: its status and text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let request = Request::get(format!("{}{path}", self.console))
            .header("cookie", &self.cookie)
            .body(Full::default())
            .unwrap();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }
}
