"""sparkup images on two simulated hosts: what they have, how builds differ, and the way back."""

from pathlib import Path

import pytest
from tests.e2e.image_shop import NAME, PREVIOUS, Shop, inputs, shop
from tests.simhosts.hosts import Testbed
from tests.waiting import until

from sparkup.commands import docker_build

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]


def test_builds_are_listed_with_what_is_known_of_them(store: Shop) -> None:
    store.builds()
    store.build("theirs:1", "theirs")
    store.note(NAME, "0.13.0")
    rows = {name: each for each in store.rows() for name in each["names"]}
    assert rows.keys() == {NAME, PREVIOUS, "theirs:1"}
    assert (rows[NAME]["variant"], rows[NAME]["versions"]) == ("cpu", {"vllm": "0.13.0"})
    assert (rows[PREVIOUS]["vllm"], rows[PREVIOUS]["versions"]) == ("main 111111111111", {})
    assert (rows["theirs:1"]["variant"], rows["theirs:1"]["vllm"]) == ("", "")
    text = store.user.run("images", "--host", "spark1").out
    assert [line.split()[:3] for line in text.splitlines()][1:] == [
        ["theirs:1", "-", "-"],
        [NAME, "cpu", "0.13.0"],
        [PREVIOUS, "cpu", "main"],
    ]


def test_one_image_and_its_record(store: Shop) -> None:
    store.builds()
    fingerprint = store.note(NAME, "0.13.0", ["--model"])
    shown = store.json("show", "vllm-node-cpu")
    assert shown["record"]["inputs"]["sources"][0]["commit"] == "2" * 40
    assert shown["record"]["measured"]["flags"] == ["--model"]
    assert store.json("show", fingerprint[:8]) == shown
    digits = shown["images"][0]["id"].removeprefix("sha256:")[:12]
    assert store.json("show", digits) == shown
    assert store.json("show", PREVIOUS)["record"]["measured"] is None
    text = store.user.run("images", "show", NAME, "--host", "spark1").out
    assert "  version       vllm 0.13.0\n" in text
    assert "  pull request  #7 of" in text


def test_what_differs_between_two_builds(store: Shop) -> None:
    store.builds()
    store.note(PREVIOUS, "0.12.0", ["--model", "--old"])
    store.note(NAME, "0.13.0", ["--model", "--new"])
    found = store.json("diff", PREVIOUS, "vllm-node-cpu")
    changed = {(each["kind"], each["name"]): (each["before"], each["after"]) for each in found["changes"]}
    assert changed["source", "vllm commit"] == ("1" * 40, "2" * 40)
    assert changed["version", "vllm"] == ("0.12.0", "0.13.0")
    assert changed["argument", "VLLM_REF"] == ("1" * 40, "2" * 40)
    assert [each for each in changed if each[0] == "pull-request"] == [
        ("pull-request", "#7 of https://github.com/vllm-project/vllm.git")
    ]
    assert (found["flags_added"], found["flags_removed"]) == (["--new"], ["--old"])
    assert (found["layers"], found["same"]) == (1, False)


def test_two_rollbacks_change_nothing(store: Shop) -> None:
    store.builds()
    started = store.there(
        store.engine, "run", "-d", "--network", "host", NAME, "busybox", "sleep", "600"
    ).strip()
    done = store.json("rollback", "vllm-node-cpu")
    assert (done["name"], done["previous"]) == (NAME, PREVIOUS)
    assert (done["images"][0]["vllm"], done["before"][0]["vllm"]) == (
        "main 111111111111",
        "main 222222222222",
    )
    assert (store.word(NAME), store.word(PREVIOUS)) == ("before", "now")
    state = ("container", "inspect", "--format", "{{.State.Status}}", started)
    assert store.there(store.engine, *state).strip() == "running"
    assert store.there(store.engine, "exec", started, "busybox", "cat", "/word") == "now"
    store.json("rollback", NAME)
    assert (store.word(NAME), store.word(PREVIOUS)) == ("now", "before")
    text = store.user.run("images", "rollback", NAME, "--host", "spark1").out
    assert "what runs goes on with the image that it was started from" in text


def test_nothing_to_go_back_to(store: Shop) -> None:
    store.build(NAME, "now", inputs("2"))
    done = store.user.run("images", "rollback", NAME, "--host", "spark1")
    assert (done.status, "(no-previous-image)" in done.err) == (5, True), done
    done = store.user.run("images", "rollback", "vllm-node-cpx", "--host", "spark1")
    assert (done.status, "did you mean vllm-node-cpu?" in done.err) == (2, True), done
    assert store.word(NAME) == "now"


