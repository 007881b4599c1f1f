//! Changes of plugins, with small components written by hand.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Map;

use super::*;
use crate::config::TenantConfig;
use crate::lanes::Lanes;
use crate::plugin::Outcome;
use crate::plugin::fixtures;
use crate::tenant::Rights;
use crate::tenant::TenantConfigs;
use crate::toolbox::Found;

const DOCS: &str = "package a:b; world root { \n/// Effect: read. Toolset: a.\n export count: func(); \n/// Effect: read. Toolset: a.\n export crash: func(); }";

/// A folder with `old.wasm`, and a process whose tenants use it.
struct World {
    folder: tempfile::TempDir,
    tenants: Arc<Tenants>,
    rollout: Arc<Rollout>,
    plugin: PathBuf,
}

/// Both tenants with that plugin.
fn configured(plugin: &Path, timeout: Duration) -> TenantConfigs {
    let config = || TenantConfig { plugin: plugin.to_owned(), timeout, ..TenantConfig::for_tests(Rights::default()) };
    ["bank", "shop"].map(|id| (id.to_owned(), Arc::new(config()))).into()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("old.wasm");
        std::fs::write(&plugin, fixtures::with_docs(fixtures::binary(fixtures::SYNC), DOCS)).unwrap();
        let configs = configured(&plugin, Duration::from_secs(30));
        let tenants = Tenants::start(&configs, None, Lanes::one()).unwrap();
        let rollout = Rollout::with_trial(Arc::clone(&tenants), Duration::from_secs(30));
        Self { folder, tenants, rollout, plugin }
    }

    /// A plugin that differs from the old one as this text does.
    fn write(&self, name: &str, wat: &str) -> Order {
        let file = self.folder.path().join(name);
        std::fs::write(&file, fixtures::with_docs(fixtures::binary(wat), DOCS)).unwrap();
        Order { file, ..Order::default() }
    }

    /// One that counts in tens.
    fn better(&self) -> Order {
        self.write("better.wasm", &fixtures::SYNC.replace("(global.get $count) (i32.const 1)", "(global.get $count) (i32.const 10)"))
    }

    /// One that crashes when it counts.
    fn broken(&self) -> Order {
        self.write("broken.wasm", &fixtures::SYNC.replace("(global.set $count (i32", "unreachable (global.set $count (i32"))
    }

    /// Reads a configuration in which all tenants differ from before.
    async fn reload(&self, plugin: &Path, timeout: u64) {
        let (rollout, configs) = (Arc::clone(&self.rollout), configured(plugin, Duration::from_secs(timeout)));
        let changes = tokio::task::spawn_blocking(move || rollout.reload(&configs)).await.unwrap().unwrap();
        assert_eq!(changes.changed, ["bank", "shop"]);
    }

    async fn call(&self, tenant: &str, tool: &str) -> Outcome {
        let tenant = self.tenants.get(tenant).unwrap();
        let toolbox = tenant.toolbox();
        let Found::Offered(tool) = toolbox.find(tool) else { panic!("{tool} is not on offer") };
        tenant.program().runner.call(tool, Map::new()).await
    }

    async fn count(&self, tenant: &str) -> u64 {
        match self.call(tenant, "count").await {
            Outcome::Answer(answer) => answer.structured["value"].as_u64().unwrap(),
            Outcome::Failed(failure) => panic!("{failure}"),
        }
    }

    fn in_use(&self, tenant: &str) -> InUse {
        self.rollout.list().into_iter().find(|in_use| in_use.tenant == tenant).unwrap()
    }
}

#[tokio::test]
async fn a_plugin_is_used_for_one_tenant_or_all_and_given_up_again() {
    let world = World::new();
    assert_eq!((world.count("bank").await, world.count("shop").await), (1, 1));
    let changed = world.rollout.put_to_use(Order { tenant: Some("shop".into()), ..world.better() }).await.unwrap();
    assert_eq!(changed.tenants, ["shop"]);
    assert_eq!((world.count("bank").await, world.count("shop").await), (2, 10));
    let shop = world.in_use("shop");
    assert!(shop.on_trial && shop.before.is_some() && shop.last_change.as_deref() == Some("use"), "{shop:?}");
    assert!(world.in_use("bank").before.is_none());

    assert_eq!(world.rollout.put_to_use(world.better()).await.unwrap().tenants, ["bank"]);
    assert!(matches!(world.rollout.put_to_use(world.better()).await, Err(Refusal::InUse)));
    assert_eq!(world.rollout.roll_back(None).await.unwrap().tenants, ["bank", "shop"]);
    assert_eq!((world.count("bank").await, world.count("shop").await), (1, 1));
    assert!(matches!(world.rollout.roll_back(None).await, Err(Refusal::NothingBefore)));
    assert!(matches!(world.rollout.roll_back(Some("mill")).await, Err(Refusal::UnknownTenant(_))));
}

