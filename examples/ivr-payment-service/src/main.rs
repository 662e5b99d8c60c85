//! `ivr-payment-service`: serves calls; `demo` shows one payment; `config check` judges the settings.

use core::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ivr_payment_service::{
    Service, api, audit,
    config::{Config, Flags},
    demo, hardening, inspect, logging, scan, service,
};

/// The system's own keeps what a busy hour has used: of 70 kB a call at 500 calls it gave back nothing, this one most.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes card payments over the phone.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Settings that differ from the built-in ones, as TOML.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the service on free ports, place one call that pays an order, and show what happens.
    Demo(demo::Options),
    /// Look at the settings without serving.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at recordings.
    #[command(subcommand)]
    Recording(Recording),
    /// Look at who did what.
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Say everything that is wrong with the settings, the prompts included; fails if anything is.
    Check,
}

#[derive(Subcommand)]
enum Recording {
    /// Look for keys in WAV files, whole ones and remains an eavesdropper could read; fails if any file holds one, or
    /// cannot be looked at.
    Scan {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Go through the whole chain of the (stopped) service: what was edited, deleted or moved is found, and with a file
    /// of exported heads what was cut off at the end.
    Verify {
        /// The exported heads; the setting audit.key is what signed them.
        #[arg(long)]
        head: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    run(Arguments::parse()).await.unwrap_or_else(|error| {
        eprintln!("ivr-payment-service: {error}");
        ExitCode::FAILURE
    })
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    hardening::forbid_core_dumps()?;
    match arguments.command {
        Some(Command::Demo(options)) => demo::run(&options).await,
        Some(Command::Config(ConfigCommand::Check)) => {
            Ok(check(arguments.config.as_deref(), &arguments.flags))
        }
        Some(Command::Recording(Recording::Scan { files })) => Ok(scan(&files)),
        Some(Command::Audit(Audit::Verify { head })) => {
            let config = Config::load(arguments.config.as_deref(), &arguments.flags)?;
            let store = service::open_store(&config).await?;
            let key = config.audit.signing_key();
            let entries = audit::verify(&store, head.as_deref(), key.as_ref()).await?;
            println!("{entries} entries, every one as it was written");
            Ok(ExitCode::SUCCESS)
        }
        None => serve(arguments.config.as_deref(), &arguments.flags).await,
    }
}

fn check(file: Option<&Path>, flags: &Flags) -> ExitCode {
    match inspect::inspect(file, flags) {
        Ok(summary) => {
            print!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            problems.iter().for_each(|problem| eprintln!("{problem}"));
            ExitCode::FAILURE
        }
    }
}

fn scan(files: &[PathBuf]) -> ExitCode {
    let mut all_clean = true;
    for file in files {
        let name = file.display();
        match scan::scan(file) {
            Ok(found) if found.is_clean() => println!("{name}: no key"),
            Ok(found) => {
                all_clean = false;
                println!("{name}: {} keys, {} remains of keys", found.keys, found.remains);
            }
            Err(error) => {
                all_clean = false;
                eprintln!("{name}: {error}");
            }
        }
    }
    if all_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn serve(file: Option<&Path>, flags: &Flags) -> Result<ExitCode, Box<dyn Error>> {
    let config = Config::load(file, flags)?;
    logging::init(&config.log)?;
    let drain = config.call.drain;
    let given = api::key_from_environment();
    let show_key = given.is_none();
    let service = Service::start(config, given.unwrap_or_else(api::make_key)).await?;
    // Whoever started it may have stopped reading: that ends no service.
    drop(writeln!(std::io::stdout(), "{}", service::welcome(&service, show_key)));
    service::until_stopped().await?;
    tokio::select! {
        () = service.drain(drain) => {}
        // Whoever asks twice does not want to wait.
        asked = service::until_stopped() => asked?,
    }
    service.shut_down().await;
    Ok(ExitCode::SUCCESS)
}
