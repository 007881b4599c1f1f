//! A proxy on the way: asked for a tunnel or to forward, and every way it can fail.

use super::tls::{authority, certificate, server_at, trusting};
use super::*;
use tokio::io::AsyncWriteExt;

/// Reads one head, and remembers it.
async fn head(stream: &mut TcpStream, heard: &Mutex<Vec<String>>) {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    heard.lock().unwrap().push(String::from_utf8(head).unwrap());
}

struct FakeProxy {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl FakeProxy {
    /// Answers `answer` to each head; after a success leads on to `target`, whatever was asked for.
    async fn start(answer: &'static str, target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let hears = Arc::clone(&heard);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let hears = Arc::clone(&hears);
                tokio::spawn(async move {
                    head(&mut stream, &hears).await;
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    if let Some(target) = target {
                        let mut onward = TcpStream::connect(target).await.unwrap();
                        tokio::io::copy_bidirectional(&mut stream, &mut onward).await.ok();
                    }
                });
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Settings that go through it, with a name in front of its address.
    fn before(&self, settings: Settings, user: &str) -> Settings {
        let proxy = Proxy::parse(&format!("http://{user}{}", self.address), &settings.controller).unwrap();
        Settings { proxy: Some(proxy), ..settings }
    }
}

/// Nobody may look up a controller that a proxy stands before.
fn no_lookup() -> Lookup {
    Arc::new(|name| panic!("{name} was looked up"))
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn a_secure_controller_is_reached_through_a_tunnel_and_its_own_certificate_counts() {
    let (authority, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    let controller = server_at(certificate(&authority, "ci.example.com", false), None).await;
    let proxy = FakeProxy::start(ESTABLISHED, Some(controller)).await;
    let identity = Some(Identity::fixed("alice", "s3cret"));
    let settings = Settings { identity, ..trusting("https://ci.example.com/", &authority, &folder) };
    let subject = Subject::with_lookup(proxy.before(settings, "bob:pr0xy@"), no_lookup());
    let seen = subject.get_text("/api/json").await.unwrap();
    assert!(seen.starts_with("GET /api/json\n") && seen.contains("host: ci.example.com\n"), "{seen}");
    assert!(!seen.contains("proxy-authorization"), "the controller is told who we are to the proxy: {seen}");
    subject.get_text("/api/json").await.unwrap();
    let [tunnel] = proxy.heard().try_into().unwrap();
    assert!(tunnel.starts_with("CONNECT ci.example.com:443 HTTP/1.1\r\n"), "{tunnel}");
    assert!(tunnel.contains("Proxy-Authorization: Basic Ym9iOnByMHh5\r\n"), "{tunnel}");
    assert!(!tunnel.contains("\r\nAuthorization:"), "the proxy is told who we are to the controller: {tunnel}");
}

#[tokio::test]
async fn a_proxy_that_answers_in_the_controllers_place_has_no_certificate_for_it() {
    let (ours, theirs, folder) = (authority("ours"), authority("theirs"), tempfile::tempdir().unwrap());
    let false_controller = server_at(certificate(&theirs, "ci.example.com", false), None).await;
    let proxy = FakeProxy::start(ESTABLISHED, Some(false_controller)).await;
    let settings = trusting("https://ci.example.com/", &ours, &folder);
    let subject = Subject::with_lookup(proxy.before(settings, ""), no_lookup());
    assert!(matches!(subject.get("/").await, Err(Error::TlsCertificateError)));
    assert_eq!(subject.last_error(), Some("certificate-issuer"));
}

#[tokio::test]
async fn a_plain_controller_is_asked_for_in_absolute_form() {
    let proxy = FakeProxy::start("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", None).await;
    let settings = proxy.before(settings("http://ci.example.com:8080/jenkins"), "bob:pr0xy@");
    let subject = Subject::with_lookup(settings, no_lookup());
    let request = subject.request(Method::GET, "/api/json").header("proxy-authorization", "forged").body(empty()).unwrap();
    assert_eq!(text(subject.send(request).await.unwrap()).await.unwrap(), "ok");
    let [request] = proxy.heard().try_into().unwrap();
    assert!(request.starts_with("GET http://ci.example.com:8080/jenkins/api/json HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("host: ci.example.com:8080\r\n"), "{request}");
    assert!(request.contains("proxy-authorization: Basic Ym9iOnByMHh5\r\n") && !request.contains("forged"), "{request}");
}

#[tokio::test]
async fn the_policy_decides_before_any_proxy_is_asked() {
    let proxy = FakeProxy::start(ESTABLISHED, None).await;
    let subject = Subject::with_lookup(proxy.before(settings("http://ci.example.com/"), ""), no_lookup());
    let request = Request::builder().uri("http://169.254.169.254/latest/meta-data/").body(empty()).unwrap();
    assert!(matches!(subject.send(request).await, Err(Error::HttpRequestDenied)));
    assert!(proxy.heard().is_empty());
}

#[tokio::test]
async fn a_proxy_that_fails_is_told_from_a_controller_that_fails() {
    let told = async |settings: Settings| {
        let subject = Subject::new(settings);
        let Err(Error::InternalError(Some(told))) = subject.get("/").await else { panic!("no failure of the proxy") };
        (subject.last_error().unwrap(), told)
    };
    let secure = settings("https://ci.example.com/");
    let plain = settings("http://ci.example.com/");

    let needs_user = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    for controller in [&secure, &plain] {
        let proxy = FakeProxy::start(needs_user, None).await;
        assert_eq!(told(proxy.before(controller.clone(), "")).await.0, "proxy-authentication");
    }
    let proxy = FakeProxy::start("HTTP/1.1 403 Forbidden\r\n\r\n", None).await;
    let (label, text) = told(proxy.before(secure.clone(), "")).await;
    assert_eq!(label, "proxy-refused");
    assert!(text.contains("403"), "{text}");
    let proxy = FakeProxy::start("220 mail.example.com ESMTP\r\n\r\n", None).await;
    assert_eq!(told(proxy.before(secure.clone(), "")).await.0, "proxy-protocol");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = Proxy::parse(&format!("http://{nobody}"), &plain.controller).unwrap();
    for controller in [secure, plain] {
        let (label, text) = told(Settings { proxy: Some(proxy.clone()), ..controller }).await;
        assert_eq!(label, "proxy-unreachable");
        assert!(text.contains("the proxy cannot be reached: connection refused"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_never_answers_is_a_connection_timeout() {
    let url = raw(hang).await;
    let settings = impatient("https://ci.example.com/");
    let proxy = Proxy::parse(url.trim_end_matches('/'), &settings.controller).unwrap();
    let subject = Subject::new(Settings { proxy: Some(proxy), ..settings });
    assert!(matches!(subject.get("/").await, Err(Error::ConnectionTimeout)));
}

#[tokio::test]
async fn tls_with_the_proxy_itself_is_verified_too() {
    let (authority, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    let other = super::tls::authority("theirs");
    for (issuer, label) in [(&authority, None), (&other, Some("proxy-unreachable"))] {
        // Answers as the server behind it would: what matters is that it was spoken with in TLS.
        let proxy = server_at(certificate(issuer, "localhost", false), None).await;
        let settings = trusting("http://ci.example.com/", &authority, &folder);
        let proxy = Proxy::parse(&format!("https://localhost:{}", proxy.port()), &settings.controller).unwrap();
        let subject = Subject::new(Settings { proxy: Some(proxy), ..settings });
        assert_eq!(subject.get_text("/x").await.is_ok(), label.is_none());
        assert_eq!(subject.last_error(), label);
    }
}
