"""Answers as people read them."""

import shlex
from dataclasses import replace
from typing import get_args

import pytest
from tests.report.examples import ANSWERS, ENVIRONMENT, LAUNCHED, READY, ROW, SHOWN, STOPPED

from sparkup.domain.answer import (
    Answer,
    Environments,
    Finished,
    FirstCause,
    Script,
    Shown,
    Status,
    Stopped,
    Tried,
    Whole,
)
from sparkup.domain.duration import age
from sparkup.report.people import CLEAR, answer_text, curl

REMOTE = replace(LAUNCHED, hosts=("spark1",), address="ada@spark1")


def test_there_is_an_example_of_every_answer() -> None:
    assert {type(each) for each in ANSWERS} == set(get_args(Answer))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: type(each).__name__)
def test_every_text_is_whole_lines(answer: Answer) -> None:
    text = answer_text(answer)
    assert text == "" or text.endswith("\n")
    assert "\x1b" not in text
    assert "None" not in text


def test_a_launch_that_is_ready() -> None:
    assert answer_text(LAUNCHED) == (
        "mine is ready at http://127.0.0.1:8000 after 53.9 s\n"
        "  python        36.4 s\n"
        "  weights       17.5 s\n"
        "  KV cache   32,768 tokens, 64.0 requests of full length at once\n"
        "\n"
        "ask it:\n"
        "  curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' "
        '-d \'{"model": "org/name", "messages": [{"role": "user", "content": "Hello"}]}\'\n'
        "\n"
        "its log:  sparkup logs -f mine\n"
        "stop it:  sparkup stop mine\n"
    )


def test_what_another_user_hides() -> None:
    hidden = replace(ROW, name="theirs", phase="hidden", owner=1001, pid=0, url="", argv=(), seconds=0.0)
    row = answer_text(Status(("local",), (hidden,))).splitlines()[1].split()
    assert row == ["theirs", "local", "hidden", "(of", "uid", "1001)", "-", "-", "-", "-"]


def test_a_container_whose_folder_is_gone() -> None:
    orphan = replace(ROW, phase="orphaned", image="vllm-node", container="running", pid=0, url="", argv=())
    row = answer_text(Status(("local",), (orphan,))).splitlines()[1].split(maxsplit=7)
    end = "(its folder is gone; image vllm-node)"
    assert row == ["mine", "local", "orphaned", "(running)", "-", "-", "-", end]


def test_a_container_that_is_paused() -> None:
    for phase in ("running", "starting"):
        paused = replace(ROW, phase=phase, stage="weights", container="paused")
        assert f" {phase} (paused) " in answer_text(Status(("local",), (paused,))).splitlines()[1]


def test_a_launch_that_nobody_waited_for() -> None:
    assert answer_text(replace(LAUNCHED, ready=None)) == (
        "mine was started on local, to be reached at http://127.0.0.1:8000\n"
        "watch it: sparkup status --watch\n"
        "its log:  sparkup logs -f mine\n"
        "stop it:  sparkup stop mine\n"
    )
    assert answer_text(replace(LAUNCHED, ready=None, url="", port=None)).startswith(
        "mine was started on local\n"
    )


def test_a_launch_without_an_api() -> None:
    assert answer_text(replace(LAUNCHED, url="", port=None)).splitlines()[0] == "mine is ready (53.9 s)"


def test_on_another_machine_every_command_names_it_and_the_loopback_needs_a_way() -> None:
    text = answer_text(REMOTE)
    assert "sparkup logs -f mine --host spark1\n" in text
    assert "sparkup stop mine --host spark1\n" in text
    assert "  ssh -N -L 8000:127.0.0.1:8000 ada@spark1\n" in text
    assert text.index("ssh -N") < text.index("ask it")
    assert "ssh -N" not in answer_text(LAUNCHED)
    assert "ssh -N" not in answer_text(replace(REMOTE, url="http://spark1:8000"))


def test_the_way_to_a_loopback_is_said_of_a_start_and_of_a_status_too() -> None:
    way = "ssh -N -L 8000:127.0.0.1:8000 ada@spark1\n"
    assert answer_text(replace(REMOTE, ready=None)).splitlines(keepends=True)[3:5] == [f"  {way}", "\n"]
    row = replace(ROW, host="spark1", address="ada@spark1")
    assert f"from here, open a way to mine first: {way}" in answer_text(Status(("spark1",), (row,)))
    ranks = (replace(row, nodes=("spark1", "spark2")), replace(row, rank=1, host="spark2", url=""))
    whole = Whole(row.name, row.attempt, "ready", "", row.url, "mp", "m", ("spark1", "spark2"))
    text = answer_text(Status(("spark1", "spark2"), ranks, wholes=(whole,)))
    assert text.endswith(f"  from here, open a way to mine first: {way}")
    for other in (
        replace(row, address=""),
        replace(row, phase="failed"),
        replace(row, url="http://spark1:8000"),
    ):
        assert "ssh -N" not in answer_text(Status(("spark1",), (other,)))


