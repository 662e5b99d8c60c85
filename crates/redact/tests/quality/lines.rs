//! Seeded lines, class by class: card data in every writing that is looked for, and what looks like it and is not.

use std::ops::Range;

use paytone_card::{luhn, test_numbers};

/// A line, and which bytes of it are card data.
pub(crate) struct Line {
    /// The text.
    pub(crate) text: String,
    /// The card data in it; empty when there is none.
    pub(crate) secret: Range<usize>,
}

/// What must hold for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Card numbers in everyday writing: all are found.
    Must,
    /// Card numbers written otherwise: at least 98 % are found.
    Hard,
    /// Security codes and keys behind their labels: all are found.
    Label,
    /// Everyday text without card data: nothing is changed.
    Clean,
    /// Text made to look like card data: at most 1 % of the lines are changed.
    HardClean,
}

/// Lines of one kind.
pub(crate) struct Class {
    /// What they hold.
    pub(crate) name: &'static str,
    /// What must hold for them.
    pub(crate) tier: Tier,
    make: fn(&mut Random) -> (String, String, String),
}

impl Class {
    /// A line of this class.
    pub(crate) fn line(&self, random: &mut Random) -> Line {
        let (before, secret, after) = (self.make)(random);
        let start = before.len();
        let end = start + if self.tier < Tier::Clean { secret.len() } else { 0 };
        Line { text: before + &secret + &after, secret: start..end }
    }
}

/// Pseudo-random numbers (xorshift64*).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len() as u64) as usize]
    }

    /// So many digits, the first not zero.
    fn digits(&mut self, count: u32) -> String {
        let low = 10_u64.pow(count - 1);
        (low + self.next() % (9 * low)).to_string()
    }

    fn hexadecimal(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// A published test number of 13 digits or more.
    fn number(&mut self) -> &'static str {
        self.number_that(|_| true)
    }

    fn number_that(&mut self, is_wanted: impl Fn(&str) -> bool) -> &'static str {
        loop {
            let number = test_numbers::ALL[self.below(test_numbers::ALL.len() as u64) as usize].digits();
            if number.len() >= 13 && luhn::is_valid(number.as_bytes()) && is_wanted(number) {
                return number;
            }
        }
    }

    /// Words around something.
    fn words(&mut self) -> &'static str {
        self.one_of(&["card", "pan", "the number is", "received", "customer gave", "payment with", "value"])
    }
}

/// All classes, by tier.
pub(crate) fn classes() -> Vec<Class> {
    [must(), hard(), labels(), clean(), hard_clean()].into_iter().flatten().collect()
}

fn class(name: &'static str, tier: Tier, make: fn(&mut Random) -> (String, String, String)) -> Class {
    Class { name, tier, make }
}

/// Words, the secret, words.
fn in_text(random: &mut Random, secret: String) -> (String, String, String) {
    let after = random.one_of(&["", ".", " ok", ", amount 1200", "; declined", "\n"]);
    (format!("{} ", random.words()), secret, after.into())
}

fn around(before: &str, secret: impl Into<String>, after: &str) -> (String, String, String) {
    (before.into(), secret.into(), after.into())
}

