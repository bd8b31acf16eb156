#!/usr/bin/env python3
"""deploy/sluice.yaml, deploy/sluice-remove.yaml and the relays of deploy/kustomize as they stand: the pods that they make
have the privileges that the documents state and no other. Needs neither helm nor a cluster."""

import json
import re
import unittest

import charts
import jsonschema
import yaml

INSTALL = charts.objects((charts.DEPLOY / "sluice.yaml").read_text())
REMOVE = charts.objects((charts.DEPLOY / "sluice-remove.yaml").read_text())
RELAYS = charts.objects((charts.DEPLOY / "kustomize/components/relays/relay.yaml").read_text())

# Each container's user, capabilities and what of the node it sees: path, read only, propagation.
ROOT = 0
WATCHER = 10619
CONTAINERS = {
    "agent": (ROOT, ["BPF", "NET_ADMIN", "SYS_ADMIN"], {
        "/run/sluice": (False, None), "/sys/fs/bpf": (False, "HostToContainer"), "/run/netns": (True, "HostToContainer")}),
    "watcher": (WATCHER, [], {"/run/sluice": (True, None)}),
    "cni": (ROOT, [], {"/etc/cni/net.d": (False, None), "/opt/cni/bin": (False, None), "/run/sluice": (True, None)}),
}
REMOVERS = {
    "unchain": (ROOT, [], {"/etc/cni/net.d": (False, None)}),
    "detach": CONTAINERS["agent"],
    "removed": (WATCHER, [], {}),
}
READ = {"": {"pods", "namespaces", "nodes", "services"}, "discovery.k8s.io": {"endpointslices"},
        "networking.k8s.io": {"networkpolicies"},
        "policy.networking.k8s.io": {"clusternetworkpolicies"}}


def pod(documents):
    return charts.daemonset(documents)["spec"]["template"]["spec"]


def node_paths(documents, container):
    """What of the node a container sees: {path on the node: (read only, propagation)}."""
    paths = {each["name"]: each["hostPath"]["path"] for each in pod(documents)["volumes"] if "hostPath" in each}
    return {paths[mount["name"]]: (mount.get("readOnly", False), mount.get("mountPropagation"))
            for mount in container.get("volumeMounts", []) if mount["name"] in paths}


class Privileges(unittest.TestCase):
    def check(self, documents, expected):
        found = charts.containers(documents)
        self.assertEqual(set(found), set(expected))
        for name, (user, capabilities, paths) in expected.items():
            security = found[name]["securityContext"]
            with self.subTest(container=name):
                self.assertEqual(security["capabilities"]["drop"], ["ALL"])
                self.assertEqual(security["capabilities"].get("add", []), capabilities)
                # Beside allowPrivilegeEscalation: false the API server refuses SYS_ADMIN where it is spelled with CAP_.
                self.assertFalse([each for each in security["capabilities"].get("add", []) if each.startswith("CAP_")])
                self.assertEqual((security["runAsUser"], security["runAsGroup"]), (user, user))
                self.assertEqual(security.get("runAsNonRoot", False), user != ROOT)
                self.assertIs(security["privileged"], False)
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertIs(security["readOnlyRootFilesystem"], True)
                self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertEqual(node_paths(documents, found[name]), paths)

    def test_of_each_container(self):
        self.check(INSTALL, CONTAINERS)

    def test_of_each_container_on_the_way_out(self):
        self.check(REMOVE, REMOVERS)

    def test_two_containers_and_a_sidecar(self):
        self.assertEqual([each["name"] for each in pod(INSTALL)["containers"]], ["agent", "watcher"])
        self.assertEqual([(each["name"], each["restartPolicy"]) for each in pod(INSTALL)["initContainers"]],
                         [("cni", "Always")])

    def test_no_namespace_of_the_node_but_its_network(self):
        for documents in (INSTALL, REMOVE):
            self.assertIs(pod(documents)["hostNetwork"], True)
            self.assertFalse({"hostPID", "hostIPC"} & set(pod(documents)))

    def test_only_the_watcher_gets_a_token_and_it_expires(self):
        self.assertIs(pod(INSTALL)["automountServiceAccountToken"], False)
        (volume,) = [each for each in pod(INSTALL)["volumes"] if "projected" in each]
        (token,) = [each["serviceAccountToken"] for each in volume["projected"]["sources"] if "serviceAccountToken" in each]
        self.assertLessEqual(token["expirationSeconds"], 3600)
        holders = [name for name, each in charts.containers(INSTALL).items()
                   if volume["name"] in [mount["name"] for mount in each["volumeMounts"]]]
        self.assertEqual(holders, ["watcher"])
        self.assertFalse([each for each in pod(REMOVE)["volumes"] if "projected" in each])

    def test_the_api_is_only_read(self):
        for documents in (INSTALL, REMOVE):
            (role,) = charts.of_kind(documents, "ClusterRole")
            self.assertEqual({group: set(rule["resources"]) for rule in role["rules"] for group in rule["apiGroups"]}, READ)
            for rule in role["rules"]:
                self.assertEqual(rule["verbs"], ["get", "list", "watch"])
            self.assertFalse(charts.of_kind(documents, "Role"))


