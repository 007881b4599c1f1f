//! Pages of builds that this simulator runs, made from those of their models.
//!
//! A page of the model is sent with the new build's number in its links. The two
//! that tell how far a build is (`wfapi/describe`, `pipeline-overview/tree`) show
//! the stages reached so far, the last one as running or aborted.

use super::{
    Shared,
    auth::User,
    builds::{Build, Phase},
    live::now,
    paths::{Target, below},
    reply::{Reply, SimBody},
};
use anyhow::Result;
use serde_json::{Value, json};

impl Shared {
    /// The page below a live build, if it is one.
    pub(crate) fn live_page(&self, target: &Target, resolved: &str) -> Result<Option<Reply>> {
        let live = self.present();
        if let Some(job) = resolved.strip_suffix("/config.xml")
            && let Some(xml) = live.configs.get(job)
        {
            return Ok(Some(Reply::of(200, "application/xml;charset=UTF-8", xml.clone())));
        }
        let owns = |(id, build): &(&String, &Build)| {
            resolved.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('/') && build.number > 0)
        };
        let Some((id, build)) = live.builds.iter().find(owns) else {
            return Ok(None);
        };
        let rest = resolved.strip_prefix(id.as_str()).unwrap_or_default().trim_start_matches('/');
        if rest.ends_with("api/json") || rest == "consoleText" || rest.starts_with("logText/") || rest.starts_with("testReport") {
            return Ok(None);
        }
        let phase = build.phase(&live.timing, now());
        if rest == "wfapi/pendingInputActions" && !build.asks(&live.timing, now()) {
            return Ok(Some(Reply::of(200, "application/json;charset=UTF-8", "[]")));
        }
        let face = build.face(phase);
        let page = Target::of(&below(face, rest), target.query());
        let Some(recording) = self.recordings.find(User::Admin, "GET", &page) else {
            return Ok(None);
        };
        let mut reply = Reply::recorded(recording)?;
        if recording.status != 200 {
            return Ok(Some(reply));
        }
        let (job, number) = face.rsplit_once('/').unwrap_or((face, ""));
        let job = job.rsplit('/').next().unwrap_or_default();
        let own_job = build.job.rsplit('/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(&reply.bytes()).replace(&format!("{job}/{number}/"), &format!("{own_job}/{}/", build.number));
        let text = match rest {
            "wfapi/describe" => describe(serde_json::from_str(&text)?, build, phase).to_string(),
            "pipeline-overview/tree" => overview(serde_json::from_str(&text)?, phase).to_string(),
            _ => text,
        };
        reply.body = SimBody::Whole(text.into());
        Ok(Some(reply))
    }
}

/// How far the build is, as `wfapi` tells it.
fn describe(mut page: Value, build: &Build, phase: Phase) -> Value {
    set(&mut page, "/id", json!(build.number.to_string()));
    set(&mut page, "/name", json!(format!("#{}", build.number)));
    if build.started > 0 {
        let over = matches!(phase, Phase::Done { .. });
        retime(&mut page, build.started, (!over).then(now));
    }
    let words = Words { list: "/stages", status: "status", running: "IN_PROGRESS", aborted: "ABORTED" };
    if let Some(status) = words.apply(&mut page, phase) {
        set(&mut page, "/status", json!(status));
    }
    if let (Phase::Done { .. }, Some(links)) = (phase, page.pointer_mut("/_links").and_then(Value::as_object_mut)) {
        links.retain(|name, _| !name.contains("endingInput"));
    }
    page
}

/// How far the build is, as the graph view tells it.
fn overview(mut page: Value, phase: Phase) -> Value {
    let words = Words { list: "/data/stages", status: "state", running: "running", aborted: "aborted" };
    words.apply(&mut page, phase);
    set(&mut page, "/data/complete", json!(matches!(phase, Phase::Done { .. })));
    page
}

/// Replaces a value that is there.
fn set(page: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = page.pointer_mut(pointer) {
        *place = value;
    }
}

/// Moves the times of a page to a build that started at another moment and, while it runs, lasts until now.
fn retime(page: &mut Value, started: u64, now: Option<u64>) {
    let model = page.get("startTimeMillis").and_then(Value::as_u64).unwrap_or(started);
    let shift = |at: u64| json!((at + started).saturating_sub(model));
    let stages = page.get("stages").and_then(Value::as_array).map_or(0, Vec::len);
    let stages = (0..stages).map(|stage| format!("/stages/{stage}/startTimeMillis"));
    for pointer in stages.chain(["/startTimeMillis".to_owned(), "/endTimeMillis".to_owned()]) {
        if let Some(at) = page.pointer(&pointer).and_then(Value::as_u64) {
            set(page, &pointer, shift(at));
        }
    }
    if let Some(now) = now {
        set(page, "/endTimeMillis", json!(now));
        set(page, "/durationMillis", json!(now.saturating_sub(started)));
    }
}

/// How a page tells the state of its stages.
struct Words {
    list: &'static str,
    status: &'static str,
    running: &'static str,
    aborted: &'static str,
}

impl Words {
    /// Cuts the stages to those reached and marks the last; the mark, unless the model's own state fits.
    fn apply(&self, page: &mut Value, phase: Phase) -> Option<&'static str> {
        let stages = page.pointer_mut(self.list).and_then(Value::as_array_mut)?;
        let status = match phase {
            Phase::Running(part) => {
                let reached = (stages.len() as f64 * part).ceil() as usize;
                stages.truncate(reached.max(1));
                self.running
            }
            Phase::Resumed(_) => self.running,
            Phase::Done { aborted: true } => self.aborted,
            Phase::Paused | Phase::Done { aborted: false } => return None,
        };
        if let Some(last) = stages.last_mut().and_then(Value::as_object_mut) {
            last.insert(self.status.to_owned(), json!(status));
        }
        Some(status)
    }
}
