#!/usr/bin/env python3
"""The chart sluice with the real helm, and the kustomizations with the real kubectl."""

import pathlib
import shutil
import tempfile
import unittest

import charts
import yaml

CHART = charts.DEPLOY / "helm/sluice"

# --set of a value that must be refused, and what the error names.
REFUSED = [
    ("mode=audti", "mode must be one of"),
    ("defaultVerdict=open", "defaultVerdict must be one of"),
    ("attach=xdp", "attach must be one of"),
    ("modee=audit", "modee"),
    ("newInterfaces=shut", "newInterfaces"),
    ("log.level=verbose", "log.level"),
    ("metrics.address=localhost", "metrics.address"),
    ("metrics.agentPort=70000", "metrics.agentPort"),
    ("agent.extraCapabilities={CAP_SYS_RESOURCE}", "agent.extraCapabilities"),
    ("agent.extraCapabilities={SYS_MODULE}", "agent.extraCapabilities"),
    ("agent.flows=262143", "agent.flows"),
    ("agent.flows=16777217", "agent.flows"),
    ("agent.flowsPerPod=-1", "agent.flowsPerPod"),
    ("agent.historyBytes=63K", "agent.historyBytes"),
    ("agent.historyBytes=5G", "agent.historyBytes"),
    ("agent.historyBytes=4097M", "agent.historyBytes"),
    ("agent.historyBytes=16777216", "agent.historyBytes"),
    ("agent.logDrops=off", "agent.logDrops"),
    ("cni.extraCapabilities={SYS_ADMIN}", "cni.extraCapabilities"),
    ("watcher.apiServer=10.0.0.1", "watcher.apiServer"),
    ("watcher.uid=0", "watcher.uid"),
    ("cilium.accept=yes", "cilium.accept"),
    ("cilium.cluster={10.0.0.0}", "cilium.cluster"),
    ("watcher.tokenExpirationSeconds=60", "watcher.tokenExpirationSeconds"),
    ("cni.timeout=2", "cni.timeout"),
    ("cni.confDir=etc/cni", "cni.confDir"),
    ("hostPaths.run=run", "hostPaths.run"),
    ("image.digest=sha256:12", "image.digest"),
    ("updateStrategy.maxUnavailable=0", "updateStrategy.maxUnavailable"),
    ("podMonitor.enabled=true", "metrics.address 127.0.0.1"),
    ("relay.enabled=true", "relay.secretName"),
    ("relay.nodeNames=none", "relay.nodeNames"),
    ("relay.replicas=0", "relay.replicas"),
]


CILIUM = {"apiGroups": ["cilium.io"], "resources": ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"],
          "verbs": ["get", "list", "watch"]}
RELAYS = {"enabled": True, "secretName": "sluice-relay-tls", "nodeSecretName": "sluice-node-tls"}
SCRAPED = {"podMonitor": {"enabled": True, "interval": "15s", "labels": {"release": "prometheus"}},
           "metrics": {"address": "0.0.0.0"}}


