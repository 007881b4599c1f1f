//! The way of one request: label, policy, slot, body, connection, response.
//!
//! Each step may end it with a [`Fault`]; whatever happens, the observer hears of it once. A request waits for a slot as
//! long as for a response, then fails as busy: a plugin that holds all its slots open would otherwise wait for itself.
//! Only so many may wait, and only so much of request bodies is held for a tenant; what is beyond fails as busy at once.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::{Either, select};
use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody};

use super::address::Judge;
use super::body::{Attached, Limits, ResponseBody};
use super::cassette::{Ask, Recorder, Replay, ReplayBody, Secrets, Tape};
use super::dial::{self, Detour, Lookup, Pool};
use super::fault::{Fault, ProxyFault};
use super::headers::{self, Additions};
use super::identity::{Identity, Login, SecretHeader};
use super::observe::{Labels, Meter, Observer};
use super::policy::{Policy, Target};
use super::{CassetteMode, EgressError, Settings, Timeouts, tls};
use crate::lanes::Share;

/// Request bodies are held in memory, which lets the pool repeat a request that never left. Controllers are sent forms
/// and job configurations; the largest of those are far below this.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// The request bodies of one tenant that are held at once, in [`ROOM_UNIT`]s: 64 MiB.
const REQUEST_ROOM: usize = 64 * 1024;
const ROOM_UNIT: usize = 1024;
/// Requests that may wait for each that may be sent.
const WAITING: usize = 4;
/// What a plugin has written of a request body and the host has not collected yet, per body.
pub(crate) const CHUNK_BYTES: usize = 16 * 1024;
/// What a proxy answers in a controller's place to whom it does not know.
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;

/// One tenant's policy, limits and connections.
pub(crate) struct Tenant {
    pub(crate) policy: Policy,
    observer: Arc<dyn Observer>,
    labels: Labels,
    timeouts: Timeouts,
    max_response_bytes: u64,
    /// Room for request bodies.
    room: Arc<Semaphore>,
    way: Way,
}

/// Where an allowed request goes.
enum Way {
    Network(Box<Network>),
    Replay(Replay),
}

struct Network {
    pool: Pool,
    login: Option<Login>,
    front_header: Option<SecretHeader>,
    proxy_authorization: Option<HeaderValue>,
    /// Whether a proxy reads and forwards each request.
    forwarded: bool,
    slots: Arc<Semaphore>,
    /// Places to wait for a slot.
    waiting: Semaphore,
    recorder: Option<Arc<Recorder>>,
}

impl Tenant {
    pub(crate) fn new(settings: Settings, observer: Arc<dyn Observer>, share: Share, lookup: Lookup) -> Result<Self, EgressError> {
        let policy = Policy::new(&settings.controller, settings.read_only, settings.read_only_posts.clone())?;
        let policy = policy.closing(settings.denied_paths.clone());
        // A cassette has to know what it must not hold.
        let taped = settings.identity.as_ref().filter(|_| !matches!(settings.cassette, CassetteMode::Off));
        let credentials = taped.map(Identity::credentials).transpose().map_err(|reason| EgressError::NoToken { reason })?;
        let secrets = Secrets { credentials: credentials.as_ref(), front: settings.front_header.as_ref().map(|front| &front.value) };
        let way = match &settings.cassette {
            CassetteMode::Replay(path) => Way::Replay(Replay::open(path, secrets)?),
            mode => {
                let tls = tls::client_config(policy.scheme(), &settings)?;
                let recorder = match mode {
                    CassetteMode::Record(path) => Some(Arc::new(Recorder::create(path, &settings.controller, secrets)?)),
                    _ => None,
                };
                let judge = Judge::for_host(settings.controller.host_str().unwrap_or_default());
                let forwarding = settings.proxy.as_ref().filter(|_| *policy.scheme() == Scheme::HTTP);
                let proxy_authorization = forwarding.and_then(|proxy| proxy.authorization().cloned());
                let forwarded = forwarding.is_some();
                let detour = settings.proxy.clone().map(|proxy| {
                    let tls = tls::anonymous_config(proxy.is_secure(), settings.ca_file.as_deref())?;
                    Ok::<_, EgressError>(Detour { proxy, tls })
                });
                let slots = settings.max_in_flight.max(1);
                Way::Network(Box::new(Network {
                    pool: dial::pool(share, lookup, judge, tls, detour.transpose()?, settings.timeouts.connect),
                    login: settings.identity.map(Login::new),
                    front_header: settings.front_header,
                    proxy_authorization,
                    forwarded,
                    slots: Arc::new(Semaphore::new(slots)),
                    waiting: Semaphore::new(slots.saturating_mul(WAITING)),
                    recorder,
                }))
            }
        };
        Ok(Self {
            policy,
            observer,
            labels: Labels::default(),
            timeouts: settings.timeouts,
            max_response_bytes: settings.max_response_bytes,
            room: Arc::new(Semaphore::new(REQUEST_ROOM)),
            way,
        })
    }

