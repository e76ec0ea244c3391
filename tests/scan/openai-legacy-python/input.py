import openai

m = []
p = "x"


async def f(t):
    openai.ChatCompletion.create(model="gpt-3.5-turbo", messages=m)  # OA-PY-11
    await openai.ChatCompletion.acreate(engine="my-deploy", messages=m)  # OA-PY-12
    openai.Completion.create(engine="text-davinci-003", prompt=p, max_tokens=64)  # OA-PY-13
    openai.Embedding.create(model="text-embedding-ada-002", input=t)  # OA-PY-14
