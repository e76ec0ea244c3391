import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { ChatAnthropic } from "@langchain/anthropic";
import { RunnableSequence } from "@langchain/core/runnables";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { createAgent, initChatModel } from "langchain";

const M = "claude-haiku-4-5";

export async function f(prompt: any, parser: any, q: string, tools: any[], messages: any[], x: any, cfg: any, baseURL: string) {
  const llm = new ChatOpenAI({ model: "gpt-4o-mini" });  // LC-JS-1
  await llm.invoke("hi");
  const out = await prompt.pipe(llm).pipe(parser).invoke({ q });
  const m = await initChatModel("anthropic:claude-sonnet-5");  // LC-JS-3
  await m.stream(q);
  const agent = createAgent({ model: "openai:gpt-5.5", tools });  // LC-JS-4
  await agent.invoke({ messages });
  createReactAgent({ llm, tools });
  await RunnableSequence.from([prompt, new ChatAnthropic({ modelName: M })]).invoke(x);  // LC-JS-5
  new OpenAIEmbeddings();  // M-26
  return new ChatOpenAI({ ...cfg, configuration: { baseURL } });  // LC-JS-6
}
