#!/usr/bin/env python3
"""Renders cases.json with transformers and writes what it renders, or that it refuses, to rendered.json.

    pip install 'transformers>=4.45' jinja2
    python3 test/data/templates/record.py [--check]

Each case is one construct that public chat templates use, in a template written for this project. `--check` writes
nothing and fails if what is recorded is not what this machine's transformers renders.
"""
import json
import pathlib
import sys
from datetime import datetime

import transformers.utils.chat_template_utils as chat

HERE = pathlib.Path(__file__).parent
VARIABLES = json.loads((HERE / "variables.json").read_text("utf-8"))


class Pinned(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 7)


chat.datetime = Pinned


def render(template):
    compiled = chat._compile_jinja_template(template)
    return compiled.render(**VARIABLES)


def outcome(template):
    try:
        text = render(template)
        # What prints an address in memory is another text each time.
        return {"refused": "address"} if " at 0x" in text else {"text": text}
    except Exception as error:  # whatever Python has against it is a refusal
        return {"refused": type(error).__name__}


def main():
    cases = json.loads((HERE / "cases.json").read_text("utf-8"))
    rendered = {name: outcome(template) for name, template in cases.items()}
    text = json.dumps(rendered, ensure_ascii=False, indent=2) + "\n"
    path = HERE / "rendered.json"
    if "--check" not in sys.argv:
        path.write_text(text, "utf-8")
    elif path.read_text("utf-8") != text:
        was = json.loads(path.read_text("utf-8"))
        sys.exit("\n".join(f"{name}: {rendered[name]}, recorded {was.get(name)}" for name in rendered if rendered[name] != was.get(name)))


main()
