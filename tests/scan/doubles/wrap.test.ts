import { expect, it, vi } from "vitest";
import { retrying } from "./retrying";

it("retries", async () => {
  const baseFetch = vi.fn(async () => new Response("{}"));
  const wrappedFetch = retrying(baseFetch);
  await wrappedFetch("https://api.anthropic.com/v1/messages", { method: "POST", body: JSON.stringify({ model: "claude-haiku-4-5", messages: [] }) });
  expect(baseFetch).toHaveBeenCalled();
});
