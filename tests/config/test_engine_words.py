"""Words for `docker run` that stand in one: split, looked through for secrets, mounts taken out."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.config.engine_words import split, volumes
from sparkup.config.problems import Problems


def refusals(text: str) -> list[str]:
    problems = Problems()
    split(text, "--engine-args", problems)
    assert all(problem.code == "bad-option" and problem.hint for problem in problems)
    return [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("--ulimit memlock=-1 --cap-add SYS_NICE", ["--ulimit", "memlock=-1", "--cap-add", "SYS_NICE"]),
        ("""--label 'a b'="c d" """, ["--label", "a b=c d"]),
        ("-v $HOME/x:/x", ["-v", "$HOME/x:/x"]),
        ("-e HF_HUB_OFFLINE=1 -eA=b --env=C=d -e HF_TOKEN", None),
        ("--env-file /root/secrets", None),
        ("--gpus 'device=0'", None),
    ],
)
def test_words_are_split_as_a_shell_does(text: str, words: list[str] | None) -> None:
    problems = Problems()
    found = split(text, "--engine-args", problems)
    assert problems == []
    assert words is None or found == words


def test_a_quotation_mark_that_is_not_closed() -> None:
    assert refusals("--label 'a") == ["--engine-args cannot be split into words: No closing quotation"]


def test_what_is_no_option_would_be_taken_for_the_image() -> None:
    assert refusals("ubuntu --rm")[0] == "--engine-args begins with 'ubuntu', which is no option"


@pytest.mark.parametrize(
    "text",
    [
        *("-e HF_TOKEN=hf_9a8b", "-eHF_TOKEN=hf_9a8b", "--env HF_TOKEN=hf_9a8b", "--env=HF_TOKEN=hf_9a8b"),
        *("-e=HF_TOKEN=hf_9a8b", "--ipc host -e HTTPS_PROXY=http://ada:hf_9a8b@proxy"),
        *("-qe HF_TOKEN=hf_9a8b", "-qeTOKEN=hf_9a8b", "-qe=TOKEN=hf_9a8b", "-l API_KEY=hf_9a8b"),
        *("-eTOKEN=hf_9a8b", "--new-option=TOKEN=hf_9a8b", "--annotation url=https://ada:hf_9a8b@x"),
        "-e HF_TOKEN=hf_9a8b9a8b9a8b9a8b9a8b9a8b9a8b9a8b",
        "-eHF_TOKEN=hf_9a8b9a8b9a8b9a8b9a8b9a8b9a8b9a8b",
    ],
)
def test_a_secret_would_be_seen_by_all(text: str) -> None:
    problems = Problems()
    split(text, "VLLM_SPARK_EXTRA_DOCKER_ARGS", problems)
    (problem,) = problems
    assert "VLLM_SPARK_EXTRA_DOCKER_ARGS could not be hidden" in problem.message
    assert problem.hint.endswith("=...")
    assert "hf_9a8b" not in f"{problem}"


LONG = "hf_9a8b9a8b9a8b9a8b9a8b9a8b9a8b9a8b9a"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("--log-opt splunk-token=hf_9a8b", "splunk-token"),
        ("--log-opt=splunk-token=hf_9a8b", "splunk-token"),
        ("--annotation hf-token=hf_9a8b", "hf-token"),
        ("-e my-token=hf_9a8b", "my-token"),
        ("-lorg.example.api.key=hf_9a8b", "org.example.api.key"),
        ("--mount 'type=volume,target=/x,volume-opt=password=hf_9a8b'", "password"),
        ("--mount 'type=volume,dst=/x,\"volume-opt=o=addr=nas,password=hf_9a8b\"'", "password"),
        ("""--health-cmd "curl -H Authorization:hf_9a8b x" """, "an Authorization header"),
        ("""--health-cmd "curl -H 'Authorization: Bearer hf_9a8b' x" """, "an Authorization header"),
        (f"--health-cmd 'curl -u x:{LONG}'", "a token"),
        (f"--label={LONG}", "a token"),
        (f"-qh{LONG}", "a token"),
        ("--label nvapi-9a8b_9a8b-9a8b9a8b9a8b", "a token"),
    ],
)
def test_nor_one_that_no_variable_can_have(text: str, what: str) -> None:
    problems = Problems()
    split(text, "--engine-args", problems)
    (problem,) = problems
    assert what in problem.message
    assert "could not be hidden: all users see arguments" in problem.message
    assert problem.hint.startswith("leave it out: no option of the engine hides it")
    assert "9a8b" not in f"{problem}"


@pytest.mark.parametrize(
    "text",
    [
        *("-v /srv/hf_models_of_everybody:/m", "-l hf_home=/x", "--secret=mine,type=env,target=HF_TOKEN"),
        """--health-cmd 'curl -H "Authorization: Bearer $VLLM_API_KEY" localhost:8000/health'""",
        *("-e HF_HUB_OFFLINE=1", "--log-opt tag=a.token", "--mount type=bind,source=/run/token,target=/x"),
    ],
)
def test_what_only_looks_like_a_secret(text: str) -> None:
    assert refusals(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("--name x", "--name=x", "--network host", "--net=host", "--network bridge", "--entrypoint sh"),
        *("--user 1000", "-u 1000", "--restart always", "--rm", "-p 1:1", "--publish=1:1", "-P"),
        *("-d", "--detach", "-a stdin", "--attach=stdin", "-i", "--interactive", "-t", "--tty=true", "-w /x"),
        *("--workdir /x", "--cidfile /x", "--stop-signal=9", "--stop-timeout 1", "--group-add 1", "--init"),
        *("--pull always", "--help", "--label-file x", "--replace", "-- ubuntu"),
    ],
)
def test_what_sparkup_decides_is_not_to_be_said_again(text: str) -> None:
    (message,) = refusals(text)
    assert (
        message
        == f"{text.partition(' ')[0].partition('=')[0]} in --engine-args contradicts what sparkup does"
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("-dp 8000:8000", ["-d", "-p"]),
        ("-du nobody", ["-d", "-u"]),
        ("-itu=nobody", ["-i", "-t", "-u"]),
        ("-p8000:8000", ["-p"]),
        ("-d=false", ["-d"]),
        ("-qP", ["-P"]),
    ],
)
def test_nor_in_one_word_with_others(text: str, names: list[str]) -> None:
    assert refusals(text) == [f"{name} in --engine-args contradicts what sparkup does" for name in names]


@pytest.mark.parametrize(
    "text", ["-m8g", "-c 5", "-h pit", "-l dip=1", "-eDIP=1", "-v /dip:/P", "--memory-swap -1", "-q"]
)
def test_a_value_is_not_taken_for_options(text: str) -> None:
    assert refusals(text) == []


@pytest.mark.parametrize("text", ["-l sparkup.attempt=x", "--label=sparkup.x", "-qlsparkup.rank=1"])
def test_labels_of_sparkup_are_its_own(text: str) -> None:
    (message,) = refusals(text)
    assert "sparkup.* in --engine-args contradicts what sparkup does" in message


@pytest.mark.parametrize(
    "text",
    [
        *(
            "-v /opt/sparkup",
            "-v/opt//sparkup/x",
            "--tmpfs /opt/sparkup:size=1m",
            "--tmpfs=/opt/sparkup/state",
        ),
        *("--mount type=tmpfs,dst=/opt/sparkup", "--mount=type=bind,source=/a,target=/opt/./sparkup/x,ro"),
    ],
)
def test_nothing_comes_in_the_place_of_our_program(text: str) -> None:
    (message,) = refusals(text)
    assert message.endswith("in --engine-args would hide /opt/sparkup of the container")


@pytest.mark.parametrize(
    "text", ["-v /opt", "--tmpfs /opt/sparkup2", "--mount type=bind,src=/opt/sparkup,dst=/x"]
)
def test_places_beside_it_are_free(text: str) -> None:
    assert refusals(text) == []


@pytest.mark.parametrize(
    "text",
    ["--mount type=bind,src=/a,dst=/opt", "--mount=target=/,source=v", "--mount type=volume,dst=/opt/"],
)
def test_nor_does_it_come_into_a_folder_of_the_users(text: str) -> None:
    assert refusals(text) == ["--mount in --engine-args would have /opt/sparkup of the container in it"]


@pytest.mark.parametrize("text", ["--tmpfs /opt:size=1m", "--mount type=tmpfs,dst=/opt", "-v /opt"])
def test_it_may_come_into_what_ends_with_the_container(text: str) -> None:
    assert refusals(text) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(refusals("x --name y -e A_TOKEN=z --rm")) == 4


@pytest.mark.parametrize(
    ("words", "mounts", "others"),
    [
        (["-v", "/a:/b", "--ipc", "host"], ["/a:/b"], ["--ipc", "host"]),
        (["--volume=/a:/b:ro", "--volume", "c:/d"], ["/a:/b:ro", "c:/d"], []),
        (["-v", "/a:/b:z", "-v", "/anonymous"], ["/a:/b:z"], ["-v", "/anonymous"]),
        (["--volume=/a:/b:rslave"], ["/a:/b:rslave"], []),
        (["-v/a:/b", "-v=/c:/d", "--ipc", "host"], ["/a:/b", "/c:/d"], ["--ipc", "host"]),
        (["-tv", "/a:/b", "-qv/c:/d", "-itv=/e:/f"], ["/a:/b", "/c:/d", "/e:/f"], ["-t", "-q", "-i", "-t"]),
        (["-mv", "/a:/b"], [], ["-mv", "/a:/b"]),
        (["-v"], [], ["-v"]),
        (["--label", "x=/a:/b"], [], ["--label", "x=/a:/b"]),
    ],
)
def test_mounts_are_taken_out(words: list[str], mounts: list[str], others: list[str]) -> None:
    assert volumes(words) == (mounts, others)


@given(st.lists(st.text()))
def test_no_word_is_lost(words: list[str]) -> None:
    mounts, others = volumes(words)
    assert sum(map(len, mounts)) + sum(map(len, others)) <= sum(map(len, words))
    assert [word for word in others if word not in words] == []


@given(st.text())
def test_whatever_is_typed_is_taken_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        split(text, "--engine-args", Problems())
