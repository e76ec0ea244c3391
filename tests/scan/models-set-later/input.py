from langchain_mistralai import ChatMistralAI, MistralAIEmbeddings

SMALL = "mistral-small-latest"


class Embedder:
    def __init__(self):
        self.client = MistralAIEmbeddings()
        self.client.model = "mistral-embed"
        self.other = MistralAIEmbeddings()
        self.other.timeout = 3


def ask(question, config):
    chat = ChatMistralAI()
    options = {"model": config.model or SMALL, "temperature": 0}
    return chat.invoke(question, **options)


def told(question):
    chat = ChatMistralAI(model="mistral-large-latest")
    return chat.invoke(question, model="other")  # the constructor's stays


class Overridden:
    def settings(self):
        """What to send with."""
        raise NotImplementedError("subclasses say it")

    def ask(self, question, model=None):
        settings = self.settings()
        return ChatMistralAI(model=model or settings.get("model", "mistral-tiny")).invoke(question)


def later():
    first = ChatMistralAI()
    second = ChatMistralAI()
    second.model = SMALL
    return first, second
