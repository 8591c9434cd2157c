"""sparkup build: make an image of vLLM on a machine."""

from collections.abc import Callable
from dataclasses import fields as fields_of
from typing import Any

import click

from sparkup.actions import build as actions
from sparkup.actions.build_decision import Bundle
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Collecting, problems
from sparkup.config.build import TypedBuild, check_program, files, parse
from sparkup.config.dockerfiles import PYTHON_OF_CPU
from sparkup.config.problems import Problems
from sparkup.domain.host import LOCAL

Decorated = Callable[..., Any]
TYPED = tuple(field.name for field in fields_of(TypedBuild) if field.name != "host")
_what = (
    click.option("-t", "--tag", metavar="NAME[:TAG]", help="Name of the image. [default: the variant's own]"),
    click.option(
        "--variant",
        metavar="source|wheels|mxfp4|cpu",
        help="source: FlashInfer and vLLM compiled for the GPU; wheels: those that others have built; mxfp4:"
        " pinned forks for gpt-oss; cpu: without a GPU, to try things. [default: source]",
    ),
    click.option(
        "--use-wheels",
        is_flag=False,
        flag_value="nightly",
        metavar="[nightly|release]",
        help="The variant wheels. [nightly without a word]",
    ),
    click.option("--exp-mxfp4", "--experimental-mxfp4", "exp_mxfp4", is_flag=True, help="The variant mxfp4."),
    click.option("--vllm-ref", metavar="REF", help="Branch, tag or commit of vLLM. [default: main]"),
    click.option("--vllm-repo", metavar="URL", help="Repository of vLLM. [default: vLLM's own]"),
    click.option(
        "--apply-vllm-pr",
        multiple=True,
        metavar="NUMBER|URL",
        help="Apply a pull request to vLLM, at the commit that it is at now; several in their order.",
    ),
    click.option("--flashinfer-ref", metavar="REF", help="Branch, tag or commit of FlashInfer."),
    click.option(
        "--pre-flashinfer", is_flag=True, help="Take FlashInfer's newest pre-release, of the variant wheels."
    ),
    click.option(
        "--triton-ref",
        "--triton-sha",
        "triton_ref",
        metavar="REF",
        help="Build Triton at that. [default: the one that the base image has]",
    ),
    click.option(
        "--pre-tf",
        "--pre-transformers",
        "pre_tf",
        is_flag=True,
        help="Take the newest transformers, pre-releases too.",
    ),
    click.option("--gpu-arch", metavar="ARCH", help="GPUs to compile for. [default: 12.1a]"),
    click.option("--base-image", metavar="IMAGE", help="What it starts from. [default: a pinned one]"),
    click.option(
        "--wheels",
        metavar="FOLDER",
        help="Of the variant cpu: a folder of the machine that builds, with its wheels. [default: fetched]",
    ),
    click.option(
        "--build-arg", multiple=True, metavar="NAME=VALUE", help="Another argument of the Dockerfile."
    ),
    click.option("--like", metavar="IMAGE", help="Build again what that image was built from."),
)
_how = (
    click.option("--rebuild-deps", is_flag=True, help="Fetch and make everything anew."),
    click.option("--rebuild-vllm", is_flag=True, help="Fetch and make vLLM anew."),
    click.option(
        "-j",
        "--build-jobs",
        metavar="N",
        help="Compile so many things at once. [default: as many as the free memory lets]",
    ),
    click.option("--network", metavar="host|none|default", help="Network of the steps."),
    click.option("--full-log", is_flag=True, help="Show every line of the build."),
)
_then = (  # not yet: they are known so that their refusal says so
    click.option("--no-build", is_flag=True, hidden=True),
    click.option("-c", "--copy-to", is_flag=False, flag_value="", multiple=True, hidden=True),
    click.option("--copy-parallel", is_flag=True, hidden=True),
    click.option("-u", "--user", hidden=True),
)
_where = (
    click.option(
        "--on",
        "--host",
        "hosts",
        multiple=True,
        metavar="HOST",
        help="Machine that builds. [default: this one, or the head of the cluster of cluster.yaml]",
    ),
    options.cluster,
    options.solo,
    options.inventory,
    options.accept_keys,
    options.ssh_config,
    options.progress,
)


def _options(command: Decorated) -> Decorated:
    dry = click.option("--dry-run", is_flag=True, help="Show what would be built and done.")
    for option in reversed((*_what, *_how, *_then, *_where, dry, options.as_json)):
        command = option(command)
    return command


@click.command(cls=Collecting)
@_options
@click.pass_context
def build(ctx: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Build an image of vLLM, check it from inside, and only then give it its name.

    Branches, tags and pull requests are resolved to commits first, and all that went in is kept with the
    image: sparkup images show. The image that had the name stays as NAME:previous.
    """
    found = Problems(problems(ctx))
    hosts = nodes.cluster(ctx, found).hosts
    if given["hosts"] and len(hosts) > 1:
        found.add("an image is built on one machine", "name one with --on")
    words: dict[str, Any] = {name: given[name] for name in TYPED}
    request = parse(TypedBuild(hosts[0] if hosts else LOCAL, **words), found)
    if request.full_log and given["progress"] == "auto":
        ctx.params["progress"] = "plain"
    made = Bundle(files, check_program(), PYTHON_OF_CPU)
    act = actions.show if given["dry_run"] else actions.build
    return carry_out(ctx, lambda context: act(request, made, context))
