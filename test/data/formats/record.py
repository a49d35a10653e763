"""Writes the files that formats.test.ts reads, and expected.jsonl: what Python's `datasets` makes of them.

    pip install datasets pyarrow zstandard && HF_HOME=$(mktemp -d) python record.py
"""

import gzip
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from datasets import Dataset

HERE = os.path.dirname(os.path.abspath(__file__))
path = lambda name: os.path.join(HERE, name)

message = pa.struct([("role", pa.string()), ("content", pa.string()), ("name", pa.string())])
schema = pa.schema(
    [
        ("messages", pa.list_(message)),
        ("score", pa.float64()),
        ("half", pa.float32()),
        ("count", pa.int64()),
        ("small", pa.int32()),
        ("unsigned", pa.uint64()),
        ("flag", pa.bool_()),
        ("tags", pa.list_(pa.string())),
        ("nested", pa.list_(pa.list_(pa.int64()))),
        ("meta", pa.struct([("x", pa.float32()), ("y", pa.int64()), ("z", pa.list_(pa.struct([("w", pa.string())])))])),
        ("empty", pa.list_(pa.int64())),
        ("day", pa.string()),
    ]
)
say = lambda role, content, name=None: {"role": role, "content": content, "name": name}
first = {
    "messages": [say("user", "Hi é😀"), say("assistant", "Yo")],
    "score": 1.0,
    "half": 0.1,
    "count": 2**60,
    "small": 3,
    "unsigned": 2**63 + 1,
    "flag": True,
    "tags": ["a", None, ""],
    "nested": [[1, 2], [], None],
    "meta": {"x": 1.5, "y": None, "z": [{"w": "v"}, None]},
    "empty": [],
    "day": "2026-01-31",
}
second = {name: None for name in first} | {
    "messages": [say("user", 'Q\n"x"\\ \u2028', "bob"), say("assistant", "A")],
    "score": -2.5e-7,
    "count": -1,
}
table = pa.Table.from_pylist([first, second] * 3, schema=schema)
for compression in ("snappy", "zstd", "gzip", "none"):
    pq.write_table(table, path(f"{compression}.parquet"), compression=compression, row_group_size=4)
pq.write_table(table, path("plain.parquet"), use_dictionary=False, data_page_version="2.0", compression="snappy")

dataset = Dataset.from_parquet(path("snappy.parquet"))
text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in dataset)
with open(path("expected.jsonl"), "w") as file:
    file.write(text)
with open(path("rows.jsonl.gz"), "wb") as file:
    # Two members, as `cat a.gz b.gz` makes them.
    cut = text.index("\n") + 1
    file.write(gzip.compress(text[:cut].encode(), mtime=0) + gzip.compress(text[cut:].encode(), mtime=0))
with open(path("rows.jsonl.zst"), "wb") as file:
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    file.write(compressor.compress(text[:cut].encode()) + compressor.compress(text[cut:].encode()))
