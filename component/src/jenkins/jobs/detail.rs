//! One job: its state, its builds, what it asks for, what lies in it. One request.

use super::item::{self, Item, Kind, Last, Status};
use super::missing::missing;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::path::JobPath;
use crate::json::{Value, record};

/// Branches, or jobs of a folder, that come along; [`Detail::more_children`] says when there are others.
pub(crate) const CHILDREN: usize = 200;

record! {
    /// A job bean, as far as asked for.
    #[derive(Default)]
    pub(crate) struct Detail {
        class: String = "_class",
        pub(crate) full_name: Option<String>,
        pub(crate) display_name: Option<String>,
        pub(crate) description: Option<String>,
        pub(crate) buildable: Option<bool>,
        pub(crate) in_queue: bool,
        color: Option<String>,
        pub(crate) health_report: Vec<Health>,
        pub(crate) last_build: Option<Last>,
        pub(crate) last_successful_build: Option<Last>,
        pub(crate) last_failed_build: Option<Last>,
        queue_item: Option<QueueItem>,
        property: Option<Vec<Property>>,
        actions: Vec<Option<Action>>,
        jobs: Option<Vec<Item>>,
    }

    /// What a branch source tells of the branch, pull request or repository that a job stands for.
    #[derive(Default)]
    struct Action {
        object_display_name: Option<String>,
        object_url: Option<String>,
        contributor: Option<String>,
        contributor_display_name: Option<String>,
    }

    /// One of the things that make the weather icon.
    #[derive(Clone, Default)]
    pub(crate) struct Health {
        pub(crate) description: String,
        /// Percent.
        pub(crate) score: Option<i64>,
    }

    #[derive(Default)]
    struct QueueItem {
        why: Option<String>,
    }

    #[derive(Default)]
    struct Property {
        parameter_definitions: Option<Vec<Definition>>,
    }

    /// A parameter that a job asks for.
    #[derive(Clone, Default)]
    pub(crate) struct Definition {
        class: String = "_class",
        kind: String = "type",
        pub(crate) name: String,
        pub(crate) description: Option<String>,
        pub(crate) choices: Vec<String>,
        default_parameter_value: Option<DefaultValue>,
    }

    #[derive(Clone, Default)]
    struct DefaultValue {
        class: String = "_class",
        value: Value,
    }
}

impl Definition {
    /// string, text, boolean, choice, password, file, run, credentials; or the name that its plugin gave it.
    pub(crate) fn kind(&self) -> String {
        let class = if self.kind.is_empty() { self.class.rsplit('.').next().unwrap_or_default() } else { &self.kind };
        match class.strip_suffix("ParameterDefinition") {
            Some(known @ ("String" | "Text" | "Boolean" | "Choice" | "Password" | "File" | "Run" | "Credentials")) => {
                known.to_ascii_lowercase()
            }
            _ => class.to_owned(),
        }
    }

    /// Its value must not be shown, whatever Jenkins sends.
    pub(crate) fn is_secret(&self) -> bool {
        let class = |name: &str| self.class.contains(name) || self.kind.contains(name);
        let value = self.default_parameter_value.as_ref().is_some_and(|v| v.class.contains("Password"));
        class("Password") || class("NonStored") || value
    }

    /// Jenkins fills it in when nobody gives a value.
    pub(crate) fn has_default(&self) -> bool {
        self.default_parameter_value.is_some()
    }

    /// The value it has when nobody gives one; never that of a secret.
    pub(crate) fn default_value(&self) -> Option<String> {
        if self.is_secret() {
            return None;
        }
        match &self.default_parameter_value.as_ref()?.value {
            Value::Null => None,
            Value::String(text) => Some(text.to_string()),
            other => Some(other.to_string()),
        }
    }
}

