import openai
import streamlit as st

st.session_state.client = openai.OpenAI()
if "openai_model" not in st.session_state:
    st.session_state["openai_model"] = "s3"
st.session_state.client.chat.completions.create(model=st.session_state["openai_model"], messages=[])
st.session_state.client.chat.completions.create(model=st.session_state["other"], messages=[])
