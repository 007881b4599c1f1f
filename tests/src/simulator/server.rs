//! The listener: connections, faults, latency, and who is asking.
//!
//! An error while answering is a 500 that tells its cause: it is the
//! simulator's, not the controller's.

use super::{
    Shared,
    auth::{Proof, User, WrongCredentials, authenticate},
    faults::Effect,
    journal::Request,
    lock, pages,
    paths::Target,
    read::who_am_i,
    reply::Reply,
    tree::Tree,
    view::plain_tree,
};
use anyhow::{Result, anyhow};
use http_body_util::BodyExt;
use hyper::{Method, body::Incoming, header::AUTHORIZATION, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::{net::TcpListener, task::JoinSet};

/// Serves connections until the task is aborted; they end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // Small answers in several writes would otherwise wait for acknowledgements.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                let head = request.method() == Method::HEAD;
                async move { shared.answer(request).await.map(|reply| reply.into_response(head)) }
            });
            // An error here is a client that went away, or a fault that was asked for.
            let _ = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Shared {
    /// Answers one request; an error closes the connection.
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Reply> {
        let _open = self.journal.enter();
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let caller = authenticate(header);
        let user = caller.as_ref().ok().map(|(user, _)| *user);
        self.journal.note(Request::new(parts.method.as_str(), path, user, &parts.headers, &body));
        let latency = *lock(&self.latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let fault = lock(&self.faults).take(path);
        let spoil = match fault.map(|fault| fault.effect()) {
            None => None,
            Some(Effect::Close) => return Err(anyhow!("dropped on purpose")),
            Some(Effect::Silence) => std::future::pending().await,
            Some(Effect::Instead(reply)) => return Ok(reply),
            Some(Effect::Spoil(spoil)) => Some(spoil),
        };
        let mut reply = self
            .route(&parts, path, caller, &body)
            .unwrap_or_else(|error| Reply::of(500, "text/plain;charset=UTF-8", format!("jenkins-sim: {error:#}\n")));
        if let Some(spoil) = spoil {
            reply.body = spoil(reply.bytes());
        }
        Ok(reply)
    }

    fn route(
        &self,
        parts: &hyper::http::request::Parts,
        path: &str,
        caller: Result<(User, Proof), WrongCredentials>,
        body: &[u8],
    ) -> Result<Reply> {
        let Ok((user, proof)) = caller else {
            return Ok(pages::wrong_credentials());
        };
        let method = parts.method.as_str();
        if matches!(method, "GET" | "HEAD") {
            let target = Target::parse(path);
            let public = target.before(&["api", "json"]).as_deref() == Some("/whoAmI");
            return match user {
                User::Anonymous | User::Nobody if public => {
                    let tree = target.param("tree").unwrap_or("*");
                    Ok(Tree::parse(tree).map_or_else(|_| pages::oops(user), |tree| Reply::json(&plain_tree(&who_am_i(user), &tree))))
                }
                User::Anonymous if target.path() != "/login" => Ok(pages::login_required(path)),
                User::Nobody => Ok(pages::denied(user, pages::READ)),
                _ if proof == Proof::Password && target.path() == "/crumbIssuer/api/json" => Ok(self.issue_crumb()),
                _ => self.read(user, method, path),
            };
        }
        self.write(user, proof, method, path, &parts.headers, body)
    }
}
