import Anthropic from "@anthropic-ai/sdk";

const anthropic = new Anthropic();
const M = "claude-haiku-4-5";

export async function f(system: string, messages: any[], tools: any[], rows: any[]) {
  await anthropic.messages.create({ model: "claude-sonnet-5", max_tokens: 1024, system, messages });  // AN-JS-1
  const stream = anthropic.messages.stream({ model: M, max_tokens: 1024, messages });  // AN-JS-2
  await anthropic.beta.messages.toolRunner({ model: "claude-opus-5-5", max_tokens: 1000, messages, tools });  // AN-JS-3
  await anthropic.messages.batches.create({ requests: rows.map(r => ({ custom_id: r.id, params: { model: M, max_tokens: 64, messages: r.m } })) });  // AN-JS-4
  await anthropic.messages.countTokens({ model: M, messages });
  return stream;
}