def test_what_to_paste_carries_the_name_of_the_key_and_not_the_key() -> None:
    line = curl(replace(LAUNCHED, needs_key=True))
    assert '-H "Authorization: Bearer $VLLM_API_KEY"' in line
    assert shlex.split(line)[0] == "curl"


def test_a_model_that_does_not_chat_is_asked_what_it_is() -> None:
    pooling = replace(LAUNCHED, ready=replace(READY, canary="embed"))
    assert curl(pooling) == "curl http://127.0.0.1:8000/v1/models"
    locked = replace(LAUNCHED, ready=replace(READY, canary="locked"), needs_key=False)
    assert curl(locked).endswith('/v1/models -H "Authorization: Bearer $VLLM_API_KEY"')


def test_what_is_no_vllm_server_is_asked_for_its_page() -> None:
    assert curl(replace(LAUNCHED, ready=None)) == "curl http://127.0.0.1:8000"
    other = replace(LAUNCHED, url="https://127.0.0.1:8443", ready=replace(READY, canary=""))
    assert curl(other) == "curl -k https://127.0.0.1:8443"


def test_a_model_name_survives_the_shell() -> None:
    odd = replace(LAUNCHED, ready=replace(READY, model="it's $(x)"))
    assert '"model": "it\'s $(x)"' in shlex.split(curl(odd))[-1]


def test_a_capacity_that_is_not_known_is_not_told() -> None:
    def rows(**known: float | None) -> list[str]:
        ready = replace(READY, stages=(), **known)  # type: ignore[arg-type]  # as Ready takes them
        text = answer_text(replace(LAUNCHED, ready=ready))
        return [line for line in text.splitlines() if "KV cache" in line]

    assert rows(kv_tokens=None) == []
    assert rows(concurrency=None) == ["  KV cache   32,768 tokens"]


def test_a_status_is_a_table() -> None:
    starting = replace(ROW, name="b", phase="starting", stage="weights 25%", url="", seconds=42)
    failed = replace(ROW, name="c", phase="failed", exit_status=1, argv=("bash", "-c", "a\n  b" + "x" * 99))
    assert answer_text(Status(("local",), (ROW, starting, failed))).splitlines() == [
        "NAME  HOST   PHASE                   SINCE  PID   API                    COMMAND",
        "mine  local  ready                   2 h    4711  http://127.0.0.1:8000  vllm serve org/name",
        "b     local  starting (weights 25%)  42 s   4711  -                      vllm serve org/name",
        "c     local  failed (exit 1)         2 h    4711  http://127.0.0.1:8000  bash -c a b" + "x" * 99,
        "  why: sparkup logs --first-cause c",
    ]


def test_on_a_terminal_the_command_has_what_is_left() -> None:
    long = replace(ROW, argv=("vllm", "serve", "org/name", *("--enforce-eager",) * 9))
    lines = answer_text(Status(("local",), (long, ROW)), width=80).splitlines()
    assert [len(line) for line in lines[1:]] == [80, 75]
    assert lines[1].endswith("  http://127.0.0.1:8000  vllm serve org/name --e…")
    assert lines[2].endswith("  vllm serve org/name")
    narrow = answer_text(Status(("local",), (long,)), width=20).splitlines()
    assert narrow[1].endswith("  http://127.0.0.1:8000  vllm serve …")


def test_a_command_cannot_draw_on_the_terminal() -> None:
    odd = replace(ROW, argv=("x\x1b[2J\x07y",), url="http://\x1b]0;t\x07h")
    text = answer_text(Status(("local",), (odd,)))
    assert "\x1b" not in text
    assert text.endswith("http://h  x y\n")


@pytest.mark.parametrize("seconds", [-5.0, 0.0, 1.8e9])
def test_an_age_that_another_clock_makes_nonsense_is_not_told(seconds: float) -> None:
    row = answer_text(Status(("spark1",), (replace(ROW, seconds=seconds),))).splitlines()[1]
    assert row.split()[:4] == ["mine", "local", "ready", "-"]


WHOLE = Whole("big", "x1", "ready", "", "http://h:8000", "mp", "tiny", ("spark1", "spark2"))
RANKS = (
    replace(ROW, name="big", attempt="x1", rank=1, host="spark2", phase="running", url=""),
    replace(ROW, name="big", attempt="x1", host="spark1"),
)


