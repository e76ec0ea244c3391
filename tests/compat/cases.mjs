// Official Node SDKs and the AI SDK, unmodified: against the mock provider and through the proxy.
// usage: cases.mjs DIRECT_URL PROXY_URL KEY      prints a JSON line a case: {group, name, ok, why}
import assert from "node:assert/strict";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { generateText, streamText, generateObject, embed, tool } from "ai";
import { z } from "zod";

const [DIRECT, PROXY, KEY] = process.argv.slice(2);
const OWN = { openai: "gpt-4o-mini", anthropic: "claude-haiku-4-5" };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const TOOL = { type: "function", function: { name: "weather", description: "Weather of a city", parameters } };
const TOOL_MESSAGES = { name: "weather", description: "Weather of a city", input_schema: parameters };
const say = (content = "Say hi") => [{ role: "user", content }];
const VOLATILE = new Set(["id", "created", "created_at", "request_id", "_request_id", "system_fingerprint", "item_id", "completed_at"]);
const plain = (v) =>
  Array.isArray(v) ? v.map(plain) : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).filter(([k]) => !VOLATILE.has(k)).map(([k, x]) => [k, plain(x)])) : v;

const cases = [];
const add = (group, family, name, fn, { cross = true } = {}) => cases.push({ group, family, name, fn, cross });

add("request", "openai", "chat", async (c, m) => {
  const r = await c.chat.completions.create({ model: m, messages: say(), max_tokens: 20 });
  assert.ok(r.choices[0].message.content);
  assert.equal(r.choices[0].finish_reason, "stop");
  return r;
});
add("request", "openai", "chat tools", async (c, m) => {
  const r = await c.chat.completions.create({ model: m, messages: say("Weather in Rome?"), tools: [TOOL], tool_choice: "required", max_tokens: 50 });
  const call = r.choices[0].message.tool_calls[0];
  assert.equal(call.function.name, "weather");
  return JSON.parse(call.function.arguments);
});
add("streaming", "openai", "chat stream", async (c, m) => {
  let text = "", usage = null;
  for await (const x of await c.chat.completions.create({ model: m, messages: say(), stream: true, stream_options: { include_usage: true }, max_tokens: 20 })) {
    text += x.choices[0]?.delta?.content ?? "";
    usage = x.usage ?? usage;
  }
  assert.ok(text && usage.completion_tokens > 0);
  return [text, usage];
});
add("streaming", "openai", "chat stream helper", async (c, m) => {
  const r = await c.chat.completions.stream({ model: m, messages: say("Weather in Rome?"), tools: [TOOL], tool_choice: "required", max_tokens: 50 }).finalChatCompletion();
  assert.equal(r.choices[0].message.tool_calls[0].function.name, "weather");
  return JSON.parse(r.choices[0].message.tool_calls[0].function.arguments);
});
add("streaming", "openai", "chat abort", async (c, m) => {
  const stop = new AbortController();
  const s = await c.chat.completions.create({ model: m, messages: say("Write at length"), stream: true, max_tokens: 400 }, { signal: stop.signal });
  let n = 0;
  for await (const _ of s) if (++n === 2) { stop.abort(); break; }
  return n;
});
add("request", "openai", "responses", async (c, m) => {
  const r = await c.responses.create({ model: m, input: "Say hi" });
  assert.ok(r.output_text);
  return r.output_text;
});
add("streaming", "openai", "responses stream", async (c, m) => {
  let text = "", last;
  for await (const e of await c.responses.create({ model: m, input: "Say hi", stream: true })) {
    if (e.type === "response.output_text.delta") text += e.delta;
    last = e;
  }
  assert.equal(last.type, "response.completed");
  assert.ok(text);
  return text;
});
add("request", "openai", "embeddings", async (c) => (await c.embeddings.create({ model: "text-embedding-3-small", input: ["a", "b"] })).data.map((d) => d.embedding.length), { cross: false });
add("response", "openai", "with response", async (c, m) => {
  const { data, response } = await c.chat.completions.create({ model: m, messages: say(), max_tokens: 5 }).withResponse();
  assert.equal(response.status, 200);
  return data;
});
add("errors", "openai", "error types", async (c, m) => {
  const got = [];
  for (const status of [400, 401, 403, 404, 409, 422, 429, 500])
    try {
      await c.chat.completions.create({ model: m, messages: say() }, { headers: { "x-mock-fault": `status=${status}` } });
      assert.fail(`${status} was answered`);
    } catch (e) {
      got.push([status, e.constructor.name, e.status]);
      if (!(e instanceof OpenAI.APIError)) throw e;
    }
  return got;
});
add("request", "anthropic", "messages", async (c, m) => {
  const r = await c.messages.create({ model: m, messages: say(), max_tokens: 20 });
  assert.equal(r.stop_reason, "end_turn");
  return r;
});
add("request", "anthropic", "messages tools", async (c, m) => {
  const r = await c.messages.create({ model: m, messages: say("Weather in Rome?"), tools: [TOOL_MESSAGES], tool_choice: { type: "any" }, max_tokens: 50 });
  const call = r.content.find((b) => b.type === "tool_use");
  assert.equal(call.name, "weather");
  return call.input;
});
add("streaming", "anthropic", "messages stream", async (c, m) => {
  const r = await c.messages.stream({ model: m, messages: say(), max_tokens: 20 }).finalMessage();
  assert.ok(r.content[0].text);
  return r;
});
add("errors", "anthropic", "error types", async (c, m) => {
  const got = [];
  for (const status of [400, 401, 403, 404, 429, 500])
    try {
      await c.messages.create({ model: m, messages: say(), max_tokens: 5 }, { headers: { "x-mock-fault": `status=${status}` } });
      assert.fail(`${status} was answered`);
    } catch (e) {
      got.push([status, e.constructor.name, e.status]);
      if (!(e instanceof Anthropic.APIError)) throw e;
    }
  return got;
});

