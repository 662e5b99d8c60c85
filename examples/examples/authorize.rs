//! One payment from a terminal, with the journal printed as it is written.
//!
//! ```sh
//! cargo run -p examples --example authorize                                        # the simulator
//! cargo run -p examples --example authorize -- --gateway stripe-fake --capture manual --then void
//! cargo run -p examples --example authorize -- --gateway gmo-fake --card 4999000000000005
//! cargo run -p examples --example authorize -- --amount 1251                       # the answer is lost: looked up
//! cargo run -p examples --example authorize -- --gateway localstripe --address http://127.0.0.1:8420
//! ```
//!
//! The two fakes are started in this process, on the loopback address, unless `--address` says where one runs.
//! Published test card numbers only; the number may be given or typed (`--card -`).

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use paytone_psp::attempt::{Attempt, Event, State};
use paytone_psp::{
    Authorization, Authorize, CallContext, Capture, CaptureRequest, Currency, Entry, Gateway, GatewayError,
    IdempotencyKey, Money, OrderId, PaymentMethod, Reference, RefundRequest, Retry, Snapshot, VoidRequest,
};

#[path = "authorize/card.rs"]
mod card;
#[path = "authorize/gateways.rs"]
mod gateways;
#[path = "authorize/journal.rs"]
mod journal;

use gateways::Choice;
use journal::Journal;

/// One payment with a published test card, the journal printed as it goes.
#[derive(Parser)]
struct Arguments {
    /// Who is asked.
    #[arg(long, value_enum, default_value = "simulator")]
    gateway: Choice,
    /// Where that one listens, such as http://127.0.0.1:18500.
    #[arg(long)]
    address: Option<String>,
    /// A published test card number, or - to type one.
    #[arg(long, default_value = paytone_card::test_numbers::VISA_42, value_parser = card::choice)]
    card: card::Choice,
    /// The amount in minor units: whole yen, cents.
    #[arg(long, default_value_t = 1200)]
    amount: u64,
    /// The currency's code.
    #[arg(long, default_value = "JPY", value_parser = Currency::parse)]
    currency: Currency,
    /// The merchant's order id.
    #[arg(long, default_value = "2026-0001", value_parser = OrderId::parse)]
    order: OrderId,
    /// When the money is taken.
    #[arg(long, default_value = "auto", value_parser = Capture::parse)]
    capture: Capture,
    /// What happens to an approval.
    #[arg(long, value_enum)]
    then: Option<Then>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Then {
    Capture,
    Void,
    Refund,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let gateway = gateways::open(arguments.gateway, arguments.address.as_deref()).await?;
    let money = Money::new(arguments.amount, arguments.currency);
    let mut rng = rand::rng();
    let reference = Reference::generate(now(), &mut rng);
    let attempt = Attempt::new(reference, arguments.order.clone(), money, arguments.capture, now());
    let journal = Journal::new(attempt);
    let card = card::read(arguments.card, now())?;
    println!("gateway {}, card {}, {money}", gateway.info().name, card.masked());
    journal.print();

    pay(&*gateway, &journal, &arguments, &card, IdempotencyKey::generate(&mut rng)).await?;
    drop(card);
    look_up(&*gateway, &journal).await?;
    if let Some(then) = arguments.then {
        change(&*gateway, &journal, then, IdempotencyKey::generate(&mut rng)).await?;
        look_up(&*gateway, &journal).await?;
    }
    println!("{}", journal.attempt().state());
    Ok(())
}

/// The authorisation. Where nothing was sent it is made again under the same key, while there is time.
async fn pay(
    gateway: &dyn Gateway,
    journal: &Journal,
    arguments: &Arguments,
    card: &paytone_card::Card,
    key: IdempotencyKey,
) -> Result<(), Box<dyn Error>> {
    let deadline = now() + PATIENCE;
    journal.apply(Event::Intend { key, deadline })?;
    loop {
        let attempt = journal.attempt();
        let request = Authorize {
            reference: *attempt.reference(),
            key,
            order: &arguments.order,
            money: attempt.money(),
            capture: attempt.capture(),
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card,
            postcode: None,
        };
        let context = CallContext { now: now(), deadline, checkpoint: journal };
        let event = match gateway.authorize(context, request).await {
            Ok(Authorization::Approved(approval)) => Event::Approved(approval),
            Ok(Authorization::Declined(decline)) => {
                println!("declined: {}, so: {:?}", decline.reason, decline.recovery());
                Event::Declined(decline.reason)
            }
            Err(GatewayError::NotSent { retry: Retry::SameKey { after } }) if now() + after < deadline => {
                println!("nothing was sent; once more under the same key");
                tokio::time::sleep(after).await;
                continue;
            }
            Err(error) => failed(&error),
        };
        return Ok(journal.apply(event)?);
    }
}

/// Asks what has become of a request whose answer is missing, for as long as it takes.
async fn look_up(gateway: &dyn Gateway, journal: &Journal) -> Result<(), Box<dyn Error>> {
    while let Some(due) = journal.attempt().poll_timeout() {
        println!("the next look is in {} s", due.saturating_sub(now()).as_secs());
        tokio::time::sleep(due.saturating_sub(now())).await;
        journal.handle_timeout();
        let attempt = journal.attempt();
        let Some(doubt) = attempt.in_doubt().filter(|_| attempt.lookup_due(now())) else { continue };
        let asked = now();
        let context = CallContext { now: asked, deadline: asked + PATIENCE, checkpoint: journal };
        journal.apply(match gateway.lookup(context, &doubt).await {
            Ok(found) => Event::LookedUp { asked, found },
            Err(_) => Event::LookupFailed,
        })?;
    }
    Ok(())
}

/// A capture, void or refund of what was approved.
async fn change(
    gateway: &dyn Gateway,
    journal: &Journal,
    then: Then,
    key: IdempotencyKey,
) -> Result<(), Box<dyn Error>> {
    let attempt = journal.attempt();
    let (reference, transaction) = (*attempt.reference(), attempt.transaction());
    let deadline = now() + PATIENCE;
    let context = || CallContext { now: now(), deadline, checkpoint: journal };
    let changed = match (then, attempt.state()) {
        (Then::Capture, State::Approved) => {
            let money = attempt.money();
            journal.apply(Event::Capture { key, deadline, money })?;
            gateway.capture(context(), CaptureRequest { reference, key, transaction, money }).await
        }
        (Then::Void, State::Approved) => {
            journal.apply(Event::Void { key, deadline })?;
            gateway.void(context(), VoidRequest { reference, key, transaction }).await
        }
        (Then::Refund, State::Captured) => {
            let money = attempt.left_to_refund().unwrap_or(attempt.money());
            journal.apply(Event::Refund { key, deadline, money })?;
            gateway.refund(context(), RefundRequest { reference, key, transaction, money }).await
        }
        (_, state) => {
            println!("nothing to do in state {state}");
            return Ok(());
        }
    };
    Ok(journal.apply(changed.map_or_else(|error| failed(&error), |it: Snapshot| Event::Done(it)))?)
}

fn failed(error: &GatewayError) -> Event {
    println!("{error}");
    if error.may_have_moved_money() { Event::NoAnswer } else { Event::NoEffect }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

const PATIENCE: Duration = Duration::from_secs(30);
