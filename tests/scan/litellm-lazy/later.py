def tool(messages):
    """Run where `litellm` is put into the names beforehand."""
    return litellm.completion(model="l2", messages=messages, max_tokens=7)


class Doubled:
    def completion(self, model, messages):
        return model


litellm_double = Doubled()
litellm_double.completion(model="l3", messages=[])
