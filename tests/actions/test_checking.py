"""`launch --check` and `--explain`: everything up to the start, and nothing is done."""

from tests.user import User, free_port


def test_all_is_well_and_nothing_is_done(user: User) -> None:
    done = user.run("launch", "--check", *user.serve())
    assert done.status == 0
    assert "checks passed" in done.out
    assert "fabric: one host: nothing between hosts is needed" in done.out
    assert "rank 0 on local, engine host" in done.out
    assert done.out.endswith("nothing was done; the same without --check starts it\n")
    user.nothing_is_left()


def test_it_ends_as_the_launch_would(user: User) -> None:
    for words in (("/no/such/folder",), ("/no/such/folder", "--port", "many")):
        checked = user.run("launch", "--check-config", "--", "vllm", "serve", *words)
        launched = user.run("launch", "--", "vllm", "serve", *words)
        assert checked.status == launched.status == 2
        assert "FAILS        model.there      local: there is no model folder" in checked.out
        assert checked.out.endswith("vllm_node would not be started\n")


def test_a_refusal_as_json(user: User) -> None:
    done = user.run("launch", "--check", "--json", "--", "no-such-program")
    assert done.status == 2
    failed = [row["id"] for row in done.json["checks"] if row["outcome"] == "fail"]
    assert failed == ["run.program"]
    assert done.json["problems"][0]["code"] == "command-not-found"
    assert done.json["ranks"] == []


def test_a_port_that_is_taken(user: User) -> None:
    port = free_port()
    assert user.run("launch", "-d", *user.serve(port=port)).status == 0
    done = user.run("launch", "--check", "--name", "other", *user.serve(port=port))
    assert done.status == 5
    assert "port.free" in done.out.splitlines()[0]
    assert user.run("stop").status == 0


def test_each_variable_and_why(user: User) -> None:
    words = ("-e", "HF_TOKEN=hf_hidden-4711", "-e", "PLAIN=a", *user.serve("--api-key", "sk-hidden"))
    done = user.run("launch", "--explain", *words)
    assert done.status == 0
    assert "  PLAIN=a\n      you set it\n" in done.out
    assert "  HF_TOKEN, which is not shown\n" in done.out
    assert "hidden-" not in done.out + done.err
    assert "sk-" not in done.out + done.err
    user.nothing_is_left()
    assert user.run("launch", "--explain", "--", "no-such-program").status == 2


def test_what_hosts_last_answered_is_enough(user: User) -> None:
    words = user.serve()
    assert user.run("launch", "--check", *words).status == 0
    assert user.run("launch", "--check", "--offline", *words).status == 0
    assert user.run("launch", "--explain", "--offline", *words).status == 0


def test_one_answer_at_a_time(user: User) -> None:
    done = user.run("launch", "--check", "--explain", "--dry-run", *user.serve())
    assert done.status == 2
    assert "--dry-run and --check and --explain are different answers" in done.err
