"""From a request and a host to a launch; all that is wrong is said at once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypedDict, Unpack

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA, CPU, CUDA, SERVE, request, running, seen

from sparkup.domain.command import Environment, Secret
from sparkup.domain.container import ContainerRequest, Mount
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import Engine, LaunchRequest, Limits, Node, RankState, Readiness
from sparkup.errors import GateRefused, InputRefused, SparkupError
from sparkup.facts import systemd
from sparkup.facts.environments import PythonEnvironment
from sparkup.facts.listeners import Listener
from sparkup.facts.machine import Machine
from sparkup.facts.programs import Lookup
from sparkup.facts.systemd import Systemd
from sparkup.planning.processes import command_lookup
from sparkup.planning.resolve import Resolved, resolve, wanted

LOGIND: Systemd = systemd.parse(answers("systemd", "user_without_manager"))
ON_8000 = Listener(8000, inode=77)
NO_PROGRAM = Lookup()


class There(TypedDict, total=False):
    """What is on the host: see tests.planning.hosts.seen."""

    machine_: Machine
    launches_: Sequence[RankState]
    listeners_: Sequence[Listener]
    systemd_: Systemd
    environments_: Sequence[PythonEnvironment]
    lookup: Lookup


def decided(asked: LaunchRequest, **there: Unpack[There]) -> Resolved:
    return resolve(asked, {"local": seen(asked, **there)}, "a1b2c3d4")


def refused(asked: LaunchRequest, **there: Unpack[There]) -> SparkupError:
    with pytest.raises(SparkupError) as caught:
        decided(asked, **there)
    return caught.value


def test_a_server_on_a_quiet_host() -> None:
    found = decided(request())
    launch = found.launch
    assert (launch.name, launch.attempt, launch.engine) == ("vllm_node", "a1b2c3d4", Engine.HOST)
    assert launch.nodes == (Node("local", 0, ADA.uid),)
    assert launch.argv == (*SERVE, "--host", "127.0.0.1")
    assert (launch.port, launch.url) == (8000, "http://127.0.0.1:8000")
    assert launch.readiness.kind == "server"
    assert launch.python_environment == ""
    assert not launch.attached
    assert launch.cwd == "/home/ada"
    assert found.notes == ()


def test_what_was_asked_for_is_kept() -> None:
    asked = request(
        name="mine",
        readiness=Readiness("port", "1234", 30.0, 60.0),
        environment=Environment({"A": "1"}),
        outlives=False,
    )
    launch = decided(replace(asked, engine=Engine.HOST)).launch
    assert launch.name == "mine"
    assert launch.readiness == Readiness("port", "1234", 30.0, 60.0)
    assert launch.port == 8000  # where its API is, whatever makes it ready
    assert launch.environment.plain == {"A": "1"}


@pytest.mark.parametrize(
    ("readiness", "attached", "kind", "port"),
    [
        (Readiness(), True, "none", None),
        (Readiness("none"), True, "none", None),
        (Readiness("port", "1234"), False, "port", 1234),
        (Readiness("http", "http://h/x"), False, "http", None),
    ],
)
def test_a_command_that_is_no_server(
    readiness: Readiness, attached: bool, kind: str, port: int | None
) -> None:
    asked = request("bash", "-c", "vllm serve m", readiness=readiness)
    launch = decided(asked, lookup=Lookup("/bin/bash")).launch
    assert launch.argv == ("bash", "-c", "vllm serve m")
    assert (launch.attached, launch.readiness.kind, launch.port) == (attached, kind, port)


def test_an_api_key_becomes_a_secret_and_replaces_the_one_of_e() -> None:
    asked = request(
        *(*SERVE, "--api-key", "sk-typed"),
        environment=Environment({}, (Secret("HF_TOKEN", "hf"), Secret("VLLM_API_KEY", "sk-other"))),
    )
    launch = decided(asked).launch
    assert not any("sk-" in word for word in launch.argv)
    assert [(each.name, each.reveal()) for each in launch.environment.secret] == [
        ("HF_TOKEN", "hf"),
        ("VLLM_API_KEY", "sk-typed"),
    ]


def test_several_api_keys_cannot_be_hidden() -> None:
    error = refused(request("vllm", "serve", "--api-key", "sk-1", "org/name"))
    assert isinstance(error, InputRefused)
    (problem,) = error.problems
    assert (problem.code, problem.where) == ("bad-option", "local")
    assert "sk-1" not in f"{problem}"


def test_a_hub_token_is_taken_out_of_the_arguments() -> None:
    launch = decided(request("vllm", "serve", "m", "--hf-token", "hf_1", "--port", "9")).launch
    assert launch.argv == ("vllm", "serve", "m", "--port", "9", "--host", "127.0.0.1")
    assert [(each.name, each.reveal()) for each in launch.environment.secret] == [("HF_TOKEN", "hf_1")]
    kept = decided(request("vllm", "serve", "m", "--hf-token", "--port", "9")).launch
    assert "--hf-token" in kept.argv
    assert kept.environment.secret == ()


@pytest.mark.parametrize("words", [("--uds", "/run/vllm.sock"), ("--headless",)])
def test_a_server_without_a_port_is_not_waited_for_on_one(words: tuple[str, ...]) -> None:
    launch = decided(request(*SERVE, *words, "--api-key", "k"), listeners_=[ON_8000]).launch
    assert (launch.port, launch.url, launch.readiness.kind, launch.attached) == (None, "", "none", False)
    assert launch.argv == (*SERVE, *words)


def test_a_server_with_a_certificate_is_asked_over_tls() -> None:
    launch = decided(request(*SERVE, "--ssl-keyfile", "k.pem", "--ssl-certfile", "c.pem")).launch
    assert launch.url == "https://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("host", "address", "url"),
    [
        ("0.0.0.0", "me@spark2", "http://spark2:8000"),
        ("::", "spark2", "http://spark2:8000"),
        ("0.0.0.0", "", "http://127.0.0.1:8000"),
        ("127.0.0.1", "spark2", "http://127.0.0.1:8000"),
        ("10.1.1.2", "spark2", "http://10.1.1.2:8000"),
    ],
)
def test_where_a_server_is_seen_from_here(host: str, address: str, url: str) -> None:
    assert decided(request(*SERVE, "--host", host)).launch.url_from(address) == url


def test_a_server_inside_another_command_is_said_not_to_be_judged() -> None:
    found = decided(request("bash", "-c", "vllm serve m"))
    assert found.launch.attached
    assert any("--ready" in note for note in found.notes)


def test_everything_wrong_on_a_host_is_said_at_once() -> None:
    asked = request(
        *("vlm", "serve", "m"), name="mine", venv="rocm", limits=Limits(memory=1 << 30), hosts=(LOCAL,)
    )
    error = refused(asked, launches_=[running("mine")], systemd_=LOGIND, lookup=NO_PROGRAM)
    assert [problem.code for problem in error.problems] == [
        "name-taken",
        "no-limits",
        "linger-off",
        "unknown-environment",
        "command-not-found",
    ]
    assert isinstance(error, InputRefused)
    assert {problem.where for problem in error.problems} == {"local"}
    assert all(problem.hint for problem in error.problems)


def test_a_port_and_a_model_are_among_what_is_said() -> None:
    asked = request("vllm", "serve", "/m/none", "--port", "8000")
    error = refused(asked, lookup=NO_PROGRAM, listeners_=[ON_8000], systemd_=LOGIND)
    assert [problem.code for problem in error.problems] == [
        "linger-off",
        "command-not-found",
        "model-not-found",
        "port-taken",
    ]


def test_gates_alone_refuse_as_a_gate() -> None:
    asked = request(*SERVE, "--port", "8000", limits=Limits(tasks=5))
    there = There(launches_=[running(port=9)], listeners_=[ON_8000], systemd_=LOGIND)
    error = refused(asked, **there)
    assert isinstance(error, GateRefused)
    assert len(error.problems) == 4
    assert refused(request("vllm", "serve", "m", "--port", "x"), **there).exit_status == 2


def test_a_bad_port_is_refused_with_its_host() -> None:
    (problem,) = refused(request(*SERVE, "--port", "many")).problems
    assert (problem.code, problem.where) == ("bad-option", "local")


def test_8000_is_only_left_where_the_user_did_not_choose_it() -> None:
    assert decided(request(), listeners_=[ON_8000]).launch.port == 8001
    error = refused(request(*SERVE, "--port", "8000"), listeners_=[ON_8000], launches_=[running("other")])
    assert error.problems[0].message == "port 8000 is held by the launch other"


def test_the_port_that_another_command_waits_for_may_not_be_held() -> None:
    asked = request("python3", "serve.py", readiness=Readiness("port", "8000"))
    error = refused(asked, lookup=Lookup("/usr/bin/python3"), listeners_=[ON_8000])
    assert error.problems[0].code == "port-taken"


def test_folders_of_ours_that_move_with_the_current_one_are_refused() -> None:
    moving = replace(
        ADA, state_root=PurePosixPath("~/.local/state/sparkup"), environments=PurePosixPath("envs")
    )
    error = refused(request(), machine_=moving)
    assert isinstance(error, GateRefused)
    assert [problem.code for problem in error.problems] == ["unsafe-folder", "unsafe-folder"]
    assert "SPARKUP_STATE_DIR" in error.problems[0].hint


def test_a_name_is_held_by_what_lives() -> None:
    (problem,) = refused(request(), launches_=[running(port=None)]).problems
    assert problem.message == "vllm_node is already the name of a launch: vllm serve other/model … (pid 4711)"
    assert problem.hint == "choose another with --name, or: sparkup stop vllm_node"
    several = replace(running(port=None), nodes=("local", "spark2"))
    (problem,) = refused(request(), launches_=[several]).problems
    assert problem.message == "vllm_node is already the name of a launch: vllm serve other/model …"
    assert decided(request(), launches_=[running(alive=False)]).launch.name == "vllm_node"
    assert decided(request(name="b"), launches_=[running(port=9)]).launch.name == "b"


LINGERS: Systemd = systemd.parse(answers("systemd", "user_who_lingers"))
WITH_MANAGER: Systemd = systemd.parse(answers("systemd", "user_with_manager"))
ROOT: Systemd = systemd.parse(answers("systemd", "root"))


@pytest.mark.parametrize("system", [LINGERS, ROOT], ids=["lingers", "root"])
def test_limits_and_long_lives_where_systemd_gives_both(system: Systemd) -> None:
    assert decided(request(limits=Limits(1 << 30, 100)), systemd_=system).launch.limits.tasks == 100


def test_a_launch_that_ends_with_its_session_needs_no_lingering() -> None:
    (problem,) = refused(request(), systemd_=WITH_MANAGER).problems
    assert problem.message == "RemoveIPC=yes in logind.conf harms what ada leaves running at logout"
    assert problem.hint == "once: sudo loginctl enable-linger ada; or use --stop-on-exit"
    assert decided(request(outlives=False), systemd_=WITH_MANAGER).launch.port == 8000


def test_a_setting_that_kills_is_named() -> None:
    kills = systemd.parse(answers("systemd", "vendor_drop_in_kills"))
    (problem,) = refused(request(), systemd_=kills).problems
    assert problem.message.startswith("KillUserProcesses=yes in logind.conf")


@pytest.mark.parametrize(
    ("venv", "there", "program", "chosen"),
    [
        ("", (CPU, CUDA), "/bin/vllm", CUDA),
        ("", (CPU,), "/bin/vllm", None),
        ("", (CPU,), "", CPU),
        ("none", (CPU, CUDA), "/bin/vllm", None),
        ("cpu", (CPU, CUDA), "/bin/vllm", CPU),
        (CPU.name, (CPU, CUDA), "", CPU),
    ],
)
def test_which_environment_a_launch_runs_in(
    venv: str, there: tuple[PythonEnvironment, ...], program: str, chosen: PythonEnvironment | None
) -> None:
    found = Lookup(program, provided=frozenset(each.folder for each in there))
    launch = decided(request(venv=venv), environments_=there, lookup=found).launch
    assert launch.python_environment == (str(chosen.folder) if chosen else "")


def test_an_environment_that_nobody_named_is_told() -> None:
    cuda = decided(request(), environments_=[CPU, CUDA])
    assert cuda.notes == (f"environment {CUDA.name} (the user's PATH: --venv none)",)
    only_there = Lookup(provided=frozenset({CPU.folder}))
    assert decided(request(), environments_=[CPU], lookup=only_there).notes == (f"environment {CPU.name}",)
    assert decided(request(venv="cpu"), environments_=[CPU]).notes == ()


def test_a_program_given_by_its_path_is_in_no_environment() -> None:
    asked = request("/opt/vllm/bin/vllm", "serve", "m")
    found = decided(asked, environments_=(CUDA,), lookup=Lookup("/opt/vllm/bin/vllm"))
    assert found.launch.python_environment == ""


@pytest.mark.parametrize(("environments", "names"), [((), "none"), ((CPU, CUDA), f"{CPU.name}, {CUDA.name}")])
def test_an_environment_that_is_not_there(environments: tuple[PythonEnvironment, ...], names: str) -> None:
    (problem,) = refused(request(venv="rocm"), environments_=environments).problems
    assert problem.message == f"no managed environment 'rocm' (there: {names})"
    assert problem.hint == "make it: sparkup env create rocm"


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("vllm", "serve", "m"), "make an environment with vLLM"),
        (("python3", "x.py"), "make an environment with vLLM"),
        (("vlm", "serve", "m"), "check the spelling"),
        (("/no/such", "serve"), "check the spelling"),
    ],
)
def test_a_program_that_is_not_there(argv: tuple[str, ...], hint: str) -> None:
    (problem,) = refused(request(*argv), lookup=NO_PROGRAM).problems
    assert problem.message == f"{argv[0]}: command not found"
    assert problem.hint.startswith(hint)


def test_what_makes_an_environment_names_the_host_that_lacks_it() -> None:
    for venv, hint in (
        ("", "make an environment with vLLM: sparkup env create cpu --host spark1 (or cuda, on a GPU)"),
        ("rocm", "make it: sparkup env create rocm --host spark1"),
    ):
        asked = request(hosts=[Host("spark1", "spark1")], venv=venv)
        with pytest.raises(SparkupError) as caught:
            resolve(asked, {"spark1": seen(asked, host="spark1", lookup=NO_PROGRAM)}, "a1b2c3d4")
        assert hint in [problem.hint for problem in caught.value.problems]


def test_a_program_of_the_chosen_environment_is_found_and_one_of_another_is_not() -> None:
    torchrun, there = request("torchrun", "x.py", venv="cpu"), (CPU, CUDA)
    found = decided(torchrun, environments_=there, lookup=Lookup(provided=frozenset({CPU.folder})))
    assert found.launch.python_environment == str(CPU.folder)
    error = refused(torchrun, environments_=there, lookup=Lookup(provided=frozenset({CUDA.folder})))
    assert error.problems[0].code == "command-not-found"


def test_a_program_is_looked_for_along_the_path_that_the_launch_gets() -> None:
    asked = request("tool", environment=Environment({"PATH": "/opt/tool/bin"}))
    assert command_lookup(asked).requests["program"].body["path"] == "/opt/tool/bin"


def test_what_was_never_recorded_is_said_and_not_refused() -> None:
    asked = request("vlm", "serve", "/m/none")
    found = decided(asked, lookup=Lookup(known=False))
    assert found.notes == ("not recorded of local, so not checked: the program and the model",)


def test_a_server_without_a_model_is_the_engines_to_judge() -> None:
    assert decided(request("vllm", "serve", "--port", "9000")).launch.port == 9000


def test_a_config_file_decides_the_port() -> None:
    asked = request("vllm", "serve", "--config", "/s.yaml")
    found = decided(asked, lookup=Lookup("/bin/vllm", config="port: 9100\nhost: 0.0.0.0\n"))
    assert (found.launch.port, found.launch.api_host) == (9100, "127.0.0.1")
    assert found.launch.argv == asked.argv


def test_what_has_to_be_seen_for_a_decision() -> None:
    facts = wanted(request("vllm", "serve", "/m", "--config", "/s.yaml"))
    assert len({fact.name for fact in facts}) == len(facts) == 14
    mounted = ContainerRequest(mounts=(Mount("/a", "/m"),))
    facts = wanted(request("vllm", "serve", "/m", container=mounted))  # it is elsewhere on the host
    assert len({fact.name for fact in facts}) == len(facts) == 15
    assert len(wanted(request("vllm", "serve", "m", engine=Engine.HOST))) == 10  # no engine is asked
    lookup = command_lookup(request("vllm", "serve", "/m", "--config", "/s.yaml"))
    assert lookup.requests["config"].body["globs"] == ["/s.yaml"]
    assert lookup.requests["model"].body["paths"][0] == "/m"
    assert command_lookup(request("sleep", "5")).requests["program"].body["names"] == ["sleep"]
