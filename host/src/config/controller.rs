//! The controller's address.

use url::Url;

/// The one spelling of a controller's address: http(s), no secrets, nothing after the path, a trailing slash.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(super) fn normal_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| {
        // The text itself may hold a password, so it is not repeated.
        format!("is not a URL ({error}); write it with its scheme, e.g. https://jenkins.example.com/")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "has the scheme `{}`, but Jenkins speaks http or https; write e.g. https://jenkins.example.com/",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or password, which would end up in logs; put them in JENKINS_USER and JENKINS_API_TOKEN".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with the path, without `?` and `#`".to_owned());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_with_a_slash_however_it_is_written() {
        assert_eq!(normal_url("https://ci.example.com").unwrap().as_str(), "https://ci.example.com/");
        assert_eq!(normal_url("http://ci:8080/jenkins").unwrap().as_str(), "http://ci:8080/jenkins/");
        assert_eq!(normal_url("http://ci/jenkins/").unwrap().as_str(), "http://ci/jenkins/");
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_repeating_it() {
        let error = normal_url("https://ada:s3cret@ci.example.com/").unwrap_err();
        assert!(error.contains("JENKINS_USER"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn an_address_without_a_scheme_says_how_to_write_it() {
        for text in ["jenkins.example.com", "jenkins.example.com:8080", "ftp://ci/"] {
            let error = normal_url(text).unwrap_err();
            assert!(error.contains("https://jenkins.example.com/"), "{text}: {error}");
        }
    }

    #[test]
    fn an_address_with_a_query_is_refused() {
        assert!(normal_url("https://ci.example.com/?tree=jobs").is_err());
    }
}
