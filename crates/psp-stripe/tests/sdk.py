"""Stripe's own Python package as a client of the fake: what it understands is what Stripe would have said."""

import json
import sys
import urllib.parse
import urllib.request

import stripe

base = sys.argv[1]
cards = json.loads(sys.argv[2])
stripe.api_base = base
stripe.api_key = "sk_test_0123456789"
stripe.max_network_retries = 0


def fail_next(path, fault, times=1):
    form = urllib.parse.urlencode({"path": path, "fault": fault, "times": times}).encode()
    urllib.request.urlopen(base + "/_fake/script", form).read()


def card(name):
    return stripe.PaymentMethod.create(
        type="card",
        card={"number": cards[name], "exp_month": 12, "exp_year": 2030, "cvc": "123"},
    )


def intent(method, **more):
    return stripe.PaymentIntent.create(
        amount=1200, currency="jpy", payment_method=method.id, payment_method_types=["card"], **more
    )


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


MOTO = {"card": {"moto": True}}

# A charge in two steps, by telephone.
payment = intent(card("approved"), metadata={"order_id": "A-1"})
assert payment.status == "requires_confirmation"
paid = payment.confirm(payment_method_options=MOTO, expand=["latest_charge"])
assert paid.status == "succeeded" and paid.amount_received == 1200
assert paid.latest_charge.payment_method_details.card.authorization_code
assert raises(stripe.InvalidRequestError, payment.confirm).code == "payment_intent_unexpected_state"
assert [found.id for found in stripe.PaymentIntent.list(limit=3).auto_paging_iter()] == [payment.id]

# Refunds, no more than was taken.
assert stripe.Refund.create(payment_intent=payment.id, amount=200).status == "succeeded"
too_much = lambda: stripe.Refund.create(payment_intent=payment.id, amount=1001)
assert raises(stripe.InvalidRequestError, too_much).http_status == 400

# Reserved, captured in part; reserved, let go of.
held = intent(card("approved"), capture_method="manual", confirm=True, payment_method_options=MOTO)
assert held.status == "requires_capture"
assert held.capture(amount_to_capture=700).amount_received == 700
gone = intent(card("approved"), capture_method="manual", confirm=True, payment_method_options=MOTO)
assert gone.cancel().status == "canceled"

# Declines, with the issuer's word and the network's advice.
declined = raises(stripe.CardError, lambda: intent(card("lost"), confirm=True))
assert declined.http_status == 402 and declined.code == "card_declined"
assert declined.error.decline_code == "lost_card"
assert declined.error.advice_code == "do_not_try_again"
assert declined.error.payment_intent.status == "requires_payment_method"
screen = raises(
    stripe.CardError,
    lambda: intent(card("authentication"), confirm=True, error_on_requires_action=True),
)
assert screen.code == "authentication_required"

# A card checked, stored, charged and forgotten.
customer = stripe.Customer.create(metadata={"number": "7"})
setup = stripe.SetupIntent.create(customer=customer.id, usage="off_session")
method = card("approved")
assert setup.confirm(payment_method=method.id, payment_method_options=MOTO).status == "succeeded"
stored = intent(method, customer=customer.id, confirm=True, off_session=True)
assert stored.status == "succeeded"
assert stripe.PaymentMethod.detach(method.id).customer is None
assert customer.delete().deleted

# Keys: the same answer again, other parameters refused.
method = card("approved")
once = intent(method, idempotency_key="k1")
again = intent(method, idempotency_key="k1")
assert once.id == again.id and again.last_response.headers["idempotent-replayed"] == "true"
other = lambda: stripe.PaymentIntent.create(amount=1, currency="jpy", idempotency_key="k1")
raises(stripe.IdempotencyError, other)

# 409, 429 and 500 are what the package takes them for; a 500 stays a 500 under its key.
fail_next("/confirm", "key_in_use")
assert raises(stripe.StripeError, once.confirm).http_status == 409
fail_next("/confirm", "rate_limit")
limited = raises(stripe.RateLimitError, once.confirm)
assert limited.headers["retry-after"] == "1"
fail_next("/confirm", "server_error_after")
for _ in range(2):
    broken = raises(stripe.APIError, lambda: once.confirm(idempotency_key="k2"))
    assert broken.http_status == 500
assert stripe.PaymentIntent.retrieve(once.id).status == "succeeded"

# A lost answer: asked again under the same key, it is the answer to what was done.
lost = intent(card("approved"))
fail_next("/confirm", "lost_answer")
confirm = lambda: lost.confirm(payment_method_options=MOTO, idempotency_key="k3")
raises(stripe.APIConnectionError, confirm)
assert confirm().status == "succeeded"

stripe.api_key = "pk_test_no_secret_key"
raises(stripe.AuthenticationError, lambda: stripe.PaymentIntent.retrieve(once.id))
print("all understood")
