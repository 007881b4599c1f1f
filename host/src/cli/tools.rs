//! `jankins tools`: the catalogue, for a person or (`--json`) for a program.
//!
//! It needs no controller: what a component can do stands in the component.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::Invocation;
use super::style::Style;
use super::style::harmless;
use crate::config;
use crate::plugin::Effect;
use crate::plugin::Plugin;
use crate::plugin::Tool;
use crate::tenant::load_plugin;
use crate::toolbox::Toolbox;

/// Options of `tools`.
#[derive(Args, Debug)]
pub(super) struct ToolsOptions {
    /// Print JSON, with the schemas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(invocation: Invocation, options: &ToolsOptions) -> anyhow::Result<ExitCode> {
    let settings = invocation.settings?;
    let plugin = load_plugin(config::cache_dir(&settings).as_deref(), &config::plugin(&settings)?)?;
    let toolbox = Toolbox::new(plugin.digest(), plugin.catalogue(), &config::rights(&settings))?;
    let mut stdout = std::io::stdout();
    if options.json {
        writeln!(stdout, "{:#}", machine(&plugin, &toolbox))?;
    } else {
        write!(stdout, "{}", human(&plugin, &toolbox, Style::of_stdout()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn machine(plugin: &Plugin, toolbox: &Toolbox) -> Value {
    let tools: Vec<Value> = toolbox
        .offered()
        .iter()
        .map(|tool| {
            json!({
                "name": tool.name,
                "mcp_name": tool.mcp_name,
                "description": tool.description,
                "effect": tool.effect.as_str(),
                "toolset": tool.toolset,
                "input_schema": *tool.input_schema,
                "output_schema": *tool.output_schema,
            })
        })
        .collect();
    json!({
        "plugin": {"digest": plugin.digest(), "wasi": plugin.wasi(), "imports": plugin.imports()},
        "instructions": plugin.catalogue().instructions,
        "tools": tools,
    })
}

fn human(plugin: &Plugin, toolbox: &Toolbox, style: Style) -> String {
    let mut sets: BTreeMap<&str, Vec<&Arc<Tool>>> = BTreeMap::new();
    for tool in toolbox.offered() {
        sets.entry(&tool.toolset).or_default().push(tool);
    }
    let width = toolbox.offered().iter().map(|tool| tool.name.len()).max().unwrap_or_default();
    let mut page = String::new();
    for (set, tools) in &sets {
        page.push_str(&format!("{}\n", style.strong(&harmless(set))));
        for tool in tools {
            page.push_str(&row(tool, width, style));
        }
        page.push('\n');
    }
    let (count, set_count) = (toolbox.offered().len(), sets.len());
    let summary = format!("{count} tools in {set_count} toolsets, from {} (WASI {})", plugin.path().display(), plugin.wasi());
    page.push_str(&format!("{}\n", style.faint(&summary)));
    for set in toolbox.left_off() {
        page.push_str(&format!("{}\n", style.faint(&format!("the toolset {set} is off: --toolsets default,{set} turns it on"))));
    }
    page.push_str(&format!("{}\n", style.faint("`jankins call TOOL --help` shows what a tool takes")));
    page
}

fn row(tool: &Tool, width: usize, style: Style) -> String {
    let name = format!("{:width$}", tool.name);
    let name = match tool.effect {
        Effect::Read => name,
        Effect::Write => style.careful(&name),
        Effect::Destructive => style.bad(&name),
    };
    let effect = match tool.effect {
        Effect::Read => String::new(),
        effect => format!(" {}", style.faint(&format!("[{effect}]"))),
    };
    format!("  {name}  {}{effect}\n", harmless(&first_sentence(&tool.description)))
}

/// The first sentence of a description, on one line.
fn first_sentence(description: &str) -> String {
    let paragraph: Vec<&str> = description.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    match paragraph.split_once(". ") {
        Some((sentence, _)) => format!("{sentence}."),
        None => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_ends_at_its_full_stop_not_within_a_version() {
        assert_eq!(first_sentence("Reads v1.2 files\nof a job. Then more.\n\nEven more."), "Reads v1.2 files of a job.");
        assert_eq!(first_sentence("One sentence."), "One sentence.");
        assert_eq!(first_sentence(""), "");
    }
}
