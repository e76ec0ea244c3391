"""Official Python SDKs, unmodified: each case runs against the mock provider and through the proxy; within a family both must give the same.

usage: cases.py DIRECT_URL PROXY_URL KEY      prints a JSON line a case: {group, name, ok, why}
"""
import json
import sys
import traceback

import anthropic
import openai
from pydantic import BaseModel

DIRECT, PROXY, KEY = sys.argv[1:4]
OWN = {"openai": "gpt-4o-mini", "anthropic": "claude-haiku-4-5"}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Weather of a city", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
TOOL_MESSAGES = {"name": "weather", "description": "Weather of a city", "input_schema": TOOL["function"]["parameters"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
VOLATILE = {"id", "created", "created_at", "request_id", "_request_id", "system_fingerprint", "sequence_number", "item_id", "obfuscation", "completed_at"}


class City(BaseModel):
    city: str


def plain(value):
    """What an SDK gave back, without what differs from call to call."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def say(text="Say hi"):
    return [{"role": "user", "content": text}]


CASES = []


def case(group, family, cross=True, own=True):
    """Within its family the results are compared; across (cross) the case's own assertions count."""
    def add(fn):
        CASES.append((group, family, fn, own, cross))
        return fn
    return add


# --- OpenAI: chat completions ---

@case("request", "openai")
def chat(c, m):
    r = c.chat.completions.create(model=m, messages=[{"role": "system", "content": "Be brief."}, *say()], max_tokens=20, temperature=0.5)
    assert r.choices[0].message.content and r.choices[0].finish_reason == "stop" and r.usage.prompt_tokens > 0 and r.object == "chat.completion"
    return r


@case("request", "openai")
def chat_developer_and_parts(c, m):
    return c.chat.completions.create(model=m, max_completion_tokens=20, messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])


@case("request", "openai")
def chat_vision(c, m):
    r = c.chat.completions.create(model=m, max_tokens=20, messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]}])
    assert r.choices[0].message.content
    return r


