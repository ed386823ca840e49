import { setTimeout as delay } from 'node:timers/promises';
import type { Attack } from './attack.ts';
import { HONEST_TOKEN, JWT_SECRET, KEY, MALLORY_TOKEN } from './credentials.ts';
import { listConversationFaults, listFaults, MAX_LEFT_BYTES, MAX_LEFT_DESCRIPTORS, type Result } from './judge.ts';
import { SECRETS } from './process/hostile-frames.ts';
import { createToken, Stage } from './stage.ts';
import { Target } from './target.ts';

export interface CampaignOptions {
  /** Checkout whose build is attacked. */
  readonly folder: string;
  /** 0 to 1: part of its full size and duration at which each attack runs. */
  readonly scale: number;
  readonly random: () => number;
}

/** Duration of an attack at full scale, in ms, and the least of a smaller one. An attack that does not end then is a mistake after a while. */
const ATTACK_MS = 10_000;
const LEAST_MS = 2_500;
const OVERRUN_MS = 20_000;
/** Interval between two looks at the memory of the server, in ms. */
const SAMPLE_MS = 25;
/** Maximum time for memory and descriptors to be released, in ms, and interval between two looks. */
const SETTLE_MS = 25_000;
const SETTLE_EVERY_MS = 500;
/** Number of collections, and of bytes, after which memory counts as settled. */
const SETTLED_TIMES = 4;
const SETTLED_BYTES = 1_024 * 1_024;
/** Requests before the first measurement: compiled code, free lists and the spaces of the heap are there then. */
const WARM_UP_SESSIONS = 150;
const WARM_UP_BODIES = 12;
const WARM_UP_ITEMS = 100_000;

/** Resident memory and JavaScript objects, in bytes, and the number of file descriptors. */
interface InUse {
  readonly rss: number;
  readonly live: number;
  readonly descriptors: number;
}

