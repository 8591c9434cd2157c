"""What a container has of its host: volumes without a name, paths from the home, caches that are gone."""

from tests.docked import MODEL, Docked


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


def test_a_path_above_the_home_there(contained: Docked) -> None:
    contained.there("mkdir", "-p", "/above")
    contained.there("tee", "/above/x", given="seen\n")
    for source, inside in (("../above", "/m/x"), ("..", "/m/above/x")):
        done = contained.run("launch", "-v", f"{source}:/m:ro", "--", "cat", inside)
        assert (done.status, done.out) == (0, "seen\n"), done
    contained.there("rm", "-r", "/above")
    contained.nothing_is_left()


def test_a_model_above_the_home_there(contained: Docked) -> None:
    contained.there("cp", "-r", MODEL, "/above")
    assert contained.run("launch", "-d", "--", "vllm", "serve", "../above").status == 0
    assert contained.run("stop").status == 0
    contained.there("rm", "-r", "/above")
    contained.nothing_is_left()


def test_a_cache_whose_disk_is_not_mounted(contained: Docked) -> None:
    contained.there(
        "sh", "-c", "mkdir -p /root/.triton; mv /root/.triton /root/kept; ln -s /mnt/no/triton /root/.triton"
    )
    done = contained.run("launch", "--", "true")
    contained.there("sh", "-c", "rm /root/.triton; mv /root/kept /root/.triton")
    said = "no cache /root/.triton to mount: /root/.triton is a link to /mnt/no/triton, which is not there"
    assert (done.status, said in done.err) == (2, True), done
    contained.nothing_is_left()


def test_a_folder_above_the_caches_has_its_own(contained: Docked) -> None:
    contained.there("mkdir", "-p", "/srv/cache/vllm")
    contained.there("touch", "/srv/cache/vllm/mine")
    done = contained.run("launch", "-v", "/srv/cache:/root/.cache", "--", "ls", "/root/.cache/vllm")
    assert (done.status, done.out) == (0, "mine\n"), done
    contained.there("rm", "-r", "/srv/cache")
    contained.nothing_is_left()