class Relays(unittest.TestCase):
    def setUp(self):
        (self.deployment,) = charts.of_kind(RELAYS, "Deployment")
        self.template = self.deployment["spec"]["template"]
        self.pod = self.template["spec"]
        (self.relay,) = self.pod["containers"]

    def test_as_confined_as_the_watcher_and_nothing_of_the_node_but_its_network(self):
        self.assertEqual(self.relay["securityContext"], charts.containers(INSTALL)["watcher"]["securityContext"])
        self.assertIs(self.pod["hostNetwork"], True)
        self.assertFalse({"hostPID", "hostIPC", "initContainers"} & set(self.pod))
        self.assertFalse([each for each in self.pod["volumes"] if "hostPath" in each])

    def test_the_account_and_the_token_are_the_watcher_s(self):
        for of_pod in ("serviceAccountName", "automountServiceAccountToken"):
            self.assertEqual(self.pod[of_pod], pod(INSTALL)[of_pod])
        tokens = [[each for each in of["volumes"] if "projected" in each] for of in (self.pod, pod(INSTALL))]
        self.assertEqual(*tokens)

    def test_two_of_them_on_two_nodes_and_one_at_a_time_may_go(self):
        self.assertEqual(self.deployment["spec"]["replicas"], 2)
        labels = self.template["metadata"]["labels"]
        (apart,) = self.pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        self.assertEqual(apart, {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}})
        self.assertEqual(self.deployment["spec"]["strategy"]["rollingUpdate"], {"maxSurge": 0, "maxUnavailable": 1})
        (budget,) = charts.of_kind(RELAYS, "PodDisruptionBudget")
        self.assertEqual(budget["spec"], {"maxUnavailable": 1, "selector": {"matchLabels": labels}})

    def test_the_service_leads_to_them(self):
        (service,) = charts.of_kind(RELAYS, "Service")
        self.assertEqual(service["spec"]["selector"], self.template["metadata"]["labels"])
        (port,) = service["spec"]["ports"]
        (own,) = [each["containerPort"] for each in self.relay["ports"] if each["name"] == port["targetPort"]]
        self.assertIn(f"--serve=0.0.0.0:{own}", self.relay["args"])

    def test_no_agent_is_selected_as_a_relay_or_a_relay_as_an_agent(self):
        labels, agents = self.template["metadata"]["labels"], charts.daemonset(INSTALL)["spec"]["selector"]["matchLabels"]
        self.assertNotEqual(labels["app.kubernetes.io/name"], agents["app.kubernetes.io/name"])


