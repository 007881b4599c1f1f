//! Limits that hold for all replicas together, kept in a Redis or Valkey.
//!
//! Each replica has limits of its own ([`super::limits`]); behind a balancer a user has as many of them as there are
//! replicas. Where that matters, the operator names a store, and every call that the replica's own limit lets pass also
//! takes from a bucket that is shared. The bucket is one number (GCRA: the time at which it would be full again), read and
//! written by a script that runs as one, with the store's own clock: replicas need not agree on the time.
//!
//! The rule for trouble: **the store can only refuse what it knows about.** When it does not answer within
//! [`PATIENCE`], answers an error, or is not there, the call goes on under the replica's own limit, and the store is left
//! alone for [`PAUSE`]. So an outage of the store loosens limits to N times theirs and delays no more than one call a
//! second; it never stops anybody.
//!
//! Only a hash of the user's name leaves the process. The connection is made with the first call, and made again by itself.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use redis::Client;
use redis::IntoConnectionInfo as _;
use redis::Script;
use redis::aio::ConnectionManager;
use redis::aio::ConnectionManagerConfig;
use sha2::Digest as _;
use sha2::Sha256;
use tokio::sync::OnceCell;

use crate::config::Quota;
use crate::config::SharedStore;

/// Longest wait for the store: a call to Jenkins takes tens of milliseconds, and this must not be what is felt.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long the store is not asked after it failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Microseconds of a minute.
const MINUTE_US: u64 = 60_000_000;

/// Takes one call out of the bucket KEYS[1]. ARGV[1] is what a call costs and ARGV[2] how much may be owed, both in
/// microseconds. Answers 0, or for how many microseconds nothing can be taken.
const TAKE: &str = "
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
local owed = full + tonumber(ARGV[1]) - now
if owed > tonumber(ARGV[2]) then return math.ceil(owed - tonumber(ARGV[2])) end
redis.call('SET', KEYS[1], string.format('%.0f', full + tonumber(ARGV[1])), 'PX', math.ceil(owed / 1000) + 1000)
return 0
";

/// A store that all replicas share.
pub(crate) struct SharedLimits {
    client: Client,
    take: Script,
    connection: OnceCell<ConnectionManager>,
    /// Not asked before this.
    resting: Mutex<Option<Instant>>,
}

/// The store of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadStore {
    /// Not an address.
    #[error("its address is not usable; it is written redis://HOST:PORT/")]
    Address,
    /// No password.
    #[error("the file with its password cannot be read")]
    Password(#[from] std::io::Error),
}

impl SharedLimits {
    /// The store that a configuration names. Connects to nothing yet.
    ///
    /// # Errors
    /// When the address is none, or the password cannot be read.
    pub(crate) fn new(store: &SharedStore) -> Result<Arc<Self>, BadStore> {
        let mut info = store.url.as_str().into_connection_info().map_err(|_| BadStore::Address)?;
        if let Some(file) = &store.password_file {
            let password = std::fs::read_to_string(file)?;
            let settings = info.redis_settings().clone().set_password(password.trim());
            info = info.set_redis_settings(settings);
        }
        let client = Client::open(info).map_err(|_| BadStore::Address)?;
        Ok(Arc::new(Self { client, take: Script::new(TAKE), connection: OnceCell::new(), resting: Mutex::default() }))
    }

    /// Takes a call out of a user's bucket. For how long there is nothing to take; nothing if there was, or if the store
    /// cannot say.
    pub(super) async fn take(&self, class: &str, quota: Quota, user: &str) -> Option<Duration> {
        if self.is_resting() {
            return None;
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask(&key(class, user), quota)).await;
        let reason = match asked {
            Ok(Ok(0)) => return None,
            Ok(Ok(wait_us)) => return Some(Duration::from_micros(wait_us)),
            // The kind alone: the text may name the address with its password.
            Ok(Err(error)) => error.category().to_owned(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(reason, "the shared limits cannot be used; this replica's own hold");
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
        None
    }

    async fn ask(&self, key: &str, quota: Quota) -> redis::RedisResult<u64> {
        let connect = || async {
            let config = ConnectionManagerConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
            ConnectionManager::new_lazy_with_config(self.client.clone(), config)
        };
        let mut connection = self.connection.get_or_try_init(connect).await?.clone();
        let cost_us = MINUTE_US / u64::from(quota.per_minute.get()).max(1);
        let most_us = cost_us.saturating_mul(u64::from(quota.burst.get()));
        self.take.key(key).arg(cost_us).arg(most_us).invoke_async(&mut connection).await
    }

    fn is_resting(&self) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = resting.is_some_and(|until| Instant::now() < until);
        if !rests {
            *resting = None;
        }
        rests
    }
}

/// Where a user's bucket is kept.
fn key(class: &str, user: &str) -> String {
    let digest = Sha256::digest(user.as_bytes());
    let short: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("jankins:limit:{class}:{short}")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn quota() -> Quota {
        Quota { per_minute: NonZeroU32::MIN, burst: NonZeroU32::MIN }
    }

    #[test]
    fn a_bucket_does_not_tell_whose_it_is() {
        let key = key("people", "ada@example.com");
        assert!(!key.contains("ada"), "{key}");
        assert_ne!(key, super::key("people", "bob@example.com"));
    }

    fn limits(url: String) -> Arc<SharedLimits> {
        SharedLimits::new(&SharedStore { url, password_file: None }).unwrap()
    }

    #[test]
    fn a_password_that_cannot_be_read_is_an_error_and_no_connection_without_it() {
        let store = SharedStore { url: "redis://127.0.0.1/".to_owned(), password_file: Some("/no/such/file".into()) };
        assert!(matches!(SharedLimits::new(&store), Err(BadStore::Password(_))));
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_stops_nobody_and_is_left_alone_for_a_while() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let limits = limits(format!("redis://{nobody}/"));
        assert_eq!(limits.take("people", quota(), "ada").await, None);
        let begun = Instant::now();
        for _ in 0..100 {
            assert_eq!(limits.take("people", quota(), "ada").await, None);
        }
        assert!(begun.elapsed() < PATIENCE, "each call waits for the store");
    }

    #[tokio::test]
    async fn a_store_that_hangs_costs_no_more_than_its_time() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let limits = limits(format!("redis://{}/", silent.local_addr().unwrap()));
        let begun = Instant::now();
        assert_eq!(limits.take("people", quota(), "ada").await, None);
        assert!(begun.elapsed() < PATIENCE * 5);
    }
}
