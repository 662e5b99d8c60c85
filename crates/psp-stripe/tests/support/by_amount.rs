//! A transport that makes the fake fail by the amount of the payment, as the conformance suite asks for faults.

use core::time::Duration;

use paytone_psp::BoxFuture;
use paytone_psp::exchange::{NoResponse, Request, Response, Session, Transport};
use stripe_fake::Fault;

/// Hands requests on, and first has `arm` script a fault where a payment of one of these amounts is made.
pub(crate) struct ByAmount<T, F> {
    pub(crate) inner: T,
    pub(crate) arm: F,
    pub(crate) faults: Vec<(u64, Fault)>,
}

impl<T: Transport, F: Fn(Fault) + Send + Sync> Transport for ByAmount<T, F> {
    fn session(&self, time: Duration) -> Box<dyn Session + '_> {
        Box::new(Armed { inner: self.inner.session(time), arm: &self.arm, faults: &self.faults })
    }
}

struct Armed<'a> {
    inner: Box<dyn Session + 'a>,
    arm: &'a (dyn Fn(Fault) + Send + Sync),
    faults: &'a [(u64, Fault)],
}

impl Session for Armed<'_> {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, NoResponse>> {
        let body = request.body().map_or(&[][..], AsRef::as_ref);
        let makes_payment = request.path() == "/v1/payment_intents";
        let fault = self
            .faults
            .iter()
            .find(|(amount, _)| makes_payment && body.starts_with(format!("amount={amount}&").as_bytes()));
        if let Some((_, fault)) = fault {
            (self.arm)(*fault);
        }
        self.inner.send(request)
    }
}
