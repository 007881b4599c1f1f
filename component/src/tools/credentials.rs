//! `list-credentials`: ids and types, from the stores that a job of the folder may use, asked at once.
//!
//! A store that may not be seen and one that is not there answer alike, with a 404: an empty answer says so instead of
//! claiming that there are no credentials. Only when no store answered is the folder itself looked for.

use crate::answer;
use crate::bindings::jankins::plugin::types::{Credential as Record, CredentialList, Format};
use crate::call::{Call, saturate};
use crate::cursor::{self, Cursors};
use crate::error::Error;
use crate::jenkins::credentials::{self, Store};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::json::Value;
use crate::text::{human, names};
use crate::together;
use crate::tools::hint::Hint;
use crate::tools::page;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
/// The controller's own store, as records name it.
const SYSTEM: &str = "system";

/// `list-credentials`.
pub(crate) async fn list_credentials(
    call: &Call,
    folder: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<CredentialList, Error> {
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let format = format.unwrap_or(Format::Summary);
    let folder = JobPath::folder(folder.as_deref())?;
    let name = (!folder.segments().is_empty()).then(|| folder.name());
    let cursors = Cursors::new("list-credentials", &[name.as_deref()]);
    let from = cursors.read::<2>(cursor.as_deref())?;

    let owners: Vec<JobPath> = std::iter::successors(Some(folder.clone()), JobPath::parent).collect();
    let stores = together::all(owners.iter().map(|owner| credentials::store(call, owner))).await;
    let (mut found, mut unseen) = (Vec::new(), Vec::new());
    for (owner, store) in owners.iter().zip(stores) {
        let owner = if owner.segments().is_empty() { SYSTEM.to_owned() } else { owner.name() };
        match store {
            Ok(store) => found.extend(records(call, &store, &owner)),
            Err(Error::NotFound { .. } | Error::Forbidden { .. }) => unseen.push(owner),
            Err(error) => return Err(error),
        }
    }
    if unseen.len() == owners.len() && name.is_some() {
        exists(call, &folder).await?;
    }
    let before = match from {
        None => 0,
        Some([before, mark]) => {
            let last = (before as usize).checked_sub(1).map(|last| found.get(last).map(|c: &Record| cursor::mark(&c.id)));
            if last.is_some_and(|last| last != Some(mark)) {
                return Err(cursor::stale("the list of credentials has changed"));
            }
            before as usize
        }
    };
    let rest = found.get(before..).unwrap_or_default();
    let items = rest.get(..limit as usize).unwrap_or(rest);
    let lines: Vec<String> = items.iter().map(|credential| line(call, credential, format)).collect();
    let head = head(name.as_deref(), found.len(), &unseen);
    let next_cursor = |shown: usize| {
        let before = before + shown;
        let mark = before.checked_sub(1).and_then(|last| found.get(last)).map_or(0, |credential| cursor::mark(&credential.id));
        (before < found.len()).then(|| cursors.make([saturate(before as u64), mark]))
    };
    let page = page::fit(call, "credential", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        if let Some(cursor) = cursor {
            out.next(Hint::new("list_credentials").with("folder", name.as_deref()).with("cursor", Some(cursor)).call());
        }
    });
    Ok(CredentialList {
        credentials: items.get(..page.shown).unwrap_or_default().to_vec(),
        shown: saturate(page.shown as u64),
        total: saturate(found.len() as u64),
        unseen,
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

/// Says which part of the folder's name is wrong, when one is.
async fn exists(call: &Call, folder: &JobPath) -> Result<(), Error> {
    let asked = call.tree::<Value>("job", &folder.url_path(), "name", &format!("folder {folder}")).await;
    match asked {
        Ok(_) => Ok(()),
        Err(error) => Err(missing(call, folder, error).await),
    }
}

fn records(call: &Call, store: &Store, owner: &str) -> Vec<Record> {
    let clean = |text: &str| answer::redacted(call, text);
    let record = |credential: &credentials::Credential, domain: Option<&str>| Record {
        id: credential.id.clone(),
        kind: credential.type_name.clone(),
        name: clean(&credential.display_name),
        description: credential.description.as_deref().filter(|d| !d.trim().is_empty()).map(clean),
        store: owner.to_owned(),
        domain: domain.map(str::to_owned),
    };
    store.credentials().map(|(credential, domain)| record(credential, domain)).collect()
}

fn head(folder: Option<&str>, found: usize, unseen: &[String]) -> String {
    let place = folder.map_or_else(|| "of the controller".to_owned(), |f| format!("for jobs in {}", names::shown(f)));
    let unseen: Vec<String> = unseen.iter().map(|store| names::shown(store)).collect();
    let unseen = unseen.join(", ");
    let why = "Jenkins answers 404 both when this account may not see them (Credentials/View) and when the store or the credentials plugin is not there";
    match (found, unseen.is_empty()) {
        (0, true) => format!("no credentials {place}: the stores are empty"),
        (0, false) => format!("no credentials {place} can be seen in {unseen}: {why}"),
        (_, true) => format!("{} {place}", human::count(found as u64, "credential")),
        (_, false) => format!("{} {place}; nothing can be seen in {unseen}: {why}", human::count(found as u64, "credential")),
    }
}

/// `deploy-key: SSH Username with private key, "Key of the deployer user" (system)`.
fn line(call: &Call, it: &Record, format: Format) -> String {
    let id = names::shown(&it.id);
    if format == Format::Ids {
        return id;
    }
    let about = match &it.description {
        Some(description) if format == Format::Summary => answer::quote(call, description),
        _ => answer::quote(call, &it.name),
    };
    let domain = it.domain.as_deref().map(|d| format!(", only {}", names::shown(d))).unwrap_or_default();
    format!("{id}: {}, {about} ({}{domain})", answer::name(&it.kind), names::shown(&it.store))
}

#[cfg(test)]
mod tests {
    use jankins_tests::simulator::User;

    use super::*;
    use crate::testing::simulated::{simulated, simulated_as};
    use crate::testing::{Answer, Script, run};

    fn all(call: &Call, folder: Option<&str>) -> CredentialList {
        run(list_credentials(call, folder.map(str::to_owned), None, None, None)).unwrap()
    }

    #[test]
    fn the_controllers_credentials_are_listed_by_id_and_type_with_one_request() {
        let (call, sent) = simulated(None);
        let list = all(&call, None);
        assert_eq!(
            list.text,
            "3 credentials of the controller\n\
             registry-push: Username with password, \"Registry robot account\" (system)\n\
             deploy-webhook: Secret text, \"Token of the deploy webhook\" (system)\n\
             deploy-key: SSH Username with private key, \"Key of the deployer user\" (system)\n"
        );
        assert_eq!((list.shown, list.total, sent.borrow().len()), (3, 3, 1));
    }

    #[test]
    fn a_404_is_said_to_be_no_right_or_no_plugin_and_never_to_be_none() {
        let (call, _) = simulated_as(User::Reader, None);
        let list = all(&call, None);
        assert_eq!((list.total, list.unseen.as_slice()), (0, &["system".to_owned()][..]));
        assert!(
            list.text.contains("may not see them (Credentials/View) and when the store or the credentials plugin is not there"),
            "{}",
            list.text
        );
    }

    #[test]
    fn a_folder_has_its_own_those_above_and_the_controllers_asked_at_once() {
        let (call, script) = Script::new()
            .json("/job/a/job/b/credentials/store/folder/", r#"{"domains":{"_":{"global":true,"credentials":[{"id":"own","typeName":"Secret text","displayName":"own"}]}}}"#)
            .json("/credentials/store/system/", r#"{"domains":{"hub":{"displayName":"hub.example.com","credentials":[{"id":"push","typeName":"Username with password","displayName":"ci/******","description":""}]}}}"#)
            .call();
        let list = all(&call, Some("a/b"));
        let shown: Vec<_> = list.credentials.iter().map(|c| (c.id.as_str(), c.store.as_str(), c.domain.as_deref())).collect();
        assert_eq!(shown, [("own", "a/b", None), ("push", "system", Some("hub.example.com"))]);
        assert_eq!((list.unseen, script.requests().len()), (vec!["a".to_owned()], 3));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_from_one_whose_credentials_are_hidden() {
        let (call, _) = Script::new().json("/api/json", r#"{"jobs":[{"name":"shop"}]}"#).call();
        let error = run(list_credentials(&call, Some("shpo".into()), None, None, None)).unwrap_err().into_tool_error(String::new());
        assert!(error.code == "not-found" && error.next_actions[0].contains("shop"), "{error:?}");
        let (call, _) = Script::new().json("/job/shop/api/json", r#"{"name":"shop"}"#).call();
        assert!(all(&call, Some("shop")).text.contains("can be seen in shop, system"));
    }

    #[test]
    fn a_secret_that_somebody_wrote_into_a_description_does_not_come_through() {
        let body = r#"{"domains":{"_":{"credentials":[{"id":"x","typeName":"Secret text","displayName":"token=ghp_0123456789abcdefghijABCDEFGHIJ012345","description":"password: hunter2hunter2"}]}}}"#;
        let (call, _) = Script::new().json("/credentials/store/system/", body).call();
        let list = all(&call, None);
        let everything = format!("{}{:?}", list.text, list.credentials);
        assert!(!everything.contains("hunter2") && !everything.contains("ghp_0"), "{everything}");
    }

    #[test]
    fn a_controller_that_fails_is_no_empty_list() {
        let (call, _) = Script::new().on("GET /credentials/", Answer::Http(500, vec![], b"Oops!".to_vec())).call();
        assert_eq!(run(list_credentials(&call, None, None, None, None)).unwrap_err().code(), "upstream-error");
    }
}
