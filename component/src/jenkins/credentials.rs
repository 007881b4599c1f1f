//! Credentials as their stores list them: ids, types and descriptions. Jenkins sends no secret here, whoever asks.
//!
//! The controller has one store, and each folder may have one; a job may use those of the folders above it and of the
//! controller. A store answers 404 to whoever lacks Credentials/View, exactly as one that is not there.

use super::path::JobPath;
use crate::call::Call;
use crate::error::Error;
use crate::json::{Named, record};

const FIELDS: &str = "domains[urlName,displayName,global,credentials[id,typeName,displayName,description]]";

record! {
    /// A place that credentials are kept in.
    #[derive(Debug, Default)]
    pub(crate) struct Store {
        domains: Named<Domain>,
    }

    /// What credentials of a store are meant for, such as one host.
    #[derive(Debug, Default)]
    struct Domain {
        display_name: String,
        global: bool,
        credentials: Option<Vec<Credential>>,
    }

    /// One of them.
    #[derive(Debug, Default)]
    pub(crate) struct Credential {
        pub(crate) id: String,
        pub(crate) type_name: String,
        pub(crate) display_name: String,
        pub(crate) description: Option<String>,
    }
}

impl Store {
    /// Each with its domain; `None` for those that are meant for everything.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = (&Credential, Option<&str>)> {
        self.domains.0.iter().flat_map(|(key, domain)| {
            let name = if domain.display_name.is_empty() { key.as_str() } else { domain.display_name.as_str() };
            let name = (!domain.global && key != "_").then_some(name);
            domain.credentials.iter().flatten().map(move |credential| (credential, name))
        })
    }
}

/// Asks for what a store keeps: that of a folder, or the controller's for the empty path.
///
/// # Errors
/// Not found for a store that is not there or may not be seen.
pub(crate) async fn store(call: &Call, folder: &JobPath) -> Result<Store, Error> {
    let kind = if folder.segments().is_empty() { "system" } else { "folder" };
    let what =
        if folder.segments().is_empty() { "the credentials of the controller".to_owned() } else { format!("the credentials of {folder}") };
    call.tree("credentials", &format!("{}/credentials/store/{kind}", folder.url_path()), FIELDS, &what).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_named_except_the_one_for_everything() {
        let store: Store = crate::testing::read(
            r#"{"domains":{"_":{"global":true,"displayName":"Global credentials (unrestricted)","credentials":[{"id":"a"}]},
            "github":{"displayName":"github.com","credentials":[{"id":"b"},{"id":null}]},"odd":null,"bare":{"credentials":"?"}}}"#,
        );
        let shown: Vec<_> = store.credentials().map(|(c, domain)| (c.id.as_str(), domain)).collect();
        assert_eq!(shown, [("a", None), ("b", Some("github.com")), ("", Some("github.com"))]);
    }
}