/// In fours, or 4-6-5 and 4-6-4 where that is how the brand prints them.
fn grouped(number: &str, separator: &str) -> String {
    let sizes: &[usize] = match number.len() {
        15 => &[4, 6, 5],
        14 => &[4, 6, 4],
        _ => &[4, 4, 4, 4, 4],
    };
    let mut rest = number;
    let mut groups = Vec::new();
    for &size in sizes {
        let (group, after) = rest.split_at(size.min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups.retain(|group| !group.is_empty());
    groups.join(separator)
}

fn digit_by_digit(number: &str, separator: &str) -> String {
    number.chars().map(String::from).collect::<Vec<_>>().join(separator)
}

/// Each digit as the character so far behind the zero of a script.
fn in_script(number: &str, zero: char) -> String {
    number.bytes().filter_map(|digit| char::from_u32(u32::from(zero) + u32::from(digit - b'0'))).collect()
}

fn must() -> Vec<Class> {
    use Tier::Must;
    vec![
        class("plain", Must, |r| (r.number().to_owned()).pipe(|n| in_text(r, n))),
        class("groups with spaces", Must, |r| grouped(r.number(), " ").pipe(|n| in_text(r, n))),
        class("groups with dashes", Must, |r| grouped(r.number(), "-").pipe(|n| in_text(r, n))),
        class("json string", Must, |r| around(r#"{"pan":""#, r.number(), r#"","x":1}"#)),
        class("json number", Must, |r| around(r#"{"pan":"#, r.number(), r#","x":1}"#)),
        class("json in json", Must, |r| around(r#"{"m":"{\"pan\":\""#, r.number(), r#"\"}"}"#)),
        class("xml", Must, |r| around("<pan>", r.number(), "</pan>")),
        class("url", Must, |r| around("GET /pay?card=", r.number(), "&amount=1200 HTTP/1.1")),
        class("csv", Must, |r| around("17,JPY,", r.number(), ",1200,ok")),
        class("track 1", Must, |r| {
            around("%B", format!("{}^DOE/JOHN^30121010000000000000", r.number()), "?")
        }),
        class("track 2", Must, |r| around(";", format!("{}=30121010000012345678", r.number()), "?")),
        class("track 2 of a chip", Must, |r| {
            around("57:", format!("{}D30121010000012345678F", r.number()), "")
        }),
        class("letters next to it", Must, |r| around("PAN", r.number(), "X")),
        class("underscores next to it", Must, |r| around("card_", r.number(), "_key")),
        class("ansi colours", Must, |r| around("\u{1b}[31m", r.number(), "\u{1b}[0m")),
        class("expiry date behind it", Must, |r| {
            (r.words().to_owned() + " ", r.number().into(), " 12/30".into())
        }),
        class("expiry date as a group", Must, |r| around("keyed ", grouped(r.number(), " "), " 12 30")),
        class("mastercard 2-series", Must, |r| {
            let number = r.number_that(|number| ("2221".."2721").contains(&&number[..4]));
            in_text(r, number.into())
        }),
        class("18 and 19 digits", Must, |r| {
            let number = r.number_that(|number| number.len() >= 18);
            in_text(r, number.into())
        }),
        class("the second of two", Must, |r| {
            let first = r.number();
            (format!("{first}, "), r.number().into(), String::new())
        }),
    ]
}

fn hard() -> Vec<Class> {
    use Tier::Hard;
    vec![
        class("digit by digit, spaces", Hard, |r| digit_by_digit(r.number(), " ").pipe(|n| in_text(r, n))),
        class("digit by digit, dashes", Hard, |r| digit_by_digit(r.number(), "-").pipe(|n| in_text(r, n))),
        class("dots", Hard, |r| around("pan=", grouped(r.number(), "."), ";")),
        class("no-break spaces", Hard, |r| grouped(r.number(), "\u{a0}").pipe(|n| in_text(r, n))),
        class("other spaces", Hard, |r| {
            let space = r.one_of(&["\u{2009}", "\u{202f}", "\u{3000}", "\u{200b}", "\u{2007}"]);
            grouped(r.number(), space).pipe(|n| in_text(r, n))
        }),
        class("other dashes", Hard, |r| {
            let dash = r.one_of(&["\u{2010}", "\u{2011}", "\u{2013}", "\u{2014}", "\u{2212}", "\u{ff0d}"]);
            grouped(r.number(), dash).pipe(|n| in_text(r, n))
        }),
        class("separators escaped for urls", Hard, |r| {
            let separator = r.one_of(&["%20", "%2D", "+", "%C2%A0"]);
            around("card=", grouped(r.number(), separator), "&x=1")
        }),
        class("digits escaped for urls", Hard, |r| {
            let text = r.number().bytes().map(|digit| format!("%{digit:02X}")).collect::<String>();
            around("card=", text, "&x=1")
        }),
        class("json escapes", Hard, |r| around(r#"{"m":""#, grouped(r.number(), r"\u00a0"), r#""}"#)),
        class("digits as json escapes", Hard, |r| {
            let text = r.number().bytes().map(|digit| format!(r"\u{digit:04x}")).collect::<String>();
            around(r#"{"m":""#, text, r#""}"#)
        }),
        class("html references", Hard, |r| {
            let separator = r.one_of(&["&nbsp;", "&#160;", "&#32;", "&#45;"]);
            around("<td>", grouped(r.number(), separator), "</td>")
        }),
        class("digits as html references", Hard, |r| {
            let text = r.number().bytes().map(|digit| format!("&#{digit};")).collect::<String>();
            around("<td>", text, "</td>")
        }),
        class("full-width digits", Hard, |r| in_script(r.number(), '０').pipe(|n| in_text(r, n))),
        class("arabic digits", Hard, |r| in_script(r.number(), '\u{660}').pipe(|n| in_text(r, n))),
        class("persian digits", Hard, |r| in_script(r.number(), '\u{6f0}').pipe(|n| in_text(r, n))),
        class("devanagari digits", Hard, |r| in_script(r.number(), '\u{966}').pipe(|n| in_text(r, n))),
        class("mathematical digits", Hard, |r| in_script(r.number(), '\u{1d7ce}').pipe(|n| in_text(r, n))),
        class("kanji numerals", Hard, |r| {
            let kanji: Vec<char> = "〇一二三四五六七八九".chars().collect();
            let text = r.number().bytes().map(|digit| kanji[usize::from(digit - b'0')]).collect::<String>();
            around("番号は", text, "です")
        }),
        class("expiry date and code keyed on", Hard, |r| {
            let number = r.number_that(|number| number.starts_with(['4', '5']) && number.len() == 16);
            around("keys ", format!("{number}1230123"), "#")
        }),
        class("between japanese text", Hard, |r| around("カード番号", r.number(), "を受け付けました")),
    ]
}

fn labels() -> Vec<Class> {
    use Tier::Label;
    vec![
        class("cvc in text", Label, |r| {
            let label =
                r.one_of(&["cvc ", "CVV: ", "cvv2=", "CID ", "csc='", "the security code is ", "CVC code "]);
            around(label, r.digits(3), " ok")
        }),
        class("cvc in json", Label, |r| around(r#"{"cvc":"#, r.digits(3), r#","x":1}"#)),
        class("cvc in a json string", Label, |r| around(r#"{"securityCode":""#, r.digits(4), r#""}"#)),
        class("cvc in xml", Label, |r| around("<cvv>", r.digits(3), "</cvv>")),
        class("cvc in a url", Label, |r| around("card[cvc]=", r.digits(3), "&x=1")),
        class("cvc in japanese", Label, |r| around("セキュリティコード：", r.digits(3), "です")),
        class("sip info body", Label, |r| around("Signal=", r.digits(1), "\r\nDuration=160\r\n")),
        class("one key a line", Label, |r| {
            let before = r.one_of(&[
                "DEBUG call{id=7} DTMF digit ",
                "Out-of-band digit [",
                "RTP RECV DTMF ",
                "DTMF end '",
                "keypad key ",
                "{\"digit\":\"",
            ]);
            around(before, r.digits(1), if before.ends_with('[') { "] arrived" } else { "" })
        }),
    ]
}

fn clean() -> Vec<Class> {
    use Tier::Clean;
    vec![
        class("epoch seconds to nanoseconds", Clean, |r| {
            let extra = [0, 3, 6, 9][r.below(4) as usize];
            let text = format!("1{}{}", 6 + r.below(3), &r.digits(8 + extra));
            around("ts=", text, " done")
        }),
        class("dates and times", Clean, |r| {
            let (day, hour, minute) = (r.below(28) + 1, r.below(24), r.below(60));
            let text = format!("2026-08-{day:02} {hour:02}:{minute:02}:07.{}", r.digits(6));
            around("", text, " INFO started")
        }),
        class("uuids", Clean, |r| {
            let parts = [8, 4, 4, 4, 12].map(|count| r.hexadecimal(count));
            around("id=", parts.join("-"), "")
        }),
        class("decimal fractions", Clean, |r| around("0.", r.digits(16), ",")),
        class("coordinates", Clean, |r| around("lat=35.", r.digits(14), "")),
        class("equipment identities", Clean, |r| around("imei=35", r.digits(13), "")),
        class("sim cards", Clean, |r| around("iccid=8981", r.digits(16), "")),
        class("telephone numbers", Clean, |r| {
            let text = format!("+{}", r.digits(12));
            around("tel:", text, "")
        }),
        class("sdp origins", Clean, |r| {
            let text = format!("{} {}", r.digits(19), r.digits(10));
            around("o=- ", text, " IN IP4 10.0.0.1")
        }),
        class("hashes", Clean, |r| {
            let count = [32, 40, 64][r.below(3) as usize];
            around("sha=", r.hexadecimal(count), "")
        }),
        class("bank accounts", Clean, |r| {
            let texts = ["GB29NWBK60161331926819", "DE89 3704 0044 0532 0130 00", "NL91ABNA0417164300"];
            around("to ", r.one_of(&texts), ".")
        }),
        class("addresses and ports", Clean, |r| {
            let text = format!("192.168.{}.{}:{}", r.below(256), r.below(256), r.digits(4));
            around("from ", text, "")
        }),
        class("order ids", Clean, |r| around("order A-", r.digits(12), " paid")),
        class("amounts and statuses", Clean, |r| around("JPY ", r.digits(5), " status 404 took 35 ms")),
    ]
}

fn hard_clean() -> Vec<Class> {
    use Tier::HardClean;
    vec![
        class("wrong check digits", HardClean, |r| {
            let number = r.number_that(|number| number.len() == 16 && number.starts_with(['4', '5']));
            let last = (number.as_bytes()[15] - b'0' + 1 + r.below(9) as u8) % 10;
            around("id ", format!("{}{last}", &number[..15]), "")
        }),
        class("unknown prefixes", HardClean, |r| around("ref=", format!("7{}", r.digits(15)), "")),
        class("uuids of digits", HardClean, |r| {
            let parts = [8, 4, 4, 4, 12].map(|count| r.digits(count));
            around("id=", parts.join("-"), "")
        }),
        class("hashes of digits", HardClean, |r| {
            let text = format!("{}a{}{}", r.digits(13), r.digits(16), r.digits(2));
            around("md5 ", text, "")
        }),
        class("runs of 28 digits or more", HardClean, |r| around("n=", r.digits(16) + &r.digits(16), "")),
        class("file names of dates", HardClean, |r| {
            let text =
                format!("202608{:02}{:02}{:02}{:02}", r.below(28) + 1, r.below(24), r.below(60), r.below(60));
            around("backup-", text, ".tar.gz")
        }),
        class("numbers in columns", HardClean, |r| {
            let text = format!("{}  {}  {}  {}", r.digits(4), r.digits(4), r.digits(4), r.digits(4));
            around("", text, "")
        }),
        class("masked numbers", HardClean, |r| around("card 411111******", r.digits(4), "")),
        class("other words with codes", HardClean, |r| {
            let before = r.one_of(&["error code ", "status=", "country code: ", "CVE-2024-", "cvc length "]);
            around(before, r.digits(if before.starts_with("cvc") { 1 } else { 3 }), "")
        }),
        class("telephone-events of sdp", HardClean, |r| {
            around("a=rtpmap:", r.digits(3), " telephone-event/8000")
        }),
    ]
}

/// Lets a value be made before the random numbers are needed again.
trait Pipe: Sized {
    fn pipe<T>(self, next: impl FnOnce(Self) -> T) -> T {
        next(self)
    }
}

impl Pipe for String {}
