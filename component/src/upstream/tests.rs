//! The way to the controller as its users see it: what goes out, and what comes back.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, join, select};

use super::transport::TransportError;
use crate::app::App;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::crumb::{Act, Content};
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::{builds, log};
use crate::settings::Settings;
use crate::testing::{Answer, Script, TestClock, json, run};
use crate::together;
use crate::upstream::transport::Clock;

const RUNNING: &str = r#"{"number":1,"building":true,"result":null,"timestamp":1,"duration":0}"#;
const ENDED: &str = r#"{"number":1,"building":false,"result":"FAILURE","timestamp":1,"duration":5}"#;

fn cached(settings: &mut Settings) {
    settings.cache_entries = 1_000;
}

fn start(script: Script) -> (Rc<App>, Rc<Script>, Rc<TestClock>) {
    script.app(cached)
}

fn call(app: &Rc<App>) -> Call {
    Call::new(Rc::clone(app), None)
}

async fn ask(call: &Call, number: u32) -> Result<builds::Build, Error> {
    builds::with_fields(call, &JobPath::from_full_name("x"), Selector::Number(number), builds::BRIEF).await
}

fn figure(app: &App, name: &str) -> f64 {
    app.upstream().stats().into_iter().find(|(n, ..)| *n == name).map_or(f64::NAN, |(.., value)| value)
}

