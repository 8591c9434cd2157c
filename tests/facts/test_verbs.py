"""What a login may do with RDMA, as this machine told it, which has no RDMA device."""

from tests.fixtures.recorded import answers

from sparkup.facts.verbs import VERBS, Verbs


def test_a_machine_without_rdma_whose_memory_may_not_be_locked() -> None:
    assert VERBS.parse(answers("verbs", "vm")) == Verbs(devices=False, locked=8 << 20)


def test_no_limit_is_none() -> None:
    told = answers("verbs", "vm")
    ((path, line),) = told["limits"]["files"].items()
    free = {path: line.replace("8388608", "unlimited")}
    assert VERBS.parse({**told, "limits": {"files": free}}).locked is None
    assert VERBS.parse({**told, "limits": {"files": {}}}) == Verbs(devices=False)
