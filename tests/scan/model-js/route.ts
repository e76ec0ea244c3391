import OpenAI from "openai";
import { generateText } from "ai";
import { CROSS, MODELS, pick } from "./lib/models";

const openai = new OpenAI();
const messages: any[] = [];
const MODEL: string = "gpt-4o";
enum Model {
  Fast = "gpt-4o-mini",
}
const getModel = () => "gpt-4o";

class Svc {
  static MODEL = "gpt-4o";
  model = "gpt-4o";
  constructor(private named = "gpt-4o-mini") {}
  go() {
    openai.chat.completions.create({ model: this.model, messages });  // M-6
    openai.chat.completions.create({ model: Svc.MODEL, messages });  // M-6
    openai.chat.completions.create({ model: this.named, messages });  // M-8
  }
}

export async function f(opts: { model?: string }, fast: boolean, plain: string, named = "gpt-4o") {
  const base = { model: "gpt-4o", messages };
  await openai.chat.completions.create({ model: `gpt-4o`, messages });  // M-1
  await openai.chat.completions.create({ model: MODEL, messages });  // M-2+M-3
  await openai.chat.completions.create({ model: opts.model ?? "gpt-4o", messages });  // M-9
  await openai.chat.completions.create({ model: process.env.M || "gpt-4o", messages });  // M-10
  await openai.chat.completions.create({ model: process.env.M!, messages });  // M-11
  await openai.chat.completions.create({ model: plain, messages });  // M-12
  await openai.chat.completions.create({ model: named, messages });  // M-13
  await openai.chat.completions.create({ model: fast ? "gpt-4o" : "gpt-4o-mini", messages });  // M-15
  await openai.chat.completions.create({ model: getModel(), messages });  // M-16
  await openai.chat.completions.create({ model: Model.Fast, messages });  // M-17
  await openai.chat.completions.create({ ...base, model: CROSS });  // M-19+M-21
  await openai.chat.completions.create(Object.assign({}, base));  // M-19
  await openai.chat.completions.create({ model: `gpt-${plain}`, messages });  // M-22
  await generateText({ model: pick("fast"), prompt: "hi" });  // M-5+M-10+M-21+M-16
  return new Svc().go();
}
