"""Makes losses.json: what TRL's trainers say of pairs of answers, and the slopes that torch finds for it.

    pip install "torch==2.4.1" "trl==0.11.4" "transformers==4.45.2" "numpy<2" rich
    python test/preference/reference/losses.py > test/preference/reference/losses.json

An answer is [sum of log p, that of the reference, number of tokens].
"""

import json
from types import SimpleNamespace

import torch
from trl.trainer.cpo_trainer import CPOTrainer
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_trainer import KTOTrainer
from trl.trainer.orpo_trainer import ORPOTrainer

PAIRS = [
    ([-7.25, -8.0, 5], [-3.5, -3.0, 2], True),
    ([-31.0, -12.5, 9], [-40.0, -60.0, 30], False),
    ([-0.02, -2.0, 1], [-4.5, -0.25, 1], True),
    ([-2.0, -3.0, 4], [-2.0, -3.0, 4], False),
    ([-110.0, -95.5, 70], [-64.5, -71.25, 33], True),
]

ACCELERATOR = SimpleNamespace(device="cpu", gather=lambda value: value.reshape(1))


def column(side, field):
    return torch.tensor([pair[side][field] for pair in PAIRS], dtype=torch.float64)


def common(**settings):
    return SimpleNamespace(accelerator=ACCELERATOR, reference_free=False, label_smoothing=0, is_encoder_decoder=False, **settings)


def dpo(first, second, tokens, loss_type, beta, label_smoothing=0):
    self = common(loss_type=loss_type, beta=beta, f_divergence_type="reverse_kl", f_divergence_params=None)
    self.label_smoothing = label_smoothing
    reference = [column(0, 1), column(1, 1)]
    logps = [first, second]
    if loss_type == "ipo":
        # As get_batch_logps does for this loss.
        logps = [value / count for value, count in zip(logps, tokens)]
        reference = [value / count for value, count in zip(reference, tokens)]
    return DPOTrainer.dpo_loss(self, *logps, *reference)[0]


def orpo(first, second, tokens, weight):
    means = [first / tokens[0], second / tokens[1]]
    ratio = ORPOTrainer.odds_ratio_loss(common(beta=weight), *means)[0]
    return -means[0] - ratio


def simpo(first, second, tokens, beta, gamma):
    self = common(loss_type="simpo", beta=beta, simpo_gamma=gamma)
    return CPOTrainer.cpo_loss(self, first / tokens[0], second / tokens[1])[0]


def kto(first, second, tokens, beta, desirable, undesirable):
    self = common(beta=beta, desirable_weight=desirable, undesirable_weight=undesirable, loss_type="kto", calculate_KL=True)
    good = torch.tensor([pair[2] for pair in PAIRS])
    reference = column(0, 1)
    losses = KTOTrainer.kto_loss(
        self, first[good], first[~good], second, reference[good], reference[~good], column(1, 1)
    )[0]
    ordered = torch.empty_like(first)
    ordered = ordered.masked_scatter(good, losses[: int(good.sum())])
    return ordered.masked_scatter(~good, losses[int(good.sum()) :])


CASES = [
    ({"loss": "dpo", "beta": 0.1}, lambda *at: dpo(*at, "sigmoid", 0.1)),
    ({"loss": "dpo", "beta": 0.5, "labelSmoothing": 0.2}, lambda *at: dpo(*at, "sigmoid", 0.5, 0.2)),
    ({"loss": "ipo", "beta": 0.25}, lambda *at: dpo(*at, "ipo", 0.25)),
    ({"loss": "orpo", "lambda": 0.7}, lambda *at: orpo(*at, 0.7)),
    ({"loss": "simpo", "beta": 2.5, "gamma": 0.3}, lambda *at: simpo(*at, 2.5, 0.3)),
    (
        {"loss": "kto", "beta": 0.1, "desirableWeight": 1.3, "undesirableWeight": 0.6},
        lambda *at: kto(*at, 0.1, 1.3, 0.6),
    ),
]


def figures(settings, loss):
    first, second = (column(side, 0).requires_grad_() for side in (0, 1))
    losses = loss(first, second, [column(0, 2), column(1, 2)])
    slopes = torch.autograd.grad(losses.sum(), [first, second], allow_unused=True)
    slopes = [torch.zeros_like(first) if slope is None else slope for slope in slopes]
    return {
        "settings": settings,
        "losses": losses.tolist(),
        "first": slopes[0].tolist(),
        "second": slopes[1].tolist(),
    }


pairs = [{"first": first, "second": second, "label": label} for first, second, label in PAIRS]
print(json.dumps({"pairs": pairs, "figures": [figures(*case) for case in CASES]}))
