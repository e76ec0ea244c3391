import OpenAI from "openai";

export const openai = new OpenAI({ baseURL: process.env.BASE ?? "https://openrouter.ai/api/v1" });
let cached: OpenAI | undefined;
const getClient = () => (cached ??= new OpenAI());
const messages: any[] = [];

class Svc {
  #c = new OpenAI();
  constructor(private ai: OpenAI) {}
  async go() {
    await this.#c.chat.completions.create({ model: "a1", messages });  // C-18+G-6
    await this.ai.chat.completions.create({ model: "a2", messages });  // C-18
  }
}

export async function f() {
  await openai.chat.completions.create({ model: "b1", messages });  // C-17
  await getClient().chat.completions.create({ model: "b2", messages });  // C-19
  const { chat } = openai;
  await chat.completions.create({ model: "b3", messages });  // C-20
  const create = openai.chat.completions.create.bind(openai.chat.completions);
  await create({ model: "b4", messages });  // C-21
  await openai.withOptions({ timeout: 5 }).chat.completions.create({ model: "b5", messages });  // C-22
  await openai?.chat.completions.create?.({ model: "b6", messages });  // G-2
  await openai.chat["completions"].create({ model: "b7", messages });  // G-3
  return new Svc(openai).go();
}
