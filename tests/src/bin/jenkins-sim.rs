//! A stand-alone Jenkins made of recordings, to try clients against.
//!
//! Prints its URL and serves until it is stopped. Users and tokens are those of
//! `jankins_tests::simulator::User`.

use anyhow::{Context, Result, bail};
use jankins_tests::simulator::{Fault, Simulator, SimulatorOptions};
use std::{io::Write, time::Duration};

const HELP: &str = "\
Serves a recorded Jenkins controller.

Usage: jenkins-sim [--bind ADDRESS] [--latency-ms N] [--fault FAULT]...

  --bind ADDRESS    where to listen (default 127.0.0.1:0: a free port)
  --latency-ms N    how long each answer takes (default 0)
  --fault FAULT     starting, hang, stall, truncate, malformed, login-page, drop,
                    missing, rate-limited=SECONDS, status=CODE, redirect=URL;
                    FAULT@TEXT only where the path contains TEXT

Log in as admin, lin, reader or nobody1 with the API token admin-token,
lin-token, reader-token or nobody-token.
";

#[tokio::main]
async fn main() -> Result<()> {
    let mut options = SimulatorOptions::default();
    let mut faults = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bind" => options.bind = value()?.parse().context("--bind needs an address such as 127.0.0.1:8080")?,
            "--latency-ms" => options.latency = Duration::from_millis(value()?.parse().context("--latency-ms needs a number")?),
            "--fault" => faults.push(value()?),
            "--help" | "-h" => {
                std::io::stdout().write_all(HELP.as_bytes())?;
                return Ok(());
            }
            other => bail!("unknown argument {other}; see --help"),
        }
    }
    let jenkins = Simulator::start(options).await?;
    for text in faults {
        let (fault, path) = text.split_once('@').unwrap_or((&text, ""));
        jenkins.set_fault_on(path, None, fault.parse::<Fault>().map_err(anyhow::Error::msg)?);
    }
    writeln!(std::io::stdout(), "{}", jenkins.url())?;
    jenkins.wait().await;
    Ok(())
}
