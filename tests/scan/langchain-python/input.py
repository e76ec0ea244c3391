from langchain.chat_models import init_chat_model
from langchain_anthropic import ChatAnthropic
from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_community.vectorstores import FAISS
from langchain.agents import create_agent


def f(msgs, prompt, q, Out, docs, t, m):
    llm = ChatOpenAI(model="gpt-4o-mini", temperature=0)  # LC-PY-1
    llm.invoke("hi")
    ChatAnthropic(model_name="claude-haiku-4-5", max_tokens=1024).invoke(msgs)  # LC-PY-2
    chain = prompt | llm | StrOutputParser()
    chain.invoke({"q": q})
    llm.with_structured_output(Out).invoke(q)
    llm2 = init_chat_model("openai:gpt-5.5")  # LC-PY-5
    llm3 = init_chat_model("claude-sonnet-5", model_provider="anthropic")  # LC-PY-5b
    agent = create_agent("anthropic:claude-sonnet-5", tools=[t])  # LC-PY-7
    agent.invoke({"messages": m})
    create_agent(llm, tools=[t])
    emb = OpenAIEmbeddings()  # LC-PY-8
    emb.embed_documents(docs)
    FAISS.from_documents(docs, OpenAIEmbeddings(model="text-embedding-3-small"))  # LC-PY-9
    return llm2, llm3
