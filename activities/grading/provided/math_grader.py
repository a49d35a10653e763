"""The grader `math`: whether an answer comes to the same as the reference, by math-verify (Apache-2.0).

# Installed where the experiment names no Python of its own.
# /// script
# dependencies = [
#   "antlr4-python3-runtime==4.13.2",
#   "latex2sympy2_extended==1.11.0",
#   "math-verify==0.9.0",
#   "mpmath==1.3.0",
#   "sympy==1.14.0",
# ]
# ///
"""

import functools
import logging
import re

try:
    from math_verify import parse, verify
except ImportError as cause:
    raise ImportError(
        "math needs math-verify in the Python that the experiment names: add math-verify==0.9.0, "
        "latex2sympy2_extended==1.11.0, antlr4-python3-runtime==4.13.2, sympy==1.14.0 and mpmath==1.3.0 to "
        "python.requirements, or leave `python` out"
    ) from cause

# What it cannot read is a wrong answer, and no news.
logging.disable(logging.ERROR)

# What says by itself where mathematics begins.
NUMBER = re.compile(r"\s*[-+]?\d[\d.,]*\s*%?\s*")
MARKED = re.compile(r"\$|\\\(|\\\[|\\boxed|\\begin\{")


# math-verify reads them as products of letters.
WORDS = re.compile(r"\s*[A-Za-z]{2,}(?:[ -][A-Za-z]+)*\s*")

# On a machine with too much to do. What takes longer is as good as undecidable, and wrong by its custom.
SECONDS = 20


def score(output, reference):
    return float(verify(list(read(reference)), parse(output, parsing_timeout=SECONDS), timeout_seconds=SECONDS))


def refuses(output, reference):
    """Fails where nothing could be compared with the reference."""
    if WORDS.fullmatch(reference):
        raise ValueError("the reference is a word, not mathematics: exact_match or multiple_choice compares words")
    if not read(reference):
        raise ValueError("the reference holds no mathematics that math-verify can read")
    if score(reference if MARKED.search(reference) else f"${reference}$", reference) != 1.0:
        raise ValueError("math-verify does not find the reference equal to itself: write it as one expression in $…$")
    return 1.0


@functools.lru_cache(maxsize=4096)
def read(reference):
    """A reference is often bare: mathematics without the marks that an answer in prose needs."""
    if MARKED.search(reference) or NUMBER.fullmatch(reference):
        return tuple(parse(reference, parsing_timeout=SECONDS))
    marked = parse(f"${reference}$", parsing_timeout=SECONDS)
    return tuple(marked or parse(reference, parsing_timeout=SECONDS))
