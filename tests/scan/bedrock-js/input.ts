import { BedrockRuntimeClient, ConverseCommand, CountTokensCommand, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";

const client = new BedrockRuntimeClient({});

export async function f(messages: any[], payload: any) {
  const modelId = "amazon.nova-lite-v1:0";
  await client.send(new ConverseCommand({ modelId: "anthropic.claude-sonnet-5-v1:0", messages, inferenceConfig: { maxTokens: 400 } }));  // BR-JS-1
  const cmd = new InvokeModelCommand({ modelId, body: JSON.stringify(payload) });  // BR-JS-2
  await client.send(cmd);
  await client.send(new CountTokensCommand({ modelId } as any));
}
