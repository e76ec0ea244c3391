import dspy

lm = dspy.LM("openai/gpt-4o-mini")  # AG-PY-7
dspy.configure(lm=lm)
qa = dspy.ChainOfThought("q -> a")
qa(q="x")
