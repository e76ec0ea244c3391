"""Which model does what. Everything may be set from the environment."""
import os
from dataclasses import dataclass

TRIAGE_MODEL = "gpt-4o"
EMBEDDING_MODEL = "text-embedding-3-large"


@dataclass
class AnswerSettings:
    model: str = "claude-opus-4-1"
    max_tokens: int = 1200


def summary_model() -> str:
    return os.getenv("SUMMARY_MODEL", "gpt-4.1")
