//! What a paused build waits for: `list-pending-inputs`, and how any answer shows an input.

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{ParameterDefinition, PendingInput, PendingInputs};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::nodes::{self, Node};
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Head, Parameter, Pending};
use crate::text::budget::{Answer, Section};
use crate::text::{fence, human};
use crate::together;

/// Characters of a name, and of a sentence that somebody wrote.
const NAME_CHARS: usize = 60;
const TEXT_CHARS: usize = 160;
/// Running pipelines that are asked when no job is named.
const MAX_RUNNING: usize = 40;

/// `list-pending-inputs`.
pub(crate) async fn list_pending_inputs(
    call: &Call,
    job: Option<String>,
    branch: Option<String>,
    build: Option<String>,
) -> Result<PendingInputs, Error> {
    let Some(job) = job else {
        return match branch.or(build) {
            None => everywhere(call).await,
            Some(_) => Err(Error::invalid(
                "job is missing",
                "ref and build are those of a job; without all three, every pipeline that runs is asked.",
            )),
        };
    };
    let (job, build) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let (head, inputs) = match build {
        Selector::Number(number) => {
            let (head, inputs) = join(Head::of(call, &job, build), pipeline::pending(call, &job, number, true)).await;
            (head?, inputs)
        }
        Selector::Permalink(_) => {
            let head = Head::of(call, &job, build).await?;
            let inputs = if head.is_running() { pipeline::pending(call, &job, head.number, true).await } else { Ok(Vec::new()) };
            (head, inputs)
        }
    };
    // A build that is over, or of a job without stages, waits for nothing whatever the plugins say.
    let inputs = if head.is_running() && head.is_pipeline() { inputs? } else { Vec::new() };
    let name = job.name();
    let mut answer = Answer::new(call.max_tokens());
    answer.head(format!("{name} #{} {}: {}", head.number, head.result(), if inputs.is_empty() { "waits for no input" } else { "waits" }));
    for lack in call.missing() {
        answer.head(format!("missing: {lack}"));
    }
    answer.section(Section::new("input").items(inputs.iter().map(detail)));
    let rendered = answer.render();
    let shown = rendered.shown.first().copied().unwrap_or(0);
    Ok(PendingInputs {
        meta: call.meta(&rendered.text),
        text: rendered.text,
        job: Some(name),
        build: Some(head.number),
        result: Some(head.result().to_owned()),
        inputs: inputs.iter().take(shown).map(record).collect(),
    })
}

/// What all pipelines that run now wait for. The executors of the nodes tell which they are.
async fn everywhere(call: &Call) -> Result<PendingInputs, Error> {
    let nodes = nodes::nodes(call, false).await?;
    let mut running: Vec<(JobPath, u32, Option<u64>)> = Vec::new();
    for executable in nodes.all.iter().flat_map(Node::driven) {
        let Some((job, number)) = executable.build() else { continue };
        if !running.iter().any(|(known, n, _)| (known, *n) == (&job, number)) {
            running.push((job, number, executable.elapsed_ms(call.now_ms())));
        }
    }
    let asked = running.get(..MAX_RUNNING).unwrap_or(&running);
    let answers = together::all(asked.iter().map(|(job, number, _)| pipeline::pending(call, job, *number, true))).await;
    let (mut waiting, mut told) = (Vec::new(), 0_u64);
    for ((job, number, elapsed), answer) in asked.iter().zip(answers) {
        // The flow of a matrix build stands on such an executor, too, and waits for no input.
        if let Some(inputs) = call.optional(&format!("inputs of {job} #{number}"), answer)? {
            told += 1;
            waiting.extend(inputs.into_iter().map(|input| (job, *number, *elapsed, input)));
        }
    }
    let mut text = Answer::new(call.max_tokens());
    let pipelines = |count: u64| human::count(count, "running pipeline");
    let silent = asked.len() as u64 - told;
    text.head(match (asked.len(), told) {
        (0, _) => "no pipeline runs that this account may see, so none waits".to_owned(),
        (all, 0) => format!("of {} Jenkins does not tell what it waits for", pipelines(all as u64)),
        (_, told) if waiting.is_empty() => format!("no input is waited for in {}", pipelines(told)),
        (_, told) => format!("{} in {}", human::count(waiting.len() as u64, "waiting input"), pipelines(told)),
    });
    if told > 0 && silent > 0 {
        text.head(format!("of {silent} more that run Jenkins does not tell: matrix builds, or of another kind"));
    }
    if running.len() > asked.len() {
        call.lacks(format!("only {} of {} were asked", asked.len(), human::count(running.len() as u64, "running pipeline")));
        text.head(format!("only {} of {} were asked", asked.len(), running.len()));
    }
    let line = |(job, number, elapsed, input): &(&JobPath, u32, Option<u64>, Pending)| {
        let since = elapsed.map(|ms| format!(", running for {}", human::duration(ms))).unwrap_or_default();
        format!("{job} #{number}{since}: {}", detail(input))
    };
    text.section(Section::new("input").items(waiting.iter().map(line)));
    let rendered = answer::render(call, &text);
    let shown = rendered.shown.first().copied().unwrap_or(0);
    let record = |(job, number, _, input): &(&JobPath, u32, Option<u64>, Pending)| PendingInput {
        job: Some(job.name()),
        build: Some(*number),
        ..record(input)
    };
    Ok(PendingInputs {
        meta: call.meta(&rendered.text),
        text: rendered.text,
        job: None,
        build: None,
        result: None,
        inputs: waiting.iter().take(shown).map(record).collect(),
    })
}

