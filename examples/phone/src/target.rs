//! Whom to call.

use core::fmt;
use core::net::SocketAddr;
use core::str::FromStr;

use rsipstack::sip::{Host, Param, Scheme, Uri};
use thiserror::Error;

use crate::{PhoneError, Transport};

/// A SIP address such as `sip:pay@127.0.0.1:5060`, `sip:pay@[::1]:5060` or `sip:pay@ivr.example;transport=tcp`.
#[derive(Clone)]
pub struct Target {
    uri: Uri,
    transport: Option<Transport>,
}

/// The text is not a SIP address the phone can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// It cannot be read as a SIP URI.
    #[error("not a sip address")]
    Syntax,
    /// It does not begin with `sip:`; TLS is not supported.
    #[error("scheme is not sip")]
    Scheme,
    /// Its `transport` is neither `udp` nor `tcp`.
    #[error("transport is not udp or tcp")]
    Transport,
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let uri = Uri::try_from(text).map_err(|_| InvalidTarget::Syntax)?;
        if uri.scheme != Some(Scheme::Sip) {
            return Err(InvalidTarget::Scheme);
        }
        if matches!(&uri.host_with_port.host, Host::Domain(name) if name.0.is_empty()) {
            return Err(InvalidTarget::Syntax);
        }
        let transport = uri.params.iter().find_map(|param| match param {
            Param::Transport(transport) => Some(*transport),
            _ => None,
        });
        let transport = match transport {
            None => None,
            Some(rsipstack::sip::Transport::Udp) => Some(Transport::Udp),
            Some(rsipstack::sip::Transport::Tcp) => Some(Transport::Tcp),
            Some(_) => return Err(InvalidTarget::Transport),
        };
        Ok(Self { uri, transport })
    }
}

impl Target {
    /// What the address asks for; `None` leaves the choice.
    pub(crate) const fn transport(&self) -> Option<Transport> {
        self.transport
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Where the SIP requests go, in the family of `local`.
    pub(crate) async fn resolve(&self, local_is_ipv6: Option<bool>) -> Result<SocketAddr, PhoneError> {
        let port = self.uri.host_with_port.port.as_ref().map_or(DEFAULT_PORT, |port| port.value());
        let fits = |address: &SocketAddr| local_is_ipv6.is_none_or(|six| six == address.is_ipv6());
        let found = match &self.uri.host_with_port.host {
            Host::IpAddr(ip) => Some(SocketAddr::new(*ip, port)).filter(fits),
            Host::Domain(name) => {
                let lookup = tokio::net::lookup_host((name.0.as_str(), port));
                lookup.await.map_err(|_| PhoneError::Host)?.find(fits)
            }
        };
        found.ok_or(PhoneError::Host)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.uri)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uri)
    }
}

const DEFAULT_PORT: u16 = 5060;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_addresses_people_write() {
        let target: Target = "sip:pay@127.0.0.1:5070".parse().unwrap();
        assert_eq!((target.uri.user(), target.transport), (Some("pay"), None));
        let target: Target = "sip:pay@ivr.example;transport=tcp".parse().unwrap();
        assert_eq!(target.transport, Some(Transport::Tcp));
        let target: Target = "sip:pay-123456784@[::1]".parse().unwrap();
        assert_eq!(target.to_string(), "sip:pay-123456784@[::1]");
    }

    #[test]
    fn says_what_it_cannot_call() {
        let refused = |text: &str| text.parse::<Target>().err();
        assert_eq!(refused(""), Some(InvalidTarget::Syntax));
        assert_eq!(refused("127.0.0.1"), Some(InvalidTarget::Scheme));
        assert_eq!(refused("sips:pay@127.0.0.1"), Some(InvalidTarget::Scheme));
        assert_eq!(refused("sip:pay@127.0.0.1;transport=ws"), Some(InvalidTarget::Transport));
        assert_eq!(refused("sip:pay@127.0.0.1:99999"), Some(InvalidTarget::Syntax));
    }

    #[tokio::test]
    async fn an_address_of_the_other_family_is_no_address() {
        let target: Target = "sip:pay@[::1]:5070".parse().unwrap();
        assert_eq!(target.resolve(None).await, Ok("[::1]:5070".parse().unwrap()));
        assert_eq!(target.resolve(Some(false)).await, Err(PhoneError::Host));
    }
}
