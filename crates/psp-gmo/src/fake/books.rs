//! The provider's books: orders, members and keys.

use core::time::Duration;
use std::collections::BTreeMap;

use paytone_psp::{Currency, Money};
use serde_json::{Value, json};

use super::cards::{CardOnFile, CardVerdict, card, text};
use super::fault::{Fault, LATE};
use super::reply::{Outcome, Reply};
use super::{Exchange, Held, WireRequest};

#[derive(Default)]
pub(super) struct Books {
    orders: BTreeMap<String, Order>,
    members: BTreeMap<String, Option<CardOnFile>>,
    keys: BTreeMap<String, Remembered>,
    pub(super) scripted: Vec<Scripted>,
    pub(super) recorded: Option<Vec<Exchange>>,
    made: u64,
}

/// A fault that waits for requests.
pub(super) struct Scripted {
    pub(super) path: String,
    pub(super) fault: Fault,
    pub(super) times: u32,
}

/// What one key stands for.
struct Remembered {
    path: String,
    body: Vec<u8>,
    reply: Reply,
    since: Duration,
}

struct Order {
    access_id: String,
    status: &'static str,
    yen: u64,
    client_fields: Value,
    created: Duration,
    card: CardOnFile,
    approval: String,
    error: Option<(&'static str, String)>,
    fault_to_come: Option<Fault>,
}

impl Books {
    pub(super) fn handle(&mut self, request: &WireRequest<'_>, now: Duration) -> Outcome {
        if let Some(refusal) = request.refusal() {
            return refusal.spoilt(None, request.path);
        }
        let Ok(body) = serde_json::from_slice::<Value>(request.body) else {
            return Reply::invalid("invalid_request", "body", request.path).spoilt(None, request.path);
        };
        let (reply, fault) = match self.recall(request, now) {
            Some(reply) => (reply, None),
            None => self.work(request, &body, now),
        };
        let has_answered = !fault.is_some_and(Fault::is_before_the_work);
        if let Some(recorded) = self.recorded.as_mut().filter(|_| has_answered) {
            let (path, answer) = (request.path.to_owned(), reply.json());
            recorded.push(Exchange { path, request: body, status: reply.status, answer });
        }
        reply.spoilt(fault, request.path)
    }

    /// The same key, the same answer, byte for byte, for a day.
    fn recall(&self, request: &WireRequest<'_>, now: Duration) -> Option<Reply> {
        let remembered = self.keys.get(request.key?)?;
        if now.saturating_sub(remembered.since) >= KEY_LIFE {
            return None;
        }
        if now < remembered.since {
            return Some(Reply::problem(409, "conflict", "Duplicate request.", request.path));
        }
        if remembered.path != request.path || remembered.body != request.body {
            return Some(Reply::invalid("invalid_request", "Idempotency-Key", request.path));
        }
        Some(remembered.reply.clone())
    }

    fn work(&mut self, request: &WireRequest<'_>, body: &Value, now: Duration) -> (Reply, Option<Fault>) {
        let fault = self.fault_of(request.path, body);
        if fault.is_some_and(Fault::is_before_the_work) {
            return (Reply::success(200, &json!({})), fault);
        }
        let at = if fault == Some(Fault::Late) { now + LATE } else { now };
        let reply = self.route(request.path, body, now, at).unwrap_or_else(|refusal| refusal);
        if let Some(key) = request.key {
            let (path, body) = (request.path.to_owned(), request.body.to_vec());
            self.keys.insert(key.to_owned(), Remembered { path, body, reply: reply.clone(), since: at });
        }
        (reply, fault)
    }

    fn fault_of(&mut self, path: &str, body: &Value) -> Option<Fault> {
        let waiting = self.scripted.iter_mut().find(|it| it.times > 0 && path.ends_with(&it.path));
        if let Some(scripted) = waiting {
            scripted.times -= 1;
            return Some(scripted.fault);
        }
        if !changes_something(path) {
            return None;
        }
        if path.starts_with("/credit/") {
            return text(body, "/order/amount").and_then(|yen| yen.parse().ok()).and_then(Fault::of_amount);
        }
        self.by_access_id(body, Duration::MAX)?.1.fault_to_come.take()
    }

