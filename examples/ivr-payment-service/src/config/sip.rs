//! Where SIP is spoken, with whom, and how it is encrypted.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::account::{AccountConfig, Login};
use super::{ConfigError, setting};

/// SIP addresses and partners; port 0 takes any free one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipConfig {
    /// Where SIP over UDP is received.
    pub udp: SocketAddr,
    /// Where SIP over TCP is received.
    pub tcp: SocketAddr,
    /// `host` or `host:port` written into SIP URIs instead of the listening address.
    pub public: Option<String>,
    /// SIP over TLS, where it is spoken.
    pub tls: Option<SipTlsConfig>,
    /// Whether media is encrypted (SRTP, keys by RFC 4568); a trunk may say otherwise.
    pub encryption: Encryption,
    /// The ports of RTP, the first and the last; any free port where there are none.
    #[serde(default)]
    pub rtp_ports: Option<PortRange>,
    /// New calls a second that one source may try; more are refused without being looked at.
    pub calls_per_second: u32,
    /// How RTP is marked (DSCP), 0 to 63.
    #[serde(deserialize_with = "dscp")]
    pub rtp_dscp: u8,
    /// Who we are with others.
    #[serde(default)]
    pub accounts: Vec<AccountConfig>,
    /// Who may call; everybody where there are none.
    #[serde(default)]
    pub trunks: Vec<TrunkConfig>,
}

/// SIP over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipTlsConfig {
    /// Where it is received.
    pub address: SocketAddr,
    /// The certificate and those that vouch for it, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM: PKCS#8 or PKCS#1.
    pub key: PathBuf,
    /// Who vouches for those we call, PEM.
    pub authorities: Option<PathBuf>,
}

/// Whether media is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Never: a peer that insists on SRTP is refused.
    Off,
    /// As the peer wishes.
    Offered,
    /// Always: a peer that does not offer SRTP is refused.
    Required,
}

/// A partner whose calls are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkConfig {
    /// Its name in the log.
    pub name: String,
    /// The addresses its requests come from.
    pub sources: Vec<Network>,
    /// Whether its media is encrypted.
    pub encryption: Option<Encryption>,
    /// What its calls have to show (digest), besides coming from there.
    pub login: Option<Login>,
}

/// An address, or all that begin with the same bits: `192.0.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The first and the last port of RTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "(u16, u16)")]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl SipConfig {
    /// Who we are with the peer that a SIP URI leads to.
    #[must_use]
    pub fn account_for(&self, uri: &str) -> Option<&AccountConfig> {
        let host = |uri: &str| {
            let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
            let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
            rest.split(';').next().unwrap_or_default().to_ascii_lowercase()
        };
        self.accounts.iter().find(|account| host(&account.peer) == host(uri))
    }

    /// The partner a request from this address belongs to.
    ///
    /// # Errors
    ///
    /// [`NotATrunk`] where there are partners and it is none of them.
    pub fn trunk_of(&self, source: IpAddr) -> Result<Option<&TrunkConfig>, NotATrunk> {
        let trunk = self.trunks.iter().find(|trunk| trunk.sources.iter().any(|net| net.contains(source)));
        if trunk.is_none() && !self.trunks.is_empty() { Err(NotATrunk) } else { Ok(trunk) }
    }

    /// Everything that is wrong with the settings together.
    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.calls_per_second == 0 {
            problems.push(setting("sip.calls_per_second", "must be at least 1"));
        }
        if self.trunks.iter().any(|trunk| trunk.sources.is_empty()) {
            problems.push(setting("sip.trunks.sources", Cow::Borrowed("at least one is needed")));
        }
        problems
    }
}

fn dscp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let value = u8::deserialize(deserializer)?;
    if value < 64 { Ok(value) } else { Err(D::Error::custom("0 to 63")) }
}

/// Nobody we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known partner")]
pub struct NotATrunk;

impl Network {
    /// Whether the address is in it. An IPv4 address in an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.bits);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.bits);
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Self { address, bits })
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("must be an address such as 192.0.2.1 or 192.0.2.0/24"))
    }
}

impl PortRange {
    /// Its ports.
    #[must_use]
    pub const fn ports(self) -> core::ops::RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl TryFrom<(u16, u16)> for PortRange {
    type Error = &'static str;

    fn try_from((first, last): (u16, u16)) -> Result<Self, Self::Error> {
        match first >= 1024 && first <= last {
            true => Ok(Self { first, last }),
            false => Err("two ports from 1024 on, the lower one first"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_the_addresses_that_begin_like_them() {
        let holds =
            |net: &str, address: &str| Network::parse(net).unwrap().contains(address.parse().unwrap());
        assert!(holds("192.0.2.0/24", "192.0.2.77"));
        assert!(!holds("192.0.2.0/24", "192.0.3.1"));
        assert!(holds("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:7::1"));
        for wrong in ["192.0.2.0/33", "localhost", "192.0.2.0/", "/8", ""] {
            assert!(Network::parse(wrong).is_none(), "{wrong}");
        }
    }
}
