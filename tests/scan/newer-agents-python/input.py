import openai
import outlines
from agentscope.model import DashScopeChatModel
from atomic_agents import AgentConfig, AtomicAgent
from autogen import ConversableAgent, LLMConfig
from camel.models import ModelFactory
from google.adk.models.lite_llm import LiteLlm
from guidance import models
from haystack_integrations.components.embedders.cohere import CohereTextEmbedder
from langchain_community.chat_models import JinaChat
from livekit.agents import AgentSession, inference
from livekit.plugins import openai as livekit_openai
from magentic import OpenaiChatModel
from pipecat.services.anthropic.llm import AnthropicLLMService
from pipecat.services.cerebras.llm import CerebrasLLMService
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pydantic_ai.models.xai import XaiModel
from qwen_agent.agents import Assistant
from strands.models.anthropic import AnthropicModel
from swarm import Agent

a = DashScopeChatModel(model_name="qwen-max", api_key="k")
b = AtomicAgent(config=AgentConfig(client=None, model="gpt-4o-mini"))
c = ConversableAgent("c", llm_config=LLMConfig(api_type="openai", model="gpt-4o-mini"))
d = ModelFactory.create(model_platform="openai", model_type="gpt-4o")
e = LiteLlm(model="openai/gpt-4o")
f = models.OpenAI("gpt-4o")
g = CohereTextEmbedder(model="embed-v4.0")
h = JinaChat(temperature=0)
i = AgentSession(llm=livekit_openai.LLM(model="gpt-4o-mini"))
j = inference.LLM(model="openai/gpt-4.1")
k = OpenaiChatModel("gpt-4.1-mini")
l = AnthropicLLMService(api_key="k", model="claude-haiku-4-5", params=AnthropicLLMService.InputParams(max_tokens=64))
m = CerebrasLLMService(api_key="k", model="llama-3.3-70b")
n = OpenAIRealtimeLLMService(api_key="k", model="gpt-realtime")  # a session, no single call
o = XaiModel("grok-4")
p = Assistant(llm={"model": "qwen-max-latest", "model_server": "dashscope"}, name="p")
q = AnthropicModel(model_id="claude-sonnet-4-5", max_tokens=1028)
r = Agent(name="r", instructions="i", model="gpt-4o")
s = outlines.from_openai(openai.OpenAI(), "gpt-4o")
t = Agent(name="t")  # names no model, and no default was read
