"""A client of the simulated provider in another language, with nothing but its standard library."""

import json
import sys
import urllib.error
import urllib.request

base, card, broke = sys.argv[1:4]


def ask(path, **fields):
    request = urllib.request.Request(base + path, json.dumps(fields).encode())
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def pay(amount=1200, number=card, **more):
    keyed = {"number": number, "expiry": "1235", "code": "123"}
    return ask("/authorize", order="A-1", amount=amount, currency="JPY", card=keyed, **more)


status, paid = pay()
assert (status, paid["result"], paid["state"], paid["test"]) == (200, "approved", "captured", True), paid
reference = {"reference": paid["reference"]}
assert pay(key=paid["key"], **reference)[1]["transaction"] == paid["transaction"]
assert ask("/refund", amount=200, currency="JPY", **reference)[1]["refunded"] == 200

status, held = pay(capture="manual")
assert ask("/void", reference=held["reference"])[1]["state"] == "voided"

assert pay(number=broke)[0] == 402
status, doubt = pay(amount=1251)
assert (status, doubt["result"]) == (504, "in_doubt"), doubt
assert ask("/lookup", reference=doubt["reference"])[1]["state"] == "captured"
status, unsent = pay(amount=1253)
assert (status, unsent["result"], unsent["retry_ms"]) == (503, "not_sent", 1000), unsent

keyed = {"number": card, "expiry": "1235", "code": "123"}
stored = ask("/register", card=keyed)[1]["stored"]
charge = {"order": "A-2", "amount": 1, "currency": "JPY", "stored": stored}
assert ask("/charge_stored", **charge)[0] == 200
assert ask("/forget", stored=stored)[1]["result"] == "forgotten"
assert ask("/charge_stored", **charge)[0] == 422

status, refused = pay(number="1" * 16)
assert (status, refused["field"]) == (422, "number") and "1111" not in json.dumps(refused)
assert ask("/lookup", refrence="x")[0] == 422
assert len(json.load(urllib.request.urlopen(base + "/transactions"))) == 5
print("all understood")
