"""What Optuna's TPESampler finds, and what its Parzen estimators say: `pip install optuna==5.0.0`, then
`python tpe.py > tpe.json`. The functions are those of ../functions.ts; `samples` shows that they are the same."""

import json
import math
import statistics
import sys
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def log(point):
    rate = math.log10(point["rate"]) + 3
    decay = math.log10(point["decay"]) + 5
    eps = math.log10(point["eps"]) + 8
    return abs(rate) + 0.5 * abs(decay) + 0.3 * abs(eps - rate)


def categorical(point):
    costs = {"adam": 0.0, "lion": 0.4, "sgd": 1.5, "rms": 0.8}
    shapes = {"flat": 0.9, "linear": 0.5, "cosine": 0.0, "wsd": 0.2, "square": 2.0}
    both = 0.5 if point["optimizer"] == "lion" and point["schedule"] == "wsd" else 0.0
    return costs[point["optimizer"]] + shapes[point["schedule"]] - both + abs(point["x"] - 1.7) + abs(point["y"] + 0.4)


def conditional(point):
    shared = abs(point["w"] - 0.7)
    if point["kind"] == "a":
        return shared + 2 + abs(point["x"])
    if point["kind"] == "b":
        return shared + abs(point["y"] - 2) + 4 * abs(point["z"] - 0.3)
    return shared + 3.0


def mixed(point):
    rate = math.log10(point["rate"]) + 3
    batch = (point["batch"] - 48) / 40
    return (
        abs(rate)
        + abs(batch)
        + 0.2 * abs(point["layers"] - 5)
        + (0.0 if point["kind"] == "deep" else 1.5)
        + 4 * abs(point["dropout"] - 0.15)
    )


SPACES = {
    "log": lambda t: {
        "rate": t.suggest_float("rate", 1e-6, 1, log=True),
        "decay": t.suggest_float("decay", 1e-8, 1e-1, log=True),
        "eps": t.suggest_float("eps", 1e-12, 1e-4, log=True),
    },
    "categorical": lambda t: {
        "optimizer": t.suggest_categorical("optimizer", ["adam", "lion", "sgd", "rms"]),
        "schedule": t.suggest_categorical("schedule", ["flat", "linear", "cosine", "wsd", "square"]),
        "x": t.suggest_float("x", -5, 5),
        "y": t.suggest_float("y", -5, 5),
    },
    "conditional": lambda t: branch(t, t.suggest_categorical("kind", ["a", "b", "c"])),
    "mixed": lambda t: {
        "rate": t.suggest_float("rate", 1e-6, 1, log=True),
        "batch": t.suggest_int("batch", 8, 128, step=8),
        "layers": t.suggest_int("layers", 1, 8),
        "kind": t.suggest_categorical("kind", ["wide", "deep", "plain"]),
        "dropout": t.suggest_float("dropout", 0, 0.5),
    },
}


def branch(trial, kind):
    point = {"kind": kind, "w": trial.suggest_float("w", -2, 2)}
    if kind == "a":
        point["x"] = trial.suggest_float("x", -5, 5)
    if kind == "b":
        point["y"] = trial.suggest_float("y", -5, 5)
        point["z"] = trial.suggest_float("z", 0, 1)
    return point


FUNCTIONS = {"log": log, "categorical": categorical, "conditional": conditional, "mixed": mixed}


def regrets(name, multivariate, seed):
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=multivariate, n_startup_trials=10)
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: FUNCTIONS[name](SPACES[name](trial)), n_trials=100)
    values = [trial.value for trial in study.trials]
    return min(values[:50]), min(values)


def medians(name, multivariate, seeds):
    found = [regrets(name, multivariate, seed) for seed in range(seeds)]
    return {"after50": statistics.median(one for one, _ in found), "after100": statistics.median(one for _, one in found)}


def densities():
    """Logarithms of densities: of points under observations, for each kind of dimension and all of them together."""
    random = np.random.RandomState(5)
    space = {
        "rate": FloatDistribution(1e-6, 1, log=True),
        "batch": IntDistribution(8, 128, step=8),
        "layers": IntDistribution(1, 64, log=True),
        "kind": CategoricalDistribution(["wide", "deep", "plain"]),
        "dropout": FloatDistribution(0, 0.5),
        "coarse": FloatDistribution(0, 2, step=0.25),
    }

    def some(count):
        return {
            "rate": (10 ** random.uniform(-6, 0, count)).tolist(),
            "batch": (8 * random.randint(1, 17, count)).tolist(),
            "layers": random.randint(1, 65, count).tolist(),
            "kind": random.randint(0, 3, count).tolist(),
            "dropout": random.uniform(0, 0.5, count).tolist(),
            "coarse": (0.25 * random.randint(0, 9, count)).tolist(),
        }

    # Which of equal observations comes first is left open by numpy's default, and weighs: the older, here.
    argsort = np.argsort
    np.argsort = lambda values, kind="stable": argsort(values, kind="stable")
    parameters = _ParzenEstimatorParameters(
        prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False, weights=default_weights, multivariate=True
    )
    cases = []
    for count in [0, 1, 2, 7, 26, 60]:
        observations, points = some(count), some(5)
        for names in [*([name] for name in space), list(space)]:
            estimator = _ParzenEstimator(
                {name: np.array(observations[name]) for name in names}, {name: space[name] for name in names}, parameters
            )
            found = estimator.log_pdf({name: np.array(points[name]) for name in names})
            cases.append(
                {
                    "names": names,
                    "observations": {name: observations[name] for name in names},
                    "points": {name: points[name] for name in names},
                    "logDensities": found.tolist(),
                }
            )
    np.argsort = argsort
    return cases


def samples():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    found = {}
    for name in FUNCTIONS:
        points = [SPACES[name](study.ask()) for _ in range(6)]
        found[name] = [{"point": point, "value": FUNCTIONS[name](point)} for point in points]
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    return found


SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
figures = {
    "optuna": optuna.__version__,
    "samples": samples(),
    "densities": densities(),
    "seeds": SEEDS,
    "medianRegret": {
        name: {"univariate": medians(name, False, SEEDS), "multivariate": medians(name, True, SEEDS)}
        for name in FUNCTIONS
    },
}
json.dump(figures, sys.stdout, indent=1)
