"""ray's command lines: bound to one address, small, without a dashboard; tests/real runs them."""

from sparkup.commands import ray


def test_a_head() -> None:
    argv = ray.head("10.0.0.11", 6379, 1, block=False)
    assert argv[:7] == ("ray", "start", "--head", "--node-ip-address", "10.0.0.11", "--port", "6379")
    assert "--include-dashboard=false" in argv
    assert "--disable-usage-stats" in argv
    assert "--block" not in argv
    assert ray.head("10.0.0.11", 6379, 1, block=True)[-1] == "--block"


def test_a_worker() -> None:
    argv = ray.worker("10.0.0.12", "10.0.0.11", 6380, 2)
    assert argv[:6] == ("ray", "start", "--address", "10.0.0.11:6380", "--node-ip-address", "10.0.0.12")
    assert argv[argv.index("--num-gpus") + 1] == "2"
    assert argv[-1] == "--block"


def test_a_lost_node_is_noticed_in_seconds() -> None:
    values = {each.name: each.value for each in ray.VARIABLES}
    period, failures = (
        int(values[f"RAY_health_check_{name}"]) for name in ("period_ms", "failure_threshold")
    )
    assert period * failures <= 5000
