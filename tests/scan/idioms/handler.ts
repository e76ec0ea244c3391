import OpenAI from "openai";
import { z } from "zod";

const known = { "t0": { cap: 1 }, "t1": { cap: 1 } } as const;
const fallback: keyof typeof known = "t1";
const Asked = z.object({ model: z.string().min(1), size: z.string().default("t2") });

export class Handler {
  private client: OpenAI | undefined;
  constructor(private options: { modelId?: string }) {}
  private ensure() {
    if (!this.client) {
      this.client = new OpenAI();
    }
    return this.client;
  }
  getModel() {
    const modelId = this.options.modelId;
    if (modelId && modelId in known) {
      const id = modelId;
      return { id, info: known[id] };
    }
    return { id: fallback, info: known[fallback] };
  }
  async send(req: Request, messages: OpenAI.ChatCompletionMessageParam[]) {
    const client = this.ensure();
    const asked = Asked.safeParse(await req.json());
    if (!asked.success) return;
    const { model, size } = asked.data;
    await client.chat.completions.create({ model: this.getModel().id, messages });
    await client.chat.completions.create({ model, messages });
    await client.chat.completions.create({ model: size, messages });
  }
}
