//! A job's `config.xml`: what builds it, where its sources come from, and the text without secrets.
//!
//! The file belongs to Jenkins and to dozens of plugins, so only the few elements that are known are read; everything else
//! passes through. Jenkins writes XML 1.1, whose references to control characters no XML 1.0 parser takes: they are
//! replaced before. What cannot be parsed can still be shown, redacted by shape alone.

use std::sync::LazyLock;

use roxmltree::{Document, Node};

use super::builds::without_credentials;
use super::scm::Repository;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::text::redact::{MARK, Redactor};
use crate::text::regex::Regex;

/// How Jenkins writes what it encrypted with its own key.
static ENCRYPTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{AQAA[A-Za-z0-9+/=]{20,}\}").ok());
/// A reference to a character by its number.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"&#(x[0-9A-Fa-f]{1,2}|[0-9]{1,2});").ok());

/// What a job does when it is built.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Definition {
    /// A pipeline whose script stands in the job.
    Script { script: String, sandbox: bool },
    /// A pipeline whose script is fetched from the job's repository.
    FromScm { path: String, lightweight: bool },
    /// A branch, whose script is the one of the branch.
    Branch { path: String },
    /// Steps configured in the page: class and, of shells, the commands.
    Steps(Vec<(String, Option<String>)>),
    /// Folders, and what nobody here knows.
    Other,
}

/// A configuration, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) definition: Definition,
    pub(crate) repositories: Vec<Repository>,
    /// The whole, without secrets.
    pub(crate) xml: String,
}

/// Asks for a job's configuration.
///
/// # Errors
/// Forbidden, naming the permission; not found with the closest names; bad response when it is no XML.
pub(crate) async fn config(call: &Call, job: &JobPath, redactor: &Redactor) -> Result<Config, Error> {
    let path = format!("{}/config.xml", job.url_path());
    let xml = match call.text("job-config", &path, &format!("configuration of {job}")).await {
        Ok(xml) => xml,
        Err(error) => return Err(missing(call, job, error).await),
    };
    Config::read(&xml, redactor).ok_or_else(|| Error::BadResponse {
        message: format!("{path} is not the XML that a job's configuration is"),
        hint: "A proxy may have answered instead of Jenkins.".into(),
    })
}

impl Config {
    fn read(xml: &str, redactor: &Redactor) -> Option<Self> {
        let xml = parseable(xml);
        let document = Document::parse(&xml).ok()?;
        let root = document.root_element();
        Some(Self { definition: definition(root, redactor), repositories: repositories(root), xml: redacted(&document, &xml, redactor) })
    }
}

/// Without references to characters that XML 1.0 does not have.
fn parseable(xml: &str) -> String {
    let Some(reference) = &*REFERENCE else { return xml.to_owned() };
    reference.replaced(xml, &|found| {
        let digits = found.trim_matches(['&', '#', ';']);
        let number = digits.strip_prefix('x').map_or_else(|| digits.parse(), |hex| u32::from_str_radix(hex, 16));
        let control = number.is_ok_and(|n| n < 0x20 && !matches!(n, 9 | 10 | 13));
        if control { "\u{fffd}".to_owned() } else { found.to_owned() }
    })
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|c| c.has_tag_name(name))
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|t| !t.is_empty())
}

fn definition(root: Node<'_, '_>, redactor: &Redactor) -> Definition {
    let clean = |text: &str| redactor.redact(text).into_owned();
    let Some(node) = root.children().find(|c| c.has_tag_name("definition")) else {
        let builders = root.children().find(|c| c.has_tag_name("builders"));
        let steps = builders.map(|b| b.children().filter(Node::is_element).collect::<Vec<_>>());
        return steps.map_or(Definition::Other, |steps| {
            let step = |node: &Node<'_, '_>| {
                let command = node.children().find(|c| c.has_tag_name("command") || c.has_tag_name("targets") || c.has_tag_name("tasks"));
                (simple(node.tag_name().name()).to_owned(), command.and_then(|c| c.text()).map(clean))
            };
            Definition::Steps(steps.iter().map(step).collect())
        });
    };
    let field = |name: &str| node.children().find(|c| c.has_tag_name(name)).and_then(|c| c.text());
    let path = || field("scriptPath").map_or("Jenkinsfile", str::trim).to_owned();
    match simple(node.attribute("class").unwrap_or_default()) {
        "CpsFlowDefinition" => {
            Definition::Script { script: clean(field("script").unwrap_or_default()), sandbox: field("sandbox") == Some("true") }
        }
        "CpsScmFlowDefinition" => Definition::FromScm { path: path(), lightweight: field("lightweight") == Some("true") },
        "SCMBinder" => Definition::Branch { path: path() },
        _ => Definition::Other,
    }
}

/// Of the job, of its pipeline, of its branch, or of the sources of a multibranch: never those of its libraries.
fn repositories(root: Node<'_, '_>) -> Vec<Repository> {
    let is_own = |node: &Node<'_, '_>| {
        let parent = node.parent_element().map_or("", |p| p.tag_name().name());
        let at_root = node.parent_element() == Some(root);
        match node.tag_name().name() {
            "scm" => at_root || parent == "definition" || parent == "branch",
            "source" => parent.ends_with("BranchSource"),
            name => name.contains("SCMSource") && parent == "navigators",
        }
    };
    let mut found: Vec<Repository> = Vec::new();
    for node in root.descendants().filter(is_own) {
        for repository in read(node) {
            if !found.contains(&repository) {
                found.push(repository);
            }
        }
    }
    found
}

