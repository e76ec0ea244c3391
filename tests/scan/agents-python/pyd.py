from pydantic_ai import Agent

Agent("openai:gpt-5.5", output_type=str).run_sync("Where?")  # AG-PY-3
