"""Example: client.chat.completions.create(model="gpt-4")"""
import tiktoken
from unittest.mock import MagicMock, patch

import openai
from openai import OpenAI
from openai.types.chat import ChatCompletion
from twilio.rest import Client as Twilio

twilio = Twilio()


def f(client: OpenAI, m: "openai.types.chat.ChatCompletion") -> ChatCompletion: ...  # N-1


# client.messages.create(model="claude-3-opus")  N-3
SNIPPET = 'client.chat.completions.create(model="gpt-4o")'  # N-4
PRICES = {"chat.completions.create": 1}  # N-5


def g(client: OpenAI, project, t, c, r, x):
    patch("openai.OpenAI")  # N-6
    patch.object(client.chat.completions, "create")
    client.chat.completions.create = MagicMock()  # N-7
    client.chat.completions.create.return_value = r
    client.chat.completions.create.assert_called_once_with(model="gpt-4o")  # N-8
    twilio.messages.create(body="hi", from_="a", to="b")  # N-9
    client.beta.threads.messages.create(thread_id=t, role="user", content=c)  # N-10
    project.agents.messages.create(thread_id=t, role="user", content=c)  # N-11
    tiktoken.encoding_for_model("gpt-4o").encode(x)  # N-12
    if isinstance(x, OpenAI):  # N-13
        raise openai.RateLimitError("msg", response=None, body=None)
    client.moderations.create(input=x)
    client.models.list()
    client.files.create(file=x, purpose="batch")


class FakeLLM:  # N-14
    def invoke(self, x):
        return x


FakeLLM().invoke("x")  # N-15
