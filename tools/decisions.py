#!/usr/bin/env python3
"""Prints docs/decisions/*.json for reading."""
import json
import pathlib
import textwrap

for path in sorted((pathlib.Path(__file__).resolve().parent.parent / "docs" / "decisions").glob("*.json")):
    d = json.loads(path.read_text())
    print(f"{path.stem}  ({d['timestamp'][:10]}, confidence {d['confidence']})")
    for title, value in (("Question", d["prompt"]), ("Because", d["reasoning"])):
        print(textwrap.indent(textwrap.fill(f"{title}: {value}", 96), "  "))
    for option in d["alternatives_considered"]:
        text = option if isinstance(option, str) else ": ".join(str(v) for v in option.values())
        print(textwrap.indent(textwrap.fill(f"- {text}", 96, subsequent_indent="  "), "  "))
    print()
