"""Whether the ranks of a launch that is ready hear of each other; who does not is warned of."""

from sparkup.actions.context import Context
from sparkup.actions.running import Running
from sparkup.domain.event import Warned
from sparkup.errors import SparkupError
from sparkup.facts.launches import LAUNCHES
from sparkup.planning.hearing import unheard

HINT = "it is not noticed there when a rank is lost: sparkup status says how they are"


async def warn(running: Running, context: Context) -> None:
    """Warn of ranks that hear nobody; of a host that cannot be asked nothing is said."""
    launch = running.launch
    try:
        seen = await running.runner.observer.look({node.host: (LAUNCHES,) for node in launch.nodes})
    except SparkupError:
        return
    ranks = [
        (host, rank)
        for host, each in seen.items()
        for rank in each[LAUNCHES]
        if rank.mine and rank.attempt == launch.attempt
    ]
    for text in unheard(ranks, 0.0):  # it is just ready: who was never heard may yet be
        context.emit(Warned(text, HINT))
