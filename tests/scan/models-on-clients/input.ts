import { genkit } from "genkit";
import { googleAI } from "@genkit-ai/google-genai";

const ai = genkit({ plugins: [googleAI()], model: googleAI.model("gemini-2.5-flash") });

export async function f(q: string) {
  await ai.generate(q);  // genkit
  await ai.generate({ model: googleAI.model("gemini-3.8"), prompt: q });  // genkit
}
