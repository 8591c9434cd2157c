"""The argument vectors of builds."""

from sparkup.commands.docker_build import DockerBuild, build, check, name, remove_container, untag


def test_a_build_has_its_arguments_labels_and_contexts_and_takes_proxies_from_the_environment() -> None:
    what = DockerBuild(
        folder="/s/builds/1/context",
        tag="x:candidate-1",
        arguments={"VLLM_REF": "a b", "EMPTY": ""},
        labels={"sparkup.inputs": '{"a":"b"}'},
        contexts={"wheels": "/s/wheels/1"},
        proxies=("https_proxy", "no_proxy"),
        network="host",
    )
    argv = build(what)
    assert argv[:4] == ("sh", "-c", 'exec "$@" 2>&1', "sh")
    settings = argv[argv.index("env") + 1 : argv.index("docker")]
    assert settings == ("DOCKER_BUILDKIT=1", "BUILDX_BUILDER=default", "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
    assert argv[argv.index("docker") :] == (
        *("docker", "build", "--progress", "plain", "--tag", "x:candidate-1"),
        *("--build-arg", "VLLM_REF=a b", "--build-arg", "EMPTY="),
        *("--build-arg", "https_proxy", "--build-arg", "no_proxy"),
        *("--label", 'sparkup.inputs={"a":"b"}', "--build-context", "wheels=/s/wheels/1"),
        *("--network", "host", "/s/builds/1/context"),
    )


def test_a_check_has_no_network_and_the_gpu_if_there_is_one() -> None:
    argv = check("x:1", "/s/check.py", "c", ("--gpu-arch", "12.1a"), "all")
    assert argv == (
        *("docker", "run", "--rm", "--name", "c", "--pull", "never", "--network", "none", "--gpus", "all"),
        *("--volume", "/s/check.py:/tmp/check.py:ro", "--entrypoint", "python3", "x:1"),
        *("/tmp/check.py", "--gpu-arch", "12.1a"),
    )
    assert "--gpus" not in check("x:1", "/s/check.py", "c", ())


def test_a_name_changes_hands_in_one_command() -> None:
    argv = name("sha256:2", "x", "x:previous")
    assert argv[:2] == ("sh", "-c")
    assert argv[4:] == ("sha256:2", "x", "x:previous")


def test_what_is_not_there_need_not_be_taken_away() -> None:
    assert "|| exit 0" in untag("x")[2]
    assert "|| exit 0" in remove_container("x")[2]
