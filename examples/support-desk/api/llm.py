"""All calls to language models of the API service."""
from pathlib import Path

import anthropic
from openai import OpenAI

from .settings import EMBEDDING_MODEL, TRIAGE_MODEL, AnswerSettings, summary_model

openai_client = OpenAI()
CATEGORIES = ["billing", "shipping", "setup", "defect", "other"]
ANSWER_PROMPT = (Path(__file__).parent / "prompts" / "answer.md").read_text()


def triage(ticket: str) -> str:
    """One of CATEGORIES."""
    response = openai_client.chat.completions.create(
        model=TRIAGE_MODEL,
        max_tokens=5,
        temperature=0,
        messages=[
            {
                "role": "system",
                "content": "Classify the support ticket. Answer with exactly one word: billing, shipping, setup, defect or other.",
            },
            {"role": "user", "content": ticket},
        ],
    )
    label = (response.choices[0].message.content or "").strip().lower()
    return label if label in CATEGORIES else "other"


def embed(texts: list[str]) -> list[list[float]]:
    result = openai_client.embeddings.create(model=EMBEDDING_MODEL, input=texts)
    return [row.embedding for row in result.data]


class Answerer:
    """Drafts an answer from knowledge base articles."""

    def __init__(self, settings: AnswerSettings | None = None):
        self.settings = settings or AnswerSettings()
        self.client = anthropic.Anthropic()

    def draft(self, question: str, articles: list[str]) -> str:
        context = "\n\n".join(articles)
        params = {
            "model": self.settings.model,
            "system": ANSWER_PROMPT,
            "messages": [{"role": "user", "content": f"Articles:\n{context}\n\nQuestion: {question}"}],
        }
        params["max_tokens"] = self.settings.max_tokens
        message = self.client.messages.create(**params)
        return message.content[0].text


def summarize(thread: list[dict]) -> str:
    transcript = "\n".join(f"{m['author']}: {m['text']}" for m in thread)
    response = openai_client.responses.create(
        model=summary_model(),
        instructions="Summarize the conversation for the next shift in five bullet points.",
        input=transcript,
    )
    return response.output_text
