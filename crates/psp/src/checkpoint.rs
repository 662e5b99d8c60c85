//! What must be durable before money may move.

use alloc::vec::Vec;
use core::fmt;

use crate::BoxFuture;

/// What an adapter needs to find its transaction again after a crash: the provider's access id, the id of a
/// payment made but not confirmed. Never card data. At most 4096 bytes, opaque to everyone but the adapter
/// that wrote it.
///
/// It may hold a provider's access password, so `Debug` shows the length alone and a store seals it.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckpointBlob(Vec<u8>);

impl CheckpointBlob {
    /// The longest blob, in bytes.
    pub const LONGEST: usize = 4096;

    /// Takes the adapter's bytes.
    ///
    /// # Errors
    ///
    /// More than [`LONGEST`](Self::LONGEST) bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, CheckpointTooLong> {
        if bytes.len() > Self::LONGEST {
            return Err(CheckpointTooLong);
        }
        Ok(Self(bytes))
    }

    /// The adapter's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CheckpointBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointBlob({} bytes)", self.0.len())
    }
}

/// More bytes than a [`CheckpointBlob`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a checkpoint holds at most 4096 bytes")]
pub struct CheckpointTooLong;

/// The caller's store, as a gateway sees it.
///
/// A gateway awaits [`save`](Self::save) before the one request that can move money. The caller writes the
/// blob and the attempt's move to [`Sending`](crate::attempt::State::Sending) in one durable commit.
pub trait Checkpoint: Send + Sync {
    /// Returns once `blob` would survive a crash.
    ///
    /// # Errors
    ///
    /// It would not, or the attempt may no longer be sent (its deadline has passed): the gateway then sends
    /// nothing and answers [`NotSent`](crate::GatewayError::NotSent).
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>>;
}

/// The checkpoint is not durable; nothing may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint could not be made durable")]
pub struct CheckpointFailed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_bounded_and_does_not_print() {
        assert_eq!(CheckpointBlob::new(vec![0; 4097]), Err(CheckpointTooLong));
        let blob = CheckpointBlob::new(b"access-pass".to_vec()).unwrap();
        assert_eq!(format!("{blob:?}"), "CheckpointBlob(11 bytes)");
    }
}
