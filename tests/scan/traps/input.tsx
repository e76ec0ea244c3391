import OpenAI from "openai";

const client = new OpenAI();
const k = "model";
type Out = { a: string };

export async function Page({ q }: { q: string }) {
  const r = await client.chat.completions.create<Out>({ "model": "g5", /* a comment */ messages: [] } as any);  // G-1+G-4+G-5
  return (
    <button
      onClick={async () => {
        await client.responses.create({ model: "in-jsx", input: q });  // N-27
      }}
    >
      {String(r)}
    </button>
  );
}
