import { describe, expect, test } from '@jest/globals';
import { Inbox } from '../../src/session/inbox.ts';
import { WireError } from '../../src/wire/error-catalogue.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import { say, speak } from './live.ts';

/** An inbox, with what it has applied. */
function inboxWithRoom() {
  const applied: string[] = [];
  const inbox = new Inbox((requests) => applied.push(requests.map(nameOf).join('+')));
  /** Sends a POST that says its own number. */
  const send = (cseq: number, client = 'a') => inbox.take(client, cseq, () => [say(`${client}${cseq}`)], room);
  return { inbox, applied, send };
}

const room = () => {};
const full = () => {
  throw new WireError('request_queue_full');
};
const refused = (error = 'no such item') => {
  throw new WireError('malformed_item', error);
};
const nameOf = ({ content, blob }: LiveRequest) => content?.parts?.[0]?.text ?? `${blob?.data.length} of audio`;
const codeOf = (code: string, details: object = {}) => expect.objectContaining({ code, details });

describe('a POST', () => {
  test('in its turn is applied at once; ahead of it it is held until no number is missing', () => {
    const { applied, send } = inboxWithRoom();
    expect(send(1)).toEqual({ status: 'sent', next: 2 });
    expect(send(4)).toEqual({ status: 'held', next: 2 });
    expect(send(3)).toEqual({ status: 'held', next: 2 });
    expect(applied).toEqual(['a1']);
    expect(send(2)).toEqual({ status: 'sent', next: 5 });
    expect(applied).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  test('behind one that closes the session uses up no number: it is never heard', () => {
    const { inbox, applied, send } = inboxWithRoom();
    send(3);
    inbox.take('a', 2, () => [{ ...say('goodbye'), close: true }], room);
    expect(send(1)).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a1', 'goodbye']);
  });

  test('16 ahead is held, 17 ahead is outside the window', () => {
    const { inbox, send } = inboxWithRoom();
    send(1);
    expect(send(18)).toEqual({ status: 'held', next: 2 });
    expect(() => send(19)).toThrow(codeOf('outside_window', { next: 2 }));
    expect(inbox.next('a')).toBe(2);
  });

  test('that comes again is given its first answer, whatever it holds now, and is not decoded', () => {
    const { inbox, applied, send } = inboxWithRoom();
    send(2);
    send(1);
    expect(send(1)).toEqual({ status: 'sent', next: 3 });
    expect(inbox.take('a', 2, refused, full)).toEqual({ status: 'held', next: 1 });
    expect(applied).toEqual(['a1', 'a2']);
  });

  test('that comes again after 32 others is outside the window', () => {
    const { applied, send } = inboxWithRoom();
    for (let cseq = 1; cseq <= 33; cseq += 1) send(cseq);
    expect(send(2)).toEqual({ status: 'sent', next: 3 });
    expect(() => send(1)).toThrow(codeOf('outside_window', { next: 34 }));
    expect(applied).toHaveLength(33);
  });

  test('without items uses up its number and applies nothing', () => {
    const { inbox, applied, send } = inboxWithRoom();
    send(2);
    expect(inbox.take('a', 1, () => [], room)).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a2']);
  });
});

describe('a refused POST', () => {
  test('uses up its number, in its turn and ahead of it', () => {
    const { inbox, applied, send } = inboxWithRoom();
    expect(() => inbox.take('a', 1, refused, room)).toThrow(codeOf('malformed_item'));
    expect(() => inbox.take('a', 3, refused, room)).toThrow(codeOf('malformed_item'));
    expect(send(2)).toEqual({ status: 'sent', next: 4 });
    expect(applied).toEqual(['a2']);
  });

  test('that comes again, mended, is refused as the first time', () => {
    const { inbox, applied, send } = inboxWithRoom();
    const first = () => inbox.take('a', 1, () => refused('the first'), room);
    expect(first).toThrow('the first');
    expect(() => send(1)).toThrow('the first');
    expect(applied).toEqual([]);
  });

  test('for want of room leaves its number free', () => {
    const { inbox, applied, send } = inboxWithRoom();
    expect(() => inbox.take('a', 1, () => [say('a1')], full)).toThrow(codeOf('request_queue_full'));
    expect(inbox.next('a')).toBe(1);
    expect(send(2)).toEqual({ status: 'held', next: 1 });
    expect(send(1)).toEqual({ status: 'sent', next: 3 });
    expect(applied).toEqual(['a1', 'a2']);
  });

  test('through a mistake of ours leaves its number free, and is thrown as it is', () => {
    const { inbox, send } = inboxWithRoom();
    const bug = () => {
      throw new TypeError('a bug');
    };
    expect(() => inbox.take('a', 1, bug, room)).toThrow(TypeError);
    expect(send(1)).toEqual({ status: 'sent', next: 2 });
  });
});

describe('POSTs that are held', () => {
  const MEGABYTE = 1024 * 1024;

  test('take 4 MiB of all clients together; one more keeps its number, and one in its turn is taken', () => {
    const { inbox, applied } = inboxWithRoom();
    const speech = (client: string, cseq: number) => inbox.take(client, cseq, () => [speak(MEGABYTE - 200)], room);
    for (const client of ['a', 'b']) for (const cseq of [2, 3]) speech(client, cseq);
    expect(() => speech('c', 2)).toThrow(codeOf('request_queue_full'));
    expect(speech('c', 1)).toEqual({ status: 'sent', next: 2 });
    expect(speech('c', 2)).toEqual({ status: 'sent', next: 3 });
    expect(speech('a', 1)).toEqual({ status: 'sent', next: 4 });
    expect(applied).toHaveLength(5);
    // There is room again for what was released.
    expect(speech('d', 2)).toEqual({ status: 'held', next: 1 });
    expect(speech('d', 3)).toEqual({ status: 'held', next: 1 });
    expect(() => speech('d', 4)).toThrow(codeOf('request_queue_full'));
  });

  test('weigh what the pictures in their messages do', () => {
    const { inbox } = inboxWithRoom();
    const inlineData = { mimeType: 'image/png', data: 'A'.repeat(3 * MEGABYTE) };
    const show = (cseq: number) =>
      inbox.take('a', cseq, () => [{ content: { role: 'user', parts: [{ inlineData }, { text: 'look' }] } }], room);
    expect(show(2)).toEqual({ status: 'held', next: 1 });
    expect(() => show(3)).toThrow(codeOf('request_queue_full'));
  });

  test('of a client that is forgotten give their room back', () => {
    const { inbox, send } = inboxWithRoom();
    const speech = (client: string) => inbox.take(client, 2, () => [speak(4 * MEGABYTE - 200)], room);
    speech('a');
    expect(() => speech('b')).toThrow(codeOf('request_queue_full'));
    for (let other = 0; other < 16; other += 1) send(1, `other${other}-`);
    expect(speech('b')).toEqual({ status: 'held', next: 1 });
  });
});

test('of 17 clients the one heard least recently begins anew', () => {
  const { inbox, send } = inboxWithRoom();
  for (let client = 1; client <= 16; client += 1) send(1, `c${client}-`);
  // The first is heard again: the second is the one.
  send(1, 'c1-');
  send(1, 'c17-');
  expect(['c1-', 'c2-', 'c3-', 'c17-', 'never heard'].map((client) => inbox.next(client))).toEqual([2, 1, 2, 2, 1]);
});
