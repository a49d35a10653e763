/** Validation loss: how well a model does on rows that it is not trained on, asked of the trainer at each checkpoint. */
import { z } from 'zod';

const path = z.string().min(1);

export const ValidationSpec = z.strictObject({
  data: z
    .union([path, z.array(path).min(1)], 'write a path, or a list of paths')
    .describe('rows like those of data.train, in a file, a folder, or a list; read by the same settings'),
});
export type ValidationSpec = z.output<typeof ValidationSpec>;
