//! A transaction as the provider shows it.

use paytone_psp::exchange::Response;
use paytone_psp::{
    ApprovalCode, Currency, Money, Operation, ProviderState, Reference, Snapshot, StoredCardId, TransactionId,
};
use serde::Deserialize;

use crate::decline::{CardCode, code_in, meaning};
use crate::problem::Problem;

/// What of an answer matters here. Fields it does not know are passed over, as the provider asks of its clients.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) order_reference: Option<OrderReference>,
    credit_result: Option<CreditResult>,
    onfile_card_result: Option<OnfileCardResult>,
    error_information: Option<Problem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderReference {
    access_id: Option<String>,
    order_id: Option<String>,
    pub(crate) status: Option<String>,
    amount: Option<String>,
    client_fields: Option<ClientFields>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientFields {
    client_field2: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreditResult {
    approval_code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnfileCardResult {
    member_id: String,
    card_id: String,
}

/// Where a transaction stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing was charged, or not yet.
    Unprocessed,
    /// A card check.
    Check,
    /// Reserved.
    Authorised,
    /// Taken.
    Captured,
    /// Let go of or given back.
    Cancelled,
    /// A status this version does not know.
    Unknown,
}

/// A transaction, read and believable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) status: Status,
    /// What the provider holds or has taken now; zero once cancelled.
    pub(crate) amount: Money,
    /// What was authorised at first; the provider keeps it for us.
    pub(crate) original: Option<Money>,
    pub(crate) transaction: Option<TransactionId>,
    pub(crate) approval_code: Option<ApprovalCode>,
    /// What went wrong last, where the order is unprocessed.
    declined: Option<CardCode>,
}

impl Answer {
    /// Reads a success. `None` where it cannot be read.
    pub(crate) fn of(response: &Response) -> Option<Self> {
        serde_json::from_slice(response.body()).ok()
    }

    /// The transaction in it. `None` where there is none, or it is another's than `reference`.
    pub(crate) fn order(&self, reference: &Reference) -> Option<Order> {
        let order = self.order_reference.as_ref()?;
        if order.order_id.as_deref().is_some_and(|told| told != reference.as_str()) {
            return None;
        }
        let result = self.credit_result.as_ref().and_then(|result| result.approval_code.as_deref());
        let error = self.error_information.as_ref().and_then(|problem| code_in(&problem.detail));
        Some(Order {
            status: status(order.status.as_deref()?),
            amount: order.amount.as_deref().map_or(Some(Money::zero(Currency::JPY)), yen)?,
            original: order.client_fields.as_ref().and_then(|fields| yen(fields.client_field2.as_deref()?)),
            transaction: order.access_id.as_deref().and_then(|id| TransactionId::parse(id).ok()),
            approval_code: result.and_then(|code| ApprovalCode::parse(code).ok()),
            declined: error.map(meaning),
        })
    }

    /// The card that was stored.
    pub(crate) fn stored_card(&self) -> Option<StoredCardId> {
        let card = self.onfile_card_result.as_ref()?;
        StoredCardId::parse(&format!("{}/{}", card.member_id, card.card_id)).ok()
    }
}

impl Order {
    /// The snapshot for whoever asks about `operation`. Whether a cancelled transaction was let go of or given
    /// back the provider does not say; the question does.
    pub(crate) fn snapshot(&self, reference: Reference, operation: Operation, test: bool) -> Snapshot {
        let original = self.original.filter(|original| *original >= self.amount).unwrap_or(self.amount);
        let state = match self.status {
            Status::Unknown => ProviderState::Pending,
            Status::Check => ProviderState::NotCharged,
            Status::Unprocessed => match self.declined {
                Some(CardCode::Declined(reason)) => ProviderState::Declined(reason),
                _ => ProviderState::NotCharged,
            },
            Status::Authorised => ProviderState::Authorised,
            Status::Captured if self.amount < original => {
                ProviderState::Refunded { total: difference(original, self.amount) }
            }
            Status::Captured => ProviderState::Captured,
            Status::Cancelled if operation == Operation::Refund => {
                ProviderState::Refunded { total: original }
            }
            Status::Cancelled => ProviderState::Voided,
        };
        Snapshot { reference, state, money: original, transaction: self.transaction.clone(), test }
    }
}

pub(crate) fn difference(from: Money, less: Money) -> Money {
    from.checked_sub(less).unwrap_or(Money::zero(from.currency()))
}

fn status(text: &str) -> Status {
    match text {
        "UNPROCESSED" | "AUTHENTICATED" => Status::Unprocessed,
        "CHECK" => Status::Check,
        "AUTH" => Status::Authorised,
        "CAPTURE" | "SALES" => Status::Captured,
        "CANCEL" => Status::Cancelled,
        _ => Status::Unknown,
    }
}

/// An amount as the provider writes it: whole yen.
fn yen(text: &str) -> Option<Money> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(Money::new(text.parse().ok().filter(|_| is_whole)?, Currency::JPY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_psp::DeclineReason;

    const REFERENCE: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";

    fn order(json: serde_json::Value) -> Option<Order> {
        let response = Response::new(200, vec![], json.to_string().into_bytes());
        Answer::of(&response)?.order(&Reference::parse(REFERENCE).unwrap())
    }

    fn state(json: serde_json::Value, operation: Operation) -> ProviderState {
        order(json).unwrap().snapshot(Reference::parse(REFERENCE).unwrap(), operation, true).state
    }

    fn shown(status: &str, amount: &str, original: &str) -> serde_json::Value {
        serde_json::json!({"orderReference": {
            "accessId": "acdc7d53f7a78f488d8d0997eff99c6f", "orderId": REFERENCE, "status": status,
            "amount": amount, "clientFields": {"clientField2": original}, "newField": [1],
        }})
    }

    #[test]
    fn statuses_are_told_apart() {
        let authorize = Operation::Authorize;
        assert_eq!(state(shown("AUTH", "1200", "1200"), authorize), ProviderState::Authorised);
        assert_eq!(state(shown("CAPTURE", "1200", "1200"), authorize), ProviderState::Captured);
        assert_eq!(state(shown("SALES", "1200", "1200"), authorize), ProviderState::Captured);
        assert_eq!(state(shown("CHECK", "0", ""), authorize), ProviderState::NotCharged);
        assert_eq!(state(shown("UNPROCESSED", "1200", "1200"), authorize), ProviderState::NotCharged);
        assert_eq!(state(shown("SOMETHING_NEW", "1200", "1200"), authorize), ProviderState::Pending);
    }

    #[test]
    fn a_cancelled_transaction_is_what_was_asked_about_and_keeps_its_first_amount() {
        let cancelled = || shown("CANCEL", "0", "1200");
        assert_eq!(state(cancelled(), Operation::Void), ProviderState::Voided);
        let total = Money::new(1200, Currency::JPY);
        assert_eq!(state(cancelled(), Operation::Refund), ProviderState::Refunded { total });
    }

    #[test]
    fn a_lowered_amount_is_a_part_refund() {
        let total = Money::new(200, Currency::JPY);
        assert_eq!(
            state(shown("SALES", "1000", "1200"), Operation::Capture),
            ProviderState::Refunded { total }
        );
    }

    #[test]
    fn an_unprocessed_transaction_says_why_when_the_card_was_refused() {
        let mut refused = shown("UNPROCESSED", "1200", "1200");
        refused["errorInformation"] = serde_json::json!({"title": "card_declined", "detail": "...(G12)"});
        let declined = ProviderState::Declined(DeclineReason::CardNotUsable);
        assert_eq!(state(refused.clone(), Operation::Authorize), declined);
        refused["errorInformation"]["detail"] = "...(42C010000)".into();
        assert_eq!(state(refused, Operation::Authorize), ProviderState::NotCharged);
    }

    #[test]
    fn what_cannot_be_believed_is_not_read() {
        assert_eq!(order(serde_json::json!({})), None);
        assert_eq!(order(serde_json::json!({"orderReference": {"orderId": REFERENCE}})), None);
        assert_eq!(
            order(serde_json::json!({"orderReference": {"orderId": "other", "status": "AUTH"}})),
            None
        );
        assert_eq!(order(shown("AUTH", "12.00", "1200")), None);
        assert_eq!(order(shown("AUTH", "+1200", "1200")), None);
    }
}
