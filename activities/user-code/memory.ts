/** How much memory a process and its descendants hold, where the system tells (Linux). */
import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;

/** Bytes that are in memory; undefined where nobody tells. */
export function residentBytes(pid: number): number | undefined {
  const own = resident(pid);
  if (own === undefined) return undefined;
  return childrenOf(pid).reduce((sum, child) => sum + (residentBytes(child) ?? 0), own);
}

function resident(pid: number): number | undefined {
  const pages = Number(read(`/proc/${pid}/statm`)?.split(' ')[1]);
  return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
}

/** Of its first thread, which is the one that starts processes. */
function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text.split(' ').flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []));
}

/** Synchronous: /proc is no disk, and a look costs some microseconds. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