@case("request", "openai")
def chat_tools(c, m):
    r = c.chat.completions.create(model=m, messages=say("Weather in Rome?"), tools=[TOOL], tool_choice="required", max_tokens=50)
    call = r.choices[0].message.tool_calls[0]
    assert r.choices[0].finish_reason in ("tool_calls", "stop") and call.function.name == "weather" and "city" in json.loads(call.function.arguments)
    again = c.chat.completions.create(model=m, tools=[TOOL], max_tokens=50, messages=[
        *say("Weather in Rome?"), {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": {"name": "weather", "arguments": call.function.arguments}}]},
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"}])
    return [r.choices[0].message.tool_calls[0].function.name, again.choices[0].finish_reason]


@case("request", "openai")
def chat_structured(c, m):
    r = c.chat.completions.parse(model=m, messages=say("A city as JSON"), response_format=City, max_tokens=50)
    assert isinstance(r.choices[0].message.parsed, City)
    return r


@case("request", "openai", cross=False)
def chat_n_and_logprobs(c, m):
    return c.chat.completions.create(model=m, messages=say(), n=2, seed=7, logprobs=True, max_tokens=5, extra_body={"zz_unknown": {"a": 1}})


@case("streaming", "openai")
def chat_stream(c, m):
    chunks = list(c.chat.completions.create(model=m, messages=say(), stream=True, stream_options={"include_usage": True}, max_tokens=20))
    text = "".join(x.choices[0].delta.content or "" for x in chunks if x.choices)
    assert text and len(chunks) > 2 and chunks[-1].usage and chunks[-1].usage.completion_tokens > 0
    return [text, chunks[-1].usage, [x.choices[0].finish_reason for x in chunks if x.choices and x.choices[0].finish_reason]]


@case("streaming", "openai")
def chat_stream_without_usage(c, m):
    chunks = list(c.chat.completions.create(model=m, messages=say(), stream=True, max_tokens=20))
    assert not any(x.usage for x in chunks) and all(x.choices for x in chunks)
    return "".join(x.choices[0].delta.content or "" for x in chunks)


@case("streaming", "openai")
def chat_stream_tools(c, m):
    with c.chat.completions.stream(model=m, messages=say("Weather in Rome?"), tools=[TOOL], tool_choice="required", max_tokens=50) as s:
        for _ in s:
            pass
        r = s.get_final_completion()
    call = r.choices[0].message.tool_calls[0]
    assert call.function.name == "weather" and "city" in json.loads(call.function.arguments)
    return call.function.arguments


@case("streaming", "openai")
def chat_stream_abort(c, m):
    s = c.chat.completions.create(model=m, messages=say("Write at length"), stream=True, max_tokens=500)
    first = next(iter(s))
    s.close()
    return first.object


@case("response", "openai", cross=False)
def chat_raw_response(c, m):
    raw = c.chat.completions.with_raw_response.create(model=m, messages=say(), max_tokens=5)
    assert raw.http_response.status_code == 200 and "json" in raw.headers["content-type"]
    return raw.parse()


# --- OpenAI: responses, completions, embeddings, the rest ---

@case("request", "openai")
def responses(c, m):
    r = c.responses.create(model=m, instructions="Be brief.", input="Say hi", max_output_tokens=20)
    assert r.output_text and r.status == "completed" and r.usage.input_tokens > 0
    return r.output_text


@case("request", "openai")
def responses_tools(c, m):
    r = c.responses.create(model=m, input="Weather in Rome?", tool_choice="required", tools=[{"type": "function", "name": "weather", "parameters": TOOL["function"]["parameters"], "strict": False}])
    call = [o for o in r.output if o.type == "function_call"][0]
    assert call.name == "weather" and "city" in json.loads(call.arguments)
    again = c.responses.create(model=m, input=[{"role": "user", "content": "Weather in Rome?"}, {"type": "function_call", "call_id": call.call_id, "name": "weather", "arguments": call.arguments},
                                               {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}])
    assert again.output_text
    return call.arguments


@case("request", "openai")
def responses_structured(c, m):
    r = c.responses.parse(model=m, input="A city as JSON", text_format=City)
    assert isinstance(r.output_parsed, City)
    return r.output_text


@case("streaming", "openai")
def responses_stream(c, m):
    events = list(c.responses.create(model=m, input="Say hi", stream=True))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text and events[-1].response.output_text == text and events[-1].response.usage.output_tokens > 0
    return text


@case("request", "openai", cross=False)
def completions(c, m):
    return c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Say hi", max_tokens=5)


@case("streaming", "openai", cross=False)
def completions_stream(c, m):
    return "".join(x.choices[0].text for x in c.completions.create(model="gpt-3.5-turbo-instruct", prompt="Say hi", max_tokens=5, stream=True) if x.choices)


@case("request", "openai", cross=False)
def embeddings(c, m):
    a = c.embeddings.create(model="text-embedding-3-small", input=["a", "b"])           # the SDK asks for base64
    b = c.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")
    assert len(a.data) == 2 and isinstance(b.data[0].embedding[0], float)
    return [a, b]


@case("response", "openai", cross=False, own=False)
def models(c, m):
    ids = [x.id for x in c.models.list()]
    assert "gpt-4o-mini" in ids and any("claude" in i for i in ids)


def outcome(fn):
    """The answer, or the kind of error: methods that the mock does not know must fail alike."""
    try:
        return plain(fn())
    except openai.APIStatusError as e:
        return [type(e).__name__, e.status_code]
    except anthropic.APIStatusError as e:
        return [type(e).__name__, e.status_code]


@case("passthrough", "openai", cross=False)
def every_other_method(c, m):
    return {
        "models.retrieve": outcome(lambda: c.models.retrieve("gpt-4o-mini")), "moderations": outcome(lambda: c.moderations.create(input="x")),
        "images": outcome(lambda: c.images.generate(prompt="x", model="dall-e-3")), "speech": outcome(lambda: len(c.audio.speech.create(model="tts-1", voice="alloy", input="x").content)),
        "files.list": outcome(lambda: c.files.list().data), "files.create": outcome(lambda: c.files.create(file=("a.txt", b"abc"), purpose="batch")),
        "batches": outcome(lambda: c.batches.list().data), "fine_tuning": outcome(lambda: c.fine_tuning.jobs.list().data), "responses.retrieve": outcome(lambda: c.responses.retrieve("resp_1")),
        "responses.delete": outcome(lambda: c.responses.delete("resp_1")), "vector_stores": outcome(lambda: c.vector_stores.list().data), "containers": outcome(lambda: c.containers.list().data),
        "transcription": outcome(lambda: c.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF"))), "uploads": outcome(lambda: c.uploads.cancel("u_1")),
        "conversations": outcome(lambda: c.conversations.retrieve("conv_1")), "chat.list": outcome(lambda: c.chat.completions.list().data),
    }


# --- errors and retries ---

def fault(spec):
    return {"extra_headers": {"x-mock-fault": spec}}


@case("errors", "openai")
def errors_have_their_types(c, m):
    got = []
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 503):
        try:
            c.with_options(max_retries=0).chat.completions.create(model=m, messages=say(), **fault(f"status={status}"))
            got.append([status, "no error"])
        except openai.APIStatusError as e:
            got.append([status, type(e).__name__, e.status_code])
    assert [g[0] for g in got if g[1] == "no error"] == [], got
    return got


@case("errors", "openai", cross=False, own=False)
def unknown_model(c, m):
    try:
        c.with_options(max_retries=0).chat.completions.create(model="no/such-model-at-all", messages=say())
    except openai.APIStatusError as e:
        assert e.status_code in (400, 404)
        return None
    raise AssertionError("a model that nobody has was answered")


@case("errors", "openai")
def truncated_stream_raises(c, m):
    try:
        text = "".join(x.choices[0].delta.content or "" for x in c.chat.completions.create(model=m, messages=say(), stream=True, max_tokens=40, **fault("truncate")) if x.choices)
    except Exception:                                        # any error is right; a silent end is not
        return "error"
    raise AssertionError(f"a stream that broke off ended as if it were whole: {text!r}")


# --- Anthropic ---

@case("request", "anthropic")
def messages(c, m):
    r = c.messages.create(model=m, system="Be brief.", messages=say(), max_tokens=20)
    assert r.content[0].text and r.stop_reason == "end_turn" and r.usage.input_tokens > 0 and r.type == "message"
    return r


@case("request", "anthropic")
def messages_tools(c, m):
    r = c.messages.create(model=m, messages=say("Weather in Rome?"), tools=[TOOL_MESSAGES], tool_choice={"type": "any"}, max_tokens=50)
    call = [b for b in r.content if b.type == "tool_use"][0]
    assert r.stop_reason == "tool_use" and call.name == "weather" and "city" in call.input
    again = c.messages.create(model=m, tools=[TOOL_MESSAGES], max_tokens=50, messages=[
        *say("Weather in Rome?"), {"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": "weather", "input": call.input}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}])
    assert again.content[0].text
    return call.input


@case("request", "anthropic")
def messages_vision(c, m):
    return c.messages.create(model=m, max_tokens=20, messages=[{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}, {"type": "text", "text": "What is it?"}]}]).content[0].text