    fn route(&mut self, path: &str, body: &Value, now: Duration, at: Duration) -> Result<Reply, Reply> {
        match path {
            "/credit/charge" => {
                let card = card(body, "/creditInformation/card", path)?;
                self.charge(path, body, card, "/creditInformation", at)
            }
            "/credit/on-file/charge" => {
                let card = self.onfile(body, path)?;
                self.charge(path, body, card, "/creditOnfileInformation", at)
            }
            "/credit/verifyCard" => self.verify(path, body, now),
            "/credit/storeCard" => self.store(path, body),
            "/order/inquiry" => self.inquire(path, body, now),
            "/order/capture" => self.change(path, body, now, |order| match order.status {
                "AUTH" if now.saturating_sub(order.created) > AUTHORISATION_LIFE => {
                    Err("transaction_expired")
                }
                "AUTH" => Ok(("SALES", order.yen)),
                _ => Err("invalid_status"),
            }),
            "/order/cancel" => self.change(path, body, now, |order| match order.status {
                "AUTH" | "CAPTURE" | "SALES" => Ok(("CANCEL", 0)),
                _ => Err("invalid_status"),
            }),
            "/order/update" => self.update(path, body, now),
            "/member/deleteItem" => self.delete_item(path, body),
            "/member/delete" => self.delete_member(path, body),
            _ => Err(Reply::problem(404, "resource_not_found", "There is no such endpoint.", path)),
        }
    }

    fn charge(
        &mut self,
        path: &str,
        body: &Value,
        card: CardOnFile,
        options: &str,
        at: Duration,
    ) -> Result<Reply, Reply> {
        let yen = amount(body, "/order/amount", path)?;
        let mode = mode(body, &format!("{options}/creditChargeOptions/authorizationMode"), path)?;
        let wants_page =
            body.pointer(&format!("{options}/creditChargeOptions/useTds2")) != Some(&Value::Bool(false));
        let order_id = self.new_order_id(body, path)?;
        let verdict = if wants_page { CardVerdict::WantsAuthentication } else { card.verdict };
        let mut order = self.order(body, card, yen, at);
        let reply = match verdict {
            CardVerdict::Good => {
                order.status = mode;
                let next = if mode == "AUTH" { "CAPTURE" } else { "NO_ACTION" };
                Reply::success(201, &order.shown(&order_id, Some(next)))
            }
            CardVerdict::WantsAuthentication => redirect(&order, &order_id),
            CardVerdict::GoodUntilCharged => order.refuse("card_declined", "G12", path),
            CardVerdict::Refused(title, code) => order.refuse(title, code, path),
        };
        self.orders.insert(order_id, order);
        Ok(reply)
    }

    fn verify(&mut self, path: &str, body: &Value, now: Duration) -> Result<Reply, Reply> {
        let card = card(body, "/creditVerificationInformation/card", path)?;
        let order_id = self.new_order_id(body, path)?;
        let mut order = self.order(body, card.clone(), 0, now);
        let reply = match card.verdict {
            CardVerdict::Refused(title, code) => order.refuse(title, code, path),
            CardVerdict::WantsAuthentication => redirect(&order, &order_id),
            CardVerdict::Good | CardVerdict::GoodUntilCharged => {
                order.status = "CHECK";
                let mut shown = order.shown(&order_id, Some("NO_ACTION"));
                if let Some(member) = text(body, "/creditVerificationInformation/onfileCardOptions/memberId")
                {
                    shown["onfileCardResult"] = self.put_on_file(member, card);
                }
                Reply::success(201, &shown)
            }
        };
        self.orders.insert(order_id, order);
        Ok(reply)
    }

    fn store(&mut self, path: &str, body: &Value) -> Result<Reply, Reply> {
        let card = card(body, "/creditStoringInformation/card", path)?;
        let member = text(body, "/creditStoringInformation/onfileCardOptions/memberId")
            .ok_or_else(|| Reply::invalid("missing_parameter", "onfileCardOptions.memberId", path))?;
        let shown = card.shown();
        let onfile = self.put_on_file(member, card);
        let body = json!({"nextAction": "NO_ACTION", "onfileCardResult": onfile, "cardResult": shown});
        Ok(Reply::success(201, &body))
    }