fn read(node: Node<'_, '_>) -> Vec<Repository> {
    let class = simple(node.attribute("class").unwrap_or(node.tag_name().name()));
    let base = |kind: &str| Repository {
        kind: kind.to_owned(),
        credentials: text(node, "credentialsId").map(str::to_owned),
        evidence: "configured".to_owned(),
        ..Repository::default()
    };
    let with = |kind: &str, remote: Option<String>| vec![Repository { remote: remote.map(|r| without_credentials(&r)), ..base(kind) }];
    let owned = |name: &str| text(node, name).map(str::to_owned);
    match class {
        "NullSCM" | "" => Vec::new(),
        "GitSCM" => git(node, &base("git")),
        "GitSCMSource" => with("git", owned("remote")),
        "GitHubSCMSource" => with("github", owned("repositoryUrl").or_else(|| github(node))),
        "BitbucketSCMSource" => with("bitbucket", joined(&[text(node, "serverUrl"), text(node, "repoOwner"), text(node, "repository")])),
        "GitLabSCMSource" => with("gitlab", owned("httpRemote").or_else(|| owned("sshRemote")).or_else(|| owned("projectPath"))),
        "SubversionSCM" => {
            let locations = node.descendants().filter(|n| n.has_tag_name("remote")).filter_map(|n| n.text());
            locations.map(|url| Repository { remote: Some(without_credentials(url.trim())), ..base("subversion") }).collect()
        }
        "MercurialSCM" => with("mercurial", owned("source")),
        "MultiSCM" => node.descendants().filter(|n| n.tag_name().name().ends_with("GitSCM")).flat_map(|n| git(n, &base("git"))).collect(),
        other => with(other, owned("remote").or_else(|| owned("url"))),
    }
}

fn git(node: Node<'_, '_>, base: &Repository) -> Vec<Repository> {
    let below = |list: &str, field: &'static str| {
        let entries =
            node.children().filter(|c| c.has_tag_name(list)).flat_map(|c| c.children()).filter(Node::is_element).collect::<Vec<_>>();
        entries
            .into_iter()
            .map(move |entry| (entry.children().find(|c| c.has_tag_name(field)).and_then(|c| c.text()).map(|t| t.trim().to_owned()), entry))
            .collect::<Vec<_>>()
    };
    let branches: Vec<String> = below("branches", "name").into_iter().filter_map(|(name, _)| name).collect();
    let remotes = below("userRemoteConfigs", "url").into_iter();
    remotes
        .filter_map(|(url, entry)| {
            let credentials = entry.children().find(|c| c.has_tag_name("credentialsId")).and_then(|c| c.text()).map(str::to_owned);
            Some(Repository { remote: Some(without_credentials(&url?)), branches: branches.clone(), credentials, ..base.clone() })
        })
        .collect()
}

/// From the API's address: `https://ghe.example.com/api/v3` is the host `ghe.example.com`.
fn github(node: Node<'_, '_>) -> Option<String> {
    let api = text(node, "apiUri").unwrap_or("https://api.github.com");
    let host = api.split_once("://").map_or(api, |(_, rest)| rest).split('/').next()?;
    let host = if host == "api.github.com" { "github.com" } else { host };
    joined(&[Some(&format!("https://{host}")), text(node, "repoOwner"), text(node, "repository")])
}

fn joined(parts: &[Option<&str>]) -> Option<String> {
    let parts: Option<Vec<&str>> = parts.iter().map(|p| p.map(|p| p.trim_end_matches('/'))).collect();
    Some(parts?.join("/"))
}

/// `hudson.plugins.git.GitSCM` is a `GitSCM`.
fn simple(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or_default()
}

/// The text with every secret replaced: elements named like one, defaults of password parameters, what Jenkins encrypted,
/// and whatever the redactor knows by shape.
fn redacted(document: &Document<'_>, xml: &str, redactor: &Redactor) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut from = 0;
    let secrets = document.descendants().filter(|n| n.is_text() && n.parent_element().is_some_and(is_secret));
    for node in secrets.filter(|n| n.text().is_some_and(|t| !t.trim().is_empty())) {
        let range = node.range();
        out.push_str(xml.get(from..range.start).unwrap_or_default());
        out.push_str(MARK);
        from = range.end;
    }
    out.push_str(xml.get(from..).unwrap_or_default());
    let out = ENCRYPTED.as_ref().map_or(out.clone(), |encrypted| encrypted.replaced(&out, &|_| MARK.to_owned()));
    redactor.redact(&out).into_owned()
}

fn is_secret(element: Node<'_, '_>) -> bool {
    let name = element.tag_name().name().to_ascii_lowercase();
    let in_password = element.parent_element().is_some_and(|p| p.tag_name().name().contains("Password"));
    // `credentialsId`, `secretName`: names of secrets are none.
    let reference = name.ends_with("id") || name.ends_with("name");
    let named = ["password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey"].iter().any(|word| name.contains(word));
    (named && !reference && !element.children().any(|c| c.is_element())) || (in_password && name == "defaultvalue")
}

#[cfg(test)]
mod tests;
