import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it was started, in the clock of the kernel. */
  readonly since: string | undefined;
}

/** All that run now. */
export function processes(): Process[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      // `pid (name) state parent group …`, and in the 22nd place when it was started.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      // Ended, but nobody has asked how.
      if (fields[0] === 'Z') return [];
      return [{ pid: Number(pid), parent: Number(fields[1]), group: Number(fields[2]), since: fields[19] }];
    } catch {
      // No process, or not any more.
      return [];
    }
  });
}

/** What a process has started, and what that has, with all in their process groups. */
export function startedBy(parent: number): Process[] {
  const all = processes();
  const below = (pid: number): Process[] =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...below(each.pid)]);
  const found = below(parent).filter(({ group }) => group !== ownGroup);
  return all.filter(({ group }) => found.some((each) => each.group === group));
}

const ownGroup = processes().find(({ pid }) => pid === process.pid)?.group;
