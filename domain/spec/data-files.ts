/** Which files of a folder are data. */

export const DATA_FILE = /\.(?:(?:jsonl|csv|tsv)(?:\.gz|\.zst)?|parquet)$/;
