import os

import openai
from azure.ai.inference import ChatCompletionsClient
from langchain_openai import AzureChatOpenAI
from openai import AzureOpenAI

c = AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_version="2024-02-01", azure_deployment="chat-prod")


def f(m, E, k):
    c.chat.completions.create(model="chat-prod", messages=m)  # AZ-PY-2
    AzureChatOpenAI(azure_deployment=os.environ["AZURE_OPENAI_DEPLOYMENT"])  # AZ-PY-3
    openai.api_type = "azure"
    openai.ChatCompletion.create(engine="gpt35", messages=m)  # AZ-PY-4
    ChatCompletionsClient(endpoint=E, credential=k).complete(messages=m, model="gpt-4o")  # AZ-PY-5
