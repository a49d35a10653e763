"""Makes overlap.json: what the usual implementations say of pairs of answers and references.

    pip install rouge-score==0.1.2
    python test/grading/reference/overlap.py > test/grading/reference/overlap.json

rouge_l: Google's rouge_score, rougeL, F-measure, without stemming. f1: as SQuAD's evaluate-v1.1.py and evaluate-v2.0.py
define it (Rajpurkar et al., 2016 and 2018), written down anew from that definition.
"""

import json
import random
import re
import string
from collections import Counter

from rouge_score import rouge_scorer

ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


def squad_tokens(text):
    text = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    return ARTICLES.sub(" ", text).split()


def squad_f1(answer, reference):
    given, wanted = squad_tokens(answer), squad_tokens(reference)
    if not given or not wanted:
        return float(given == wanted)
    same = sum((Counter(given) & Counter(wanted)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(given), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


PAIRS = [
    ("the cat sat on the mat", "the cat is on the mat"),
    ("The Cat, sat; on the MAT!", "cat sat on mat"),
    ("police killed the gunman", "police kill the gunman"),
    ("the gunman police killed", "police killed the gunman"),
    ("a b c d e", "e d c b a"),
    ("x", "x"),
    ("x", "y"),
    ("", "something"),
    ("The an a", "the"),
    ("U.S. dollars: 1,000.50", "US dollars 1000 50"),
    ("It's the well-known co-operation", "its the well known cooperation"),
    ("caf\u00e9 na\u00efve \u4e2d\u6587 end", "cafe naive end"),
    ("an apple", "apples"),
    ("one two two three", "two two two"),
    ("\u00a0spaced\u2003out\ttext\n", "spaced out text"),
    ("under_score and `code`", "underscore and code"),
    ("the theatre of an ant", "theatre of ant"),
    ("\u0130stanbul STRASSE \u00df", "istanbul strasse ss"),
]

if __name__ == "__main__":
    random.seed(7)
    words = ["the", "a", "fox", "dog", "runs", "quick", "over", "lazy", "Dog,", "1", "2.", "it's"]
    drawn = [[" ".join(random.choices(words, k=random.randint(1, 30))) for _ in range(2)] for _ in range(60)]
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    rows = [
        {
            "answer": answer,
            "reference": reference,
            "f1": squad_f1(answer, reference),
            "rouge_l": scorer.score(reference, answer)["rougeL"].fmeasure,
        }
        for answer, reference in [*PAIRS, *drawn]
    ]
    print(json.dumps(rows, indent=1, ensure_ascii=True))
