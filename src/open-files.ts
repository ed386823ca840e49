import { readFileSync } from 'node:fs';

/**
 * Reads how many files and connections the system lets this process have open. Node has raised the soft limit to the hard one when it started.
 * @returns `undefined` if there is no limit, or if the system is not Linux
 */
export function readOpenFilesLimit(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+(\d+)\s/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
