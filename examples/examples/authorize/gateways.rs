//! Who is asked.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::ValueEnum;
use paytone_psp::simulator::{Pause, Simulator};
use paytone_psp::{BoxFuture, Gateway};
use paytone_psp_gmo::{Environment, Gmo, fake};
use paytone_psp_http::{Endpoint, Http, HttpGateway, Trust};
use paytone_psp_stripe::{Account, Profile, Stripe};
use tokio::net::TcpListener;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Choice {
    /// In this process, no network.
    Simulator,
    /// The stand-in for PG Multi-Payment Service.
    GmoFake,
    /// Our stand-in for Stripe.
    StripeFake,
    /// A stand-in for Stripe by others, which has to be running: `localstripe --port 8420 --from-scratch`. It keeps
    /// what it is sent in a file, and that command listens on every address of the machine.
    Localstripe,
}

pub(crate) async fn open(choice: Choice, address: Option<&str>) -> Result<Box<dyn Gateway>, Box<dyn Error>> {
    let url = match (choice, address) {
        (Choice::Simulator, _) => return Ok(Box::new(Simulator::with_pause(RealTime))),
        (_, Some(address)) => address.to_owned(),
        (Choice::Localstripe, None) => String::from("http://127.0.0.1:8420"),
        (Choice::GmoFake, None) => start_gmo().await?,
        (Choice::StripeFake, None) => start_stripe().await?,
    };
    let http = Http::new(Endpoint::parse(&url)?, &Trust::PublicAuthorities)?;
    Ok(match choice {
        Choice::GmoFake => {
            let gmo = Gmo::new(fake::Fake::shop(), fake::Fake::merchant(), Environment::Test)?;
            Box::new(HttpGateway::new(gmo, http))
        }
        Choice::Localstripe => Box::new(HttpGateway::new(stripe(Profile::Localstripe)?, http)),
        _ => Box::new(HttpGateway::new(stripe(Profile::Stripe)?, http)),
    })
}

fn stripe(profile: Profile) -> Result<Stripe, Box<dyn Error>> {
    // Both stand-ins take any test key.
    Ok(Stripe::new(Account::new(&"sk_test_0123456789".into())?.with_profile(profile)))
}

async fn start_gmo() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(fake::serve(listener, fake::Fake::new(crate::now), None));
    Ok(url)
}

async fn start_stripe() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(stripe_fake::serve(listener, Arc::new(Mutex::new(stripe_fake::Fake::new()))));
    Ok(url)
}

/// Lets the simulator's slow answers take their time.
struct RealTime;

impl Pause for RealTime {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
