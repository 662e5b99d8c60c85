//! Where HTTP is served, and the console on it.

use core::time::Duration;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, seconds, setting};

/// The API's address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where HTTP is served; port 0 takes any free one.
    pub address: SocketAddr,
    /// The certificate and those that lead up to its authority, as PEM; with it HTTP is served over TLS.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// TLS ends in front of us, at a reverse proxy: plain HTTP may be served beyond this machine.
    #[serde(default)]
    pub behind_tls: bool,
}

/// The console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Where the merchant's days begin and end: a name of the IANA time zone database.
    pub time_zone: String,
    /// A session that nobody uses ends after this.
    #[serde(rename = "idle_s", deserialize_with = "seconds")]
    pub idle: Duration,
    /// Every session ends after this.
    #[serde(rename = "session_s", deserialize_with = "seconds")]
    pub session: Duration,
    /// So many wrong tries in a row lock a name.
    pub most_failures: u32,
    /// For so long.
    #[serde(rename = "locked_s", deserialize_with = "seconds")]
    pub locked: Duration,
}

/// Whom operators call when something fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SupportConfig {
    /// A telephone number or an address; shown on every page.
    pub contact: String,
    /// When somebody is there.
    pub hours: String,
}

impl HttpConfig {
    /// Passwords and keys travel over HTTP: beyond this machine only over TLS.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err(setting("http.certificate", "goes with http.key, and the other way round"));
        }
        let covered = self.certificate.is_some() || self.behind_tls || self.address.ip().is_loopback();
        match covered {
            true => Ok(()),
            false => Err(setting(
                "http.address",
                "is served beyond this machine over TLS only: http.certificate and http.key, or http.behind_tls where \
                 a proxy in front of it has them",
            )),
        }
    }
}

impl ConsoleConfig {
    /// The time zone.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn zone(&self) -> Result<jiff::tz::TimeZone, ConfigError> {
        jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| setting("console.time_zone", "is no name of a time zone, such as Asia/Tokyo"))
    }

    pub(super) fn check(&self) -> Vec<ConfigError> {
        let mut problems = Vec::from_iter(self.zone().err());
        // PCI DSS 8.2.8 and 8.3.4: a quarter of an hour, ten tries, half an hour.
        for (name, fits, problem) in [
            ("console.idle_s", self.idle.as_secs() <= 900, "must be at most 900"),
            ("console.most_failures", (1..=10).contains(&self.most_failures), "must be from 1 to 10"),
            ("console.locked_s", self.locked.as_secs() >= 1800, "must be at least 1800"),
        ] {
            if !fits {
                problems.push(setting(name, problem));
            }
        }
        problems
    }
}
