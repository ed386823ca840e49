import type { EventServer } from '../test/browser/reading/event-server.ts';

/** Messages of the long conversation. */
export const TURNS = 10_000;
/** Events of an hour of conversation: a turn each ten seconds, three increments of transcript in each second, and a call in each minute. */
const HOUR = { turns: 360, increments: 30, callEach: 6 } as const;
/** Time in which the hour is sent, in ms. */
const HOUR_MS = 60_000;

type Event = readonly [name: string, data: unknown];

const say = (data: string): Event => ['message', { mime_type: 'text/plain', data, is_transcript: true }];
const COMPLETE: Event = ['message', { turn_complete: true, interrupted: null }];

/** A conversation of 10,000 messages, as a page gets it that is opened again. */
export function createLongConversation(): Event {
  const turns = Array.from({ length: TURNS }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'model',
    text: index % 2 === 0 ? `Question ${index}` : `Answer ${index}.${' More words.'.repeat((index * 7) % 60)}`,
  }));
  return ['reset', { reason: 'too_old', turns, truncated: false }];
}

/** Increments of a long answer in Markdown: paragraphs, lists, tables and code. */
export function createAnswer(sections: number): Event[] {
  const section = (number: number) =>
    `## Section ${number}\n\nSome **words** about \`code\`, and [a link](https://example.com/${number}).\n\n- one\n- two\n\n` +
    `| a | b |\n|---|---|\n| ${number} | ${number * 2} |\n\n\`\`\`js\nconst value = ${number};\n\`\`\`\n\n`;
  const text = Array.from({ length: sections }, (_, number) => section(number)).join('');
  return [...(text.match(/[\s\S]{1,12}/g) ?? []).map(say), COMPLETE];
}

/** Sends events at an even pace. */
export async function emitEvenly(server: EventServer, events: readonly Event[], ms: number): Promise<void> {
  const begin = performance.now();
  for (let sent = 0; sent < events.length; ) {
    const due = Math.min(events.length, Math.ceil((events.length * (performance.now() - begin)) / ms));
    for (; sent < due; sent += 1) server.emit(...(events[sent] ?? COMPLETE));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Sends the events of an hour within a minute. @returns the number of events */
export async function emitHour(server: EventServer): Promise<number> {
  const events = Array.from({ length: HOUR.turns }, (_, turn) => createTurn(turn)).flat();
  await emitEvenly(server, events, HOUR_MS);
  return events.length;
}

function createTurn(turn: number): Event[] {
  const call = { id: `call-${turn}`, name: 'current_time' };
  const calls: Event[] =
    turn % HOUR.callEach === 0
      ? [
          ['tool_call', { ...call, args: {}, where: 'server' }],
          ['tool_result', { ...call, result: { time: '12:00' } }],
        ]
      : [];
  const words = Array.from({ length: HOUR.increments }, (_, word) => say(` word ${word} of turn ${turn}`));
  const usage: Event = ['usage', { prompt_tokens: 100, response_tokens: 50, total_tokens: 150 }];
  return [
    ['input_transcript', { text: `Question ${turn}`, finished: true, turn }],
    ...calls,
    ...words,
    usage,
    COMPLETE,
  ];
}
