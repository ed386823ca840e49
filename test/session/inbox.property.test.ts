import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Inbox } from '../../src/session/inbox.ts';
import type { DecodedBody } from '../../src/session/session-handle.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { say } from './live.ts';

const WINDOW = 16;
const CLIENTS = 17;

type Body = 'accepted' | 'empty' | 'refused' | 'no room';
interface Post {
  do: 'post';
  client: number;
  /** Distance of the number from the client's lowest missing number. */
  offset: number;
  body: Body;
}
type Step = Post | { do: 'restart' };

const body = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Body>('accepted') },
  { weight: 1, arbitrary: fc.constantFrom<Body>('empty', 'refused', 'no room') },
);
const offset = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: -40, max: WINDOW + 3 }) },
);
const stepsOf = (clients: number): fc.Arbitrary<Step[]> => {
  const client = fc.nat(clients - 1);
  const post: fc.Arbitrary<Post> = fc.record({ do: fc.constant('post' as const), client, offset, body });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 60, arbitrary: post },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  );
  return fc.array(step, { maxLength: 150, size: 'max' });
};
/** Two clients, which send many POSTs each, or one more client than the inbox remembers. */
const steps = fc.oneof(stepsOf(2), stepsOf(CLIENTS));

/** Answer to a POST. */
type Outcome = { status: 'sent' | 'held'; next: number } | { code: string; next?: number };

/** Model of the contract, without regard to cost: stores all POSTs of each client and derives the answers from them. */
class Model {
  readonly applied: string[] = [];
  /** POSTs of each client in the order of arrival. The client that was active least recently is the first. */
  #clients: { client: number; came: { cseq: number; text: string; outcome: Outcome }[] }[] = [];

  next(client: number): number {
    const numbers = new Set(this.#came(client).map(({ cseq }) => cseq));
    let next = 1;
    while (numbers.has(next)) next += 1;
    return next;
  }

  take({ client, body }: Post, cseq: number, text: string): Outcome {
    const came = this.#came(client);
    this.#clients = [...this.#clients.filter((other) => other.client !== client), { client, came }].slice(-16);
    const before = this.next(client);
    const first = came.slice(-32).find((each) => each.cseq === cseq);
    if (first) return first.outcome;
    if (cseq < before || cseq > before + WINDOW) return { code: 'outside_window', next: before };
    if (body === 'no room') return { code: 'request_queue_full' };
    const entry = { cseq, text: body === 'accepted' ? text : '', outcome: { code: 'malformed_item' } as Outcome };
    came.push(entry);
    const next = this.next(client);
    if (body !== 'refused') entry.outcome = { status: cseq < next ? 'sent' : 'held', next };
    for (let due = before; due < next; due += 1) {
      const { text = '' } = came.find((each) => each.cseq === due) ?? {};
      if (text) this.applied.push(text);
    }
    return entry.outcome;
  }

  restart(): void {
    this.#clients = [];
  }

  #came(client: number) {
    return this.#clients.find((each) => each.client === client)?.came ?? [];
  }
}

/** Receives a POST and collects the texts that are due. */
function receive(inbox: Inbox, applied: string[], name: string, cseq: number, body: Body, text: string): Outcome {
  const decoded: DecodedBody =
    body === 'refused'
      ? { refusal: new WireError('malformed_item').body() }
      : { requests: body === 'empty' ? [] : [toSizedRequest(say(text))] };
  const { answer, due } = inbox.receive(name, cseq, decoded, body !== 'no room');
  applied.push(...due.flat().map(({ request }) => request.content?.parts?.[0]?.text ?? ''));
  if (!('refusal' in answer)) return answer;
  const { code, next } = answer.refusal;
  return next === undefined ? { code } : { code, next };
}

test('POSTs in any order are answered and applied as in the model of the contract', () => {
  fc.assert(
    fc.property(steps, (made) => {
      const applied: string[] = [];
      const model = new Model();
      let inbox = new Inbox();
      for (const [index, each] of made.entries()) {
        if (each.do === 'restart') {
          inbox = new Inbox();
          model.restart();
          continue;
        }
        const cseq = Math.max(model.next(each.client) + each.offset, 1);
        const text = `${each.client}:${cseq} (step ${index})`;
        const outcome = receive(inbox, applied, `c${each.client}`, cseq, each.body, text);
        expect(outcome).toEqual(model.take(each, cseq, text));
        expect(inbox.next(`c${each.client}`)).toBe(model.next(each.client));
      }
      expect(applied).toEqual(model.applied);
    }),
    { numRuns: 300 },
  );
});

test('POSTs of clients that repeat unanswered ones are applied once and in order over a network that loses, doubles and reorders them', () => {
  const POSTS = 40;
  const loss = fc.record({
    client: fc.nat(2),
    /** Maximum distance from the oldest unanswered POST. The clients keep to the window. */
    ahead: fc.nat(WINDOW),
    fate: fc.constantFrom('answered', 'answer lost', 'lost', 'doubled', 'no room'),
  });
  fc.assert(
    fc.property(
      fc.array(loss, { maxLength: 200, size: 'max' }),
      fc.array(fc.nat(POSTS), { maxLength: 8 }),
      (losses, bad) => {
        const applied: string[] = [];
        const inbox = new Inbox();
        const unanswered = [0, 1, 2].map(() => Array.from({ length: POSTS }, (_, index) => index + 1));
        const attempt = (client: number, cseq: number, fate: string) => {
          const body = fate === 'no room' ? 'no room' : bad.includes(cseq) ? 'refused' : 'accepted';
          const outcome = receive(inbox, applied, `c${client}`, cseq, body, `${client}:${cseq}`);
          if ('code' in outcome) expect(outcome.code).toBe(expectedCode(outcome.code, body));
          return 'code' in outcome && outcome.code === 'request_queue_full' ? undefined : outcome;
        };
        const answered = (client: number, cseq: number) => {
          unanswered[client] = unanswered[client]?.filter((each) => each !== cseq) ?? [];
        };
        for (const { client, ahead, fate } of losses) {
          const [oldest = 0] = unanswered[client] ?? [];
          const cseq = unanswered[client]?.findLast((each) => each <= oldest + ahead);
          if (cseq === undefined || fate === 'lost') continue;
          const outcome = attempt(client, cseq, fate);
          if (fate === 'doubled') expect(attempt(client, cseq, fate)).toEqual(outcome);
          if (outcome && fate !== 'answer lost') answered(client, cseq);
        }
        for (const client of [0, 1, 2]) {
          for (const cseq of unanswered[client] ?? []) expect(attempt(client, cseq, 'answered')).toBeDefined();
          const all = Array.from({ length: POSTS }, (_, index) => index + 1).filter((cseq) => !bad.includes(cseq));
          expect(applied.filter((text) => text.startsWith(`${client}:`))).toEqual(
            all.map((cseq) => `${client}:${cseq}`),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** Returns the code of the only refusal that a client within the window may get: that of its body, or the lack of room. */
function expectedCode(code: string, body: Body): string {
  return body === 'no room' && code === 'request_queue_full' ? code : 'malformed_item';
}
