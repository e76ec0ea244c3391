class L {
  private mod: any; private model = "m1";
  async sdk() { return (this.mod ??= await import("@aws-sdk/client-bedrock-runtime")); }
  async go(client: any) {
    const [{ ConverseCommand }, c] = await Promise.all([this.sdk(), client]);
    await c.send(new ConverseCommand({ modelId: this.model, messages: [] }));
    const s = await this.sdk();
    await c.send(new s.InvokeModelCommand({ modelId: "m2", body: JSON.stringify({ inputText: "x" }) }));
  }
}
class ConverseStreamCommand { constructor(o: any) {} }
new ConverseStreamCommand({ modelId: "x" });
