//! The style sheet and the script.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn style() -> impl IntoResponse {
    kept("text/css; charset=utf-8", include_str!("console.css"))
}

pub(super) async fn script() -> impl IntoResponse {
    kept("text/javascript; charset=utf-8", include_str!("console.js"))
}

pub(super) async fn icon() -> impl IntoResponse {
    kept("image/svg+xml", include_str!("icon.svg"))
}

fn kept(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text)
}
