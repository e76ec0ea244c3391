from lazy import litellm


def send(messages):
    litellm.drop_params = True
    return litellm.completion(model="l1", messages=messages)


def count(messages):
    return litellm.token_counter(model="l1", messages=messages)
