//! Keys that an issuer serves, well and badly.

use std::sync::Mutex;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::*;

/// Serves whatever it was told last, and counts how often.
struct Site {
    url: Url,
    answer: Arc<Mutex<(&'static str, String)>>,
    asked: Arc<Mutex<usize>>,
}

impl Site {
    async fn start(keys: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap()).parse().unwrap();
        let site = Self { url, answer: Arc::new(Mutex::new(("200 OK", keys.to_string()))), asked: Arc::default() };
        let (answer, asked) = (Arc::clone(&site.answer), Arc::clone(&site.asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await.unwrap();
                *asked.lock().unwrap() += 1;
                let (status, body) = answer.lock().unwrap().clone();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nLocation: /elsewhere\r\n\r\n", body.len());
                // A reader that has had enough goes away.
                drop(stream.write_all(format!("{head}{body}").as_bytes()).await);
            }
        });
        site
    }

    fn answer(&self, status: &'static str, body: impl ToString) {
        *self.answer.lock().unwrap() = (status, body.to_string());
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn oauth(&self) -> OAuth {
        OAuth::new(OAuthConfig { keys: KeySource::Url(self.url.clone(), None), ..config(Path::new("")) }).unwrap()
    }
}

fn keys(of: &Issuer, kid: &str) -> Value {
    let mut keys = of.jwks();
    keys["keys"][0]["kid"] = kid.into();
    keys
}

fn signed(by: &Issuer, kid: &str) -> String {
    by.token_with(json!({"alg": "ES256", "kid": kid}), claims(json!({})))
}

#[tokio::test]
async fn keys_are_fetched_with_the_first_token_and_kept() {
    let issuer = Issuer::new();
    let site = Site::start(&issuer.jwks()).await;
    let oauth = site.oauth();
    assert_eq!(site.asked(), 0);
    for _ in 0..3 {
        oauth.identify(&issuer.token(claims(json!({})))).await.unwrap();
    }
    assert_eq!(site.asked(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_a_while_whatever_callers_send() {
    let (old, new) = (Issuer::new(), Issuer::new());
    let site = Site::start(&keys(&old, "old")).await;
    let oauth = site.oauth();
    oauth.identify(&signed(&old, "old")).await.unwrap();
    site.answer("200 OK", keys(&new, "new"));
    for _ in 0..5 {
        assert!(oauth.identify(&signed(&new, "new")).await.is_err(), "it was fetched a moment ago");
    }
    assert_eq!(site.asked(), 1);
    tokio::time::sleep(REFETCH).await;
    oauth.identify(&signed(&new, "new")).await.unwrap();
    assert!(oauth.identify(&signed(&old, "old")).await.is_err(), "the issuer has it no more");
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn a_key_that_the_issuer_withdrew_is_trusted_for_a_limited_time() {
    let (old, new) = (Issuer::new(), Issuer::new());
    let site = Site::start(&keys(&old, "old")).await;
    let oauth = site.oauth();
    oauth.identify(&signed(&old, "old")).await.unwrap();
    site.answer("200 OK", keys(&new, "new"));
    oauth.identify(&signed(&old, "old")).await.unwrap();
    tokio::time::sleep(MAX_AGE).await;
    assert!(oauth.identify(&signed(&old, "old")).await.is_err());
}

#[tokio::test]
async fn known_keys_serve_on_while_the_issuer_answers_nonsense() {
    let issuer = Issuer::new();
    let site = Site::start(&issuer.jwks()).await;
    let oauth = site.oauth();
    let good = issuer.token(claims(json!({})));
    oauth.identify(&good).await.unwrap();
    for (status, body) in [
        ("500 Internal Server Error", issuer.jwks().to_string()),
        ("302 Found", issuer.jwks().to_string()),
        ("200 OK", "<html>sign in</html>".to_owned()),
        ("200 OK", json!({"keys": []}).to_string()),
        ("200 OK", json!({"keys": {"kid": "k1"}}).to_string()),
        ("200 OK", " ".repeat(600 * 1_024) + &Issuer::new().jwks().to_string()),
    ] {
        site.answer(status, &body);
        let before = site.asked();
        tokio::time::sleep(RETRY).await;
        assert!(oauth.identify(&signed(&issuer, "other")).await.is_err());
        assert_eq!(site.asked(), before + 1, "{status}");
        oauth.identify(&good).await.unwrap_or_else(|error| panic!("{status}: {error}"));
    }
}

#[tokio::test]
async fn an_issuer_that_was_down_at_first_is_asked_again_soon() {
    let issuer = Issuer::new();
    let site = Site::start(&json!("starting")).await;
    let oauth = site.oauth();
    let good = issuer.token(claims(json!({})));
    assert!(oauth.identify(&good).await.is_err());
    site.answer("200 OK", issuer.jwks());
    tokio::time::sleep(RETRY).await;
    oauth.identify(&good).await.unwrap();
}

#[tokio::test]
async fn a_key_of_a_kind_that_is_not_known_here_does_not_spoil_the_others() {
    let issuer = Issuer::new();
    let mut keys = issuer.jwks();
    let list = keys["keys"].as_array_mut().unwrap();
    list.insert(0, json!({"kid": "k0", "lattice": [1, 2]}));
    list.insert(0, json!("no key at all"));
    let site = Site::start(&keys).await;
    site.oauth().identify(&issuer.token(claims(json!({})))).await.unwrap();
}

#[tokio::test]
async fn keys_are_not_fetched_in_the_clear_from_elsewhere() {
    let error = fetch(&"http://id.example.com/jwks".parse().unwrap(), None).await.unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
}
