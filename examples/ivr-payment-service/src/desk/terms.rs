//! What an order says about how it is paid, in the dialog's words.

use paytone_dialog::{AfterCall, HangUpPolicy, Methods, OrderTerms, Storing};
use paytone_psp::PaymentMethod;

use crate::store::{AfterHangUp, AfterPayment, Order, PaymentMethods, Purpose};

/// The terms of this order.
pub(super) fn of(order: &Order) -> OrderTerms {
    let terms = &order.terms;
    OrderTerms {
        brands: terms.allowed_brands,
        // Without money there is nothing to choose.
        methods: terms.purpose.has_amount().then(|| methods(&terms.payment_methods)),
        storing: match terms.purpose {
            Purpose::Register => Storing::Needed,
            Purpose::ChargeAndStore => Storing::IfAgreed,
            Purpose::Verify | Purpose::Authorize | Purpose::Capture => Storing::No,
        },
        after: match terms.after_payment {
            AfterPayment::ReturnToOperator | AfterPayment::ReturnToQueue => Some(AfterCall::Operator),
            AfterPayment::HangUp => Some(AfterCall::HangUp),
            // The usual way: as the line has it.
            AfterPayment::PlayThenHangUp => None,
        },
        hang_up: terms.after_hang_up.map(|after| match after {
            AfterHangUp::FinishAndReport => HangUpPolicy::FinishAndReport,
            AfterHangUp::VoidIfApproved => HangUpPolicy::VoidIfApproved,
        }),
    }
}

fn methods(of: &PaymentMethods) -> Methods {
    let mut methods = Methods { lump_sum: false, ..Methods::default() };
    for method in of.iter() {
        match method {
            PaymentMethod::Instalments { count } => methods.instalments.push(count.count()),
            PaymentMethod::Bonus => methods.bonus = true,
            PaymentMethod::Revolving => methods.revolving = true,
            _ => methods.lump_sum = true,
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use paytone_psp::InstalmentCount;

    use super::*;

    #[test]
    fn what_may_be_paid_is_what_is_offered() {
        let three = PaymentMethod::Instalments { count: InstalmentCount::new(3).unwrap() };
        let offered = |of: Vec<PaymentMethod>| methods(&PaymentMethods::new(of).unwrap());
        assert_eq!(offered(vec![PaymentMethod::LumpSum]), Methods::default());
        let both = offered(vec![three, PaymentMethod::Revolving]);
        assert_eq!(both, Methods { lump_sum: false, instalments: vec![3], bonus: false, revolving: true });
    }
}
