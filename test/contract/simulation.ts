import type { TransportStorage } from '../../src/client/index.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { seededRandom } from '../seeded-random.ts';
import { openEventSource } from './event-source-reader.ts';
import { pass, settle } from './fake-clock.ts';
import type { HistoryRecord } from './history.ts';
import type { SentKind } from './items.ts';
import { Network } from './network.ts';
import { createPlainClient } from './plain-client.ts';
import { createSdkClient } from './sdk-client.ts';
import { type SimulatedServer, startSimulatedServer } from './simulated-server.ts';
import type { Setup, Slot, Step } from './steps.ts';

/** A participant. Actions that it cannot perform are undefined. */
interface Participant {
  send?(kind: SentKind, item: number): void;
  sendAudio?(item: number): void;
  close(): void;
  conclude?(): void;
  describe?(): string;
  readonly gone: boolean;
}

/** Longer than anybody waits for anything, ms: dead connections are noticed, back-offs are over, guesses are taken back. */
const RECOVERY_MS = 70_000;
const LAST_WORDS_MS = 15_000;

/**
 * Simulates a conversation under a fake clock: the real server, real clients, and between them a network in memory. The network is
 * faulty during the steps and good afterwards.
 * @returns the history
 * @throws if the server makes a mistake of its own
 */
export async function simulate(setup: Setup, steps: readonly Step[], times: number[] = []): Promise<HistoryRecord[]> {
  const { slots, logBytes, logAgeMs, lingerMs, seed } = setup;
  const history: HistoryRecord[] = [];
  const bugs: unknown[] = [];
  const random = seededRandom(seed);
  const store = createMemoryStore();
  let server: SimulatedServer | undefined;
  let looking = false;
  const record = (entry: HistoryRecord) => {
    // First what became of the log without a word: entries grow old.
    if (!looking && entry.did === 'told') {
      looking = true;
      server?.look();
      looking = false;
    }
    history.push(entry);
    times.push(Date.now() - 1_800_000_000_000);
  };
  const start = () => {
    server = startSimulatedServer({
      store,
      logLimits: { bytes: logBytes, ageMs: logAgeMs },
      lingerMs,
      random,
      record,
      onBug: (error) => bugs.push(error),
    });
  };
  const network = new Network(() => server?.connect(), record);
  const participants: Participant[] = [];
  const storages = slots.map(() => createStorage());
  let created = 0;
  let items = 0;
  const create = (place: number): Participant => {
    created += 1;
    const slot = slots[place] ?? { kind: 'listener' };
    const name = `${slot.kind}-${created}`;
    const options = { fetch: network.fetchFor(name, String(place)), random, storage: storages[place] };
    const participant = createParticipant(setup, slot, name, options, record);
    participants[place] = participant;
    return participant;
  };
  const nextItem = () => {
    items += 1;
    return items;
  };
  const at = (who: number) => {
    const place = who % slots.length;
    const there = participants[place];
    return { place: String(place), participant: there && !there.gone ? there : create(place) };
  };

  const take = async (step: Step): Promise<void> => {
    switch (step.do) {
      case 'say':
        at(step.who).participant.send?.(step.kind, nextItem());
        break;
      case 'speak':
        for (let piece = 0; piece < step.pieces; piece += 1) at(step.who).participant.sendAudio?.(nextItem());
        break;
      case 'act':
        for (const act of step.acts) server?.runner.perform(act);
        break;
      case 'pass':
        await pass(step.ms);
        break;
      case 'fates':
        for (const fate of step.fates) network.next(at(step.who).place, step.way, fate);
        break;
      case 'weather':
        network.weather(at(step.who).place, step.way, step.fate);
        break;
      case 'calm':
        network.calm();
        break;
      case 'cut':
        network.cut(at(step.who).place);
        break;
      case 'freeze':
        network.freeze(at(step.who).place);
        break;
      case 'renew': {
        const { place, participant } = at(step.who);
        participant.close();
        create(Number(place));
        break;
      }
      case 'end session':
        at(step.who).participant.send?.('close', nextItem());
        break;
      case 'restart':
        server?.kill();
        server = undefined;
        await pass(step.downMs);
        start();
        break;
      case 'shut down': {
        let down = false;
        const closing = server?.shutDown(step.graceMs).then(() => {
          down = true;
        });
        while (!down) await pass(100);
        await closing;
        start();
        break;
      }
    }
  };

  start();
  for (const place of slots.keys()) create(place);
  for (const step of steps) {
    await take(step);
    await settle();
  }
  network.calm();
  await pass(RECOVERY_MS);
  server?.runner.perform({ act: 'writes', pieces: 1 });
  for (const participant of participants) if (!participant.gone) participant.send?.('text', nextItem());
  await pass(LAST_WORDS_MS);
  for (const participant of participants) participant.conclude?.();
  record({ did: 'settled' });
  for (const participant of participants) participant.close();
  server?.kill();
  await pass(RECOVERY_MS);
  if (bugs.length > 0) throw new AggregateError(bugs, `the server made mistakes: ${bugs.map(String).join('; ')}`);
  return history;
}

function createParticipant(
  { isAudio }: Setup,
  slot: Slot,
  name: string,
  options: { fetch: typeof fetch; random: () => number; storage: TransportStorage | undefined },
  record: (entry: HistoryRecord) => void,
): Participant {
  switch (slot.kind) {
    case 'sdk':
      return createSdkClient(name, { ...options, ...slot, isAudio }, record);
    case 'plain':
      return createPlainClient(name, { ...options, way: slot.way }, record);
    case 'listener':
      return openEventSource(name, options.fetch, record);
  }
}

/** Creates a storage that clients at one place share, like localStorage. */
function createStorage(): TransportStorage {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}
