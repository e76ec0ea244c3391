from openai import OpenAI


class LocalLLM:
    def __init__(self, api_base: str, model: str = "", **kwargs):
        self.model = model
        self.client = OpenAI(base_url=api_base, api_key="dummy").chat.completions

    def chat(self, messages):
        return self.client.create(model=self.model, messages=messages)


def ask(base_url, messages):
    return OpenAI(base_url=base_url).chat.completions.create(model="x", messages=messages)
