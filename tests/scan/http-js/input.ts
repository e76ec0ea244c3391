import axios from "axios";

const URL_OPENAI = "https://api.openai.com/v1/chat/completions";

export async function f(messages: any[], base: string, body: any, model: string, cfg: any, m: string, k: string, opts: any, env: any, app: any, handler: any) {
  await fetch("https://api.openai.com/v1/chat/completions", { method: "POST", body: JSON.stringify({ model: "gpt-4o-mini", messages }) });  // RH-JS-1
  await fetch(`${base}/chat/completions`, { method: "POST", body });  // RH-JS-2
  const M = "claude-sonnet-5";
  await axios.post("https://api.anthropic.com/v1/messages", { model: M, max_tokens: 300, messages }, cfg);  // RH-JS-3
  await axios({ method: "post", url: URL_OPENAI, data: { model, messages } });  // RH-JS-4
  await fetch(`https://generativelanguage.googleapis.com/v1beta/models/${m}:generateContent?key=${k}`, opts);  // RH-JS-5
  await env.AI.run("@cf/meta/llama-3.1-8b-instruct", { messages });  // RH-JS-6
  app.post("/v1/chat/completions", handler);
  await fetch("/api/chat", { method: "POST", body });
}