impl Detail {
    /// What sort of thing it is.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(&self.class, self.jobs.is_some())
    }

    /// The state it is in; a folder has none.
    pub(crate) fn status(&self) -> Option<Status> {
        if self.kind().is_container() {
            return None;
        }
        Status::of(self.color.as_deref(), self.last_build.as_ref())
    }

    /// Why its next build waits, in Jenkins' words.
    pub(crate) fn waits_for(&self) -> Option<&str> {
        self.queue_item.as_ref()?.why.as_deref()
    }

    /// Of a pull request its title, of a repository its name.
    pub(crate) fn source_title(&self) -> Option<&str> {
        self.source(|action| action.object_display_name.as_deref())
    }

    /// Its page at the hosting service.
    pub(crate) fn source_url(&self) -> Option<&str> {
        self.source(|action| action.object_url.as_deref())
    }

    /// Who proposes a pull request.
    pub(crate) fn source_author(&self) -> Option<&str> {
        self.source(|action| action.contributor_display_name.as_deref().or(action.contributor.as_deref()))
    }

    fn source<'a>(&'a self, of: impl Fn(&'a Action) -> Option<&'a str>) -> Option<&'a str> {
        self.actions.iter().flatten().find_map(of).filter(|text| !text.trim().is_empty())
    }

    /// What it asks for before a build.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Definition> {
        self.property.iter().flatten().flat_map(|p| p.parameter_definitions.iter().flatten())
    }

    /// What lies in it, the first [`CHILDREN`].
    pub(crate) fn children(&self) -> impl Iterator<Item = &Item> {
        self.jobs.iter().flatten().filter(|item| item.is_something()).take(CHILDREN)
    }

    /// More lies in it than came along.
    pub(crate) fn more_children(&self) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.len() > CHILDREN)
    }
}

/// Asks for a job.
///
/// # Errors
/// Not found with the closest names there are.
pub(crate) async fn detail(call: &Call, job: &JobPath) -> Result<Detail, Error> {
    const BUILD: &str = "[number,result,building,timestamp,duration]";
    let tree = format!(
        "fullName,displayName,description,buildable,inQueue,color,healthReport[description,score],queueItem[why],\
         actions[objectDisplayName,objectUrl,contributor,contributorDisplayName],\
         lastBuild{BUILD},lastSuccessfulBuild{BUILD},lastFailedBuild{BUILD},\
         property[parameterDefinitions[name,type,description,choices,defaultParameterValue[value]]],\
         jobs[{}]{{0,{}}}",
        item::FIELDS,
        CHILDREN + 1
    );
    match call.tree("job", &job.url_path(), &tree, &format!("job {job}")).await {
        Ok(detail) => Ok(detail),
        Err(error) => Err(missing(call, job, error).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_of_a_secret_is_never_shown_even_if_jenkins_sends_it() {
        let json = r#"{"property":[{},{"parameterDefinitions":[
            {"_class":"hudson.model.PasswordParameterDefinition","name":"A","type":"PasswordParameterDefinition","defaultParameterValue":{"value":"hunter2"}},
            {"_class":"com.x.NonStoredPasswordParameterDefinition","name":"B","defaultParameterValue":{"value":"hunter2"}},
            {"_class":"com.x.Odd","name":"C","type":"Odd","defaultParameterValue":{"_class":"hudson.model.PasswordParameterValue","value":"hunter2"}},
            {"_class":"hudson.model.BooleanParameterDefinition","name":"D","type":"BooleanParameterDefinition","defaultParameterValue":{"value":false}}]}]}"#;
        let job: Detail = crate::testing::read(json);
        let shown: Vec<_> = job.parameters().map(|p| (p.name.as_str(), p.kind(), p.default_value())).collect();
        assert_eq!(shown[0], ("A", "password".into(), None));
        assert_eq!(shown[1].2, None);
        assert_eq!(shown[2], ("C", "Odd".into(), None));
        assert_eq!(shown[3], ("D", "boolean".into(), Some("false".into())));
    }

    #[test]
    fn a_job_of_which_everything_is_null_is_still_a_job() {
        let job: Detail = crate::testing::read(
            r#"{"_class":"hudson.model.FreeStyleProject","color":null,"healthReport":null,"lastBuild":null,"property":null,"queueItem":null,"buildable":null}"#,
        );
        assert_eq!((job.kind(), job.status(), job.waits_for(), job.parameters().count()), (Kind::Freestyle, None, None, 0));
    }
}
