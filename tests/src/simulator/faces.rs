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
        let owns = |(id, build): &(&String, &Build)| resolved.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('/') && build.number > 0);
        let Some((id, build)) = live.builds.iter().find(owns) else { return Ok(None) };
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
        let Some(recording) = self.recordings.find(User::Admin, "GET", &page) else { return Ok(None) };
        let mut reply = Reply::recorded(recording)?;
        if recording.status != 200 {
            return Ok(Some(reply));
        }
        let (job, number) = face.rsplit_once('/').unwrap_or((face, ""));
        let job = job.rsplit('/').next().unwrap_or_default();
        let own_job = build.job.rsplit('/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(&reply.bytes()).replace(&format!("{job}/{number}/"), &format!("{own_job}/{}/", build.number));
        let stopped = phase == Phase::Done { aborted: true };
        let text = match rest {
            "wfapi/describe" => {
                let mut page: Value = serde_json::from_str(&text)?;
                let words = Words { list: "/stages", status: "status", running: "IN_PROGRESS", aborted: "ABORTED" };
                page["id"] = json!(build.number.to_string());
                page["name"] = json!(format!("#{}", build.number));
                let over = matches!(phase, Phase::Done { .. });
                if build.started > 0 {
                    retime(&mut page, build.started, (!over).then(now));
                }
                words.apply(&mut page, phase);
                match phase {
                    Phase::Running(_) | Phase::Resumed(_) => page["status"] = json!("IN_PROGRESS"),
                    Phase::Done { aborted: true } => page["status"] = json!("ABORTED"),
                    _ => {}
                }
                if let (true, Some(links)) = (stopped, page["_links"].as_object_mut()) {
                    links.retain(|name, _| !name.contains("endingInput"));
                }
                page.to_string()
            }
            "pipeline-overview/tree" => {
                let mut page: Value = serde_json::from_str(&text)?;
                let words = Words { list: "/data/stages", status: "state", running: "running", aborted: "aborted" };
                page["data"]["complete"] = json!(matches!(phase, Phase::Done { .. }));
                words.apply(&mut page, phase);
                page.to_string()
            }
            _ => text,
        };
        reply.body = SimBody::Whole(text.into());
        Ok(Some(reply))
    }
}

/// Moves the times of a page to a build that started at another moment and, while it runs, lasts until now.
fn retime(page: &mut Value, started: u64, now: Option<u64>) {
    let model = page["startTimeMillis"].as_u64().unwrap_or(started);
    let shift = |time: &mut Value| {
        if let Some(at) = time.as_u64() {
            *time = json!((at + started).saturating_sub(model));
        }
    };
    for stage in page["stages"].as_array_mut().into_iter().flatten() {
        shift(&mut stage["startTimeMillis"]);
    }
    shift(&mut page["startTimeMillis"]);
    shift(&mut page["endTimeMillis"]);
    if let Some(now) = now {
        page["endTimeMillis"] = json!(now);
        page["durationMillis"] = json!(now.saturating_sub(started));
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
    /// Cuts the stages to those reached, and marks the last.
    fn apply(&self, page: &mut Value, phase: Phase) {
        let Some(stages) = page.pointer_mut(self.list).and_then(Value::as_array_mut) else { return };
        let status = match phase {
            Phase::Running(part) => {
                let reached = (stages.len() as f64 * part).ceil() as usize;
                stages.truncate(reached.max(1));
                self.running
            }
            Phase::Resumed(_) => self.running,
            Phase::Done { aborted: true } => self.aborted,
            Phase::Paused | Phase::Done { aborted: false } => return,
        };
        if let Some(last) = stages.last_mut() {
            last[self.status] = json!(status);
        }
    }
}
