"""The same rows with the same tokenizer by Python's datasets.map and transformers, on two processes: one line of JSON.

    pip install datasets transformers jinja2
    npm run bench -- plan --python /path/to/python3

The ids of the conversation, and of the prompt that asks for its answer, which says where the answer begins: as TRL does.
"""
import json
import os
import resource
import sys
import time

folder = sys.argv[1]
os.environ.update(HF_HOME=os.path.join(folder, "hf"), HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import datasets  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
with open(os.path.join(folder, "chat_template.jinja"), encoding="utf8") as file:
    tokenizer.chat_template = file.read()


def encode(row):
    messages = row["messages"]
    ids = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True)["input_ids"]
    asked = tokenizer.apply_chat_template(messages[:-1], tokenize=True, return_dict=True, add_generation_prompt=True)["input_ids"]
    return {"input_ids": ids, "completion_mask": [0] * len(asked) + [1] * (len(ids) - len(asked))}


def main():
    datasets.disable_progress_bars()
    since = time.time()
    rows = datasets.load_dataset("json", data_files=os.path.join(folder, "train.jsonl"), split="train")
    made = rows.map(encode, num_proc=2, remove_columns=["messages"])
    seconds = time.time() - since
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "rows": len(made),
        "tokens": sum(len(batch) for part in made.iter(1000) for batch in part["input_ids"]),
        "seconds": seconds,
        "cpuSeconds": sum(one.ru_utime + one.ru_stime for one in usage),
        "megabytes": sum(one.ru_maxrss for one in usage) / 1024,
    }))


main()
