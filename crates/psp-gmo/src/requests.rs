//! The provider's requests, as its OpenAPI document describes them.

use paytone_card::Card;
use paytone_psp::exchange::{Body, Request};
use paytone_psp::{
    Authorize, Capture, ChargeStored, Entry, IdempotencyKey, Money, OrderId, PaymentMethod, Reference,
    Register, StoredCardId, Verify,
};

use crate::Gmo;
use crate::json::{Object, object};

/// An operation's answer is waited for this long; a question's not as long.
const QUESTION: core::time::Duration = core::time::Duration::from_secs(10);

/// The version of the interface the requests were written for.
const VERSION: &str = "2024-06";

impl Gmo {
    pub(crate) fn charge(&self, request: &Authorize<'_>) -> Request {
        let body = object(|all| {
            self.merchant(all);
            charged_order(all, &request.reference, request.order, request.money, request.entry);
            self.payer(all);
            all.object("creditInformation", |credit| {
                card(credit, request.card);
                charge_options(credit, request.capture, request.method);
            });
        });
        self.post("/credit/charge", body, Some(&request.key))
    }

    pub(crate) fn charge_onfile(&self, request: &ChargeStored<'_>, stored: Stored<'_>) -> Request {
        let body = object(|all| {
            self.merchant(all);
            charged_order(all, &request.reference, request.order, request.money, request.entry);
            self.payer(all);
            all.object("creditOnfileInformation", |credit| {
                credit.object("onfileCard", |card| {
                    card.text("memberId", stored.member);
                    card.text("type", "CREDIT_CARD");
                    card.text("cardId", stored.card);
                });
                charge_options(credit, request.capture, request.method);
            });
        });
        self.post("/credit/on-file/charge", body, Some(&request.key))
    }

    pub(crate) fn verify_card(&self, request: &Verify<'_>) -> Request {
        self.check(request.card, &request.reference, &request.key, false)
    }

    /// Checks the card and stores it where the check is good.
    pub(crate) fn verify_and_store(&self, request: &Register<'_>) -> Request {
        self.check(request.card, &request.reference, &request.key, true)
    }

    fn check(&self, checked: &Card, reference: &Reference, key: &IdempotencyKey, stores: bool) -> Request {
        let body = object(|all| {
            self.merchant(all);
            all.object("order", |order| {
                order.text("orderId", reference.as_str());
                order.text("transactionType", "CIT");
            });
            self.payer(all);
            all.object("creditVerificationInformation", |credit| {
                card(credit, checked);
                credit.object("creditVerificationOptions", |options| options.flag("useTds2", false));
                if stores {
                    onfile_options(credit, reference);
                }
            });
        });
        self.post("/credit/verifyCard", body, Some(key))
    }

    /// Stores the card unseen: nobody looks at a security code, so none is sent.
    pub(crate) fn store_card(&self, request: &Register<'_>) -> Request {
        let body = object(|all| {
            self.merchant(all);
            all.object("creditStoringInformation", |credit| {
                credit.object("card", |it| number_and_expiry(it, request.card));
                onfile_options(credit, &request.reference);
            });
        });
        self.post("/credit/storeCard", body, Some(&request.key))
    }

    pub(crate) fn capture_order(&self, access_id: &str, key: &IdempotencyKey) -> Request {
        self.post("/order/capture", object(|all| all.text("accessId", access_id)), Some(key))
    }

    pub(crate) fn cancel_order(&self, access_id: &str, key: &IdempotencyKey) -> Request {
        self.post("/order/cancel", object(|all| all.text("accessId", access_id)), Some(key))
    }

    /// Sets the amount that has been taken to `amount`.
    pub(crate) fn update_order(&self, access_id: &str, amount: Money, key: &IdempotencyKey) -> Request {
        let amount = amount.minor().to_string();
        let body = object(|all| {
            all.text("accessId", access_id);
            all.text("amount", &amount);
            all.text("authorizationMode", "CAPTURE");
        });
        self.post("/order/update", body, Some(key))
    }

    /// Asks about our own order id, which is known whatever got lost.
    pub(crate) fn inquire(&self, reference: &Reference) -> Request {
        let body = object(|all| all.text("orderId", reference.as_str()));
        self.post("/order/inquiry", body, None).patience(QUESTION)
    }

    pub(crate) fn delete_card(&self, stored: Stored<'_>) -> Request {
        let body = object(|all| {
            all.text("memberId", stored.member);
            all.text("onfileType", "CARD");
            all.text("onfileCardType", "CREDIT_CARD");
            all.text("cardId", stored.card);
        });
        self.post("/member/deleteItem", body, None).patience(QUESTION)
    }