/** Runs attacks one after another. The server stays the same while it lives and the attacks want the same one. */
export class Campaign {
  readonly #options: CampaignOptions;
  #stage: Stage | undefined;
  #key = '';
  /** Memory and descriptors of the present server after its warm-up. */
  #baseline: InUse = { rss: 0, live: 0, descriptors: 0 };

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  async run(attack: Attack): Promise<Result> {
    const { scale, random } = this.#options;
    const stage = await this.#openStage(attack);
    const { server } = stage;
    const before = await this.#settle(stage, this.#baseline);
    // Garbage collections stop the server: no attack is blamed for them. A loss is reported, whenever it happens.
    const between = await stage.takeReport();
    const target = new Target({ port: server.port, scale, random, ms: Math.max(LEAST_MS, ATTACK_MS * scale) });
    const outputBefore = server.wholeOutput.length;
    const startedAt = performance.now();
    let peak = server.rss;
    const sampler = setInterval(() => {
      peak = Math.max(peak, server.rss);
    }, SAMPLE_MS);
    try {
      await this.#attack(attack, target);
    } finally {
      target.close();
      clearInterval(sampler);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const witness = server.exit === undefined ? await stage.takeReport().catch(() => undefined) : undefined;
    for (const fault of listConversationFaults(between)) target.complain(`before the attack: ${fault}`);
    const { live, rss, descriptors } = await this.#settle(stage, before);
    this.#searchSecrets(server.wholeOutput.slice(outputBefore), target);
    const result: Result = {
      name: attack.name,
      does: attack.does,
      stoppedBy: attack.stoppedBy,
      seconds,
      memory: { before: before.rss, peak, after: rss },
      live: { before: before.live, after: live },
      descriptors: { before: before.descriptors, after: descriptors },
      exit: server.exit,
      witness,
      answers: target.answers,
      complaints: target.complaints,
      notes: target.notes,
    };
    // What a server has lost must not be blamed on the next attack.
    if (listFaults(result).length > 0) await this.close();
    return result;
  }

  async close(): Promise<void> {
    await this.#stage?.close();
    this.#stage = undefined;
  }

  async #openStage({ server: kind = 'open', settings = {} }: Attack): Promise<Stage> {
    const key = JSON.stringify([kind, settings]);
    if (this.#stage && (this.#key !== key || this.#stage.server.exit !== undefined)) await this.close();
    if (this.#stage) return this.#stage;
    const stage = await Stage.open(this.#options.folder, kind, settings);
    this.#stage = stage;
    this.#key = key;
    await this.#warmUp(stage, createToken(kind, 'mallory'));
    this.#baseline = await this.#settleForGood(stage);
    await stage.takeReport();
    return stage;
  }

  /** Waits until garbage collections make the memory of the server no smaller. */
  async #settleForGood({ server }: Stage): Promise<InUse> {
    let least = Number.POSITIVE_INFINITY;
    for (let unchanged = 0; unchanged < SETTLED_TIMES; unchanged += 1) {
      await delay(SETTLE_EVERY_MS);
      const { rss } = await server.collectGarbage();
      if (rss < least - SETTLED_BYTES) unchanged = 0;
      least = Math.min(least, rss);
    }
    return { ...(await server.collectGarbage()), descriptors: server.descriptors };
  }

  /** Gives the server some ordinary work of many kinds. */
  async #warmUp({ server: { port } }: Stage, token: string | undefined): Promise<void> {
    const target = new Target({ port, scale: 1, random: this.#options.random, ms: ATTACK_MS });
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const text = 'warm '.repeat(200_000);
    for (let index = 0; index < WARM_UP_BODIES && !target.over; index += 1) {
      await target.request('/poll/mallory/warm?wait=0', { headers });
      await target.request('/send/mallory/warm', { headers: { ...headers, 'Content-Type': 'text/plain' }, body: text });
      await target.request('/send/mallory/warm', { headers, body: `[${'{},'.repeat(WARM_UP_ITEMS)}{}]` });
    }
    await target.inLanes(8, WARM_UP_SESSIONS, async (index) => {
      await target.request(`/poll/mallory/warm${index % 3}?wait=0`, { headers });
      await target.request(`/send/mallory/warm${index % 3}`, {
        headers: { ...headers, 'Content-Type': 'text/plain' },
        body: 'warm',
      });
      await target.request('/static/page.js', { headers });
    });
    target.close();
  }

  async #attack(attack: Attack, target: Target): Promise<void> {
    const overrun = delay(target.leftMs + OVERRUN_MS, 'overrun', { ref: false });
    const ended = await Promise.race([attack.run(target).then(() => 'done'), overrun]);
    // An attack of a moment is watched for a while.
    await delay(Math.min(target.leftMs, LEAST_MS));
    if (ended === 'overrun') throw new Error(`the attack ${attack.name} does not end`);
  }

  /** Waits until the server has released what it used beyond `before`, and returns what is in use then. */
  async #settle({ server }: Stage, before: InUse): Promise<InUse> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const { rss, live } = await server.collectGarbage();
      const { descriptors } = server;
      const isSettled = rss - before.rss <= MAX_LEFT_BYTES && descriptors - before.descriptors <= MAX_LEFT_DESCRIPTORS;
      if (isSettled || server.exit !== undefined || performance.now() > deadline) return { rss, live, descriptors };
      await delay(SETTLE_EVERY_MS);
    }
  }

  #searchSecrets(output: string, target: Target): void {
    for (const secret of [KEY, HONEST_TOKEN, MALLORY_TOKEN, JWT_SECRET, ...Object.values(SECRETS)]) {
      if (output.includes(secret)) target.complain(`the log contains ${secret.slice(0, 8)}…, a secret`);
    }
    if (/^\{"level":60,"msg":"forged/m.test(output)) target.complain('a line of the log is forged');
    if (output.includes('because of a server fault')) target.complain('the log tells of a fault of the server itself');
  }
}
