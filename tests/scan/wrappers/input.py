import instructor
from anthropic import Anthropic
from langsmith.wrappers import wrap_openai
from openai import OpenAI

M = "gpt-4o-mini"


def traced(client):
    return client


def f(User, messages):
    client = instructor.from_openai(OpenAI(), mode=instructor.Mode.TOOLS)
    client.chat.completions.create(model="gpt-4o-mini", response_model=User, messages=messages, max_retries=3)  # W-2
    client.chat.completions.create_with_completion(model=M, response_model=User, messages=messages)  # W-3
    client.create(response_model=User, messages=messages, model=M)  # W-4
    bound = instructor.from_provider("openai/gpt-4o-mini")
    bound.create(response_model=User, messages=messages)  # W-5
    old = instructor.patch(OpenAI())
    old.chat.completions.create(model=M, response_model=User, messages=messages)  # W-6
    client.messages.create(model=M, response_model=User, messages=messages)  # W-7
    wrap_openai(OpenAI()).chat.completions.create(model=M, messages=messages)  # W-8
    traced(OpenAI()).chat.completions.create(model=M, messages=messages)  # W-9
    OpenAI(base_url="https://openrouter.ai/api/v1").chat.completions.create(model="x-ai/grok", messages=messages)  # W-10
    claude = instructor.from_anthropic(Anthropic())
    claude.messages.create(model="claude-haiku-4-5", max_tokens=9, response_model=User, messages=messages)  # W-1
