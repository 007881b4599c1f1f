//! `jankins config`: every setting with its value and who gave it. Nothing secret is shown.
//!
//! It ends with 2, and the reason, when the configuration cannot be used: so it is also the check before a deployment.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Invocation;
use super::style::Style;
use super::style::harmless;
use crate::config::Config;
use crate::config::Key;
use crate::config::Layer;
use crate::config::Scope;
use crate::config::Settings;
use crate::config::keys;

/// Options of `config`.
#[derive(Args, Debug)]
pub(super) struct ConfigOptions {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A table as it is shown: its heading, and its rows of key, value and origin.
type Section = (String, Vec<(&'static Key, String, String)>);

pub(super) fn run(invocation: Invocation, options: &ConfigOptions) -> anyhow::Result<ExitCode> {
    let settings = invocation.settings?;
    let sections = sections(&settings);
    let mut stdout = std::io::stdout();
    if options.json {
        writeln!(stdout, "{:#}", machine(&settings, &sections))?;
    } else {
        write!(stdout, "{}", human(&settings, &sections, Style::of_stdout()))?;
    }
    Config::new(&settings)?;
    Ok(ExitCode::SUCCESS)
}

fn sections(settings: &Settings) -> Vec<Section> {
    let several = settings.tenants.len() > 1 || !settings.tenants.contains_key(crate::tenant::DEFAULT);
    let process = keys::TOP.iter().copied().filter(|key| !several || key.scope != Scope::Tenant).collect::<Vec<_>>();
    let mut sections = vec![(String::new(), rows(&settings.process, &process))];
    if several {
        let tenants = keys::TOP.iter().copied().filter(|key| key.scope == Scope::Tenant).collect::<Vec<_>>();
        sections.extend(settings.tenants.iter().map(|(id, layer)| (format!("[tenants.{id}]"), rows(layer, &tenants))));
    }
    sections.extend(settings.classes.iter().map(|(name, layer)| (format!("[classes.{name}]"), rows(layer, keys::CLASSES))));
    sections.extend(settings.tokens.iter().map(|layer| ("[[tokens]]".to_owned(), rows(layer, keys::TOKENS))));
    sections.extend(settings.oauth.iter().map(|layer| ("[oauth]".to_owned(), rows(layer, keys::OAUTH))));
    sections.extend(settings.rules.iter().map(|layer| ("[[oauth.rules]]".to_owned(), rows(layer, keys::RULES))));
    sections
}

fn rows(layer: &Layer, keys: &[&'static Key]) -> Vec<(&'static Key, String, String)> {
    let row = |key: &&'static Key| match layer.get(key) {
        Some(setting) => (*key, setting.value.to_string(), setting.origin.to_string()),
        None => (*key, String::new(), String::new()),
    };
    keys.iter().map(row).collect()
}

fn human(settings: &Settings, sections: &[Section], style: Style) -> String {
    let mut page = match &settings.file {
        Some(path) => format!("{}\n", style.faint(&format!("# from {}, variables and options", path.display()))),
        None => format!("{}\n", style.faint("# no configuration file; from variables and options")),
    };
    let shown = || sections.iter().flat_map(|(_, rows)| rows);
    let width = shown().map(|(key, ..)| key.name.len()).max().unwrap_or_default();
    let values = shown().map(|(_, value, _)| value.chars().count()).filter(|length| *length <= 48).max().unwrap_or_default();
    for (heading, rows) in sections {
        if !heading.is_empty() {
            page.push_str(&format!("\n{}\n", style.strong(heading)));
        }
        for (key, value, origin) in rows {
            let line = if value.is_empty() {
                style.faint(&format!("# {:width$}   not set", key.name))
            } else {
                format!("{:width$} = {:values$}  {}", key.name, harmless(value), style.faint(&format!("# {}", harmless(origin))))
            };
            page.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    page
}

fn machine(settings: &Settings, sections: &[Section]) -> Value {
    let table = |rows: &[(&'static Key, String, String)]| -> Value {
        let entry = |(key, value, origin): &(&'static Key, String, String)| {
            // A value is shown as TOML; texts, numbers, switches and lists of texts are JSON by that as well.
            let shown = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            (!value.is_empty()).then(|| (key.name.to_owned(), json!({"value": shown, "origin": origin})))
        };
        Value::Object(rows.iter().filter_map(entry).collect::<Map<_, _>>())
    };
    let sections: Vec<Value> = sections.iter().map(|(heading, rows)| json!({"table": heading, "settings": table(rows)})).collect();
    json!({"file": settings.file, "tables": sections})
}
