//! `get-job`: what a job is, how it goes, and what it asks for.

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, Job, ParameterDefinition};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::jobs::{self, CHILDREN, Definition, Detail, Kind, Last, Status};
use crate::jenkins::path::JobPath;
use crate::text::budget::{Answer, Rendered, Section};
use crate::text::redact::{self, Redactor};
use crate::text::{fence, human, names};

use super::{build_ref, build_words, job_item, line};

/// Characters of somebody's words that a summary quotes; `full` quotes ten times as many.
const WORDS: usize = 160;
/// Jobs of a folder that a summary shows; branches are all worth showing.
const SUMMARY_CHILDREN: usize = 20;

/// `get-job`.
pub(crate) async fn get_job(call: &Call, job: String, branch: Option<String>, format: Option<Format>) -> Result<Job, Error> {
    let (path, _) = JobPath::parse(&job, branch.as_deref())?;
    let detail = jobs::detail(call, &path).await?;
    let format = format.unwrap_or(Format::Summary);
    let name = detail.full_name.clone().unwrap_or_else(|| path.name());
    let redactor = answer::redactor(call);
    let page = Page { call, detail: &detail, redactor: &redactor, path: &path, name: &name, full: format == Format::Full };
    let rendered = match format {
        Format::Ids => Answer::new(call.max_tokens()).head(names::shown(&name)).render(),
        Format::Summary | Format::Full => page.render(),
    };
    let reference = |last: &Option<Last>| last.as_ref().map(|l| build_ref(call, l, None));
    let last_build = detail.last_build.as_ref().map(|l| build_ref(call, l, detail.status()));
    let mut children: Vec<_> = detail.children().map(|item| job_item(call, item, &item.full_name(&name))).collect();
    let children_total = (!detail.more_children()).then(|| saturate(children.len() as u64));
    let mut parameters: Vec<_> = detail.parameters().map(|p| definition(&redactor, p)).collect();
    answer::keep(&mut parameters, &rendered, 0);
    answer::keep(&mut children, &rendered, 1);
    let text = rendered.text;
    Ok(Job {
        kind: detail.kind().as_str().to_owned(),
        url: format!("{}{}/", call.app().settings().url, path.url_path()),
        description: clean(&redactor, detail.description.as_ref()),
        source_title: clean(&redactor, detail.source_title()),
        source_author: clean(&redactor, detail.source_author()),
        source_url: clean(&redactor, detail.source_url()),
        buildable: detail.buildable.unwrap_or(false),
        in_queue: detail.in_queue,
        status: detail.status().map(|s| s.as_str().to_owned()),
        health: health(&detail),
        last_build,
        last_successful: reference(&detail.last_successful_build),
        last_failed: reference(&detail.last_failed_build),
        parameters,
        children_total,
        children,
        name,
        meta: call.meta(&text),
        text,
    })
}

/// Somebody's words without secrets, for the part of the answer that is not text.
fn clean<T: AsRef<str>>(redactor: &Redactor, text: Option<T>) -> Option<String> {
    let text = text.as_ref().map(AsRef::as_ref);
    text.filter(|t: &&str| !t.trim().is_empty()).map(|t| redactor.redact(&fence::visible(t)).into_owned())
}

fn definition(redactor: &Redactor, parameter: &Definition) -> ParameterDefinition {
    ParameterDefinition {
        name: parameter.name.clone(),
        kind: parameter.kind(),
        description: clean(redactor, parameter.description.as_ref()),
        default_value: default_value(redactor, parameter),
        choices: parameter.choices.iter().map(|c| redactor.redact(c).into_owned()).collect(),
    }
}

/// A default whose parameter is named like a secret is one, whatever type it was given.
fn default_value(redactor: &Redactor, parameter: &Definition) -> Option<String> {
    let value = parameter.default_value()?;
    let named = format!("{}={value}", parameter.name);
    let clean = redactor.redact(&named);
    Some(clean.strip_prefix(&format!("{}=", parameter.name)).map_or_else(|| redact::MARK.to_owned(), str::to_owned))
}

/// Worst first, with the score.
fn health(detail: &Detail) -> Vec<String> {
    let mut reports = detail.health_report.clone();
    crate::sorted::sort_by_key(&mut reports, |h| h.score);
    reports
        .iter()
        .filter(|h| !h.description.is_empty())
        .map(|h| h.score.map_or_else(|| h.description.clone(), |s| format!("{}% {}", s, h.description)))
        .collect()
}

/// The text of an answer being put together.
struct Page<'a> {
    call: &'a Call,
    detail: &'a Detail,
    redactor: &'a Redactor,
    path: &'a JobPath,
    name: &'a str,
    full: bool,
}

