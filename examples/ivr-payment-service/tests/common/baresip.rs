//! baresip as a caller or an operator, started and stopped by the test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::peers::{free_port, free_sip_port};

/// A baresip without any audio device, driven over its control socket.
pub(crate) struct Baresip {
    child: Child,
    control: TcpStream,
    sip: u16,
    folder: PathBuf,
}

/// How a baresip is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup<'a> {
    /// It answers by itself.
    pub(crate) answers: bool,
    /// What its microphone hears; silence where there is nothing.
    pub(crate) says: &'a [i16],
    /// More parameters of its account, such as `;mediaenc=srtp-mand`.
    pub(crate) account: &'a str,
    /// More lines of its configuration.
    pub(crate) config: &'a str,
}

impl Baresip {
    /// Starts baresip with its files in `folder`.
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_as(folder, Setup::default()).await
    }

    /// Starts baresip set up like this, with its files in `folder`.
    pub(crate) async fn start_as(folder: &Path, setup: Setup<'_>) -> Self {
        let answers = if setup.answers { ";answermode=auto" } else { "" };
        let account =
            format!("<sip:phone@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1{answers}{}\n", setup.account);
        std::fs::write(folder.join("accounts"), account).expect("accounts");
        std::fs::write(folder.join("contacts"), "").expect("contacts");
        std::fs::create_dir_all(folder.join("heard")).expect("folder");
        write_microphone(&folder.join("tx.wav"), setup.says);
        // A port that was free may be somebody else's by the time baresip wants it: then it ends, and is started again.
        for _ in 0..5 {
            if let Some(phone) = Self::try_start(folder, setup.config).await {
                return phone;
            }
        }
        panic!("baresip does not start: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    async fn try_start(folder: &Path, more: &str) -> Option<Self> {
        let (sip, control) = (free_sip_port(), free_port());
        std::fs::write(folder.join("config"), baresip_config(folder, sip, control) + more).expect("config");
        let log = std::fs::File::create(folder.join("log")).expect("log");
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("baresip starts");
        let control = connect(control, &mut child).await?;
        Some(Self { child, control, sip, folder: folder.to_owned() })
    }

    /// Where it can be called.
    pub(crate) fn uri(&self) -> String {
        format!("sip:phone@127.0.0.1:{}", self.sip)
    }

    /// What it has heard in its last call, 8 kHz; whole once the program has ended.
    pub(crate) fn heard(folder: &Path) -> Vec<i16> {
        let files = std::fs::read_dir(folder.join("heard")).expect("a folder");
        let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        files.retain(|file| file.to_string_lossy().ends_with("dec.wav"));
        files.sort();
        let file = files.last().expect("baresip has recorded");
        let mut wav = hound::WavReader::open(file).expect("a recording");
        assert_eq!(wav.spec().sample_rate, 8000);
        wav.samples::<i16>().map_while(Result::ok).collect()
    }

    /// Sends a command, such as `dial sip:pay@127.0.0.1:5060` or `sndcode 4`.
    pub(crate) async fn command(&mut self, command: &str) {
        let (name, params) = command.split_once(' ').unwrap_or((command, ""));
        let json = format!(r#"{{"command":"{name}","params":"{params}","token":"t"}}"#);
        let netstring = format!("{}:{json},", json.len());
        self.control.write_all(netstring.as_bytes()).await.expect("baresip takes commands");
    }

    /// Waits until baresip reports an event, such as `CALL_ESTABLISHED`.
    pub(crate) async fn wait_for(&mut self, event: &str, limit: Duration) {
        let mut heard = String::new();
        let waited = tokio::time::timeout(limit, async {
            let mut buffer = [0; 4096];
            while !heard.contains(event) {
                let length = self.control.read(&mut buffer).await.expect("baresip talks");
                assert!(length > 0, "baresip closed its control socket; heard {heard}");
                heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        assert!(waited.await.is_ok(), "no {event} from baresip; heard {heard}");
    }

    /// Says this from now on, and then nothing.
    pub(crate) async fn say(&mut self, name: &str, samples: &[i16]) {
        let path = self.folder.join(name).with_extension("wav");
        write_microphone(&path, samples);
        self.command(&format!("ausrc aufile,{}", path.display())).await;
    }

    /// Presses keys one after the other, like a person.
    pub(crate) async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command(&format!("sndcode {key}")).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Ends the program.
    pub(crate) async fn stop(mut self) {
        self.command("quit").await;
        if tokio::time::timeout(Duration::from_secs(3), self.child.wait()).await.is_err() {
            self.child.kill().await.expect("our own child can be ended");
        }
    }
}

/// The program's control socket; nothing where the program does without it, or has ended.
async fn connect(port: u16, child: &mut Child) -> Option<TcpStream> {
    for _ in 0..100 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
            return Some(stream);
        }
        if child.try_wait().expect("our own child").is_some() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    child.kill().await.expect("our own child can be ended");
    None
}

/// What the microphone hears, and then silence up to two minutes. baresip hangs up at the end of the file.
fn write_microphone(path: &Path, says: &[i16]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("wav");
    for at in 0..says.len().max(120 * 8000) {
        wav.write_sample(says.get(at).copied().unwrap_or_default()).expect("wav");
    }
    wav.finalize().expect("wav");
}

fn baresip_config(folder: &Path, sip: u16, control: u16) -> String {
    let folder = folder.display();
    let modules = modules().display().to_string();
    format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{sip}\naudio_player aubridge,sink\naudio_source aufile,{folder}/tx.wav\n\
         audio_alert aubridge,nil\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         audio_txmode poll\nrtp_ports 10000-20000\nnet_interface 127.0.0.1\nmodule_path {modules}\n\
         module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\n\
         module sndfile.so\nsnd_path {folder}/heard\nmodule_app contact.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    )
}

fn modules() -> PathBuf {
    let folders = [
        "/usr/lib/baresip/modules",
        "/usr/lib/x86_64-linux-gnu/baresip/modules",
        "/usr/local/lib/baresip/modules",
    ];
    let found = folders.iter().map(PathBuf::from).find(|folder| folder.is_dir());
    found.expect("baresip's modules are installed with it")
}
