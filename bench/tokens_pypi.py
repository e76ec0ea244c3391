"""The same files through PyPI tiktoken: tokens_pypi.py RUNS RANKS_DIR FILE... (ranks as our build extracts them, so no network)."""
import base64
import statistics
import sys
import time

import tiktoken
from tiktoken_ext import openai_public


def encoding(name, ranks_dir):
    with open(f"{ranks_dir}/{name}.tiktoken", "rb") as f:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in f)}
    openai_public.load_tiktoken_bpe = lambda *args, **kwargs: ranks
    return tiktoken.Encoding(**getattr(openai_public, name)())


runs, ranks_dir, files = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
for name in ("cl100k_base", "o200k_base"):
    enc = encoding(name, ranks_dir)
    for file in files:
        text = open(file, "rb").read().decode("utf-8", "replace")
        size, rates, tokens = len(text.encode()), [], 0
        for _ in range(runs):
            start = time.perf_counter()
            tokens = len(enc.encode_ordinary(text))
            rates.append(size / (time.perf_counter() - start) / 1e6)
        print(f"pypi {name} {file} {max(rates):.1f} {statistics.median(rates):.1f} {tokens}")