class Rendering(unittest.TestCase):
    def rendered(self, values=None, **options):
        reply = charts.template("sluice", values, **options)
        self.assertEqual(reply.returncode, 0, reply.stderr)
        return charts.objects(reply.stdout)

    def agent_settings(self, documents):
        (config,) = charts.of_kind(documents, "ConfigMap")
        return yaml.safe_load(config["data"]["sluiced.yaml"])

    def test_lint(self):
        for settings in ((), ("--set", "remove=true"), ("--set", "cni.enabled=false")):
            reply = charts.run(charts.HELM, "lint", "--strict", str(CHART), *settings)
            self.assertEqual(reply.returncode, 0, reply.stdout)

    def test_the_gate_is_there_unless_it_is_taken_away(self):
        for gate in (True, False):
            pod = charts.daemonset(self.rendered({"cni": {"gate": gate}}))["spec"]["template"]["spec"]
            cni = next(one for one in pod["initContainers"] if one["name"] == "cni")
            self.assertEqual("--no-gate" in cni["args"], not gate)
            self.assertEqual(cni["args"][1:], cni["readinessProbe"]["exec"]["command"][3:])

    def test_relays_feed_the_nodes_and_nothing_of_them_is_there_without(self):
        self.assertFalse(charts.of_kind(self.rendered(), "Deployment"))
        documents = self.rendered({"relay": RELAYS})
        (deployment,) = charts.of_kind(documents, "Deployment")
        pod = deployment["spec"]["template"]["spec"]
        (relay,) = pod["containers"]
        self.assertEqual(relay["securityContext"]["capabilities"], {"drop": ["ALL"]})
        self.assertIs(relay["securityContext"]["runAsNonRoot"], True)
        self.assertFalse([volume for volume in pod["volumes"] if "hostPath" in volume])
        self.assertIn(RELAYS["secretName"], [volume.get("secret", {}).get("secretName") for volume in pod["volumes"]])
        watcher = charts.containers(documents)["watcher"]
        (service,) = [each for each in charts.of_kind(documents, "Service")]
        (address,) = [each for each in watcher["args"] if each.startswith("--relay=")]
        self.assertTrue(address.startswith(f"--relay={service['metadata']['name']}."), address)
        self.assertEqual(address.rsplit(":", 1)[1], str(service["spec"]["ports"][0]["port"]))
        for name in ("agent", "cni"):
            self.assertNotIn("tls", [mount["name"] for mount in charts.containers(documents)[name]["volumeMounts"]])

    def test_the_files_for_kubectl_are_what_it_renders(self):
        reply = charts.run(str(charts.DEPLOY / "helm/render.sh"), "--check")
        self.assertEqual(reply.returncode, 0, reply.stdout + reply.stderr)

    def test_wrong_values_are_refused_by_name(self):
        for setting, named in REFUSED:
            with self.subTest(setting=setting):
                reply = charts.template("sluice", settings=[setting])
                self.assertNotEqual(reply.returncode, 0, reply.stdout)
                self.assertIn(named, reply.stderr)

    def test_before_sidecars_the_installer_is_a_container_more(self):
        spec = charts.daemonset(self.rendered(kube_version="1.28.0"))["spec"]["template"]["spec"]
        self.assertEqual([each["name"] for each in spec["containers"]], ["agent", "watcher", "cni"])
        self.assertNotIn("initContainers", spec)
        self.assertNotIn("restartPolicy", spec["containers"][2])

    def test_before_its_field_app_armor_is_an_annotation(self):
        key = "container.apparmor.security.beta.kubernetes.io/agent"
        old = charts.daemonset(self.rendered(kube_version="1.29.0"))["spec"]["template"]
        new = charts.daemonset(self.rendered(kube_version="1.30.0"))["spec"]["template"]
        self.assertEqual(old["metadata"]["annotations"][key], "unconfined")
        self.assertNotIn(key, new["metadata"]["annotations"])
        self.assertNotIn("appArmorProfile", old["spec"]["containers"][0]["securityContext"])
        self.assertEqual(new["spec"]["containers"][0]["securityContext"]["appArmorProfile"], {"type": "Unconfined"})

    def test_without_the_cni_plugin_what_an_earlier_release_chained_is_taken_out(self):
        unchain = charts.containers(self.rendered({"remove": True}))["unchain"]
        for version in ("1.28.0", "1.30.0"):
            documents = self.rendered({"cni": {"enabled": False}}, kube_version=version)
            self.assertEqual(set(charts.containers(documents)), {"unchain", "agent", "watcher"})
            self.assertEqual(charts.daemonset(documents)["spec"]["template"]["spec"]["initContainers"], [unchain])
            self.assertEqual(chain_volumes(documents), ["cni-conf"])
        documents = self.rendered({"cni": {"enabled": False, "keepProgram": False}})
        self.assertEqual(chain_volumes(documents), ["cni-conf", "cni-bin"])

    def test_fallbacks(self):
        documents = self.rendered({"agent": {"extraCapabilities": ["SYS_RESOURCE"], "seccomp": "Unconfined"},
                                   "seLinuxType": "spc_t"})
        agent = charts.containers(documents)["agent"]["securityContext"]
        self.assertEqual(agent["capabilities"]["add"], ["BPF", "NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"])
        self.assertEqual(agent["seccompProfile"]["type"], "Unconfined")
        pod = charts.daemonset(documents)["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"]["seLinuxOptions"], {"type": "spc_t"})
        for other in ("watcher", "cni"):
            self.assertNotIn("add", charts.containers(documents)[other]["securityContext"]["capabilities"])

    def test_on_the_way_out_the_program_stays_unless_it_is_to_go(self):
        for keep in (True, False):
            documents = self.rendered({"cni": {"keepProgram": keep}, "remove": True})
            unchain = charts.containers(documents)["unchain"]
            with self.subTest(keep=keep):
                self.assertEqual("--keep-program" in unchain["args"], keep)
                self.assertEqual("--bin-dir=/opt/cni/bin" in unchain["args"], not keep)
                self.assertEqual([each["name"] for each in unchain["volumeMounts"]], chain_volumes(documents))
                self.assertEqual("cni-bin" in chain_volumes(documents), not keep)

    def test_folders_of_the_plugin_that_are_not_root_s(self):
        for remove, name in ((False, "cni"), (True, "unchain")):
            documents = self.rendered({"cni": {"extraCapabilities": ["DAC_OVERRIDE"]}, "remove": remove})
            security = charts.containers(documents)[name]["securityContext"]
            self.assertEqual(security["capabilities"], {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]})

    def test_metrics_on_other_addresses(self):
        for address, listen, probed in (("0.0.0.0", "0.0.0.0:9619", "127.0.0.1"), ("::", "[::]:9619", "::1"),
                                        ("::1", "[::1]:9619", "::1"), ("192.0.2.1", "192.0.2.1:9619", "192.0.2.1")):
            documents = self.rendered({"metrics": {"address": address}})
            with self.subTest(address=address):
                self.assertEqual(self.agent_settings(documents)["metrics"], listen)
                agent = charts.containers(documents)["agent"]
                self.assertEqual(agent["livenessProbe"]["httpGet"]["host"], probed)

    def test_how_many_flows_only_where_it_is_said(self):
        self.assertFalse({"flows", "flows-per-pod"} & set(self.agent_settings(self.rendered())))
        for enabled in (False, True):
            agent = charts.containers(self.rendered({"names": {"enabled": enabled}}))["agent"]
            self.assertEqual("NET_RAW" in agent["securityContext"]["capabilities"]["add"], enabled)
        self.assertFalse([name for name in self.agent_settings(self.rendered()) if name.startswith("dns-")])
        settings = self.agent_settings(self.rendered({"names": {"dnsServers": ["10.0.0.53", "dns/own"], "dnsGrace": 5}}))
        self.assertEqual((settings["dns-server"], settings["dns-grace"]), (["10.0.0.53", "dns/own"], 5))
        settings = self.agent_settings(self.rendered({"names": {"dnsAddresses": 5000, "dnsAddressesPerName": 200}}))
        self.assertEqual((settings["dns-addresses"], settings["dns-addresses-per-name"]), (5000, 200))
        settings = self.agent_settings(self.rendered({"agent": {"flows": 16777216, "flowsPerPod": 5000}}))
        self.assertEqual((settings["flows"], settings["flows-per-pod"]), (16777216, 5000))

    def test_budgets_of_namespaces_only_where_they_are_others(self):
        self.assertFalse([name for name in self.agent_settings(self.rendered()) if name.startswith("namespace-")])
        settings = self.agent_settings(self.rendered({"namespaceBudget": {"policies": 100, "entries": 200000, "cidrs": 300}}))
        self.assertEqual([settings[f"namespace-{what}"] for what in ("policies", "entries", "cidrs")], [100, 200000, 300])

    def test_new_interfaces_only_where_they_are_closed(self):
        self.assertNotIn("new-interfaces", self.agent_settings(self.rendered()))
        self.assertEqual(self.agent_settings(self.rendered({"newInterfaces": "closed"}))["new-interfaces"], "closed")

    def test_flow_records_and_lines_of_the_log(self):
        for values, expected in (({}, ("16M", "on")), ({"historyBytes": "4G", "logDrops": False}, ("4G", "off")),
                                 ({"historyBytes": "64K"}, ("64K", "on"))):
            settings = self.agent_settings(self.rendered({"agent": values}))
            self.assertEqual((settings["history-bytes"], settings["log-drops"]), expected)

    def test_a_changed_setting_rolls_the_pods(self):
        def checksum(values):
            return charts.daemonset(self.rendered(values))["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        self.assertEqual(checksum({}), checksum({"podLabels": {"a": "b"}}))
        self.assertNotEqual(checksum({}), checksum({"mode": "audit"}))

    def test_pod_monitor(self):
        documents = self.rendered({"podMonitor": {"enabled": True}, "metrics": {"address": "0.0.0.0"}})
        (monitor,) = charts.of_kind(documents, "PodMonitor")
        ports = {port["name"] for each in charts.containers(documents).values() for port in each.get("ports", [])}
        self.assertEqual({each["port"] for each in monitor["spec"]["podMetricsEndpoints"]}, ports)

    def test_relays_have_a_pod_monitor_of_their_own(self):
        documents = self.rendered(SCRAPED | {"relay": RELAYS})
        nodes, relays = charts.of_kind(documents, "PodMonitor")
        pods = [each["spec"]["template"] for kind in ("DaemonSet", "Deployment") for each in charts.of_kind(documents, kind)]
        self.assertEqual((selected(nodes, pods), selected(relays, pods)), (pods[:1], pods[1:]))
        (endpoint,) = relays["spec"]["podMetricsEndpoints"]
        (relay,) = pods[1]["spec"]["containers"]
        (port,) = [each["containerPort"] for each in relay["ports"] if each["name"] == endpoint["port"]]
        self.assertIn(f"--metrics=0.0.0.0:{port}", relay["args"])
        self.assertEqual((endpoint["interval"], relays["metadata"]["labels"]["release"]), ("15s", "prometheus"))
        for values, monitors in ((SCRAPED, [nodes]), ({"relay": RELAYS}, []),
                                 (SCRAPED | {"relay": RELAYS, "remove": True}, [nodes])):
            self.assertEqual(charts.of_kind(self.rendered(values), "PodMonitor"), monitors)

    def test_api_server_and_digest(self):
        digest = "sha256:" + "0" * 64
        documents = self.rendered({"watcher": {"apiServer": "[2001:db8::1]:6443"}, "image": {"digest": digest}})
        watcher = charts.containers(documents)["watcher"]
        self.assertIn("--api-server=[2001:db8::1]:6443", watcher["args"])
        self.assertTrue(watcher["image"].endswith("@" + digest))

    def test_policies_of_cilium(self):
        for values in ({}, {"accept": True}, {"accept": True, "cluster": ["10.0.0.0/8", "fd00::/8"]}):
            documents = self.rendered({"cilium": values})
            arguments = charts.containers(documents)["watcher"]["args"]
            (role,) = charts.of_kind(documents, "ClusterRole")
            self.assertEqual((CILIUM in role["rules"], "--accept-cilium" in arguments), 2 * (bool(values),))
            self.assertEqual([one for one in arguments if one.startswith("--cluster=")],
                             ["--cluster=" + one for one in values.get("cluster", [])])

    def test_notes_say_what_comes_next(self):
        for settings, said in (((), "sluicectl status"), (("mode=audit",), "Nothing is denied"),
                               (("cni.enabled=false",), "not in the plugin chain"), (("remove=true",), "uninstall sluice")):
            options = [option for setting in settings for option in ("--set", setting)]
            with self.subTest(settings=settings):
                self.assertIn(said, notes(options))


def chain_volumes(documents):
    names = [each["name"] for each in charts.daemonset(documents)["spec"]["template"]["spec"]["volumes"]]
    return [name for name in names if name.startswith("cni")]


def selected(monitor, pods):
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    return [pod for pod in pods if wanted <= pod["metadata"]["labels"].items()]


def by_name(documents):
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


def notes(options):
    """helm template does not print the notes; as a template of any other name it does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "sluice"
        shutil.copytree(CHART, copy)
        text = (copy / "templates/NOTES.txt").read_text()
        indented = '{{- define "notes" -}}\n' + text + '{{- end }}\nnotes: |\n  {{- include "notes" . | nindent 2 }}\n'
        (copy / "templates/notes.yaml").write_text(indented)
        (copy / "templates/NOTES.txt").unlink()
        return charts.run(charts.HELM, "template", "sluice", str(copy), "--namespace", "kube-system",
                          "--show-only", "templates/notes.yaml", *options).stdout


class Kustomizations(unittest.TestCase):
    """What each overlay makes of the base: arguments and capabilities taken away, and added."""

    CHANGES = {
        "base": (set(), set()),
        "overlays/audit": (set(), {("agent", "--mode=audit")}),
        "overlays/permissive": ({("cni", "--on-failure=strict")},
                                {("agent", "--default-verdict=permissive"), ("cni", "--on-failure=permissive")}),
        "overlays/quiet": (set(), {("agent", "--log-drops=off"), ("agent", "--history-bytes=64M")}),
        "overlays/old-kernel": (set(), {("agent", "SYS_RESOURCE")}),
        "overlays/accept-cilium": (set(), {("watcher", "--accept-cilium")}),
    }

    def built(self, name):
        reply = charts.run(charts.KUBECTL, "kustomize", str(charts.DEPLOY / "kustomize" / name))
        self.assertEqual(reply.returncode, 0, reply.stderr)
        return charts.objects(reply.stdout)

    def listed(self, documents):
        return {(name, text) for name, container in charts.containers(documents).items()
                for texts in (container.get("args", []), container["securityContext"]["capabilities"].get("add", []))
                for text in texts}

    def test_each_changes_what_it_says(self):
        base = self.listed(self.built("base"))
        for name, changes in self.CHANGES.items():
            own = self.listed(self.built(name))
            with self.subTest(kustomization=name):
                self.assertEqual((base - own, own - base), changes)
                cni = charts.containers(self.built(name))["cni"]
                self.assertEqual(cni["args"][1:], cni["readinessProbe"]["exec"]["command"][3:])

    def own(self, text):
        """What an overlay beside the project's own folders makes."""
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "kustomize"
            shutil.copytree(charts.DEPLOY / "kustomize", copy)
            (copy / "own").mkdir()
            (copy / "own/kustomization.yaml").write_text(text)
            return self.built(copy / "own")

    def test_each_takes_an_image(self):
        for name, pods in (("base", 1), ("remove", 1), ("overlays/relays", 2)):
            documents = self.own(f"resources: [../{name}]\nimages: [{{name: sluice, newName: r.example/sluice, newTag: v9}}]\n")
            specs = [each["spec"]["template"]["spec"] for each in documents if "template" in each.get("spec", {})]
            found = [each for spec in specs for each in spec.get("initContainers", []) + spec["containers"]]
            self.assertEqual((len(specs), {each["image"] for each in found}), (pods, {"r.example/sluice:v9"}))

    def test_relays_are_the_chart_s(self):
        for name, values in (("base", {}), ("overlays/relays", {"relay": RELAYS}),
                             ("overlays/relays-accept-cilium", {"relay": RELAYS, "cilium": {"accept": True}})):
            with self.subTest(kustomization=name):
                chart = charts.objects(charts.template("sluice", values).stdout)
                self.assertEqual(by_name(self.built(name)), by_name(chart))

    def test_relays_go_with_any_other_overlay(self):
        base, relays = (self.listed(self.built(name)) for name in ("base", "overlays/relays"))
        for name in self.CHANGES | {"overlays/without-cni": ()}:
            with self.subTest(kustomization=name):
                both = self.own(f"resources: [../{name}]\ncomponents: [../components/relays]\n")
                self.assertEqual(self.listed(both), self.listed(self.built(name)) | (relays - base))

    def test_all_that_relays_add_is_deleted_by_their_file(self):
        base, relays = (by_name(self.built(name)) for name in ("base", "overlays/relays"))
        own = charts.objects((charts.DEPLOY / "kustomize/components/relays/relay.yaml").read_text())
        self.assertEqual(set(relays) - set(base), set(by_name(own)))

    def test_what_the_watcher_may_read(self):
        for name in ("base", "overlays/accept-cilium"):
            (role,) = charts.of_kind(self.built(name), "ClusterRole")
            self.assertEqual(CILIUM in role["rules"], name != "base")

    def test_without_cni(self):
        documents = self.built("overlays/without-cni")
        found = charts.containers(documents)
        self.assertEqual(set(found), {"unchain", "agent", "watcher"})
        self.assertEqual(found["unchain"], charts.containers(charts.objects((charts.DEPLOY / "sluice-remove.yaml").read_text()))["unchain"])
        self.assertEqual(chain_volumes(documents), ["cni-conf"])


if __name__ == "__main__":
    charts.need(charts.HELM, charts.KUBECTL)
    unittest.main()
