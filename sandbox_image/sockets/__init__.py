"""WebSockets as the agent and the control plane speak them: frames, messages, and the server's side under uvicorn."""
