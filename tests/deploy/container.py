#!/usr/bin/env python3
"""Becomes one container of a rendered manifest, in an image's root: a mount namespace of its own with the volumes that
it asks for, its user, groups and capabilities and no other, no new privileges; then its command. What a container runtime does,
but for cgroups, seccomp and AppArmor. Root; the process that is started keeps this one's id.
usage: container.py --manifest FILE --container NAME --root DIR [--mount PATH=DIR]... [--env NAME=VALUE]... [--probe NAME]
                    [-- argument...]
  --mount   what stands at PATH in the container, in place of the node's own PATH or beside what it asks for
  --probe   what the container's probe of that name runs, in place of the command
  argument  beside the manifest's own, and in place of one of the same option"""

import argparse
import ctypes
import os
import pathlib
import sys

import charts

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 1, 2, 32, 4096, 16384, 1 << 18, 1 << 19
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 23, 24, 38
# linux/capability.h
CAPABILITIES = {"DAC_OVERRIDE": 1, "DAC_READ_SEARCH": 2, "NET_ADMIN": 12, "SYS_ADMIN": 21, "SYS_RESOURCE": 24, "PERFMON": 38,
                "BPF": 39}


def checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, flags, kind=None):
    checked(LIBC.mount(os.fsencode(source), os.fsencode(target), kind and kind.encode(), flags, None), f"mount {target}")


def inside(root, path):
    """Where an absolute path of the container is, its links followed as they are inside `root`."""
    found = pathlib.Path(root)
    for part in pathlib.PurePosixPath(path).parts[1:]:
        found = found / part
        if found.is_symlink():
            target = os.readlink(found)
            found = inside(root, target if target.startswith("/") else "/" + str((found.parent / target).relative_to(root)))
    return found


def volume_source(volume, documents):
    """The folder that a volume is on this machine, or its files' texts by name; None where the caller has to say."""
    if "hostPath" in volume:
        return volume["hostPath"]["path"]
    if "configMap" not in volume:
        return None
    (config,) = [each for each in charts.of_kind(documents, "ConfigMap")
                 if each["metadata"]["name"] == volume["configMap"]["name"]]
    return config["data"]


def mount_texts(texts, target):
    """Files that end with the container."""
    mount("none", target, 0, "tmpfs")
    target.chmod(0o755)
    for name, text in texts.items():
        (target / name).write_text(text)


def mounts_of(pod, container, documents, given):
    """[(path in the container, folder here or texts, read only)]"""
    volumes = {each["name"]: each for each in pod["volumes"]}
    wanted = {each["mountPath"]: (volumes[each["name"]], each.get("readOnly", False)) for each in container.get("volumeMounts", [])}
    for path, (volume, read_only) in wanted.items():
        source = given.get(path) or volume_source(volume, documents)
        if source is None:
            sys.exit(f"container: {path}: say what stands there: --mount {path}=DIR")
        yield path, source, read_only
    yield from ((path, source, True) for path, source in given.items() if path not in wanted)


def enter_root(root, mounts, read_only_root):
    checked(LIBC.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", MS_REC | MS_SLAVE)
    mount(root, root, MS_BIND | MS_REC)
    mount("proc", inside(root, "/proc"), MS_NOSUID, "proc")
    mount("sysfs", inside(root, "/sys"), MS_NOSUID | MS_RDONLY, "sysfs")
    mount("/dev", inside(root, "/dev"), MS_BIND | MS_REC)
    for path, source, read_only in mounts:
        target = inside(root, path)
        target.mkdir(parents=True, exist_ok=True)
        if isinstance(source, dict):
            mount_texts(source, target)
        else:
            mount(source, target, MS_BIND | MS_REC)
        mount("none", target, MS_REC | MS_SLAVE)
        if read_only:
            mount("none", target, MS_BIND | MS_REMOUNT | MS_RDONLY)
    if read_only_root:
        mount("none", root, MS_BIND | MS_REMOUNT | MS_RDONLY)
    os.chroot(root)
    os.chdir("/")


def confine(security, groups):
    kept = {CAPABILITIES[name] for name in security["capabilities"].get("add", [])}
    for number in range(64):
        if number not in kept and LIBC.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
            checked(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), f"drop capability {number}")
    os.setgroups(groups)
    os.setresgid(*[security["runAsGroup"]] * 3)
    os.setresuid(*[security["runAsUser"]] * 3)
    if not security["allowPrivilegeEscalation"]:
        checked(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def arguments():
    def pair(text):
        name, _, value = text.partition("=")
        return name, value

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, default=charts.DEPLOY / "sluice.yaml")
    parser.add_argument("--container", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--mount", type=pair, action="append", default=[])
    parser.add_argument("--env", type=pair, action="append", default=[])
    parser.add_argument("--probe")
    parser.add_argument("more", nargs="*")
    return parser.parse_args()


def main():
    options = arguments()
    documents = charts.objects(options.manifest.read_text())
    pod = charts.daemonset(documents)["spec"]["template"]["spec"]
    container = charts.containers(documents)[options.container]
    security = container["securityContext"]
    root = os.path.realpath(options.root)
    enter_root(root, list(mounts_of(pod, container, documents, dict(options.mount))), security["readOnlyRootFilesystem"])
    confine(security, pod.get("securityContext", {}).get("supplementalGroups", []))
    replaced = {each.split("=")[0] for each in options.more}
    words = container[options.probe]["exec"]["command"] if options.probe else container["command"] + container.get("args", [])
    command = [each for each in words if each.split("=")[0] not in replaced]
    command += options.more
    os.execve(f"/usr/bin/{command[0]}", command, {"PATH": "/usr/bin"} | dict(options.env))


if __name__ == "__main__":
    main()
