import openai

CHAT_MODELS = ["gpt-4o-mini"]
TEXT_MODELS = ["gpt-3.5-turbo-instruct"]


class Base:
    max_tokens: int = 1000
    client = None

    def completion(self, prompt):
        params = {"max_tokens": self.max_tokens, "model": self.model, "prompt": prompt}
        if self.stop is not None:
            params["stop"] = [self.stop]
        return self.client.create(**params)

    def chat(self, text):
        params = {"model": self.model, "messages": [{"role": "user", "content": text}]}
        return self.client.create(**params)


class Ours(Base):
    model: str = "gpt-4o-mini"

    def __init__(self, api_token=None, **kwargs):
        if self.model in CHAT_MODELS:
            self.client = openai.OpenAI(api_key=api_token).chat.completions
        elif self.model in TEXT_MODELS:
            self.client = openai.OpenAI(api_key=api_token).completions
