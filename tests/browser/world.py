"""A node for pages that need one: the demo's pods as network namespaces, an agent on them, and `sluicectl ui`. All in
namespaces of this process' own: nothing of the machine is touched, and all of it goes with the process."""
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/demo/manifests")
MANIFESTS = "/run/manifests"
INSIDE = "SLUICE_TEST_INSIDE"  # in the environment of a process that is in its namespaces already
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1
ATTEMPT = """
import socket, sys
s = socket.socket()
s.setblocking(False)
s.connect_ex((sys.argv[1], int(sys.argv[2])))  # a SYN leaves, and nobody waits
"""


def missing():
    """Why there can be no such node here; empty: there can."""
    if os.geteuid() != 0:
        return ["root"]
    return [name for name in ("unshare", "nsenter", "mount") if not shutil.which(name)]


def enter():
    """Runs this program again in namespaces of its own, and returns in there."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv])
    for kind, path in (("tmpfs", "/run"), ("tmpfs", "/run/netns"), ("bpf", "/sys/fs/bpf")):
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, path], check=True)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


class World:
    def __init__(self, sluicectl, sluiced):
        self.sluicectl, self.sluiced = sluicectl, sluiced
        self.agent = self.ui = None
        for folder in ("base", "policies-default-deny"):
            shutil.copytree(os.path.join(DEMO, folder), MANIFESTS, dirs_exist_ok=True)
        subprocess.run([sluicectl, "lab", "up", "--manifests", MANIFESTS], stdout=subprocess.DEVNULL, check=True)
        self.start_agent()
        self.url = self.start_ui()

    def start_agent(self):
        self.agent = subprocess.Popen([self.sluiced, "--node-name", "node-1", "--manifests", MANIFESTS, "--metrics",
                                       "127.0.0.1:19619", "--log-level", "error", "--netns-dir", "/run/netns"])
        subprocess.run([self.sluicectl, "sync", "--timeout", "20s"], check=True)

    def kill_agent(self):
        self.agent.kill()
        self.agent.wait()

    def start_ui(self, *options):
        """Its address."""
        self.ui = subprocess.Popen([self.sluicectl, "ui", "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE,
                                   text=True)
        return re.match(r"(http://127\.0\.0\.1:\d+/) ", self.ui.stdout.readline()).group(1)

    def end_ui(self):
        """Its exit code."""
        self.ui.send_signal(signal.SIGINT)
        code = self.ui.wait(timeout=30)
        self.ui.stdout.close()
        return code

    def attempt(self, pod, address, port):
        """The pod ("shop-frontend-1") begins a connection."""
        subprocess.run(["nsenter", "--net=/run/netns/sluice-" + pod, sys.executable, "-c", ATTEMPT, address, str(port)],
                       check=True)

    def close(self):
        if self.ui and self.ui.poll() is None:
            self.end_ui()
        self.agent.terminate()
        self.agent.wait()
        subprocess.run([self.sluiced, "--detach"], check=True)
        subprocess.run([self.sluicectl, "lab", "down"], stdout=subprocess.DEVNULL, check=True)
