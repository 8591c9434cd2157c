"""Images in which our program, or the image's own user, can do nothing: it works anyway, or says why."""

import pytest
from tests.docked import Docked
from tests.e2e.test_container_images import built

pytestmark = pytest.mark.e2e
NO_JSON = "FROM base:1\nRUN rm -rf /usr/lib/python3*/json\n"


def test_a_python_that_is_incomplete(dock: Docked) -> None:
    image = built(dock, "incomplete:1", NO_JSON)
    done = dock.run("launch", "-t", image, "--", "sh", "-c", "echo out; exit 5")
    assert (done.status, done.out) == (5, "out\n"), done
    assert "its python3 is too old or incomplete (3.8 needed): the container is looked after from" in done.err
    dock.nothing_is_left()


def test_why_it_did_not_start_where_the_engine_keeps_no_output(dock: Docked) -> None:
    image = built(dock, "incomplete:1", NO_JSON)
    done = dock.run("launch", "-t", image, "--engine-args", "--log-driver none", "--", "true")
    assert done.status == 1, done
    assert "could not start vllm_node: it ended at once" in done.err
    assert "log" not in done.err
    dock.nothing_is_left()


def test_an_image_that_names_no_root(dock: Docked) -> None:
    image = built(dock, "rootless:1", "FROM base:1\nRUN sed -i /^root:/d /etc/passwd\nUSER 2001\n")
    done = dock.run("launch", "-t", image, "--", "sh", "-c", "id -u; echo $HOME")
    assert (done.status, done.out) == (0, "2001\n/\n"), done


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            "RUN mkdir -m 700 /closed\nUSER 2001\nWORKDIR /closed",
            "the image's user 2001 cannot enter its folder /closed: Permission denied",
        ),
        ("USER 99999999999", "nothing can run as the image's user 99999999999: "),
    ],
)
def test_a_user_who_cannot_be(dock: Docked, lines: str, why: str) -> None:
    image = built(dock, "closed:1", f"FROM base:1\n{lines}\n")
    done = dock.run("launch", "-t", image, "--", "true")
    assert done.status == 1, done
    assert why in done.err
    assert "(container-failed)" in done.err
    dock.nothing_is_left()


def test_a_python_of_the_command_that_is_missing(contained: Docked) -> None:
    done = contained.run("launch", "--", "/opt/venv/bin/python3", "-c", "0")
    assert done.status == 2, done
    assert "/opt/venv/bin/python3: No such file or directory (command-not-found)" in done.err
    assert "no python3 is on the PATH" not in done.err
    contained.nothing_is_left()
