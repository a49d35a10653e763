/** Tensors as they travel: flat numbers with a shape, or the non-zero values of a sparse matrix. */
import type { TensorData } from './schemas.ts';

/** Cells of the largest matrix that is made of a sparse one. */
const MAX_CELLS = 4_000_000;

/** A dense tensor of one or two dimensions, row by row. */
export interface Tensor {
  readonly values: readonly number[];
  readonly shape: readonly number[];
}

/** Throws an error that names the tensor. */
export function readTensor(
  inputs: Readonly<Record<string, TensorData>>,
  name: string,
  dtype: string,
): Tensor | undefined {
  const found = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (found === undefined) return undefined;
  if (found.dtype !== dtype) throw new Error(`loss_fn_inputs.${name} must be ${dtype}`);
  const shape = found.shape ?? [found.data.length];
  if (found.sparse_crow_indices !== undefined || found.sparse_col_indices !== undefined) {
    return { values: denseOf(found, name, shape), shape };
  }
  const cells = shape.reduce((product, side) => product * side, 1);
  if (shape.length === 0 || shape.length > 2 || cells !== found.data.length) {
    throw new Error(`loss_fn_inputs.${name} has ${found.data.length} values, which is not shape [${shape.join(', ')}]`);
  }
  return { values: found.data, shape };
}

/** Compressed sparse rows: row i holds the entries from `crow[i]` up to `crow[i + 1]`. */
function denseOf(found: TensorData, name: string, shape: readonly number[]): number[] {
  const [rows = 0, width = 0] = shape;
  const problem = sparseProblem(found, shape);
  if (problem !== undefined) throw new Error(`loss_fn_inputs.${name}: ${problem}`);
  const { data } = found;
  const { crow, columns } = indicesOf(found);
  const dense = Array.from({ length: rows * width }, () => 0);
  for (let row = 0; row < rows; row++) {
    for (let entry = crow[row] ?? 0; entry < (crow[row + 1] ?? 0); entry++) {
      dense[row * width + (columns[entry] ?? 0)] = data[entry] ?? 0;
    }
  }
  return dense;
}

function sparseProblem(found: TensorData, shape: readonly number[]): string | undefined {
  const [rows = 0, width = 0] = shape;
  if (shape.length !== 2) return 'a sparse tensor needs a shape of two dimensions';
  if (rows * width > MAX_CELLS) return `${rows} × ${width} is too large`;
  const { crow, columns } = indicesOf(found);
  const entries = found.data.length;
  const fits = crow.length === rows + 1 && crow[0] === 0 && crow[rows] === entries && columns.length === entries;
  if (!fits) return 'sparse indices do not fit the values';
  if (crow.some((start, row) => start > (crow[row + 1] ?? start))) return 'sparse row indices must not fall';
  return columns.some((column) => column >= width) ? `a column beyond the row of ${width}` : undefined;
}

function indicesOf({ sparse_crow_indices: crow = [], sparse_col_indices: columns = [] }: TensorData): {
  crow: readonly number[];
  columns: readonly number[];
} {
  return { crow, columns };
}
