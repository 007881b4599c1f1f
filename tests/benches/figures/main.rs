//! The figures that this project promises, measured on the built programs: `make bench`.
//!
//! Everything runs against the simulated controller in this process. Each line shows a figure and its bound; one that
//! is out of its bound makes the benchmark fail. `BLESS=1 make bench` accepts the present token counts as the new
//! baseline, and `ONLY=scan make bench` measures one section.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod hostile;
mod load;
mod memory;
mod noise;
mod scan;
mod speed;
mod tenants;
mod tokens;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;

const SECTIONS: &[&str] = &["speed", "load", "scan", "memory", "tenants", "hostile", "tokens"];

/// The table, printed as it grows.
#[derive(Default)]
struct Table {
    failed: usize,
}

impl Table {
    fn section(&self, title: &str) {
        println!("\n{title}");
    }

    /// A figure that is told but promised to nobody.
    fn note(&self, name: &str, figure: &str) {
        println!("  {name:<58} {figure:>14}");
    }

    /// A figure that must be at most its bound.
    fn at_most(&mut self, name: &str, figure: f64, bound: f64, unit: &str) {
        self.judge(name, figure, bound, unit, "≤", figure <= bound);
    }

    /// A figure that must be at least its bound.
    fn at_least(&mut self, name: &str, figure: f64, bound: f64, unit: &str) {
        self.judge(name, figure, bound, unit, "≥", figure >= bound);
    }

    fn judge(&mut self, name: &str, figure: f64, bound: f64, unit: &str, sign: &str, holds: bool) {
        self.failed += usize::from(!holds);
        let (verdict, figure) = (if holds { "ok" } else { "TOO BAD" }, format!("{} {unit}", short(figure)));
        println!("  {name:<58} {figure:>14}   {sign} {:<8} {verdict}", short(bound));
    }
}

/// Three digits, as far as they mean something.
fn short(figure: f64) -> String {
    if figure < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The value that this share of all values does not exceed.
fn percentile(durations: &mut [Duration], share: f64) -> Duration {
    durations.sort();
    let last = durations.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    durations.get(index).copied().unwrap_or_default()
}

async fn controller() -> Result<Simulator> {
    Simulator::start(SimulatorOptions::default()).await
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut table = Table::default();
    let only = std::env::var("ONLY").ok();
    if let Some(only) = &only {
        anyhow::ensure!(SECTIONS.contains(&only.as_str()), "ONLY is one of {}, not {only}", SECTIONS.join(", "));
    }
    for section in SECTIONS.iter().filter(|section| only.as_deref().is_none_or(|only| only == **section)) {
        match *section {
            "speed" => speed::measure(&mut table).await?,
            "load" => load::measure(&mut table).await?,
            "scan" => scan::measure(&mut table).await?,
            "memory" => memory::measure(&mut table).await?,
            "tenants" => tenants::measure(&mut table).await?,
            "hostile" => hostile::measure(&mut table).await?,
            _ => tokens::measure(&mut table).await?,
        }
    }
    println!();
    Ok(if table.failed == 0 {
        ExitCode::SUCCESS
    } else {
        println!("{} figures are out of their bounds", table.failed);
        ExitCode::FAILURE
    })
}
