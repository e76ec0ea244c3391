from unittest.mock import patch

from openai import OpenAI

from api import llm


def test_triage_falls_back_to_other():
    with patch.object(llm.openai_client.chat.completions, "create") as create:
        create.return_value.choices[0].message.content = "banana"
        assert llm.triage("hello") == "other"


def test_live_model_answers():
    client = OpenAI()
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "ping"}], max_tokens=1)
    assert reply.choices
