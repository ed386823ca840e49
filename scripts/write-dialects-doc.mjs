// Writes docs/dialects.md with the encoders and decoders in src/wire/dialects/, from the conversation in test/docs/dialects/. Run it after a change there:
// `node scripts/write-dialects-doc.mjs`. With an argument it writes to that file instead.
import { writeFileSync } from 'node:fs';
import { LiveLog } from '../src/session/log/live-log.ts';
import { LogWriter } from '../src/session/log/log-writer.ts';
import { formatCursor } from '../src/wire/cursor.ts';
import { selectDialect } from '../src/wire/dialects/select-dialect.ts';
import { encodeEventObject } from '../src/wire/framing/event-object.ts';
import { encodeJsonEvent } from '../src/wire/framing/sse.ts';
import { WireError } from '../src/wire/wire-error.ts';
import { ITEMS } from '../test/docs/dialects/items.ts';
import { EPOCH, NAMES, STEPS } from '../test/docs/dialects/steps.ts';

const target = process.argv[2] ?? new URL('../docs/dialects.md', import.meta.url);
const DIALECTS = ['plain', 'adk', 'agentscope'].map((name) => selectDialect(name, true));
/** Fields that every Event of ADK may have. */
const STAMP = ['partial', 'invocationId', 'author', 'id', 'timestamp', 'branch', 'customMetadata'];
const NONE = '–';

const log = new LogWriter(new LiveLog({ epoch: EPOCH, limits: { bytes: 1024 * 1024, ageMs: 60_000 } }), NAMES);

/** Each step with its frames in each dialect. The log numbers its entries and marks what begins and ends with them. */
const steps = STEPS.map(({ title, text, entries = [], control }) => {
  const appended = entries.map((message) => log.append(message));
  const frames = DIALECTS.map((dialect) =>
    control
      ? dialect.encodeControl(control.name, control.data)
      : appended.flatMap((entry) => dialect.encodeEntry(entry)),
  );
  return { title, text, appended, frames };
});

const table = (rows) => rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const block = (language, text) => `\`\`\`${language}\n${text}\n\`\`\``;
const code = (text) => `\`${text}\``;
const toAnchor = (title) =>
  `#${title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')}`;
const link = (title) => `[${title}](${toAnchor(title)})`;
const section = (...blocks) => blocks.filter((text) => text !== undefined).join('\n\n');

/** Names of what a frame has, without the fields that every message has. */
function summarize({ name }, { event, data }) {
  if (event !== undefined) return `*${event}*`;
  const message = JSON.parse(data);
  if (name === 'agentscope') return code(message.type);
  if (name === 'plain') return code(summarizePlain(message));
  return Object.keys(message)
    .filter((field) => !STAMP.includes(field) && field !== 'actions')
    .filter((field) => field !== 'longRunningToolIds' || message[field].length > 0)
    .map((field) => code(field === 'content' ? `content.parts[].${Object.keys(message.content.parts[0])[0]}` : field))
    .join(', ');
}

function summarizePlain({ mime_type: mimeType, is_transcript: isTranscript, turn_complete: isComplete }) {
  if (mimeType !== undefined) return isTranscript ? `${mimeType}, is_transcript` : mimeType;
  return isComplete ? 'turn_complete' : 'interrupted';
}

function summarizeAll(dialect, frames) {
  return [...new Set(frames.map((frame) => summarize(dialect, frame)))].join(', ') || NONE;
}

/** Frames as an event stream has them, without ids. */
function toStream(frames) {
  return frames.map(({ event, data }) => `${event === undefined ? '' : `event: ${event}\n`}data: ${data}`).join('\n\n');
}

function describeStep({ title, text, frames }) {
  const groups = Object.groupBy(DIALECTS.keys(), (index) => toStream(frames[index]));
  const bodies = Object.entries(groups).map(([stream, indexes]) => {
    const names = indexes.map((index) => code(DIALECTS[index].name)).join(', ');
    return stream === '' ? `${names}: no message` : `${names}\n\n${block('', stream)}`;
  });
  return section(`### ${title}`, text, ...bodies);
}

