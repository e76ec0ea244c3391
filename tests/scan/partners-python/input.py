import cohere
import dashscope
import qianfan
import replicate
import requests
from dashscope import Generation
from huggingface_hub import InferenceClient
from langchain_acme import AcmeEmbeddings, ChatAcme
from langchain_community.chat_message_histories import ChatMessageHistory
from langchain_community.embeddings import HuggingFaceEmbeddings
from vertexai.language_models import TextEmbeddingModel

import anthropic
import openai

turns = []
ChatAcme(model="a1")
AcmeEmbeddings(model="a2")
ChatMessageHistory()
HuggingFaceEmbeddings(model_name="here")
Generation.call(model="a3", messages=turns)
dashscope.TextEmbedding.call("a4", input="x")
qianfan.ChatCompletion(ak="k").do(model="a5", messages=turns)
qianfan.Embedding().do(model="a6", input=["x"])
cohere.ClientV2().v2.chat(model="a7", messages=turns)
sender = replicate.Client(api_token="t")
sender.run("a8/b:1", input={"prompt": "p"})
InferenceClient("a9", token="t").text_generation("x", max_new_tokens=5)
TextEmbeddingModel.from_pretrained("a10").get_embeddings(["x"])
anthropic.Anthropic().beta.tools.messages.create(model="a11", max_tokens=9, messages=turns)
anthropic.Client("k").completion(prompt="p", model="a12", max_tokens_to_sample=9)
openai.Edit.create(model="a13", input="x", instruction="y")
requests.post("https://api-inference.huggingface.co/models/a14", json={"inputs": "x"})
requests.post("https://api.cohere.ai/v1/generate", json={"model": "a15", "prompt": "x"})
requests.post("https://api.replicate.com/v1/models/a16/predictions", json={"input": {}})


def do(x):
    return x


class Runner:
    def run(self, x):
        return x

    def call(self, model, messages):
        return do(model)


Runner().run("x")
Runner().call(model="m", messages=turns)