impl Page<'_> {
    fn render(&self) -> Rendered {
        let mut text = Answer::new(self.call.max_tokens());
        text.head(self.head());
        let parameters = self.detail.parameters().map(|p| self.parameter(p));
        text.section(Section::new("parameter").title("parameters:").priority(10).minimum(10).items(parameters));
        text.section(self.children());
        if self.detail.kind() == Kind::Multibranch {
            text.next(format!("get_job(job={:?}, ref=\"BRANCH\")", self.name));
        } else if let Some(last) =
            self.detail.last_build.as_ref().filter(|l| matches!(l.result(self.detail.status()), "FAILURE" | "UNSTABLE" | "ABORTED"))
        {
            text.next(format!("triage_failure(job={:?}, build=\"{}\")", self.name, last.number));
        }
        if self.detail.in_queue {
            text.next("explain_queue()");
        }
        answer::render(self.call, &text)
    }

    fn head(&self) -> String {
        let detail = self.detail;
        let mut first = format!("{} {}", names::shown(self.name), detail.kind().as_str());
        for word in [detail.status().map(Status::as_str), detail.in_queue.then_some("in queue"), self.unbuildable()].into_iter().flatten() {
            first.push_str(&format!(", {word}"));
        }
        let mut lines = vec![first];
        let words = if self.full { WORDS * 10 } else { WORDS };
        let display = detail.display_name.as_ref().filter(|d| *d != self.path.segments().last().map_or("", String::as_str));
        lines.extend(display.map(|d| format!("shown as {}", self.quote(d, words))));
        lines.extend(clean(self.redactor, detail.description.as_ref()).map(|d| format!("description {}", fence::inline(&d, words))));
        lines.extend(self.source(words));
        lines.extend(detail.waits_for().map(|why| format!("its next build waits: {}", self.quote(why, words))));
        lines.extend(self.builds());
        if detail.kind().is_container() && detail.children().next().is_none() {
            lines.push("nothing in it that this account may see".to_owned());
        }
        if self.full {
            lines.extend(health(detail).iter().map(|h| format!("health {}", self.quote(h, words))));
        } else {
            lines.extend(health(detail).first().map(|h| format!("health {}", self.quote(h, words))));
        }
        lines.join("\n")
    }

    /// `of "Fix the rounding" by "Sam Vimes" https://github.com/acme/api/pull/12`.
    fn source(&self, words: usize) -> Option<String> {
        let shown = |text: Option<&str>, before: &str| text.map(|t| format!("{before}{}", self.quote(t, words))).unwrap_or_default();
        let detail = self.detail;
        let url = detail.source_url().map(|url| format!(" {}", names::shown(&self.redactor.redact(url)))).unwrap_or_default();
        let line = format!("{}{}{url}", shown(detail.source_title(), " "), shown(detail.source_author(), " by "));
        (!line.is_empty()).then(|| format!("source{line}"))
    }

    fn unbuildable(&self) -> Option<&'static str> {
        let plain = !self.detail.kind().is_container() && self.detail.status() != Some(Status::Disabled);
        (plain && self.detail.buildable == Some(false)).then_some("not buildable")
    }

    fn builds(&self) -> Option<String> {
        let detail = self.detail;
        if detail.kind().is_container() {
            return None;
        }
        let Some(last) = &detail.last_build else { return Some("never built".to_owned()) };
        let mut words = vec![format!("last {}", build_words(self.call, last, detail.status()))];
        let other = |name: &str, build: &Option<Last>| {
            build
                .as_ref()
                .filter(|b| b.number != last.number)
                .map(|b| format!("{name} #{} {}", b.number, answer::ago(self.call, b.timestamp)))
        };
        words.extend(other("last successful", &detail.last_successful_build));
        words.extend(other("last failed", &detail.last_failed_build));
        Some(words.join("; "))
    }

    fn parameter(&self, parameter: &Definition) -> String {
        let mut line = format!("{} {}", names::shown(&parameter.name), parameter.kind());
        if !parameter.choices.is_empty() {
            let shown = if self.full { 50 } else { 8 };
            let mut choices: Vec<String> = parameter.choices.iter().take(shown).map(|c| self.quote(c, 60)).collect();
            if parameter.choices.len() > shown {
                choices.push(format!("… {} in all", parameter.choices.len()));
            }
            line.push_str(&format!(" of {}", choices.join(" ")));
        }
        match default_value(self.redactor, parameter) {
            _ if parameter.is_secret() => line.push_str(" (secret)"),
            Some(value) => line.push_str(&format!(" = {}", fence::inline(&value, if self.full { 400 } else { 80 }))),
            None => {}
        }
        if let Some(description) = clean(self.redactor, parameter.description.as_ref()) {
            line.push_str(&format!(": {}", fence::inline(&description, if self.full { 400 } else { 80 })));
        }
        line
    }

    fn children(&self) -> Section {
        let kind = self.detail.kind();
        let noun = if kind == Kind::Multibranch { "branch" } else { "job" };
        let room = if self.full || kind == Kind::Multibranch { CHILDREN } else { SUMMARY_CHILDREN };
        let all = self.detail.children().count();
        let lines = self.detail.children().take(room).map(|item| line(self.call, item, &item.plain_name()));
        let title = match (kind.is_container(), all) {
            (false, _) | (true, 0) => String::new(),
            (true, _) if self.detail.more_children() => {
                format!("more than {}; list_jobs(folder={:?}) has all", human::count(all as u64, noun), self.name)
            }
            (true, _) => format!("{}:", human::count(all as u64, noun)),
        };
        Section::new(noun).title(title).total(all as u64).items(lines)
    }

    fn quote(&self, text: &str, chars: usize) -> String {
        fence::inline(&self.redactor.redact(text), chars)
    }
}

#[cfg(test)]
mod tests;
