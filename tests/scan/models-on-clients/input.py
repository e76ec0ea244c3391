from autogen import AssistantAgent
from huggingface_hub import InferenceClient
from openai import OpenAI

CONFIG = [{"model": "gpt-4o", "api_key": "k"}]
helper = AssistantAgent("helper", llm_config={"config_list": CONFIG})  # autogen-0.3
hf = InferenceClient(model="meta-llama/Llama-3.1-8B")
hf.chat_completion(messages=[])  # hugging-face


class Claude:
    def __init__(self, name="gpt-4o"):
        self.name = name

    def build(self):
        if "claude" in self.name:
            return OpenAI().responses.create(model=self.name, input="x")  # denied-default
        return OpenAI().responses.create(model=self.name, input="x", max_output_tokens=9)  # default
