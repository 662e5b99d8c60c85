//! A very small HTTP client: one JSON request at a time to our own API.

use core::error::Error;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, body::Incoming};
use hyper_util::client::legacy::{Client as HyperClient, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Talks to the API of one service.
pub(super) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    key: SecretString,
}

impl Client {
    pub(super) fn new(address: SocketAddr, key: SecretString) -> Self {
        Self { http: HyperClient::builder(TokioExecutor::new()).build_http(), address, key }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Box<dyn Error>> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
        self.send(Method::POST, path, serde_json::to_vec(body)?.into()).await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Value, Box<dyn Error>> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("authorization", format!("Bearer {}", self.key.expose_secret()))
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        let response: Response<Incoming> = self.http.request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(serde_json::from_slice(&body)?)
        } else {
            Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }
}