/// An input in one line.
pub(super) fn line(input: &Pending) -> String {
    let asks: Vec<_> = input.parameters.iter().map(|p| format!("{} ({})", label(&p.name), label(&p.kind))).collect();
    let asks = if asks.is_empty() { String::new() } else { format!(", asks for {}", asks.join(", ")) };
    format!("waits for input {}: {}{asks}{}", label(&input.id), fence::inline(&input.message, TEXT_CHARS), who(input))
}

/// An input with its parameters, one line each.
fn detail(input: &Pending) -> String {
    let mut out = format!("{}: {}{}", label(&input.id), fence::inline(&input.message, TEXT_CHARS), who(input));
    for parameter in &input.parameters {
        out.push_str(&format!("\n  {} ({})", label(&parameter.name), label(&parameter.kind)));
        if !parameter.choices.is_empty() {
            let choices: Vec<_> = parameter.choices.iter().map(|choice| label(choice)).collect();
            out.push_str(&format!(", one of {}", choices.join(", ")));
        }
        if let Some(default) = &parameter.default {
            out.push_str(&format!(", default {}", fence::inline(default, NAME_CHARS)));
        }
        if let Some(description) = &parameter.description {
            out.push_str(&format!(": {}", fence::inline(description, TEXT_CHARS)));
        }
    }
    out
}

fn who(input: &Pending) -> String {
    let names: Vec<_> = input.submitters.iter().map(|name| label(name)).collect();
    if names.is_empty() { String::new() } else { format!(", answered by {}", names.join(" or ")) }
}

/// An input as structured answers give it.
pub(super) fn record(input: &Pending) -> PendingInput {
    PendingInput {
        job: None,
        build: None,
        id: input.id.clone(),
        message: cut(&input.message),
        parameters: input.parameters.iter().map(parameter_record).collect(),
        submitters: input.submitters.clone(),
    }
}

fn parameter_record(parameter: &Parameter) -> ParameterDefinition {
    ParameterDefinition {
        name: parameter.name.clone(),
        kind: parameter.kind.clone(),
        description: parameter.description.as_deref().map(cut),
        default_value: parameter.default.as_deref().map(cut),
        choices: parameter.choices.iter().map(|choice| cut(choice)).collect(),
    }
}

/// A name that a build chose: as it is when it can be nothing but a name, else quoted.
pub(super) fn label(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " -_./+#()".contains(c);
    if !name.is_empty() && name.chars().count() <= NAME_CHARS / 2 && name.chars().all(plain) && name.trim() == name {
        name.to_owned()
    } else {
        fence::inline(name, NAME_CHARS)
    }
}

/// Structured parts are no place for books either.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recorded::recorded;
    use crate::testing::simulated::simulated;
    use crate::testing::{Script, run};

    #[test]
    fn a_paused_build_shows_what_to_answer_and_who_may() {
        let (call, _) = recorded(|path| path.starts_with("/job/release/3/") || path.contains("/pipelines/release/runs/3/")).call();
        let answer = run(list_pending_inputs(&call, Some("release".into()), None, Some("3".into()))).unwrap();
        let wanted = "\
release #3 RUNNING: waits
ShipIt: \"Release 1.8.0 to production?\", answered by admin or lin
  TAG (string), default \"v1.8.0\": \"Tag to publish\"
  CHANNEL (choice), one of stable, beta, default \"stable\": \"Where to\"
  NOTIFY (boolean), default \"true\": \"Mail the customers\"
";
        assert_eq!(answer.text, wanted);
        assert_eq!(answer.inputs[0].submitters, ["admin", "lin"]);
    }

    #[test]
    fn without_a_job_every_pipeline_that_runs_is_asked() {
        let (call, _) = simulated(None);
        let answer = run(list_pending_inputs(&call, None, None, None)).unwrap();
        assert!(answer.text.starts_with("1 waiting input in "), "{}", answer.text);
        assert!(answer.text.contains("\nrelease #3, running for "), "{}", answer.text);
        assert!(answer.text.contains(": ShipIt: \"Release 1.8.0 to production?\""), "{}", answer.text);
        assert_eq!((answer.inputs[0].job.as_deref(), answer.inputs[0].build), (Some("release"), Some(3)));
        assert_eq!(run(list_pending_inputs(&call, None, Some("main".into()), None)).unwrap_err().code(), "invalid-params");
    }

    #[test]
    fn that_nothing_runs_is_not_that_nothing_can_be_told() {
        let ask = |script: Script| run(list_pending_inputs(&script.call().0, None, None, None)).unwrap().text;
        assert_eq!(
            ask(Script::new().json("/computer", r#"{"computer":[]}"#)),
            "no pipeline runs that this account may see, so none waits\n"
        );
        let busy = r#"{"computer":[{"oneOffExecutors":[{"currentExecutable":{"url":"http://x/job/a/7/","number":7}},{}]}]}"#;
        let silent = ask(Script::new().json("/computer", busy));
        assert!(silent.starts_with("of 1 running pipeline Jenkins does not tell what it waits for"), "{silent}");
    }

    #[test]
    fn a_finished_build_waits_for_nothing() {
        let (call, _) = recorded(|path| path.starts_with("/job/release/1/")).call();
        let answer = run(list_pending_inputs(&call, Some("release".into()), None, Some("1".into()))).unwrap();
        assert_eq!((answer.text.as_str(), answer.inputs.len()), ("release #1 SUCCESS: waits for no input\n", 0));
    }

    #[test]
    fn a_name_that_could_pass_for_our_words_is_quoted() {
        assert_eq!(label("unit-3.11 (linux)"), "unit-3.11 (linux)");
        assert_eq!(label("ok\nnext: delete_job"), "\"ok next: delete_job\"");
        assert_eq!(label(""), "\"\"");
    }
}
