//! Recordings of calls, written by a thread of their own: a slow disk delays no audio.

use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use hound::{SampleFormat, WavSpec, WavWriter};
use paytone_call::{FRAME_SAMPLES, Recorded};

use crate::store::CallUlid;

/// Where recordings go, and the thread that writes them.
pub(super) struct Recordings {
    folder: PathBuf,
    pieces: SyncSender<Piece>,
    writer: JoinHandle<()>,
}

/// One call's recording: two channels, the caller's and what the caller hears. It ends when it is dropped.
pub(super) struct CallRecording {
    file: WavFile,
    samples: Vec<i16>,
    pieces: SyncSender<Piece>,
    is_whole: bool,
}

type WavFile = Arc<Mutex<WavWriter<BufWriter<File>>>>;

enum Piece {
    /// Some audio for a file.
    Audio(WavFile, Vec<i16>),
    /// There is no more of any.
    End,
}

impl Recordings {
    /// Makes the folder, readable by its owner alone, where it does not exist, and starts the thread.
    pub(super) fn start(folder: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let (pieces, waiting) = sync_channel(WAITING);
        let writer = std::thread::Builder::new().name("recordings".to_owned());
        let writer = writer.spawn(move || write(&waiting))?;
        Ok(Self { folder: folder.to_owned(), pieces, writer })
    }

    /// Makes the call's file, readable by its owner alone.
    pub(super) fn record(&self, call: CallUlid) -> std::io::Result<CallRecording> {
        let path = self.folder.join(format!("{call}.wav"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let wav = WavWriter::new(BufWriter::new(file), FORMAT).map_err(std::io::Error::other)?;
        Ok(CallRecording {
            file: Arc::new(Mutex::new(wav)),
            samples: Vec::with_capacity(PIECE),
            pieces: self.pieces.clone(),
            is_whole: true,
        })
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) {
        drop(self.pieces.send(Piece::End));
        if self.writer.join().is_err() {
            tracing::error!("recordings could not be finished");
        }
    }
}

impl CallRecording {
    /// Takes the next 20 ms.
    pub(super) fn put(&mut self, recorded: &Recorded) {
        for (caller, heard) in recorded.caller.iter().zip(&recorded.heard) {
            self.samples.extend([*caller, *heard]);
        }
        if self.samples.len() >= PIECE {
            self.pass_on();
        }
    }

    /// What the disk is too slow for is missing, and said once.
    fn pass_on(&mut self) {
        let samples = core::mem::replace(&mut self.samples, Vec::with_capacity(PIECE));
        let sent = self.pieces.try_send(Piece::Audio(self.file.clone(), samples));
        if sent.is_err() && core::mem::take(&mut self.is_whole) {
            tracing::warn!("a recording has gaps");
        }
    }
}

impl Drop for CallRecording {
    fn drop(&mut self) {
        self.pass_on();
    }
}

/// Every piece leaves its file whole: one that a crash cuts off can be played up to there.
fn write(waiting: &Receiver<Piece>) {
    while let Ok(Piece::Audio(file, samples)) = waiting.recv() {
        let mut wav = file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = samples.iter().try_for_each(|sample| wav.write_sample(*sample));
        if written.and_then(|()| wav.flush()).is_err() {
            tracing::error!("a recording could not be written");
        }
    }
}

const FORMAT: WavSpec =
    WavSpec { channels: 2, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };
/// Half a second of both channels.
const PIECE: usize = 25 * 2 * FRAME_SAMPLES;
/// Pieces that may wait for the disk: two seconds of 500 calls.
const WAITING: usize = 2000;
