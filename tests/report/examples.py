"""One answer of each kind, and the events of a whole start."""

from tests.planning.fabrics import A0, pair
from tests.report import build_examples, image_examples

from sparkup.domain.answer import (
    Answer,
    EnvironmentRow,
    Environments,
    Facts,
    Finished,
    FirstCause,
    HostFacts,
    Launched,
    Recorded,
    Row,
    Script,
    Shown,
    Status,
    Stopped,
    StopReport,
    Tried,
)
from sparkup.domain.check import Finding
from sparkup.domain.checked import Checked, CheckedRank, CheckRow, Explained, ExplainedRank, Reasoned
from sparkup.domain.discovery import Left
from sparkup.domain.event import (
    Event,
    LogLine,
    Noted,
    PhaseFinished,
    PhaseStarted,
    Ready,
    StageChanged,
    StepFinished,
    StepOutput,
    StepStarted,
    Warned,
)
from sparkup.domain.network import Detected, DetectedHost, FabricShown, Meshed, Pair
from sparkup.errors import Problem
from sparkup.planning.fabric import plan_fabric

READY = Ready(
    name="mine",
    url="http://127.0.0.1:8000",
    seconds=53.9,
    stages=(("python", 36.4), ("weights", 17.5)),
    kv_tokens=32768,
    concurrency=64.0,
    canary="generate",
    model="org/name",
)
LAUNCHED = Launched(
    name="mine",
    attempt="a1b2c3d4",
    engine="host",
    hosts=("local",),
    argv=("vllm", "serve", "org/name"),
    url="http://127.0.0.1:8000",
    port=8000,
    log="/s/launches/mine/log",
    ready=READY,
)
ROW = Row(
    name="mine",
    host="local",
    rank=0,
    phase="ready",
    engine="host",
    pid=4711,
    url="http://127.0.0.1:8000",
    health=200,
    stage="",
    started=1.0,
    seconds=7500.0,
    exit_status=None,
    model="org/name",
    argv=("vllm", "serve", "org/name"),
    log="/s/launches/mine/log",
)
STOPPED = StopReport("mine", "local", 4, 8000, port_free=True, memory=3 << 30, seconds=0.93)
ENVIRONMENT = EnvironmentRow(
    "cpu-0.32.0-eade65dd", "cpu", "local", "0.32.0", "3.11", "/e/cpu-0.32.0-eade65dd", 0.0, current=True
)
STEP = {
    "id": "start rank 0",
    "host": "local",
    "what": "run   true",
    "argv": ["true"],
    "reason": "start it",
    "after": ["program local"],
}
SHOWN = Shown(
    {"launch": "mine"},
    (
        {"title": "Look at the host", "steps": [], "notes": []},
        {"title": "Start", "steps": [STEP, {**STEP, "after": []}], "notes": ["runs true"]},
    ),
)
CHECKED = Checked(
    "mine",
    ("spark1",),
    "one host: nothing between hosts is needed",
    (
        CheckRow("mem.avail", "fail", "spark1", "112.0 GiB are too much", "ask for less"),
        CheckRow("port.free", "ok"),
    ),
    (CheckedRank(0, "spark1", "docker", "vllm-node", "0" * 64, argv=("docker", "run")),),
    (Problem("no-memory", "112.0 GiB are too much", "spark1", "ask for less"),),
)
EXPLAINED = Explained(
    "mine",
    (
        ExplainedRank(
            0,
            "spark1",
            (
                Reasoned("NCCL_NET", "Socket", "you set it, and it wins", yours=True, instead="IB"),
                Reasoned("HF_TOKEN", None, "you set it", yours=True),
            ),
        ),
    ),
)
PAIR = plan_fabric(pair({A0: "10.0.0.1/24"}, {A0: "10.0.0.2/24"}))
DETECTED = Detected(
    hosts=(
        DetectedHost("a", "", "SHA256:x", gb10=True, fabric=("10.0.0.1/24",), why=("this machine",)),
        DetectedHost("b", "10.0.0.2", "", gb10=False, fabric=(), why=("scan of 10.0.0.0/24", "met")),
    ),
    left=(Left("10.0.0.9", ("met",), "not-gb10", "nas has no GB10", "--any-machine takes it"),),
    scanned=("10.0.0.0/24",),
    notes=("10.1.0.0/16 on x was not scanned",),
    fabric=PAIR,
    file="cluster.yaml",
    age=7500.0,
    stale=(Finding("warn", "env.stale", "in the file, and not found", "c", "see that it is on"),),
)
MESHED = Meshed(
    ("a", "b"), (Pair("a", "b", ("10.0.0.2",)), Pair("b", "a", ("10.0.0.1",), (("10.0.0.1", "refused"),))),
    (("b", "a key was made"),),
)  # fmt: skip
ANSWERS: tuple[Answer, ...] = (
    LAUNCHED,
    Finished("mine", 3, "/s/past/mine/log"),
    Status(("local",), (ROW,)),
    FirstCause("mine", 1, "spark2", "OSError: no room", "make room", ("OSError: no room",)),
    Stopped((STOPPED,)),
    SHOWN,
    Script("#!/bin/sh\n"),
    Environments((ENVIRONMENT,), "made in 60 s"),
    Tried("Hello?", "wq x", 32, 0.123, 1.5, READY, "0.32.0", STOPPED, 61.0),
    Facts((HostFacts("local", {"gpu": {"shown": True, "driver": "580.142", "cards": []}}),)),
    CHECKED,
    EXPLAINED,
    Recorded("local", "bug", ("free/free.txt",), {"ibstat/ibstat.txt": "not installed"}),
    FabricShown(("a", "b"), PAIR, "drawn.svg"),
    DETECTED,
    MESHED,
    *build_examples.ANSWERS,
    *image_examples.ANSWERS,
)

START: tuple[Event, ...] = (
    PhaseStarted("Look at the host"),
    Noted("environment cpu"),
    PhaseFinished("Look at the host", 0.2),
    PhaseStarted("Start"),
    StepStarted("program local", "local", "the program that looks after launches"),
    StepFinished("program local", "local", 0.1),
    StepStarted("packages", "local", "install vLLM", slow=True),
    StepOutput("packages", "local", "Collecting vllm"),
    PhaseFinished("Start", 1.5),
    PhaseStarted("Wait until ready"),
    StageChanged("local", 0, "python", "importing"),
    LogLine("local", 0, "INFO \x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07 and \rback\x1b"),
    StageChanged("local", 0, "weights", "1/4", 0.25),
    Warned("something is odd", "look at it"),
)
