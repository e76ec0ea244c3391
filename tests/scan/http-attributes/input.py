import os

import requests
from compat.pydantic import BaseModel, Field  # what hands on pydantic's is no less a field

DEFAULT_BASE = "https://api.openai.com/v1"


class Embeddings(BaseModel):
    model_name: str = Field(default="BAAI/bge-m3", description="the model")
    api_url: str = ""

    def __init__(self, **kwargs):
        if "api_url" not in kwargs:
            kwargs["api_url"] = "https://api.jina.ai/v1/embeddings"
        kwargs["session"] = requests.Session()
        super().__init__(**kwargs)

    def embed(self, texts):
        return self.session.post(self.api_url, json={"input": texts, "model": self.model_name})  # the constructor hands it up


class Bot:
    def __init__(self):
        self.args = {"model": conf().get("model") or "gpt-4o", "max_tokens": 40}

    def reply(self, messages, args=None):
        body = dict(args) if args else dict(self.args)
        body["messages"] = messages
        return requests.post(DEFAULT_BASE + "/chat/completions", json=body)  # args, or else the object's own

    def again(self, messages):
        return self.reply(messages, args=self.args.copy())


class Client:
    def __init__(self, api_base=None):
        self.api_base = (api_base or DEFAULT_BASE).rstrip("/")

    def chat(self, path="/chat/completions", **payload):
        return self._request(path=path, payload=payload)  # the path is a keyword, the host is the object's

    def complete(self, **payload):
        return self._request(path="/completions", payload=payload)  # short endings count where the host is known

    def usage(self):
        return self._request(path="/organization/usage/completions", payload={})  # what an account used

    def users(self):
        return self._request(path="/users", payload={})

    def _request(self, path, payload):
        return requests.post(self.api_base + path, json=payload)


class Local(Client):
    def __init__(self):
        self.api_base = "http://localhost:8000/v1"

    def chat(self, **payload):
        return self._request(path="/chat/completions", payload=payload)  # this machine


class Wenxin:
    def __init__(self, model):
        if model == "small":
            self.url = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant?access_token="
        elif model == "large":
            self.url = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro?access_token="

    def chat(self, messages):
        url = self.url + self.token()
        return requests.request("POST", url, json={"messages": messages})  # one of two, and more behind it

    def token(self):
        return requests.post("https://aip.baidubce.com/oauth/2.0/token", params={"grant_type": "client_credentials"}).json()["access_token"]


URLS = {"a": "https://qianfan.baidubce.com/v2/chat/completions", "b": "https://api.deepseek.com/chat/completions"}
MODELS = {"x": {"id": "gemini-3-pro"}, "y": {"id": "gemini-3-flash"}}


def by_name(name, messages):
    return requests.post(URLS[name], json={"model": "ernie-5.0", "messages": messages})  # chosen from a dictionary


def gemini(name, contents):
    model = MODELS[name]["id"]
    url = f"{os.environ['GEMINI_BASE']}/models/{model}:generateContent"
    return requests.post(url, json={"contents": contents})  # one of two models: not the first of them


def azure_image(endpoint, prompt):
    url = "{}/openai/images/generations:submit?api-version=2023-06-01-preview".format(endpoint)
    return requests.post(url, json={"prompt": prompt, "n": 1})  # Azure's first images: no model in the request
