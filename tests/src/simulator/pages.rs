//! The pages a controller answers instead of data, at their recorded weight.
//!
//! Themed pages start as recorded and carry the sentence that matters; the rest
//! of their length is blank. Pages of the servlet container (no `X-Jenkins`)
//! carry Tomcat's layout and the recorded message.

use super::{VERSION, auth::User, reply::Reply};

const HTML: &str = "text/html;charset=UTF-8";
/// Attributes of every themed page, as recorded.
const THEME: &str = r#"<!DOCTYPE html><html><head resURL="/static/bcaaa7b8" data-rooturl="" data-resurl="/static/bcaaa7b8" data-extensions-available="true" data-unit-test="false" data-imagesurl="/static/bcaaa7b8/images" data-crumb-header="Jenkins-Crumb" data-crumb-value="REDACTED">"#;
const GROUPS: &str = "JENKINS-39402: use -Dhudson.security.AccessDeniedException2.REPORT_GROUP_HEADERS=true or use /whoAmI to diagnose";
/// Weight of a themed page for the administrator and for users without rights to manage.
const FULL: usize = 90_748;
const PLAIN: usize = 24_873;

/// A right that a request may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission {
    /// As pages name it.
    pub(crate) title: &'static str,
    /// As `X-Required-Permission` names it.
    pub(crate) id: &'static str,
    /// Rights that would do as well.
    implied_by: &'static [&'static str],
}

const WRITE: [&str; 3] =
    ["hudson.security.Permission.GenericUpdate", "hudson.security.Permission.GenericWrite", "hudson.model.Hudson.Administer"];

pub(crate) const READ: Permission = Permission {
    title: "Overall/Read",
    id: "hudson.model.Hudson.Read",
    implied_by: &["hudson.security.Permission.GenericRead", "hudson.model.Hudson.Administer"],
};
pub(crate) const ADMINISTER: Permission = Permission { title: "Overall/Administer", id: "hudson.model.Hudson.Administer", implied_by: &[] };
pub(crate) const CONFIGURE: Permission = Permission {
    title: "Job/Configure",
    id: "hudson.model.Item.Configure",
    implied_by: &[
        "hudson.security.Permission.GenericConfigure",
        "hudson.security.Permission.GenericUpdate",
        "hudson.security.Permission.GenericWrite",
        "hudson.model.Hudson.Administer",
    ],
};
pub(crate) const BUILD: Permission = Permission { title: "Job/Build", id: "hudson.model.Item.Build", implied_by: &WRITE };
pub(crate) const CANCEL: Permission = Permission { title: "Job/Cancel", id: "hudson.model.Item.Cancel", implied_by: &WRITE };
pub(crate) const DELETE: Permission = Permission { title: "Job/Delete", id: "hudson.model.Item.Delete", implied_by: &WRITE };
pub(crate) const UPDATE: Permission = Permission { title: "Run/Update", id: "hudson.model.Run.Update", implied_by: &WRITE };

fn themed(status: u16, title: &str, message: &str, weight: usize) -> Reply {
    let mut page = format!(
        "\n  \n  {THEME}\n    \n    \n\n    <title>{title} - Jenkins</title></head><body><div id=\"main-panel\">{message}</div></body></html>"
    );
    page.extend(std::iter::repeat_n(' ', weight.saturating_sub(page.len())));
    Reply::of(status, HTML, page).with("X-Jenkins", VERSION).with("Set-Cookie", "JSESSIONID.redacted=REDACTED; Path=/; HttpOnly")
}

fn weight(user: User) -> usize {
    if user == User::Admin { FULL } else { PLAIN }
}

/// 404 of a path that leads nowhere, or nowhere this user may look.
pub(crate) fn not_found(user: User) -> Reply {
    let message = "<h1>Not Found</h1><p>This page may not exist, or you may not have permission to see it.</p>";
    themed(404, "", message, weight(user))
}

/// 404 of an object that lacks the member asked for.
pub(crate) fn not_found_short() -> Reply {
    let page = "<html><head><meta http-equiv='refresh' content='1;url=..'/><script id='redirect' data-redirect-url='..' src='/static/bcaaa7b8/scripts/redirect.js'></script></head><body style='background-color:white; color:white;'>\nNot found\n<!--\n";
    Reply::of(404, HTML, page)
}