fn status(code: u16, headers: Vec<(&'static str, String)>) -> Answer {
    Answer::Http(code, headers, b"no".to_vec())
}

#[test]
fn what_has_ended_is_asked_once_and_what_runs_again() {
    let (app, script, clock) = start(Script::new().json("/job/x/1/", ENDED).json("/job/x/2/", RUNNING));
    let sent = |number| {
        let before = script.requests().len();
        run(ask(&call(&app), number)).unwrap();
        script.requests().len() - before
    };
    assert_eq!((sent(1), sent(1), sent(2), sent(2)), (1, 0, 1, 0));
    clock.turn(Duration::from_secs(250));
    assert_eq!((sent(1), sent(2)), (0, 1));
    clock.turn(Duration::from_secs(51));
    assert_eq!(sent(1), 1);
    assert_eq!((figure(&app, "cache_hits_total"), figure(&app, "cache_misses_total")), (3.0, 4.0));
    assert!((figure(&app, "cache_hit_rate") - 3.0 / 7.0).abs() < 1e-9);
}

#[test]
fn who_watches_sees_what_is_and_a_hit_costs_no_request() {
    let (app, script, _) = start(Script::new().json("/job/x/1/", ENDED).json("/job/x/2/", RUNNING));
    let watching = call(&app);
    watching.watch();
    for _ in 0..3 {
        run(ask(&watching, 2)).unwrap();
        run(ask(&watching, 1)).unwrap();
    }
    assert_eq!(script.requests().len(), 4);
    assert_eq!((watching.meta("").upstream_requests, watching.meta("").cache_hits), (4, 2));
}

#[test]
fn a_log_is_kept_once_it_no_longer_grows() {
    let log = |more: bool| {
        let mut headers = vec![("X-Text-Size", "3".to_owned())];
        headers.extend(more.then(|| ("X-More-Data", "true".to_owned())));
        Answer::Http(200, headers, b"a\r\n".to_vec())
    };
    let (app, script, clock) = start(Script::new().on("GET /job/x/1/logText", log(false)).on("GET /job/x/2/logText", log(true)));
    for number in [1, 1, 2, 2] {
        clock.turn(Duration::from_secs(10));
        let call = call(&app);
        let read = async {
            let mut stream = log::open(&call, &JobPath::from_full_name("x"), Selector::Number(number), 0).await.unwrap();
            assert_eq!(stream.chunk().await.unwrap().unwrap(), b"a\r\n");
            assert_eq!(stream.chunk().await.unwrap(), None);
        };
        run(read);
    }
    assert_eq!(script.requests().len(), 3);
}

#[test]
fn identical_requests_at_once_are_one_and_all_get_its_answer_or_its_error() {
    let slow = |answer| Answer::Slow(Duration::from_secs(1), Box::new(answer));
    for (answer, good) in [(json(ENDED), true), (status(403, vec![]), false)] {
        let (app, script, _) = start(Script::new().on("GET /job/x/1/", slow(answer)));
        let calls: Vec<Call> = (0..30).map(|_| call(&app)).collect();
        let answers = run(together::all(calls.iter().map(|call| ask(call, 1))));
        assert!(answers.iter().all(|answer| answer.is_ok() == good));
        assert_eq!(script.requests().len(), 1);
        assert_eq!(figure(&app, "cache_shared_total"), 29.0);
    }
}

#[test]
fn the_others_get_their_answer_when_the_first_gives_up() {
    let (app, script, clock) = start(Script::new().on("GET /job/x/1/", Answer::Slow(Duration::from_secs(5), Box::new(json(ENDED)))));
    let (first, second) = (call(&app), call(&app));
    let impatient = async {
        // Begins, and is dropped after a second.
        let asked = select(Box::pin(ask(&first, 1)), clock.sleep(Duration::from_secs(1))).await;
        assert!(matches!(asked, Either::Right(_)));
    };
    let (_, answer) = run(join(impatient, async {
        clock.sleep(Duration::from_millis(500)).await;
        ask(&second, 1).await
    }));
    assert_eq!(answer.unwrap().result(), "FAILURE");
    assert_eq!(script.requests().len(), 1);
}

#[test]
fn a_request_lives_until_the_last_deadline_of_those_who_wait() {
    let slow = Answer::Slow(Duration::from_secs(18), Box::new(json(ENDED)));
    let (app, script, clock) = start(Script::new().on("GET /job/x/1/", slow));
    let (first, second) = (call(&app), call(&app));
    clock.turn(Duration::from_secs(20));
    let late = call(&app);
    drop(second);
    let (early, late) = run(join(ask(&first, 1), ask(&late, 1)));
    assert!(matches!(early, Err(Error::Timeout(_))), "{early:?}");
    assert_eq!(late.unwrap().result(), "FAILURE");
    assert!(script.requests().len() <= 2, "{:?}", script.requests());
}

#[test]
fn a_body_too_large_to_hold_streams_past_and_is_not_kept() {
    let line = "x".repeat(99) + "\n";
    let log = Answer::Http(200, vec![("X-Text-Size", "3000000".into())], line.repeat(30_000).into_bytes());
    let (app, script, _) = start(Script::new().on("GET /job/x/1/logText", log));
    let (one, two) = (call(&app), call(&app));
    let read = async |call: &Call| {
        let mut stream = log::open(call, &JobPath::from_full_name("x"), Selector::Number(1), 0).await.unwrap();
        let mut bytes = 0;
        while let Some(piece) = stream.chunk().await.unwrap() {
            bytes += piece.len();
        }
        bytes
    };
    assert_eq!(run(join(read(&one), read(&two))), (3_000_000, 3_000_000));
    assert_eq!(script.requests().len(), 2);
    assert_eq!((figure(&app, "cache_size"), one.meta("").upstream_bytes), (0.0, 3_000_000));
}

#[test]
fn a_write_is_seen_by_the_next_read_also_by_one_on_its_way() {
    let turns = vec![json(ENDED), Answer::Slow(Duration::from_secs(2), Box::new(json(ENDED))), json(RUNNING)];
    let script = Script::new().turns("GET /job/x/1/", turns).on("POST /job/x/1/", status(200, vec![]));
    let (app, script, clock) = start(script);
    run(ask(&call(&app), 1)).unwrap();
    let writer = call(&app);
    let act = Act { endpoint: "stop", path: "/job/x/1/stop", content: Content::empty(), what: "the stop", check: "look" };
    app.upstream().clear(None);
    let (old, ()) = run(async {
        let reader = call(&app);
        join(async { ask(&reader, 1).await.unwrap().result().to_owned() }, async {
            clock.sleep(Duration::from_secs(1)).await;
            writer.act(&act).await.unwrap();
        })
        .await
    });
    assert_eq!(old, "FAILURE");
    assert_eq!(run(ask(&call(&app), 1)).unwrap().result(), "RUNNING");
    assert_eq!(script.requests().len(), 4);
}

#[test]
fn one_job_can_be_forgotten_and_broken_json_is_not_kept() {
    let script =
        Script::new().json("/job/x/1/", ENDED).json("/job/xy/1/", ENDED).turns("GET /job/x/2/", vec![json("{\"a\":"), json(RUNNING)]);
    let (app, _, _) = start(script);
    for job in ["x", "xy"] {
        run(builds::with_fields(&call(&app), &JobPath::from_full_name(job), Selector::Number(1), builds::BRIEF)).unwrap();
    }
    let clear = |scope: Option<&str>| crate::control::clear_cache(Ok(Rc::clone(&app)), scope.map(str::to_owned));
    assert_eq!((clear(Some("x")), clear(Some("x"))), (1, 0));
    assert!(matches!(run(ask(&call(&app), 2)), Err(Error::BadResponse { .. })));
    assert_eq!(run(ask(&call(&app), 2)).unwrap().result(), "RUNNING");
    assert_eq!((clear(None), clear(None)), (2, 0));
}

#[test]
fn a_failure_that_passes_is_not_seen() {
    let passing = [
        Answer::Fails(TransportError::Refused("nobody".into())),
        Answer::Fails(TransportError::Broken("reset".into())),
        Answer::Broken(b"{\"num".to_vec()),
        status(502, vec![]),
        status(503, vec![("Retry-After", "2".into())]),
        status(504, vec![]),
        status(429, vec![("Retry-After", "1".into())]),
        Answer::Fails(TransportError::Timeout("connecting".into())),
    ];
    for answer in passing {
        let (app, script, _) = start(Script::new().turns("GET /job/x/1/", vec![answer.clone(), json(ENDED)]));
        assert_eq!(run(ask(&call(&app), 1)).unwrap().result(), "FAILURE");
        assert_eq!((script.requests().len(), figure(&app, "upstream_retries_total")), (2, 1.0));
    }
}

#[test]
fn what_will_not_pass_is_asked_once() {
    let lasting = [
        Answer::Fails(TransportError::Tls("unknown issuer".into())),
        Answer::Fails(TransportError::Denied("policy".into())),
        status(401, vec![]),
        status(404, vec![]),
        status(500, vec![]),
        status(503, vec![("Retry-After", "120".into())]),
    ];
    for answer in lasting {
        let (app, script, _) = start(Script::new().on("GET /job/x/1/", answer));
        assert!(run(ask(&call(&app), 1)).is_err());
        assert_eq!(script.requests().len(), 1);
    }
}

#[test]
fn a_controller_that_stays_down_is_tried_three_times_then_left_alone_then_probed() {
    let (app, script, clock) = start(Script::new().on("GET /job/x/1/", Answer::Fails(TransportError::Refused("nobody".into()))));
    let error = run(ask(&call(&app), 1)).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(script.requests().len(), 3);
    // Two more make five in a row; the third try is not let out, and what came before it is told.
    let error = run(ask(&call(&app), 1)).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    let error = run(ask(&call(&app), 1)).unwrap_err();
    let Error::CircuitOpen { cause, retry_after } = error else { panic!("{error:?}") };
    assert!(cause.contains("connection refused") && retry_after <= Duration::from_secs(5), "{cause} {retry_after:?}");
    assert_eq!((script.requests().len(), figure(&app, "breaker_state")), (5, 2.0));
    clock.turn(retry_after);
    assert!(run(ask(&call(&app), 1)).is_err());
    assert_eq!(script.requests().len(), 6, "one probe, and not again");
}

#[test]
fn a_starting_controller_opens_the_breaker_and_a_missing_job_does_not() {
    for (code, state) in [(503, 2.0), (404, 0.0), (500, 0.0), (429, 0.0)] {
        let (app, _, _) = start(Script::new().on("GET /job/x/1/", status(code, vec![("Retry-After", "99".into())])));
        for _ in 0..6 {
            let _ = run(ask(&call(&app), 1));
        }
        assert_eq!(figure(&app, "breaker_state"), state, "{code}");
    }
}

#[test]
fn a_request_that_hangs_leaves_time_for_the_rest_of_the_answer() {
    let (app, script, clock) = start(Script::new().on("GET /job/x/1/", Answer::Hangs).json("/job/x/2/", ENDED));
    let call = call(&app);
    let (hanging, other) = run(join(ask(&call, 1), ask(&call, 2)));
    assert_eq!(call.optional("the tests", hanging).unwrap().map(|b| b.number), None);
    assert!(call.missing()[0].starts_with("the tests: Jenkins did not answer"), "{:?}", call.missing());
    assert!(other.is_ok() && call.remaining() >= Duration::from_secs(10), "{:?} left", call.remaining());
    assert!(clock.elapsed() >= Duration::from_secs(20));
    assert_eq!(script.requests().len(), 2, "what is left is for the rest of the answer");
}

#[test]
fn a_write_is_repeated_only_if_it_surely_never_left() {
    let act = Act { endpoint: "stop", path: "/job/x/1/stop", content: Content::empty(), what: "the stop", check: "look" };
    let never_left = Answer::Fails(TransportError::Refused("nobody".into()));
    let (app, script, _) = start(Script::new().turns("POST /job/x/1/", vec![never_left, status(200, vec![])]));
    run(call(&app).act(&act)).unwrap();
    assert_eq!(script.requests().len(), 2);
    for answer in [Answer::Fails(TransportError::Broken("reset".into())), Answer::Hangs, status(503, vec![]), status(429, vec![])] {
        let (app, script, _) = start(Script::new().turns("POST /job/x/1/", vec![answer, status(200, vec![])]));
        assert!(run(call(&app).act(&act)).is_err());
        assert_eq!(script.requests().len(), 1);
    }
}

#[test]
fn repetitions_end_with_their_budget() {
    let flapping: Vec<Answer> = (0..400).map(|at| if at % 2 == 0 { status(502, vec![]) } else { json(ENDED) }).collect();
    let (app, script, _) = Script::new().turns("GET /job/x/1/", flapping).app(|_| {});
    for _ in 0..200 {
        let _ = run(ask(&call(&app), 1));
    }
    let (requests, retries) = (script.requests().len(), figure(&app, "upstream_retries_total"));
    assert!(retries <= 3.0 + 200.0 / 5.0, "{retries} of {requests}");
    assert!(figure(&app, "upstream_retries_denied_total") > 0.0);
}

#[test]
fn calls_over_the_limit_are_refused_with_a_time_and_cached_ones_cost_a_tenth() {
    let (app, _, clock) = Script::new().json("/job/x/1/", ENDED).json("/job/x/2/", RUNNING).app(|settings| {
        cached(settings);
        (settings.rate_per_minute, settings.rate_burst) = (60, 5);
    });
    let limited = |number| {
        let call = call(&app);
        let answer = run(call.limited(ask(&call, number)));
        answer.map(|_| call.meta("").warnings.len())
    };
    assert_eq!(limited(1), Ok(0));
    for _ in 0..20 {
        assert!(limited(1).is_ok(), "cached");
    }
    let answers: Vec<_> = (0..4)
        .map(|_| {
            clock.turn(Duration::from_millis(10));
            app.upstream().clear(None);
            limited(2)
        })
        .collect();
    assert_eq!(answers[0], Ok(0));
    assert_eq!(answers[1], Ok(1), "a warning");
    let Err(Error::Limited { per_minute: 60, retry_after }) = answers[3] else { panic!("{answers:?}") };
    assert!(retry_after <= Duration::from_secs(1));
}
