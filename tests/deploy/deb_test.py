#!/usr/bin/env python3
"""The Debian packages of these programs, installed where there is no compiler: a bare Debian 12 made by debootstrap from
this machine's own mirror (kept below CACHE), the dependencies by apt. Root. Fails where packages are not to be had.
usage: deb_test.py PROGRAMS CACHE"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import charts
import materials

PROGRAMS = CACHE = pathlib.Path()
SUITE = "bookworm"
EXAMPLE = "/usr/share/doc/sluice/examples/06-three-tier"
APT = ("apt-get", "-q", "-y", "--no-install-recommends", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3")


def run(*command, **more):
    """Runs it to its end, in time; what it says stands in the message where it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=400, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def mirrors():
    """The lines of this machine's apt for the suite and its updates."""
    wanted = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) main"
    lines = run("apt-get", "indextargets", "--format", wanted, "Created-By: Packages", "Component: main").splitlines()
    lines = sorted({line for line in lines if line.split()[-2].split("-")[0] == SUITE})
    if not any(line.split()[-2] == SUITE for line in lines):
        raise AssertionError(f"deb_test: apt knows no mirror of {SUITE}: apt-get update, or name one in /etc/apt/sources.list.d")
    return lines


def bare_root():
    """An archive of what debootstrap makes; made once."""
    lines = mirrors()
    archive = CACHE / f"{SUITE}-{hashlib.sha256(''.join(lines).encode()).hexdigest()[:8]}.tar"
    if archive.exists():
        return archive
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        root, made = f"{folder}/root", f"{folder}/root.tar"
        mirror = next(line.split()[-3] for line in lines if line.split()[-2] == SUITE)
        run("debootstrap", "--variant=minbase", SUITE, root, mirror)
        pathlib.Path(root, "etc/apt/sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        run("tar", "-C", root, "--one-file-system", "-cf", made, ".")
        pathlib.Path(made).rename(archive)
    return archive


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        # The second time from the sources in another folder.
        copy = cls.folder / "of another name"
        for name in ("deploy", "docs", "examples"):
            shutil.copytree(charts.ROOT / name, copy / name, symlinks=True)
        for name in ("README.md", "SECURITY.md", "NOTICE", "LICENSE", "bpf/LICENSE"):
            (copy / name).parent.mkdir(exist_ok=True)
            shutil.copy(charts.ROOT / name, copy / name)
        for root, out in ((charts.ROOT, "deb"), (copy, "again")):
            run(root / "deploy/deb/build.sh", "--programs", PROGRAMS, "--out", cls.folder / out,
                env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"})
        cls.packages = [next((cls.folder / "deb").glob(f"{name}_*.deb")) for name in ("sluice", "sluice-cni")]

    def test_two_packages_each_the_same_bytes_again(self):
        self.assertEqual(len(list((self.folder / "deb").glob("*.deb"))), 2)
        for path in self.packages:
            self.assertEqual(path.read_bytes(), (self.folder / "again" / path.name).read_bytes(), path.name)

    def test_the_bill_of_materials_is_of_these_programs(self):
        for path, programs in zip(self.packages, (["kubectl-sluice", "sluice-watcher", "sluicectl", "sluiced"], ["sluice-cni"])):
            name = path.name.split("_")[0]
            unpacked = self.folder / f"unpacked-{name}"
            run("dpkg-deb", "-x", path, unpacked)
            made = materials.checked((unpacked / f"usr/share/doc/{name}/sbom.cdx.json").read_text(encoding="utf-8"))
            self.assertEqual(materials.programs(made), programs)
            for program in programs:
                shipped = (unpacked / ("usr/lib/cni" if program == "sluice-cni" else "usr/bin") / program).read_bytes()
                self.assertEqual(materials.digest(made, program), hashlib.sha256(shipped).hexdigest())

    def test_lintian_finds_no_error(self):
        for path in self.packages:
            done = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", str(path)], capture_output=True,
                                  text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_lintian_can_find_one(self):
        broken = self.folder / "broken"
        run("dpkg-deb", "-R", self.packages[0], broken)
        (broken / "usr/share/doc/sluice/copyright").unlink()
        run("dpkg-deb", "--root-owner-group", "-b", broken, self.folder / "broken.deb")
        done = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", str(self.folder / "broken.deb")],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertIn("E: sluice: no-copyright-file", done.stdout)
        self.assertNotEqual(done.returncode, 0)


class Installed(unittest.TestCase):
    """One root for all: installed first, removed last."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        run(charts.DEPLOY / "deb/build.sh", "--programs", PROGRAMS, "--out", cls.root / "packages")
        run("tar", "-C", cls.root, "-xf", bare_root())
        for file in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{file}", cls.root / "etc" / file)
        cls.inside(*APT, "update")
        cls.inside("sh", "-c", f"{' '.join(APT)} install /packages/*.deb")

    @classmethod
    def inside(cls, *command, **more):
        return run("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C",
                   "chroot", cls.root, *command, **more)

    def traces(self):
        """What is there with the project's name, but apt's and dpkg's own notes."""
        kept = ("./packages", "./var/lib/apt", "./var/log", "./var/cache")
        found = run("find", ".", "-name", "*sluice*", cwd=self.root).split()
        return [path for path in found if not path.startswith(kept)]

    def test_1_there_is_no_compiler(self):
        self.assertEqual([name for name in ("cc", "g++", "clang", "make") if (self.root / "usr/bin" / name).exists()], [])

    def test_2_programs_run(self):
        for program in ("sluiced", "sluicectl", "sluice-watcher", "kubectl-sluice"):
            self.assertRegex(self.inside(program, "--version"), r"\d+\.\d+\.\d+")
        answer = self.inside("env", "CNI_COMMAND=VERSION", "/usr/lib/cni/sluice-cni", input='{"cniVersion":"1.0.0"}')
        self.assertIn("1.0.0", json.loads(answer)["supportedVersions"])

    def test_3_papers_are_there(self):
        for page in ("man8/sluiced.8", "man1/sluicectl.1", "man8/sluice-watcher.8", "man8/sluice-cni.8", "man1/kubectl-sluice.1"):
            self.assertGreater((self.root / f"usr/share/man/{page}.gz").stat().st_size, 500, page)
        said = self.inside("sh", "-c", "sluicectl completion bash && sluicectl complete -- che")
        self.assertIn((self.root / "usr/share/bash-completion/completions/sluicectl").read_text(), said)
        self.assertTrue(said.endswith("check \n"), said)
        pods = self.inside("sluicectl", "complete", "--", "check", "--manifests", f"{EXAMPLE}/manifests", "--from", "shop/d")
        self.assertEqual(pods, "shop/db-0 \n")

    def test_3_an_example_gets_its_answers(self):
        expected = (self.root / EXAMPLE[1:] / "expected.jsonl").read_text(encoding="utf-8")
        answers = self.inside("sluicectl", "eval", "--manifests", f"{EXAMPLE}/manifests", "--probes", "-", input=expected)
        wanted = [json.loads(line)["verdict"] for line in expected.splitlines()]
        self.assertIn("deny", wanted)
        self.assertEqual([json.loads(line)["verdict"] for line in answers.splitlines()], wanted)

    def test_4_the_unit_starts_what_is_installed(self):
        unit = (self.root / "lib/systemd/system/sluiced.service").read_text(encoding="utf-8")
        self.assertNotIn("/usr/local", unit)
        self.assertEqual(self.inside("dpkg-query", "-W", "-f", "${Conffiles}", "sluice").split()[0], "/etc/default/sluiced")

    def test_5_a_change_of_the_options_survives_an_upgrade(self):
        options = self.root / "etc/default/sluiced"
        options.write_text("SLUICED_OPTIONS=--log-level debug\n", encoding="utf-8")
        self.inside("sh", "-c", "dpkg -i /packages/sluice_*.deb")
        self.assertIn("debug", options.read_text(encoding="utf-8"))

    def test_6_removal_leaves_nothing(self):
        self.assertNotEqual(self.traces(), [])
        self.inside(*APT, "purge", "sluice", "sluice-cni")
        self.assertEqual(self.traces(), [])


if __name__ == "__main__":
    CACHE = pathlib.Path(sys.argv.pop())
    PROGRAMS = pathlib.Path(sys.argv.pop())
    unittest.main(verbosity=2)
