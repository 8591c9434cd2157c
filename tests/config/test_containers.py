"""What was typed for a container: each form that is taken, and each that is refused."""

import pytest

from sparkup.config.containers import EXTRA, TypedContainer, container_request
from sparkup.config.problems import Problems
from sparkup.domain.container import GIB, ContainerLimits, ContainerRequest, Mount, Port
from sparkup.domain.launch import Limits


def asked(typed: TypedContainer, limits: Limits | None = None, extra: str = "") -> ContainerRequest:
    problems = Problems()
    surroundings = {EXTRA: extra} if extra else {}
    found = container_request(typed, limits or Limits(), surroundings, problems)
    assert problems == []
    return found


def refusals(typed: TypedContainer, limits: Limits | None = None) -> list[str]:
    problems = Problems()
    container_request(typed, limits or Limits(), {}, problems)
    assert all(problem.code == "bad-option" and problem.hint for problem in problems)
    return [problem.message for problem in problems]


def test_nothing_was_asked_for() -> None:
    assert asked(TypedContainer()) == ContainerRequest()
    assert not asked(TypedContainer(), extra="--ipc host").asked  # it may be in everybody's profile


def test_all_that_can_be_asked_for() -> None:
    typed = TypedContainer(
        image="i",
        volume=["/a:/b"],
        publish=["1:2"],
        non_privileged=True,
        mem_swap_limit_gb="9",
        shm_size_gb="3",
        no_cache_dirs=True,
        keep_entrypoint=True,
        engine_args=["--cap-add X", "-v /c:/d"],
    )
    assert asked(typed, Limits(8 * GIB, 7), "--ulimit core=0") == ContainerRequest(
        image="i",
        mounts=(Mount("/a", "/b"), Mount("/c", "/d")),
        ports=(Port(1, 2),),
        limits=ContainerLimits(8 * GIB, 9 * GIB, 7, 3 * GIB),
        caches=False,
        keep_entrypoint=True,
        extra=("--ulimit", "core=0", "--cap-add", "X"),
        asked=True,
    )


@pytest.mark.parametrize(
    "image",
    [
        *("vllm-node", "vllm-node:latest", "vllm-node-tf5", "a/b/c:1", "nvcr.io/nvidia/vllm:26.01-py3"),
        *("localhost:5000/vllm", "localhost:5000/vllm:1", "REG.example:443/a/b:T_1", "[::1]:5000/a"),
        *("10.0.0.1:5000/a", "a__b", "a--b.c_d"),
        *("a@sha256:" + 64 * "0", "h:1/a:t@sha256:" + 64 * "f", "sha256:" + 64 * "a"),
    ],
)
def test_names_of_images(image: str) -> None:
    assert asked(TypedContainer(image=image)).image == image


@pytest.mark.parametrize(
    "image",
    [
        *("", "-a", "--privileged", "Vllm-Node", "a b", "a:", "a/", "/a", "a:b:c", "a@sha256:1", "a:-t"),
        *("http://a/b", "a\nb", "é", ":1"),
    ],
)
def test_what_is_no_name_of_an_image(image: str) -> None:
    assert refusals(TypedContainer(image=image)) == [f"{image!r} is no name of an image"]


@pytest.mark.parametrize(
    ("word", "mount"),
    [
        ("/a:/b", Mount("/a", "/b")),
        ("/a/:/b/", Mount("/a/", "/b/")),
        ("/a:/b:ro", Mount("/a", "/b", read_only=True)),
        ("/a:/b:rw", Mount("/a", "/b")),
        ("~/a b:/b c", Mount("~/a b", "/b c")),
        ("~:/h", Mount("~", "/h")),
        ("$HOME/a:/b", Mount("$HOME/a", "/b")),
        ("./x:/x", Mount("./x", "/x")),
        ("x/y:/x", Mount("x/y", "/x")),
        ("..:/x", Mount("..", "/x")),
        ("models:/x", Mount("models", "/x")),
    ],
)
def test_mounts(word: str, mount: Mount) -> None:
    assert asked(TypedContainer(volume=[word])).mounts == (mount,)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "",
            ":",
            "/a",
            "/a:",
            ":/b",
            "/a:b",
            "/a:/",
            "/a://",
            "/a:/b:z,Z",
            "/a:/b:ro,rw",
            "/a:/b:ro,",
            "/a:/b:RO",
        ),
        *("/a:b:/c", "/a:b:/c:ro", "/a:/b:/c", "C:\\a:/b", "${A:-/x}:/b"),
    ],
)
def test_what_is_no_mount_is_never_split_elsewhere(word: str) -> None:
    assert refusals(TypedContainer(volume=[word])) == [f"-v {word!r} is no mount"]


@pytest.mark.parametrize(
    ("words", "mount"),
    [
        ("-v/nope:/y", Mount("/nope", "/y")),
        ("--volume /nope:/y:cached", Mount("/nope", "/y")),
        ("--volume=/nope:/y:z", Mount("/nope", "/y", label="z")),
        ("-qv /nope:/y:ro,Z", Mount("/nope", "/y", read_only=True, label="Z")),
        ("-v ~/a:/y:z,rw,delegated", Mount("~/a", "/y", label="z")),
    ],
)
def test_mounts_among_further_words_are_checked_however_they_are_spelled(words: str, mount: Mount) -> None:
    assert asked(TypedContainer(engine_args=[words])).mounts == (mount,)
    assert asked(TypedContainer(), extra=words).mounts == (mount,)


