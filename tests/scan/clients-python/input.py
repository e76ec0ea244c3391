from functools import lru_cache

from groq import Groq
from openai import AsyncOpenAI, OpenAI

m = []


class Svc:
    def __init__(self, client: OpenAI | None = None):
        self.client = client or OpenAI()
        self._c = OpenAI()

    @property
    def llm(self):
        return OpenAI()

    def get_client(self):
        return self._c

    def go(self):
        self.client.chat.completions.create(model="a1", messages=m)  # C-3
        self.llm.chat.completions.create(model="a2", messages=m)  # C-4
        self.get_client().chat.completions.create(model="a3", messages=m)  # C-5


@lru_cache
def make():
    return AsyncOpenAI()


async def f(name):
    gq = OpenAI(base_url="https://api.groq.com/openai/v1", api_key="K")
    gq.chat.completions.create(model="b1", messages=m)  # C-2
    await make().chat.completions.create(model="b2", messages=m)  # C-6
    OpenAI().chat.completions.create(model="b3", messages=m)  # C-7
    with OpenAI() as c:
        c.responses.create(model="b4", input="x")  # C-8
    clients = {"a": OpenAI(), "b": Groq()}
    clients["b"].chat.completions.create(model="b5", messages=m)  # C-9
    client = OpenAI()
    completions = client.chat.completions
    completions.create(model="b6", messages=m)  # C-10
    create = client.chat.completions.create
    create(model="b7", messages=m)  # C-11
    c2 = client.with_options(timeout=5)
    c2.chat.completions.create(model="b8", messages=m)  # C-12
    client.with_options(timeout=5).chat.completions.create(model="b9", messages=m)  # C-13
    client.chat.completions.with_raw_response.create(model="c1", messages=m)  # C-14
    with client.responses.with_streaming_response.create(model="c2", input="x") as r:  # C-15
        print(r)
