"""The other programs' argument vectors, word for word: they are what a plan shows and a host runs."""

from pathlib import PurePosixPath

from sparkup.commands import pip, systemd
from sparkup.commands.node import Program

PROGRAM = Program("/usr/bin/python3", PurePosixPath("/s/bin/node.pyz"), PurePosixPath("/s"))
BEGIN = ("/usr/bin/python3", "-I", "/s/bin/node.pyz")


def test_the_verbs_of_the_program_on_a_host() -> None:
    root = ("--root", "/s")
    assert PROGRAM.start() == (*BEGIN, "start", *root)
    assert PROGRAM.stop("a", "id") == (*BEGIN, "stop", "a", *root, "--attempt", "id")
    assert PROGRAM.watch("a", "id") == (*BEGIN, "watch", "a", *root, "--attempt", "id")
    assert PROGRAM.ready("a") == (*BEGIN, "ready", "a", *root)
    assert PROGRAM.follow("a") == (*BEGIN, "logs", "a", *root, "--follow", "--from-ready")
    assert PROGRAM.guard(("pip", "-V")) == (*BEGIN, "guard", "--", "pip", "-V")
    assert PROGRAM.hold(PurePosixPath("/s/lock")) == (*BEGIN, "hold", "/s/lock")
    assert PROGRAM.enter("a", ("sh", "-c", "x")) == (*BEGIN, "exec", "a", *root, "--", "sh", "-c", "x")


def test_what_is_wanted_of_a_log() -> None:
    start = (*BEGIN, "logs", "a", "--root", "/s")
    assert PROGRAM.logs("a") == start
    assert PROGRAM.timed(PROGRAM.logs("a", attempt="x")) == (*start, "--attempt", "x", "--timed")
    assert PROGRAM.logs("a", since=-600.0)[-2:] == ("--since", "-600.000")
    assert PROGRAM.logs("a", follow=True, since=1.5, tail=0) == (
        *start,
        *("--follow", "--since", "1.500", "--tail", "0"),
    )


def test_a_question_with_its_limits() -> None:
    assert PROGRAM.ask("a", "who?", 16)[3:] == (
        *("ask", "a", "--root", "/s"),
        *("--question", "who?", "--max-tokens", "16", "--timeout", "60"),
    )


def test_a_scope_of_the_system() -> None:
    argv = systemd.scope(("true",), "sparkup-a-id", [("MemoryMax", "1024"), ("TasksMax", "5")], "")
    assert argv == (
        *("systemd-run", "--scope", "--quiet", "--collect", "--unit=sparkup-a-id"),
        *("-p", "MemoryMax=1024", "-p", "TasksMax=5", "--", "true"),
    )


def test_a_scope_of_a_users_manager() -> None:
    argv = systemd.scope(("true",), "sparkup-a-id", [], "/run/user/1000")
    assert argv == (
        *("env", "XDG_RUNTIME_DIR=/run/user/1000"),
        *("systemd-run", "--scope", "--quiet", "--collect", "--unit=sparkup-a-id", "--user", "--", "true"),
    )


CLEAN = pip.venv("", "")[: -len(("", "-I", "-m", "venv", ""))]


def test_what_leads_pip_astray_is_left_out_and_where_packages_come_from_is_not() -> None:
    assert CLEAN[:7] == ("env", "-u", "VIRTUAL_ENV", "-u", "PYTHONHOME", "-u", "PYTHONPATH")
    assert {"PIP_CONSTRAINT=/dev/null", "PIP_REQUIRE_VIRTUALENV=0", "PIP_DRY_RUN=0"} <= set(CLEAN)
    kept = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT"}
    kept |= {"PIP_TRUSTED_HOST", "PIP_CACHE_DIR", "PIP_CONFIG_FILE", "https_proxy", "SSL_CERT_FILE"}
    assert not kept & set(CLEAN)


def test_how_an_environment_is_made() -> None:
    assert pip.venv("/usr/bin/python3", "/e") == (*CLEAN, "/usr/bin/python3", "-I", "-m", "venv", "/e")
    assert pip.uv_venv("/uv", "3.12", "/e") == (
        *CLEAN,
        *("/uv", "venv", "--quiet", "--seed"),
        *("--python", "3.12", "/e"),
    )
    assert pip.version_of("/e/bin/vllm") == (*CLEAN, "/e/bin/vllm", "--version")


def test_only_what_the_lock_lists_is_installed_and_only_there() -> None:
    argv = pip.install("/e", "/e/lock", [pip.TORCH_CPU_INDEX])[len(CLEAN) :]
    assert {"--no-deps", "--require-hashes", "--no-input"} <= set(argv)
    assert {"--no-user", "--target=", "--root=/", "--prefix=/e"} <= set(argv)
    assert argv[:5] == ("/e/bin/python", "-I", "-m", "pip", "install")
    assert argv[-4:] == ("--extra-index-url", pip.TORCH_CPU_INDEX, "-r", "/e/lock")
    assert pip.install("/p", "/l", [])[-3:] == ("--disable-pip-version-check", "-r", "/l")
    assert pip.install("/p", "/l", [], cache=False)[-3:] == ("--no-cache-dir", "-r", "/l")


def test_versions_are_asked_for_another_python() -> None:
    argv = pip.versions("/p", "torch", "3.12")[len(CLEAN) :]
    assert argv[:7] == ("/p", "-I", "-m", "pip", "index", "versions", "torch")
    assert argv[argv.index("--python-version") + 1] == "3.12"
