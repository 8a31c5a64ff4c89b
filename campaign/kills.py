"""Commands that are killed at any moment: run again, they end with what an undisturbed run gives."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

from campaign.commands import Running
from campaign.outcomes import Offence, Outcome
from campaign.settings import Settings
from campaign.stages import STAGES, Stages

__all__ = ["trials"]

# A killed command is started again and killed again, this many times at most.
AT_A_TIME = 3


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Kill the command of each stage in turn."""
    stages, number = Stages(place), 0
    for number in settings.trials(range(settings.kills)):
        random = settings.random("kills", number)
        stage = STAGES[number % len(STAGES)]
        seconds = stages.reset(stage).seconds
        kills = 1 + random.randrange(AT_A_TIME) if random.random() < 0.3 else 1
        offences: list[Offence] = []
        for _ in range(kills):
            # All processes at once, as when a machine stops, or the first alone, as when memory runs out.
            offences += _kill(stages, stage, seconds * random.random(), random.random() < 0.5, outcome)
        offences += stages.offences(stage)
        outcome.facts[f"killed in {stage}"] += kills
        outcome.count(settings.repeated("kills", number, offences))
        yield outcome.tried


def _kill(stages: Stages, stage: str, seconds: float, group: bool, outcome: Outcome) -> list[Offence]:
    running = Running(stages.arguments(stage))
    end = time.monotonic() + seconds
    running.until(lambda: time.monotonic() > end, seconds + 1)
    outcome.facts["ended before they were killed"] += running.poll()
    running.end(signal.SIGKILL, group=group)
    done = running.done()
    if done.left:
        return [Offence("hung", f"{done.command}: {done.left} of its processes go on after it was killed")]
    return []