def test_a_tag_has_an_image_before_of_its_own(shop_20: Shop) -> None:
    shop_20.builds()
    shop_20.build("vllm-node-cpu:dev-previous", "dev before")
    shop_20.build("vllm-node-cpu:dev", "dev")
    shop_20.json("rollback", "vllm-node-cpu:dev")
    assert shop_20.word("vllm-node-cpu:dev") == "dev before"
    assert (shop_20.word(NAME), shop_20.word(PREVIOUS)) == ("now", "before")


@pytest.mark.parametrize("docker", ["shop_20", "shop_26"])
def test_a_build_that_ends_after_a_rollback_keeps_the_image_that_has_the_name_by_then(
    docker: str, request: pytest.FixtureRequest
) -> None:
    shop: Shop = request.getfixturevalue(docker)
    shop.builds()
    candidate, rolled_back = shop.build("vllm-node-cpu:candidate-1", "new"), shop.json("rollback", NAME)
    command = docker_build.name(candidate, "vllm-node-cpu", PREVIOUS)
    assert shop.there(*command).strip() == rolled_back["images"][0]["id"]
    assert (shop.word(NAME), shop.word(PREVIOUS)) == ("new", "before")
    # One that has the name already, and a first one, have none before them.
    assert shop.there(*command) == ""
    assert shop.there(*docker_build.name(candidate, "first:1", "first:1-previous")) == ""
    assert (shop.word(PREVIOUS), shop.word("first:1"), shop.word("first:1-previous")) == ("before", "new", "")


def test_a_rollback_that_fails_leaves_all_names_as_they_were(store: Shop) -> None:
    store.builds()
    store.builds(host=2)
    fails = 'case "$*" in *"tag "*":latest") echo no >&2; exit 1 ;; esac'
    with store.instead(fails, host=2):
        done = store.user.run("images", "rollback", NAME, *store.on((1, 2)))
    assert (done.status, "(step-failed)" in done.err) == (1, True), done
    assert (store.word(NAME), store.word(PREVIOUS)) == ("now", "before")
    # There what gives this name back failed as well; it had never changed.
    assert (store.word(NAME, 2), store.word(PREVIOUS, 2)) == ("now", "before")
    assert "(not-undone)" in done.err


SLOW = 'case "$*" in *"tag "*) echo x >> /run/tagging; sleep 3 ;; esac'


def test_a_rollback_that_is_broken_off_leaves_all_names_as_they_were(shop_20: Shop) -> None:
    shop_20.builds()
    shop_20.there("rm", "-f", "/run/tagging")
    with (
        shop_20.instead(SLOW),
        shop_20.user.running("images", "rollback", NAME, *shop_20.on((1,))) as running,
    ):
        until(lambda: shop_20.there("ls", "/run/tagging", check=False) != "", "the first name changes")
        running.signal()
        done = running.done()
    assert (done.status, "all names are as they were" in done.err) == (130, True), done
    assert (shop_20.word(NAME), shop_20.word(PREVIOUS)) == ("now", "before")


def test_all_hosts_go_back_or_none(store: Shop) -> None:
    store.builds()
    store.build(NAME, "now", inputs("2"), host=2)
    done = store.user.run("images", "rollback", NAME, *store.on((1, 2)))
    assert (done.status, "error [spark2]: " in done.err) == (5, True), done
    assert (store.word(NAME), store.word(PREVIOUS)) == ("now", "before")
    store.builds(host=2)
    told = store.json("rollback", NAME, hosts=(1, 2))
    assert [each["host"] for each in told["images"]] == ["spark1", "spark2"]
    # Each host has built it for itself: files that were made at another time are other layers.
    assert told["notes"] == [f"{NAME} is not the same image on all of these hosts"]
    assert [store.word(NAME, host) for host in (1, 2)] == ["before", "before"]


def test_a_name_on_two_hosts(store: Shop) -> None:
    store.builds()
    store.copy(NAME)
    store.build(PREVIOUS, "another", inputs("1"), host=2)
    store.build("theirs:1", "theirs", host=2)
    names = {each["name"]: each for each in store.json("list", hosts=(1, 2))["names"]}
    assert (names[NAME]["same"], names[NAME]["missing"]) == (True, [])
    assert (names[PREVIOUS]["same"], names[PREVIOUS]["hosts"]) == (False, ["spark1", "spark2"])
    assert (names["theirs:1"]["hosts"], names["theirs:1"]["missing"]) == (["spark2"], ["spark1"])
    text = store.user.run("images", *store.on((1, 2)))
    (row,) = (line for line in text.out.splitlines() if line.startswith(NAME))
    assert row.endswith("  all hosts" if store.engine == "docker" else "  all hosts (podman)"), row
    note = next(line for line in text.out.splitlines() if line.startswith(f"{PREVIOUS} is not the same"))
    found = store.json(*note.partition(": sparkup images ")[2].split(), hosts=(1, 2))
    assert {each["kind"] for each in found["changes"]} <= {"pull-request", "size"}
    done = store.user.run("images", "show", PREVIOUS, *store.on((1, 2)))
    assert (done.status, "(ambiguous-image)" in done.err) == (2, True), done
    assert store.json("show", NAME, hosts=(1, 2))["images"][1]["host"] == "spark2"


