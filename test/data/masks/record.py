#!/usr/bin/env python3
"""Records in recorded.json which tokens transformers and TRL train on, with templates and a tokenizer of our own.

    pip install transformers tokenizers jinja2
    python3 test/data/masks/record.py [--check]

`generation`: transformers' own mask of what {% generation %} blocks hold (`return_assistant_tokens_mask`).
`completion`: TRL's, as `SFTTrainer` has it (trl 1.16, trl/trainer/sft_trainer.py): the conversation without its last
answer is rendered with the generation prompt, the whole without; both are tokenized, and what follows the tokens that
both begin with alike is trained on. TRL itself needs torch to be loaded, and is not: these lines are its convention.
"""
import json
import pathlib
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

HERE = pathlib.Path(__file__).parent
SPECIAL = ["<end>", "<start>", "<think>", "</think>"]


def tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: index for index, token in enumerate(alphabet)}
    merges = []
    for merge in ["Ġ t", "h e", "a n", "Ċ Ċ", "o k", "Ġ a", "s w", "e r", "an sw", "answ er"]:
        left, right = merge.split(" ")
        vocab[left + right] = len(vocab)
        merges.append((left, right))
    made = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(SPECIAL)
    return made


TEMPLATES = {
    "plain": "{% for m in messages %}{{ m.role + ':' + m.content + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}",
    "lines": "{% for m in messages %}{{ '<start>' + m.role + '\\n' + m.content + '<end>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% endif %}",
    "trimmed": "{% for m in messages %}{{ '<start>' + m.role + '\\n\\n' + m.content | trim + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n\\n' }}{% endif %}",
    "opens reasoning": "{% for m in messages %}{{ '<start>' + m.role + '\\n' + m.content.split('</think>')[-1] + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n<think>\\n' }}{% endif %}",
    "empty reasoning": "{% for m in messages %}{{ '<start>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{{ m.content + '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% endif %}",
}
MARKED = {
    "marked, with the end": "{% for m in messages %}{{ '<start>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + '<end>' }}{% endgeneration %}{% else %}{{ m.content + '<end>' }}{% endif %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% endif %}",
    "marked, without the end": "{% for m in messages %}{{ '<start>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{{ '<end>' }}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% endif %}",
    "marked, the end of the text apart": "{% for m in messages %}{{ '<start>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + '<end>' }}{% endgeneration %}{% else %}{{ m.content + '<end>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% else %}{% generation %}{{ '<end>' }}{% endgeneration %}{% endif %}",
    "marked, after the reasoning": "{% for m in messages %}{{ '<start>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{{ '<think></think>' }}{% generation %}{{ m.content + '<end>' }}{% endgeneration %}{% else %}{{ m.content + '<end>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<start>assistant\\n' }}{% endif %}",
}
TALKS = {
    "one turn": ["What is the answer?", "the answer"],
    "two turns": ["a", "ok then", "and?", "then the other"],
    "blanks and lines": ["  a\n", " the\n\n  answer "],
    "other letters": ["Wie heißt das?", "日本語 😀 é"],
    "reasoning": ["2+2?", "<think>\nfour\n</think>\n\n4"],
}


def messages(talk):
    return [{"role": "assistant" if turn % 2 else "user", "content": text} for turn, text in enumerate(talk)]


def main():
    raw = tokenizer()
    own = PreTrainedTokenizerFast(tokenizer_object=raw)

    def ids(conversation, **how):
        return own.apply_chat_template(conversation, tokenize=True, return_dict=True, **how)["input_ids"]

    cases = []
    for name, talk in TALKS.items():
        conversation = messages(talk)
        for template, source in TEMPLATES.items():
            own.chat_template = source
            prompt = ids(conversation[:-1], add_generation_prompt=True)
            whole = ids(conversation)
            shared = next((at for at, pair in enumerate(zip(prompt, whole)) if pair[0] != pair[1]), min(len(prompt), len(whole)))
            mask = [0] * shared + [1] * (len(whole) - shared)
            cases.append({"kind": "completion", "template": template, "talk": name, "ids": whole, "mask": mask, "prompt": prompt})
        for template, source in MARKED.items():
            own.chat_template = source
            made = own.apply_chat_template(conversation, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
            cases.append({"kind": "generation", "template": template, "talk": name, "ids": made["input_ids"], "mask": made["assistant_masks"]})
    recorded = {
        "tokenizer": json.loads(raw.to_str()),
        "templates": {**TEMPLATES, **MARKED},
        "talks": {name: messages(talk) for name, talk in TALKS.items()},
        "cases": cases,
    }
    text = json.dumps(recorded, ensure_ascii=False) + "\n"
    path = HERE / "recorded.json"
    if "--check" not in sys.argv:
        path.write_text(text, "utf-8")
    elif json.loads(path.read_text("utf-8"))["cases"] != cases:
        sys.exit("what is recorded is not what this machine makes")


main()
