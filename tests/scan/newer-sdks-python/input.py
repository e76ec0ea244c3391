import dashscope
import ell
import fal_client
import fireworks.client
import replicate
import together
import xai_sdk
from ai21 import AI21Client
from any_llm import AnyLLM, acompletion, completion
from clarifai.client.model import Model
from dashscope.audio.tts_v2 import SpeechSynthesizer
from fireworks import LLM
from huggingface_hub import InferenceClient
from openrouter import OpenRouter
from volcengine.maas import MaasService
from volcenginesdkarkruntime import Ark
from writerai import Writer
from zai import ZaiClient

zai = ZaiClient(api_key="k")
ark = Ark()
hub = InferenceClient(model="meta-llama/Llama-3.3-70B-Instruct")
grok = xai_sdk.Client()
flux = replicate.use("black-forest-labs/flux-dev")  # replicate.use: the model is bound here
served = LLM(model="llama4-maverick-instruct-basic", deployment_type="serverless")


def chats(m, p):
    Model(url="https://clarifai.com/openai/chat-completion/models/gpt-4o-mini").predict_by_bytes(p, input_type="text")
    maas = MaasService("maas-api.ml-platform-cn-beijing.volces.com", "cn-beijing")
    req = {"model": {"name": "skylark-chat"}, "parameters": {"max_new_tokens": 400}, "messages": m}
    maas.stream_chat(req)  # all in one object
    ark.bot_chat.completions.create(model="bot-1", messages=m)
    zai.chat.asyncCompletions.create(model="glm-4.6", messages=m)
    served.chat.completions.create(messages=m)  # the model is on the client
    fireworks.client.ChatCompletion.create(model="accounts/fireworks/models/mixtral-8x7b", messages=m)
    together.Complete.create(prompt=p, model="togethercomputer/llama-2-7b")
    AI21Client().chat.completions.create(model="jamba-large", messages=m)
    Writer().chat.chat(messages=m, model="palmyra-x5", max_tokens=30)
    completion(model="mistral-small-latest", provider="mistral", messages=m)
    AnyLLM.create("openai").completion(model="gpt-4o", messages=m)
    grok.chat.create(model="grok-4").defer()
    with OpenRouter(api_key="k") as client:
        client.chat.send(model="openai/gpt-4o", messages=m)


def media(p):
    zai.images.generations(model="cogview-4", prompt=p)
    ark.multimodal_embeddings.create(model="doubao-embedding-vision", input=p)
    grok.image.sample(prompt=p, model="grok-2-image")
    hub.text_to_speech(p, model="hexgrad/Kokoro-82M")
    dashscope.VideoSynthesis.call(model="wan2.2-t2v-plus", prompt=p)
    SpeechSynthesizer(model="cosyvoice-v2", voice="x").call(p)
    fal_client.subscribe("fal-ai/flux/dev", arguments={"prompt": p})
    flux(prompt=p)


@ell.simple(model="gpt-4o")
def hello(name):
    return f"Say hello to {name}"


def look_alikes(bus, app, chat):
    bus.subscribe("fal-ai/flux/dev", print)  # a bus of messages
    app.use("black-forest-labs/flux-dev")  # a web server's middleware
    chat.defer()
    app.prompt("x")
    zai.models.list()
    fal_client.status("fal-ai/flux/dev", "id")
    return acompletion
