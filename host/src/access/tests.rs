//! From the headers of a request to a caller, with two scripted tenants.

use std::collections::BTreeMap;

use http::HeaderValue;

use super::*;
use crate::config::Grant;
use crate::tenant::scripted::Script;
use crate::tenant::scripted::named;
use crate::tenant::scripted::shared;

fn tenants() -> Arc<Tenants> {
    let shared = shared();
    Tenants::of(["bank", "shop"].map(|id| named(id, Script::default(), &shared)))
}

fn grant(token: &str, user: &str, tenant: Option<&str>) -> Grant {
    Grant {
        hash: TokenHash::of(token),
        user: user.to_owned(),
        tenant: tenant.map(str::to_owned),
        class: DEFAULT_CLASS.to_owned(),
        narrowing: Rights::default(),
    }
}

fn config() -> AccessConfig {
    AccessConfig { grants: vec![grant("t-ada", "ada", Some("bank")), grant("t-bob", "bob", Some("shop"))], ..AccessConfig::default() }
}

fn headers(token: Option<&str>) -> HeaderMap {
    let value = token.map(|token| HeaderValue::try_from(format!("Bearer {token}")).unwrap());
    value.into_iter().map(|value| (AUTHORIZATION, value)).collect()
}

async fn admitted(config: AccessConfig, token: Option<&str>, loopback: bool) -> Result<String, Refusal> {
    let access = Access::new(config, None).unwrap();
    let admitted = access.admit(&headers(token), loopback, &tenants()).await?;
    Ok(format!("{}@{}", admitted.caller.user(), admitted.caller.tenant().id()))
}

#[tokio::test]
async fn a_token_opens_its_own_tenant_under_its_own_name() {
    assert_eq!(admitted(config(), Some("t-ada"), false).await.unwrap(), "ada@bank");
    assert_eq!(admitted(config(), Some("t-bob"), true).await.unwrap(), "bob@shop");
}

#[tokio::test]
async fn an_unknown_token_or_none_is_refused_even_on_loopback() {
    assert_eq!(admitted(config(), Some("t-eve"), true).await, Err(Refusal::Unauthorized(Some("the token is not known"))));
    assert_eq!(admitted(config(), None, true).await, Err(Refusal::Unauthorized(None)));
}

#[tokio::test]
async fn without_any_authentication_loopback_is_served_and_the_rest_is_not() {
    let none = AccessConfig::default();
    let default = Access::new(none.clone(), None).unwrap();
    assert!(default.is_open());
    assert_eq!(admitted(none.clone(), None, false).await, Err(Refusal::Unauthorized(None)));
    // Two tenants and no default: nobody knows whose the local user would be.
    assert_eq!(admitted(none, None, true).await, Err(Refusal::Forbidden("no tenant is open to this user")));
}

#[tokio::test]
async fn a_blocked_user_is_refused_with_a_good_token() {
    let blocked = AccessConfig { blocked: ["ada".to_owned()].into(), ..config() };
    assert_eq!(admitted(blocked.clone(), Some("t-ada"), true).await, Err(Refusal::Forbidden("this user is blocked")));
    assert!(admitted(blocked, Some("t-bob"), true).await.is_ok());
}

#[tokio::test]
async fn a_flood_is_refused_with_the_time_to_come_back() {
    let one = std::num::NonZeroU32::MIN;
    let quota = crate::config::Quota { per_minute: one, burst: one };
    let limited = AccessConfig { classes: BTreeMap::from([(DEFAULT_CLASS.to_owned(), quota)]), ..config() };
    let (access, tenants) = (Access::new(limited, None).unwrap(), tenants());
    let mut refusals = Vec::new();
    for _ in 0..6 {
        refusals.extend(access.admit(&headers(Some("t-ada")), true, &tenants).await.err());
    }
    assert!(matches!(refusals[..], [Refusal::Flood(1..), Refusal::Flood(1..)]), "{refusals:?}");
}

#[test]
fn denied_addresses_are_refused_even_within_allowed_ranges() {
    let ranges = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let config = AccessConfig { allow: ranges(&["10.0.0.0/8"]), deny: ranges(&["10.6.6.0/24"]), ..config() };
    let access = Access::new(config, None).unwrap();
    let admits = |address: &str| access.admits_address(address.parse().unwrap(), &HeaderMap::new());
    assert!(admits("10.1.2.3") && admits("::ffff:10.1.2.3"));
    assert!(!admits("10.6.6.6") && !admits("192.168.0.1") && !admits("::ffff:10.6.6.6"));
}

#[test]
fn only_a_bearer_header_holds_a_token() {
    let token = |value: &str| bearer(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])).map(str::to_owned);
    assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
    assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
    for other in ["Basic abc", "Bearer", "Bearer ", "abc"] {
        assert_eq!(token(other), None, "{other}");
    }
}
