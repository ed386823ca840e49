import type { ServerKind } from './stage.ts';
import type { Target } from './target.ts';

/** Something that an attacker does to a server. Attacks only talk to the address of their target, which is on the loopback interface. */
export interface Attack {
  /** Name for `--only`, in words joined by hyphens. */
  readonly name: string;
  /** What the attacker does, as a clause without a subject: "opens 2,000 streams and never reads". */
  readonly does: string;
  /** What stops the attacker: the limit, and the variable that changes it. */
  readonly stoppedBy: string;
  /** Default: `open`. */
  readonly server?: ServerKind;
  /** Variables of the server beside those of every attack. The server is started anew for them. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Attacks until it is done or `target.over`. What it opened may stay open: the campaign closes it.
   * @throws only for a mistake of the attack itself
   */
  run(target: Target): Promise<void>;
}
