"""A `vllm` without an engine: its options, log lines, processes, routes, ends, and its faults.

It prints what a real vLLM 0.32 printed (the recorded logs in tests/fixtures/engine_log), and
tests/engine/test_engine_contract.py holds it against the real one. Environment variables:

FAKE_VLLM_FAULT          faults by name, with commas between them; see faults.py
FAKE_VLLM_START_SECONDS  how long a start takes (default 0.3)
FAKE_VLLM_TOKEN_SECONDS  how long a token takes (default 0.002)
FAKE_VLLM_EXIT_SECONDS   from the death of the engine to the exit (default 0.5; the real one: 5)
"""