#[tokio::test]
async fn what_is_not_the_file_meant_or_no_plugin_changes_nothing() {
    let world = World::new();
    world.count("bank").await;
    let better = world.better();
    let garbled = world.folder.path().join("garbled.wasm");
    std::fs::write(&garbled, "no component").unwrap();
    let unread = Order { file: garbled, digest: Some("00".into()), ..Order::default() };
    assert!(matches!(world.rollout.put_to_use(unread).await, Err(Refusal::Digest { .. })), "it was compiled");
    let wrong = Order { digest: Some("sha256:00".into()), ..better.clone() };
    let Err(Refusal::Digest { found, .. }) = world.rollout.put_to_use(wrong).await else { panic!("it was used") };
    let missing = Order { file: world.folder.path().join("none.wasm"), ..Order::default() };
    assert!(matches!(world.rollout.put_to_use(missing).await, Err(Refusal::Load(_))));
    let text = world.folder.path().join("text.wasm");
    std::fs::write(&text, "no component").unwrap();
    assert!(matches!(world.rollout.put_to_use(Order { file: text, ..Order::default() }).await, Err(Refusal::Load(_))));
    assert_eq!(world.count("bank").await, 2, "the instance is another one");
    assert!(world.rollout.put_to_use(Order { digest: Some(found), ..better }).await.is_ok());
}

#[tokio::test]
async fn tools_that_vanish_are_told_and_used_only_by_force() {
    let world = World::new();
    let fewer = world.write("fewer.wasm", &fixtures::SYNC.replace("(func (export \"hoard\") (canon", "(func (canon"));
    let Err(Refusal::Incompatible(differences)) = world.rollout.put_to_use(fewer.clone()).await else { panic!("it was used") };
    assert_eq!(differences.vanished, ["hoard"]);
    assert!(world.rollout.put_to_use(Order { force: true, ..fewer }).await.is_ok());
}

#[tokio::test]
async fn a_plugin_that_crashes_is_given_up_and_no_reading_call_is_lost() {
    let world = World::new();
    world.count("bank").await;
    world.rollout.put_to_use(world.broken()).await.unwrap();
    let started = Instant::now();
    let mut answered = 0;
    while world.in_use("bank").on_trial {
        assert!(started.elapsed() < Duration::from_secs(10), "it is still used");
        world.count("bank").await;
        answered += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(answered >= 3, "given up after {answered} calls");
    for tenant in ["bank", "shop"] {
        let in_use = world.in_use(tenant);
        assert!(in_use.plugin.unwrap().file.ends_with("old.wasm"));
        assert!(in_use.last_change.unwrap().starts_with("automatic rollback: 3 of"), "{tenant}");
    }
    world.count("shop").await;
}

#[tokio::test]
async fn what_jenkins_or_a_caller_does_wrong_is_no_verdict_on_the_plugin() {
    let world = World::new();
    world.rollout.put_to_use(world.better()).await.unwrap();
    for _ in 0..20 {
        assert!(matches!(world.call("bank", "fail_softly").await, Outcome::Failed(_)));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(world.in_use("bank").on_trial);
    // A crash among many good calls is none either.
    for _ in 0..40 {
        world.count("bank").await;
    }
    for _ in 0..3 {
        assert!(matches!(world.call("bank", "crash").await, Outcome::Failed(_)));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(world.in_use("bank").on_trial);
}

#[tokio::test]
async fn what_lies_beside_a_plugin_could_be_used() {
    let world = World::new();
    let better = world.better();
    std::fs::write(world.folder.path().join("notes.txt"), "").unwrap();
    assert_eq!(world.rollout.candidates(), [better.file]);
}

#[tokio::test]
async fn a_reload_keeps_the_plugin_in_use_and_what_to_go_back_to() {
    let world = World::new();
    let listener = world.tenants.get("shop").unwrap().changes();
    world.rollout.put_to_use(Order { tenant: Some("shop".into()), ..world.better() }).await.unwrap();
    world.reload(&world.plugin, 20).await;
    assert!(*listener.borrow(), "whoever listens to the tenant before is not told");
    assert_eq!((world.count("bank").await, world.count("shop").await), (1, 10));
    let shop = world.in_use("shop");
    assert!(shop.on_trial && shop.last_change.as_deref() == Some("use"), "{shop:?}");
    assert_eq!(world.rollout.roll_back(None).await.unwrap().tenants, ["shop"]);
    assert_eq!(world.count("shop").await, 1);
}

#[tokio::test]
async fn a_reload_with_another_plugin_is_the_last_word() {
    let world = World::new();
    world.rollout.put_to_use(world.broken()).await.unwrap();
    let better = world.better().file;
    world.reload(&better, 20).await;
    assert_eq!((world.count("bank").await, world.count("shop").await), (10, 10));
    assert!(world.in_use("bank").last_change.is_none());
    assert!(matches!(world.rollout.roll_back(None).await, Err(Refusal::NothingBefore)));
}

#[tokio::test]
async fn a_trial_goes_on_after_a_reload() {
    let world = World::new();
    world.rollout.put_to_use(world.broken()).await.unwrap();
    world.reload(&world.plugin, 20).await;
    let started = Instant::now();
    while world.in_use("bank").on_trial {
        assert!(started.elapsed() < Duration::from_secs(10), "it is still used");
        world.count("bank").await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(world.in_use("shop").last_change.unwrap().starts_with("automatic rollback: 3 of"));
    world.count("shop").await;
}
