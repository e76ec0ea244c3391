import google.generativeai as genai

NAME = "gemini-1.5-pro"
SYS = "s"


def f(q):
    genai.GenerativeModel("gemini-1.5-flash").generate_content(q)  # GO-PY-4
    model = genai.GenerativeModel(model_name=NAME, system_instruction=SYS)
    model.start_chat().send_message(q)  # GO-PY-5
