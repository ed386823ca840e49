import { fork } from 'node:child_process';

/** Clients in a process of their own: what they cost must not delay what they measure, nor the process that reads the figures. */
export interface Load<Result> {
  /** Has all of them talk for `ms`. */
  talk(ms: number): Promise<Result>;
  end(): void;
}

/** Starts a program that calls `serveLoad`, and waits until its clients are there. */
export async function startLoad<Result>(script: string, args: readonly string[]): Promise<Load<Result>> {
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const answer = () =>
    new Promise<Result>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`${script} ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (result) => {
        child.off('exit', onExit);
        resolve(result as Result); // the type that the script's `talk` returns
      });
    });
  await answer();
  return {
    async talk(ms) {
      child.send(ms);
      return answer();
    },
    end: () => child.disconnect(),
  };
}

/** The side of the program. It ends with the process that has started it. */
export function serveLoad<Result extends object>(talk: (ms: number) => Promise<Result>): void {
  process.on('message', async (ms: number) => {
    process.send?.(await talk(ms));
  });
  process.on('disconnect', () => process.exit());
  process.send?.({});
}

/**
 * Calls `say` every 100 ms for each of `talkers`, spread over the 100 ms, until `ms` are over. One that is late is not waited for by others.
 */
export async function everyTenth<Talker>(
  talkers: readonly Talker[],
  ms: number,
  say: (talker: Talker) => Promise<void> | void,
): Promise<void> {
  const began = performance.now();
  await Promise.all(
    talkers.map(async (talker, index) => {
      for (let due = (index * 100) / talkers.length; due < ms; due += 100) {
        const waitMs = began + due - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        await say(talker);
      }
    }),
  );
}

/** Waits until everything that was asked has been answered, for at most two seconds. */
export async function untilAnswered(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !done(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
}
