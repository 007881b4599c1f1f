//! What must go, what must stay, and that nothing else changes.

use proptest::prelude::*;

use super::super::clean::Cleaner;
use super::*;
use crate::testing::fuzz::fuzz;

/// `line` with `«…»` around what must go.
fn check(line: &str) {
    let raw = line.replace(['«', '»'], "");
    let mut wanted = line.to_owned();
    while let (Some(start), Some(end)) = (wanted.find('«'), wanted.find('»')) {
        wanted.replace_range(start..end + '»'.len_utf8(), MARK);
    }
    assert_eq!(Redactor::new().redact(&raw), wanted, "of {raw}");
}

/// What must go and what must stay, as tools print it; see its head.
const CORPUS: &str = include_str!("corpus.txt");

#[test]
fn the_corpus_is_redacted_with_high_precision_and_recall() {
    let (mut planted, mut hidden, mut clean, mut spoilt) = (0_u32, 0_u32, 0_u32, 0_u32);
    for line in CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        let raw = line.replace(['«', '»'], "");
        let redacted = Redactor::new().redact(&raw).into_owned();
        let secrets: Vec<&str> = line.split('«').skip(1).filter_map(|rest| rest.split('»').next()).collect();
        let mut wanted = line.to_owned();
        for secret in &secrets {
            planted += 1;
            wanted = wanted.replace(&format!("«{secret}»"), MARK);
        }
        let leaks = |secret: &str| {
            redacted.contains(secret) || (secret.len() > 12 && secret.get(secret.len() - 8..).is_some_and(|end| redacted.contains(end)))
        };
        // As it should be, whatever else of the line reads like the secret (`root:root`).
        let leaked = secrets.iter().filter(|secret| wanted != redacted && leaks(secret)).count() as u32;
        hidden += secrets.len() as u32 - leaked;
        if leaked > 0 {
            println!("missed: {raw}\n     as {redacted}");
        }
        let too_much = wanted != redacted && leaked == 0;
        clean += u32::from(!too_much);
        spoilt += u32::from(too_much);
        if too_much {
            println!("too much of: {raw}\n         as: {redacted}");
        }
    }
    let recall = f64::from(hidden) / f64::from(planted);
    let precision = f64::from(hidden) / f64::from(hidden + spoilt);
    println!("{planted} secrets in {} lines: recall {recall:.3}, precision {precision:.3}", clean + spoilt);
    assert!(planted > 150 && clean > 350, "{planted} {clean}");
    assert!(recall >= 0.97, "recall {recall:.3}");
    assert!(precision >= 0.97, "precision {precision:.3}");
}

#[test]
fn recorded_logs_stay_as_they_are() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/controller/bodies");
    let mut lines = 0;
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if !entry.to_string_lossy().contains("consoleText") {
            continue;
        }
        let mut text = String::new();
        let mut cleaner = Cleaner::new();
        cleaner.push(&std::fs::read(&entry).unwrap(), &mut text);
        cleaner.finish(&mut text);
        let redactor = Redactor::new();
        let mut redactor = redactor.lines();
        for line in text.lines() {
            lines += 1;
            assert_eq!(redactor.line(line), line, "in {}", entry.display());
        }
    }
    assert!(lines > 10_000, "{lines}");
}

#[test]
fn a_key_between_the_lines_of_a_parallel_branch_goes() {
    let log = format!(
        "[a] -----BEGIN RSA PRIVATE KEY-----\n[b] compiling x\n[a] {KEY}\n[b] compiled 12 files in 3 s\n[a] {KEY}\n[a] Zm9vYg==\n[a] -----END RSA PRIVATE KEY-----\n[a] done\n"
    );
    let wanted = "[a] [redacted]\n[b] compiling x\n[a] [redacted]\n[b] compiled 12 files in 3 s\n[a] [redacted]\n[a] [redacted]\n[redacted]\n[a] done\n";
    assert_eq!(Redactor::new().redact(&log), wanted);
}

#[test]
fn certificates_and_wrapped_base64_stay() {
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{KEY}\n{KEY}\n-----END CERTIFICATE-----\n");
    assert_eq!(Redactor::new().redact(&certificate), certificate);
    let fixture = format!("Expected attachment:\n{KEY}\n{KEY}\n");
    assert_eq!(Redactor::new().redact(&fixture), fixture);
}

#[test]
fn after_a_gap_a_line_may_stand_inside_a_key() {
    let redactor = Redactor::new();
    let mut lines = redactor.lines();
    assert_eq!(lines.line("+ cat notes"), "+ cat notes");
    assert_eq!(lines.line(KEY), KEY);
    lines.gap();
    assert_eq!(lines.line(KEY), MARK);
}

