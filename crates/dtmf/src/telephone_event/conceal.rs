use super::Payload;
use crate::Key;

/// Overwrites which keys a telephone-event payload is about: all become `*`.
///
/// For packets that go on to others, who then know that keys were pressed but not which. To hide
/// that too, drop the packets. Times, flags and events that are not keys stay.
///
/// ```
/// use paytone_dtmf::telephone_event::conceal;
///
/// let mut payload = [5, 0x8a, 0x03, 0x20];
/// conceal(&mut payload);
/// assert_eq!(payload, [10, 0x8a, 0x03, 0x20]);
/// ```
pub fn conceal(payload: &mut [u8]) {
    // Every fourth byte is an event code, even in a payload that was cut off.
    for block in payload.chunks_mut(Payload::LEN) {
        if let Some(code) = block.first_mut()
            && Key::from_event_code(*code).is_some()
        {
            *code = Key::Star.event_code();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_key_it_was_the_packet_is_the_same() {
        let mut seen = Vec::new();
        for key in Key::ALL {
            let mut payload = [
                Payload::new(key.event_code(), true, 9, 400).write(),
                Payload::new(16, false, 9, 80).write(),
            ]
            .concat();
            payload.push(key.event_code());
            conceal(&mut payload);
            seen.push(payload);
        }
        assert!(seen.iter().all(|payload| *payload == seen[0]));
        assert_eq!(Payload::parse(&seen[0][4..]).map(|block| block.event()), Ok(16));
    }
}
