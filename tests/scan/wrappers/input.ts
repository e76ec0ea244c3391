import OpenAI from "openai";
import { wrapOpenAI } from "langsmith/wrappers";
import { observeOpenAI } from "langfuse";
import Instructor from "@instructor-ai/instructor";

export async function f(messages: any[]) {
  const a = wrapOpenAI(new OpenAI());
  await a.chat.completions.create({ model: "gpt-4o", messages });  // W-11
  const b = observeOpenAI(new OpenAI());
  await b.chat.completions.create({ model: "gpt-4o", messages });  // W-12
  const d = Instructor({ client: new OpenAI(), mode: "TOOLS" });
  await d.chat.completions.create({ model: "gpt-4o", messages, response_model: {} } as any);  // W-13
}
