import type { ServerResponse } from 'node:http';
import { formatTextHead, TranscriptText } from '../../session/export/transcript-text.ts';
import { createServerBusyError, type MemoryBudget } from '../../session/memory-budget.ts';
import type { ExportedSession, StoredSessions } from '../../session/stored-sessions.ts';
import type { StoredSession } from '../../store/session-store.ts';
import { WireError } from '../../wire/wire-error.ts';
import { formatAttachment } from '../content-disposition.ts';
import type { RequestContext } from '../gate.ts';
import { toExportedEvent, toSessionJson } from '../session-json.ts';
import { ExportAnswer } from './export-answer.ts';

export interface ExportOptions {
  readonly sessions: StoredSessions;
  readonly memory: MemoryBudget;
}

/** Length of an export that costs its address as much as a request, in characters, and of a recording, which costs less to make, in bytes. */
const CHARACTERS_PER_REQUEST = 8 * 1024;
const AUDIO_BYTES_PER_REQUEST = 256 * 1024;
/** Number of requests that reading a page of events costs besides, where little of it may be sent. */
const REQUESTS_PER_PAGE = 16;

/**
 * Answers with a whole conversation. The events are read and written page by page: a conversation of any size costs the memory of one page. An error
 * after the first part cuts the answer off, so that the client notices.
 * @param url target of the request, whose `format` decides: `json` (default), `text` or `wav`
 * @throws {WireError} invalid_query, server_busy, session_not_found, no_recording, store_unavailable
 */
export async function sendExport(
  url: string | undefined,
  res: ServerResponse,
  context: RequestContext,
  { sessions, memory }: ExportOptions,
): Promise<void> {
  const { userId, sessionId } = context;
  const format = new URLSearchParams(url?.split('?')[1]).get('format') ?? 'json';
  const send = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (!send) throw new WireError('invalid_query', 'format must be json, text or wav');
  if (!memory.admitsWork) throw createServerBusyError();
  const perRequest = format === 'wav' ? AUDIO_BYTES_PER_REQUEST : CHARACTERS_PER_REQUEST;
  const answer = new ExportAnswer(res, context, memory, perRequest);
  try {
    await send(answer, await sessions.read(userId, sessionId), sessions);
  } finally {
    answer.close();
  }
}

type SendFormat = (answer: ExportAnswer, exported: ExportedSession, sessions: StoredSessions) => Promise<void>;

const FORMATS: Readonly<Record<string, SendFormat>> = { json: sendJson, text: sendText, wav: sendWav };

/** Sends ADK's Session in JSON. */
async function sendJson(answer: ExportAnswer, { session, pages }: ExportedSession): Promise<void> {
  const { lastUpdateTime, ...head } = toSessionJson(session);
  let before = `${JSON.stringify(head).slice(0, -1)},"events":[`;
  let separator = '';
  let isOpen = false;
  for await (const page of answer.whileOpen(pages)) {
    if (!isOpen) answer.writeHead('application/json; charset=utf-8');
    isOpen = true;
    const events = page.map((event) => JSON.stringify(toExportedEvent(event))).join(',');
    await answer.write(before + (events === '' ? '' : separator + events));
    before = '';
    if (events !== '') separator = ',';
  }
  answer.end(`],"lastUpdateTime":${lastUpdateTime}}`);
}

async function sendText(answer: ExportAnswer, { session, pages }: ExportedSession): Promise<void> {
  const transcript = new TranscriptText();
  let before = formatTextHead(session.title ?? '', session.appName, session.updatedAt);
  let isOpen = false;
  for await (const page of answer.whileOpen(pages, REQUESTS_PER_PAGE)) {
    if (!isOpen) answer.writeHead('text/plain; charset=utf-8', formatAttachment(nameFile(session), 'txt'));
    isOpen = true;
    await answer.write(before + page.map((event) => transcript.add(event)).join(''));
    before = '';
  }
  answer.end(transcript.finish());
}

async function sendWav(answer: ExportAnswer, { session, pages }: ExportedSession, sessions: StoredSessions) {
  const release = sessions.reserveRecording(session.userId);
  try {
    const recording = await sessions.findRecording(session, answer.whileOpen(pages, REQUESTS_PER_PAGE));
    if (answer.isGone) return;
    answer.writeHead('audio/wav', {
      'Content-Length': `${recording.byteLength}`,
      ...formatAttachment(nameFile(session), 'wav'),
    });
    for await (const part of answer.whileOpen(recording.read())) await answer.write(part, recording.heldBytes);
    answer.end();
  } finally {
    release();
  }
}

function nameFile({ title = '', sessionId }: StoredSession): string {
  return title === '' ? sessionId : title;
}