#[test]
fn without_names_tokens_and_keys_go_all_the_same() {
    let redactor = Redactor::with_known(["hunter2"]);
    let mut lines = redactor.lines().without_names();
    assert_eq!(lines.line("DB_PASSWORD=letmein"), "DB_PASSWORD=letmein");
    assert_eq!(lines.line("TOKEN=glpat-x9Kd2LmQ7vRtYw4nPz8b PASSWORD=hunter2"), "TOKEN=[redacted] PASSWORD=[redacted]");
}

#[test]
fn issued_tokens_go_wherever_they_stand() {
    for line in [
        "using «ghp_16C7e42F292c6912E7710c838347Ae178B4a» for push",
        "«github_pat_11ABCDEFG0abcdefghijkl_MNOPQRSTUVWXYZ0123456789»",
        "remote: «glpat-abcDEF123456-ghiJKL78»",
        "AWS id «AKIAIOSFODNN7EXAMPLE» ok",
        "posting as «xoxb-123456789012-abcdefGHIJKL»",
        "maps «AIzaSyA-1234567890abcdefghijklmnopqrstu»",
        "publish with «npm_abcdefghijklmnopqrstuvwxyz0123456789»",
        "«pypi-AgEIcHlwaS5vcmcCJGFiY2RlZi0xMjM0LTU2NzgtOTBhYi1jZGVmMTIzNDU2Nzg»",
        "jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U»",
        "jenkins «11a0b1c2d3e4f5061728394a5b6c7d8e9f» used",
        "charge «sk_live_abcdefghijklmnop1234»",
        "<token>«{AQAAABAAAAAwX0r7nZ3n1hQm1w0bJ5w1g2k3l4m5n6o7p8}»</token>",
        "curl https://«hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX»",
    ] {
        check(line);
    }
}

#[test]
fn headers_and_schemes_lose_their_credentials() {
    for line in [
        "> Authorization: Basic «bGluOmh1bnRlcjI=»",
        "curl -H \"Authorization: Bearer «abc.def-123456789»\" https://example.com/",
        "curl -H 'authorization: token «0123456789abcdef0123456789abcdef01234567»' x",
        "sent Bearer «aB3dE6gH9jK2mN5pQ8sT» upstream",
        "{\"Authorization\":\"Bearer «s3cr3tv4lue»\"}",
        "X-Api-Key: «9f8e7d6c5b4a»",
        "Set-Cookie: «JSESSIONID.8a=node01abc; Path=/; HttpOnly»",
        "PRIVATE-TOKEN: «abcd1234efgh»",
    ] {
        check(line);
    }
}

#[test]
fn passwords_in_urls_go_and_users_stay() {
    for line in [
        "git clone https://lin:«hunter2»@git.example.com/shop.git",
        "postgres://app:«p@ss:w0rd»@db:5432/shop?sslmode=off",
        "https://«aB3dE6gH9jK2mN5pQ8sT»@git.example.com/shop.git",
        "redis://:«hunter2»@cache:6379/0",
        "amqp://guest:«guest»@mq",
        "jdbc:oracle:thin:scott/«tiger7»@db:1521/X",
    ] {
        check(line);
    }
}

#[test]
fn values_under_secret_names_go_in_every_syntax() {
    for line in [
        "DB_PASSWORD=«hunter2»",
        "+ export GITHUB_TOKEN_PROD=«abc123»",
        "password: «hunter2»",
        "[2026-11-24T01:00:08.697Z]   client_secret: \"«hunter two»\"",
        "{\"user\":\"lin\",\"password\":\"«hun\\\"ter2»\",\"port\":5432}",
        "{\\\"apiKey\\\":\\\"«hunter2»\\\"}",
        "-Dsonar.password=«hunter2» -Dx=y",
        "docker run --env API_KEY=«k1» app",
        "deploy --password «hunter2» --verbose",
        "deploy --api-token='«hun ter2»'",
        "spring.datasource.password = «hunter2»",
        "<password>«hunter2»</password>",
        "CREATE USER lin WITH PASSWORD '«hunter2»';",
        "GET /cb?code=1&access_token=«abc»&state=2",
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=«Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4»;EndpointSuffix=x",
        "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
        "dbPassword: '«x»'",
        "VAULT_SECRET_ID=«abc»",
        "//registry.npmjs.org/:_authToken=«abc»",
        "password=«ab,cd;ef» next",
        "connect(user='lin', password='«hunter2»', port=1)",
        "the password for lin is «kJ8s0Qz1LmN4pR7tVw2x» now",
        "Login with password: «Tr0ub4dor&3»",
        "mysql -u root -p«hunter2» shop",
        "curl -u lin:«hunter2» https://example.com",
        "echo x | docker login -u lin -p «hunter2» registry.example.com",
    ] {
        check(line);
    }
}

