class Model {
  baseUrl = "https://api.cloudflare.com/client/v4/accounts/a/ai/run";
  async stream(question: string) {
    return question;
  }
  async request(path: string, body: object) {
    return fetch(this.baseUrl + path, { method: "POST", body: JSON.stringify(body) });
  }
  ask(messages: object[]) {
    return this.request("/@cf/meta/llama-3-8b-instruct", { messages });
  }
}

export async function talk(model: Model) {
  await new Model().stream("What is 2 + 2?"); // no request: a question
}
