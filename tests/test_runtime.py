"""runtime/caffe, apt-update and the ways to start egl, with stand-ins for the programs they call.

What they say and leave behind when something fails, and that none of them runs the user's own code.
"""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from data_prep import __version__

PROJECT = Path(__file__).resolve().parent.parent
WRAPPER = PROJECT / "runtime" / "caffe"

WORKS = {
    "python3": "exit 1",  # this machine has no Caffe
    "dpkg-query": "echo installed",
    "mmdebstrap": 'echo made >> "$LOG"; cd "$(mktemp -d)" && mkdir usr && tar -c usr',
    "bwrap": (
        'while [ "$1" != --chdir ]; do shift; done; shift 2; [ "$1" != env ] || shift 2; '
        'echo "ran $*"'
    ),
    "id": "echo 0",
}


@pytest.fixture
def wrapper(tmp_path):
    """wrapper(arguments, **programs): run it with these stand-ins; returns the finished process.

    kernels: OPENBLAS_CORETYPE in its environment.
    """
    real = os.environ["PATH"]

    def run(*arguments, kernels=None, **programs):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, script in {
            **WORKS,
            **{name.replace("_", "-"): script for name, script in programs.items()},
        }.items():
            path = folder / name
            path.write_text("#!/bin/bash\n" + script + "\n")
            path.chmod(path.stat().st_mode | stat.S_IEXEC)
        environment = {
            "PATH": f"{folder}:{real}",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "HOME": str(tmp_path),
        }
        environment["LOG"] = str(tmp_path / "log")
        if kernels:
            environment["OPENBLAS_CORETYPE"] = kernels
        return subprocess.run(
            [str(WRAPPER), *arguments], env=environment, capture_output=True, text=True
        )

    return run


def left_in(tmp_path):
    return sorted(
        path.name for path in (tmp_path / "cache" / "egl-caffe").iterdir() if path.name != "lock"
    )


def test_a_system_is_made_once_and_then_used(wrapper, tmp_path):
    first = wrapper("echo", "hello")
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, "ran echo hello")
    second = wrapper("echo", "again")
    assert (second.returncode, second.stdout, second.stderr) == (0, "ran echo again\n", "")
    assert (tmp_path / "log").read_text() == "made\n"
    assert [name[:10] for name in left_in(tmp_path)] == ["debian-11-"]


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        ({"mmdebstrap": "echo 'E: no network' >&2; exit 25"}, "could not be made"),
        ({"mmdebstrap": "echo garbage"}, "could not be made"),
        ({"bwrap": "exit 1"}, "Caffe does not start in it"),
    ],
)
def test_a_half_made_system_is_not_kept_and_the_next_try_starts_clean(
    wrapper, tmp_path, programs, message
):
    failed = wrapper("true", **programs)
    assert failed.returncode == 2
    assert message in failed.stderr.splitlines()[-1]
    assert "nothing was kept" in failed.stderr
    assert left_in(tmp_path) == []
    assert wrapper("true").returncode == 0


def test_what_a_killed_try_left_is_removed(wrapper, tmp_path):
    (tmp_path / "cache" / "egl-caffe" / "making.old" / "usr").mkdir(parents=True)
    assert wrapper("true").returncode == 0
    assert "making.old" not in left_in(tmp_path)


def test_a_normal_user_is_told_what_to_install(wrapper, tmp_path):
    result = wrapper("true", id="[ $1 = -u ] && echo 1000 || echo me", dpkg_query="exit 1")
    assert result.returncode == 2
    assert (
        "sudo apt-get update && sudo apt-get install --no-install-recommends mmdebstrap bubblewrap"
        in result.stderr
    )
    assert "uidmap" in result.stderr
    assert left_in(tmp_path) == []


