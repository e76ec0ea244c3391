import { Agent } from "@mastra/core/agent";
import { Agent as OA } from "@openai/agents";
import { aisdk } from "@openai/agents-extensions";
import { openai } from "@ai-sdk/openai";
function wrap(m: any) { return { ...m, x: 1 }; }
new Agent({ name: "x", instructions: "y", model: wrap(openai("gpt-4o")) });
new OA({ name: "x", model: aisdk(openai("gpt-4o")) });
