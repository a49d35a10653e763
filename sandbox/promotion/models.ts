/** Every model of the platform: those of the catalog, and those that were promoted. */
import { join } from 'node:path';
import { BASE_MODELS, type BaseModel } from '../catalog.ts';
import { ApiError } from '../errors.ts';
import { readJsonFolder, removeFile, writeFileAtomic, writeJsonAtomic } from '../files.ts';
import type { LoraConfig } from '../model/parameters.ts';
import { ModelRecord } from './model-record.ts';

/** A promoted adapter: what a LoRA model can start from. */
export interface AdapterSource {
  readonly baseModel: string;
  readonly lora: LoraConfig;
  readonly file: string;
}

export class Models {
  readonly #account: string;
  readonly #folder: string;
  readonly #records = new Map<string, ModelRecord>();

  constructor(stateFolder: string, account: string) {
    this.#account = account;
    this.#folder = join(stateFolder, 'models');
    for (const record of readJsonFolder(this.#folder, ModelRecord)) this.#records.set(record.id, record);
  }

  /** The base model of this name: one of the catalog, or a promoted one that is ready. */
  base(name: string): BaseModel | undefined {
    const known = BASE_MODELS.find((model) => model.name === name);
    if (known !== undefined) return known;
    const record = this.#readyRecord(name);
    const family = BASE_MODELS.find((model) => model.name === record?.architecture);
    if (record?.kind !== 'HF_BASE_MODEL' || family === undefined) return undefined;
    return { name, config: family.config, architecture: family.name, weightsFile: this.#weightsPath(record.id) };
  }

  adapter(name: string): AdapterSource | undefined {
    const record = this.#readyRecord(name);
    if (record?.lora === undefined) return undefined;
    return { baseModel: record.baseModel, lora: record.lora, file: this.#weightsPath(record.id) };
  }

  /** Promoted models, oldest first. */
  list(): ModelRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.createTime < b.createTime ? -1 : 1));
  }

  get(id: string): ModelRecord | undefined {
    return this.#records.get(id);
  }

  byOperation(operation: string): ModelRecord | undefined {
    return this.list().find((record) => record.operation === operation);
  }

  add(record: ModelRecord, weights: Uint8Array): void {
    if (this.#records.has(record.id)) {
      throw new ApiError('ALREADY_EXISTS', `model "${this.nameOf(record)}" already exists`);
    }
    // The description is written last: bytes without one are not a model.
    writeFileAtomic(this.#weightsPath(record.id), weights);
    writeJsonAtomic(join(this.#folder, `${record.id}.json`), record);
    this.#records.set(record.id, record);
  }

  /** Trainers and deployments that started from it keep what they have read. */
  delete(id: string): void {
    this.#records.delete(id);
    removeFile(join(this.#folder, `${id}.json`));
    removeFile(this.#weightsPath(id));
  }

  nameOf({ id }: ModelRecord): string {
    return `accounts/${this.#account}/models/${id}`;
  }

  #readyRecord(name: string): ModelRecord | undefined {
    const prefix = `accounts/${this.#account}/models/`;
    const record = name.startsWith(prefix) ? this.#records.get(name.slice(prefix.length)) : undefined;
    return record !== undefined && isReady(record) ? record : undefined;
  }

  #weightsPath(id: string): string {
    return join(this.#folder, `${id}.bin`);
  }
}

export function isReady(record: ModelRecord): boolean {
  return Date.now() >= Date.parse(record.readyTime);
}
