import type { ChatCompletion } from "openai/resources"; // N-20
import type OpenAI from "openai";
import https from "https";
import { prisma } from "./db";

let c: ChatCompletion; // N-21
type P = Parameters<OpenAI["chat"]["completions"]["create"]>;

export async function f(data: any, app: any, handler: any, create: any, expect: any) {
  await prisma.message.create({ data }); // N-22
  await prisma.chat.create({ data });
  expect(create).toHaveBeenCalledWith({ model: "gpt-4o" }); // N-24
  new https.Agent({ keepAlive: true }); // N-28
  app.post("/v1/chat/completions", handler); // N-29
  const doc = `await openai.chat.completions.create({ model: "gpt-4" })`;
  return <Chat model="gpt-4o" onSend={() => doc} />; // N-27
}

function Chat(props: { model: string; onSend: () => string }) {
  return <p>{props.model}</p>;
}
