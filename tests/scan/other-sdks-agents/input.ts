import { generateText } from "xsai";
import { embed } from "@xsai/embed";
import Replicate from "replicate";

const replicate = new Replicate();

export async function forecast(city: string) {
  return generateText({
    apiKey: process.env.KEY!,
    baseURL: "https://api.openai.com/v1/",
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: `Weather in ${city}` }],
  });
}

export const vector = (input: string) => embed({ baseURL: "https://api.openai.com/v1/", model: "text-embedding-3-small", input });

export const picture = (prompt: string) => replicate.run("black-forest-labs/flux-schnell", { input: { prompt } });