    /// Sends one request of the plugin and answers it.
    pub(crate) async fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>, WasiError> {
        let endpoint = self.labels.admit(request.headers());
        let mut meter = Meter::start(&self.observer, endpoint, request.method(), request.headers());
        let timeouts = self.timeouts.shortened(options);
        match self.pass(request, timeouts, &mut meter).await {
            Ok(passed) => Ok(self.answer(passed, timeouts, meter)),
            Err(fault) => {
                meter.exchange.error = Some(fault.label());
                let (endpoint, id) = (&meter.exchange.endpoint, &meter.exchange.correlation_id);
                match fault {
                    Fault::Denied(_) | Fault::Certificate(_) => {
                        tracing::warn!(endpoint, id, %fault, "request failed")
                    }
                    _ => tracing::debug!(endpoint, id, %fault, "request failed"),
                }
                Err(fault.into())
            }
        }
    }

    async fn pass(&self, request: Request<WasiBody>, timeouts: Timeouts, meter: &mut Meter) -> Result<Passed, Fault> {
        let (mut parts, body) = request.into_parts();
        let Target { uri, below } = self.policy.judge(&parts.method, &parts.uri).map_err(Fault::Denied)?;
        parts.uri = uri;
        match &self.way {
            Way::Replay(replay) => {
                let (body, _room) = self.collect(body, timeouts, meter).await?;
                Ok(Passed::Replayed(replay.answer(&Ask { method: parts.method, path: below, body })?))
            }
            Way::Network(network) => {
                let permit = network.slot(timeouts.first_byte).await?;
                let additions = network.additions(timeouts.first_byte).await?;
                headers::prepare(&mut parts.headers, &additions);
                meter.pass_on(&mut parts.headers);
                if network.recorder.is_some() {
                    headers::ask_plain(&mut parts.headers);
                }
                let (body, _room) = self.collect(body, timeouts, meter).await?;
                let ask = Ask { method: parts.method.clone(), path: below, body: body.clone() };
                let sent = network.send(Request::from_parts(parts, Full::new(body)), timeouts).await;
                let sent = sent.and_then(|response| self.check_length(&ask.method, response));
                match sent {
                    Ok(response) => {
                        if let (StatusCode::UNAUTHORIZED, Some(login), Some(sent)) =
                            (response.status(), &network.login, &additions.authorization)
                        {
                            login.refused(sent).await;
                        }
                        let tape = network.recorder.as_ref().map(|recorder| Box::new(Tape::start(recorder, ask, &response)));
                        Ok(Passed::Sent { response, tape, permit })
                    }
                    Err(fault) => {
                        if let Some(recorder) = &network.recorder {
                            recorder.fault(ask, &fault);
                        }
                        Err(fault)
                    }
                }
            }
        }
    }

    /// Reads the plugin's request body to its end. The room for it is taken as long as the permit lives.
    async fn collect(&self, body: WasiBody, timeouts: Timeouts, meter: &mut Meter) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Fault> {
        let collected = timeout(timeouts.first_byte, self.gather(body)).await.map_err(|_| Fault::RequestStalled)?;
        let (body, room) = collected?;
        meter.exchange.request_bytes = body.len() as u64;
        Ok((body, room))
    }

