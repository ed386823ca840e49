import { describe, expect, test } from '@jest/globals';
import { Inbox } from '../../src/session/inbox.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { DecodedBody } from '../../src/session/session-handle.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { say, speak } from './live.ts';

/** An inbox that records what is due, as `+`-joined names of the requests of each body. */
function recordingInbox() {
  const applied: string[] = [];
  const inbox = new Inbox();
  const receive = (client: string, cseq: number, body: DecodedBody, hasRoom = true) => {
    const { answer, due } = inbox.receive(client, cseq, body, hasRoom);
    for (const requests of due) applied.push(requests.map(({ request }) => nameRequest(request)).join('+'));
    return answer;
  };
  /** Sends a POST whose text is its client and number. */
  const post = (cseq: number, client = 'a') => receive(client, cseq, bodyOf(say(`${client}${cseq}`)));
  return { inbox, applied, receive, post };
}

const bodyOf = (...requests: LiveRequest[]): DecodedBody => ({ requests: requests.map(toSizedRequest) });
const refused = (error = 'no such item'): DecodedBody => ({ refusal: new WireError('malformed_item', error).body() });
const nameRequest = ({ content, blob }: LiveRequest) =>
  content?.parts?.[0]?.text ?? `${blob?.data.length} characters of audio`;
const refusalWith = (fields: object) => ({ refusal: expect.objectContaining(fields) });

