//! `jankins plugin`: asks a running server which plugins its tenants use, and lets it use others.
//!
//! The server does the work (see [`crate::rollout`]); this is its operator's hand. A server beyond loopback wants an
//! operator token, which comes from `JANKINS_OPERATOR_TOKEN` alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::Result;
use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::FAILED;
use super::remote::Remote;
use super::style::harmless;

/// Options of `plugin`.
#[derive(Args, Debug)]
pub(super) struct PluginOptions {
    #[command(subcommand)]
    command: PluginCommand,

    /// Address of the running server
    #[arg(long = "server", value_name = "URL", default_value = "http://127.0.0.1:8080", global = true)]
    server: String,

    /// One tenant only [default: all]
    #[arg(long, value_name = "NAME", global = true)]
    tenant: Option<String>,

    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum PluginCommand {
    /// Show which plugin each tenant uses, and what could be used instead
    List,
    /// Let a running server use another plugin, with no call lost
    Use(UseOptions),
    /// Return to the plugin that was used before the last change
    Rollback,
}

#[derive(Args, Debug)]
struct UseOptions {
    /// The component, as the server's machine names it
    file: PathBuf,
    /// SHA-256 that the file must have
    #[arg(long, value_name = "SHA256")]
    digest: Option<String>,
    /// Use it even if clients would stumble over its tools, or its own check fails
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(options: PluginOptions) -> Result<ExitCode> {
    let remote = Remote::new(&options.server)?;
    let (answer, shown): (_, fn(&Value) -> Result<String>) = match &options.command {
        PluginCommand::List => (remote.get("/_plugin").await?, listed),
        PluginCommand::Use(wanted) => {
            // Relative names are those of this shell; a server elsewhere is told absolute ones.
            let file = std::path::absolute(&wanted.file).unwrap_or_else(|_| wanted.file.clone());
            let body = json!({"file": file, "digest": wanted.digest, "tenant": options.tenant, "force": wanted.force});
            (remote.post("/_plugin/use", &body).await?, changed)
        }
        PluginCommand::Rollback => (remote.post("/_plugin/rollback", &json!({"tenant": options.tenant})).await?, changed),
    };
    let mut stdout = std::io::stdout();
    if answer.is_success() {
        let text = if options.json { format!("{:#}\n", answer.body) } else { shown(&answer.body)? };
        write!(stdout, "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.json {
        writeln!(stdout, "{:#}", answer.body)?;
    } else {
        super::complain(refusal(&answer.body).trim_end());
    }
    Ok(ExitCode::from(FAILED))
}

/// The first characters of a digest tell plugins apart.
fn short(digest: &Value) -> String {
    digest.as_str().unwrap_or_default().chars().take(12).collect()
}

fn said(value: &Value) -> String {
    harmless(value.as_str().unwrap_or_default())
}

fn listed(body: &Value) -> Result<String> {
    let mut page = String::new();
    for tenant in body["tenants"].as_array().context("the server's answer has no tenants")? {
        let plugin = &tenant["plugin"];
        writeln!(page, "{}  {}", said(&tenant["tenant"]), said(&plugin["file"]))?;
        writeln!(page, "    {} tools, WASI {}, digest {}", plugin["tools"], said(&plugin["wasi"]), short(&plugin["digest"]))?;
        if let Some(change) = tenant["last_change"].as_str() {
            let trial = if tenant["on_trial"] == true { ", on trial" } else { "" };
            writeln!(page, "    last change: {}{trial}", harmless(change))?;
        }
        let before = &tenant["before"];
        if before.is_object() {
            writeln!(page, "    before: {}, digest {}", said(&before["file"]), short(&before["digest"]))?;
        }
    }
    let candidates = body["candidates"].as_array().into_iter().flatten();
    for file in candidates {
        writeln!(page, "could be used: {}", said(file))?;
    }
    Ok(page)
}

fn changed(body: &Value) -> Result<String> {
    let tenants: Vec<String> = body["tenants"].as_array().into_iter().flatten().map(said).collect();
    let plugin = &body["plugin"];
    let mut page = format!(
        "in use now: {}\n    {} tools, WASI {}, digest {}\n    for {}\n",
        said(&plugin["file"]),
        plugin["tools"],
        said(&plugin["wasi"]),
        short(&plugin["digest"]),
        tenants.join(", "),
    );
    page.push_str(&differences(&body["differences"]));
    page.push_str("Until the server is started again. To keep it, name it in the configuration (JANKINS_PLUGIN).\n");
    Ok(page)
}

fn refusal(body: &Value) -> String {
    format!("not changed: {}\n{}", said(&body["error"]), differences(&body["differences"]))
}

fn differences(value: &Value) -> String {
    let mut page = String::new();
    for (key, word) in [("added", "new tool"), ("vanished", "gone"), ("changed", "changed")] {
        for item in value[key].as_array().into_iter().flatten() {
            page.push_str(&format!("    {word}: {}\n", said(item)));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_what_is_used_what_was_and_what_could_be() {
        let body = json!({
            "tenants": [{
                "tenant": "default",
                "plugin": {"file": "/opt/new.wasm", "digest": "0123456789abcdef", "wasi": "0.3", "tools": 7},
                "before": {"file": "/opt/old.wasm", "digest": "fedcba9876543210"},
                "on_trial": true,
                "last_change": "use",
            }],
            "candidates": ["/opt/other.wasm"],
        });
        assert_eq!(
            listed(&body).unwrap(),
            "default  /opt/new.wasm\n    7 tools, WASI 0.3, digest 0123456789ab\n    last change: use, on trial\n    \
             before: /opt/old.wasm, digest fedcba987654\ncould be used: /opt/other.wasm\n"
        );
    }

    #[test]
    fn a_refusal_names_what_clients_would_stumble_over() {
        let body = json!({"error": "its tools differ", "differences": {"vanished": ["get_x"], "changed": ["a: parameter `b` is gone"]}});
        assert_eq!(refusal(&body), "not changed: its tools differ\n    gone: get_x\n    changed: a: parameter `b` is gone\n");
    }
}