@case("streaming", "anthropic")
def messages_stream(c, m):
    with c.messages.stream(model=m, messages=say(), max_tokens=20) as s:
        text = "".join(s.text_stream)
        final = s.get_final_message()
    assert text and final.content[0].text == text and final.stop_reason == "end_turn" and final.usage.output_tokens > 0
    return final


@case("streaming", "anthropic")
def messages_stream_tools(c, m):
    with c.messages.stream(model=m, messages=say("Weather in Rome?"), tools=[TOOL_MESSAGES], tool_choice={"type": "any"}, max_tokens=50) as s:
        final = s.get_final_message()
    call = [b for b in final.content if b.type == "tool_use"][0]
    assert call.name == "weather" and "city" in call.input and final.stop_reason == "tool_use"
    return call.input


@case("tokens", "anthropic")
def count_tokens(c, m):
    r = c.messages.count_tokens(model=m, messages=say("one two three"))
    assert 1 <= r.input_tokens <= 50
    return None


@case("tokens", "openai")
def usage_adds_up(c, m):
    u = c.chat.completions.create(model=m, messages=say(), max_tokens=20).usage
    assert u.total_tokens == u.prompt_tokens + u.completion_tokens and u.completion_tokens <= 20
    return u


@case("errors", "anthropic")
def anthropic_errors_have_their_types(c, m):
    got = []
    for status in (400, 401, 403, 404, 413, 429, 500):
        try:
            c.with_options(max_retries=0).messages.create(model=m, messages=say(), max_tokens=5, **fault(f"status={status}"))
            got.append([status, "no error"])
        except anthropic.APIStatusError as e:
            got.append([status, type(e).__name__, e.status_code])
    assert [g[0] for g in got if g[1] == "no error"] == [], got
    return got