    fn put_on_file(&mut self, member: &str, card: CardOnFile) -> Value {
        self.members.insert(member.to_owned(), Some(card));
        json!({"memberId": member, "type": "CREDIT_CARD", "cardId": "0", "isDefault": false})
    }

    fn onfile(&self, body: &Value, path: &str) -> Result<CardOnFile, Reply> {
        let unknown = |what| Reply::invalid("invalid_parameter", what, path);
        let at = |field: &str| text(body, &format!("/creditOnfileInformation/onfileCard/{field}"));
        let member = at("memberId").and_then(|id| self.members.get(id)).ok_or_else(|| unknown("memberId"))?;
        member.clone().filter(|_| at("cardId") == Some("0")).ok_or_else(|| unknown("cardId"))
    }

    fn delete_item(&mut self, path: &str, body: &Value) -> Result<Reply, Reply> {
        let member = text(body, "/memberId").unwrap_or_default();
        let place = self
            .members
            .get_mut(member)
            .ok_or_else(|| Reply::invalid("invalid_parameter", "memberId", path))?;
        let card = place.take().ok_or_else(|| Reply::invalid("invalid_parameter", "cardId", path))?;
        let mut deleted = card.shown();
        deleted["type"] = "CREDIT_CARD".into();
        deleted["cardId"] = "0".into();
        Ok(Reply::success(201, &json!({"memberId": member, "deletedCard": deleted})))
    }

    fn delete_member(&mut self, path: &str, body: &Value) -> Result<Reply, Reply> {
        let member = text(body, "/memberId").unwrap_or_default();
        self.members.remove(member).ok_or_else(|| Reply::invalid("invalid_parameter", "memberId", path))?;
        Ok(Reply::success(202, &json!({"memberId": member})))
    }

    fn inquire(&self, path: &str, body: &Value, now: Duration) -> Result<Reply, Reply> {
        let id = text(body, "/orderId").unwrap_or_default();
        let order = self.orders.get(id).filter(|order| order.created <= now);
        let order = order.ok_or_else(|| Reply::invalid("invalid_parameter", "orderId", path))?;
        Ok(Reply::success(200, &order.shown(id, None)))
    }

    fn update(&mut self, path: &str, body: &Value, now: Duration) -> Result<Reply, Reply> {
        let yen = amount(body, "/amount", path)?;
        let mode = mode(body, "/authorizationMode", path)?;
        self.change(path, body, now, |order| match order.status {
            "AUTH" | "CAPTURE" | "SALES" => Ok((mode, yen)),
            _ => Err("invalid_status"),
        })
    }

    fn change(
        &mut self,
        path: &str,
        body: &Value,
        now: Duration,
        next: impl FnOnce(&Order) -> Result<(&'static str, u64), &'static str>,
    ) -> Result<Reply, Reply> {
        let (id, order) = self
            .by_access_id(body, now)
            .ok_or_else(|| Reply::invalid("invalid_parameter", "accessId", path))?;
        let (status, yen) = next(order)
            .map_err(|title| Reply::problem(400, title, "The status does not allow this.", path))?;
        (order.status, order.yen) = (status, yen);
        Ok(Reply::success(201, &order.shown(&id, None)))
    }

    fn by_access_id(&mut self, body: &Value, now: Duration) -> Option<(String, &mut Order)> {
        let access_id = text(body, "/accessId")?;
        let found =
            self.orders.iter_mut().find(|(_, order)| order.access_id == access_id && order.created <= now);
        found.map(|(id, order)| (id.clone(), order))
    }

    fn new_order_id(&self, body: &Value, path: &str) -> Result<String, Reply> {
        let id = text(body, "/order/orderId").filter(|id| (1..=27).contains(&id.len()));
        let id = id.ok_or_else(|| Reply::invalid("missing_parameter", "order.orderId", path))?;
        if self.orders.contains_key(id) {
            return Err(Reply::invalid("invalid_request", "order.orderId", path));
        }
        Ok(id.to_owned())
    }

    fn order(&mut self, body: &Value, card: CardOnFile, yen: u64, at: Duration) -> Order {
        self.made += 1;
        Order {
            access_id: access_id(self.made),
            status: "UNPROCESSED",
            yen,
            client_fields: body.pointer("/order/clientFields").cloned().unwrap_or_default(),
            created: at,
            card,
            approval: format!("{:07}", self.made % 10_000_000),
            error: None,
            fault_to_come: Fault::of_first_change(yen),
        }
    }

    pub(super) fn held(&self) -> Vec<Held> {
        let holds = |order: &&Order| matches!(order.status, "AUTH" | "CAPTURE" | "SALES");
        let shown = |(id, order): (&String, &Order)| Held {
            order_id: id.clone(),
            money: Money::new(order.yen, Currency::JPY),
            charged_at: order.created,
        };
        self.orders.iter().filter(|(_, order)| holds(order)).map(shown).collect()
    }
}

impl Order {
    /// The card company said no: the order stays, unprocessed, and says why when asked.
    fn refuse(&mut self, title: &'static str, code: &str, path: &str) -> Reply {
        let detail = format!("This card cannot be used for transactions.({code})");
        self.error = Some((title, detail.clone()));
        Reply::problem(402, title, &detail, path)
    }

