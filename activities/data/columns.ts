/** Columns of a row that are not known: what only keeps books is told and left; anything else is refused by name. */

/** Names of columns that say where a row comes from, not what the model should learn. */
const BOOKS = new Set(
  (
    'id _id uid uuid guid idx index row_id row_index sample_id example_id conversation_id conversation_hash prompt_id ' +
    'question_id task_id message_id hash md5 sha256 source source_id origin dataset dataset_name dataset_id subset config ' +
    'split url license author created created_at updated_at timestamp lang language languages category subcategory ' +
    'topic domain tags task task_type difficulty level quality score rating model model_name generator num_tokens ' +
    'token_count num_turns metadata meta info comment note notes __index_level_0__'
  ).split(' '),
);

/** Whether a column of this name says where a row comes from. */
export function keepsBooks(name: string): boolean {
  return BOOKS.has(name);
}

export interface UnknownColumns {
  /** Told, not used. */
  readonly ignored: readonly string[];
  /** May carry meaning. */
  readonly refused: readonly string[];
}

/** `ignore`: columns that the experiment says are not to be used. */
export function unknownColumns(row: object, known: ReadonlySet<string>, ignore: ReadonlySet<string>): UnknownColumns {
  const unknown = Object.entries(row).flatMap(([name, value]) =>
    known.has(name) || ignore.has(name) || value === null ? [] : [name],
  );
  return {
    ignored: unknown.filter((name) => BOOKS.has(name)),
    refused: unknown.filter((name) => !BOOKS.has(name)),
  };
}
