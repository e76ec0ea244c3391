import litellm
from litellm import Router, acompletion, completion

m = []


async def f(provider, name, params):
    litellm.completion(model="anthropic/claude-haiku-4-5", messages=m, max_tokens=200)  # LL-1
    await acompletion("gpt-4o-mini", m)  # LL-2
    completion(model=f"{provider}/{name}", messages=m)  # LL-3
    completion(**params)  # LL-4
    router = Router(model_list=[{"model_name": "smart", "litellm_params": {"model": "azure/gpt-4o"}}], fallbacks=[{"smart": ["cheap"]}])
    r = await router.acompletion(model="smart", messages=m)  # LL-5
    litellm.completion_cost(r)
    litellm.token_counter(model="gpt-4o", messages=m)
    litellm.supports_vision("gpt-4o")