    /// Removes the member a registration made for its one card.
    pub(crate) fn delete_member(&self, member: &str) -> Request {
        self.post("/member/delete", object(|all| all.text("memberId", member)), None).patience(QUESTION)
    }

    fn post(&self, path: &'static str, body: Body, key: Option<&IdempotencyKey>) -> Request {
        let request = Request::post(path, "application/json", body)
            .secret_header("authorization", self.shop.authorization())
            .header("x-mp-version", VERSION);
        match key {
            Some(key) => request.header("idempotency-key", key.as_str()),
            None => request,
        }
    }

    fn merchant(&self, all: &mut Object<'_, '_>) {
        let merchant = &self.merchant;
        all.object("merchant", |it| {
            it.text("name", &merchant.name);
            it.text("nameKana", &merchant.name_kana);
            it.text("nameAlphabet", &merchant.name_alphabet);
            it.text("nameShort", &merchant.name_short);
            it.text("contactName", &merchant.contact_name);
            it.text("contactEmail", &merchant.contact_email);
            it.text("contactPhone", &merchant.contact_phone);
            it.text("contactOpeningHours", &merchant.contact_opening_hours);
        });
    }

    /// Nobody asks a caller for their name in Latin letters; the provider wants one.
    fn payer(&self, all: &mut Object<'_, '_>) {
        all.object("payer", |payer| payer.text("name", "TELEPHONE ORDER"));
    }
}

/// The two halves of a [`StoredCardId`].
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) member: &'a str,
    card: &'a str,
}

impl<'a> Stored<'a> {
    pub(crate) fn of(id: &'a StoredCardId) -> Option<Self> {
        let (member, card) = id.as_str().split_once('/')?;
        Some(Self { member, card })
    }
}

/// The first client field is the merchant's own order id, which its management screen then shows; the second
/// keeps the amount, which the provider forgets when it is changed or cancelled.
fn charged_order(
    all: &mut Object<'_, '_>,
    reference: &Reference,
    merchants: &OrderId,
    money: Money,
    entry: Entry,
) {
    let amount = money.minor().to_string();
    let initiator = if entry == Entry::StoredMerchantInitiated { "MIT" } else { "CIT" };
    all.object("order", |order| {
        order.text("orderId", reference.as_str());
        order.text("amount", &amount);
        order.text("currency", money.currency().code());
        order.object("clientFields", |fields| {
            fields.text("clientField1", merchants.as_str());
            fields.text("clientField2", &amount);
        });
        order.text("transactionType", initiator);
    });
}

/// The digits go from the card's own memory into the body, by way of nothing else.
fn card(all: &mut Object<'_, '_>, card: &Card) {
    all.object("card", |it| {
        number_and_expiry(it, card);
        if let Some(code) = card.code() {
            code.expose(|digits| it.digits("securityCode", digits));
        }
    });
}

fn number_and_expiry(it: &mut Object<'_, '_>, card: &Card) {
    let expiry = card.expiry();
    let (month, year) = (u16::from(expiry.month()), expiry.year());
    card.pan().expose(|digits| it.digits("cardNumber", digits));
    it.digits("expiryMonth", &[digit(month / 10), digit(month)]);
    it.digits("expiryYear", &[digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)]);
}

fn digit(number: u16) -> u8 {
    b"0123456789"[usize::from(number % 10)]
}

/// The provider's default for `useTds2` is to send the cardholder to a web page, which a telephone has none of.
fn charge_options(all: &mut Object<'_, '_>, capture: Capture, method: PaymentMethod) {
    all.object("creditChargeOptions", |options| {
        options.text(
            "authorizationMode",
            match capture {
                Capture::Auto => "CAPTURE",
                Capture::Manual => "AUTH",
            },
        );
        options.flag("useTds2", false);
        match method {
            PaymentMethod::Instalments { count } => {
                options.text("paymentMethod", "INSTALLMENT");
                options.text("installments", &count.count().to_string());
            }
            PaymentMethod::Bonus => options.text("paymentMethod", "BONUS_ONE_TIME"),
            PaymentMethod::Revolving => options.text("paymentMethod", "REVOLVING"),
            _ => options.text("paymentMethod", "ONE_TIME"),
        }
    });
}

/// One member for one card: the registration's own reference, never used before.
fn onfile_options(all: &mut Object<'_, '_>, reference: &Reference) {
    all.object("onfileCardOptions", |options| {
        options.text("memberId", reference.as_str());
        options.flag("createNewMember", true);
    });
}
