"""sparkup images prune: it asks, and takes nothing that has a name, is used or young, or is of others."""

import pytest
from tests.e2e.image_shop import NAME, PREVIOUS, Shop, inputs

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]
CANDIDATE = "vllm-node-cpu:candidate-0123abcd"
NOW = ("images", "prune", "--until", "0", "--host", "spark1")


def leave(store: Shop) -> tuple[str, str]:
    """Leave a nameless image that a build of ours has made, and one of others; return their IDs."""
    store.builds()
    store.note(PREVIOUS, "0.11.0")
    store.build("gone:1", "of others")
    found = {name: each["id"] for each in store.rows() for name in each["names"]}
    store.build(PREVIOUS, "before again", inputs("1", 5))
    store.build("gone:1", "of others, and named")
    return found[PREVIOUS], found["gone:1"]


def ids(store: Shop) -> set[str]:
    return {each["id"] for each in store.rows()}


def test_it_asks_on_a_terminal(store: Shop) -> None:
    ours, others = leave(store)
    with store.user.at_terminal(*NOW) as terminal:
        terminal.expect("Remove what may go? [y/N]: ")
        terminal.type("n\n")
        assert terminal.status() != 0
    assert {ours, others} <= ids(store)
    with store.user.at_terminal(*NOW) as terminal:
        seen = terminal.expect("Remove what may go? [y/N]: ")
        assert "MAY GO" in seen
        assert "you have no record of its build (--others)" in seen
        terminal.type("y\n")
        assert "REMOVED" in terminal.rest()
        assert terminal.status() == 0
    assert ours not in ids(store)
    assert others in ids(store)
    assert (store.word(NAME), store.word(PREVIOUS)) == ("now", "before again")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_it_refuses_where_nobody_can_be_asked(shop_20: Shop, words: tuple[str, ...]) -> None:
    ours, others = leave(shop_20)
    done = shop_20.user.run(*NOW, *words)
    assert (done.status, "--yes" in done.err + done.out) == (2, True), done
    assert {ours, others} <= ids(shop_20)


def test_it_does_what_was_agreed_on_beforehand(store: Shop) -> None:
    ours, others = leave(store)
    store.build(CANDIDATE, "being checked", inputs("2"))
    cached = shop_cache(store)
    done = store.user.json(*NOW, "--yes")
    assert [(each["image"]["id"], each["gone"]) for each in done["images"]] == [(ours, True)]
    kept = {(*each["image"]["names"], each["because"]) for each in done["kept"]}
    assert kept == {(CANDIDATE, "a build may be at it"), ("you have no record of its build (--others)",)}
    assert done["freed"]["spark1"] >= 0
    assert ours not in ids(store)
    if store.engine == "docker":
        assert done["cache"] == ["spark1"]
        assert shop_cache(store) < cached
    done = store.user.json(*NOW, "--yes", "--others")
    assert [each["image"]["id"] for each in done["images"]] == [others]
    assert others not in ids(store)
    assert (store.word(NAME), store.word("gone:1")) == ("now", "of others, and named")


def shop_cache(store: Shop) -> int:
    """Return how many things docker has in its cache of builds."""
    form = '{{if eq .Type "Build Cache"}}{{.TotalCount}}{{end}}'
    return int(store.there("docker", "system", "df", "--format", form).strip() or 0)


def test_what_there_is_can_be_asked_first(shop_20: Shop) -> None:
    ours, others = leave(shop_20)
    done = shop_20.user.json(*NOW, "--dry-run")
    assert [(each["image"]["id"], each["gone"]) for each in done["images"]] == [(ours, False)]
    assert done["freed"] is None
    assert {each["engine"] for each in done["disk"]["spark1"]} >= {shop_20.engine}
    assert {ours, others} <= ids(shop_20)


def test_what_a_container_was_made_of_stays(store: Shop) -> None:
    ours, _ = leave(store)
    store.there(store.engine, "create", "--name", "kept", "--network", "host", ours, "busybox", "true")
    done = store.user.json(*NOW, "--yes", "--others")
    stays = {each["image"]["id"]: each["because"] for each in done["kept"]}
    assert stays == {ours: "container kept is made of it"}
    assert ours in ids(store)


def test_what_is_young_stays(shop_20: Shop) -> None:
    ours, others = leave(shop_20)
    done = shop_20.user.json("images", "prune", "--yes", "--others", "--host", "spark1")
    assert done["images"] == []
    assert {each["because"] for each in done["kept"]} == {"it is younger than 3 d"}
    assert {ours, others} <= ids(shop_20)


def test_what_the_engine_will_not_remove_keeps_nothing_else(shop_20: Shop) -> None:
    ours, others = leave(shop_20)
    digits = ours.removeprefix("sha256:")
    with shop_20.instead(f'case "$*" in "image rm "*{digits}) echo conflict >&2; exit 1 ;; esac'):
        done = shop_20.user.run(*NOW, "--yes", "--others", "--json")
    assert (done.status, [each["code"] for each in done.json["problems"]]) == (3, ["step-failed"]), done
    gone = {each["image"]["id"]: each["gone"] for each in done.json["images"]}
    assert gone == {ours: False, others: True}
    assert ours in ids(shop_20)


def test_two_hosts_of_which_one_does_not_answer(shop_20: Shop) -> None:
    ours, _ = leave(shop_20)
    done = shop_20.user.run("images", "prune", "--until", "0", "--yes", "--json", "--host", "spark1,spark9")
    assert (done.status, done.json["problems"][0]["code"]) == (3, "host-unreachable"), done
    assert ours not in ids(shop_20)


def test_an_age_that_is_none(shop_20: Shop) -> None:
    done = shop_20.user.run("images", "prune", "--until", "soon", "--json", "--host", "spark1")
    assert done.status == 2
    assert [each["code"] for each in done.json["problems"]] == ["bad-option", "bad-option"]
