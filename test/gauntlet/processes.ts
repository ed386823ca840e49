import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Start time, in the clock of the kernel. */
  readonly since: string | undefined;
}

/** Lists the running processes. */
export function listProcesses(): Process[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      // The file is `pid (name) state parent group …`, with the start time as field 22.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      // Skip a zombie, which has exited but was not waited for.
      if (fields[0] === 'Z') return [];
      return [{ pid: Number(pid), parent: Number(fields[1]), group: Number(fields[2]), since: fields[19] }];
    } catch {
      // Skip an entry that is not a process or has just exited.
      return [];
    }
  });
}

/** Lists the descendants of a process, and all processes in their process groups. */
export function listDescendants(parent: number): Process[] {
  const all = listProcesses();
  const below = (pid: number): Process[] =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...below(each.pid)]);
  const found = below(parent).filter(({ group }) => group !== ownGroup);
  return all.filter(({ group }) => found.some((each) => each.group === group));
}

const ownGroup = listProcesses().find(({ pid }) => pid === process.pid)?.group;
