import oci
from azure.ai.agents import AgentsClient
from azure.ai.projects.aio import AIProjectClient
from ibm_watsonx_ai.foundation_models import Embeddings, ModelInference
from oci.generative_ai_inference import GenerativeAiInferenceClient
from oci.generative_ai_inference.models import ChatDetails, GenericChatRequest, OnDemandServingMode

granite = ModelInference(model_id="ibm/granite-3-8b-instruct", params={"max_new_tokens": 300}, project_id="p")
vectors = Embeddings(model_id="ibm/slate-125m-english-rtrvr", project_id="p")
inference = GenerativeAiInferenceClient(config={})
agents = AgentsClient(endpoint="https://x", credential=None)


def text(prompt):
    return granite.generate_text(prompt=prompt)


def chat(messages):
    return granite.chat(messages=messages)


def embed(texts):
    return vectors.embed_documents(texts)


def oracle(messages):
    details = ChatDetails(
        serving_mode=OnDemandServingMode(model_id="cohere.command-r-plus"),
        chat_request=GenericChatRequest(messages=messages, max_tokens=600),
        compartment_id="c",
    )
    return inference.chat(details)


class Support:
    def __init__(self, project_client: AIProjectClient):
        self._project = project_client

    async def answer(self, thread, agent, text):
        await self._project.agents.messages.create(thread_id=thread.id, role="user", content=text)
        run = await self._project.agents.runs.create(thread_id=thread.id, agent_id=agent.id)
        await self._project.agents.runs.get(thread_id=thread.id, run_id=run.id)
        return agents.runs.create_and_process(thread_id=thread.id, agent_id=agent.id)

    async def direct(self, messages):
        client = self._project.get_openai_client()
        return await client.responses.create(model="gpt-4.1-mini", input=messages)


class Claude:
    model: str = "anthropic.claude-3-haiku-20240307-v1:0"

    def __init__(self, bedrock_runtime_client):
        self.client = bedrock_runtime_client

    def call(self, body):
        return self.client.invoke_model(modelId=self.model, body=body)
