import { AzureOpenAI } from "openai";
import { OpenAIClient } from "@azure/openai";

export async function f(endpoint: string, apiVersion: string, messages: any[], url: string, cred: any) {
  const az = new AzureOpenAI({ endpoint, deployment: "gpt-4o-prod", apiVersion });
  await az.chat.completions.create({ model: "", messages });  // AZ-JS-2
  await new OpenAIClient(url, cred).getChatCompletions("my-deployment", messages);  // AZ-JS-3
}
