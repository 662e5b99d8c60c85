//! Session timers (RFC 4028): a peer that is gone without a word is noticed, even while it holds the call.

use core::time::Duration;

use rsipstack::sip::{HasHeaders, Header, Request};

/// The session timer of one leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionTimer {
    interval: Duration,
    refresher: Refresher,
    /// The peer understands `timer`.
    is_shared: bool,
    refreshed: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresher {
    Us,
    Peer,
}

/// The session would be refreshed more often than we take part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IntervalTooSmall;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// We refresh the session.
    Refresh,
    /// The peer has not: the call is over.
    GiveUp,
}

impl SessionTimer {
    /// What a first INVITE asks for, if it asks for a session timer.
    pub(super) fn asked_for(request: &Request, now: Duration) -> Result<Option<Self>, IntervalTooSmall> {
        let Some((seconds, refresher)) = session_expires(request) else { return Ok(None) };
        if seconds < LEAST {
            return Err(IntervalTooSmall);
        }
        let is_shared = supports_timer(request);
        // Only who understands it can be left to it (RFC 4028, 9).
        let refresher = if is_shared { refresher.unwrap_or(Refresher::Peer) } else { Refresher::Us };
        let interval = Duration::from_secs(u64::from(seconds));
        Ok(Some(Self { interval, refresher, is_shared, refreshed: now }))
    }

    /// The session was refreshed, by the peer with this request or by us.
    pub(super) fn refresh(&mut self, request: Option<&Request>, now: Duration) {
        self.refreshed = now;
        if let Some((seconds, _)) = request.and_then(session_expires) {
            self.interval = Duration::from_secs(u64::from(seconds.max(LEAST)));
        }
    }

    /// The headers of our answer.
    pub(super) fn answer(&self) -> Vec<Header> {
        let who = match self.refresher {
            Refresher::Peer => "uac",
            Refresher::Us => "uas",
        };
        let mut headers = vec![self.header(who)];
        headers.extend(self.is_shared.then(|| Header::Require("timer".into())));
        headers
    }

    /// The headers of a refresh of ours.
    pub(super) fn request(&self) -> Vec<Header> {
        vec![self.header("uac"), Header::Supported("timer".into())]
    }

    fn header(&self, who: &str) -> Header {
        Header::SessionExpires(format!("{};refresher={who}", self.interval.as_secs()).into())
    }

    /// When something is due, and what (RFC 4028, 10): we refresh at half of the interval, and give up a third of it, at most
    /// 32 s, before it ends.
    pub(super) fn due(&self) -> (Duration, Due) {
        match self.refresher {
            Refresher::Us => (self.refreshed + self.interval / 2, Due::Refresh),
            Refresher::Peer => {
                let before = (self.interval / 3).min(Duration::from_secs(32));
                (self.refreshed + self.interval - before, Due::GiveUp)
            }
        }
    }
}

/// The headers of a 422.
pub(super) fn too_small() -> Vec<Header> {
    vec![Header::MinSE(LEAST.to_string().into())]
}

fn session_expires(request: &Request) -> Option<(u32, Option<Refresher>)> {
    let value = request.headers().iter().find_map(|header| match header {
        Header::SessionExpires(value) => Some(value.value()),
        _ => None,
    })?;
    let mut parts = value.split(';').map(str::trim);
    let seconds = parts.next()?.parse().ok()?;
    let refresher = parts.find_map(|part| match part.to_ascii_lowercase().strip_prefix("refresher=")? {
        "uac" => Some(Refresher::Peer),
        "uas" => Some(Refresher::Us),
        _ => None,
    });
    Some((seconds, refresher))
}

fn supports_timer(request: &Request) -> bool {
    request.headers().iter().any(|header| match header {
        Header::Supported(tags) => {
            tags.value().split(',').any(|tag| tag.trim().eq_ignore_ascii_case("timer"))
        }
        Header::Other(name, tags) if name.eq_ignore_ascii_case("k") => {
            tags.split(',').any(|tag| tag.trim().eq_ignore_ascii_case("timer"))
        }
        _ => false,
    })
}

/// The least interval of the RFC, in seconds.
const LEAST: u32 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn asked(headers: &str) -> Result<Option<SessionTimer>, IntervalTooSmall> {
        let text = format!(
            "INVITE sip:pay@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n\
             From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:pay@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
             {headers}Content-Length: 0\r\n\r\n"
        );
        SessionTimer::asked_for(&Request::try_from(text.as_str()).unwrap(), NOW)
    }

    fn due(headers: &str) -> (u64, Due) {
        let (at, due) = asked(headers).unwrap().unwrap().due();
        ((at - NOW).as_secs(), due)
    }

    #[test]
    fn who_refreshes_and_when_is_as_the_standard_has_it() {
        assert_eq!(asked(""), Ok(None));
        assert_eq!(due("Supported: timer\r\nSession-Expires: 1800\r\n"), (1768, Due::GiveUp));
        assert_eq!(
            due("Supported: 100rel, timer\r\nSession-Expires: 90;refresher=uac\r\n"),
            (60, Due::GiveUp)
        );
        assert_eq!(due("Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n"), (45, Due::Refresh));
        // A proxy asked, and the phone would not know what to do.
        assert_eq!(due("Session-Expires: 90;refresher=uac\r\n"), (45, Due::Refresh));
        assert_eq!(asked("Supported: timer\r\nSession-Expires: 89\r\n"), Err(IntervalTooSmall));
    }

    #[test]
    fn a_refresh_begins_the_interval_again() {
        let mut timer = asked("Supported: timer\r\nSession-Expires: 90\r\n").unwrap().unwrap();
        timer.refresh(None, NOW + Duration::from_secs(50));
        assert_eq!(timer.due(), (NOW + Duration::from_secs(110), Due::GiveUp));
        let headers: Vec<_> = timer.answer().iter().map(ToString::to_string).collect();
        assert_eq!(headers, ["Session-Expires: 90;refresher=uac", "Require: timer"]);
    }
}