#[test]
fn ordinary_lines_stay_as_they_are() {
    for line in [
        "Obtained Jenkinsfile from c57750b79f85a8248155cf4e9db908d1f6cd1ef9",
        "error: expected one of `!` or `::`, found token `}`",
        "SyntaxError: Unexpected token: identifier",
        "token expected",
        "secret not found",
        "password",
        "password:",
        "Enter password:",
        "password authentication failed for user \"lin\"",
        "ERROR: Could not find credentials entry with ID 'github-deploy'",
        "No credentials specified",
        "using credential git-ssh-key",
        "max_tokens=2000 tokens: 512 token_type=bearer",
        "token_count = 12345678",
        "password_file=/run/secrets/db",
        "secretName: shop-tls",
        "secretKeyRef: db",
        "imagePullSecrets: registry",
        "secrets: inherit",
        "password=$DB_PASSWORD",
        "password: ${DB_PASSWORD}",
        "--password-stdin",
        "PASSWORD=****",
        "TOKEN=<your token>",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "withCredentials([string(credentialsId: 'slack', variable: 'SLACK_TOKEN')]) {",
        "API_TOKEN = credentials('api-token')",
        "let token = next_token;",
        "fn login(password: &str, token: String) -> bool",
        "connect(user=user, password=password)",
        "use --token to authenticate",
        "--password option is required",
        "password: required",
        "token is missing",
        "Invalid token: expired",
        "Digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\",",
        "serde_json v1.0.154 (checksum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08)",
        "build 550e8400-e29b-41d4-a716-446655440000 done",
        "Downloading org.apache.maven.plugins:maven-surefire-plugin:3.2.5",
        "/var/lib/jenkins/caches/git-e391b2bd27b36165b1cf10182b2b1fed/.git",
        "git@github.com:shop/checkout.git",
        "ssh://git@git.example.com/shop.git",
        "http://localhost:8080/job/shop@2/",
        "npm install @types/node@18.19.0",
        "Basic authentication is deprecated",
        "Bearer authentication required",
        "Authorization: required",
        "PASS: 10 FAIL: 0",
        "test_password_reset PASSED",
        "tests/test_token.py:41: AssertionError",
        "key=value",
        "cache key: linux-cargo-1a2b3c4d5e",
        "PWD=/var/lib/jenkins/workspace",
        "pod/shop-7d9f8c6b5-x2x4z created",
        "public_key=AAAAB3NzaC1yc2E",
        "docker run -p 8080:80 nginx",
        "mkdir -p build/out",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "primary key: 4711",
        "foreign_key=user_id",
        "password_reset_test: ok",
        "keyboard: qwerty12345",
        "Refresh token used: 550e8400-e29b-41d4-a716-446655440000",
        "commit token f6063eea0f4bd1bb0be6c37ab1bb0d2a3f10d7f1 merged",
    ] {
        check(line);
    }
}

const KEY: &str = "MIIEpAIBAAKCAQEA7bq0sNGmFh1rKjFZ6yHYJcXoVqW3t5u7i9o1p2a3s4d5f6g7";

#[test]
fn a_private_key_goes_as_a_whole_and_the_log_goes_on_after_it() {
    let log =
        format!("+ cat id_rsa\n-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n{KEY}\nshort==\n-----END RSA PRIVATE KEY-----\nnext line abc\n");
    let wanted = "+ cat id_rsa\n[redacted]\n[redacted]\n[redacted]\n[redacted]\n[redacted]\nnext line abc\n";
    assert_eq!(Redactor::new().redact(&log), wanted);
}

#[test]
fn a_private_key_is_recognised_behind_timestamps_and_on_one_line() {
    let stamped = format!("[2026-11-24T01:00:08.697Z] -----BEGIN OPENSSH PRIVATE KEY-----\n[2026-11-24T01:00:08.697Z] {KEY}\nok\n");
    assert_eq!(Redactor::new().redact(&stamped), "[2026-11-24T01:00:08.697Z] [redacted]\n[2026-11-24T01:00:08.697Z] [redacted]\nok\n");
    check(&format!("key: «-----BEGIN EC PRIVATE KEY-----\\n{KEY}\\n-----END EC PRIVATE KEY-----» end"));
}

