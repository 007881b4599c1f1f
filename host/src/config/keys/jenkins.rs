//! One tenant's controller and identity.

use crate::config::key::Key;
use crate::config::key::Kind;
use crate::config::key::Scope;
use crate::config::key::anything;
use crate::config::key::controller;
use crate::config::key::header_name;
use crate::config::key::proxy;

pub(crate) static URL: Key = Key {
    aliases: &["url"],
    env: &["JENKINS_URL"],
    flag: Some("jenkins-url"),
    ..Key::tenant("jenkins_url", Kind::Text(controller), "Address of the Jenkins controller, with its path if it has one")
};
pub(crate) static USER: Key = Key {
    aliases: &["user"],
    env: &["JENKINS_USER"],
    flag: Some("jenkins-user"),
    ..Key::tenant("jenkins_user", Kind::Text(anything), "User that the API token belongs to")
};
pub(crate) static TOKEN: Key = Key {
    env: &["JENKINS_API_TOKEN"],
    scope: Scope::OutsideFile,
    ..Key::tenant("jenkins_api_token", Kind::Secret, "API token of the user")
};
pub(crate) static TOKEN_FILE: Key = Key {
    aliases: &["token_file"],
    env: &["JENKINS_API_TOKEN_FILE"],
    flag: Some("jenkins-token-file"),
    ..Key::tenant("jenkins_token_file", Kind::Path, "File that holds the API token, instead of the variable JENKINS_API_TOKEN")
};
pub(crate) static TOKEN_ENV: Key =
    Key { aliases: &["token_env"], ..Key::tenant("jenkins_token_env", Kind::Text(anything), "Variable that holds the API token") };
pub(crate) static TOKEN_COMMAND: Key = Key {
    aliases: &["token_command"],
    ..Key::tenant(
        "jenkins_token_command",
        Kind::Command,
        "Program that prints the API token, alone or as {\"token\", \"user\", \"expires_in\"}; no shell is involved",
    )
};
pub(crate) static TOKEN_CREDENTIAL: Key = Key {
    aliases: &["token_credential"],
    ..Key::tenant(
        "jenkins_token_credential",
        Kind::Text(anything),
        "Name of a systemd credential ($CREDENTIALS_DIRECTORY) that holds the token",
    )
};
pub(crate) static TOKEN_LIFETIME: Key = Key {
    aliases: &["token_lifetime"],
    default: Some("300"),
    ..Key::tenant(
        "jenkins_token_lifetime_seconds",
        Kind::Number(1, 86_400),
        "After so long a token from a file or program is read again, unless the program says when it expires",
    )
};
pub(crate) static TIMEOUT: Key = Key {
    aliases: &["timeout_seconds", "call_timeout"],
    env: &["JANKINS_TIMEOUT"],
    flag: Some("timeout"),
    default: Some("30"),
    ..Key::tenant("timeout", Kind::Number(1, 3_600), "Seconds that one tool call may take")
};
pub(crate) static CA_FILE: Key = Key {
    env: &["JANKINS_CA_FILE"],
    flag: Some("ca-file"),
    ..Key::tenant("ca_file", Kind::Path, "PEM file with certificate authorities to trust beside those of the system")
};
pub(crate) static CLIENT_CERT: Key = Key {
    env: &["JANKINS_CLIENT_CERT"],
    flag: Some("client-cert"),
    ..Key::tenant("client_cert", Kind::Path, "PEM file with the certificate to present to Jenkins")
};
pub(crate) static CLIENT_KEY: Key = Key {
    env: &["JANKINS_CLIENT_KEY"],
    flag: Some("client-key"),
    ..Key::tenant("client_key", Kind::Path, "PEM file with the key of that certificate")
};
pub(crate) static PROXY: Key = Key::tenant(
    "proxy",
    Kind::Text(proxy),
    "Proxy on the way to the controller, e.g. http://proxy.example.com:3128, or none [default: HTTPS_PROXY, NO_PROXY and their kin]",
);
pub(crate) static FRONT_HEADER: Key =
    Key::tenant("front_header", Kind::Text(header_name), "Header for a proxy in front of Jenkins, sent with every request");
pub(crate) static FRONT_HEADER_ENV: Key = Key::tenant("front_header_env", Kind::Text(anything), "Variable that holds its value");
pub(crate) static FRONT_HEADER_FILE: Key = Key::tenant("front_header_file", Kind::Path, "File that holds its value");
pub(crate) static RECORD: Key = Key {
    env: &["JANKINS_RECORD"],
    flag: Some("record"),
    scope: Scope::OutsideFile,
    ..Key::tenant("record", Kind::Path, "Write every exchange with Jenkins, redacted, to this cassette")
};
pub(crate) static REPLAY: Key = Key {
    env: &["JANKINS_REPLAY"],
    flag: Some("replay"),
    scope: Scope::OutsideFile,
    ..Key::tenant("replay", Kind::Path, "Answer from this cassette, without any network")
};