function describeItem({ title, text, messages }) {
  const groups = Object.groupBy(DIALECTS.keys(), (index) => JSON.stringify(messages[DIALECTS[index].name] ?? null));
  const requests = new Set();
  const bodies = Object.entries(groups).map(([json, indexes]) => {
    const names = indexes.map((index) => code(DIALECTS[index].name)).join(', ');
    if (json === 'null') return `${names}: no message`;
    for (const index of indexes) requests.add(JSON.stringify(decode(DIALECTS[index], JSON.parse(json))));
    return `${names}\n\n${block('json', json)}`;
  });
  return section(`### ${title}`, text, ...bodies, `The agent receives\n\n${block('json', [...requests].join('\n'))}`);
}

function decode(dialect, message) {
  return dialect.decodeItem(message, NAMES.sessionId);
}

/** A message that no dialect has, and what each answers on a bare WebSocket. */
function describeRefusal(message) {
  const bodies = DIALECTS.map((dialect) => `${code(dialect.name)}\n\n${block('json', refuse(dialect, message))}`);
  return section(...bodies);
}

function refuse(dialect, message) {
  try {
    decode(dialect, message);
  } catch (error) {
    if (error instanceof WireError) return dialect.encodeRefusal(error.body(), NAMES).data;
    throw error;
  }
  throw new Error(`${dialect.name} accepts ${JSON.stringify(message)}`);
}

/** One entry on each kind of connection. */
function describeFraming() {
  const { appended, frames } = steps.find(({ title }) => title === 'The turn is complete');
  const [{ data }] = frames[0];
  const id = formatCursor(EPOCH, appended[0].seq);
  return table([
    ['connection', 'the end of a turn in the dialect `plain`'],
    ['---', '---'],
    ['`GET /events`', code(encodeJsonEvent(id, undefined, data).trimEnd().replaceAll('\n', '` ⏎ `'))],
    ['`GET /poll`, `WS /ws/ann?client=phone`', code(encodeEventObject(id, undefined, data))],
    ['bare WebSocket: `WS /ws/ann`, `WS /ws/ann/one`, `WS /run_live`', code(data)],
  ]);
}

writeFileSync(
  target,
  `# The dialects, side by side

A [dialect](protocol.md#dialects) is a set of messages. This page shows one conversation in all three of them: what the server sends for each thing that
happens, and what a client sends for each thing that it can say.

This page is the output of \`node scripts/write-dialects-doc.mjs\`, which runs the encoders and decoders of the server; a test compares the two.

The same message looks different on each kind of connection:

${describeFraming()}

Below, messages are shown as in an event stream, without ids. Named events have a line with \`event:\`. A bare WebSocket gets only those without.

## Overview

Names in *italics* are named events; the others are unnamed messages.

${table([
  ['', '`plain`', '`adk`', '`agentscope`'],
  ['---', '---', '---', '---'],
  ...steps.map(({ title, frames }) => [
    link(title),
    ...DIALECTS.map((dialect, index) => summarizeAll(dialect, frames[index])),
  ]),
])}

${table([
  ['up', '`plain`', '`adk`', '`agentscope`'],
  ['---', '---', '---', '---'],
  ...ITEMS.map(({ title, messages }) => [
    link(title),
    ...DIALECTS.map(({ name }) => {
      const message = messages[name];
      return message ? code(message.type ?? message.mime_type ?? Object.keys(message)[0]) : NONE;
    }),
  ]),
])}

## Down

${steps.map(describeStep).join('\n\n')}

### A message is refused

On a bare WebSocket. A POST gets [an HTTP error](errors.md), and a WebSocket with a client an [\`answer\`](protocol.md#websocket). These are the answers to
\`{"type":"hello"}\`.

${describeRefusal({ type: 'hello' })}

## Up

${ITEMS.map(describeItem).join('\n\n')}
`,
);