    fn shown(&self, id: &str, next_action: Option<&str>) -> Value {
        let mut reference = json!({
            "accessId": self.access_id, "orderId": id, "status": self.status, "created": date_time(self.created),
            "updated": date_time(self.created), "chargeType": "CREDIT",
        });
        if self.status != "CHECK" {
            reference["amount"] = self.yen.to_string().into();
        }
        if self.client_fields.is_object() {
            reference["clientFields"] = self.client_fields.clone();
        }
        let mut shown = json!({"orderReference": reference});
        if self.status != "UNPROCESSED" {
            shown["creditResult"] = json!({
                "cardType": "CREDIT_CARD", "cardResult": self.card.shown(), "forwardedAcquirerCode": "2a99663",
                "approvalCode": self.approval, "transactionDateTime": date_time(self.created),
                "useTds2": false, "useFraudDetection": false,
            });
        }
        if let Some((title, detail)) = &self.error {
            shown["errorInformation"] = json!({"title": title, "detail": detail});
        }
        if let Some(next) = next_action {
            shown["nextAction"] = next.into();
        }
        shown
    }
}

/// Scattered, as the provider's own are: no two alike, and no long runs of one digit.
fn access_id(number: u64) -> String {
    let scattered = |factor: u64| (number ^ factor.rotate_left(32)).wrapping_mul(factor);
    format!("{:016x}{:016x}", scattered(0x9e37_79b9_7f4a_7c15), scattered(0xd6e8_feb8_6659_fd93))
}

/// The cardholder is to go on at a page.
fn redirect(order: &Order, id: &str) -> Reply {
    let mut shown = order.shown(id, Some("REDIRECT"));
    let page = json!({"redirectUrl": "https://example.com/authenticate", "httpMethod": "GET", "redirectType": "TDS2"});
    shown["redirectInformation"] = page;
    Reply::success(202, &shown)
}

fn changes_something(path: &str) -> bool {
    path.starts_with("/credit/") || matches!(path, "/order/capture" | "/order/cancel" | "/order/update")
}

fn amount(body: &Value, place: &str, path: &str) -> Result<u64, Reply> {
    let invalid = || Reply::invalid("invalid_parameter", "order.amount", path);
    text(body, place).and_then(|text| text.parse().ok()).filter(|yen| *yen > 0).ok_or_else(invalid)
}

fn mode(body: &Value, place: &str, path: &str) -> Result<&'static str, Reply> {
    match text(body, place) {
        Some("AUTH") => Ok("AUTH"),
        Some("CAPTURE") => Ok("CAPTURE"),
        _ => Err(Reply::invalid("invalid_parameter", "authorizationMode", path)),
    }
}

/// In Japan's time zone, as the provider writes it.
fn date_time(at: Duration) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or_default();
    let instant = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    instant.to_zoned(japan).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
const AUTHORISATION_LIFE: Duration = Duration::from_secs(60 * 24 * 60 * 60);
