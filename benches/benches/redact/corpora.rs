//! Seeded texts of the four kinds that pass through a redactor most, and texts made to slow one down.

use std::fmt::Write as _;

use paytone_card::test_numbers;

/// Bytes of each text.
pub(crate) const SIZE: usize = 4 << 20;
/// A card number is planted once in so many bytes.
const PLANT_EVERY: usize = 50_000;

/// A text and its name.
pub(crate) type Corpus = (&'static str, String);

/// Lines of services as they are.
pub(crate) fn everyday() -> Vec<Corpus> {
    vec![
        ("redact_applog", lines(1, app_line)),
        ("redact_jsonlog", lines(2, json_line)),
        ("redact_sip", lines(3, sip_message)),
        ("redact_csv", lines(4, csv_line)),
    ]
}

/// Texts in which much looks like card data, of `size` bytes.
pub(crate) fn hostile(size: usize) -> Vec<Corpus> {
    let mut random = Random(5);
    vec![
        ("redact_hostile_digits", filled(size, |text| text.push(random.digit()))),
        ("redact_hostile_mixed", mixed(size)),
        ("redact_hostile_near", near_misses(size)),
        ("redact_hostile_spaced", spaced(size)),
        ("redact_hostile_cards", filled(size, |text| text.push_str("4111111111111111^"))),
        ("redact_hostile_labels", filled(size, |text| text.push_str("cvc=12 dtmf 45 "))),
        ("redact_hostile_separators", filled(size, |text| text.push_str("1 - = : - "))),
        ("redact_hostile_escapes", filled(size, |text| text.push_str("%34%20"))),
        ("redact_hostile_fullwidth", filled(size, |text| text.push('４'))),
    ]
}

/// A small generator of pseudo-random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }

    fn hexadecimal(&mut self, digits: usize) -> String {
        (0..digits).map(|_| self.one_of(&HEX)).collect()
    }

    fn number(&mut self) -> &'static str {
        test_numbers::ALL[self.below(test_numbers::ALL.len() as u64) as usize].digits()
    }
}

const HEX: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

fn lines(seed: u64, line: fn(&mut Random, &mut String)) -> String {
    let mut random = Random(seed);
    let mut next_plant = PLANT_EVERY;
    filled(SIZE, |text| {
        line(&mut random, text);
        if text.len() >= next_plant {
            next_plant += PLANT_EVERY;
            let number = random.number();
            let _ = writeln!(text, "payment for {number} accepted");
        }
    })
}

fn filled(size: usize, mut more: impl FnMut(&mut String)) -> String {
    let mut text = String::with_capacity(size + 4096);
    while text.len() < size {
        more(&mut text);
    }
    text
}

fn time(random: &mut Random) -> String {
    format!(
        "2026-08-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        random.below(28) + 1,
        random.below(24),
        random.below(60),
        random.below(60),
        random.below(1000)
    )
}

fn app_line(random: &mut Random, text: &mut String) {
    let time = time(random);
    let level = random.one_of(&["INFO ", "DEBUG", "WARN ", "TRACE"]);
    let what = random.one_of(&[
        "connection to the message broker was opened again after the heartbeat had been missed",
        "retrying the request because the upstream closed the connection before the answer was complete",
        "configuration reloaded, listeners keep their sockets, workers pick the change up with the next task",
        "cache entry was evicted before it expired; consider a larger cache for this working set",
        "handler returned without a body and the client had asked for one, answering with no content",
    ]);
    let place = random.one_of(&["service::http", "broker::session", "config::reload", "cache::lru"]);
    let _ = writeln!(text, "{time} {level} {place}: {what} attempt={}", random.below(9));
}

fn json_line(random: &mut Random, text: &mut String) {
    let _ = writeln!(
        text,
        r#"{{"timestamp":"{}","ms":{},"level":"INFO","trace_id":"{}","uuid":"{}-{}-4{}-a{}-{}","user_id":{},"lat":{}.{:07},"load":0.{},"status":{},"message":"request \"{}\" done","took_us":{}}}"#,
        time(random),
        1_754_000_000_000 + random.below(1_000_000_000),
        random.hexadecimal(32),
        random.hexadecimal(8),
        random.hexadecimal(4),
        random.hexadecimal(3),
        random.hexadecimal(3),
        random.hexadecimal(12),
        random.below(1 << 53),
        random.below(90),
        random.below(10_000_000),
        random.below(1 << 53),
        200 + random.below(300),
        random.one_of(&["orders", "calls", "status", "health"]),
        random.below(1_000_000)
    );
}

fn sip_message(random: &mut Random, text: &mut String) {
    let call = random.hexadecimal(24);
    let (a, b, branch, tag) =
        (random.below(255), random.below(255), random.hexadecimal(16), random.hexadecimal(8));
    let session = random.below(1 << 62);
    let _ = write!(
        text,
        "INVITE sip:order@10.0.{a}.{b}:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.{b}.{a}:5062;rport;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: \"Operator {a}\" <sip:{}@10.1.{b}.{a}>;tag={tag}\r\nTo: <sip:order@10.0.{a}.{b}>\r\n\
         Call-ID: {call}@10.1.{b}.{a}\r\nCSeq: {} INVITE\r\nContact: <sip:op@10.1.{b}.{a}:5062;transport=udp>\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\nUser-Agent: phone/{}.{}\r\n\
         Content-Type: application/sdp\r\nContent-Length: 258\r\n\r\n\
         v=0\r\no=- {session} {} IN IP4 10.1.{b}.{a}\r\ns=-\r\nc=IN IP4 10.1.{b}.{a}\r\nt=0 0\r\n\
         m=audio {} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n\r\n",
        1000 + random.below(9000),
        random.below(100_000),
        random.below(9),
        random.below(99),
        session + 1,
        10_000 + random.below(40_000)
    );
}

fn csv_line(random: &mut Random, text: &mut String) {
    let mut id = |digits: u32| {
        let low = 10_u64.pow(digits - 1);
        low + random.below(9 * low)
    };
    let _ = writeln!(text, "{},{},{},{}", id(16), id(12), id(14), id(16));
}

/// Digits with separators strewn in.
fn mixed(size: usize) -> String {
    let mut random = Random(6);
    filled(size, |text| match random.below(4) {
        0 => text.push(random.one_of(&[" ", "-"]).as_bytes()[0].into()),
        _ => text.push(random.digit()),
    })
}

/// Single digits with spaces.
fn spaced(size: usize) -> String {
    let mut random = Random(7);
    filled(size, |text| text.extend([random.digit(), ' ']))
}

/// Right prefix and length, wrong check digit, in fours.
fn near_misses(size: usize) -> String {
    let mut random = Random(8);
    filled(size, |text| {
        let digits: String = (0..14).map(|_| random.digit()).collect();
        let stem = format!("4{digits}");
        let check = paytone_card::luhn::check_digit(stem.as_bytes()).unwrap_or(b'0') - b'0';
        let all = format!("{stem}{}", (check + 1 + random.below(9) as u8) % 10);
        let _ = writeln!(text, "{} {} {} {}", &all[..4], &all[4..8], &all[8..12], &all[12..]);
    })
}
