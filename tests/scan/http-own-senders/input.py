import http.client
import json

import requests


def call_api(url, payload):
    for _ in range(3):
        answer = requests.post(url, json=payload, timeout=9)
        if answer.ok:
            return answer.json()
    return None


def log_call(url, payload):
    print(url, payload)


def ready(payload, url="https://api.openai.com/v1/chat/completions"):
    return requests.post(url, json=payload)  # its own address: the site is here


class Client:
    base_url = "https://api.mistral.ai/v1"

    def embed(self, texts):
        return self.send("/embeddings", {"model": "mistral-embed", "input": texts})  # a method that sends, by any name

    def send(self, path, payload):
        return requests.post(self.base_url + path, json=payload)


def ask(messages):
    call_api("https://api.openai.com/v1/chat/completions", {"model": "gpt-4o", "messages": messages})  # a function that sends
    log_call("https://api.openai.com/v1/chat/completions", {"model": "gpt-4o"})  # and one that does not
    call_api("https://api.acme-corp.com/users", {"name": "n"})


def by_host(messages):
    connection = http.client.HTTPSConnection("api.openai.com")
    connection.request("POST", "/v1/chat/completions", json.dumps({"model": "gpt-4", "messages": messages}))  # the host is the connection's


def hub(payload):
    return requests.post("https://api-inference.huggingface.co/models/facebook/bart-large-cnn", json=payload)  # org/name


def hub_chat(messages):
    return requests.post("https://api-inference.huggingface.co/models/HuggingFaceH4/zephyr-7b-beta/v1/chat/completions", json={"messages": messages})
