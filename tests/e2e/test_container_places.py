"""What a container has of its host: volumes that nobody named, paths from the home, caches that are no folders."""

from tests.docked import Docked


def volumes(dock: Docked) -> list[str]:
    return dock.there(dock.engine, "volume", "ls", "--quiet").split()


def test_volumes_without_a_name_go_with_their_launch(contained: Docked) -> None:
    before = volumes(contained)
    words = ("--engine-args", "-v /anonymous", "-v", "kept:/kept")
    assert contained.run("launch", *words, "--", "touch", "/kept/x").status == 0
    assert contained.run("launch", "-d", *words, "--", "sleep", "600").status == 0
    assert contained.run("stop").status == 0
    assert volumes(contained) == sorted([*before, "kept"])
    contained.there(contained.engine, "volume", "rm", "kept")
    contained.nothing_is_left()
