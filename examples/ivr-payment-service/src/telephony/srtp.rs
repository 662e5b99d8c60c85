//! Encrypted media: SRTP with the keys of the session description (RFC 3711, RFC 4568).

use paytone_media::sdp::{Answer, Crypto, MASTER, SdpError, Suite};
use webrtc_srtp::context::Context;
use webrtc_srtp::option::srtp_replay_protection;
use webrtc_srtp::protection_profile::ProtectionProfile;
use zeroize::Zeroizing;

/// Both ways of one encrypted stream.
pub(super) struct Srtp {
    inbound: Context,
    outbound: Context,
    ours: Crypto,
    theirs: Crypto,
}

/// The suites there are, the stronger one first.
pub(super) const SUITES: [Suite; 2] = [Suite::AesCm128HmacSha1With80, Suite::AesCm128HmacSha1With32];

/// A new key.
pub(super) fn make_key(suite: Suite) -> Crypto {
    let mut master = Zeroizing::new([0; MASTER]);
    rand::fill(master.as_mut_slice());
    Crypto::new(suite, master)
}

impl Srtp {
    pub(super) fn new(ours: &Crypto, theirs: &Crypto) -> Result<Self, SdpError> {
        Ok(Self {
            inbound: context(theirs)?,
            outbound: context(ours)?,
            ours: ours.clone(),
            theirs: theirs.clone(),
        })
    }

    /// The key we encrypt with.
    pub(super) const fn ours(&self) -> &Crypto {
        &self.ours
    }

    /// The peer described its stream anew. A key that stays keeps its packet count.
    pub(super) fn rekey(&mut self, answer: &Answer) -> Result<(), SdpError> {
        let (ours, theirs) = answer.crypto().ok_or(SdpError::NoCrypto)?;
        if *theirs != self.theirs {
            (self.inbound, self.theirs) = (context(theirs)?, theirs.clone());
        }
        if ours.suite() != self.ours.suite() {
            self.outbound = context(ours)?;
        }
        self.ours = ours.clone();
        Ok(())
    }

    /// Decrypts a packet; `None` unless it is the peer's and new.
    pub(super) fn open(&mut self, packet: &[u8]) -> Option<impl core::ops::Deref<Target = [u8]> + use<>> {
        self.inbound.decrypt_rtp(packet).ok()
    }

    /// Encrypts a packet in place.
    pub(super) fn seal(&mut self, packet: &mut Vec<u8>) -> Option<()> {
        let sealed = self.outbound.encrypt_rtp(packet).ok()?;
        packet.clear();
        packet.extend_from_slice(&sealed);
        Some(())
    }
}

fn context(crypto: &Crypto) -> Result<Context, SdpError> {
    let profile = match crypto.suite() {
        Suite::AesCm128HmacSha1With80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::AesCm128HmacSha1With32 => ProtectionProfile::Aes128CmHmacSha1_32,
    };
    let replay = Some(srtp_replay_protection(REPLAY_WINDOW));
    let made = crypto.expose(|key, salt| Context::new(key, salt, profile, replay, None));
    made.map_err(|_| SdpError::NoCrypto)
}

/// Packets that may be late.
const REPLAY_WINDOW: usize = 64;
