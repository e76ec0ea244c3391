from openai import OpenAI

client = OpenAI()
model = "gpt-4o"
again = "gpt-4o"
again = "gpt-4o-mini"


def first(model="gpt-4.1"):
    return client.responses.create(model=model, input="a")  # own-default


def second(model="gpt-4.1-mini"):
    return client.responses.create(model=model, input="a")  # own-default


def shadow(model):
    return client.responses.create(model=model, input="a")  # shadowed


def outer():
    return client.responses.create(model=model, input="a")  # module


class A:
    model = "a-model"

    def go(self):
        return client.responses.create(model=self.model, input="a")  # its-class


class B:
    model = "b-model"

    def go(self):
        return client.responses.create(model=self.model, input="a")  # its-class
