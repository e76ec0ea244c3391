from typing import Type, Union

from langchain_openai import AzureChatOpenAI, ChatOpenAI

from loading import optional


class Gemini:
    model: str = "models/gemini-pro"

    def __init__(self, key):
        self.google = optional("google.generativeai", extra="it")
        self.google.configure(api_key=key)
        self.google = self.google.GenerativeModel(self.model)

    def ask(self, prompt):
        return self.google.generate_content(contents=prompt)


class OurChat(ChatOpenAI):
    max_tokens: int


class OurAzureChat(AzureChatOpenAI, OurChat):
    deployment_name: str


def make(azure, **kwargs):
    model: Type[Union[OurChat, OurAzureChat]] = OurChat
    if azure:
        model = OurAzureChat
    return model(**kwargs)