class Running(unittest.TestCase):
    def test_on_every_node_and_before_others(self):
        for documents in (INSTALL, REMOVE):
            self.assertEqual(pod(documents)["priorityClassName"], "system-node-critical")
            self.assertEqual(pod(documents)["tolerations"], [{"operator": "Exists"}])
            self.assertEqual(charts.daemonset(documents)["spec"]["updateStrategy"]["type"], "RollingUpdate")

    def test_one_pod_a_node_while_it_rolls(self):
        rolling = charts.daemonset(INSTALL)["spec"]["updateStrategy"]["rollingUpdate"]
        self.assertEqual(set(rolling), {"maxUnavailable"})  # no maxSurge: both would hold the same pins

    def test_each_container_asks_for_what_it_takes(self):
        for container in (charts.containers(INSTALL) | charts.containers(REMOVE)).values():
            with self.subTest(container=container["name"]):
                self.assertEqual(set(container["resources"]["requests"]), {"cpu", "memory"})

    def test_probes(self):
        for name in ("agent", "watcher"):
            container = charts.containers(INSTALL)[name]
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
                with self.subTest(container=name, probe=probe):
                    get = container[probe]["httpGet"]
                    self.assertEqual((get["path"], get["host"]), (path, "127.0.0.1"))
                    self.assertIn(get["port"], ports)

    def test_the_probe_of_the_chain_compares_with_what_the_installer_is_told(self):
        cni = charts.containers(INSTALL)["cni"]
        probe = cni["readinessProbe"]["exec"]["command"]
        self.assertEqual(probe[:3], ["sluice-cni", "install", "--check"])
        self.assertEqual((cni["command"], cni["args"]), (probe[:2], ["--watch", *probe[3:]]))
        # Sidecars hold up what comes after them until their startup probe passes.
        self.assertNotIn("startupProbe", cni)

    def test_agent_and_watcher_agree_on_the_socket(self):
        (config,) = charts.of_kind(INSTALL, "ConfigMap")
        settings = yaml.safe_load(config["data"]["sluiced.yaml"])
        watcher = charts.containers(INSTALL)["watcher"]
        for name in ("watcher", "cni"):
            self.assertIn(f"--socket={settings['socket']}", charts.containers(INSTALL)[name]["args"])
        self.assertEqual(settings["feeder-uid"], watcher["securityContext"]["runAsUser"])
        self.assertEqual(settings["socket-group"], watcher["securityContext"]["runAsGroup"])
        # Who gives a file to a group without CAP_CHOWN must be in it.
        self.assertIn(settings["socket-group"], pod(INSTALL)["securityContext"]["supplementalGroups"])

    def test_the_pod_rolls_when_its_settings_change(self):
        annotations = charts.daemonset(INSTALL)["spec"]["template"]["metadata"]["annotations"]
        self.assertRegex(annotations["checksum/config"], "^[0-9a-f]{64}$")

    def test_out_of_the_chain_before_the_programs_go(self):
        self.assertEqual([each["name"] for each in pod(REMOVE)["initContainers"]], ["unchain", "detach"])
        # CRI-O needs the program to delete the pods that were made through it.
        self.assertIn("--keep-program", charts.containers(REMOVE)["unchain"]["args"])
        self.assertEqual(charts.daemonset(REMOVE)["metadata"], charts.daemonset(INSTALL)["metadata"])


class Facts(unittest.TestCase):
    """What is written down twice because two languages need it."""

    def test_the_version_is_the_project_s(self):
        version = re.search(r"project\(sluice VERSION ([0-9.]+)", (charts.ROOT / "CMakeLists.txt").read_text())[1]
        chart = yaml.safe_load((charts.DEPLOY / "helm/sluice/Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version)
        for container in charts.containers(INSTALL).values():
            self.assertEqual(container["image"], f"sluice:{version}")

    def test_the_image_knows_the_watcher_s_user(self):
        self.assertIn(f"uid={WATCHER} ", (charts.DEPLOY / "image/root.sh").read_text())

    def test_kustomizations_begin_with_the_manifests(self):
        for name, folder in (("sluice.yaml", "base"), ("sluice-remove.yaml", "remove")):
            self.assertEqual((charts.DEPLOY / "kustomize" / folder / name).read_text(), (charts.DEPLOY / name).read_text())

    def test_the_readme_s_command_names_every_image(self):
        readme = (charts.ROOT / "README.md").read_text()
        for name, images in (("sluice.yaml", charts.containers(INSTALL)), ("sluice-remove.yaml", charts.containers(REMOVE))):
            (command,) = re.findall(rf"(sed '.*' deploy/{name}) \| kubectl apply -f -", readme)
            reply = charts.run("sh", "-c", f"cd {charts.ROOT} && {command}")
            self.assertEqual({each["image"] for each in charts.containers(charts.objects(reply.stdout)).values()},
                             {each["image"].replace("sluice", "YOURS/sluice") for each in images.values()})

    def test_default_values_fit_their_schema_and_others_do_not(self):
        for chart in ("sluice", "sluice-policies"):
            folder = charts.DEPLOY / "helm" / chart
            schema = json.loads((folder / "values.schema.json").read_text())
            jsonschema.Draft7Validator.check_schema(schema)
            values = yaml.safe_load((folder / "values.yaml").read_text())
            with self.subTest(chart=chart):
                jsonschema.validate(values, schema, jsonschema.Draft7Validator)
                self.assertEqual(set(schema["properties"]) - {"global"}, set(values))
                with self.assertRaises(jsonschema.ValidationError):
                    jsonschema.validate(values | {"mispelt": 1}, schema, jsonschema.Draft7Validator)


if __name__ == "__main__":
    unittest.main()
