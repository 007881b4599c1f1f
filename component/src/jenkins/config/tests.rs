//! Configurations as recorded, and of plugins that no recording has.

use super::*;

fn read(xml: &str) -> Config {
    Config::read(xml, &Redactor::new()).unwrap()
}

fn remotes(config: &Config) -> Vec<(&str, &str, String)> {
    config.repositories.iter().map(|r| (r.kind.as_str(), r.remote.as_deref().unwrap_or("?"), r.branches.join(","))).collect()
}

#[test]
fn xml_1_1_with_control_characters_is_read() {
    let config = read("<?xml version='1.1' encoding='UTF-8'?>\n<project><description>a&#x1b;[1mb&#10;c</description><builders/></project>");
    assert_eq!(config.definition, Definition::Steps(Vec::new()));
    assert!(config.xml.contains("a\u{fffd}[1mb&#10;c"));
}

#[test]
fn sources_of_multibranch_jobs_are_found_whatever_hosts_them() {
    let source = |class: &str, fields: &str| {
        format!(
            "<org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject><sources><data><jenkins.branch.BranchSource>\
             <source class=\"{class}\"><id>x</id>{fields}</source></jenkins.branch.BranchSource></data></sources></org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject>"
        )
    };
    let git = read(&source(
        "jenkins.plugins.git.GitSCMSource",
        "<remote>https://ada:tok@git.example.com/a.git</remote><credentialsId>git-read</credentialsId>",
    ));
    assert_eq!(remotes(&git), [("git", "https://git.example.com/a.git", String::new())]);
    assert_eq!(git.repositories[0].credentials.as_deref(), Some("git-read"));
    let github = "org.jenkinsci.plugins.github_branch_source.GitHubSCMSource";
    assert_eq!(
        remotes(&read(&source(github, "<repoOwner>acme</repoOwner><repository>shop</repository>")))[0].1,
        "https://github.com/acme/shop"
    );
    let enterprise = "<apiUri>https://ghe.example.com/api/v3</apiUri><repoOwner>acme</repoOwner><repository>shop</repository>";
    assert_eq!(remotes(&read(&source(github, enterprise)))[0].1, "https://ghe.example.com/acme/shop");
    let bitbucket = "<serverUrl>https://bitbucket.org/</serverUrl><repoOwner>acme</repoOwner><repository>shop</repository>";
    assert_eq!(
        remotes(&read(&source("com.cloudbees.jenkins.plugins.bitbucket.BitbucketSCMSource", bitbucket)))[0].1,
        "https://bitbucket.org/acme/shop"
    );
}

#[test]
fn the_repository_of_a_library_is_not_the_jobs() {
    let config = read(
        "<flow-definition><properties><libs><retriever><scm class=\"jenkins.plugins.git.GitSCMSource\"><remote>https://git.example.com/lib.git</remote></scm></retriever></libs></properties>\
         <definition class=\"org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition\"><script>node {}</script><sandbox>true</sandbox></definition></flow-definition>",
    );
    assert!(config.repositories.is_empty());
    assert_eq!(config.definition, Definition::Script { script: "node {}".into(), sandbox: true });
}

#[test]
fn secrets_go_by_name_by_parameter_and_by_jenkins_own_encryption() {
    let config = read(
        "<project><hudson.model.PasswordParameterDefinition><name>UNLOCK_CODE</name><defaultValue>change-me</defaultValue></hudson.model.PasswordParameterDefinition>\
         <authToken>trigger-me</authToken><bindPassword>hunter2</bindPassword><x>{AQAAABAAAAAQ1234567890abcdefABCDEF==}</x>\
         <credentialsId>git-read</credentialsId><tokenCredentialId>hook</tokenCredentialId></project>",
    );
    for secret in ["change-me", "trigger-me", "hunter2", "AQAAAB"] {
        assert!(!config.xml.contains(secret), "{}", config.xml);
    }
    for kept in ["UNLOCK_CODE", "git-read", "hook"] {
        assert!(config.xml.contains(kept), "{}", config.xml);
    }
}

#[test]
fn what_is_no_xml_is_refused() {
    assert_eq!(Config::read("<html><br></html>", &Redactor::new()), None);
    assert_eq!(Config::read("<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", &Redactor::new()), None);
}
