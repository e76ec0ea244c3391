from langchain_openai import ChatOpenAI


class OurChat(ChatOpenAI):
    streaming: bool = True


class Fixed(OurChat):
    model_name: str = "s1"


class Decides(ChatOpenAI):
    def __init__(self, size):
        self.size = size


OurChat(model="s2")
Fixed()
Decides(3)
