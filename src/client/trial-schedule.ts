import { dueTrial, type Evidence, type Ladder, type TrialRung } from './ladder.ts';
import type { Line } from './line.ts';

export interface TrialsOptions {
  readonly now: () => number;
  readonly ladder: () => Ladder;
  /** The connection in use. */
  readonly incumbent: () => Line | undefined;
  readonly prove: (rung: TrialRung) => Promise<{ good: boolean; delayMs: number | undefined }>;
  /** @returns whether another rung is better now */
  readonly learn: (evidence: Evidence) => boolean;
  /** Another rung is better. */
  onBetter(): void;
  /** Nothing more is to be tried. */
  readonly signal: AbortSignal;
}

/** Better rungs are tried beside the connection in use, one at a time, and only if one is good does it take over. */
export interface Trials {
  /** Tries what is due when the connection in use has settled, or when it is due; to be called whenever one or the other has changed. */
  plan(): void;
  /** Tries what is due at once. */
  now(): void;
  /** This connection has brought something. */
  heard(line: Line): void;
  /** Takes back the plan. */
  clear(): void;
}

/** How long a connection must have been good before a better one is looked for, ms: first things first. */
export const SETTLED_MS = 2_000;

export function createTrials({ now, ladder, incumbent, prove, learn, onBetter, signal }: TrialsOptions): Trials {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let trying = false;
  /** A trial that failed, and what was in use then: it counts only if the network was there. */
  let unproved: { readonly line: Line; readonly tried: Evidence } | undefined;

  const plan = () => {
    if (unproved && unproved.line === incumbent()) return;
    unproved = undefined;
    clearTimeout(timer);
    const dueAt = dueTrial(ladder(), now()) ? now() : ladder().retryAt;
    timer = dueAt === undefined ? undefined : setTimeout(() => void tryNow(), Math.max(dueAt - now(), SETTLED_MS));
  };
  const tryNow = async () => {
    const line = incumbent();
    // Where nothing comes at all, nothing would come over another.
    if (trying || signal.aborted || line?.begunAt === undefined || unproved?.line === line) return;
    const rung = dueTrial(ladder(), now());
    if (rung) {
      trying = true;
      const proof = await prove(rung);
      trying = false;
      if (signal.aborted) return;
      const tried: Evidence = { kind: 'tried', at: now(), rung, ...proof };
      const still = incumbent();
      if (proof.good) {
        if (learn(tried)) onBetter();
      } else if (still) unproved = { line: still, tried };
    }
    plan();
  };
  return {
    plan,
    now: () => void tryNow(),
    heard(line) {
      if (!unproved || unproved.line !== line) return;
      learn(unproved.tried);
      unproved = undefined;
      plan();
    },
    clear: () => clearTimeout(timer),
  };
}
