//! What the service reads from and writes into SIP messages.

use std::net::IpAddr;

use paytone_media::sdp::{Direction, Offer};
use paytone_redact::SafeText;
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{HasHeaders, Header, Method, Request, StatusCode};

use super::media::MediaSession;

use crate::matching::{read_user_to_user, telephone_number};

/// A key press that came as a SIP INFO request. `Debug` does not show it.
pub(super) struct InfoBody {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

impl InfoBody {
    /// The body of a request that carries a key; `None` for anything else.
    pub(super) fn take_from(request: &mut Request) -> Option<Self> {
        let content_type = content_type(request)?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !KEY_TYPES.contains(&media_type.as_str()) {
            return None;
        }
        Some(Self { content_type: media_type, body: core::mem::take(&mut request.body) })
    }
}

impl core::fmt::Debug for InfoBody {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("InfoBody(..)")
    }
}

/// The `Require` tags of a request that are not supported, if it has any (RFC 3261, 20.32).
pub(super) fn unsupported(request: &Request) -> Option<String> {
    let tags: Vec<_> = request
        .headers()
        .iter()
        .filter_map(|header| match header {
            Header::Require(require) => Some(require.value()),
            Header::Other(name, value) if name.eq_ignore_ascii_case("require") => Some(value.as_str()),
            _ => None,
        })
        .flat_map(|tags| tags.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty() && !EXTENSIONS.iter().any(|known| tag.eq_ignore_ascii_case(known)))
        .collect();
    (!tags.is_empty()).then(|| tags.join(", "))
}

/// The dialog of ours an INVITE wants to take the place of (RFC 3891), if it does.
pub(super) fn replaces(request: &Request) -> Option<Replaces> {
    let value = request.headers().iter().find_map(|header| match header {
        Header::Replaces(replaces) => Some(replaces.value()),
        _ => None,
    })?;
    let mut parts = value.split(';').map(str::trim);
    let call_id = parts.next().unwrap_or_default().to_owned();
    let mut replaces =
        Replaces { call_id, to_tag: String::new(), from_tag: String::new(), early_only: false };
    for part in parts {
        match part.split_once('=') {
            Some((name, tag)) if name.eq_ignore_ascii_case("to-tag") => tag.clone_into(&mut replaces.to_tag),
            Some((name, tag)) if name.eq_ignore_ascii_case("from-tag") => {
                tag.clone_into(&mut replaces.from_tag);
            }
            None if part.eq_ignore_ascii_case("early-only") => replaces.early_only = true,
            _ => {}
        }
    }
    Some(replaces)
}

/// What a `Replaces` header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaces {
    pub(super) call_id: String,
    /// Our own tag.
    pub(super) to_tag: String,
    pub(super) from_tag: String,
    pub(super) early_only: bool,
}

/// The status line of a NOTIFY about a REFER, `SIP/2.0 200 OK` (RFC 3515, 2.4.5).
pub(super) fn sipfrag_status(request: &Request) -> Option<u16> {
    let body = core::str::from_utf8(&request.body).ok()?;
    body.trim_start().strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// What whoever answers the call is told of the payment: the order's id and the outcome, once as headers a person's phone
/// can show and once as user-to-user information (RFC 7433), which most switchboards pass on.
pub(super) fn about_payment(order: Option<&str>, outcome: &str) -> Vec<Header> {
    let mut headers = vec![
        Header::Other("User-to-User".to_owned(), user_to_user(order, outcome)),
        Header::Other("X-Payment-Outcome".to_owned(), outcome.to_owned()),
    ];
    headers.extend(order.map(|order| Header::Other("X-Payment-Order".to_owned(), order.to_owned())));
    headers
}

/// `order=A-1;outcome=approved` in hexadecimal digits.
pub(super) fn user_to_user(order: Option<&str>, outcome: &str) -> String {
    let text = match order {
        Some(order) => format!("order={order};outcome={outcome}"),
        None => format!("outcome={outcome}"),
    };
    let mut value: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    value.push_str(";encoding=hex");
    value
}

/// Whether the request says it belongs to a dialog.
pub(super) fn has_to_tag(request: &Request) -> bool {
    request.to_header().and_then(|to| to.tag()).is_ok_and(|tag| tag.is_some())
}

/// The address the request came from, as the transport noted it in the topmost `Via` (RFC 3261, 18.2.1).
pub(super) fn source_address(request: &Request) -> Option<IpAddr> {
    let via = request.via_header().ok()?.typed().ok()?;
    let received = via.received().and_then(Result::ok);
    received.or_else(|| via.uri.host().to_string().trim_matches(['[', ']']).parse().ok())
}

/// The network the request came from, as the transport noted it in the topmost `Via` (RFC 3261, 18.2.1): the address, or
/// for IPv6 its /64, since one caller commonly has all of that.
pub(super) fn source(request: &Request) -> Option<String> {
    Some(match source_address(request)? {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        address => address.to_canonical().to_string(),
    })
}

/// The caller's telephone number: what the network asserts (RFC 3325), or else what the phone says.
pub(super) fn caller_number(request: &Request) -> Option<String> {
    let asserted = request.headers().iter().find_map(|header| match header {
        Header::PAssertedIdentity(identity) => asserted_number(identity.value()),
        _ => None,
    });
    asserted.or_else(|| {
        let from = request.from_header().ok()?.uri().ok()?;
        telephone_number(from.user()?)
    })
}

/// The user part of whoever the request is from, as far as a screen may show it; `anonymous` where there is none.
pub(super) fn from_user(request: &Request) -> String {
    let from = request.from_header().ok().and_then(|from| from.uri().ok());
    let user = from.as_ref().and_then(|from| from.user()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    let is_shown = !user.is_empty() && user.chars().all(is_plain);
    SafeText::new(if is_shown { user } else { "anonymous" }).to_string()
}

fn asserted_number(identity: &str) -> Option<String> {
    let scheme = identity.find("sip:").or_else(|| identity.find("tel:"))?;
    telephone_number(identity[scheme + 4..].split(['@', '>']).next()?)
}

/// What the line's own header, and then every `User-to-User` (RFC 7433), says.
pub(super) fn order_codes(request: &Request, own: Option<&str>) -> Vec<String> {
    let own = own.into_iter().flat_map(|name| values(request, name));
    let own = own.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    let handed = request.headers().iter().filter_map(|header| match header {
        Header::UserToUser(handed) => read_user_to_user(handed.value()),
        _ => None,
    });
    own.chain(handed).collect()
}

/// The values of a header that the SIP library knows no type for.
fn values<'a>(request: &'a Request, wanted: &str) -> Vec<&'a str> {
    let headers = request.headers().iter();
    let values = headers.filter_map(|header| match header {
        Header::Other(name, value) if name.eq_ignore_ascii_case(wanted) => Some(value.as_str()),
        _ => None,
    });
    values.collect()
}

