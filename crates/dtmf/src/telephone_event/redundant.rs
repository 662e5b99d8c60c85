/// One block of a redundant payload (RFC 2198), such as wraps telephone-events on some lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RedundantBlock<'a> {
    payload_type: u8,
    timestamp: u32,
    data: &'a [u8],
}

impl<'a> RedundantBlock<'a> {
    /// The blocks of the payload of an RTP packet with this timestamp, oldest first: the order in which
    /// to hand them to an [`EventReceiver`](super::EventReceiver), which counts what it knows already only
    /// once. Nothing comes of a payload whose lengths do not add up.
    ///
    /// ```
    /// use paytone_dtmf::telephone_event::RedundantBlock;
    ///
    /// // Payload type 101: a key that began 160 units before, and the one that begins now.
    /// let payload = [0x80 | 101, 0x02, 0x80, 0x04, 101, 5, 0x8a, 0, 80, 6, 0x0a, 0, 160];
    /// let blocks: Vec<_> = RedundantBlock::parse(&payload, 1000).collect();
    /// assert_eq!(blocks[0].timestamp(), 840);
    /// assert_eq!((blocks[1].timestamp(), blocks[1].data()), (1000, &payload[9..]));
    /// ```
    pub fn parse(payload: &'a [u8], timestamp: u32) -> impl Iterator<Item = Self> {
        let data_from = headers(payload).map(|(headers, _)| headers);
        let mut header = 0;
        let mut data = data_from.and_then(|from| payload.get(from..)).unwrap_or_default();
        let mut left = headers(payload).map_or(0, |(_, blocks)| blocks);
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let first = *payload.get(header)?;
            if first & 0x80 == 0 {
                return Some(Self { payload_type: first, timestamp, data });
            }
            let &[_, offset, middle, length] = payload.get(header..header + LONG)? else { return None };
            header += LONG;
            let offset = u32::from(offset) << 6 | u32::from(middle >> 2);
            let length = usize::from(middle & 3) << 8 | usize::from(length);
            let (block, rest) = data.split_at_checked(length)?;
            data = rest;
            let timestamp = timestamp.wrapping_sub(offset);
            Some(Self { payload_type: first & 0x7f, timestamp, data: block })
        })
    }

    /// The payload type of this block.
    #[must_use]
    pub const fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// The RTP timestamp of this block.
    #[must_use]
    pub const fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// What is in this block.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }
}

/// Leaves the data out: it may say which key was pressed.
impl core::fmt::Debug for RedundantBlock<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RedundantBlock")
            .field("payload_type", &self.payload_type)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Bytes of all headers and how many blocks there are, if the lengths fit into the payload.
fn headers(payload: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut blocks, mut data) = (0, 1, 0);
    while payload.get(at)? & 0x80 != 0 {
        data += usize::from(payload.get(at + 2)? & 3) << 8 | usize::from(*payload.get(at + 3)?);
        at += LONG;
        blocks += 1;
    }
    (at + 1 + data <= payload.len()).then_some((at + 1, blocks))
}

/// Bytes of the header of every block but the last, which has one.
const LONG: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephone_event::{EventReceiver, Payload};
    use core::time::Duration;

    fn packet(blocks: &[(u32, [u8; 4])], newest: [u8; 4]) -> Vec<u8> {
        let mut packet = Vec::new();
        for &(offset, _) in blocks {
            packet.extend([0x80 | 101, (offset >> 6) as u8, (offset << 2) as u8, 4]);
        }
        packet.push(101);
        blocks.iter().for_each(|(_, data)| packet.extend(data));
        packet.extend(newest);
        packet
    }

    #[test]
    fn keys_whose_own_packets_were_lost_come_with_the_next_ones() {
        let key = |code| Payload::new(code, true, 10, 400).write();
        let packet = packet(&[(1600, key(1)), (800, key(2))], key(3));
        let mut receiver = EventReceiver::new();
        let mut counted = 0;
        for _ in 0..2 {
            for block in RedundantBlock::parse(&packet, 5000) {
                assert_eq!(block.payload_type(), 101);
                let keys = receiver.handle(1, block.timestamp(), false, block.data(), Duration::ZERO);
                counted += keys.filter(|key| key.phase() == crate::Phase::Start).count();
            }
        }
        assert_eq!(counted, 3);
    }

    #[test]
    fn a_single_block_needs_no_redundancy() {
        let blocks: Vec<_> = RedundantBlock::parse(&[101, 1, 2, 3, 4], 7).collect();
        assert_eq!(blocks, [RedundantBlock { payload_type: 101, timestamp: 7, data: &[1, 2, 3, 4] }]);
    }

    #[test]
    fn lengths_that_do_not_fit_yield_nothing() {
        let whole = packet(&[(160, [1; 4]), (80, [2; 4])], [3; 4]);
        assert_eq!(RedundantBlock::parse(&whole, 0).count(), 3);
        for len in 0..17 {
            assert_eq!(RedundantBlock::parse(&whole[..len], 0).count(), 0, "{len}");
        }
        assert_eq!(RedundantBlock::parse(&[0xff; 40], 0).count(), 0);
    }
}
