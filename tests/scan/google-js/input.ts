import { GoogleGenAI } from "@google/genai";
import { GoogleGenerativeAI } from "@google/generative-ai";

const ai = new GoogleGenAI({ apiKey: "k" });
const gen = new GoogleGenerativeAI("k");

export async function f(q: string) {
  await ai.models.generateContent({ model: "gemini-3.8-flash", contents: q, config: { maxOutputTokens: 256 } });  // GO-JS-1
  const chat = ai.chats.create({ model: "gemini-3.8-pro" });
  await chat.sendMessage({ message: q });  // GO-JS-2
  await ai.interactions.create({ model: "gemini-3.8-flash", input: q });  // GO-JS-3
  const model = gen.getGenerativeModel({ model: "gemini-1.5-flash" });
  await model.generateContent(q);  // GO-JS-4
}
