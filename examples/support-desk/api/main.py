from fastapi import FastAPI
from pydantic import BaseModel

from .llm import Answerer, embed, summarize, triage

app = FastAPI()
answerer = Answerer()


class Ticket(BaseModel):
    text: str
    articles: list[str] = []


@app.post("/tickets")
def create_ticket(ticket: Ticket):
    return {"category": triage(ticket.text), "draft": answerer.draft(ticket.text, ticket.articles)}


@app.post("/summaries")
def create_summary(thread: list[dict]):
    return {"summary": summarize(thread)}


@app.post("/index")
def index(texts: list[str]):
    return {"vectors": embed(texts)}
