from google import genai
from google.genai import types

client = genai.Client()
M = "gemini-3.8-pro"


async def f(q):
    client.models.generate_content(model="gemini-3.8-flash", contents=q, config=types.GenerateContentConfig(max_output_tokens=256))  # GO-PY-1
    async for c in await client.aio.models.generate_content_stream(model=M, contents=q):  # GO-PY-2
        print(c)
    chat = client.chats.create(model="gemini-3.8-flash")
    chat.send_message(q)  # GO-PY-3
    client.models.count_tokens(model=M, contents=q)
