import { generateText, streamText, generateObject, embed, customProvider, wrapLanguageModel, createProviderRegistry, ToolLoopAgent, isStepCount, createAgentUIStreamResponse } from "ai";
import { openai, createOpenAI } from "@ai-sdk/openai";
import { anthropic } from "@ai-sdk/anthropic";
import { google } from "@ai-sdk/google";
import { gateway } from "@ai-sdk/gateway";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";

const openrouter = createOpenRouter({ apiKey: "k" });
const registry = createProviderRegistry({ anthropic });
const mine = customProvider({ languageModels: { fast: openai("gpt-5.4-nano"), slow: anthropic("claude-opus-5-5") } });
const wrapped = wrapLanguageModel({ model: openai("gpt-4o"), middleware: {} as any });
const getModel = (u: string) => openai("gpt-5.4");
const base = { model: anthropic("claude-haiku-4-5"), maxOutputTokens: 12 };
const agent = new ToolLoopAgent({ model: "openai/gpt-5.5", tools: {}, stopWhen: isStepCount(8) });  // AI-17

export async function f(prompt: string, SYS: string, messages: any[], schema: any, text: string, value: string, user: string, baseURL: string) {
  await generateText({ model: openai("gpt-5.4-mini"), prompt: "Summarise: " + text });  // AI-1
  streamText({ model: anthropic("claude-sonnet-5"), instructions: SYS, messages });  // AI-2
  await generateObject({ model: google("gemini-3.8-flash"), schema, prompt });  // AI-3
  await generateText({ model: "openai/gpt-5.4-mini", prompt });  // AI-4
  await generateText({ model: gateway("anthropic/claude-opus-5.5"), prompt });  // AI-5
  await generateText({ model: openai.chat("gpt-4o"), prompt });  // AI-6
  await embed({ model: openai.embedding("text-embedding-3-small"), value });  // AI-7
  await generateText({ model: openrouter("meta-llama/llama-4-scout"), prompt });  // AI-8
  await generateText({ model: createOpenAI({ baseURL })("gpt-4o"), prompt });  // AI-9
  await generateText({ model: registry.languageModel("anthropic:claude-haiku-4-5"), prompt });  // AI-10
  await generateText({ model: mine.languageModel("fast"), prompt });  // AI-11
  await generateText({ model: wrapped, prompt });  // AI-12
  await generateText({ model: getModel(user), prompt });  // AI-13
  await generateText({ ...base, prompt });  // AI-14
  const options = { model: openai("gpt-4.1"), prompt };
  await generateText(options);  // AI-15
  const { object } = await generateObject<typeof schema>({ model: openai("gpt-4o"), schema, prompt });  // AI-16+G-1
  await agent.generate({ prompt });
  return createAgentUIStreamResponse({ agent, messages } as any);
}
