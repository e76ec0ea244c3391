from agno.agent import Agent
from agno.models.openai import OpenAIChat


def f(t, q):
    Agent(model=OpenAIChat(id="gpt-4o"), tools=[t]).print_response(q)  # AG-PY-4
