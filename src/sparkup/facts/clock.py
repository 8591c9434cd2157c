"""What time it is on a host; hosts are asked at once, so that their answers can be compared."""

from sparkup.domain.fact import Answers, Fact, run

UNKNOWN = -1.0


def parse(answers: Answers) -> float:
    """Read the answers to CLOCK: seconds after the epoch, UNKNOWN where it does not say."""
    try:
        return float(answers["date"]["out"])
    except ValueError:
        return UNKNOWN


CLOCK = Fact("clock", {"date": run("date", "+%s.%N")}, parse, unknown=UNKNOWN)
