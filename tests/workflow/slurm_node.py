"""A real Slurm of one node on this machine, for as long as a test lasts."""

import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import NamedTuple, Self

SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
# Program -> the Debian package that brings it.
PROGRAMS = {"munged": "munge", "slurmctld": "slurm-wlm", "slurmd": "slurm-wlm"}
# There is no accounting database to ask, and no reason to ask as seldom as on a cluster.
HERE = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"]


def missing_packages() -> list[str]:
    """Debian packages without which no Slurm can be started here."""
    lacking = {
        package for name, package in PROGRAMS.items() if not shutil.which(name, path=SEARCHED)
    }
    return sorted(lacking)


class Job(NamedTuple):
    """What Slurm knows of one job."""

    comment: str  # the executor writes the rule and its wildcards here
    state: str
    memory: str
    time: str


class SlurmNode:
    """Controller and node on the loopback address, with a configuration and a key of their own.

    A context manager. Whoever runs the tests owns the daemons and the jobs.
    """

    def __init__(self) -> None:
        self._daemons: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Start munged, slurmctld and slurmd, and wait until the node is idle."""
        # Not pytest's folder: the path of a socket may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)  # munged wants a socket that everybody can reach
        try:
            self._configure()
            self._start(
                "munged",
                "--foreground",
                *(f"--{name}-file={self.folder / name}" for name in ("key", "log", "pid", "seed")),
                f"--socket={self.folder / 'munge'}",
            )
            self._wait_until((self.folder / "munge").exists)
            self._start("slurmctld", "-D")
            self._start("slurmd", "-D")
            self._wait_until(lambda: self._ask("sinfo", "--noheader", "--format=%T") == "idle")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what still runs, and stop the three daemons."""
        self._ask("scancel", f"--user={getpass.getuser()}")
        self._wait_until(lambda: self._ask("squeue", "--noheader") == "")
        self._stop()

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which Slurm's commands find this node, and no other."""
        return {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": os.pathsep.join([str(self.folder / "bin"), SEARCHED]),
        }

    def jobs(self) -> list[Job]:
        """Every job since the node was started, in the order of submission."""
        said = self._ask("squeue", "--noheader", "--states=all", "--sort=i", "--format=%k|%T|%m|%l")
        return [Job(*line.split("|")) for line in said.splitlines()]

    def _configure(self) -> None:
        (self.folder / "key").write_bytes(os.urandom(128))
        (self.folder / "key").chmod(0o600)
        user, node = getpass.getuser(), socket.gethostname().partition(".")[0]
        self._write(
            "slurm.conf",
            f"""
            ClusterName=unrolled
            SlurmctldHost={node}(127.0.0.1)
            SlurmctldPort={_free_port()}
            SlurmdPort={_free_port()}
            CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
            SlurmUser={user}
            SlurmdUser={user}
            AuthType=auth/munge
            CredType=cred/munge
            AuthInfo=socket={self.folder / "munge"}
            StateSaveLocation={self.folder / "state"}
            SlurmdSpoolDir={self.folder / "spool"}
            SlurmctldPidFile={self.folder / "slurmctld.pid"}
            SlurmdPidFile={self.folder / "slurmd.pid"}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            MpiDefault=none
            JobAcctGatherType=jobacct_gather/none
            AccountingStorageType=accounting_storage/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_CPU
            KillWait=1
            MinJobAge=86400
            # A job may ask for more memory than this machine has.
            SlurmdParameters=config_overrides
            NodeName={node} NodeAddr=127.0.0.1 CPUs=2 RealMemory=256000
            PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE
            """,
        )
        # Slurm 22 cannot do without; its plugin for the older groups needs none to be there.
        groups = "cgroup/v1" if self._version() < 23 else "disabled"
        self._write("cgroup.conf", f"CgroupPlugin={groups}\n")
        # The executor hides SLURM_CONF from the srun inside a job; a cluster has its configuration
        # where srun looks for it.
        srun = self._write(
            "bin/srun",
            f"""
            #!/bin/sh
            SLURM_CONF={self.folder / "slurm.conf"} exec {shutil.which("srun", path=SEARCHED)} "$@"
            """,
        )
        srun.chmod(0o755)
        for name in ("state", "spool"):
            (self.folder / name).mkdir()

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return path

    def _version(self) -> int:
        said = subprocess.check_output([_program("slurmd"), "-V"], text=True)
        return int(re.findall(r"\d+", said)[0])

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.said").open("wb") as said:
            self._daemons.append(
                subprocess.Popen(
                    [_program(name), *arguments],
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self.environment},
                    start_new_session=True,  # Ctrl-C is for the tests, which stop the daemons
                )
            )

    def _ask(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def _wait_until(self, condition) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            if time.monotonic() > deadline or any(
                each.poll() is not None for each in self._daemons
            ):
                said = [path.read_text() for path in sorted(self.folder.glob("*.said"))]
                raise RuntimeError("Slurm does not do what it should:\n" + "\n".join(said))
            time.sleep(0.1)

    def _stop(self) -> None:
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder)


def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCHED)
    assert found, f"{name} is not installed"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
