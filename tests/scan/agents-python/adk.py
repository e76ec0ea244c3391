from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm

root = LlmAgent(model="gemini-3.8-flash", name="root", instruction="i")  # AG-PY-5
other = LlmAgent(model=LiteLlm(model="openai/gpt-4o"), name="b")  # AG-PY-5b
