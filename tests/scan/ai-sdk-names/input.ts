// N-31: a project function with the SDK's name; AI-21: a project factory; N-26: a client hook.
import { useChat } from "@ai-sdk/react";
import { generateText as sdkText } from "ai";
import { openai } from "@ai-sdk/openai";

export async function generateText(o: { prompt: string }) {
  return sdkText({ model: openai("gpt-4o"), prompt: o.prompt });  // alias
}

export function Page() {
  const { messages } = useChat({ api: "/api/chat" } as any);
  generateText({ prompt: "hi" });
  return messages;
}
