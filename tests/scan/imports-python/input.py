import importlib
from typing import TYPE_CHECKING

import openai as oai
from langfuse.openai import OpenAI as Traced
from openai import OpenAI as Client

if TYPE_CHECKING:
    from anthropic import Anthropic

try:
    import litellm
except ImportError:
    litellm = None

m = []


def lazy():
    from anthropic import Anthropic

    return Anthropic().messages.create(model="a1", max_tokens=5, messages=m)  # I-PY-6


def f(client: "Anthropic"):
    oai.chat.completions.create(model="a2", messages=m)  # I-PY-2
    Client().chat.completions.create(model="a3", messages=m)  # I-PY-4
    Traced().chat.completions.create(model="a4", messages=m)  # I-PY-5
    litellm.completion(model="a5", messages=m)  # I-PY-7
    client.messages.create(model="a6", max_tokens=5, messages=m)  # I-PY-8
