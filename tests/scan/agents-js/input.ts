import { Agent, run } from "@openai/agents";
import { Agent as Mastra } from "@mastra/core/agent";
import { openai } from "@ai-sdk/openai";
import https, { Agent as HttpsAgent } from "node:https";

const a = new Agent({ name: "n", model: "gpt-5.4" });  // AG-JS
const b = new Mastra({ name: "m", model: openai("gpt-4o"), instructions: "i" } as any);  // AG-JS
const c = new HttpsAgent({ keepAlive: true });
const d = new https.Agent({ keepAlive: true });
export const go = (q: string) => run(a, q);