describe('order', () => {
  test('a POST in its turn is applied at once, and one ahead of its turn is held until no number is missing', () => {
    const { applied, post } = recordingInbox();
    expect(post(1)).toEqual({ status: 'sent', next: 2 });
    expect(post(4)).toEqual({ status: 'held', next: 2 });
    expect(post(3)).toEqual({ status: 'held', next: 2 });
    expect(applied).toEqual(['a1']);
    expect(post(2)).toEqual({ status: 'sent', next: 5 });
    expect(applied).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  test('a POST behind one that closes the session is not applied and its number stays free', () => {
    const { receive, applied, post } = recordingInbox();
    post(3);
    receive('a', 2, bodyOf({ ...say('goodbye'), close: true }));
    expect(post(1)).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a1', 'goodbye']);
  });

  test('a POST 16 numbers ahead is held, and one 17 numbers ahead is outside the window', () => {
    const { inbox, post } = recordingInbox();
    post(1);
    expect(post(18)).toEqual({ status: 'held', next: 2 });
    expect(post(19)).toEqual(refusalWith({ code: 'outside_window', next: 2 }));
    expect(inbox.next('a')).toBe(2);
  });

  test('a repeated POST gets its first answer, whatever it contains now and whether or not there is room', () => {
    const { receive, applied, post } = recordingInbox();
    post(2);
    post(1);
    expect(post(1)).toEqual({ status: 'sent', next: 3 });
    expect(receive('a', 2, refused(), false)).toEqual({ status: 'held', next: 1 });
    expect(applied).toEqual(['a1', 'a2']);
  });

  test('a POST that is repeated after 32 others is outside the window', () => {
    const { applied, post } = recordingInbox();
    for (let cseq = 1; cseq <= 33; cseq += 1) post(cseq);
    expect(post(2)).toEqual({ status: 'sent', next: 3 });
    expect(post(1)).toEqual(refusalWith({ code: 'outside_window', next: 34 }));
    expect(applied).toHaveLength(33);
  });

  test('a POST without items uses up its number and applies nothing', () => {
    const { receive, applied, post } = recordingInbox();
    post(2);
    expect(receive('a', 1, bodyOf())).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a2']);
  });
});

describe('refusals', () => {
  test('a refused body uses up its number, in its turn and ahead of it', () => {
    const { receive, applied, post } = recordingInbox();
    expect(receive('a', 1, refused())).toEqual(refusalWith({ code: 'malformed_item' }));
    expect(receive('a', 3, refused())).toEqual(refusalWith({ code: 'malformed_item' }));
    expect(post(2)).toEqual({ status: 'sent', next: 4 });
    expect(applied).toEqual(['a2']);
  });

  test('a refused body that fills a gap releases the POSTs behind it', () => {
    const { receive, applied, post } = recordingInbox();
    post(2);
    expect(receive('a', 1, refused())).toEqual(refusalWith({ code: 'malformed_item' }));
    expect(applied).toEqual(['a2']);
  });

  test('a refused POST that is repeated with a valid body is refused as the first time', () => {
    const { receive, applied, post } = recordingInbox();
    expect(receive('a', 1, refused('the first'))).toEqual(refusalWith({ error: 'the first' }));
    expect(post(1)).toEqual(refusalWith({ error: 'the first' }));
    expect(applied).toEqual([]);
  });

  test('a stored refusal is plain data without an Error object, so that it keeps nothing else alive', () => {
    const { receive } = recordingInbox();
    const answer = receive('a', 1, refused());
    expect(structuredClone(answer)).toEqual(answer);
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    expect('refusal' in answer && Object.getPrototypeOf(answer.refusal)).toBe(Object.prototype);
  });

  test('a POST that is refused for lack of room leaves its number free', () => {
    const { inbox, receive, applied, post } = recordingInbox();
    expect(receive('a', 1, bodyOf(say('a1')), false)).toEqual(refusalWith({ code: 'request_queue_full' }));
    expect(inbox.next('a')).toBe(1);
    expect(post(2)).toEqual({ status: 'held', next: 1 });
    expect(post(1)).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a1', 'a2']);
  });
});

describe('held POSTs', () => {
  const MEGABYTE = 1024 * 1024;

  test('held POSTs of all clients take up to 4 MiB; above it a POST ahead of its turn is refused and one in its turn is not', () => {
    const { receive, applied } = recordingInbox();
    const speech = (client: string, cseq: number) => receive(client, cseq, bodyOf(speak(MEGABYTE - 400)));
    for (const client of ['a', 'b']) for (const cseq of [2, 3]) speech(client, cseq);
    expect(speech('c', 2)).toEqual(refusalWith({ code: 'request_queue_full' }));
    expect(speech('c', 1)).toEqual({ status: 'sent', next: 2 });
    expect(speech('c', 2)).toEqual({ status: 'sent', next: 3 });
    expect(speech('a', 1)).toEqual({ status: 'sent', next: 4 });
    expect(applied).toHaveLength(5);
    // Released POSTs make room again.
    expect(speech('d', 2)).toEqual({ status: 'held', next: 1 });
    expect(speech('d', 3)).toEqual({ status: 'held', next: 1 });
    expect(speech('d', 4)).toEqual(refusalWith({ code: 'request_queue_full' }));
  });

  test('the size of a held POST includes the images in its messages', () => {
    const { receive } = recordingInbox();
    const inlineData = { mimeType: 'image/png', data: 'A'.repeat(3 * MEGABYTE) };
    const show = (cseq: number) =>
      receive('a', cseq, bodyOf({ content: { role: 'user', parts: [{ inlineData }, { text: 'look' }] } }));
    expect(show(2)).toEqual({ status: 'held', next: 1 });
    expect(show(3)).toEqual(refusalWith({ code: 'request_queue_full' }));
  });

  test('held POSTs of an evicted client make room again', () => {
    const { receive, post } = recordingInbox();
    const speech = (client: string) => receive(client, 2, bodyOf(speak(4 * MEGABYTE - 400)));
    speech('a');
    expect(speech('b')).toEqual(refusalWith({ code: 'request_queue_full' }));
    for (let other = 0; other < 16; other += 1) post(1, `other${other}-`);
    expect(speech('b')).toEqual({ status: 'held', next: 1 });
  });
});

test('with 17 clients the one that was active least recently starts at 1 again', () => {
  const { inbox, post } = recordingInbox();
  for (let client = 1; client <= 16; client += 1) post(1, `c${client}-`);
  // The first client is active again, so that the second is the least recent.
  post(1, 'c1-');
  post(1, 'c17-');
  expect(['c1-', 'c2-', 'c3-', 'c17-', 'never seen'].map((client) => inbox.next(client))).toEqual([2, 1, 2, 2, 1]);
});

describe('memory of all clients', () => {
  test('while four fifths of it are used, a POST ahead of its turn is refused with server_busy, and one in its turn is applied', () => {
    const memory = new MemoryBudget(1_000_000);
    const inbox = new Inbox(memory);
    memory.add(900_000);
    const { answer } = inbox.receive('a', 2, bodyOf(say('a2')), true);
    expect(answer).toEqual(refusalWith({ code: 'server_busy', retry_after_ms: 5_000 }));
    expect(inbox.receive('a', 1, bodyOf(say('a1')), true).answer).toEqual({ status: 'sent', next: 2 });
    memory.release(900_000);
    expect(inbox.receive('a', 2, bodyOf(say('a2')), true).answer).toEqual({ status: 'sent', next: 3 });
  });

  test('while all of it is used, input in its turn is refused, and the end of the session is not', () => {
    const memory = new MemoryBudget(1_000_000);
    const inbox = new Inbox(memory);
    memory.add(1_000_001);
    expect(inbox.receive('a', 1, bodyOf(say('a1')), true).answer).toEqual(refusalWith({ code: 'server_busy' }));
    expect(inbox.receive('a', 1, bodyOf({ close: true }), true).answer).toEqual({ status: 'sent', next: 2 });
  });

  test('counts held POSTs, clients and answers, and nothing after the end of the session', () => {
    const memory = new MemoryBudget(100_000_000);
    const inbox = new Inbox(memory);
    inbox.receive('a', 2, bodyOf(speak(100_000)), true);
    expect(memory.used).toBeGreaterThan(100_000);
    inbox.receive('a', 1, bodyOf(speak(100_000)), true);
    expect(memory.used).toBeLessThan(2_000);
    for (let cseq = 3; cseq < 40; cseq += 1) inbox.receive('a', cseq, refused(), true);
    expect(memory.used).toBeGreaterThan(32 * 400);
    inbox.receive('a', 41, bodyOf(speak(100_000)), true);
    inbox.close();
    expect(memory.used).toBe(0);
  });
});
