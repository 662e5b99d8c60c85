//! Programs in Python, from the interpreter `PAYTONE_PYTHON` names or else `python3`.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

/// The interpreter, where it has `module`. One that is missing is a failure where `PAYTONE_REQUIRE_PEERS` is set, and
/// otherwise said on standard error itself, past the test runner's capture.
pub(crate) fn with_module(module: &str) -> Option<PathBuf> {
    let python = std::env::var_os("PAYTONE_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let imported = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if imported.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var_os("PAYTONE_REQUIRE_PEERS").is_none(),
        "the Python package {module} is required and not installed"
    );
    writeln!(std::io::stderr(), "SKIPPED: {} has no package {module}", python.display())
        .expect("standard error takes a line");
    None
}

/// `localstripe`, on this machine alone, until it is dropped. It keeps whatever it is sent in a file in the system's
/// folder for temporary files, so it gets one of its own that goes with it.
pub(crate) struct Localstripe {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Localstripe {
    pub(crate) async fn start() -> Option<Self> {
        let python = with_module("localstripe.server")?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let program = format!(
            "from aiohttp import web; from localstripe.server import app; \
             web.run_app(app, host='127.0.0.1', port={port}, print=None)"
        );
        let child = Command::new(python)
            .args(["-c", &program])
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let this = Self { child, port, _folder: folder };
        this.wait_until_up().await;
        Some(this)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn wait_until_up(&self) {
        for _ in 0..300 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("localstripe does not listen");
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("bound").port()
}
