//! One form for the many spellings of a repository's address.
//!
//! `https://ada@Git.example.com/shop/checkout.git`, `git@git.example.com:shop/checkout` and
//! `ssh://git@git.example.com:7999/shop/checkout/` are one repository: `git.example.com/shop/checkout`.

/// Hosts that do not tell upper from lower case in paths.
const CASELESS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

/// Host and path, without scheme, user, port, `.git` and closing slash; `None` for what names no repository.
pub(crate) fn normal(url: &str) -> Option<String> {
    let url = url.trim().split(['?', '#']).next()?;
    let (authority, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // scp's form, and a bare host/path.
        None => match url.split_once(':').filter(|(host, _)| !host.contains('/')) {
            Some((host, path)) => (host, path),
            None => url.split_once('/')?,
        },
    };
    let host = authority.rsplit('@').next()?.split(':').next()?.to_ascii_lowercase();
    let host = if host == "ssh.github.com" { "github.com".to_owned() } else { host };
    let path = crate::jenkins::encode::decode(path);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    // Bitbucket Server's HTTP addresses have a segment that its SSH ones lack.
    let path = match path.strip_prefix("scm/") {
        Some(rest) if rest.matches('/').count() == 1 => rest,
        _ => path,
    };
    if host.is_empty() || path.is_empty() {
        return None;
    }
    let caseless = CASELESS.contains(&host.as_str());
    Some(format!("{host}/{}", if caseless { path.to_lowercase() } else { path.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_spellings_of_a_repository_are_one() {
        for url in [
            "https://git.example.com/shop/checkout.git",
            "https://ada:token@Git.Example.com:8443/shop/checkout/",
            "git@git.example.com:shop/checkout.git",
            "ssh://git@git.example.com:7999/shop/checkout.git",
            "git.example.com/shop/checkout",
            "https://git.example.com/scm/shop/checkout.git",
            " https://git.example.com/shop/checkout?ref=x ",
        ] {
            assert_eq!(normal(url).as_deref(), Some("git.example.com/shop/checkout"), "{url}");
        }
    }

    #[test]
    fn case_of_the_path_counts_except_where_it_does_not() {
        assert_ne!(normal("https://git.example.com/Shop/a"), normal("https://git.example.com/shop/a"));
        assert_eq!(normal("git@github.com:Shop/A.git"), normal("https://github.com/shop/a"));
    }

    #[test]
    fn what_names_no_repository_is_refused() {
        for url in ["", "checkout", "https://git.example.com", "https://git.example.com/", "://"] {
            assert_eq!(normal(url), None, "{url}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own_normal_form(host in "[a-z]{1,8}\\.[a-z]{2,3}", path in "[a-zA-Z0-9_-]{1,8}/[a-zA-Z0-9_-]{1,8}") {
            let once = normal(&format!("https://{host}/{path}.git"));
            prop_assert_eq!(once.clone().and_then(|u| normal(&u)), once);
        }
    }
}
