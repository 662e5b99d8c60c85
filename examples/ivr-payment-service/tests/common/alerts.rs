//! Somebody on duty who is told of trouble.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server for one alert: what it is told, and where it is.
pub(crate) async fn listen_for_alerts() -> (JoinHandle<Value>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/alerts", listener.local_addr().unwrap());
    let told = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        // The body is one JSON object: it is there when it can be read.
        loop {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "an alert that ends early: {text}");
            text.push_str(core::str::from_utf8(&bytes[..length]).unwrap());
            let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            if let Some(body) = body {
                assert!(text.starts_with("POST /alerts HTTP/1.1\r\n"), "{text}");
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                return body;
            }
        }
    });
    (told, url)
}