def test_blas_kernels_are_named_unless_they_are_already(wrapper):
    assert (
        wrapper("true", kernels="Prescott", bwrap='echo "$OPENBLAS_CORETYPE"').stdout
        == "Prescott\n" * 2
    )  # the trial, the command
    flags = Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0].split()
    expected = (
        "SkylakeX"
        if {"avx512bw", "avx512vl"} <= set(flags)
        else "Haswell"
        if {"avx2", "fma"} <= set(flags)
        else ""
    )
    assert wrapper("true", bwrap='echo "$OPENBLAS_CORETYPE"').stdout == expected + "\n"


# Like bubblewrap: dies at Ctrl-C unless that is ignored, and takes with it what runs inside.
SANDBOX = """\
#!{}
import subprocess, sys
command = subprocess.Popen(sys.argv[sys.argv.index("--chdir") + 2 :])
try:
    sys.exit(command.wait())
except KeyboardInterrupt:
    command.kill()
"""


@pytest.mark.parametrize(
    ("before", "said", "status"),
    [("", "heard", 130), ("trap '' INT; ", "done", 0)],
    ids=["in the foreground", "ignored before"],
)
def test_ctrl_c_is_left_to_the_command(wrapper, tmp_path, before, said, status):
    wrapper("true")
    (tmp_path / "bin" / "bwrap").write_text(SANDBOX.format(sys.executable))
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = "trap 'echo heard; exit 130' INT; echo ready; sleep 0.5; echo done"
    shell = ["bash", "-c", before + 'exec "$@"', "bash", str(WRAPPER), "bash", "-c", command]
    with subprocess.Popen(
        shell,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # The tests themselves may run in the background, where Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        assert process.stdout.read() == said + "\n"
    assert process.returncode == status


# Like bubblewrap in its own process namespace: a first process inside, and the command below it.
NESTED = """\
#!{}
import subprocess, sys
inside = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
command = sys.argv[sys.argv.index("--chdir") + 2 :]
sys.exit(subprocess.call([sys.executable, "-c", inside, *command]))
"""


def test_a_request_to_end_reaches_the_command(wrapper, tmp_path):
    wrapper("true")
    (tmp_path / "bin" / "bwrap").write_text(NESTED.format(sys.executable))
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = "trap 'echo heard; exit 143' TERM; echo ready; sleep 1; echo done"
    shell = [str(WRAPPER), "bash", "-c", command]
    with subprocess.Popen(
        shell, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "heard\n"
    assert process.returncode == 143


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no /dev/shm here")
def test_files_in_shared_memory_are_the_same_inside_and_outside(wrapper):
    mounts = wrapper("true", bwrap='echo "$@"').stdout
    assert "--dev /dev --proc /proc --bind /dev/shm /dev/shm" in mounts


def test_the_sandbox_is_the_wrapper_s_own_child_so_that_it_outlives_the_shell_it_was_typed_in(
    wrapper,
):
    parent = wrapper("true", bwrap="ps -o args= $PPID").stdout.splitlines()[-1]
    assert str(WRAPPER) in parent


def test_no_command(wrapper):
    result = wrapper()
    assert result.returncode == 2
    assert "give a command" in result.stderr


def test_where_caffe_is_the_command_simply_runs():
    pytest.importorskip("caffe", reason="no Caffe here")
    result = subprocess.run(
        [str(WRAPPER), "python3", "-c", "import caffe, egl; print('here')"],
        stdout=subprocess.PIPE,
        cwd="/",
    )
    assert result.stdout == b"here\n"


@pytest.fixture
def own_code(tmp_path):
    """A folder with modules of the user's own, under names that egl or Python's library has too."""
    folder = tmp_path / "work"
    for name in ("experiments", "data_prep", "caffe", "egl"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('theirs')\n")
    for name in ("egl", "numpy", "json", "signal", "socket", "glob", "command_line"):
        (folder / f"{name}.py").write_text("raise SystemExit('theirs')\n")
    return folder


@pytest.fixture(params=["runtime/egl", "runtime/container", "pip"])
def egl(request, tmp_path, own_code):
    """egl(arguments): run the command from the user's folder; returns the finished process."""
    command = PROJECT / request.param
    environment = dict(os.environ, PYTHONPATH="")
    if request.param == "pip":  # writes a script like this
        command = tmp_path / "bin" / "egl"
        command.parent.mkdir()
        command.write_text(
            f"#!{sys.executable}\nimport sys\nfrom experiments.command_line import main\n"
            "sys.exit(main())\n"
        )
        command.chmod(0o755)
        environment["PYTHONPATH"] = str(PROJECT)
    return lambda *arguments: subprocess.run(
        [str(command), *arguments], cwd=own_code, env=environment, capture_output=True, text=True
    )


def test_the_command_does_not_run_what_is_in_the_current_folder(egl):
    done = egl("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, __version__ + "\n", "")


def test_nor_does_a_run_with_caffe_in_its_own_process(egl, caffe, small_store, own_code):
    done = egl(
        "select", small_store.path, "--out", "run", "--iterations", "2", "--initial-iterations", "1"
    )
    assert (done.returncode, "theirs" in done.stdout + done.stderr) == (0, False)
    assert "theirs" not in (own_code / "run" / "log.txt").read_text()


SOURCES = """\
deb http://deb.release.test/debian bullseye main
deb http://deb.release.test/debian bullseye-updates main
deb http://security.release.test/debian-security bullseye-security main
"""
SOURCE_PACKAGES = "deb-src http://deb.release.test/debian bullseye main non-free"
ARCHIVE = """\
deb http://archive.release.test/debian bullseye main
deb http://archive.release.test/debian-security bullseye-security main
"""


@pytest.mark.parametrize(
    ("fails", "arguments", "sources"),
    [
        (0, [], SOURCES),
        (
            0,
            ["non-free"],
            SOURCES.replace("bullseye main", "bullseye main non-free\n" + SOURCE_PACKAGES),
        ),
        (1, [], ARCHIVE),
    ],
    ids=["as it is", "more of it", "from the archive"],
)
def test_where_a_container_takes_its_packages_from(tmp_path, fails, arguments, sources):
    (tmp_path / "apt.conf.d").mkdir()
    (tmp_path / "sources.list").write_text(SOURCES)
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho x >> "{tmp_path}/calls"\n[ $(wc -l < "{tmp_path}/calls") -gt {fails} ]\n'
    )
    apt.chmod(0o755)
    script = WRAPPER.with_name("apt-update").read_text().replace("/etc/apt", str(tmp_path))
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert (
        subprocess.run(["sh", "-c", script, "apt-update", *arguments], env=environment).returncode
        == 0
    )
    assert (tmp_path / "sources.list").read_text() == sources
    assert (tmp_path / "apt.conf.d" / "90archive").exists() == bool(fails)


def test_what_is_written_stays_and_the_command_knows_where_it_may_write(wrapper, tmp_path):
    """A stand-in for bubblewrap prints what it is given: its own root and /dev are read-only."""
    mounts = wrapper("true", bwrap='echo "$*"').stdout.splitlines()[-1]
    assert "--bind /dev/shm /dev/shm" in mounts
    assert mounts.index("--remount-ro /dev --remount-ro /") > mounts.index("--bind /tmp /tmp")
    shared = wrapper("true", bwrap='echo "$EGL_SHARED"').stdout.splitlines()[-1].split(":")
    assert {"/dev/shm", "/tmp"} <= set(shared)
    assert not {"/usr", "/etc", "/dev", "/proc", "/"} & set(shared)


def test_a_folder_of_the_operating_system_is_no_place_to_start_from(wrapper, monkeypatch):
    monkeypatch.chdir("/usr/share")
    failed = wrapper("true")
    assert failed.returncode == 2
    assert "run it from another folder: while Caffe runs, /usr/share is not" in failed.stderr
