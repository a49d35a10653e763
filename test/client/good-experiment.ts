/** An experiment file without a fault. */
export const GOOD = `name: demo
model:
  shape: accounts/fireworks/trainingShapes/tiny
  tokenizer: tokenizer.json
data:
  train: train.jsonl
train:
  steps: 100
  batchSize: 4
  optimizer:
    learningRate: 1e-3
checkpoint:
  every: 20
evaluate:
  prompts: prompts.jsonl
`;
