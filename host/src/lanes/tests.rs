use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::*;

/// Remembers what it was told.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) moves: Mutex<Vec<Lane>>,
    pub(crate) slow: Mutex<Duration>,
}

impl Watcher for Witness {
    fn moved(&self, lane: Lane) {
        self.moves.lock().unwrap().push(lane);
    }

    fn spent(&self, slow: Duration) {
        *self.slow.lock().unwrap() += slow;
    }
}

/// Two tenants, of whom the first is the one that counts.
pub(crate) fn shares() -> (Share, Share, Arc<Witness>) {
    let (lanes, witness) = (Lanes::two().unwrap(), Arc::new(Witness::default()));
    (lanes.share(witness.clone()), lanes.share(Arc::new(Witness::default())), witness)
}

fn thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

fn compute(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Uses so much that the slow lane is all that is left.
fn use_up(share: &Share) {
    share.0.as_ref().unwrap().charge(Duration::from_secs(1));
}

/// Waits until the tenant is in the normal lane again.
async fn recover(share: &Share) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while share.0.as_ref().unwrap().lane() == Lane::Slow {
        assert!(Instant::now() < deadline, "it stays slow");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_computes_leaves_the_normal_lane_and_comes_back_and_loses_no_message() {
    let (share, _other, witness) = shares();
    let (ask, mut asked) = mpsc::channel::<(Duration, oneshot::Sender<String>)>(8);
    share.spawn(async move {
        while let Some((time, reply)) = asked.recv().await {
            compute(time);
            reply.send(thread()).ok();
            tokio::task::yield_now().await;
        }
    });
    let answer = async |milliseconds| {
        let (reply, answer) = oneshot::channel();
        ask.send((Duration::from_millis(milliseconds), reply)).await.unwrap();
        answer.await.unwrap()
    };
    assert_ne!(answer(0).await, "slow-lane");
    let mut threads = Vec::new();
    for _ in 0..20 {
        threads.push(answer(10).await);
    }
    assert_eq!(threads.pop().as_deref(), Some("slow-lane"), "{threads:?}");
    recover(&share).await;
    // It moves with the first thing that it has to do.
    answer(0).await;
    assert_ne!(answer(0).await, "slow-lane");
    assert_eq!(*witness.moves.lock().unwrap(), [Lane::Slow, Lane::Normal]);
    assert!(*witness.slow.lock().unwrap() > Duration::from_millis(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_and_sockets_of_one_lane_work_in_the_other() {
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;

    let (share, _other, _) = shares();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut near = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let (tell, told) = oneshot::channel();
    share.spawn(async move {
        let timer = tokio::time::sleep(Duration::from_millis(100));
        let mut bytes = [0; 4];
        far.read_exact(&mut bytes).await.unwrap();
        timer.await;
        tell.send((bytes, thread())).unwrap();
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    use_up(&share);
    near.write_all(b"ping").await.unwrap();
    assert_eq!(told.await.unwrap(), (*b"ping", "slow-lane".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_begins_in_the_lane_of_its_tenant_and_ends_with_who_waits_for_it() {
    struct Ended(Arc<AtomicBool>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    let (share, other, _) = shares();
    assert_ne!(share.run(async { thread() }).await.unwrap(), "slow-lane");
    use_up(&share);
    assert_eq!(share.run(async { thread() }).await.unwrap(), "slow-lane");
    assert_ne!(other.run(async { thread() }).await.unwrap(), "slow-lane");
    let ended = Arc::new(AtomicBool::new(false));
    let guard = Ended(Arc::clone(&ended));
    let waiting = share.run(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    tokio::time::timeout(Duration::from_millis(20), waiting).await.unwrap_err();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !ended.load(Ordering::SeqCst) {
        assert!(Instant::now() < deadline, "it goes on although nobody waits");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_slow_lane_reaches_who_waits() {
    let (share, _other, _) = shares();
    use_up(&share);
    let waiting = tokio::spawn(async move { share.run(async { panic!("here") }).await });
    assert!(waiting.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn a_single_lane_needs_nothing_but_the_runtime_at_hand() {
    let share = Lanes::one().share(Arc::new(Witness::default()));
    let (tell, told) = oneshot::channel();
    share.spawn(async move { tell.send(1).unwrap() });
    assert_eq!((told.await.unwrap(), share.run(async { 2 }).await), (1, Some(2)));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_threads_of_the_slow_lane_yield_to_those_of_the_normal_one() {
    use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};

    let (share, _other, _) = shares();
    let policy = || thread_priority::thread_schedule_policy().unwrap();
    let normal = share.run(async move { policy() }).await.unwrap();
    use_up(&share);
    let slow = share.run(async move { policy() }).await.unwrap();
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    assert!(normal != idle && slow == idle, "{normal:?} {slow:?}");
}
