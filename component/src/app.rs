//! What the calls of one instance share: settings, the way to the controller, and what was learnt about it.

use std::cell::RefCell;
use std::rc::Rc;

#[cfg(target_arch = "wasm32")]
use crate::error::Error;
use crate::jenkins::crumb::Crumbs;
use crate::jenkins::pipeline::Sources;
use crate::settings::Settings;
use crate::upstream::Upstream;
use crate::upstream::bucket::Bucket;
use crate::upstream::transport::{Clock, Transport};

/// The instance.
pub(crate) struct App {
    settings: Settings,
    upstream: Upstream,
    sources: Sources,
    crumbs: Crumbs,
    limit: RefCell<Bucket>,
}

impl App {
    /// An instance over a transport and a clock.
    pub(crate) fn new(settings: Settings, transport: Box<dyn Transport>, clock: Rc<dyn Clock>) -> Self {
        let upstream = Upstream::new(&settings, transport, clock);
        let limit = RefCell::new(Bucket::new(settings.rate_per_minute, settings.rate_burst));
        Self { settings, upstream, sources: Sources::default(), crumbs: Crumbs::default(), limit }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    pub(crate) fn clock(&self) -> &Rc<dyn Clock> {
        self.upstream.clock()
    }

    /// Which pipeline interfaces this controller has, as far as it has shown.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// How many calls may come.
    pub(crate) fn limit(&self) -> &RefCell<Bucket> {
        &self.limit
    }

    /// What proves to the controller that a POST is meant.
    pub(crate) fn crumbs(&self) -> &Crumbs {
        &self.crumbs
    }
}

#[cfg(target_arch = "wasm32")]
thread_local! {
    static APP: std::cell::OnceCell<Rc<App>> = const { std::cell::OnceCell::new() };
}

/// The instance that this component is, set up from its environment at the first call.
///
/// # Errors
/// When the environment does not name a controller; asked again at the next call.
#[cfg(target_arch = "wasm32")]
pub(crate) fn instance() -> Result<Rc<App>, Error> {
    APP.with(|cell| {
        if let Some(app) = cell.get() {
            return Ok(Rc::clone(app));
        }
        let app = Rc::new(App::new(Settings::from_env()?, Box::new(crate::wasi::Wasi), Rc::new(crate::wasi::Wasi)));
        Ok(Rc::clone(cell.get_or_init(|| app)))
    })
}
