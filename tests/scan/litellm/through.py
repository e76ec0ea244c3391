from app.llm import litellm

MODEL = "gpt-4o"
litellm.completion(model=MODEL, messages=[])  # LL-6
