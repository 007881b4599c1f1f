//! Images, clusters, infrastructure as code.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_registry_limits_pulls() {
    Log::pipeline()
        .stage("Image")
        .sh("docker build -t acme/orders .")
        .lines(
            "#2 [internal] load metadata for docker.io/library/node:20
#2 ERROR: failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/node/manifests/sha256:1b2c: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit
------
 > [internal] load metadata for docker.io/library/node:20:
------
Dockerfile:1
--------------------
   1 | >>> FROM node:20
--------------------
ERROR: failed to solve: failed to fetch anonymous token: unexpected status: 429 Too Many Requests",
        )
        .end()
        .failed(&["Push"], EXIT_1)
        .explains(Category::Network, &["rate"], "429 Too Many Requests");
}

#[test]
fn a_push_is_denied() {
    Log::pipeline()
        .stage("Push")
        .sh("docker push registry.example.com/acme/orders:1.4")
        .lines("The push refers to repository [registry.example.com/acme/orders]\n5f70bf18a086: Preparing\n2a2f2a2f2a2f: Waiting\ndenied: requested access to the resource is denied")
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Credentials, &["denied"], "requested access to the resource is denied");
}

#[test]
fn a_rollout_hangs_on_an_image_that_cannot_be_pulled() {
    Log::pipeline()
        .stage("Deploy")
        .sh("kubectl rollout status deployment/orders --timeout=120s")
        .noise(60, "Waiting for deployment \"orders\" rollout to finish: 1 old replicas are pending termination... ({})")
        .lines(
            "error: timed out waiting for the condition
+ kubectl get pods -l app=orders
NAME                      READY   STATUS             RESTARTS   AGE
orders-7d9f8c6b5-x2x4z    0/1     ImagePullBackOff   0          2m
orders-5c7d8e9f0-abcde    1/1     Running            0          3d
+ kubectl describe pods -l app=orders
  Warning  Failed     30s (x4 over 2m)  kubelet  Failed to pull image \"registry.example.com/acme/orders:1.4\": rpc error: code = NotFound desc = failed to pull and unpack image \"registry.example.com/acme/orders:1.4\": failed to resolve reference \"registry.example.com/acme/orders:1.4\": registry.example.com/acme/orders:1.4: not found
  Warning  Failed     30s (x4 over 2m)  kubelet  Error: ErrImagePull",
        )
        .end()
        .failed(&["Smoke"], EXIT_1)
        .explains(Category::Deploy, &["orders"], "registry.example.com/acme/orders:1.4");
}

#[test]
fn terraform_is_refused_by_the_cloud() {
    Log::pipeline()
        .timestamps()
        .stage("Apply")
        .sh("terraform apply -auto-approve -no-color")
        .noise(80, "aws_cloudwatch_log_group.error_logs[{}]: Refreshing state... [id=/acme/errors/{}]")
        .lines(
            "aws_s3_bucket.reports: Creating...
╷
│ Error: creating S3 Bucket (acme-reports): operation error S3: CreateBucket, https response error StatusCode: 409, RequestID: 1A2B, HostID: x=, BucketAlreadyExists: 
│ 
│   with aws_s3_bucket.reports,
│   on storage.tf line 12, in resource \"aws_s3_bucket\" \"reports\":
│   12: resource \"aws_s3_bucket\" \"reports\" {
│ 
╵
Releasing state lock. This may take a few moments...",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Deploy, &["BucketAlreadyExists", "storage.tf"], "creating S3 Bucket");
}

#[test]
fn terraform_waits_for_a_state_lock() {
    Log::pipeline()
        .stage("Plan")
        .sh("terraform plan")
        .lines(
            "Acquiring state lock. This may take a few moments...
╷
│ Error: Error acquiring the state lock
│ 
│ Error message: operation error DynamoDB: PutItem, ConditionalCheckFailedException: The conditional request failed
│ Lock Info:
│   ID:        9f8e7d6c-5b4a-3928-1706-f5e4d3c2b1a0
│   Who:       jenkins@linux-3
╵",
        )
        .end()
        .failed(&["Apply"], EXIT_1)
        .explains(Category::Deploy, &["locked by jenkins@linux-3"], "Error acquiring the state lock");
}

#[test]
fn helm_waits_in_vain() {
    Log::pipeline()
        .stage("Deploy")
        .sh("helm upgrade --install orders ./chart --wait --timeout 5m")
        .lines("coalesce.go:286: warning: cannot overwrite table with non table for orders.errors\nError: UPGRADE FAILED: context deadline exceeded")
        .end()
        .failed(&["Smoke"], EXIT_1)
        .explains(Category::Deploy, &["UPGRADE", "context deadline exceeded"], "UPGRADE FAILED");
}

#[test]
fn ansible_fails_on_one_host_after_a_failure_that_it_ignores() {
    Log::pipeline()
        .stage("Configure")
        .sh("ansible-playbook -i hosts site.yml")
        .lines(
            "PLAY [web] *********************************************************************

TASK [Stop the old service] ****************************************************
fatal: [web1]: FAILED! => {\"changed\": false, \"msg\": \"Could not find the requested service orders-old: host\"}
...ignoring",
        )
        .noise(40, "TASK [Check error page {}] ****\nok: [web1]\nok: [web2]")
        .lines(
            "TASK [Render the configuration] ************************************************
changed: [web1]
fatal: [web2]: FAILED! => {\"changed\": false, \"msg\": \"AnsibleUndefinedVariable: 'db_password' is undefined\"}

PLAY RECAP *********************************************************************
web1                       : ok=42   changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=1
web2                       : ok=41   changed=0    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 2")
        .explains(Category::Deploy, &["web2", "db_password"], "AnsibleUndefinedVariable");
}

#[test]
fn the_quality_gate_of_sonar_is_missed() {
    Log::pipeline()
        .stage("Analysis")
        .sh("sonar-scanner")
        .noise(60, "INFO: Sensor ErrorProneSensor{} [java] (done) | time={}ms")
        .lines(
            "WARN: Missing blame information for the following files: src/errors.ts
INFO: ANALYSIS SUCCESSFUL, you can find the results at: https://sonar.example.com/dashboard?id=orders
INFO: EXECUTION SUCCESS
[Pipeline] waitForQualityGate
Checking status of SonarQube task 'AZ1' on server 'sonar'
SonarQube task 'AZ1' status is 'SUCCESS'
SonarQube task 'AZ1' completed. Quality gate is 'ERROR'",
        )
        .end()
        .failed(&["Deploy"], "ERROR: Pipeline aborted due to quality gate failure: ERROR")
        .explains(Category::Quality, &["quality gate"], "quality gate failure: ERROR");
}

#[test]
fn compose_cannot_start_a_service() {
    Log::pipeline()
        .stage("Integration")
        .sh("docker compose up --abort-on-container-exit --exit-code-from tests")
        .noise(50, "db-1     | 2026-11-24 01:02:{}.123 UTC [77] ERROR:  relation \"errors_{}\" does not exist at character 15 (probing)")
        .lines(
            "tests-1  | FAILED tests/test_api.py::test_order - AssertionError: assert 500 == 201
tests-1  | 1 failed, 30 passed in 12.01s
tests-1 exited with code 1
Aborting on container exit...",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["tests/test_api.py::test_order"], "FAILED tests/test_api.py");
}
