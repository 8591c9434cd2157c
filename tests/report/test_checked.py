"""What people see of checks, and of variables with their reasons."""

from dataclasses import replace

from tests.report.examples import CHECKED, EXPLAINED

from sparkup.domain.checked import ExplainedRank, Reasoned
from sparkup.report.people import answer_text

NOTHING = "nothing was done; the same without --explain starts it\n"


def test_what_fails_comes_with_what_to_do() -> None:
    assert answer_text(CHECKED) == (
        "FAILS        mem.avail        spark1: 112.0 GiB are too much\n"
        "                              ask for less\n"
        "ok           1 check passed\n"
        "fabric: one host: nothing between hosts is needed\n"
        "rank 0 on spark1, engine docker:\n"
        "  image    vllm-node (content 000000000000)\n"
        "  by       docker run\n"
        "mine would not be started\n"
    )


def test_what_would_start() -> None:
    well = CHECKED.checks[1]
    text = answer_text(replace(CHECKED, problems=(), checks=(well, replace(well, id="env.shell"))))
    assert text.startswith("ok           2 checks passed\n")
    assert text.endswith("nothing was done; the same without --check starts it\n")


def test_where_ones_own_variable_wins() -> None:
    assert answer_text(EXPLAINED) == (
        "mine: variables\n"
        "  NCCL_NET=Socket\n"
        "      you set it, and it wins (else IB)\n"
        "  HF_TOKEN, which is not shown\n"
        "      you set it\n"
        f"{NOTHING}"
    )


def test_what_all_ranks_have_is_told_once() -> None:
    first = EXPLAINED.ranks[0]
    own = Reasoned("VLLM_HOST_IP", "10.0.0.2", "its address")
    second = ExplainedRank(1, "spark2", (*first.variables, own))
    text = answer_text(replace(EXPLAINED, ranks=(first, second)))
    assert text.startswith("mine: variables of all ranks\n")
    assert text.count("NCCL_NET=") == 1
    assert text.endswith(f"rank 1 on spark2\n  VLLM_HOST_IP=10.0.0.2\n      its address\n{NOTHING}")


def test_no_variables() -> None:
    assert (
        answer_text(replace(EXPLAINED, ranks=(ExplainedRank(0, "spark1", ()),)))
        == f"mine: variables\n  none\n{NOTHING}"
    )
