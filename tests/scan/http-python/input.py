import json
import os

import aiohttp
import httpx
import requests

BASE = os.getenv("ANTHROPIC_BASE", "https://api.anthropic.com")
URL = "https://api.openai.com/v1/chat/completions"
API = "https://api.mistral.ai/v1/chat/completions"
HEALTH = "https://api.openai.com/v1/models"
client = httpx.Client(base_url="https://api.openai.com/v1")


async def f(h, m, model, payload):
    requests.post("https://api.openai.com/v1/chat/completions", headers=h, json={"model": "gpt-4o-mini", "messages": m, "max_tokens": 5})  # RH-PY-1
    body = {"model": "claude-sonnet-5", "max_tokens": 90, "messages": m}
    httpx.post(f"{BASE}/v1/messages", json=body)  # RH-PY-2
    async with aiohttp.ClientSession() as session:
        async with session.post(URL, json={"model": model, "messages": m}) as r:  # RH-PY-3
            print(r)
    requests.request("POST", url=API, data=json.dumps(body))  # RH-PY-4
    client.post("/chat/completions", json={"model": "gpt-4o", "messages": m})  # RH-PY-5
    requests.get(HEALTH)
    requests.post("http://localhost:11434/v1/chat/completions", json={"model": "llama3", "messages": m})