/// The request's SDP, if it brings one.
pub(super) fn sdp(request: &Request) -> Option<&[u8]> {
    let is_sdp = content_type(request).is_some_and(|kind| kind.to_ascii_lowercase().starts_with(SDP));
    (is_sdp && !request.body.is_empty()).then_some(request.body.as_slice())
}

/// Whether the request puts the call on hold.
pub(super) fn holds(request: &Request) -> bool {
    let offer = sdp(request).and_then(|offer| Offer::parse(offer).ok());
    offer.is_some_and(|offer| offer.direction() != Direction::SendRecv)
}

pub(super) fn content_type(request: &Request) -> Option<String> {
    request.headers().iter().find_map(|header| match header {
        Header::ContentType(kind) => Some(kind.value().to_owned()),
        Header::Other(name, value) if name.eq_ignore_ascii_case("c") => Some(value.clone()),
        _ => None,
    })
}

/// The methods we take.
pub(super) fn allow() -> Header {
    Header::Allow("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY".into())
}

/// The media types of INFO bodies that are keys.
pub(super) fn accept_keys() -> Header {
    Header::Accept(KEY_TYPES.join(", ").into())
}

/// What OPTIONS is answered with. No extension is advertised until it is there.
pub(super) fn capabilities() -> Vec<Header> {
    vec![
        allow(),
        Header::Accept(format!("{SDP}, {}", KEY_TYPES.join(", ")).into()),
        Header::Supported(EXTENSIONS.join(", ").into()),
    ]
}

/// The headers of an answer that carries SDP.
pub(super) fn sdp_headers() -> Vec<Header> {
    vec![allow(), Header::Supported(EXTENSIONS.join(", ").into()), Header::ContentType(SDP.into())]
}

/// Answers a re-INVITE or UPDATE: hold, resume, another address, or nothing new; `more` are headers of the answer. Whether it could be answered.
pub(super) async fn answer_reoffer(
    media: &mut MediaSession,
    request: &Request,
    handle: &TransactionHandle,
    more: Vec<Header>,
) -> bool {
    let answer = match sdp(request) {
        Some(offer) => media.reoffer(offer, crate::clock::now()).map(|answer| answer.body().to_owned()),
        None if request.method == Method::Invite => Ok(media.offer()),
        None => Ok(String::new()),
    };
    let sent = match answer {
        Ok(body) if body.is_empty() => handle.respond(StatusCode::OK, Some(more), None).await,
        Ok(body) => {
            let headers = sdp_headers().into_iter().chain(more).collect();
            handle.respond(StatusCode::OK, Some(headers), Some(body.into_bytes())).await
        }
        Err(_) => handle.reply(StatusCode::NotAcceptableHere).await,
    };
    sent.is_ok()
}

/// Replaces (RFC 3891) and session timers (RFC 4028).
const EXTENSIONS: [&str; 2] = ["replaces", "timer"];
const SDP: &str = "application/sdp";
const KEY_TYPES: [&str; 2] = ["application/dtmf-relay", "application/dtmf"];