@pytest.mark.parametrize(
    "words", ["-v /a:/b:rshared", "-qv/a:/b:ro,rslave", "--volume=v:/b:nocopy", "-v /a:b"]
)
def test_mounts_that_could_not_be_checked_are_refused(words: str) -> None:
    (message,) = refusals(TypedContainer(engine_args=[words]))
    assert message.endswith("is no mount")


@pytest.mark.parametrize(
    "target", ["/opt/sparkup", "/opt/sparkup/", "//opt/./sparkup/state", "/x/../opt/sparkup/a"]
)
def test_nothing_is_mounted_over_our_program(target: str) -> None:
    word = f"/a:{target}"
    expected = [f"-v {word!r} would hide /opt/sparkup of the container"]
    assert refusals(TypedContainer(volume=[word])) == expected
    assert refusals(TypedContainer(engine_args=[f"-v {word}"])) == expected
    assert asked(TypedContainer(volume=["/a:/opt/sparkup2"])).mounts


@pytest.mark.parametrize("target", ["/opt", "//opt/", "/opt/sparkup/..", "/.."])
def test_nor_above_it(target: str) -> None:
    """The engine would make folders in there, as root, or fail where it is to be read only."""
    word = f"models:{target}"
    expected = [f"-v {word!r} would have /opt/sparkup of the container in it"]
    assert refusals(TypedContainer(volume=[word])) == expected
    assert refusals(TypedContainer(engine_args=[f"-v {word}"])) == expected
    assert asked(TypedContainer(volume=["/a:/op", "/a:/opt/spark"])).mounts


def test_two_mounts_in_one_place() -> None:
    typed = TypedContainer(volume=["/a:/x", "/b:/x/", "/c:/y"], engine_args=["-v /d:/y"])
    assert refusals(typed) == ["several mounts are for /x", "several mounts are for /y"]


def test_one_port_of_the_host_for_two_inside() -> None:
    typed = TypedContainer(publish=["9000:1", "9000:2", "[::1]:9000:3", "9000:4/udp"])
    assert refusals(typed) == ["several -p are for 127.0.0.1 9000/tcp"]


@pytest.mark.parametrize(
    ("word", "port", "written"),
    [
        ("8000:80", Port(8000, 80), "127.0.0.1:8000:80/tcp"),
        ("0.0.0.0:1:65535", Port(1, 65535, "0.0.0.0"), "0.0.0.0:1:65535/tcp"),
        ("[::1]:1:2", Port(1, 2, "::1"), "[::1]:1:2/tcp"),
        ("[::]:1:2/udp", Port(1, 2, "::", "udp"), "[::]:1:2/udp"),
        ("10.0.0.1:1:2/tcp", Port(1, 2, "10.0.0.1"), "10.0.0.1:1:2/tcp"),
    ],
)
def test_ports(word: str, port: Port, written: str) -> None:
    assert asked(TypedContainer(publish=[word])).ports == (port,)
    assert str(port) == written


@pytest.mark.parametrize(
    "word",
    [
        *("", "8000", ":8000", "8000:", "0:1", "1:0", "65536:1", "1:99999", "8000-8001:8000-8001", "x:1"),
        *("localhost:1:2", "::1:1:2", "[::1:1:2", "[x]:1:2", "256.0.0.1:1:2", "1:2/sctp", "²:1", "1:2:3:4"),
    ],
)
def test_what_is_no_port(word: str) -> None:
    assert refusals(TypedContainer(publish=[word])) == [f"-p {word!r} is no port"]


def test_limits_have_defaults_and_swap_comes_on_top_of_memory() -> None:
    free = TypedContainer(non_privileged=True)
    assert asked(free).limits == ContainerLimits(110 * GIB, 120 * GIB, 4096, 64 * GIB)
    assert asked(free, Limits(20 * GIB)).limits == ContainerLimits(20 * GIB, 30 * GIB, 4096, 64 * GIB)
    same = TypedContainer(non_privileged=True, mem_swap_limit_gb="20")
    found = asked(same, Limits(20 * GIB)).limits
    assert found is not None
    assert found.swap == found.memory


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (TypedContainer(shm_size_gb="1"), "--shm-size-gb needs --non-privileged"),
        (TypedContainer(mem_swap_limit_gb="1"), "--mem-swap-limit-gb needs --non-privileged"),
        (
            TypedContainer(non_privileged=True, shm_size_gb="100000000000"),
            "--shm-size-gb is more than any machine has",
        ),
        (
            TypedContainer(non_privileged=True, mem_swap_limit_gb="1048577"),
            "--mem-swap-limit-gb is more than any machine has",
        ),
        (TypedContainer(non_privileged=True, shm_size_gb="0"), "--shm-size-gb '0' is no number above 0"),
        (
            TypedContainer(non_privileged=True, mem_swap_limit_gb="1.5"),
            "--mem-swap-limit-gb '1.5' is no number above 0",
        ),
        (
            TypedContainer(non_privileged=True, mem_swap_limit_gb="109"),
            "--mem-swap-limit-gb is memory and swap together",
        ),
    ],
)
def test_limits_that_cannot_be(typed: TypedContainer, message: str) -> None:
    assert refusals(typed) == [message]


def test_a_limit_of_memory_that_is_too_large_for_any_machine() -> None:
    free = TypedContainer(non_privileged=True, mem_swap_limit_gb="1048576")
    assert refusals(free, Limits((1 << 50) + 1))[0] == "--mem-limit-gb is more than any machine has"
    assert asked(free, Limits(1 << 50)).limits is not None


def test_all_that_is_wrong_is_said_at_once() -> None:
    typed = TypedContainer(image="-", volume=["x"], publish=["x"], shm_size_gb="1", engine_args=["'", "--rm"])
    assert len(refusals(typed)) == 6
