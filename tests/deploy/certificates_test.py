#!/usr/bin/env python3
"""The two ways in which docs/kubernetes.md has the relays' certificates made, cert-manager's objects and commands by hand:
their Secrets are those that the relays and the nodes mount, and hold what each needs."""

import base64
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import charts

KUSTOMIZE = charts.DEPLOY / "kustomize"
FILES = {"tls.crt", "tls.key", "ca.crt"}


def secret(pod):
    (name,) = [each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each]
    return name


class Certificates(unittest.TestCase):
    def setUp(self):
        self.documents = self.built("overlays/relays")
        node = charts.daemonset(self.documents)["spec"]["template"]["spec"]
        (relay,) = [each["spec"]["template"]["spec"] for each in charts.of_kind(self.documents, "Deployment")]
        (address,) = [each for each in charts.containers(self.documents)["watcher"]["args"] if each.startswith("--relay=")]
        self.relay, self.node, self.name = secret(relay), secret(node), re.fullmatch("--relay=(.*):[0-9]+", address)[1]

    def built(self, name):
        reply = charts.run(charts.KUBECTL, "kustomize", str(KUSTOMIZE / name))
        self.assertEqual(reply.returncode, 0, reply.stderr)
        return charts.objects(reply.stdout)

    def by_hand(self, folder):
        """The page's commands, with a kubectl that prints what it would create; the Secrets by name, as files."""
        page = (charts.ROOT / "docs/kubernetes.md").read_text()
        (commands,) = re.findall(r"^    key=.*\n(?:    .*\n)*    done\n", page, re.MULTILINE)
        (folder / "bin").mkdir()
        kubectl = folder / "bin/kubectl"
        kubectl.write_text(f'#!/bin/sh\necho ---\nexec {shutil.which(charts.KUBECTL)} "$@" --dry-run=client -o yaml\n')
        kubectl.chmod(0o755)
        reply = subprocess.run(["sh", "-ec", commands], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                               env=os.environ | {"PATH": f"{folder}/bin:{os.environ['PATH']}"})
        self.assertEqual(reply.returncode, 0, reply.stderr)
        made = {}
        for each in charts.objects(reply.stdout):
            self.assertEqual((each["kind"], each["metadata"]["namespace"]), ("Secret", "kube-system"))
            made[each["metadata"]["name"]] = place = folder / each["metadata"]["name"]
            place.mkdir()
            for name, content in each["data"].items():
                (place / name).write_bytes(base64.b64decode(content))
        return made

    def openssl(self, *arguments):
        reply = charts.run("openssl", *map(str, arguments))
        return reply.stdout if reply.returncode == 0 else ""

    def test_by_hand(self):
        with tempfile.TemporaryDirectory() as folder:
            made = self.by_hand(pathlib.Path(folder))
            self.assertEqual(set(made), {self.relay, self.node})
            for place in made.values():
                self.assertEqual({each.name for each in place.iterdir()}, FILES)
                self.assertEqual(self.openssl("x509", "-in", place / "tls.crt", "-noout", "-pubkey"),
                                 self.openssl("pkey", "-in", place / "tls.key", "-pubout"))
            for verifier, other, purpose, name in ((self.node, self.relay, "sslserver", ["-verify_hostname", self.name]),
                                                   (self.relay, self.node, "sslclient", [])):
                self.assertIn("OK", self.openssl("verify", "-CAfile", made[verifier] / "ca.crt", "-purpose", purpose, *name,
                                                 made[other] / "tls.crt"))
            # Whoever has a node's is no relay to another.
            self.assertFalse(self.openssl("verify", "-CAfile", made[self.node] / "ca.crt", "-verify_hostname", self.name,
                                          made[self.node] / "tls.crt"))

    def test_by_cert_manager(self):
        objects = self.built("components/relay-certificates")
        self.assertEqual({each["metadata"]["namespace"] for each in objects},
                         {charts.daemonset(self.documents)["metadata"]["namespace"]})
        made = {each["spec"]["secretName"]: each["spec"] for each in charts.of_kind(objects, "Certificate")}
        issuers = {each["metadata"]["name"]: each["spec"] for each in charts.of_kind(objects, "Issuer")}
        relay, node = made.pop(self.relay), made.pop(self.node)
        self.assertEqual((relay["dnsNames"], "server auth" in relay["usages"]), ([self.name], True))
        self.assertNotIn("dnsNames", node)
        self.assertEqual(("client auth" in node["usages"], "server auth" in node["usages"]), (True, False))
        # Of one authority, which signs these two alone.
        self.assertEqual(relay["issuerRef"], node["issuerRef"])
        ((name, authority),) = made.items()
        self.assertEqual(issuers[relay["issuerRef"]["name"]], {"ca": {"secretName": name}})
        self.assertIs(authority["isCA"], True)
        self.assertEqual(issuers[authority["issuerRef"]["name"]], {"selfSigned": {}})


if __name__ == "__main__":
    charts.need(charts.KUBECTL)
    charts.need("openssl", by="apt-get install openssl")
    unittest.main()
