from agents import Agent, Runner

agent = Agent(name="triage", model="gpt-5.4-mini", instructions="s")  # AG-PY-1


async def f(text):
    await Runner.run(agent, text)
    return Agent(name="plain")  # default
