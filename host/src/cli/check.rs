//! `jankins check`: every layer between this process and a useful answer, in order, with the first one that fails.
//!
//! Configuration, component, name, connection, encryption, and then what the plugin itself checks (credentials,
//! permissions and the like). A step that cannot be tried because an earlier one failed is not listed.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::FAILED;
use super::Invocation;
use super::probe;
use super::style::Style;
use super::style::harmless;
use crate::config::Config;
use crate::config::TenantConfig;
use crate::egress::CassetteMode;
use crate::lanes::Lanes;
use crate::plugin::CheckStep;
use crate::tenant::Tenant;
use crate::tenant::Tenants;

/// Options of `check`.
#[derive(Args, Debug)]
pub(super) struct CheckOptions {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(invocation: Invocation, options: &CheckOptions) -> anyhow::Result<ExitCode> {
    let steps = steps(invocation).await;
    let ok = steps.iter().all(|step| step.ok);
    let mut stdout = std::io::stdout();
    if options.json {
        writeln!(stdout, "{:#}", json!({"ok": ok, "steps": steps}))?;
    } else {
        write!(stdout, "{}", human(&steps, Style::of_stdout()))?;
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

async fn steps(invocation: Invocation) -> Vec<CheckStep> {
    let mut steps = Vec::new();
    let config = match invocation.settings.and_then(|settings| Config::new(&settings)) {
        Ok(config) => config,
        Err(error) => {
            steps.push(failed("configuration", &error, "see `jankins --help` for every setting"));
            return steps;
        }
    };
    let tenants = match Tenants::start(&config.tenants, config.cache_dir.as_deref(), Lanes::one()) {
        Ok(tenants) => tenants,
        Err(error) => {
            steps.push(failed("plugin", &error, "name a component with --plugin, or install this release again"));
            return steps;
        }
    };
    let several = config.tenants.len() > 1;
    for tenant in tenants.all() {
        if let Some(config) = config.tenants.get(tenant.id()) {
            let found = of_tenant(&tenant, config).await;
            let prefix = if several { format!("{} ", tenant.id()) } else { String::new() };
            steps.extend(found.into_iter().map(|step| CheckStep { name: format!("{prefix}{}", step.name), ..step }));
        }
    }
    steps
}

/// The layers of one tenant.
async fn of_tenant(tenant: &Tenant, config: &TenantConfig) -> Vec<CheckStep> {
    let mut steps = Vec::new();
    let who = match &config.identity {
        Some(identity) => format!("{} as {}", config.controller, identity.user().unwrap_or("whom the token's program names")),
        None => format!("{} without credentials", config.controller),
    };
    steps.push(passed("configuration", who));
    let (facts, count) = (tenant.facts(), tenant.toolbox().offered().len());
    steps.push(passed("plugin", format!("{count} tools, WASI {}, digest {}", facts.wasi, facts.component_digest)));
    if matches!(config.cassette, CassetteMode::Replay(_)) {
        steps.push(passed("network", "not used: answers come from a cassette".to_owned()));
    } else {
        steps.extend(probe::network(config).await);
    }
    if steps.iter().all(|step| step.ok) {
        match tenant.program().runner.check().await {
            Ok(report) => steps.extend(report.steps),
            Err(failure) => {
                steps.push(CheckStep { name: "jenkins".to_owned(), ok: false, detail: failure.to_string(), hint: failure.hint })
            }
        }
    }
    steps
}

pub(super) fn passed(name: &str, detail: String) -> CheckStep {
    CheckStep { name: name.to_owned(), ok: true, detail, hint: None }
}

/// A failed step; its detail is the chain of causes.
pub(super) fn failed(name: &str, error: &(dyn std::error::Error + 'static), hint: &str) -> CheckStep {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let detail = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
    CheckStep { name: name.to_owned(), ok: false, detail, hint: Some(hint.to_owned()) }
}

fn human(steps: &[CheckStep], style: Style) -> String {
    let width = steps.iter().map(|step| step.name.chars().count()).max().unwrap_or_default();
    let mut page = String::new();
    for step in steps {
        let mark = if step.ok { style.good("ok  ") } else { style.bad("FAIL") };
        let name = format!("{:width$}", step.name);
        page.push_str(&format!("{mark}  {}  {}\n", harmless(&name), harmless(&step.detail)));
        if let Some(hint) = &step.hint {
            page.push_str(&format!("      {:width$}  {}\n", "", style.careful(&format!("hint: {}", harmless(hint)))));
        }
    }
    page.push_str(&match steps.iter().find(|step| !step.ok) {
        None => format!("{}\n", style.strong("all is well")),
        Some(step) => format!("{}\n", style.bad(&format!("{} failed", harmless(&step.name)))),
    });
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_step_that_failed_and_how_to_help() {
        let steps = [
            passed("configuration", "fine".to_owned()),
            CheckStep { name: "dns".to_owned(), ok: false, detail: "no such host".to_owned(), hint: Some("check the name".to_owned()) },
        ];
        let expected = "ok    configuration  fine\n\
                        FAIL  dns            no such host\n                     hint: check the name\n\
                        dns failed\n";
        assert_eq!(human(&steps, Style::plain()), expected);
    }

    #[test]
    fn a_failed_step_tells_the_whole_chain_of_causes() {
        let cause = std::io::Error::other("no such file");
        let error = anyhow::Error::new(cause).context("the plugin cannot be read");
        assert_eq!(failed("plugin", error.as_ref(), "h").detail, "the plugin cannot be read: no such file");
    }
}
