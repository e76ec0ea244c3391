CROSS = "gpt-4.1"
MODELS = {"fast": "gpt-4o-mini", "slow": "gpt-4o"}
