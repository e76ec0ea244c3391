import os
from dataclasses import dataclass
from enum import Enum
from typing import Final

from openai import OpenAI

from consts import CROSS, MODELS

client = OpenAI()
m = []
NAME: Final[str] = "gpt-4o"
ALIAS = NAME


class Model(Enum):
    FAST = "gpt-4o-mini"


@dataclass
class Config:
    model: str = "gpt-4o"


class Base:
    model = "gpt-4o"

    def run(self):
        client.chat.completions.create(model=self.model, messages=m)  # M-6


class Summariser:
    DEFAULT = "gpt-4o-mini"

    def __init__(self, model: str | None = None, cap=None):
        self.model = model or os.getenv("SUMMARY_MODEL", self.DEFAULT)
        self.cap = cap

    def run(self, text):
        kw = {"model": self.model, "messages": [{"role": "user", "content": text}]}
        if self.cap:
            kw["max_tokens"] = self.cap
        return client.chat.completions.create(**kw)  # M-8+M-9+M-6+M-19


class Holder:
    def __init__(self, model="gpt-4o"):
        self.model = model

    def run(self):
        return client.chat.completions.create(model=self.model, messages=m)  # M-8


def get_model():
    return "gpt-4o"


def f(q, model, fast, cfg: Config, named="gpt-4o"):
    client.chat.completions.create(model=NAME, messages=m)  # M-2+M-3
    client.chat.completions.create(model=ALIAS, messages=m)  # M-4
    client.chat.completions.create(model=MODELS["fast"], messages=m)  # M-5+M-21
    client.chat.completions.create(model=cfg.model, messages=m)  # M-7
    client.chat.completions.create(model=os.getenv("M", "gpt-4o"), messages=m)  # M-10
    client.chat.completions.create(model=os.environ["M"], messages=m)  # M-11
    client.chat.completions.create(model=model, messages=m)  # M-12
    client.chat.completions.create(model=named, messages=m)  # M-13
    local = get_model()
    client.chat.completions.create(model=local, messages=m)  # M-14+M-16
    client.chat.completions.create(model="gpt-4o" if fast else "gpt-4o-mini", messages=m)  # M-15
    client.chat.completions.create(model=Model.FAST.value, messages=m)  # M-17
    client.chat.completions.create(model=CROSS, messages=m)  # M-21
    client.chat.completions.create(model=f"gpt-{q}", messages=m)  # M-22
    for each in ("a", "b"):
        client.chat.completions.create(model=each, messages=m)  # loop
