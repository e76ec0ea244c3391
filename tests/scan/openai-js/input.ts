import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";

const openai = new OpenAI();
const MODELS = { fast: "gpt-5.4-nano" } as const;
type Params = OpenAI.Chat.ChatCompletionCreateParams;

export async function all(messages: any[], q: string, S: any, tools: any[], texts: string[], params: any) {
  await openai.chat.completions.create({ model: "gpt-4o-mini", messages, max_tokens: 300 });  // OA-JS-1
  const model = "gpt-4o";
  const s = openai.chat.completions.stream({ model, messages });  // OA-JS-2
  await openai.chat.completions.parse({ model: "gpt-4o", messages, response_format: zodResponseFormat(S, "s") });  // OA-JS-3
  openai.chat.completions.runTools({ model: "gpt-4o", messages, tools });  // OA-JS-4
  await openai.responses.create({ model: "gpt-5.5", input: q, max_output_tokens: 400 });  // OA-JS-5
  await openai.responses.parse({ model: "gpt-5.5", input: q, text: { format: S } });  // OA-JS-6
  await openai.embeddings.create({ model: "text-embedding-3-small", input: texts });  // OA-JS-7
  await openai.chat.completions.create<Params>({ ...params, model: MODELS.fast });  // OA-JS-8+G-1
  const body = { model: "gpt-4", messages };
  await openai.chat.completions.create(body as OpenAI.Chat.ChatCompletionCreateParams);  // OA-JS-9
  return openai.chat.completions
    .create({ model: "gpt-4o", messages, stream: true })  // OA-JS-10+C-23
    .asResponse();
}
