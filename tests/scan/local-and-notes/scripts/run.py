from openai import OpenAI

local = OpenAI(base_url="http://localhost:11434/v1")


def f(xs):
    # dd0c: calls=300 label=summary
    local.chat.completions.create(model="llama3", messages=[])  # local