#[test]
fn an_excerpt_that_begins_inside_a_key_hides_its_lines() {
    check(&format!("«{KEY}»"));
    check(&format!("00:58:24  «{KEY}»"));
}

#[test]
fn a_key_that_never_ends_does_not_hide_the_log() {
    let log = "-----BEGIN PRIVATE KEY-----\nthis is not a key at all: see docs\n[Pipeline] End of Pipeline\n";
    assert_eq!(Redactor::new().redact(log), "[redacted]\nthis is not a key at all: see docs\n[Pipeline] End of Pipeline\n");
}

#[test]
fn known_secrets_go_in_every_spelling() {
    let redactor = Redactor::with_known(["p4ss/\"word", "abc"]);
    let encoded = STANDARD.encode("lin:p4ss/\"word");
    let unaligned = STANDARD.encode("{\"x\":\"p4ss/\"word\"}");
    for text in ["p4ss/\"word", "p4ss%2F%22word", "p4ss/\\\"word", encoded.as_str(), unaligned.as_str()] {
        assert_eq!(redactor.redact(&format!("a {text} b")), "a [redacted] b", "{text}");
    }
    assert_eq!(redactor.redact("abc stays, it is too short"), "abc stays, it is too short");
}

#[test]
fn base64_of_credentials_goes_and_other_base64_stays() {
    check("auth: «bGluOmh1bnRlcjItbG9uZw==» ok");
    check("docker config «eyJwYXNzd29yZCI6Imh1bnRlcjIifQ==»");
    check("sha256 in base64 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= ok");
    check("hello aGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA== ok");
}

#[test]
fn recorded_lines_of_jenkins_stay() {
    for line in [
        " > git config remote.origin.url https://git.example.com/shop/checkout.git # timeout=10",
        "Checking out Revision f579208e650bc2f24f4c5f8afad95f0eee228967 (refs/remotes/origin/main)",
        "Commit message: \"Simplify the rounding of prices\"",
        "[Pipeline] withCredentials",
        "Masking supported pattern matches of $SLACK_TOKEN",
        "Started by user admin",
        "java.lang.IllegalArgumentException: token must not be null",
    ] {
        check(line);
    }
}

#[test]
fn a_word_that_is_redacted_in_part_is_not_judged_again() {
    assert_eq!(Redactor::new().redact("token 0--token=[redacted]'"), "token 0--token=[redacted]'");
}

