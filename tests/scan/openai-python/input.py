import openai
from openai import OpenAI, AsyncOpenAI, AzureOpenAI

client = OpenAI()
aclient = AsyncOpenAI()
MODEL = "gpt-5.4-mini"
msgs = [{"role": "user", "content": "hi"}]


def run(q, schema):
    client.chat.completions.create(model="gpt-5.4-mini", messages=[{"role": "user", "content": q}], max_completion_tokens=200)  # OA-PY-1
    client.chat.completions.parse(model="gpt-4o", messages=msgs, response_format=schema)  # OA-PY-3
    with client.chat.completions.stream(model="gpt-4o", messages=msgs) as s:  # OA-PY-4
        print(s)
    client.beta.chat.completions.parse(model="gpt-4o-mini", messages=msgs, response_format=schema)  # OA-PY-5
    client.responses.create(model="gpt-5.5", instructions="Be brief.", input=q, max_output_tokens=64)  # OA-PY-6
    client.responses.parse(model="gpt-5.5", input=q, text_format=schema)  # OA-PY-7
    with client.responses.stream(model="gpt-5.5", input=q) as s:  # OA-PY-8
        print(s)
    client.embeddings.create(model="text-embedding-3-small", input=[q, q])  # OA-PY-9
    openai.chat.completions.create(model="gpt-4o", messages=msgs)  # OA-PY-10
    client.images.generate(prompt=q)  # OA-PY-15
    client.batches.create(input_file_id="f", endpoint="/v1/chat/completions", completion_window="24h")  # OA-PY-16
    client.post("/chat/completions", body={"model": "gpt-4o", "messages": msgs}, cast_to=object)  # OA-PY-18


async def arun():
    await aclient.chat.completions.create(model=MODEL, messages=msgs, stream=True)  # OA-PY-2
