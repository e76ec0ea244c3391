import pytest
from langchain_openai import ChatOpenAI, OpenAI


@pytest.fixture
def chat():
    class QuietChat(ChatOpenAI):
        def generate(self, prompts, stop=None, **kwargs):
            return "answer"

    return QuietChat()


@pytest.fixture
def text():
    class FakeOpenAI(OpenAI):
        openai_api_key = "none"

    return FakeOpenAI()


def test_real():
    assert ChatOpenAI(model="gpt-4o-mini").invoke("hi")