const ai = (family, url) => (family === "openai" ? createOpenAI({ baseURL: url + "/v1", apiKey: KEY }) : createAnthropic({ baseURL: url + "/v1", apiKey: KEY }));
const weather = tool({ description: "Weather of a city", inputSchema: z.object({ city: z.string() }) });
for (const family of ["openai", "anthropic"]) {
  const sdk = (name, fn, group = "request") => add(group, family, `ai sdk ${name}`, fn);
  sdk("generateText", async (c, m, url) => (await generateText({ model: ai(family, url)(m), prompt: "Say hi", maxRetries: 0 })).text);
  sdk("generateText tools", async (c, m, url) => {
    const r = await generateText({ model: ai(family, url)(m), prompt: "Weather in Rome?", tools: { weather }, toolChoice: "required", maxRetries: 0 });
    assert.equal(r.toolCalls[0].toolName, "weather");
    return r.toolCalls[0].input;
  });
  sdk("streamText", async (c, m, url) => {
    let text = "";
    const r = streamText({ model: ai(family, url)(m), prompt: "Say hi", maxRetries: 0, onError: ({ error }) => { throw error; } });
    for await (const x of r.textStream) text += x;
    assert.ok(text);
    return text;
  }, "streaming");
  sdk("generateObject", async (c, m, url) => {
    const r = await generateObject({ model: ai(family, url)(m), prompt: "A city", schema: z.object({ city: z.string() }), maxRetries: 0 });
    assert.equal(typeof r.object.city, "string");
    return r.object;
  });
}
add("streaming", "openai", "ai sdk chat api streamText", async (c, m, url) => {
  let text = "";
  for await (const x of streamText({ model: ai("openai", url).chat(m), prompt: "Say hi", maxRetries: 0 }).textStream) text += x;
  assert.ok(text);
  return text;
});
add("request", "openai", "ai sdk embed", async (c, m, url) => (await embed({ model: ai("openai", url).embedding("text-embedding-3-small"), value: "a", maxRetries: 0 })).embedding.length, { cross: false });

const client = (family, url) =>
  family === "openai" ? new OpenAI({ baseURL: url + "/v1", apiKey: KEY, maxRetries: 0, timeout: 30000 }) : new Anthropic({ baseURL: url, apiKey: KEY, maxRetries: 0, timeout: 30000 });

async function run(group, name, fn) {
  try {
    await fn();
    console.log(JSON.stringify({ group, name, ok: true }));
  } catch (e) {
    console.log(JSON.stringify({ group, name, ok: false, why: `${e?.constructor?.name}: ${String(e?.message ?? e).slice(0, 600)}` }));
  }
}

for (const { group, family, name, fn, cross } of cases) {
  await run(group, `node ${family}: ${name}`, async () => {
    const [direct, proxied] = [plain(await fn(client(family, DIRECT), OWN[family], DIRECT)), plain(await fn(client(family, PROXY), OWN[family], PROXY))];
    assert.deepEqual(proxied, direct);
  });
  const other = family === "openai" ? "anthropic" : "openai";
  if (cross) await run(group, `node ${family} client, ${other} provider: ${name}`, () => fn(client(family, PROXY), OWN[other], PROXY));
}
