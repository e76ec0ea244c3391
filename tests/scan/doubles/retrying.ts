export function retrying(inner: typeof fetch): typeof fetch {
  return async (input, init) => inner(input, init);
}

export async function ask() {
  const wrappedFetch = retrying(fetch);
  return wrappedFetch("https://api.anthropic.com/v1/messages", { method: "POST", body: JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 5, messages: [] }) });
}
