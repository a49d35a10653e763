"""What Optuna's pruners stop on recorded learning curves, four trials at a time: `pip install optuna==5.0.0`, then
`python stops.py > stops.json`. An event is [trial, step, score, stopped, ended], in the order of arrival."""

import json
import sys
import warnings

import numpy as np
import optuna

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS, SLOTS = 40, 4


def curve(random, length):
    """A rise towards a level, with noise; six digits, as no two are to be alike."""
    level, speed = random.uniform(0.2, 0.95), random.uniform(0.02, 0.3)
    steps = np.arange(1, length + 1)
    return np.round(level * (1 - np.exp(-speed * steps)) + random.normal(0, 0.03, length), 6).tolist()


def simulate(pruner, direction, steps, seed):
    random = np.random.RandomState(seed)
    study = optuna.create_study(direction=direction, pruner=pruner)
    sign = 1 if direction == "maximize" else -1
    curves = [[sign * value for value in curve(random, len(steps))] for _ in range(TRIALS)]
    running, events, begun = [], [], 0
    while running or begun < TRIALS:
        while len(running) < SLOTS and begun < TRIALS:
            running.append((study.ask(), begun, 0))
            begun += 1
        slot = random.randint(len(running))
        trial, number, at = running[slot]
        value = curves[number][at]
        trial.report(value, steps[at])
        stopped, ended = bool(trial.should_prune()), at == len(steps) - 1
        events.append([number, steps[at], value, stopped, ended])
        if stopped or ended:
            running.pop(slot)
            if stopped:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                study.tell(trial, value)
        else:
            running[slot] = (trial, number, at + 1)
    return events


def halving(**options):
    return optuna.pruners.SuccessiveHalvingPruner(min_early_stopping_rate=0, **options)


CASES = [
    ("every rung is a checkpoint", {"rule": "asha", "reduction": 3, "minSteps": 1}, halving(min_resource=1, reduction_factor=3), "maximize", list(range(1, 31)), 11),
    ("smaller is better", {"rule": "asha", "reduction": 4, "minSteps": 5}, halving(min_resource=5, reduction_factor=4), "minimize", list(range(5, 126, 5)), 12),
    ("checkpoints between the rungs", {"rule": "asha", "reduction": 2, "minSteps": 7}, halving(min_resource=7, reduction_factor=2), "maximize", list(range(10, 201, 10)), 13),
    ("one checkpoint reaches several rungs", {"rule": "asha", "reduction": 3, "minSteps": 2}, halving(min_resource=2, reduction_factor=3), "maximize", list(range(20, 201, 20)), 14),
    ("the median of finished ones", {"rule": "median", "minSteps": 4}, optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=4), "maximize", list(range(1, 21)), 15),
    ("the median, smaller is better", {"rule": "median", "minSteps": 1, "grace": 8}, optuna.pruners.MedianPruner(n_startup_trials=8), "minimize", list(range(3, 40, 3)), 16),
]
figures = {
    "optuna": optuna.__version__,
    "cases": [
        {"name": name, "stopEarly": rule, "goal": direction, "events": simulate(pruner, direction, steps, seed)}
        for name, rule, pruner, direction, steps, seed in CASES
    ],
}
json.dump(figures, sys.stdout)
