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


def later():
    first = ChatMistralAI()
    second = ChatMistralAI()
    second.model = SMALL
    return first, second
