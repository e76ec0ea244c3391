const { Configuration, OpenAIApi } = require("openai");

const api = new OpenAIApi(new Configuration({ apiKey: "k" }));

async function go(messages, input) {
  await api.createChatCompletion({ model: "gpt-3.5-turbo", messages });  // OA-JS-11
  const { data } = await api.createEmbedding({ model: "text-embedding-ada-002", input });  // OA-JS-12
  return data;
}
