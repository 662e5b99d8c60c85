//! A linphonec without any audio device, driven over its standard input.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::peers::{free_port, takes_udp_port};

/// The phone. It answers by itself and sends keys as telephone-events.
pub(crate) struct Linphone {
    child: Child,
    commands: ChildStdin,
    words: ChildStdout,
    heard: String,
    port: u16,
    _home: tempfile::TempDir,
}

impl Linphone {
    /// Starts the program with a home of its own. With a `route` its calls go there whatever they are to.
    ///
    /// A port that was free may be somebody else's by the time the program wants it: then it is started again.
    pub(crate) async fn start(route: Option<SocketAddr>) -> Self {
        for _ in 0..5 {
            if let Some(phone) = Self::try_start(route).await {
                return phone;
            }
        }
        panic!("linphonec does not get its port");
    }

    async fn try_start(route: Option<SocketAddr>) -> Option<Self> {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(home.path().join(".local/share/linphone")).expect("a folder");
        let (port, rtp) = (free_port(), u32::from(free_port()).clamp(10_000, 60_000) & !1);
        let config = format!(
            "[sip]\nsip_port={port}\nsip_tcp_port=-1\nsip_tls_port=-1\nuse_ipv6=0\nmedia_encryption=none\n\
             contact=sip:phone@127.0.0.1:{port}\nuse_info=0\nuse_rfc2833=1\n\
             [rtp]\naudio_rtp_port={rtp}-{}\n[net]\nmtu=1300\n",
            rtp + 100
        );
        let route = route.map_or_else(String::new, |route| {
            format!(
                "[proxy_0]\nreg_proxy=<sip:{route}>\nreg_route=<sip:{route};lr>\n\
                 reg_identity=sip:phone@127.0.0.1\nreg_sendregister=0\n"
            )
        });
        let config = config.replace("[sip]", "[sip]\ndefault_proxy=0") + &route;
        let file = home.path().join("linphonerc");
        std::fs::write(&file, config).expect("a file");
        let mut child = Command::new("linphonec")
            .env("HOME", home.path())
            .arg("-c")
            .arg(&file)
            .args(["-a", "-d", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("linphonec starts");
        if !takes_udp_port(&mut child, port).await {
            return None;
        }
        let (commands, words) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut phone = Self { child, commands, words, heard: String::new(), port, _home: home };
        phone.wait_for("linphonec>", Duration::from_secs(20)).await;
        phone.command("soundcard use files").await;
        phone.command("ports").await;
        phone.wait_for("rtp port", Duration::from_secs(20)).await;
        Some(phone)
    }

    /// Where it can be called.
    pub(crate) fn uri(&self) -> String {
        format!("sip:phone@127.0.0.1:{}", self.port)
    }

    /// Types a line.
    pub(crate) async fn command(&mut self, line: &str) {
        self.commands.write_all(format!("{line}\n").as_bytes()).await.expect("linphonec takes commands");
    }

    /// Waits until it says this; what it said before that is forgotten.
    pub(crate) async fn wait_for(&mut self, words: &str, limit: Duration) {
        let end = self.wait_until(limit, |heard| heard.find(words).map(|at| at + words.len())).await;
        self.heard.drain(..end);
    }

    /// Waits until it has said both, in any order; a command about something it has not announced yet would end it.
    pub(crate) async fn wait_for_both(&mut self, one: &str, other: &str, limit: Duration) {
        self.wait_until(limit, |heard| Some(heard.find(one)?.max(heard.find(other)?))).await;
        self.heard.clear();
    }

    async fn wait_until(&mut self, limit: Duration, found: impl Fn(&str) -> Option<usize>) -> usize {
        let waited = tokio::time::timeout(limit, async {
            let mut buffer = [0; 4096];
            loop {
                if let Some(at) = found(&self.heard) {
                    return at;
                }
                let length = self.words.read(&mut buffer).await.expect("linphonec talks");
                assert!(length > 0, "linphonec ended; heard {}", self.heard);
                self.heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        waited.await.unwrap_or_else(|_| panic!("not what was waited for; heard {}", self.heard))
    }

    /// Presses keys one after the other, like a person.
    pub(crate) async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command(&key.to_string()).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Ends the program.
    pub(crate) async fn stop(mut self) {
        self.command("quit").await;
        if tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
            self.child.kill().await.expect("our own child can be ended");
        }
    }
}
