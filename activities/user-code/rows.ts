/** Rows of numbers as one stretch of float64, little-endian as every machine that runs Node: exact, and cheap to hand over. */

type Rows = readonly (readonly number[])[];

/** The rows of every matrix, one after the other. */
export function packRows(matrices: readonly Rows[]): Uint8Array {
  const count = matrices.reduce((sum, rows) => sum + rows.reduce((inner, row) => inner + row.length, 0), 0);
  const numbers = new Float64Array(count);
  let at = 0;
  for (const rows of matrices) {
    for (const row of rows) {
      numbers.set(row, at);
      at += row.length;
    }
  }
  return new Uint8Array(numbers.buffer);
}

/** As many matrices as there are lists of row lengths. Throws where the numbers do not fill them exactly. */
export function unpackRows(bytes: Uint8Array, matrices: readonly (readonly number[])[]): number[][][] {
  // A copy: the bytes may begin anywhere, and numbers must not.
  const numbers = new Float64Array(new Uint8Array(bytes).buffer);
  let at = 0;
  const unpacked = matrices.map((lengths) =>
    lengths.map((length) => {
      at += length;
      return Array.from(numbers.subarray(at - length, at));
    }),
  );
  if (at !== numbers.length) throw new Error(`${numbers.length} numbers came in place of ${at}`);
  return unpacked;
}