def test_the_same_content_in_two_engines(bookworm_pair: Testbed, tmp_path: Path) -> None:
    with shop(bookworm_pair, tmp_path / "home", "docker") as docker:
        docker.builds()
        docker.copy(NAME, engine="podman")
        shown = docker.json("show", NAME)
        assert [each["engine"] for each in shown["images"]] == ["docker", "podman"]
        assert len({each["id"] for each in shown["images"]}) == 2
        assert "vllm-node-cpu:latest" in shown["images"][1]["names"]


def test_the_same_content_in_two_stores_of_docker(shop_26: Shop) -> None:
    """Those of containerd's store have other IDs."""
    daemon = "/etc/docker/daemon.json"
    feature = """s/"buildkit": true/&, "containerd-snapshotter": true/"""
    swap = f"cp {daemon} /run/daemon.json; sed -i '{feature}' {daemon}"
    shop_26.builds()
    shop_26.there("sh", "-c", f"{swap}; systemctl restart docker", host=2)
    try:
        until(
            lambda: shop_26.there("docker", "image", "ls", "-q", host=2, check=False) == "",
            "docker is back",
        )
        shop_26.copy(NAME)
        shop_26.copy(PREVIOUS)
        names = {each["name"]: each["same"] for each in shop_26.json("list", hosts=(1, 2))["names"]}
        assert names == {NAME: True, PREVIOUS: True}
        assert len({each["id"] for each in shop_26.json("show", NAME, hosts=(1, 2))["images"]}) == 2
        shop_26.json("rollback", NAME, hosts=(1, 2))
        assert [shop_26.word(NAME, host) for host in (1, 2)] == ["before", "before"]
        shop_26.sweep()
    finally:
        shop_26.there("sh", "-c", f"cp /run/daemon.json {daemon}; systemctl restart docker", host=2)


def test_a_host_or_engine_that_does_not_answer_keeps_no_other(store: Shop) -> None:
    store.builds()
    done = store.user.run("images", "list", "--json", "--host", "spark1,spark9")
    assert (done.status, done.json["hosts"]) == (3, ["spark1"])
    assert [each["code"] for each in done.json["problems"]] == ["host-unreachable"]
    assert {name for each in done.json["images"] for name in each["names"]} == {NAME, PREVIOUS}
    done = store.user.run("images", "show", "nonesuch", "--host", "spark1,spark9")
    assert (done.status, "(host-unreachable)" in done.err) == (2, True), done
    assert store.user.run("images", "--host", "spark9").status == 4


def test_a_docker_that_is_down(shop_20: Shop) -> None:
    shop_20.builds()
    shop_20.there("systemctl", "stop", "docker", host=2)
    try:
        done = shop_20.user.run("images", "--json", *shop_20.on((1, 2)))
        assert (done.status, len(done.json["images"])) == (3, 2), done
        (problem,) = done.json["problems"]
        assert (problem["code"], problem["where"]) == ("no-engine", "spark2")
    finally:
        shop_20.there("systemctl", "start", "docker", host=2)


def test_a_docker_that_hangs(shop_26: Shop) -> None:
    """Its client waits for it for ever; there is no other engine."""
    shop_26.there("sh", "-c", "kill -STOP $(cat /run/docker.pid)", host=2)
    try:
        done = shop_26.user.run("images", "--host", "spark2")
        assert (done.status, "docker does not answer: no answer in time" in done.err) == (5, True), done
    finally:
        shop_26.there("sh", "-c", "kill -CONT $(cat /run/docker.pid)", host=2)


def test_an_image_is_looked_for_by_another_user(shop_20: Shop) -> None:
    shop_20.builds()
    shop_20.note(NAME, "0.13.0")
    found = shop_20.user.json("images", "show", NAME, "--host", "spark@spark1")
    assert found["record"]["measured"]["versions"] == {"vllm": "0.13.0"}
