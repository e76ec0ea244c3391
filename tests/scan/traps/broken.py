from openai import OpenAI

client = OpenAI()
print "python 2"
client.responses.create(model="above", input="x")  # G-7
def oops(:
    pass
client.responses.create(model="below", input="x")  # G-7
