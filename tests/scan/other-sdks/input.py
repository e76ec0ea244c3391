import cohere
import replicate
from groq import Groq
from mistralai import Mistral

co = cohere.ClientV2()
groq = Groq()


def f(m, p):
    Mistral(api_key="k").chat.complete(model="mistral-small-latest", messages=m)  # MI-PY-1
    co.chat(model="command-a-03-2025", messages=m)  # CO-PY-1
    groq.chat.completions.create(model="llama-3.3-70b-versatile", messages=m)  # GQ-PY-1
    replicate.run("meta/meta-llama-3-70b-instruct", input={"prompt": p})  # RE-PY-1
