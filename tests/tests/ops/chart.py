"""Lints the chart with Helm itself, renders it in several settings and holds every object to Kubernetes' own schema.

The few things that a schema cannot say (no root, no token in the environment, probes at the right place) are checked here.
"""

import sys

import helm_python
import yaml
from kubernetes_validate import validate

KUBERNETES = ["1.27", "1.37"]
TOKEN = {"name": "jenkins-token"}
ONE = {"allowAnonymous": True, "jenkins": {"url": "https://jenkins.example.com", "user": "bot", "tokenSecret": TOKEN}}
FULL = {
    **ONE,
    "config": "[tenants.shop]\nurl = \"https://shop.example.com\"\n",
    "configSecrets": ["shop-token"],
    "allowedHosts": ["ci.example.com"],
    "allowedOrigins": ["https://app.example.com"],
    "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "podLabels": {"team": "ci"},
    "podAnnotations": {"note": "x"},
    "ingress": {"enabled": True, "className": "nginx", "host": "jankins.example.com", "tlsSecret": "tls"},
    "metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "p"}}, "prometheusRule": {"enabled": True}},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"agents": "yes"}}}]},
    "image": {"digest": "sha256:" + "0" * 64},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "priorityClassName": "high",
    "imagePullSecrets": [{"name": "registry"}],
}
FULL["jenkins"] = {**ONE["jenkins"], "caSecret": "ca"}
PLAIN = {
    "config": "[[tokens]]\n",
    "jenkins": {"url": "http://jenkins:8080"},
    "autoscaling": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "networkPolicy": {"enabled": False},
}
REFUSED = [
    {},
    {"jenkins": {"url": "https://jenkins.example.com"}},
    {"allowAnonymous": True, "jenkins": {"url": "https://jenkins.example.com", "user": "bot"}},
    {"allowAnonymous": True, "jenkins": {"url": "jenkins.example.com"}},
    {"allowAnonymous": True, "jenkins": {"url": "https://jenkins.example.com", "token": "11aa"}},
]


def objects(chart, values):
    found = {}
    chart.validate_schema(values)
    for name, text in chart.render(values, name="demo", namespace="ci").items():
        if not name.endswith(".yaml"):
            continue
        for item in yaml.safe_load_all(text):
            if isinstance(item, dict):
                found[item["kind"]] = item
                if not item["apiVersion"].startswith("monitoring.coreos.com/"):
                    for version in KUBERNETES:
                        validate(item, version, strict=True)
    return found


def main(path):
    report = helm_python.lint(path, ONE, strict=True)
    assert not report["errors"] and all(message["severity"] < 2 for message in report["messages"]), report
    with helm_python.Chart.load(path) as chart:
        one, full, plain = (objects(chart, values) for values in (ONE, FULL, PLAIN))
        for values in REFUSED:
            try:
                objects(chart, values)
            except Exception:
                continue
            raise AssertionError(f"{values} were accepted")
    expected = {"Deployment", "Service", "ServiceAccount", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"}
    assert set(one) == expected, set(one)
    assert set(full) == expected | {"ConfigMap", "Ingress", "ServiceMonitor", "PrometheusRule"}, set(full)
    assert set(plain) == {"Deployment", "Service", "ServiceAccount", "ConfigMap"}, set(plain)
    assert plain["Deployment"]["spec"]["replicas"] == 2
    assert "replicas" not in one["Deployment"]["spec"], "two would fight over the number"
    alerts = [rule["alert"] for rule in full["PrometheusRule"]["spec"]["groups"][0]["rules"]]
    assert "JankinsDown" in alerts, alerts
    for rendered in (one, full, plain):
        pod = rendered["Deployment"]["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/_ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/_health"
        assert not any(entry["name"] == "JENKINS_API_TOKEN" for entry in container["env"])
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert volumes == mounts, (volumes, mounts)
        assert pod["terminationGracePeriodSeconds"] > 32, "a call and the farewell have to fit"
    token = one["Deployment"]["spec"]["template"]["spec"]["volumes"][1]["secret"]
    assert token["secretName"] == TOKEN["name"], token


if __name__ == "__main__":
    main(sys.argv[1])