def test_several_ranks_are_shown_together() -> None:
    assert answer_text(Status(("spark1", "spark2"), RANKS, (), (WHOLE,))).splitlines() == [
        "big is ready at http://h:8000 (2 ranks through mp, tiny)",
        "  RANK  HOST    PHASE    SINCE  PID   LOG",
        "  0     spark1  ready    2 h    4711  /s/launches/mine/log",
        "  1     spark2  running  2 h    4711  /s/launches/mine/log",
    ]


def test_what_is_wrong_with_a_rank_is_said_of_the_whole() -> None:
    ended = replace(RANKS[0], phase="failed", because="rank 0 on spark1 has ended (exit status 1)")
    failed = replace(WHOLE, phase="failed", because="rank 0 on spark1 failed", model="", notes=("a note",))
    lines = answer_text(Status(("spark2",), (ROW, ended), (), (failed,))).splitlines()
    assert lines[1].split()[:3] == ["mine", "local", "ready"]
    assert lines[2:4] == ["", "big is failed (2 ranks through mp): rank 0 on spark1 failed"]
    assert lines[5].split()[:4] == ["1", "spark2", "was", "ended"]
    assert lines[6:] == ["  a note", "  why: sparkup logs --first-cause big --host spark2"]
    degraded = answer_text(Status(("spark1",), RANKS, (), (replace(WHOLE, phase="degraded"),)))
    assert degraded.endswith("  why: sparkup logs --first-cause big --host spark1\n")


def test_the_first_cause() -> None:
    found = FirstCause("big", 1, "spark2", "OSError: full", "make room", ("OSError: full",))
    assert answer_text(found) == "rank 1 on spark2: OSError: full\n  OSError: full\nwhat to do: make room\n"
    assert answer_text(replace(found, message="")) == "no log of big tells of a failure\n"


def test_a_status_of_nothing() -> None:
    assert answer_text(Status(("a", "b"), ())) == "nothing is launched on a, b\n"


def test_a_status_that_is_shown_again_wipes_the_screen_first() -> None:
    status = Status(("local",), (replace(ROW, phase="starting"),))
    assert answer_text(status, clear=True) == CLEAR + answer_text(status)
    assert "starting  " in answer_text(status)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172800, "2 d")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_what_stopping_took() -> None:
    assert answer_text(Stopped((STOPPED,))) == (
        "stopped mine on local in 0.9 s: 4 processes ended, port 8000 is free, 3.0 GiB of memory are back\n"
    )
    held = replace(STOPPED, port_free=False, memory=-5)
    assert answer_text(Stopped((held,))).endswith("4 processes ended, port 8000 is STILL HELD\n")
    gone = replace(STOPPED, processes=0, port=None, memory=None)
    followed = "stopped mine on local in 0.9 s: it had ended with the others\n"
    assert answer_text(Stopped((replace(gone, with_others=True),))) == followed
    assert answer_text(Stopped((gone,))).endswith("in 0.9 s: nothing of it was running\n")
    assert answer_text(Stopped(())) == "nothing was running\n"


def test_a_dry_run_shows_the_phases_in_which_something_would_be_done() -> None:
    assert answer_text(SHOWN) == (
        "Start:\n"
        "  [local] start it  (after program local)\n"
        "      run   true\n"
        "  [local] start it\n"
        "      run   true\n"
        "      runs true\n"
        "nothing was done; the same without --dry-run does it\n"
    )
    assert answer_text(Shown({}, ())).startswith("nothing was done")


def test_environments_are_a_table() -> None:
    older = replace(ENVIRONMENT, name="cpu-0.31.0-00000000", current=False)
    lines = answer_text(Environments((ENVIRONMENT, older), "made in 60 s")).splitlines()
    assert lines[0].split() == ["NAME", "HOST", "VLLM", "PYTHON", "MADE", "FOLDER"]
    assert lines[2].startswith("cpu-0.31.0-00000000 (older)  local")
    assert lines[3] == "made in 60 s"
    assert answer_text(Environments(())) == "no managed environments; make one: sparkup env create cpu\n"
    assert answer_text(Environments((), "removed cpu")) == "removed cpu\n"


def test_the_path_in_miniature() -> None:
    (tried,) = [each for each in ANSWERS if isinstance(each, Tried)]
    text = answer_text(tried)
    assert "vLLM 0.32.0 served a tiny model on the CPU; ready after 53.9 s\n" in text
    assert "32 tokens in 1.50 s, the first after 123 ms\n" in text
    short = answer_text(replace(tried, tokens=None, first_token=None, ready=None))
    assert "on the CPU\n" in short
    assert "an unknown number of tokens in 1.50 s, the first after unknown\n" in short


def test_a_script_and_the_output_of_a_command_stand_for_themselves() -> None:
    assert answer_text(Script("#!/bin/sh\n")) == "#!/bin/sh\n"
    assert answer_text(Finished("mine", 3, "/log")) == ""
