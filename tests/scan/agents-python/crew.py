from crewai import LLM, Agent, Crew, Task


def f(t):
    Crew(agents=[Agent(role="r", goal="g", backstory="b")], tasks=[t]).kickoff()  # AG-PY-6
    Agent(role="r", goal="g", backstory="b", llm=LLM(model="openai/gpt-4o"))  # crew-llm
