#!/usr/bin/env python3
"""Writes what Python's tokenizers makes of texts to recorded.json, for small tokenizers of one part each.

    pip install tokenizers
    python3 test/data/tokenizers/record.py [--check]
"""
import json
import pathlib
import sys

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "a b", " a  b ", "a-b--c", "one, two; three!", "x=1+2 <b> $5", "café bar", "Ünïcode ÀÉ", "١٢ ½ ² 42", "a\u0085b\ufeffc",
    "a\u00a0b\u3000c", "\ta\n\nb\r\nc", "日本語 text", "don't I'll we've", "₹€ 😀", "a▁b ▁▁c", "", "  ", "ﬁ ＡＢ", "A\u200db",
    "snake_case __x__", "...?!", "$$$1", "a.b,c", "-a-", "mixed123abc",
]
CHARACTERS = sorted(set("".join(TEXTS)) | set("▁"))
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
ALPHABET = [chr(c) for c in [*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324)]]


def tokenizer(pre=None, normalizer=None, model=None, added=()):
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": list(added), "normalizer": normalizer,
        "pre_tokenizer": pre, "post_processor": None, "decoder": None, "model": model or words(),
    }


def words():
    """One token per character, and pairs that only form where no piece ends between them."""
    vocab = ["<unk>", *CHARACTERS]
    merges = []
    for left in CHARACTERS:
        for right in CHARACTERS:
            if left.isascii() and right.isascii() and (left + right) in "".join(TEXTS):
                merges.append([left, right])
                vocab.append(left + right)
    vocab = list(dict.fromkeys(vocab))
    return {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(vocab)}, "merges": merges}


def byte_words():
    return {**words(), "unk_token": None, "vocab": {c: i for i, c in enumerate([*ALPHABET, "Ġa", "bc"])}, "merges": [["Ġ", "a"], ["b", "c"]]}


def unigram(byte_fallback):
    vocab = [["<unk>", 0.0], *[[byte, -20.0] for byte in BYTES], *[[c, -3.0] for c in "ab▁cé"], ["▁a", -1.0], ["ab", -1.5], ["a▁b", -0.5]]
    return {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": byte_fallback}


def split(behavior, pattern, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
CASES = {
    **{f"Split {b} at a text": tokenizer(split(b, {"String": "-"})) for b in BEHAVIORS},
    **{f"Split {b} at a blank": tokenizer(split(b, {"String": " "})) for b in BEHAVIORS},
    **{f"Split {b} at a pattern": tokenizer(split(b, {"Regex": r"\s+|\d"})) for b in BEHAVIORS},
    "Split Removed, inverted": tokenizer(split("Removed", {"Regex": r"\w+|[^\w\s]+"}, True)),
    "Split Isolated, inverted": tokenizer(split("Isolated", {"Regex": r"\w+"}, True)),
    "Whitespace": tokenizer({"type": "Whitespace"}),
    "WhitespaceSplit": tokenizer({"type": "WhitespaceSplit"}),
    "BertPreTokenizer": tokenizer({"type": "BertPreTokenizer"}),
    "Digits": tokenizer({"type": "Digits", "individual_digits": False}),
    "Digits, each": tokenizer({"type": "Digits", "individual_digits": True}),
    **{f"Punctuation {b}": tokenizer({"type": "Punctuation", "behavior": b}) for b in BEHAVIORS},
    "ByteLevel": tokenizer({"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}, model=byte_words()),
    "ByteLevel, prefixed": tokenizer({"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, model=byte_words()),
    "ByteLevel, whole": tokenizer({"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}, model=byte_words()),
    "Metaspace": tokenizer({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}, model=unigram(False)),
    "Metaspace, whole": tokenizer({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}, model=unigram(False)),
    "Metaspace, never": tokenizer({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True}, model=unigram(False)),
    "Unigram with bytes": tokenizer({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}, model=unigram(True)),
    "Sequence": tokenizer({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}]}),
    "Replace with a dollar": tokenizer(normalizer={"type": "Replace", "pattern": {"String": "a"}, "content": "$$1"}),
    "NFKC": tokenizer({"type": "WhitespaceSplit"}, normalizer={"type": "NFKC"}),
    "Lowercase": tokenizer({"type": "WhitespaceSplit"}, normalizer={"type": "Lowercase"}),
}


def main():
    models = {}
    cases = {}
    for name, file in CASES.items():
        python = Tokenizer.from_str(json.dumps(file))
        model = json.dumps(file["model"], ensure_ascii=False)
        parts = {key: value for key, value in file.items() if key != "model"}
        ids = [" ".join(map(str, python.encode(text, add_special_tokens=False).ids)) for text in TEXTS]
        cases[name] = {"parts": json.dumps(parts, ensure_ascii=False), "model": f"m{models.setdefault(model, len(models))}", "ids": ids}
    made = {"texts": TEXTS, "models": {f"m{number}": model for model, number in models.items()}, "cases": cases}
    path = HERE / "recorded.json"
    if "--check" not in sys.argv:
        path.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", "utf-8")
    elif json.loads(path.read_text("utf-8")) != made:
        sys.exit("what is recorded is not what this machine's tokenizers makes")


main()