/// 403 of a user who lacks a right.
pub(crate) fn denied(user: User, permission: Permission) -> Reply {
    let message = format!("<h1>Access Denied</h1><p>{} is missing the {} permission</p>", user.name(), permission.title);
    let weight = match user {
        User::Nobody => 15_168,
        _ if permission == ADMINISTER => 24_740,
        _ => 24_816,
    };
    let mut reply = themed(403, "Jenkins", &message, weight)
        .with("X-You-Are-Authenticated-As", user.name())
        .with("X-You-Are-In-Group-Disabled", GROUPS)
        .with("X-Required-Permission", permission.id);
    for other in permission.implied_by {
        reply = reply.with("X-Permission-Implied-By", other);
    }
    reply
}

/// 403 of somebody who did not log in.
pub(crate) fn login_required(path: &str) -> Reply {
    let from: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let mut page = format!(
        "<html><head><meta http-equiv='refresh' content='1;url=/login?from={from}'/><script id='redirect' data-redirect-url='/login?from={from}' src='/static/bcaaa7b8/scripts/redirect.js'></script></head><body style='background-color:white; color:white;'>\nAuthentication required\n<!--\n-->\n\n</body></html>"
    );
    // The recorded pages weigh this much more than their text.
    page.extend(std::iter::repeat_n(' ', 300));
    Reply::of(403, HTML, page).with("X-Jenkins", VERSION).with("Set-Cookie", "JSESSIONID.redacted=REDACTED; Path=/; HttpOnly")
}

/// 500 of an exception: an id, no stack trace.
pub(crate) fn oops(user: User) -> Reply {
    let message = "<h1>Oops!</h1><p>A problem occurred while processing the request. Logging ID=7a1c2c0e-6a53-4b57-8c4e-0f1d7f5b3a11</p>";
    themed(500, "Jenkins", message, weight(user))
}

/// 405 of a GET on something that acts.
pub(crate) fn post_required(user: User) -> Reply {
    let message = "<p>This URL requires POST</p>";
    themed(405, "Form post required", message, weight(user)).with("Allow", "POST")
}

/// 400 with a reason given by Jenkins.
pub(crate) fn refused(user: User, reason: &str) -> Reply {
    themed(400, "Jenkins", &format!("<h1>Error</h1><p>{reason}</p>"), weight(user)).with("X-Error", reason)
}

/// A page of the servlet container.
pub(crate) fn container(status: u16, reason: &str, message: &str) -> Reply {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status} – {reason}</title><style type=\"text/css\">body {{font-family:Tahoma,Arial,sans-serif;}} h1, h2, h3, b {{color:white;background-color:#525D76;}} h1 {{font-size:22px;}} h2 {{font-size:16px;}} h3 {{font-size:14px;}} p {{font-size:12px;}} a {{color:black;}} .line {{height:1px;background-color:#525D76;border:none;}}</style></head><body><h1>HTTP Status {status} – {reason}</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p><p><b>Message</b> {message}</p></body></html>"
    );
    Reply::of(status, "text/html;charset=utf-8", page)
}

/// 401 of wrong credentials.
pub(crate) fn wrong_credentials() -> Reply {
    container(401, "Unauthorized", "Unauthorized").with("WWW-Authenticate", "Basic realm=\"Jenkins\"")
}

/// 403 of a POST with a password and no valid crumb.
pub(crate) fn no_crumb() -> Reply {
    container(403, "Forbidden", "No valid crumb was included in the request")
}

/// 503 of a controller that is starting.
pub(crate) fn starting() -> Reply {
    let page = "\n    \n    \n    <!DOCTYPE html><html lang=\"en\"><head resURL=\"/static/6a75c5ac\" data-rooturl=\"\" data-resurl=\"/static/6a75c5ac\" data-imagesurl=\"/static/6a75c5ac/images\"><title>Starting Jenkins</title><meta name=\"ROBOTS\" content=\"NOFOLLOW\"></head><body><h1>Please wait while Jenkins is getting ready to work ...</h1></body></html>";
    Reply::of(503, HTML, page).with("Cache-Control", "no-cache,no-store,must-revalidate")
}

/// 200 of a login form in front of the controller.
pub(crate) fn login() -> Reply {
    let page = "<!DOCTYPE html><html lang=\"en\"><head><title>Sign in</title></head><body><form action=\"/login\" method=\"post\"><input name=\"username\"/><input name=\"password\" type=\"password\"/></form></body></html>";
    Reply::of(200, HTML, page)
}

/// A status that a proxy in front of the controller answers.
pub(crate) fn proxy(status: u16) -> Reply {
    Reply::of(
        status,
        "text/html",
        format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\n"),
    )
}

/// The simulator's own limit: it must not make up what was never recorded.
pub(crate) fn not_recorded(method: &str, path: &str) -> Reply {
    Reply::of(501, "text/plain;charset=UTF-8", format!("jenkins-sim: no recording answers {method} {path}\n"))
}