    async fn gather(&self, mut body: WasiBody) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Fault> {
        let mut bytes = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Fault::RequestAborted)?.into_data() else { continue };
            let length = bytes.len().saturating_add(data.len());
            if length > MAX_REQUEST_BYTES {
                return Err(Fault::RequestTooLarge(MAX_REQUEST_BYTES as u64));
            }
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let wanted = u32::try_from(length.div_ceil(ROOM_UNIT).saturating_sub(held)).unwrap_or(u32::MAX);
            // Not waited for: bodies that each hold a part of the room could wait for one another for ever.
            let more = Arc::clone(&self.room).try_acquire_many_owned(wanted).map_err(|_| Fault::Busy)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.freeze(), room))
    }

    /// Refuses a body by its announced length, before it takes any time. A HEAD response announces what it does not send.
    fn check_length(&self, method: &Method, response: Response<Incoming>) -> Result<Response<Incoming>, Fault> {
        let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        match length {
            Some(length) if length > self.max_response_bytes && method != Method::HEAD => Err(Fault::ResponseTooLarge(length)),
            _ => Ok(response),
        }
    }

    fn answer(&self, passed: Passed, timeouts: Timeouts, mut meter: Meter) -> Response<WasiBody> {
        let limits = Limits { between_bytes: timeouts.between_bytes, max_bytes: self.max_response_bytes };
        let mut status = |status: StatusCode| meter.exchange.status = Some(status.as_u16());
        match passed {
            Passed::Sent { response, tape, permit } => {
                status(response.status());
                let attached = Attached { meter, tape, permit: Some(permit) };
                response.map(|body| ResponseBody::new(body, limits, attached).boxed_unsync())
            }
            Passed::Replayed(response) => {
                status(response.status());
                let attached = Attached { meter, tape: None, permit: None };
                response.map(|body| ResponseBody::new(body, limits, attached).boxed_unsync())
            }
        }
    }
}

/// A response whose body is still to come.
enum Passed {
    Sent { response: Response<Incoming>, tape: Option<Box<Tape>>, permit: OwnedSemaphorePermit },
    Replayed(Response<ReplayBody>),
}

impl Network {
    /// Who we are, in time.
    async fn additions(&self, patience: Duration) -> Result<Additions, Fault> {
        let authorization = match &self.login {
            None => None,
            Some(login) => Some(timeout(patience, login.header()).await.map_err(|_| Fault::NoToken)??),
        };
        Ok(Additions { authorization, proxy_authorization: self.proxy_authorization.clone(), front: self.front_header.clone() })
    }

    async fn slot(&self, patience: Duration) -> Result<OwnedSemaphorePermit, Fault> {
        let _place = self.waiting.try_acquire().map_err(|_| Fault::Busy)?;
        // The semaphore is never closed, so both errors are the same news.
        timeout(patience, Arc::clone(&self.slots).acquire_owned()).await.ok().and_then(Result::ok).ok_or(Fault::Busy)
    }

    /// Two phases with a timeout each: until there is a connection, pooled or new, and from then to the headers.
    async fn send(&self, mut request: Request<Full<Bytes>>, timeouts: Timeouts) -> Result<Response<Incoming>, Fault> {
        let mut captured = capture_connection(&mut request);
        let connected = pin!(async move {
            captured.wait_for_connection_metadata().await;
        });
        let mut response = self.pool.request(request);
        let first = timeout(timeouts.connect, select(&mut response, connected)).await;
        let response = match first.map_err(|_| Fault::ConnectTimeout)? {
            Either::Left((response, _)) => response,
            Either::Right(_) => timeout(timeouts.first_byte, response).await.map_err(|_| Fault::ResponseTimeout)?,
        };
        let response = response.map_err(|error| {
            let fault = Fault::before_response(&error);
            // The chain names addresses and certificates; neither path nor headers occur in it.
            tracing::debug!(error = %anyhow::Error::new(error).root_cause(), "no response");
            fault
        })?;
        if self.forwarded && response.status().as_u16() == PROXY_AUTHENTICATION_REQUIRED {
            return Err(ProxyFault::Authentication.into());
        }
        Ok(response)
    }
}

impl Timeouts {
    fn shortened(self, options: RequestOptions) -> Self {
        let shorter = |own: Duration, asked: Option<Duration>| asked.map_or(own, |asked| own.min(asked));
        Self {
            connect: shorter(self.connect, options.connect_timeout),
            first_byte: shorter(self.first_byte, options.first_byte_timeout),
            between_bytes: shorter(self.between_bytes, options.between_bytes_timeout),
        }
    }
}