/// Secrets of many kinds around some random characters, with the part that must not be seen.
fn planted() -> impl Strategy<Value = (String, String)> {
    let random = |length: usize| proptest::string::string_regex(&format!("[a-zA-Z]{{4}}[0-9]{{2}}[a-zA-Z0-9]{{{}}}", length - 6)).unwrap();
    prop_oneof![
        random(36).prop_map(|s| (format!("ghp_{s}"), s)),
        random(22).prop_map(|s| (format!("pushing with glpat-{s} now"), s)),
        random(24).prop_map(|s| (format!("xoxb-{s}"), s)),
        random(12).prop_map(|s| (format!("DB_PASSWORD={s}"), s)),
        random(12).prop_map(|s| (format!("{{\"user\":\"ci\",\"password\":\"{s}\"}}"), s)),
        random(30).prop_map(|s| (format!("Authorization: Bearer {s}"), s)),
        random(10).prop_map(|s| (format!("git clone https://ci:{s}@git.example.com/x.git"), s)),
        random(10).prop_map(|s| (format!("+ docker login -u ci -p {s} registry.example.com"), s)),
        random(43).prop_map(|s| (format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{s}"), s)),
        random(60).prop_map(|s| (
            format!("-----BEGIN RSA PRIVATE KEY-----\r\n[2026-11-24T01:00:08.697Z] MIIE{s}\r\n-----END RSA PRIVATE KEY-----"),
            s
        )),
        random(14).prop_map(|s| (format!("the value known-{s} of a password parameter"), format!("known-{s}"))),
    ]
}

/// What colours, notes and progress bars put between the characters of a line.
fn noise() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("\x1b[0m"),
        Just("\x1b[31;1m"),
        Just("\x1b[K"),
        Just("\x1b[8mha:////4KFvKLzXL7WviMkqng7Q2fgAUYTjLyKPfKnfA5Ej/rDg\x1b[0m"),
        Just("\x1b]0;title\x07"),
        Just("\0"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_planted_secret_survives_at_any_chunk_border_and_behind_any_noise(
        (text, secret) in planted(), before in "[a-z ]{0,12}", after in "( [a-z ]{0,12})?", size in 1_usize..40,
        marks in proptest::collection::vec((any::<prop::sample::Index>(), noise()), 0..5),
    ) {
        let mut raw = format!("{before} {text}{after}");
        let mut places: Vec<(usize, &str)> = marks.iter().map(|(at, mark)| (at.index(raw.len()), *mark)).collect();
        places.sort();
        // From the end, so that no mark gets into another one.
        places.into_iter().rev().for_each(|(at, mark)| raw.insert_str(at, mark));
        let known = secret.starts_with("known-").then_some(secret.as_str());
        let redactor = Redactor::with_known(known);
        let mut lines = redactor.lines();
        let mut shown = String::new();
        let mut scanner = super::super::lines::LineScanner::new();
        let mut show = |line: super::super::lines::Line<'_>| shown.push_str(&lines.line(&line.text()));
        for chunk in raw.as_bytes().chunks(size) {
            scanner.push(chunk, &mut show);
        }
        scanner.finish(&mut show);
        prop_assert!(!shown.contains(&secret), "{shown}");
        // Not its end either, which a border might have cut off.
        prop_assert!(!shown.contains(&secret[secret.len() - 8..]), "{shown}");
    }

    #[test]
    fn a_search_result_cut_around_its_match_shows_no_part_of_a_secret(
        (text, secret) in planted(), distance in 0_usize..2_000, gap in prop_oneof![Just(","), Just("x"), Just(" ")],
    ) {
        use super::super::search::{Search, SearchOptions};
        // Notes and keys over several lines are for the test above.
        prop_assume!(!text.contains('\n') && !secret.starts_with("known-"));
        let log = format!("{text} {}needle{}\n", gap.repeat(distance), gap.repeat(2_000));
        let options = SearchOptions { pattern: "needle", ignore_case: false, invert: false, window_lines: 0, max_matches: 1 };
        let mut search = Search::new(&options).unwrap();
        search.push(log.as_bytes());
        let report = search.finish();
        let shown = &report.hunks[0].hits[0].line.text;
        prop_assert!(!shown.contains(&secret[secret.len() - 8..]), "{shown}");
    }

    #[test]
    fn an_overlong_line_that_is_cut_shows_no_part_of_a_secret((text, secret) in planted(), missing in 0_usize..120) {
        prop_assume!(!text.contains('\n') && !secret.starts_with("known-"));
        let max = 4_096;
        let log = format!("{} {text} {}\n", "x".repeat(max - missing), "y".repeat(200));
        let mut scanner = super::super::lines::LineScanner::new().with_max_line(max);
        let redactor = Redactor::new();
        let mut shown = String::new();
        scanner.push(log.as_bytes(), |line| shown.push_str(&redactor.redact(&line.text())));
        prop_assert!(!shown.contains(&secret[..8]) && !shown.contains(&secret[secret.len() - 8..]), "{shown}");
    }
}

#[test]
fn fuzz_redaction() {
    let pieces: Vec<&[u8]> =
        CORPUS.lines().filter(|line| !line.starts_with("# ")).map(str::as_bytes).chain([b"\n".as_slice(), b"=", b"\"", b" "]).collect();
    fuzz(&pieces, |input, _| {
        let text = String::from_utf8_lossy(input);
        let redactor = Redactor::with_known(["s3cr3t-Pa55"]);
        let once = redactor.redact(&text).into_owned();
        assert!(!once.contains("s3cr3t-Pa55"));
        assert_eq!(once.matches('\n').count(), text.matches('\n').count());
    });
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing_more(text in "((password|token|secret|api_key|Bearer|Authorization|user|https://lin|--token)(=|: |: \"| |:| = )[a-zA-Z0-9+/=@:,;\"']{0,20}[ ,;&]?){0,5}") {
        let redactor = Redactor::with_known(["abcd"]);
        let once = redactor.redact(&text).into_owned();
        prop_assert_eq!(redactor.redact(&once).into_owned(), once.clone());
    }

    #[test]
    fn no_text_panics_and_lines_stay_lines(text in "\\PC{0,80}(\n\\PC{0,40}){0,3}") {
        let out = Redactor::new().redact(&text).into_owned();
        prop_assert_eq!(out.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn a_known_secret_never_survives(before in "[ -~]{0,20}", secret in "[a-zA-Z0-9!/_]{6,20}", after in "[ -~]{0,20}") {
        let redactor = Redactor::with_known([&secret]);
        prop_assume!(!MARK.contains(secret.as_str()));
        let out = redactor.redact(&format!("{before}{secret}{after}")).into_owned();
        prop_assert!(!out.contains(&secret), "{out}");
    }
}
