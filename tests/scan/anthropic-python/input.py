from anthropic import Anthropic, AnthropicBedrock, AnthropicVertex, AsyncAnthropic

client = Anthropic()
aclient = AsyncAnthropic()
MODEL = "claude-sonnet-5"
M = "claude-haiku-4-5"
SYS = "You are terse."
m = [{"role": "user", "content": "hi"}]


def f(q, Out, r, p):
    client.messages.create(model="claude-haiku-4-5", max_tokens=512, system=SYS, messages=[{"role": "user", "content": q}])  # AN-PY-1
    with client.messages.stream(model=MODEL, max_tokens=1024, messages=m) as s:  # AN-PY-2
        print(s)
    client.messages.parse(model="claude-sonnet-5", max_tokens=800, messages=m, output_format=Out)  # AN-PY-4
    client.beta.messages.create(model="claude-opus-5-5", max_tokens=99, messages=m, betas=["x"])  # AN-PY-5
    client.messages.batches.create(requests=[{"custom_id": "1", "params": {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": m}}])  # AN-PY-6
    client.completions.create(model="claude-2.1", prompt=p, max_tokens_to_sample=300)  # AN-PY-7
    client.messages.with_raw_response.create(model=M, max_tokens=9, messages=m)  # AN-PY-8
    AnthropicBedrock().messages.create(model="anthropic.claude-haiku-4-5-v1:0", max_tokens=9, messages=m)  # AN-PY-9
    AnthropicVertex(region=r, project_id=p).messages.create(model="claude-sonnet-4-5@20250929", max_tokens=9, messages=m)  # AN-PY-10
    client.messages.count_tokens(model=M, messages=m)


async def g():
    params = {"model": MODEL, "max_tokens": 5, "messages": m}
    async with aclient.messages.stream(**params) as s:  # AN-PY-3
        print(s)