@case("passthrough", "anthropic", cross=False)
def anthropic_other_methods(c, m):
    return {"batches": outcome(lambda: c.messages.batches.list().data), "models.retrieve": outcome(lambda: c.models.retrieve("claude-haiku-4-5"))}


# --- LangChain ---

@case("request", "openai")
def langchain_chat(c, m):
    from langchain_openai import ChatOpenAI
    llm = ChatOpenAI(model=m, base_url=str(c.base_url), api_key=c.api_key, max_retries=0)
    assert llm.invoke("Say hi").content
    assert "".join(x.content for x in llm.stream("Say hi"))
    assert llm.bind_tools([TOOL], tool_choice="required").invoke("Weather in Rome?").tool_calls[0]["name"] == "weather"
    return llm.invoke("Say hi").content


@case("request", "anthropic")
def langchain_messages(c, m):
    from langchain_anthropic import ChatAnthropic
    llm = ChatAnthropic(model=m, base_url=str(c.base_url), api_key=c.api_key, max_retries=0, max_tokens=50)
    assert llm.invoke("Say hi").content
    assert [x for x in llm.stream("Say hi")]
    return llm.bind_tools([TOOL_MESSAGES], tool_choice="any").invoke("Weather in Rome?").tool_calls[0]["args"]


def client(family, url):
    if family == "openai":
        return openai.OpenAI(base_url=url + "/v1", api_key=KEY, timeout=30, max_retries=0)
    return anthropic.Anthropic(base_url=url, api_key=KEY, timeout=30, max_retries=0)


def run(group, name, fn):
    try:
        fn()
        print(json.dumps({"group": group, "name": name, "ok": True}), flush=True)
    except Exception as e:
        where = traceback.extract_tb(e.__traceback__)
        own = [f for f in where if f.filename == __file__]
        print(json.dumps({"group": group, "name": name, "ok": False, "why": f"{type(e).__name__}: {str(e)[:600]} (line {own[-1].lineno if own else '?'})"}), flush=True)


def same(fn, family):
    direct, proxied = plain(fn(client(family, DIRECT), OWN[family])), plain(fn(client(family, PROXY), OWN[family]))
    assert direct == proxied, f"directly {json.dumps(direct)[:300]}, through the proxy {json.dumps(proxied)[:300]}"


def main():
    for group, family, fn, own, cross in CASES:
        if own:
            run(group, f"python {family}: {fn.__name__}", lambda: same(fn, family))
        elif not cross:
            run(group, f"python {family}: {fn.__name__}", lambda: fn(client(family, PROXY), OWN[family]))
        if cross:
            other = "anthropic" if family == "openai" else "openai"
            run(group, f"python {family} client, {other} provider: {fn.__name__}", lambda: fn(client(family, PROXY), OWN[other]))


main()
