from openai import OpenAI

client = OpenAI()


def ask(q, model):
    return client.responses.create(model=model, input=q)  # M-12


ask("a", "gpt-4o")
ask("b", model="gpt-4o-mini")
