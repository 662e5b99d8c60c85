//! Reading an answer, as far as it makes sense.

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::HeaderMap;
use paytone_psp::DoubtCause;
use paytone_psp::exchange::Response;
use zeroize::Zeroizing;

/// Reads the whole answer. A redirect is none: a card number is not sent to wherever it points.
pub(crate) async fn read(
    response: hyper::Response<Incoming>,
    most_bytes: usize,
) -> Result<Response, DoubtCause> {
    if response.status().is_redirection() {
        return Err(DoubtCause::Unreadable);
    }
    let (head, body) = response.into_parts();
    let body = read_body(body, most_bytes).await?;
    Ok(Response::new(head.status.as_u16(), headers(&head.headers), body))
}

async fn read_body(mut body: Incoming, most_bytes: usize) -> Result<Vec<u8>, DoubtCause> {
    let announced = body.size_hint().exact().map(usize::try_from);
    let room = match announced {
        Some(Ok(announced)) if announced <= most_bytes => announced,
        Some(_) => return Err(DoubtCause::Unreadable),
        None => most_bytes,
    };
    // Of its full size from the start: growing would leave copies behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(room));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cause(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > room - whole.len() {
            return Err(DoubtCause::Unreadable);
        }
        whole.extend_from_slice(data);
    }
    Ok(core::mem::take(&mut *whole))
}

/// What can be read as text; a provider's own headers always can.
fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &hyper::header::HeaderValue| value.to_str().ok().map(str::to_owned);
    all.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// What a broken exchange is called. The request had been taken by then.
pub(crate) fn cause(error: &hyper::Error) -> DoubtCause {
    if error.is_parse() { DoubtCause::Unreadable } else { DoubtCause::NoAnswer }
}
