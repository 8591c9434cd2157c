RUN --mount=type=bind,source=src/sparkup/data/docker/sort_shards.py,target=/tmp/sort_shards.py \
    python3 /tmp/sort_shards.py vllm/model_executor/model_loader/weight_utils.py
