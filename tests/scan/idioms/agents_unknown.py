from agents import Agent
from google.adk.agents import LlmAgent
from deepagents import create_deep_agent
from claude_agent_sdk import ClaudeAgentOptions
def build(model: str, other, cfg):
    create_deep_agent(model=model, tools=[])
    create_deep_agent(model=other, tools=[])
    Agent(name="x", model=cfg.model_name)
    Agent(name="x", model=cfg.llm)
    LlmAgent(name="x", model=cfg.MODEL_ID)
    ClaudeAgentOptions(model=cfg.x)
