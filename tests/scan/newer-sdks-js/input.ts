import { Stagehand } from "@browserbasehq/stagehand";
import { OpenAIAdapter } from "@copilotkit/runtime";
import { fal } from "@fal-ai/client";
import { InferenceClient } from "@huggingface/inference";
import { anthropic, createAgent } from "@inngest/agent-kit";
import { OpenRouter } from "@openrouter/sdk";
import { openai } from "@ai-sdk/openai";
import { Agent } from "@voltagent/core";
import { DurableAgent } from "@workflow/ai/agent";
import Together from "together-ai";

const router = new OpenRouter({ apiKey: "k" });
const hub = new InferenceClient("t");

export async function calls(p: string, bus: { subscribe(x: string, y: object): void }) {
  await router.chat.send({ chatGenerationParams: { model: "openai/gpt-4o", messages: [], maxTokens: 90 } });
  await router.beta.responses.send({ model: "openai/gpt-5", input: p });
  await router.embeddings.generate({ model: "openai/text-embedding-3-small", input: p });
  await fal.subscribe("fal-ai/flux/dev", { input: { prompt: p } });
  await fal.queue.submit("fal-ai/veo3", { input: { prompt: p } });
  await hub.automaticSpeechRecognition({ model: "openai/whisper-large-v3", data: p });
  await new Together().rerank.create({ model: "Salesforce/Llama-Rank-V1", query: p, documents: [] });
  bus.subscribe("fal-ai/flux/dev", {}); // a bus of messages
  await fal.storage.upload(p);
}

export const a = createAgent({ name: "a", system: "s", model: anthropic({ model: "claude-haiku-4-5", defaultParameters: { max_tokens: 700 } }) });
export const b = new Agent({ name: "b", instructions: "i", model: openai("gpt-4o-mini") });
export const c = new DurableAgent({ model: "anthropic/claude-haiku-4.5", system: "s" });
export const d = new Stagehand({ env: "LOCAL", modelName: "gpt-4o" });
export const e = new OpenAIAdapter({ model: "gpt-4.1" });
export const f = new Stagehand({ env: "LOCAL" }); // names no model
