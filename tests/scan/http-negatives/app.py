from fastapi import FastAPI

app = FastAPI()


@app.post("/v1/chat/completions")  # N-29
def chat():
    return {}
